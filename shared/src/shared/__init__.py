"""Plumbing and event contracts of the HPA services; no business rules."""
