"""What is done to a running suite, what it must answer meanwhile, and how that is judged."""
