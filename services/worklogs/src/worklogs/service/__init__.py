"""The use cases, by noun: load, ask the rules, change, tell."""
