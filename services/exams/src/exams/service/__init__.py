"""The use cases: load, ask the rules, change, tell; the caller owns the transaction."""
