"""How long does it take to count the ballots of a whole country after the close? `python -m bench.votes`.

Ten thousand proposals and a million ballots of a hundred thousand people, in the database of the environment, migrated
and empty: the bare aggregate of the same rows as the floor, the tallies with the net support and the Wilson bound, then
everything that the results page computes, by every method that opinions allow. Prints them as one line of JSON.
"""

import asyncio
import json
import random
import resource
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

from forum.database import close_database, open_database
from forum.domain.themes.themes import ThemeHead, find_theme
from forum.domain.votes.results import read_results
from forum.domain.votes.standings import JudgedProposal, Terms, standing_of
from forum.domain.votes.votes import counts_of
from forum.models.meetings import WorkingGroup
from forum.models.themes import Theme
from forum.schema import migrate
from forum.settings import settings

PROPOSALS, BALLOTS, PEOPLE = 10_000, 1_000_000, 100_000
PROFESSIONS = 5
ROUNDS = 5
BARE = """SELECT b.proposal_id, b.opinion, COUNT(*) FROM ballot b JOIN proposal p ON p.id = b.proposal_id
           WHERE p.theme_id = ? AND b.proposal_version >= p.substance GROUP BY b.proposal_id, b.opinion"""


async def fill() -> None:
    """Write the closed theme and its rows as plain SQL; takes a few seconds."""
    now = datetime.now(UTC)
    theme = await Theme.create(
        number=1,
        title="Un pays vote",
        working_group=await WorkingGroup.create(slug="gt-1", name="GT"),
        votes_open_at=now - timedelta(days=9),
        votes_close_at=now - timedelta(days=1),
        last_proposal_number=PROPOSALS,
    )
    names = settings().people.professions[:PROFESSIONS]
    moment = now.isoformat(sep=" ")
    with sqlite3.connect(settings().database.url.removeprefix("sqlite:///")) as base:
        base.executemany(
            """INSERT INTO member (id, name, handle, handle_key, role, organisation, profession, territory, locale,
                                   charter_version, suspended_reason, warnings, example, created_at)
               VALUES (?, ?, ?, ?, 'member', '', ?, '', 'fr', '', '', 0, 0, ?)""",
            ((n, f"V {n}", f"v-{n}", f"v-{n}", names[n % PROFESSIONS], moment) for n in range(1, PEOPLE + 1)),
        )
        base.executemany(
            """INSERT INTO proposal (id, theme_id, number, wording, body, body_html, body_plain, version, state, origin,
                                     created_at) VALUES (?, ?, ?, ?, '', '', '', 1, 'open', 'member', ?)""",
            ((n, theme.id, n, f"Proposition {n}", moment) for n in range(1, PROPOSALS + 1)),
        )
        base.executemany(
            """INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at, profession, territory)
               VALUES (?, ?, ?, 1, ?, ?, '')""",
            ((*each, moment, names[each[1] % PROFESSIONS]) for each in _ballots()),
        )


def _ballots() -> Iterator[tuple[int, int, str]]:
    """As many ballots for each proposal, from different people, with a support that varies by proposal; always the same
    ones."""
    chance = random.Random(4)
    for proposal in range(1, PROPOSALS + 1):
        liking = chance.random()
        for voter in chance.sample(range(1, PEOPLE + 1), BALLOTS // PROPOSALS):
            said = chance.random()
            opinion = "pour" if said < 0.8 * liking else "abstention" if said < 0.8 * liking + 0.2 else "contre"
            yield proposal, voter, opinion


async def measure() -> dict[str, float]:
    await migrate(settings())
    await open_database(settings())
    await fill()
    theme, now = await find_theme(1), datetime.now(UTC)
    bare = sqlite3.connect(settings().database.url.removeprefix("sqlite:///"))
    floor, first = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        bare.execute(BARE, [theme.id]).fetchall()
        floor.append(time.perf_counter() - start)
        first.append(await _timed(lambda: _tallies_and_wilson(theme, now)))
    bare.close()
    before = _megabytes()
    whole = await _timed(lambda: _everything(theme, now))
    await close_database()
    return {
        "floor": median(floor),
        "tallies": median(first),
        "everything": whole,
        "before": before,
        "megabytes": _megabytes(),
    }


async def _judged(theme: ThemeHead, now: datetime) -> dict[int, JudgedProposal]:
    counts = await counts_of(theme, now)
    assert counts is not None
    return {proposal: JudgedProposal(f"T1-{proposal:03}", count) for proposal, count in counts.items()}


async def _tallies_and_wilson(theme: ThemeHead, now: datetime) -> None:
    """Tally the ballots, then rank by net support and by the Wilson bound."""
    standing = standing_of(Terms(theme.voting), list((await _judged(theme, now)).values()))
    assert len(standing.ranked) == PROPOSALS


async def _everything(theme: ThemeHead, now: datetime) -> None:
    results = await read_results(theme, await _judged(theme, now), now)
    assert len(results.standing.methods) >= 3
    assert results.evidence.picks


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))
