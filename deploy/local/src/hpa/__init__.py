"""The hpa command: runs the suite as processes and looks after it."""
