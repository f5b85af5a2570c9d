"""Routes between services: only a service token for exactly this service opens them."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from shared.errors import InvalidToken
from shared.http.deps import runtime_of
from shared.security.authenticator import bearer_of
from shared.security.tokens import ServiceTokens


async def service_caller(request: Request) -> str:
    """Return the name of the calling service. Raises `InvalidToken`."""
    runtime = runtime_of(request)
    secret = runtime.settings.service_secret.get_secret_value()
    if not secret:
        raise InvalidToken
    token = bearer_of(request.scope["headers"])
    return ServiceTokens.verify(secret, token, audience=runtime.name)


ServiceCaller = Annotated[str, Depends(service_caller)]
"""The name of the calling service. Users' tokens are refused here."""
