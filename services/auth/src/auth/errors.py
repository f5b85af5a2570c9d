"""What auth refuses, named for what happened."""

from typing import ClassVar

from shared.errors import Invalid, NotFound, Refused, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """The name or the password is wrong, or the account is closed: one answer for all (401)."""

    detail = "Invalid credentials"


class RefreshRefused(Unauthenticated):
    """The refresh token is forged, expired, spent, ended or its owner is closed (401)."""

    detail = "Token is invalid or expired"
    code = "token_not_valid"


class UserNotFound(NotFound):
    """No such user, or not the caller's to know."""

    model: ClassVar[str] = "User"


class UsernameTaken(Invalid):
    """Another user has the name, in whatever case."""

    def __init__(self) -> None:
        """Say so in Django's words."""
        super().__init__({"username": ["A user with that username already exists."]})


class WrongOldPassword(Invalid):
    """Who changes a password must know the present one."""

    def __init__(self) -> None:
        """Refuse the field."""
        message = "Your old password was entered incorrectly. Please enter it again."
        super().__init__({"old_password": [message]})


class LastOwner(Refused):
    """Without an active owner nobody could let anybody in again."""

    text: ClassVar[str] = "Tizimda kamida bitta faol ega (owner) qolishi shart."
