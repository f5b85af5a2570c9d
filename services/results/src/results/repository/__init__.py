"""Every SQL statement of the results service."""
