"""What routes of auth ask for, and the parts of the process they work with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BeforeValidator
from starlette.requests import Request

from auth.domain.clients import Client, Tagger, may_forward, network_of
from auth.domain.throttle import InFlight
from auth.domain.users import OWNER, Role
from auth.errors import UserNotFound
from auth.passwords import Passwords
from auth.tokens.issuer import Issuer, session_of
from auth.tokens.keys import KeyStore
from shared.http.deps import Caller, path_id, require_role
from shared.security.authenticator import bearer_of
from shared.security.principal import Principal


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process of auth holds beside the common runtime."""

    passwords: Passwords
    keys: KeyStore
    issuer: Issuer
    tagger: Tagger
    in_flight: InFlight
    refresh_life: timedelta


async def _parts(request: Request) -> Parts:
    return cast("Parts", request.scope["app"].state.auth)


async def _client(request: Request) -> Client:
    return client_of(request)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The caller and the session of his token."""

    user_id: int
    session_id: UUID | None


async def _signed_in(request: Request, caller: Caller) -> SignedIn:
    return SignedIn(caller.user_id, session_of(bearer_of(request.scope["headers"])))


def client_of(request: Request) -> Client:
    """
    Return who is on the other end of *request*.

    The gateway adds the address it saw as the last one of `X-Forwarded-For`; what stands before
    it anybody may have written, and so may anybody who does not come through the gateway.
    """
    peer = request.client.host if request.client else ""
    forwarded = request.headers.getlist("x-forwarded-for")
    if forwarded and may_forward(peer):
        peer = network_of(forwarded[-1].rsplit(",", 1)[-1].strip()) or peer
    return Client(network_of(peer), request.headers.get("user-agent", "")[:500])


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


Auth = Annotated[Parts, Depends(_parts)]
OtherEnd = Annotated[Client, Depends(_client)]
Myself = Annotated[SignedIn, Depends(_signed_in)]

OwnerCaller = Annotated[Principal, Depends(require_role(OWNER))]
StaffCaller = Annotated[Principal, Depends(require_role("employee", OWNER))]
UserId = Annotated[int, path_id("user_id", UserNotFound)]

RoleFilter = Annotated[Role | None, BeforeValidator(_none_if_empty), Query()]
ActiveFilter = Annotated[bool | None, BeforeValidator(_none_if_empty), Query()]
