"""Every SQL statement of auth, by noun."""
