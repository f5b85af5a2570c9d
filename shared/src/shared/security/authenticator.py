"""From the headers of a request to its principal, as things stand now."""

from collections.abc import Awaitable, Callable, Iterable

from shared.errors import InvalidToken, Unauthenticated, UserInactive
from shared.security.principal import Principal
from shared.security.tokens import TokenVerifier

UserState = Callable[[int], Awaitable[tuple[str, bool] | None]]
"""The role and whether the user is active; None when nothing is known about them."""


def bearer_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the bearer token. Raises `Unauthenticated` without one, `InvalidToken` for two."""
    found = [value for name, value in headers if name == b"authorization"]
    if not found:
        raise Unauthenticated
    if len(found) > 1:
        raise InvalidToken
    scheme, _, token = found[0].decode("latin-1").strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    token = token.strip()
    if not token or " " in token:
        raise InvalidToken
    return token


class Authenticator:
    """Verifies the token, then asks for the user's present state when the service keeps it."""

    def __init__(self, verifier: TokenVerifier, state: UserState | None = None) -> None:
        """Use *state* to refuse deactivated users and to see changed roles."""
        self._verifier = verifier
        self.state = state

    async def principal(self, headers: Iterable[tuple[bytes, bytes]]) -> Principal:
        """Return the caller."""
        principal = await self._verifier.verify(bearer_of(headers))
        if self.state is None:
            return principal
        state = await self.state(principal.user_id)
        if state is None:
            return principal
        role, is_active = state
        if not is_active:
            raise UserInactive
        if role != principal.role:
            return Principal(principal.user_id, role, principal.username)
        return principal
