"""Use cases about signing in: may it be tried, and what follows from success and failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain.throttle import TICKET_LIFE, TICKET_WAIT, WINDOW, Guess, Standing
from auth.repository import sign_ins as repository
from auth.repository import users
from auth.repository.sign_ins import Account, Found
from auth.service.sessions import begin_session
from auth.tokens.issuer import Grant
from shared.db.brief import Writing
from shared.db.engine import View

PLACES: Final = 20
PLACE_LIFE: Final = timedelta(days=90)
PLACE_PRECISION: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A try to sign in: who it is for, if anybody, and how it stands with the limits."""

    standing: Standing
    account: Account | None
    place_is_fresh: bool

    @property
    def password_hash(self) -> str | None:
        """The hash to compare with; None for users who do not exist or may not come in."""
        return self.account.password_hash if self.account and self.account.is_active else None


async def open_sign_in(view: View, guess: Guess, *, now: datetime) -> SignIn:
    """Look up all that decides about a try to sign in."""
    found = await repository.find_named(view, guess.username_key, address=guess.address)
    return await _open(view, guess, found, now)


async def open_password_change(view: View, guess: Guess, user_id: int, *, now: datetime) -> SignIn:
    """Look up the same for somebody who is signed in and says his old password."""
    found = await repository.find_numbered(view, user_id, address=guess.address)
    return await _open(view, guess, found, now)


async def keep_ticket(tx: Writing, guess: Guess, *, now: datetime) -> None:
    """Promise a refused address one try of its own."""
    await repository.count_failure(tx, [guess.ticket], now=now, lasts=TICKET_WAIT + TICKET_LIFE)


async def fail_sign_in(tx: Writing, sign_in: SignIn, *, now: datetime) -> None:
    """Count a wrong password; one that is repeated counts only against itself."""
    standing = sign_in.standing
    guess = standing.guess
    keys = [guess.same]
    if standing.is_new_guess(now):
        keys += [standing.pair, guess.name]
    await repository.count_failure(tx, keys, now=now, lasts=WINDOW)
    if guess.ticket in standing.windows:
        await repository.forget_failures(tx, [guess.ticket])


async def finish_sign_in(
    tx: Writing, sign_in: SignIn, *, now: datetime, lasts: timedelta, rehashed: str | None
) -> Grant | None:
    """
    Begin a session after a right password and forget the failures before it.

    Return None when the user was closed or got another password meanwhile. *rehashed*: the hash
    at the present cost, where the stored one is of an older.
    """
    account = sign_in.account
    grant = await begin_session(tx, account, now=now, lasts=lasts) if account else None
    if account is None or grant is None:
        return None
    await _settle(tx, sign_in, account.id, now)
    if rehashed is not None:
        await users.replace_password(tx, account.id, old=account.password_hash, new=rehashed)
    return grant


async def forget_failures(tx: Writing, sign_in: SignIn) -> None:
    """Give the pair its whole allowance back after a right password."""
    stale = {sign_in.standing.pair, sign_in.standing.guess.ticket} & set(sign_in.standing.windows)
    if stale:
        await repository.forget_failures(tx, stale)


async def purge_sign_ins(tx: AsyncSession, *, now: datetime) -> None:
    """Drop what no longer decides anything."""
    await repository.purge_sign_ins(tx, now, unseen_since=now - PLACE_LIFE)


async def _open(view: View, guess: Guess, found: Found, now: datetime) -> SignIn:
    account, devices = found
    seen_at = devices.get(guess.device)
    standing = Standing(
        guess=guess,
        windows=await repository.find_windows(view, guess),
        is_known_address=bool(devices),
        is_known_device=seen_at is not None,
    )
    is_fresh = seen_at is not None and now - seen_at < PLACE_PRECISION
    return SignIn(standing, account, place_is_fresh=is_fresh)


async def _settle(tx: Writing, sign_in: SignIn, user_id: int, now: datetime) -> None:
    await forget_failures(tx, sign_in)
    if sign_in.place_is_fresh:
        return
    guess = sign_in.standing.guess
    await repository.keep_place(tx, user_id, address=guess.address, device=guess.device, now=now)
    if not sign_in.standing.is_known_device:
        await repository.forget_oldest_places(tx, user_id, keep=PLACES)
