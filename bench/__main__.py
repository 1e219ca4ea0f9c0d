"""`python -m bench`: each figure beside a floor measured in the same run, their ratio, and the target of that ratio.
The whole application (its own server, one process on one core, SQLite as durable as in production) and the floor (a
bare Starlette under the same server, on the same core, returning ready bytes of the same size) are loaded in turn, in
short interleaved rounds; the medians are compared. The load comes from another core. Only 127.0.0.1 is contacted.

Reads and floors are counted per second of processor time, which equals a second of the clock on a quiet machine and
leaves out the neighbours on a shared one. Writes wait for the disk: they are counted per second of the clock.
"""

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import uvloop
from rich.console import Console
from rich.table import Table

from bench.consultation import PROPOSALS, Consultation, fill
from bench.doors import make_account, worst_waits
from bench.load import Answers, fetch, press, request
from bench.processes import (
    LOAD_CORE,
    SERVER_CORE,
    busy,
    environment,
    first_answer,
    free_port,
    memory,
    serving,
)
from forum.database import close_database, open_database
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import tallies_of
from forum.schema import migrate
from forum.settings import ROOT, settings

ROUNDS, ROUND_SECONDS = 5, 1.0
STARTS = 3
QUIET = 0.85
"""If the floor's core worked for less than this part of the time, it was shared or not loaded enough; the report says
so."""

