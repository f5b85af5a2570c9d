"""The benchmark: a suite of its own, what it costs at rest, per request and as it grows."""
