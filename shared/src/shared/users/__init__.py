"""The replica of auth's users that other services keep."""

from shared.users.replica import Users, find_users, users_consumer
from shared.users.tables import UserReplica

__all__ = ["UserReplica", "Users", "find_users", "users_consumer"]
