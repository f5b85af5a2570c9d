"""Users, passwords, tokens and signing keys."""
