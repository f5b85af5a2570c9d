"""What can go wrong, named for what happened; `shared.http.errors` gives each kind its answer."""

import random
from typing import ClassVar, Final

LATEST_RETRY: Final = 3
"""Seconds; who is refused without a reason of his own comes again within them."""

FieldErrors = dict[str, "object"] | list["object"]


class DomainError(Exception):
    """Base of everything a use case refuses; never raised itself."""

    detail: str = "A server error occurred."
    code: ClassVar[str] = ""
    """A word for programs, beside the detail, where clients know one."""

    def __init__(self, message: str | None = None) -> None:
        """Keep *message* as the public detail; without one the class's own text stands."""
        super().__init__(message or self.detail)
        if message is not None:
            self.detail = message
        self.headers: dict[str, str] = {}


class Unauthenticated(DomainError):
    """No credentials came with the request (401)."""

    detail = "Authentication credentials were not provided."


class InvalidToken(DomainError):
    """The token is malformed, forged, expired or of another kind (401)."""

    detail = "Given token not valid for any token type"


class UserInactive(DomainError):
    """The token is good but its user was deactivated (401)."""

    detail = "User is inactive"
    code = "user_inactive"


class Forbidden(DomainError):
    """The caller is known and may not do this (403)."""

    detail = "You do not have permission to perform this action."


class NotFound(DomainError):
    """The thing is absent, or not the caller's to know (404). Subclasses name their model."""

    model: ClassVar[str] = ""

    def __init__(self, message: str | None = None) -> None:
        """Say which model was looked for."""
        known = f"No {self.model} matches the given query." if self.model else "Not found."
        super().__init__(message or known)


class Invalid(DomainError):
    """Fields of the body or the query are wrong (400); the body is the errors themselves."""

    detail = "Invalid input."

    def __init__(self, errors: FieldErrors) -> None:
        """Keep *errors* in the shape of Django REST Framework."""
        super().__init__()
        self.errors = errors

    @classmethod
    def field(cls, name: str, *messages: str) -> "Invalid":
        """Refuse one field."""
        return cls({name: list(messages)})


class ParseFailed(DomainError):
    """The body is not JSON (400)."""

    detail = "JSON parse error"


class Refused(DomainError):
    """A rule of the business says no (400 `{"error": text}`). Subclasses carry the Uzbek text."""

    text: ClassVar[str] = ""

    def __init__(self, message: str | None = None) -> None:
        """Take the class's text unless *message* is given."""
        super().__init__(message or self.text)


class Conflict(DomainError):
    """The request contradicts the present state (409)."""

    detail = "Conflict."


class TooLarge(DomainError):
    """The body is over 1 MiB (413)."""

    detail = "Request body too large."


class UnsupportedMedia(DomainError):
    """The body is not declared as JSON (415)."""

    detail = "Unsupported media type in request."


class Throttled(DomainError):
    """Too often (429); `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        """Say when the next try has a chance."""
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(f"Request was throttled. Expected available in {retry_after} {unit}.")
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part is down, locked or overloaded (503); `retry_after` is in whole seconds."""

    detail = "Service temporarily unavailable, try again later."

    def __init__(
        self, message: str | None = None, *, retry_after: int | None = None, reason: str = ""
    ) -> None:
        """Say when to come again, not the same to all; *reason* is a word for `/ready/`."""
        super().__init__(message)
        self.retry_after = retry_after or random.randint(1, LATEST_RETRY)  # noqa: S311 - jitter
        self.reason = reason
