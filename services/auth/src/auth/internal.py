"""What other services may ask about users."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from auth.schemas import LOOKUP_LIMIT, UserLookup
from auth.service import users
from shared.contracts.auth import UserChangedV1
from shared.http.body import JsonBody
from shared.http.deps import Read
from shared.http.errors import errors
from shared.http.fields import MAX_ID
from shared.http.internal import ServiceCaller
from shared.http.pagination import json_list
from shared.http.replies import reply

PAGE: Final = 500

router = APIRouter(prefix="/internal/users")


@router.post("/lookup/", responses=errors())
async def look_up_users(
    _: ServiceCaller, body: Annotated[UserLookup, JsonBody(UserLookup)], view: Read
) -> Response:
    """Return the states of those ids that exist."""
    return await json_list(await users.find_states(view, body.ids), UserChangedV1.model_dump)


@router.get("/", responses=errors())
async def list_states(
    _: ServiceCaller,
    view: Read,
    after: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=LOOKUP_LIMIT)] = PAGE,
) -> Response:
    """Return a page of states, by id."""
    states = await users.list_states(view, after=after, limit=limit)
    return await json_list(states, UserChangedV1.model_dump)


@router.get("/digest/", responses=errors())
async def get_digest(_: ServiceCaller, view: Read) -> Response:
    """Return what tells whether a replica is equal."""
    return reply(await users.digest_of_states(view))
