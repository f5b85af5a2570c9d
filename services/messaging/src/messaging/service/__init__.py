"""The use cases of the messaging service; each takes the caller's transaction first."""
