"""Clients in Python and TypeScript, generated from the merged document."""
