"""What everybody wrote, without what must not be there any more: the name of somebody who is erased, or a passage that
moderators hide for the personal data in it.

In one transaction texts change, and so does all that counts in them: quotes, extracts, marks in sources, places in the
journal, ranges of frozen data; the hashes of the words that they show are computed again. What is sought is the
caller's matter, and in whose words (`text/redaction.py`).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from re import ASCII, compile
from typing import Any, Final

from anyio import to_thread
from tortoise import Tortoise

from forum.database import Row, Transaction, rows
from forum.domain import jobs, journal
from forum.domain.search.index import refresh_changed
from forum.domain.syntheses import redactions
from forum.domain.themes.themes import raise_every_version
from forum.domain.withheld import AsideRow, all_kept, keep_instead
from forum.jobs import JobName, enqueue
from forum.sealing import seal, unseal
from forum.text import quotes
from forum.text.redaction import Cleaner, Redacted, Words

PLAIN_WORDS: Final = {
    "answer": ("reason", "service"),
    "document": ("error",),
    "excluded_vote": ("reason",),
    "invitation": ("organisation",),
    "job": ("error",),
    "meeting": ("place", "attendance", "minutes"),
    "member": ("organisation", "suspended_reason"),
    "moderation_complaint": ("words", "answer"),
    "moderation_decision": ("facts", "statement"),
    "moderation_notice": ("words", "complaint", "answer"),
    "obligation": ("words", "done_words"),
    "pending_post": ("title", "source"),
    "post_draft": ("title", "source"),
    "proposal": ("wording", "state_reason"),
    "proposal_merge": ("reason",),
    "proposal_turn": ("reason",),
    "proposal_version": ("wording", "body", "reason"),
    "reception": ("channel", "name", "organisation"),
    "thread": ("title",),
    "thread_turn": ("before", "reason"),
    "treatment": ("reason",),
}
"""Simple texts: nothing is derived from them and nothing points into them."""

_EDITED: Final = {
    "pending_post": "version",
    **dict.fromkeys(("post", "post_draft", "proposal", "synthesis_block", "thread"), "rewrites"),
}
"""The tables of words that people edit in a form that was filled before, and the column that this form knows; a meeting
is known by its words themselves."""


ANSWERED: Final = "answer_proposal"
"""The act whose lines in the journal have words of an official answer, though they are about its proposal."""
# How an entry of the journal says where words of its post are: its revision and its range (`harvest/harvest.py`).
_PLACE = compile(r"([0-9]{1,9}):([0-9]{1,9})-([0-9]{1,9})(?![0-9])", ASCII)


async def hold_all() -> None:
    """Let nobody write meanwhile, and make every cached page stale: a name may be on any of them."""
    await raise_every_version()


async def find_strangers() -> frozenset[str]:
    """The keys of the handles that people called and that belong to no member."""
    found = await rows("SELECT DISTINCT handle_key FROM mention WHERE member_id IS NULL")
    return frozenset(one["handle_key"] for one in found)


async def warm_up(cleaner: Cleaner, strangers: frozenset[str]) -> None:
    """Read everything once, off the event loop and before any lock: the transaction then uses the cached results."""
    revisions = await _revisions()
    marked = [
        (table, one["id"], Words(*(one[column] for column in columns)))
        for table, columns in _MARKED
        for one in await rows(_marked_query(table, columns))
    ]
    simple = [
        (table, one["id"], one["words"])
        for table, column in _simple()
        for one in await rows(_simple_query(table, column))
    ]
    kept = await all_kept()

    def read_all() -> None:
        _learn(cleaner, revisions)
        for table, number, words in marked:
            cleaner.of(table, number).redact(words, strangers)
        for table, number, said in simple:
            cleaner.of(table, number).clean(said)
        for each in kept:
            _cleaned(each, cleaner, strangers)

    await to_thread.run_sync(read_all)


async def take_out(tx: Transaction, cleaner: Cleaner, strangers: frozenset[str], now: datetime) -> None:
    """Rewrite every text, and have the documents and archives made again; the caller holds everything."""
    _learn(cleaner, await _revisions())
    changed: set[tuple[str, int]] = set()
    for table, columns in _MARKED:
        for one in await rows(_marked_query(table, columns)):
            if await _rewrite(table, columns, one, cleaner.of(table, one["id"]), strangers):
                changed.add((table, one["id"]))
    await _move_ranges(cleaner)
    for table, column in _simple():
        limit = _limit(table, column)
        for one in await rows(_simple_query(table, column)):
            if (cleaned := cleaner.of(table, one["id"]).clean(one["words"])) != one["words"]:
                words = _within(cleaned, limit)
                await rows(f"UPDATE {table} SET {column} = $2 WHERE id = $1", one["id"], words)
                changed.add((table, one["id"]))
    for kept in await all_kept():
        if (left := _cleaned(kept, cleaner, strangers)) != kept.words:
            await keep_instead(kept.id, left)
            changed.add((kept.table, kept.row))
    await _make_forms_stale(changed)
    await refresh_changed(changed)
    await _rewrite_mails(cleaner)
    await journal.redact(partial(_without, cleaner), now)
    for synthesis in await redactions.redact(cleaner, now):
        await _make_anew(tx, JobName.COMPILE_SYNTHESIS, synthesis, f"synthesis:{synthesis}", now)
    for one in await rows("UPDATE archive SET content = NULL, sha256 = '', made_at = NULL RETURNING member_id"):
        # Archives of others may name the person; each keeps its expiry.
        await _make_anew(tx, JobName.MAKE_ARCHIVE, one["member_id"], f"archive:{one['member_id']}", now)


async def _make_forms_stale(changed: set[tuple[str, int]]) -> None:
    """Let no form that was opened on the former words bring them back."""
    for table, number in sorted(changed):
        if column := _EDITED.get(table):
            await rows(f"UPDATE {table} SET {column} = {column} + 1 WHERE id = $1", number)


async def _make_anew(tx: Transaction, name: JobName, subject: int, key: str, now: datetime) -> None:
    """Restart jobs under way, whose results hold the former words: those will be refused, and made from the new
    words."""
    await jobs.begin_again(key, now)
    await enqueue(tx, name, subject, key=key, now=now)


# What counts in words


async def _revisions() -> list[Row]:
    """The plain words of every revision, as they are or as they are kept aside."""
    found = await rows(
        """SELECT r.id, r.post_id, r.number, r.plain, k.words FROM post_revision r
             LEFT JOIN withheld k ON k.table_name = 'post_revision' AND k.row_id = r.id ORDER BY r.id"""
    )
    return [{**one, "plain": json.loads(one["words"])["plain"]} if one["words"] else one for one in found]


def _learn(cleaner: Cleaner, revisions: Sequence[Row]) -> None:
    """Tell the cleaner which contributions change. One that holds an address of words in another one may change with
    it, hence several rounds; nearly always two, of which the second finds nothing new."""
    news = True
    while news:
        found = (
            ((one["post_id"], one["number"]), one["plain"], cleaner.of("post_revision", one["id"]).find(one["plain"]))
            for one in revisions
        )
        news = cleaner.learn({key: change for key, plain, change in found if change.text != plain})


async def _move_ranges(cleaner: Cleaner) -> None:
    """Move quotes and extracts to the words that they showed, with the hashes of these words as they are now."""
    for table, column in (("quote", "quoted_id"), ("extract", "post_id")):
        for one in await rows(f"SELECT id, {column} AS post, revision, start, stop, sha256 FROM {table} ORDER BY id"):
            change = cleaner.changes.get((one["post"], one["revision"]))
            if change is None:
                continue
            moved = _moved(change, one["start"], one["stop"])
            if moved != (one["start"], one["stop"], one["sha256"]):
                await rows(f"UPDATE {table} SET start = $2, stop = $3, sha256 = $4 WHERE id = $1", one["id"], *moved)


def _moved(change: Redacted, start: int, stop: int) -> tuple[int, int, str]:
    start, stop = change.moved(start, stop)
    return start, stop, quotes.digest(change.text[start:stop])


def _without(cleaner: Cleaner, entry: Row) -> tuple[str, str, str]:
    """The words of an entry of the journal."""
    cleaner = cleaner.of(ANSWERED if entry["act"] == ANSWERED else entry["thing"], entry["thing_id"])

    def left(words: str) -> str:
        place = _PLACE.match(words) if entry["thing"] == "post" else None
        change = cleaner.changes.get((entry["thing_id"], int(place[1]))) if place else None
        if place and change:
            start, stop = change.moved(int(place[2]), int(place[3]))
            words = f"{place[1]}:{start}-{stop}{words[place.end() :]}"
        return cleaner.clean(words)

    reason = _within(left(entry["reason"]), journal.LONGEST_REASON)
    return left(entry["before"]), left(entry["after"]), reason


# Texts

# Words in Markdown, with what is made of them: source, HTML, plain words.
_MARKED: Final = (
    ("post_revision", ("source", "html", "plain")),
    ("post", ("source", "html", "plain")),
    ("proposal", ("body", "body_html", "body_plain")),
    ("synthesis_block", ("source", "html", "plain")),
)


async def _rewrite(
    table: str, columns: tuple[str, str, str], found: Row, cleaner: Cleaner, strangers: frozenset[str]
) -> bool:
    """Returns whether anything changed."""
    source, html, plain = columns
    before = Words(found[source], found[html], found[plain])
    after = cleaner.redact(before, strangers)
    if after != before:
        await rows(
            f"UPDATE {table} SET {source} = $2, {html} = $3, {plain} = $4 WHERE id = $1",
            found["id"],
            after.source,
            after.html,
            after.plain,
        )
    return after != before


def _cleaned(kept: AsideRow, cleaner: Cleaner, strangers: frozenset[str]) -> dict[str, str]:
    """The words of a row that is kept aside, rewritten as if they stood in its table."""
    cleaner, words = cleaner.of(kept.table, kept.row), dict(kept.words)
    for columns in (columns for marked, columns in _MARKED if marked == kept.table):
        after = cleaner.redact(Words(*(kept.words[column] for column in columns)), strangers)
        words |= dict(zip(columns, (after.source, after.html, after.plain), strict=True))
    for column in PLAIN_WORDS.get(kept.table, ()):
        if column in words:
            words[column] = _within(cleaner.clean(words[column]), _limit(kept.table, column))
    return words


def _marked_query(table: str, columns: tuple[str, str, str]) -> str:
    return f"SELECT id, {', '.join(columns)} FROM {table} ORDER BY id"


def _simple() -> list[tuple[str, str]]:
    return [(table, column) for table, columns in PLAIN_WORDS.items() for column in columns]


def _simple_query(table: str, column: str) -> str:
    return f"SELECT id, {column} AS words FROM {table} WHERE {column} <> '' ORDER BY id"


def _limit(table: str, column: str) -> int | None:
    """The most characters that a column holds."""
    models = (model for model in Tortoise.apps["forum"].values() if model._meta.db_table == table)
    limit: int | None = getattr(next(models)._meta.fields_map[column], "max_length", None)
    return limit


def _within(words: str, limit: int | None) -> str:
    """The words, cut where what took the place of many short names would make them too long."""
    return words if limit is None or len(words) <= limit else words[: limit - 1] + "…"


async def _rewrite_mails(cleaner: Cleaner) -> None:
    """Redact waiting mails to others that name the person: somebody whom they invited, for instance."""
    for one in await rows("SELECT id, content FROM mail"):
        said = opened(one["content"])
        if said is None:
            await rows("DELETE FROM mail WHERE id = $1", one["id"])
            continue
        about = cleaner.of("mail", one["id"])
        cleaned = {name: about.clean(value) if isinstance(value, str) else value for name, value in said.items()}
        if cleaned != said:
            await rows("UPDATE mail SET content = $2 WHERE id = $1", one["id"], seal(cleaned))


def opened(sealed: str) -> Any:
    """The value that was sealed; None under a lost key: nobody can read it, and it may hold the name, so it is
    deleted."""
    try:
        return unseal(sealed)
    except LookupError:
        return None
