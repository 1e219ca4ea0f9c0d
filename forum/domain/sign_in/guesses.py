"""Passwords that are tried: how whoever guesses is slowed down, and why nobody is ever locked out.

The first `sign_in_tries` tries at one account within `sign_in_minutes`, wherever they come from, cost nothing. Each
further one is held back, a little longer each time and four seconds at most, before the password is looked at; only
two of them are under way at a time from one place, and four at a time from all places together. So whatever is tried,
in a row or all at once, from one address or from thousands, an account sees a guess a second at each of its two names,
handle and address: 172,800 a day for who knows both. Against them stand twelve characters that are in no list of
common ones and are not the person's own names, and a second factor for those who act on others (OWASP ASVS 5.0, 6.1.1
and 6.3.1). Fewer would need a lock, which anybody could then close on somebody else. One address has a window of its
own beside that, for all accounts, far wider than what one person tries.

Nothing of this lasts. A try is refused only while others are under way, for seconds, and the right password is
taken on its turn and forgives the wrong ones. A place from where somebody signed in lately has a lane of its own for
this account, which strangers cannot fill; and the reset by mail is always open.

Accounts are named as they were typed: were a handle and an address counted together, the one would betray the other.
Counts are shared by all processes when there is a Redis (`throttle.py`); nobody holds the database meanwhile.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

import anyio
from limits import RateLimitItemPerMinute

from forum.domain.throttle import throttle
from forum.errors import TooMany
from forum.settings import settings

HOLDS: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds, each for as many tries as are free at first; the last one for all that follow."""
AT_ONCE_HERE: Final = 2
AT_ONCE_FROM_STRANGERS: Final = 4
LONGEST_TRY: Final = 30
"""Seconds; a try whose process was killed is no longer under way after them."""
KNOWN_FOR: Final = 30 * 24 * 3600
"""Seconds for which a place is remembered after somebody signed in from it."""

# Tests put in its place one that does not wait.
pause = anyio.sleep


@asynccontextmanager
async def one_try(account: str, place: str) -> AsyncIterator[None]:
    """One try at an account, counted before the password is read; it is under way as long as the block.

    Raises:
        TooMany: others are under way; for seconds.
    """
    lanes = [(_key("here", account, place), AT_ONCE_HERE)]
    if not await throttle().tallied(_key("known", account, place)):
        lanes.append((_key("strangers", account), AT_ONCE_FROM_STRANGERS))
    async with _under_way(lanes):
        hold = _hold(await throttle().tally(_key("tries", account), settings().limits.sign_in_minutes * 60))
        if hold:
            await pause(hold)
        yield


@asynccontextmanager
async def _under_way(lanes: list[tuple[str, int]]) -> AsyncIterator[None]:
    entered: list[str] = []
    try:
        for lane, at_once in lanes:
            entered.append(lane)
            if await throttle().tally(lane, LONGEST_TRY) > at_once:
                seconds = math.ceil(HOLDS[-1])
                raise TooMany(
                    "D’autres essais sont en cours sur ce compte. Réessayez dans {seconds} secondes.",
                    values={"seconds": seconds},
                    retry_after=seconds,
                )
        yield
    finally:
        for lane in entered:
            await throttle().tally(lane, LONGEST_TRY, -1)


def _hold(so_far: int) -> float:
    """Seconds that this try waits, it being the so manieth of its window."""
    free = settings().limits.sign_in_tries
    return 0.0 if so_far <= free else HOLDS[min((so_far - 1) // free - 1, len(HOLDS) - 1)]


async def forgive(account: str, place: str) -> None:
    """The tries were their owner's, who is known at this place from now on."""
    await throttle().forget_tally(_key("tries", account))
    await throttle().tally(_key("known", account, place), KNOWN_FOR)


async def count_address(address: str) -> None:
    """One more try from this address, whatever the account.

    Raises:
        TooMany: its window is full; it empties by itself.
    """
    limits = settings().limits
    minutes = limits.sign_in_minutes
    if not await throttle().count(
        RateLimitItemPerMinute(limits.sign_in_tries_per_address, minutes), f"address {address}"
    ):
        raise TooMany(
            "Trop d’essais de connexion. Réessayez dans {minutes} minutes au plus.",
            values={"minutes": minutes},
            retry_after=minutes * 60,
        )


def _key(*parts: str) -> str:
    """What a count is kept under: nobody reads an address or an account in it."""
    return sha256("\0".join(parts).encode()).hexdigest()
