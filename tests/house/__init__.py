"""The rules of the house that no linter knows, each with a test of its own checker."""