console = Console(width=118, highlight=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table. `ok` is None where there is no target."""

    work: str
    figure: str
    floor: str
    ratio: str
    target: str
    ok: bool | None


@dataclass(frozen=True, slots=True)
class Work:
    """Something that the application does: what each connection sends, and which answer is right."""

    name: str
    target: float | None
    sent: Callable[[int], Iterator[bytes]]
    status: int


def works(made: Consultation, port: int) -> list[Work]:
    """The works that read and those that write."""
    opinions = ("pour", "abstention", "contre")

    def visitor(path: str) -> Callable[[int], Iterator[bytes]]:
        return lambda connection: cycle([request("GET", path, port=port)])

    def member(path: str) -> Callable[[int], Iterator[bytes]]:
        return lambda connection: cycle([request("GET", path, port=port, token=token(connection))])

    def token(connection: int) -> str:
        return made.tokens[connection % len(made.tokens)]

    def votes(connection: int) -> Iterator[bytes]:
        for turn in count():
            path = f"/propositions/T{made.open_theme}-{(connection + turn) % PROPOSALS + 1:03}/vote"
            back = f"/themes/{made.open_theme}/propositions"
            body = urlencode({"avis": opinions[(connection + turn) % 3], "suite": back}).encode()
            yield request("POST", path, port=port, token=token(connection), body=body)

    def replies(connection: int) -> Iterator[bytes]:
        mark = f"{{{{citation {made.quotable}@1 0-{made.quotable_length // 2}}}}}"
        for turn in count():
            words = (
                f"Je complète ({connection}, {turn}) : un référent par bibliothèque.\n\nEt des fiches **pratiques**."
            )
            body = urlencode({"citation": mark, "source": words, "acte": "publier"}).encode()
            yield request(
                "POST", f"/fils/{made.written_thread}/repondre", port=port, token=token(connection), body=body
            )

    return [
        Work("fil de 20 contributions, visiteur", 0.25, visitor(f"/fils/{made.read_thread}"), 200),
        Work("le même, membre", 0.10, member(f"/fils/{made.read_thread}"), 200),
        Work("propositions classées par les votes", 0.20, visitor(f"/themes/{made.closed_theme}/propositions"), 200),
        Work("propositions, membre", None, member(f"/themes/{made.open_theme}/propositions"), 200),
        Work("vote", 0.04, votes, 303),
        Work("réponse avec citation", 0.02, replies, 303),
    ]


async def measured(work: Work, name: str, forum: tuple[int, int], floor: tuple[int, int]) -> Line:
    """Interleaved rounds of one work; a server is (port, process)."""
    ours, theirs, shares = [], [], []
    method = b"GET" if work.status == 200 else b"POST"

    def ready_page(connection: int) -> Iterator[bytes]:
        return _same(next(work.sent(connection)), name, method)

    for _ in range(ROUNDS):
        answers, worked = await _round(forum, work.sent, work.status, work.name)
        ours.append(answers.count / (worked if work.status == 200 else answers.seconds))
        ready, worked = await _round(floor, ready_page, 200, f"floor of {work.name}")
        theirs.append(ready.count / worked)
        shares.append(worked / ready.seconds)
    if median(shares) < QUIET:
        console.print(f"  cœur partagé : le plancher n’en a eu que {median(shares):.0%}")
    ratio = median(ours) / median(theirs)
    return Line(
        work.name,
        f"{median(ours):,.0f}/s",
        f"{median(theirs):,.0f}/s",
        f"{ratio:.3f}",
        "" if work.target is None else f"≥ {work.target:.2f}",
        None if work.target is None else ratio >= work.target,
    )


async def _round(
    server: tuple[int, int], sent: Callable[[int], Iterator[bytes]], status: int, name: str
) -> tuple[Answers, float]:
    """One round on one server, with the seconds of processor time that it used; every answer must be right."""
    before = busy(server[1])
    answers = await press(server[0], sent, ROUND_SECONDS)
    worked = busy(server[1]) - before
    if set(answers.statuses) != {status}:
        raise RuntimeError(f"{name}: {answers.statuses}, {status} expected")
    return answers, worked


def _same(sent: bytes, name: str, method: bytes) -> Iterator[bytes]:
    """Turn a request into the one for the floor's ready page of that name."""
    _, _, rest = sent.partition(b" HTTP/1.1")
    return cycle([b"%s /%s HTTP/1.1%s" % (method, name.encode(), rest)])


def starts(variables: dict[str, str], port: int, log: Path) -> Line:
    """Seconds from start to first answer, on an existing database."""
    seconds = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with serving(["-m", "forum", "serve"], variables, log):
            seconds.append(first_answer(port, "/", started))
    return Line("départ, première réponse", f"{median(seconds):.2f} s", "", "", "≤ 2 s", median(seconds) <= 2)


async def tallies(made: Consultation, database: Path) -> Line:
    """Counting the ballots of a closed theme, beside the bare aggregate."""
    theme = await find_theme(made.closed_theme)
    bare = sqlite3.connect(database)
    query = """SELECT b.proposal_id, b.opinion, COUNT(*) FROM ballot b JOIN proposal p ON p.id = b.proposal_id
                WHERE p.theme_id = ? GROUP BY b.proposal_id, b.opinion"""
    now = theme.schedule.counted_at
    if now is None:
        raise LookupError("the votes of this theme are closed")
    ours, theirs = [], []
    for _ in range(200):
        start = time.perf_counter()
        await tallies_of(theme, now)
        middle = time.perf_counter()
        bare.execute(query, [theme.id]).fetchall()
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    bare.close()
    ratio = median(ours) / median(theirs)
    return Line(
        "dépouillement, 40 propositions",
        f"{median(ours) * 1e3:.2f} ms",
        f"{median(theirs) * 1e3:.2f} ms (SQL nu)",
        f"{ratio:.2f}",
        "≤ 2",
        ratio <= 2,
    )


def votes(folder: Path) -> list[Line]:
    """A million ballots on ten thousand proposals, in a process of its own on one core."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.votes"],
        cwd=ROOT,
        env=environment(folder / "votes", free_port()),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    said = json.loads(ran.stdout.splitlines()[-1])
    ratio = said["tallies"] / said["floor"]
    return [
        Line(
            "un million de votes : soutien net et Wilson",
            f"{said['tallies']:.2f} s",
            f"{said['floor']:.2f} s (SQL nu)",
            f"{ratio:.2f}",
            "≤ 5",
            ratio <= 5,
        ),
        Line(
            "un million de votes : toutes les méthodes",
            f"{said['everything']:.2f} s",
            "",
            "",
            "≤ 15 s",
            said["everything"] <= 15,
        ),
        Line(
            "un million de votes : mémoire",
            f"{said['megabytes']:.0f} Mo",
            f"({said['before']:.0f} Mo avant)",
            "",
            "≤ 1000 Mo",
            said["megabytes"] <= 1000,
        ),
    ]


def compilation(many: int, folder: Path, target: float | None) -> Line:
    """All formats, in a process of its own on one core."""
    variables = environment(folder / f"compile-{many}", free_port())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, "-m", "bench.compilation", str(many)],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    seconds = float(ran.stdout.split()[-1])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wanted = "" if target is None else f"≤ {target:.0f} s"
    return Line(
        f"synthèse de {many} propositions, tous formats",
        f"{seconds:.1f} s",
        f"(cœur : {worked:.1f} s)",
        "",
        wanted,
        None if target is None else seconds <= target,
    )


async def prepare(variables: dict[str, str]) -> Consultation:
    """The database of the run, opened in this process with the settings that the server will have."""
    os.environ.update(variables)
    settings.cache_clear()
    await migrate(settings())
    await open_database(settings())
    return await fill()


async def run(folder: Path) -> list[Line]:
    """Every measure, in the order of the table."""
    port, floor_port, log = free_port(), free_port(), folder / "servers.log"
    variables = environment(folder, port)
    made = await prepare(variables)
    lines = [starts(variables, port, log)]
    pages = folder / "pages"
    pages.mkdir()
    with ExitStack() as servers:
        started = time.perf_counter()
        forum = servers.enter_context(serving(["-m", "forum", "serve"], variables, log))
        first_answer(port, "/", started)
        todo = works(made, port)
        for number, work in enumerate(todo):
            status, _, body = await fetch(port, next(work.sent(0)))
            if status != work.status:
                raise RuntimeError(f"{work.name}: {status}, {work.status} expected\n{body[:500]!r}\n{log.read_text()}")
            (pages / f"page-{number}").write_bytes(body)
        started = time.perf_counter()
        floor = servers.enter_context(serving(["-m", "bench.floor", str(floor_port), str(pages)], variables, log))
        first_answer(floor_port, "/page-0", started)
        for number, work in enumerate(todo):
            console.print(f"  {work.name}…")
            lines.append(await measured(work, f"page-{number}", (port, forum.pid), (floor_port, floor.pid)))
        used = memory(forum.pid)
        lines.append(Line("mémoire après la charge", f"{used:.0f} Mo", "", "", "≤ 150 Mo", used <= 150))
        await make_account()
        for what, seconds in (await worst_waits(port)).items():
            most = 2 if "connexion d" in what else 0.5
            lines.append(Line(what, f"{seconds:.2f} s", "", "", f"≤ {most} s", seconds <= most))
    lines.append(await tallies(made, folder / "cahier.sqlite3"))
    await close_database()
    lines += votes(folder)
    lines.append(compilation(50, folder, None))
    lines.append(compilation(500, folder, 25))
    return lines


def show(lines: list[Line]) -> None:
    load = os.getloadavg()[0]
    table = Table(
        title=f"Un processus sur le cœur {SERVER_CORE}, charge depuis le cœur {LOAD_CORE} (machine : {load:.1f})"
    )
    for name in ("travail", "mesure", "plancher", "rapport", "cible", ""):
        table.add_column(name, justify="left" if name in ("travail", "") else "right")
    for line in lines:
        verdict = {None: "", True: "ok", False: "court"}[line.ok]
        table.add_row(line.work, line.figure, line.floor, line.ratio, line.target, verdict)
    console.print(table)


def main() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})
    if SERVER_CORE == LOAD_CORE:
        console.print("Un seul cœur : la charge et le serveur se le partagent, les rapports sont faussés.")
    with (
        TemporaryDirectory(prefix="cahier-bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        show(runner.run(run(Path(folder))))


if __name__ == "__main__":
    main()
