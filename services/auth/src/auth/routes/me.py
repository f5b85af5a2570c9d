"""The caller's own account."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from auth.deps import Auth, Myself, OtherEnd
from auth.domain.throttle import guess_of
from auth.errors import WrongOldPassword
from auth.routes.sessions import require_allowed
from auth.schemas import PasswordChange, UserOut, user_out
from auth.service import passwords, sign_ins, users
from shared.errors import Throttled
from shared.http.body import JsonBody
from shared.http.deps import App, Caller, Now, Read
from shared.http.errors import errors
from shared.http.replies import no_content, reply

router = APIRouter(prefix="/api/v1/me", tags=["auth"])


@router.get("/", response_model=UserOut, responses=errors())
async def get_me(caller: Caller, view: Read) -> Response:
    """Return the caller's own account."""
    return reply(user_out(await users.get_user(view, caller.user_id)))


@router.post("/password/", status_code=204, responses=errors(WrongOldPassword, Throttled))
async def change_password(
    me: Myself,
    auth: Auth,
    client: OtherEnd,
    app: App,
    now: Now,
    body: Annotated[PasswordChange, JsonBody(PasswordChange)],
) -> Response:
    """Change one's own password; all other sessions end."""
    # No name contains a colon: guesses at this door are not counted at the other.
    guess = guess_of(auth.tagger, f"id:{me.user_id}", body.old_password, client)
    with auth.passwords.place(), auth.in_flight.counting(guess) as ahead:
        async with app.database.reading() as view:
            sign_in = await sign_ins.open_password_change(view, guess, me.user_id, now=now)
        await require_allowed(app.database, sign_in, now, ahead)
        account = sign_in.account
        verdict = await auth.passwords.verify(sign_in.password_hash, body.old_password)
        if account is None or not verdict.is_right:
            # Counted in a transaction of its own: the refusal would roll it back.
            async with app.database.transaction() as tx:
                await sign_ins.fail_sign_in(tx, sign_in, now=now)
            raise WrongOldPassword
        passwords.require_strong(body.new_password, username=account.username, field="new_password")
        new = await auth.passwords.hash(body.new_password)
    async with app.database.transaction() as tx:
        await sign_ins.forget_failures(tx, sign_in)
        done = await passwords.replace_password(
            tx, account.id, old=account.password_hash, new=new, session_id=me.session_id, now=now
        )
    if not done:
        raise WrongOldPassword
    return no_content()
