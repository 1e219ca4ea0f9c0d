"""Guessing passwords: how is it slowed down, and why is nobody ever locked out?

The first `sign_in_tries` tries at one account within `sign_in_minutes`, wherever they come from, cost nothing. Each
further one is delayed, a little longer each time and four seconds at most, before the password is checked; only two of
them may be under way at a time from one place, and four from all unknown places together. So whatever is tried, in a
row or all at once, from one address or from thousands, an account gets one guess a second for each of its two names,
handle and address: 172,800 a day for somebody who knows both. The defence against these is a password of twelve
characters that is in no list of common ones and is not the person's own name, and a second factor for people who act on
others (OWASP ASVS 5.0, 6.1.1 and 6.3.1). Allowing fewer would take a lock, with which anybody could lock somebody else
out. In addition, one address has a limit of its own for all accounts, far higher than what one person tries.

None of this lasts. A try is refused only while others are under way, for seconds, and the right password is accepted in
its turn and clears the wrong ones. A place from which somebody signed in lately, or chose a new password by a link of
their mailbox, has a queue of its own for this account, which strangers cannot fill; nor does the limit of one address
concern it, nor the line of those whose passwords wait to be hashed (`turns.py`).

Accounts are counted by the name that was typed: if a handle and an address were counted together, one would reveal the
other. Counts are shared by all processes when there is a Redis (`throttle.py`); no database lock is held meanwhile.
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
"""Delays in seconds, each for as many tries as are free at first; the last one for all that follow."""
AT_ONCE_HERE: Final = 2
AT_ONCE_FROM_STRANGERS: Final = 4
LONGEST_TRY: Final = 30
"""Seconds after which a try whose process was killed is no longer under way."""
KNOWN_FOR: Final = 30 * 24 * 3600
"""Seconds for which a place is remembered after somebody showed that they own the account."""

# Tests replace it with one that does not wait.
pause = anyio.sleep


@asynccontextmanager
async def one_try(account: str, place: str) -> AsyncIterator[None]:
    """One try at an account, counted before the password is checked; it is under way as long as the block runs.

    Raises:
        TooMany: others are under way; for seconds.
    """
    lanes = [(_key("here", account, place), AT_ONCE_HERE)]
    if not await is_known(account, place):
        lanes.append((_key("strangers", account), AT_ONCE_FROM_STRANGERS))
    async with _under_way(lanes):
        hold = _hold(await throttle().tally(_key("tries", account), settings().limits.sign_in_minutes * 60))
        if hold:
            await pause(hold)
        yield


async def is_known(account: str, place: str) -> bool:
    """Whether somebody showed lately, from this place, that the account is theirs."""
    return bool(await throttle().tallied(_key("known", account, place)))


@asynccontextmanager
async def _under_way(lanes: list[tuple[str, int]]) -> AsyncIterator[None]:
    entered: list[str] = []
    try:
        for lane, at_once in lanes:
            entered.append(lane)
            if await throttle().tally(lane, LONGEST_TRY, stricter=False) > at_once:
                seconds = math.ceil(HOLDS[-1])
                raise TooMany(
                    "D’autres essais sont en cours sur ce compte. Réessayez dans {seconds} secondes. "
                    "Si cela dure, choisissez un nouveau mot de passe par « Mot de passe oublié » : "
                    "vos essais d’ici passeront à part.",
                    values={"seconds": seconds},
                    retry_after=seconds,
                )
        yield
    finally:
        for lane in entered:
            await throttle().tally(lane, LONGEST_TRY, -1, stricter=False)


def _hold(so_far: int) -> float:
    """The delay in seconds of the n-th try of a window."""
    free = settings().limits.sign_in_tries
    return 0.0 if so_far <= free else HOLDS[min((so_far - 1) // free - 1, len(HOLDS) - 1)]


async def forgive(account: str, place: str) -> None:
    """Clear the tries: this is the owner, and from now on this place is known."""
    await throttle().forget_tally(_key("tries", account))
    await throttle().tally(_key("known", account, place), KNOWN_FOR)


async def count_address(address: str) -> None:
    """Count one more try from this address, whatever the account, unless the place is known.

    Raises:
        TooMany: its limit is reached, for a while.
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
    """The key of a count, which reveals neither address nor account."""
    return sha256("\0".join(parts).encode()).hexdigest()
