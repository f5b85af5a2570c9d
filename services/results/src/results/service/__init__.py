"""Use cases of the results service; all take the caller's transaction."""
