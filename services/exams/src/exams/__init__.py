"""Subjects, exams, questions and options."""
