"""The public routes of the results service."""
