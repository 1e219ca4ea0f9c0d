"""`python -m bench.search`: how long does a search take among a hundred thousand contributions?

The database that the settings name, new and empty, is filled with words as frequent as those of a language; then the
whole search is timed, in this process, without the network: parsing, statements, what is shown. For each kind of
search: median, 95th percentile, worst. With SQLite, which works within the process, milliseconds are of the processor,
whatever the neighbours do; with PostgreSQL they are of the clock. `--plans` prints how the database answers.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from statistics import quantiles
from tempfile import TemporaryDirectory
from unittest.mock import patch

import anyio
from rich.console import Console
from rich.table import Table

from forum.database import close_database, insert_rows, is_sqlite, open_database, rows, transaction
from forum.domain.search import matching, results
from forum.domain.search.index import rebuild
from forum.domain.search.results import SearchFilter, search
from forum.models.search import SearchKind
from forum.schema import migrate
from forum.settings import Settings, settings
from forum.text.queries import parse

POSTS = 100_000
A_THREAD = 40
WORDS_A_POST = 60
VOCABULARY = 20_000
ASKED = 120
"""Searches of each kind."""

console = Console(width=118, highlight=False)
_SYLLABLES = (
    "ba be bi bo bu cha che da de di do fa fe fi ga go ja la le li lo ma me mi mo na ne ni pa pe pi po ra re ri ro"
)


def vocabulary(chance: random.Random) -> list[str]:
    """Words that nobody says, the most frequent first."""
    syllables = _SYLLABLES.split()
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found[
            "".join(chance.choices(syllables, k=chance.randint(2, 5))) + chance.choice(("", "", "s", "é", "tion"))
        ] = None
    return list(found)


def weights() -> list[float]:
    """How frequent each word is, by Zipf's law, each with all before it."""
    return list(accumulate(1 / (place + 3) for place in range(VOCABULARY)))


