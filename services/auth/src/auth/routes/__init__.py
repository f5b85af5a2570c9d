"""The public routes of auth, by noun."""
