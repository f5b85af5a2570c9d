"""The use cases of auth, by noun; all take the caller's transaction first."""
