"""What do pages of long lists cost as they grow? `python -m bench.lists` prints milliseconds of processor, N, 4N, 16N.

An open and a closed theme of as many proposals, each with the ballots of sixty-six of a thousand people, asked in this
process: cold, nothing being kept in memory, then warm. The results are kept first, as the job does after a close; the
last line is what that takes once. No page may cost more than 50 ms at 3,000 proposals and 200,000 ballots.
"""

import asyncio
import os
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.types import Message

from bench.processes import environment
from forum.app import build
from forum.clock import now as present
from forum.database import close_database, open_database
from forum.domain import jobs
from forum.domain.sign_in import sessions
from forum.domain.votes.kept_results import ask_for_results, keep_results
from forum.models.meetings import WorkingGroup
from forum.models.themes import Theme
from forum.schema import migrate
from forum.settings import settings

SIZES = (188, 750, 3000)
PEOPLE, VOTERS, PROFESSIONS = 1000, 66, 5
ROUNDS = 5
MOST = 50.0
OPEN, CLOSED = "/themes/1/propositions", "/themes/2/propositions"
PAGES = {
    "liste des votes, visiteur": (OPEN, False),
    "isoloir, membre": (OPEN, True),
    "isoloir, troisième page": (f"{OPEN}?voir=T1-050", True),
    "résultats": (CLOSED, False),
    "résultats, au milieu": (f"{CLOSED}?voir=T2-100", True),
    "résultats par groupe": ("/themes/2/resultats/groupes", False),
    "suites données": ("/themes/2/suites", False),
    "tableau (CSV), tout": ("/themes/2/resultats.csv", False),
}


async def fill(many: int) -> str:
    """Write both themes as plain SQL; returns the cookie of a member who voted on a third of the open one."""
    now = datetime.now(UTC)
    group = await WorkingGroup.create(slug="gt-1", name="GT")
    for number, close in ((1, now + timedelta(days=9)), (2, now - timedelta(days=1))):
        await Theme.create(
            number=number,
            title=f"Un pays vote, {number}",
            working_group=group,
            votes_open_at=now - timedelta(days=9),
            votes_close_at=close,
            last_proposal_number=many,
        )
    names, moment = settings().people.professions[:PROFESSIONS], now.isoformat(sep=" ")
    with sqlite3.connect(settings().database.url.removeprefix("sqlite:///")) as base:
        base.executemany(
            """INSERT INTO member (id, name, handle, handle_key, role, organisation, profession, territory, locale,
                                   charter_version, suspended_reason, warnings, example, created_at, confirmed_at)
               VALUES (?, ?, ?, ?, 'member', '', ?, '', 'fr', '', '', 0, 0, ?, ?)""",
            ((n, f"V {n}", f"v-{n}", f"v-{n}", names[n % PROFESSIONS], moment, moment) for n in range(1, PEOPLE + 1)),
        )
        base.executemany(
            """INSERT INTO proposal (id, theme_id, number, wording, body, body_html, body_plain, version, state, origin,
                                     created_at) VALUES (?, ?, ?, ?, '', '', '', 1, 'open', 'member', ?)""",
            (
                (theme * 10_000 + n, theme, n, f"Proposition {n} : former, recruter, accompagner.", moment)
                for theme in (1, 2)
                for n in range(1, many + 1)
            ),
        )
        base.executemany(
            """INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at, profession, territory)
               VALUES (?, ?, ?, 1, ?, ?, '')""",
            ((*each, moment, names[each[1] % PROFESSIONS]) for each in _ballots(many)),
        )
    return await sessions.open_session(1, now=now)


def _ballots(many: int) -> Iterator[tuple[int, int, str]]:
    """Always the same ones; the first member votes on a third of the proposals."""
    chance = random.Random(4)
    for theme in (1, 2):
        for number in range(1, many + 1):
            liking = chance.random()
            voters = chance.sample(range(2, PEOPLE + 1), VOTERS) + [1] * (number % 3 == 0)
            for voter in voters:
                said = chance.random()
                opinion = "pour" if said < 0.8 * liking else "abstention" if said < 0.8 * liking + 0.2 else "contre"
                yield theme * 10_000 + number, voter, opinion


async def ask(app: Starlette, path: str, token: str) -> int:
    """The size of an answer, which must be right."""
    address, _, query = path.partition("?")
    cookie = [(b"cookie", f"session={token}".encode())] if token else []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", settings().site.base_url.partition("//")[2].encode()), *cookie],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", settings().server.port),
    }
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    if said[0]["status"] != 200:
        raise RuntimeError(f"{path}: {said[0]['status']}")
    return sum(len(each.get("body", b"")) for each in said)


async def measure(many: int) -> dict[str, tuple[float, float, int]]:
    """Milliseconds cold and warm, and bytes, of each page."""
    await migrate(settings())
    await open_database(settings())
    token = await fill(many)
    app = build(settings())
    started = time.process_time()
    await ask_for_results(present())
    for job, _ in await jobs.waiting(present()):
        claim = await jobs.take(job, present(), lease=timedelta(minutes=1))
        assert claim is not None, "nobody else is here"
        await keep_results(claim, present())
    kept = (time.process_time() - started) * 1000
    found = {}
    for name, (path, signs_in) in PAGES.items():
        cold: list[float] = []
        warm: list[float] = []
        size = 0
        await ask(app, path, token * signs_in)  # templates are compiled once
        for _ in range(ROUNDS):
            app.state.kept = type(app.state.kept)()
            for times in (cold, warm):
                started = time.process_time()
                size = await ask(app, path, token * signs_in)
                times.append((time.process_time() - started) * 1000)
        found[name] = median(cold), median(warm), size
    await close_database()
    return {**found, "résultats, calculés une fois": (kept, 0.0, 0)}


def show(found: dict[int, dict[str, tuple[float, float, int]]]) -> None:
    table = Table(title="Millisecondes de processeur, à froid / gardé, et kilo-octets de la plus longue")
    table.add_column("page")
    for many in found:
        table.add_column(f"{many} propositions", justify="right")
    table.add_column("ko", justify="right")
    table.add_column("")
    for name, (most, _, size) in found[max(found)].items():
        figures = [f"{cold:.1f} / {warm:.1f}" for cold, warm, _ in (each[name] for each in found.values())]
        verdict = "" if not size else "ok" if most <= MOST else "court"
        table.add_row(name, *figures, f"{size / 1000:.0f}", verdict)
    Console(width=118).print(table)


def main() -> None:
    found = {}
    for many in [int(each) for each in sys.argv[1:]] or SIZES:
        with TemporaryDirectory(prefix="cahier-bench-") as folder:
            os.environ.update(environment(Path(folder), 8000))
            settings.cache_clear()
            found[many] = asyncio.run(measure(many))
    show(found)


if __name__ == "__main__":
    main()
