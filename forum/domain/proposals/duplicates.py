"""Which proposals may ask for the same? They are shown to a person who proposes, who may go on anyway, and to
moderators, who merge them or mark them as different.

Only public wordings are compared (`text/similarity.py`), off the event loop. Likeness has nothing to do with votes: no
order here reveals a count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from anyio.to_thread import run_sync

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.references import parse_reference, reference
from forum.domain.signatures import proposed_by
from forum.domain.themes.themes import Hold, ThemeHead, find_theme, hold_theme
from forum.errors import Invalid, NotFound
from forum.models.proposals import IN_FORCE_SQL, Origin
from forum.permissions import Viewer, demand, may_merge
from forum.text import pairs, similarity
from forum.text.similarity import LEAST, MOST, Fingerprint, Likeness

# How many pairs are on a moderator's page: settled ones make room for the next.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Near:
    """A proposal similar to a text; `common` are the words in common, as the text spells them."""

    reference: str
    wording: str
    author: str | None
    origin: Origin
    common: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two proposals; `pieces` are its wording, each piece with whether the other one has that word too."""

    reference: str
    pieces: tuple[tuple[str, bool], ...]
    author: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Pair:
    """Two proposals that may ask for the same, or that somebody marked as different; the older one first."""

    one: Side
    other: Side


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The pairs for moderators: those not settled yet, the most similar first, and those marked as different, the
    newest first."""

    theme: ThemeHead
    pairs: tuple[Pair, ...]
    different: tuple[Pair, ...]


_KNOWN = f"""
    SELECT p.id, p.number, p.wording, p.origin, {proposed_by("p", "a")} AS author_name
      FROM proposal p LEFT JOIN member a ON a.id = p.author_id
     WHERE p.theme_id = $1 AND p.state IN {IN_FORCE_SQL}
     ORDER BY p.number"""


async def nearest(
    theme: ThemeHead, texts: Sequence[str], *, most: int = MOST, least: int = LEAST, but: int | None = None
) -> list[list[Near]]:
    """For each text the similar proposals in force of the theme, the most similar first: one query for all of them.

    `but` is the id of a proposal to leave out, because it is the text itself.
    """
    if not any(text.strip() for text in texts):
        return [[] for _ in texts]
    known = {each["number"]: each for each in await rows(_KNOWN, theme.id) if each["id"] != but}
    found = await run_sync(_nearest, texts, {number: each["wording"] for number, each in known.items()}, most, least)
    return [[_near(theme, known[number], like) for number, like in one] for one in found]


def _nearest(texts: Sequence[str], known: dict[int, str], most: int, least: int) -> list[list[tuple[int, Likeness]]]:
    prints = {number: _print(wording) for number, wording in known.items()}
    return [similarity.nearest(similarity.fingerprint(text), prints, most=most, least=least) for text in texts]


# A wording is compared many times while somebody types; some two thousand bytes each.
@lru_cache(maxsize=20_000)
def _print(wording: str) -> Fingerprint:
    return similarity.fingerprint(wording)


def _near(theme: ThemeHead, found: Row, like: Likeness) -> Near:
    known_as = reference(theme.number, found["number"])
    return Near(known_as, found["wording"], found["author_name"], Origin(found["origin"]), like.common)


async def near_in(theme_number: int, text: str) -> tuple[ThemeHead, list[Near]]:
    """The proposals in force that are similar to one text, in the theme of that number; open to everybody.

    Raises:
        NotFound: there is no such theme.
    """
    theme = await find_theme(theme_number)
    return theme, (await nearest(theme, [text]))[0]


async def read_duplicates(viewer: Viewer | None, theme_number: int, now: datetime) -> Duplicates:
    """The pairs of a theme, for those who merge.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also once the votes are closed.
    """
    theme = await find_theme(theme_number)
    demand(may_merge, viewer, theme.group, theme.schedule, now)
    known = {each["id"]: each for each in await rows(_KNOWN, theme.id)}
    judged = [
        (each["one_id"], each["other_id"])
        for each in await rows(
            """
            SELECT d.one_id, d.other_id FROM distinction d JOIN proposal p ON p.id = d.one_id
             WHERE p.theme_id = $1 ORDER BY d.id DESC""",
            theme.id,
        )
    ]
    ids = tuple(known)
    wordings = tuple(each["wording"] for each in known.values())
    # Settled pairs may be the most similar ones: as many more are asked for.
    found = await run_sync(_alike, wordings, SHOWN + len(judged))
    alike = [(ids[one], ids[other]) for one, other in found]
    waiting = [pair for pair in alike if pair not in set(judged)][:SHOWN]
    different = [pair for pair in judged if pair[0] in known and pair[1] in known][:SHOWN]
    return Duplicates(
        theme,
        tuple(_pair(theme, known[one], known[other]) for one, other in waiting),
        tuple(_pair(theme, known[one], known[other]) for one, other in different),
    )


# The same list is asked for after each pair that is settled; a theme's wordings are a megabyte at most.
@lru_cache(maxsize=4)
def _alike(wordings: tuple[str, ...], most: int) -> list[tuple[int, int]]:
    return pairs.alike([_print(wording) for wording in wordings], most=most)


def _pair(theme: ThemeHead, one: Row, other: Row) -> Pair:
    return Pair(_side(theme, one, other), _side(theme, other, one))


def _side(theme: ThemeHead, one: Row, other: Row) -> Side:
    pieces = pairs.marked(one["wording"], _print(other["wording"]))
    return Side(reference(theme.number, one["number"]), pieces, one["author_name"], Origin(one["origin"]))


async def tell_apart(viewer: Viewer | None, theme_number: int, one: str, other: str, now: datetime) -> None:
    """Mark two proposals as different: they are no longer suggested as duplicates. Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed: like `read_duplicates`.
        Invalid: these are not two proposals of the theme.
    """
    async with transaction():
        theme, first, second = await _held_pair(viewer, theme_number, (one, other), now)
        written = await row(
            """
            INSERT INTO distinction (one_id, other_id, member_id, created_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (one_id, other_id) DO NOTHING RETURNING id""",
            first["id"],
            second["id"],
            viewer.id if viewer else None,
            now,
        )
        if written is not None:
            named, group = reference(theme.number, second["number"]), theme.group
            await journal.record(viewer, "tell_apart", "proposal", first["id"], group=group, after=named, now=now)


async def compare_again(viewer: Viewer | None, theme_number: int, one: str, other: str, now: datetime) -> None:
    """Undo `tell_apart`: the two may be suggested again. Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed, Invalid: like `tell_apart`.
    """
    async with transaction():
        theme, first, second = await _held_pair(viewer, theme_number, (one, other), now)
        gone = await row(
            "DELETE FROM distinction WHERE one_id = $1 AND other_id = $2 RETURNING id", first["id"], second["id"]
        )
        if gone is not None:
            named, group = reference(theme.number, second["number"]), theme.group
            await journal.record(viewer, "compare_again", "proposal", first["id"], group=group, after=named, now=now)


async def _held_pair(
    viewer: Viewer | None, theme_number: int, refs: tuple[str, str], now: datetime
) -> tuple[ThemeHead, Row, Row]:
    """The two proposals, the older one first, of a theme that is held."""
    theme = await hold_theme(theme_number, Hold.SHARED, now)
    demand(may_merge, viewer, theme.group, theme.schedule, now)
    numbers = set()
    for ref in refs:
        try:
            numbers.add(parse_reference(ref))
        except NotFound:
            raise Invalid(_NOT_A_PAIR) from None
    found = await rows(
        "SELECT id, number FROM proposal WHERE theme_id = $1 AND number IN ($2, $3) ORDER BY number",
        theme.id,
        *(parse_reference(ref)[1] for ref in refs),
    )
    if len(found) != 2 or {number for number, _ in numbers} != {theme.number}:
        raise Invalid(_NOT_A_PAIR)
    return theme, found[0], found[1]


_NOT_A_PAIR = "Indiquez les références de deux propositions de ce thème."