async def fill(words: list[str], chance: random.Random, many: int) -> None:
    """Threads of contributions over three years, then the index."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    frequent = weights()
    await insert_rows("working_group (id, slug, name)", [(1, "gt", "Groupe")])
    await rows(
        """INSERT INTO theme (id, number, title, introduction, introduction_html, working_group_id, sealed, quota,
                              quorum, last_proposal_number, version)
           VALUES (1, 1, 'Un thème', '', '', 1, TRUE, 0, 0, 0, 1)"""
    )
    for first in range(1, many + 1, A_THREAD):
        thread = first // A_THREAD + 1
        async with transaction():
            title = " ".join(chance.choices(words, cum_weights=frequent, k=5))
            await insert_rows(
                "thread (id, theme_id, title, posts_count, version, created_at, last_post_at)",
                [(thread, 1, title, A_THREAD, 1, start, start)],
            )
            said = [
                (
                    post,
                    " ".join(chance.choices(words, cum_weights=frequent, k=WORDS_A_POST)),
                    start - timedelta(minutes=15 * (many - post)),
                )
                for post in range(first, min(first + A_THREAD, many + 1))
            ]
            await insert_rows(
                "post (id, thread_id, number, kind, source, html, plain, renderer, revision, created_at)",
                [(post, thread, post - first + 1, "contribution", "", "", text, 1, 1, at) for post, text, at in said],
            )


def searches(words: list[str], chance: random.Random) -> dict[str, Iterator[tuple[str, SearchFilter]]]:
    """Kinds of searches, each without end."""
    nothing, posts = SearchFilter(), SearchFilter(kind=SearchKind.POST, theme=1)

    def among(first: int, last: int) -> str:
        return words[chance.randrange(first, last)]

    def endless(say: object, wanted: SearchFilter = nothing) -> Iterator[tuple[str, SearchFilter]]:
        while True:
            yield say(), wanted  # type: ignore[operator] # a function without arguments

    return {
        "one frequent word": endless(lambda: among(0, 20)),
        "one word": endless(lambda: among(20, 2000)),
        "one rare word": endless(lambda: among(5000, VOCABULARY)),
        "two words": endless(lambda: f"{among(0, 200)} {among(0, 2000)}"),
        "frequent and rare": endless(lambda: f"{among(0, 20)} {among(5000, VOCABULARY)}"),
        "three words": endless(lambda: f"{among(0, 50)} {among(0, 200)} {among(0, 500)}"),
        "a beginning": endless(lambda: among(20, 5000)[:4]),
        "a phrase": endless(lambda: f'"{among(0, 50)} {among(0, 50)}"'),
        "but not": endless(lambda: f"{among(0, 100)} -{among(0, 20)}"),
        "narrowed": endless(lambda: among(0, 500), posts),
        "in no text": endless(lambda: "zyzomys"),
        "a reference": endless(lambda: f"C-{chance.randint(1, POSTS)}"),
    }


async def timed(words: list[str], chance: random.Random) -> None:
    of = "of the processor" if is_sqlite() else "of the clock"
    table = Table("search", "median", "p95", "worst", "results", title=f"milliseconds, {of}")
    every: list[float] = []
    clock = time.process_time if is_sqlite() else time.perf_counter
    for name, asked in searches(words, chance).items():
        took, found = [], 0
        for _ in range(ASKED):
            typed, wanted = next(asked)
            began = clock()
            page = await search(None, "192.0.2.1", typed, wanted)
            took.append(1000 * (clock() - began))
            found += len(page.results.shown)
        every += took
        table.add_row(name, *_figures(took), f"{found / ASKED:.1f}")
    table.add_row("all", *_figures(every), "")
    console.print(table)


def _figures(took: list[float]) -> tuple[str, str, str]:
    cut = quantiles(took, n=100)
    return f"{cut[49]:.2f}", f"{cut[94]:.2f}", f"{max(took):.2f}"


async def plans(words: list[str]) -> None:
    """How the database finds a frequent word, a rare one and two."""
    for typed in (words[3], words[9000], f"{words[3]} {words[50]}"):
        tier = matching.matching(parse(typed), []).tiers[1]
        if is_sqlite():
            found = await rows(
                """EXPLAIN QUERY PLAN SELECT rowid FROM search_words WHERE search_words MATCH $1
                    ORDER BY rowid DESC LIMIT 21""",
                tier,
            )
            console.print(typed, [each["detail"] for each in found])
            continue
        for each in await rows(
            f"EXPLAIN (ANALYZE, COSTS OFF) SELECT id FROM search_words WHERE lexemes @@ $s${tier}$s$::tsquery"
            " ORDER BY id DESC LIMIT 21"
        ):
            console.print(each["QUERY PLAN"], markup=False)


async def run(configured: Settings, many: int) -> None:
    await migrate(configured)
    await open_database(configured)
    try:
        chance = random.Random(12)
        words = vocabulary(chance)
        if not await rows("SELECT 1 AS one FROM post LIMIT 1"):
            began = time.perf_counter()
            await fill(words, chance, many)
            filled = time.perf_counter()
            await rebuild()
            console.print(f"filled in {filled - began:.0f} s, indexed in {time.perf_counter() - filled:.0f} s")
            if not is_sqlite():
                await rows("ANALYZE")
        if "--plans" in sys.argv:
            await plans(words)
        with patch.object(results, "_count", _nobody_counts):
            await timed(words, random.Random(13))
    finally:
        await close_database()


async def _nobody_counts(*_: object) -> None:
    """So many searches in a minute are refused to people."""


def main() -> None:
    many = next((int(each) for each in sys.argv[1:] if each.isdecimal()), POSTS)
    with TemporaryDirectory() as folder:
        configured = settings()
        if not configured.database.url.startswith(("postgres", "sqlite:////")):
            configured = configured.with_database(f"sqlite:///{folder}/bench.sqlite3")
        anyio.run(run, configured, many)


if __name__ == "__main__":
    main()
