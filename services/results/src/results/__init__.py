"""Results and answers, graded from a replica of every exam version."""
