"""A small application that shows every kind of answer, and a client for it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import ConfigDict, Field
from sqlalchemy import text
from starlette.responses import Response

from shared.app import build_app
from shared.db.engine import Database
from shared.errors import (
    Conflict,
    Invalid,
    NotFound,
    Refused,
    Throttled,
    Unavailable,
)
from shared.http.body import JsonBody, RawJson, parse
from shared.http.deps import Caller, Now, Read, Tx, path_id, require_role
from shared.http.errors import errors
from shared.http.fields import Day, Id, Input, LongText, Text, Whole
from shared.http.internal import ServiceCaller
from shared.http.pagination import Page, json_list, paging
from shared.http.replies import no_content, reply
from shared.security.principal import Principal
from shared.settings import ServiceSettings
from shared.testing.plugin import MakeClient
from shared.testing.tokens import SERVICE_SECRET, TokenFactory
from shared.tests import events_kit


class ThingNotFound(NotFound):
    model = "Thing"


class ThingTaken(Invalid):
    def __init__(self) -> None:
        super().__init__({"title": ["thing with this title already exists."]})


class ThingClosed(Refused):
    text = "Ushbu narsa yopiq."


class Part(Input):
    text: Annotated[str, Text(10)]
    is_good: bool


class Piece(Input):
    text: Annotated[str, Text(20)]
    parts: Annotated[list[Part], Field(max_length=20, default_factory=list)]


class ThingCreate(Input):
    title: Annotated[str, Text(50)]
    owner: Id
    day: Day
    note: Annotated[str, LongText(100)] | None = None
    weight: Annotated[float, Field(ge=0, le=100)] = 0.0
    place: Whole = 0
    is_new: bool = True
    tags: Annotated[list[Id], Field(max_length=1000, default_factory=list)]
    pieces: Annotated[list[Piece], Field(max_length=300, default_factory=list)]


class ThingOut(ThingCreate):
    model_config = ConfigDict(json_schema_extra={"examples": [{"id": 1, "note": None}]})

    id: int


StaffCaller = Annotated[Principal, Depends(require_role("employee", "owner"))]
ThingId = Annotated[int, path_id("thing_id", ThingNotFound)]
router = APIRouter(prefix="/api/v1/things", tags=["things"])
internal_router = APIRouter(prefix="/internal/things")
REFUSALS = {
    "refused": ThingClosed(),
    "conflict": Conflict("Still in progress."),
    "throttled": Throttled(30),
    "unavailable": Unavailable(retry_after=1),
    "invalid": Invalid.field("subject", 'Invalid pk "999" - object does not exist.'),
}


@router.get("/", response_model=list[ThingOut])
async def list_things(_caller: Caller, page: Annotated[Page, paging("day", "title")]) -> Response:
    """List things."""
    rows = range(page.offset, min(page.offset + (page.limit or 1000), 1000))
    return await json_list(rows, lambda row: {"id": row}, total=1000, page=page)


@router.get("/open/")
async def read_open_thing() -> Response:
    return reply({"open": True})


@router.get("/me/")
async def who_am_i(caller: Caller, now: Now) -> Response:
    return reply({"id": caller.user_id, "role": caller.role, "name": caller.username, "at": now})


@router.get("/refusals/{kind}/")
async def refuse(kind: str) -> Response:
    raise REFUSALS[kind]


@router.get("/fault/")
async def break_down() -> Response:
    message = "secret of the house"
    raise RuntimeError(message)


@router.get("/slow/")
async def be_slow() -> Response:
    await asyncio.sleep(10)
    return reply({})


@router.post(
    "/", status_code=201, response_model=ThingOut, responses=errors(ThingClosed, ThingTaken)
)
async def create_thing(
    _caller: StaffCaller, body: Annotated[ThingCreate, JsonBody(ThingCreate)], tx: Tx
) -> Response:
    """Create a thing."""
    await tx.execute(text("INSERT INTO things (title) VALUES (:title)"), {"title": body.title})
    return reply({"id": 1, **body.model_dump()}, 201)


@router.post("/orphan/", status_code=201)
async def create_orphan(tx: Tx) -> Response:
    """Break a constraint that the database checks only at the commit."""
    await tx.execute(text("INSERT INTO parts (thing_id) VALUES (77)"))
    return reply({"id": 1}, 201)


@router.post("/hold/", status_code=201)
async def hold_on(tx: Tx) -> Response:
    """Write, and take longer than a request may."""
    await tx.execute(text("INSERT INTO things (title) VALUES ('held')"))
    await asyncio.sleep(10)
    return reply({}, 201)


@router.get("/count/")
async def count_things(view: Read) -> Response:
    return reply(await view.scalar(text("SELECT count(*) FROM things")))


@router.post("/many/", status_code=201)
async def create_things(_caller: Caller, body: Annotated[Any, JsonBody(Part, many=3)]) -> Response:
    return reply(len(body) if isinstance(body, list) else "one", 201)


@router.get("/{thing_id}/")
async def get_thing(_caller: Caller, thing_id: ThingId) -> Response:
    return reply({"id": thing_id})


@router.put("/{thing_id}/", responses=errors(ThingNotFound, ThingClosed))
async def replace_thing(
    _caller: StaffCaller, thing_id: ThingId, raw: Annotated[bytes, RawJson(ThingCreate)], _tx: Tx
) -> Response:
    """Replace a thing; only number 1 exists, and that is said before the body is looked at."""
    if thing_id != 1:
        raise ThingNotFound
    return reply(parse(ThingCreate, raw).model_dump())


@router.patch("/{thing_id}/")
async def update_thing(
    _caller: StaffCaller,
    thing_id: ThingId,
    body: Annotated[ThingCreate, JsonBody(ThingCreate, partial=True)],
) -> Response:
    """Change a thing."""
    return reply({"id": thing_id, **{name: getattr(body, name) for name in body.model_fields_set}})


@router.delete("/{thing_id}/", status_code=204)
async def delete_thing(_caller: StaffCaller, thing_id: ThingId) -> Response:
    return no_content()


@internal_router.get("/")
async def list_for_services(caller: ServiceCaller) -> Response:
    return reply({"caller": caller})


@pytest.fixture
def request_seconds() -> float:
    """How long a request may take; tests of what happens then say less."""
    return 30


@pytest.fixture
def things_settings(
    tmp_path: Path, tokens: TokenFactory, request_seconds: float
) -> ServiceSettings:
    return ServiceSettings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/things.sqlite3",
        jwks_cache=tokens.jwks_file,
        service_secret=SERVICE_SECRET,
        drain_seconds=0,
        request_seconds=request_seconds,
    )


@pytest.fixture
def things(things_settings: ServiceSettings) -> FastAPI:
    return build_app(
        name="things",
        title="Things",
        description="Every kind of answer.",
        settings=things_settings,
        routers=[router],
        internal_routers=[internal_router],
    )


@pytest.fixture
async def client(things: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    async with things.state.hpa.database.transaction() as tx:
        await tx.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, title TEXT)"))
        await tx.execute(
            text(
                "CREATE TABLE parts (thing_id INTEGER REFERENCES things (id) "
                "DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    return await make_client(things)


@pytest.fixture
async def auth(tmp_path: Path) -> AsyncIterator[Database]:
    """The database of a service whose events others take."""
    database = await events_kit.new_database(tmp_path, "auth")
    yield database
    await database.close()


@pytest.fixture
async def exams(tmp_path: Path) -> AsyncIterator[Database]:
    """The database of one of those who take them."""
    database = await events_kit.new_database(tmp_path, "exams")
    yield database
    await database.close()
