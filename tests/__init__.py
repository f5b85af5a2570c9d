"""Tests of the whole: the rules of the house and the stories of its users."""
