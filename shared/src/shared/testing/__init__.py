"""What the tests of all services share; no production code imports it."""
