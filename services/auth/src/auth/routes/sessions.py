"""Signing in, going on, signing out."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from auth.deps import Auth, OtherEnd, Parts
from auth.domain.throttle import Ahead, guess_of
from auth.errors import InvalidCredentials, RefreshRefused
from auth.schemas import Credentials, LoginOut, LoginUserOut, RefreshIn, TokenPairOut
from auth.service import sessions, sign_ins
from auth.service.sign_ins import SignIn
from auth.tokens.issuer import Grant
from shared.db.engine import Database
from shared.errors import Throttled
from shared.http.body import JsonBody
from shared.http.deps import App, Caller, Now, Tx
from shared.http.errors import errors
from shared.http.replies import no_content, reply

router = APIRouter(prefix="/api/v1", tags=["auth"])


@router.post(
    "/login/",
    response_model=LoginOut,
    responses=errors(InvalidCredentials, Throttled),
)
async def log_in(
    auth: Auth,
    client: OtherEnd,
    app: App,
    now: Now,
    credentials: Annotated[Credentials, JsonBody(Credentials)],
) -> Response:
    """Sign in with a name and a password; the answer is one and the same for every refusal."""
    guess = guess_of(auth.tagger, credentials.username, credentials.password, client)
    with auth.passwords.place(), auth.in_flight.counting(guess) as ahead:
        sign_in = await sign_ins.open_sign_in(app.database.glance, guess, now=now)
        await require_allowed(app.database, sign_in, now, ahead)
        verdict = await auth.passwords.verify(sign_in.password_hash, credentials.password)
        rehashed = None
        if verdict.is_outdated:
            rehashed = await auth.passwords.hash(credentials.password)
        # A failure must be counted, and a raise would roll that back: raised afterwards.
        grant: Grant | None = None
        async with app.database.brief() as tx:
            if verdict.is_right:
                grant = await sign_ins.finish_sign_in(
                    tx, sign_in, now=now, lasts=auth.refresh_life, rehashed=rehashed
                )
            else:
                await sign_ins.fail_sign_in(tx, sign_in, now=now)
    account = sign_in.account
    if account is None or grant is None:
        raise InvalidCredentials
    user = {name: getattr(account, name) for name in LoginUserOut.model_fields}
    return reply({"tokens": _pair(auth, grant, now), "user": user})


@router.post(
    "/token/refresh/",
    response_model=TokenPairOut,
    responses=errors(RefreshRefused),
)
async def refresh_token(
    auth: Auth,
    client: OtherEnd,
    app: App,
    now: Now,
    body: Annotated[RefreshIn, JsonBody(RefreshIn)],
) -> Response:
    """Exchange a refresh token; it is spent, and shown again it ends the whole session."""
    claims = auth.issuer.read_refresh(body.refresh)
    tag = auth.tagger.client(client)
    async with app.database.reading() as view:
        grant = await sessions.find_twin(view, claims, client=tag, now=now)
    if grant is None:
        # The end of a session must be kept although the answer is a refusal: raised afterwards.
        async with app.database.transaction() as tx:
            grant = await sessions.rotate_token(
                tx, claims, client=tag, now=now, lasts=auth.refresh_life
            )
    if grant is None:
        raise RefreshRefused
    return reply(_pair(auth, grant, now))


@router.post("/logout/", status_code=204, responses=errors(RefreshRefused))
async def log_out(
    _: Caller, auth: Auth, now: Now, body: Annotated[RefreshIn, JsonBody(RefreshIn)], tx: Tx
) -> Response:
    """End the session of a refresh token; one that has ended already is no fault."""
    claims = auth.issuer.read_refresh(body.refresh, even_expired=True)
    await sessions.end_session(tx, claims.session_id, now=now)
    return no_content()


async def require_allowed(database: Database, sign_in: SignIn, now: datetime, ahead: Ahead) -> None:
    """Refuse a guess where too many went before. Raises `Throttled`."""
    standing = sign_in.standing
    wait = standing.wait(now, ahead)
    if standing.wants_ticket(now):
        async with database.transaction() as tx:
            await sign_ins.keep_ticket(tx, standing.guess, now=now)
    if wait:
        raise Throttled(wait)


def _pair(auth: Parts, grant: Grant, now: datetime) -> dict[str, str]:
    return {"access": auth.issuer.access(grant, now), "refresh": auth.issuer.refresh(grant)}
