"""Stories of the people who use the suite, told through its gateway."""
