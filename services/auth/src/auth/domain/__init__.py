"""The rules of auth: pure functions, no input or output."""
