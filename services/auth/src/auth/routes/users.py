"""The users: owners manage them, employees read the students."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from auth.deps import ActiveFilter, Auth, OwnerCaller, Parts, RoleFilter, StaffCaller, UserId
from auth.domain.users import UserQuery
from auth.errors import LastOwner, UsernameTaken
from auth.schemas import UserCreate, UserOut, UserUpdate, user_out
from auth.service import passwords, users
from shared.http.body import JsonBody, Raw, RawJson, parse
from shared.http.deps import App, Now, Read, Tx
from shared.http.errors import errors
from shared.http.pagination import Page, json_list, paging
from shared.http.replies import no_content, reply
from shared.runtime import Runtime

router = APIRouter(prefix="/api/v1/users", tags=["users"])

Paged = Annotated[Page, paging("id", "username", "full_name", "role", "created_at")]


@router.get("/", response_model=list[UserOut], responses=errors())
async def list_users(
    caller: StaffCaller,
    page: Paged,
    view: Read,
    role: RoleFilter = None,
    is_active: ActiveFilter = None,
) -> Response:
    """Return the users the caller may know, by id."""
    query = UserQuery(
        role=role,
        is_active=is_active,
        search=page.search,
        ordering=page.ordering,
        limit=page.limit,
        offset=page.offset,
    )
    rows, total = await users.list_users(view, query, viewer_role=caller.role)
    return await json_list(rows, user_out, total=total, page=page)


@router.post("/", status_code=201, response_model=UserOut, responses=errors(UsernameTaken))
async def create_user(
    _: OwnerCaller,
    auth: Auth,
    app: App,
    now: Now,
    body: Annotated[UserCreate, JsonBody(UserCreate)],
) -> Response:
    """Create a user."""
    new = users.NewUser(
        username=body.username,
        password_hash=await _hash(auth, body.password, username=body.username),
        role=body.role,
        full_name=body.full_name,
        telegram_id=body.telegram_id,
        phone=body.phone,
    )
    # Opened only now: nobody waits for the write lock while a password is hashed.
    async with app.database.transaction() as tx:
        user = await users.create_user(tx, new, now=now)
    return reply(user_out(user), 201)


@router.get("/{user_id}/", response_model=UserOut, responses=errors())
async def get_user(caller: StaffCaller, user_id: UserId, view: Read) -> Response:
    """Return one user."""
    return reply(user_out(await users.get_visible_user(view, user_id, viewer_role=caller.role)))


@router.put("/{user_id}/", response_model=UserOut, responses=errors(UsernameTaken, LastOwner))
async def replace_user(
    _: OwnerCaller,
    user_id: UserId,
    auth: Auth,
    app: App,
    now: Now,
    raw: Annotated[Raw, RawJson(UserUpdate)],
) -> Response:
    """Change a user; all required fields must come."""
    return await _change(auth, app, now, user_id, raw, partial=False)


@router.patch("/{user_id}/", response_model=UserOut, responses=errors(UsernameTaken, LastOwner))
async def update_user(
    _: OwnerCaller,
    user_id: UserId,
    auth: Auth,
    app: App,
    now: Now,
    raw: Annotated[Raw, RawJson(UserUpdate, partial=True)],
) -> Response:
    """Change some fields of a user."""
    return await _change(auth, app, now, user_id, raw, partial=True)


@router.delete("/{user_id}/", status_code=204, responses=errors(LastOwner))
async def deactivate_user(_: OwnerCaller, user_id: UserId, now: Now, tx: Tx) -> Response:
    """Close a user's account; his history stays."""
    await users.deactivate_user(tx, user_id, now=now)
    return no_content()


async def _change(
    auth: Parts, app: Runtime, now: datetime, user_id: int, raw: Raw, *, partial: bool
) -> Response:
    async with app.database.reading() as view:
        user = await users.get_user(view, user_id)  # an absent user comes before a bad body
    changes: Any = parse(UserUpdate, raw, partial=partial).model_dump(exclude_unset=True)
    password = changes.pop("password", None)
    if password is not None:
        username = changes.get("username", user.username)
        changes["password_hash"] = await _hash(auth, password, username=username)
    async with app.database.transaction() as tx:
        user = await users.update_user(tx, user_id, changes, now=now)
    return reply(user_out(user))


async def _hash(auth: Parts, password: str, *, username: str) -> str:
    """Return the hash of a password that was chosen. Raises `Invalid` for a weak one."""
    passwords.require_strong(password, username=username)
    with auth.passwords.place():
        return await auth.passwords.hash(password)
