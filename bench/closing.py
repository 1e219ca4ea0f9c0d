"""Does the closing minute of a vote hold, with readers and a compilation beside? `python -m bench.closing`.

    python -m bench.closing [--seconds 60] [--rate 100] [--readers 300] [--open] [--webs 1]
                            [--database postgres://… --redis redis://…]

One process of the site (or several, `--webs`), with its worker inside or, with Redis, beside it. Votes come at their
moments whether or not earlier ones are answered, through the close and a little beyond; each reader opens a page every
few seconds; another theme's synthesis is compiled meanwhile. Then every vote that was acknowledged must be counted, and
none that was not. The generator shares the cores with all that: what each used is printed.

Sixty seconds on two cores of a shared machine, before whatever else ran there (latencies in ms):

                                 acknowledged   votes p50 p95 p99    pages p50 p95 p99    site, generator (of 200 %)
    SQLite                       5,998 of 5,999       4   25   60          1    6   20    17 %, 3 %
    PostgreSQL                   5,995 of 5,995      10   80  242          2   23  104    20 %, 3 %
    PostgreSQL, --webs 2         5,981 of 5,982       9   24   83          2    7   38    23 %, 3 %

A vote that is missing arrived when the votes were closed, and its page said so. The same with `--open`, for 20 s:
SQLite 4, 23, 124; PostgreSQL 11, 65, 334 (1,372, 3,406 and 3,622 when each public vote had a commit of its own). With
`--rate 1200`: SQLite acknowledged 11,976 of 11,979; PostgreSQL some 700 a second, and refused nobody with a 5xx.
Before this, sealed votes of the last minute held their theme alone and made every page stale: of 3,941 votes in 40 s,
PostgreSQL acknowledged 624 and answered 494 by 503.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import uvloop

from bench.consultation import MEMBERS, PROPOSALS, Consultation, fill
from bench.load import Connection, request
from bench.processes import busy, environment, first_answer, free_port, serving
from forum.database import close_database, known_row, open_database, rows
from forum.domain.sign_in import sessions
from forum.domain.syntheses.requests import request_from_shell
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import counts_of
from forum.models.members import Member, Role
from forum.models.themes import Theme
from forum.permissions import COUNTING
from forum.schema import migrate
from forum.settings import settings

CONNECTIONS = 64
"""Over which votes come; a vote that finds all of them busy waits for one, and its wait counts."""
PAUSE = 5.0
"""Seconds that a reader looks at a page."""
BEYOND = 2.0
"""Seconds of votes that come too late."""
BALLOTS = MEMBERS * PROPOSALS
"""Those that the theme has already."""
OPINIONS = ("pour", "abstention", "contre")


@dataclass(slots=True)
class Sent:
    """What came back: how long each answer took from the moment at which its request was due, and its status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def took(self, due: float, status: int) -> None:
        self.seconds.append(time.perf_counter() - due)
        self.statuses[status] += 1

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        if not ordered:
            return "none"
        at = {each: 1000 * ordered[min(len(ordered) - 1, len(ordered) * each // 100)] for each in (50, 95, 99)}
        by_status = ", ".join(f"{many} × {status}" for status, many in sorted(self.statuses.items()))
        return f"{by_status}; ms: " + ", ".join(f"p{each} {ms:.0f}" for each, ms in at.items())


@dataclass(slots=True)
class Measured:
    """The whole minute. `acknowledged` is what people were told of: proposal, voter and opinion."""

    votes: Sent = field(default_factory=Sent)
    late: Sent = field(default_factory=Sent)
    pages: Sent = field(default_factory=Sent)
    acknowledged: set[tuple[str, int, str]] = field(default_factory=set)


async def make_voters(many: int) -> list[tuple[int, str]]:
    """So many members more, signed in."""
    now = datetime.now(UTC)
    names = [f"Votant {number}" for number in range(many)]
    made = [
        await Member.create(
            name=name,
            handle=name.replace(" ", "-"),
            handle_key=name.replace(" ", "-").lower(),
            role=Role.MEMBER,
            confirmed_at=now,
            created_at=now,
        )
        for name in names
    ]
    return [(one.id, await sessions.open_session(one.id, now=now)) for one in made]


async def vote(
    ports: list[int], theme: int, voters: list[tuple[int, str]], rate: float, close: float, found: Measured
) -> None:
    """Each person votes once on a proposal, at a steady rate until shortly after `close`."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for number in range(CONNECTIONS):
        free.put_nowait(Connection(ports[number % len(ports)]))
    start = time.perf_counter()

    async def one(number: int, due: float) -> None:
        voter, token = voters[number // PROPOSALS]
        reference, opinion = f"T{theme}-{number % PROPOSALS + 1:03}", OPINIONS[number % 3]
        body = urlencode({"avis": opinion}).encode()
        connection = await free.get()
        status = await connection.ask(
            request("POST", f"/propositions/{reference}/vote", port=connection.port, token=token, body=body)
        )
        free.put_nowait(connection)
        (found.votes if due < close else found.late).took(due, status)
        if status == 303:
            found.acknowledged.add((reference, voter, opinion))

    async with asyncio.TaskGroup() as votes:
        for number in range(round(rate * (close - start + BEYOND))):
            due = start + number / rate
            await asyncio.sleep(due - time.perf_counter())
            votes.create_task(one(number, due))
    while not free.empty():
        free.get_nowait().close()


async def read(ports: list[int], made: Consultation, many: int, end: float, found: Measured) -> None:
    """Readers who are not signed in, each over a connection of their own."""
    lists = [f"/themes/{theme}/propositions" for theme in (made.open_theme, made.closed_theme)]
    paths = ["/", lists[0], f"/fils/{made.read_thread}", lists[1]]

    async def one(number: int) -> None:
        pauses, connection = Random(number), Connection(ports[number % len(ports)])
        await asyncio.sleep(pauses.uniform(0, PAUSE))
        for path in cycle(paths[number % len(paths) :] + paths[: number % len(paths)]):
            due = time.perf_counter()
            if due > end:
                break
            found.pages.took(due, await connection.ask(request("GET", path, port=connection.port)))
            await asyncio.sleep(pauses.uniform(0.5 * PAUSE, 1.5 * PAUSE))
        connection.close()

    async with asyncio.TaskGroup() as readers:
        for number in range(many):
            readers.create_task(one(number))


async def counted(theme: int, voters: list[tuple[int, str]], found: Measured) -> str:
    """Compare what is in the database and what is counted with what was acknowledged."""
    there = await rows(
        """SELECT p.number, b.voter_id, b.opinion FROM ballot b JOIN proposal p ON p.id = b.proposal_id
            JOIN theme t ON t.id = p.theme_id WHERE t.number = $1 AND b.voter_id >= $2""",
        theme,
        voters[0][0],
    )
    ballots = {(f"T{theme}-{one['number']:03}", one["voter_id"], str(one["opinion"])) for one in there}
    head = await find_theme(theme)
    counts = await counts_of(head, datetime.now(UTC) + COUNTING)
    tallied = sum(each.votants for each in (counts or {}).values()) - BALLOTS
    return (
        f"{len(found.acknowledged)} votes acknowledged, {len(found.acknowledged - ballots)} missing, "
        f"{len(ballots - found.acknowledged)} there without an answer, {tallied} counted after the close"
    )


async def compiled(began: float) -> float:
    """Seconds until the synthesis is there."""
    while (job := await known_row("SELECT state, error FROM job ORDER BY id DESC LIMIT 1"))["state"] != "done":
        if job["state"] == "failed":
            raise RuntimeError(job["error"])
        await asyncio.sleep(0.2)
    return time.perf_counter() - began


@dataclass(slots=True)
class Used:
    """Seconds of processor that each has used; what its children used too when they have ended."""

    webs: list["subprocess.Popen[bytes]"]
    worker: "subprocess.Popen[bytes] | None"
    began: float = field(default_factory=time.perf_counter)
    before: dict[str, float] = field(default_factory=dict)

    def now(self) -> dict[str, float]:
        own = resource.getrusage(resource.RUSAGE_SELF)
        processes = [*self.webs, *([self.worker] if self.worker else [])]
        found = {
            "site": sum(busy(each.pid) for each in self.webs),
            "worker": busy(self.worker.pid) if self.worker else 0.0,
            "compilation": sum(busy_children(each.pid) for each in processes),
            "generator": own.ru_utime + own.ru_stime,
        }
        return found | {"machine": busy_machine()}

    def begin(self) -> None:
        self.began, self.before = time.perf_counter(), self.now()

    def __str__(self) -> str:
        seconds = time.perf_counter() - self.began
        used = {name: after - self.before[name] for name, after in self.now().items()}
        used["others"] = used.pop("machine") - sum(used.values())
        cores = ", ".join(f"{name} {100 * each / seconds:.0f} %" for name, each in used.items())
        return f"{cores}, of {100 * len(os.sched_getaffinity(0))} %"


def busy_children(process: int) -> float:
    """Seconds of processor used by the children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def busy_machine() -> float:
    """Seconds of processor used by everything on this machine."""
    user, nice, system, _, _, interrupts, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


async def run(folder: Path, asked: argparse.Namespace) -> None:
    ports = [free_port() for _ in range(asked.webs)]
    variables = environment(folder, ports[0])
    if asked.database:
        variables |= {"FORUM_DATABASE__URL": asked.database, "FORUM_REDIS__URL": asked.redis}
    os.environ.update(variables)
    settings.cache_clear()
    await migrate(settings())
    await open_database(settings())
    made = await fill()
    if asked.open:
        await Theme.filter(number=made.open_theme).update(sealed=False)
    voters = await make_voters(round(asked.rate * (asked.seconds + BEYOND)) // PROPOSALS + 1)
    with ExitStack() as processes:
        used = _serve(processes, variables, folder, ports, asked.redis)
        for port in ports:
            first_answer(port, "/", time.perf_counter())
        close = await _close_in(made.open_theme, asked.seconds)
        await request_from_shell(made.closed_theme, datetime.now(UTC))
        found, began = Measured(), time.perf_counter()
        used.begin()
        _, _, seconds = await asyncio.gather(
            vote(ports, made.open_theme, voters, asked.rate, close, found),
            read(ports, made, asked.readers, close, found),
            compiled(began),
        )
        print(f"{'PostgreSQL, Redis' if asked.database else 'SQLite'}; machine : {os.getloadavg()[0]:.1f}")
        print(f"processor: {used}")
    print(f"votes before the close: {found.votes}")
    print(f"votes after the close: {found.late}")
    print(f"pages: {found.pages}")
    print(f"compilation beside: {seconds:.1f} s")
    print(await counted(made.open_theme, voters, found))
    await close_database()


def _serve(processes: ExitStack, variables: Mapping[str, str], folder: Path, ports: list[int], redis: str) -> Used:
    """The site, and its worker when it has a process of its own; on whatever core is free."""
    cores = os.sched_getaffinity(0)

    def begin(command: str, port: int) -> "subprocess.Popen[bytes]":
        own = {"FORUM_SERVER__PORT": str(port), "FORUM_SITE__BASE_URL": f"http://127.0.0.1:{port}"}
        log = folder / f"{command}-{port}.log"
        return processes.enter_context(serving(["-m", "forum", command], {**variables, **own}, log, cores))

    webs = [begin("serve", port) for port in ports]
    return Used(webs, begin("work", ports[0]) if redis else None)


async def _close_in(theme: int, seconds: float) -> float:
    """Let the votes of the theme close so much later; gives that moment on this process's clock."""
    now = datetime.now(UTC)
    await rows(
        "UPDATE theme SET votes_close_at = $1, version = version + 1 WHERE number = $2 RETURNING id",
        now + timedelta(seconds=seconds),
        theme,
    )
    return time.perf_counter() + seconds


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--rate", type=float, default=100)
    asked.add_argument("--readers", type=int, default=300)
    asked.add_argument("--open", action="store_true", help="the count is public during the vote")
    asked.add_argument("--webs", type=int, default=1)
    asked.add_argument("--database", default="")
    asked.add_argument("--redis", default="")
    with (
        TemporaryDirectory(prefix="cahier-closing-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run(Path(folder), asked.parse_args()))


if __name__ == "__main__":
    main()
