"""One file per step, one head."""
