"""Every SQL statement of the messaging service."""
