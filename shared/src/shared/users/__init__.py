"""The replica of auth's users that other services keep."""
