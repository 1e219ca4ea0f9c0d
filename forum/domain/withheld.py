"""Where are the words of what is hidden or withdrawn? Out of the tables that everybody reads, so that no query finds
them; a placeholder stands in their place, and they come back exactly as they were. Of minutes and official answers only
the words go: the meeting, its day and who was there stay, and so do the decision, its day and the service.

They are kept aside as long as one reason stands: moderators hid them, their author withdrew them, or both. Who may do
it, and what becomes stale, is the callers' matter (`moderation/hiding.py`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, insert_rows, row, rows
from forum.models.moderation import Ground, Moderated
from forum.models.posts import PostState
from forum.models.proposals import ProposalState
from forum.text.reading import read


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a table that hold words of the thing $1, and what stands in their columns meanwhile."""

    table: str
    where: str
    instead: Mapping[str, str]


LABELS: Final = {
    "wording": "(proposition masquée)",
    "title": "(titre masqué)",
    "hidden": "(contribution masquée)",
    "withdrawn": "(contribution retirée)",
    "minutes": "(compte rendu masqué)",
    "answer": "(réponse masquée)",
}
"""What stands in the place of words, kept in French; pages say it in the language of their reader."""
HIDDEN_WORDING: Final = LABELS["wording"]
"""What stands in the place of a hidden proposal, in data frozen afterwards too: its figures stay published."""
_HIDDEN_TITLE: Final = LABELS["title"]
_THREAD: Final = "(SELECT thread_id FROM post WHERE id = $1 AND number = 1)"
_TITLE: Final = _Part("thread", f"id = {_THREAD}", {"title": _HIDDEN_TITLE})
_TITLES: Final = (
    _TITLE,
    _Part("thread_turn", f"before <> '' AND thread_id = {_THREAD}", {"before": _HIDDEN_TITLE, "reason": ""}),
)
"""The title of the thread that a contribution opened, its former ones, and why they were changed."""


def _post(words: str, state: PostState) -> tuple[_Part, ...]:
    reading = read(words)
    marked = {"source": words, "html": reading.html, "plain": reading.plain}
    return (
        _Part("post", "id = $1", {**marked, "state": state.value}),
        _Part("post_revision", "post_id = $1", marked),
    )


_PARTS: Final[Mapping[tuple[Moderated, bool], tuple[_Part, ...]]] = {
    (Moderated.POST, True): _post(LABELS["hidden"], PostState.HIDDEN),
    (Moderated.POST, False): _post(LABELS["withdrawn"], PostState.WITHDRAWN),
    (Moderated.PROPOSAL, True): (
        _Part(
            "proposal",
            "id = $1",
            {
                "wording": HIDDEN_WORDING,
                "body": "",
                "body_html": "",
                "body_plain": "",
                "state": ProposalState.HIDDEN.value,
                "state_reason": "",
            },
        ),
        _Part("proposal_version", "proposal_id = $1", {"wording": HIDDEN_WORDING, "body": "", "reason": ""}),
        _Part("proposal_turn", "proposal_id = $1", {"reason": ""}),
    ),
    (Moderated.MINUTES, True): (_Part("meeting", "id = $1", {"minutes": LABELS["minutes"]}),),
    (Moderated.ANSWER, True): (_Part("answer", "id = $1", {"reason": LABELS["answer"]}),),
}
"""The rows of each kind of thing, hidden or else withdrawn; the first one is the thing itself."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Why the words of a thing are kept aside, and since when."""

    ground: Ground | None
    hidden_at: datetime | None
    withdrawn_at: datetime | None


ASIDE_COLUMNS: Final = "k.ground, k.hidden_at, k.withdrawn_at"


def aside_of(thing: Moderated, alias: str) -> str:
    """What joins ASIDE_COLUMNS to the table of things, under its alias."""
    return f"LEFT JOIN withheld k ON k.table_name = '{thing.value}' AND k.row_id = {alias}.id"


def aside_from(found: Row) -> Aside | None:
    """Of a row with ASIDE_COLUMNS; None: the words are where everybody reads them."""
    if not (found["hidden_at"] or found["withdrawn_at"]):
        return None
    ground = Ground(found["ground"]) if found["ground"] else None
    return Aside(ground, found["hidden_at"], found["withdrawn_at"])


async def aside(thing: Moderated, thing_id: int) -> Aside | None:
    """Whether the words of a thing are kept aside."""
    found = await row(
        f"SELECT {ASIDE_COLUMNS} FROM withheld k WHERE table_name = $1 AND row_id = $2", thing.value, thing_id
    )
    return aside_from(found) if found else None


NOT_SHOWN: Final = "(SELECT COUNT(*) FROM post ns WHERE ns.thread_id = {}.id AND ns.state <> 'shown')"
"""How many contributions of a thread, by its alias, are not shown; an index holds these alone."""


def range_of(revision: str, marks: str, post: str) -> str:
    """The words that a quote or an extract shows, as an expression: a range of a revision's plain words, or what stands
    in the place of all of them. The arguments are the aliases of the three tables."""
    words = f"substr({revision}.plain, {marks}.start + 1, {marks}.stop - {marks}.start)"
    return f"CASE {post}.state WHEN 'shown' THEN {words} ELSE {post}.plain END"


def journal_words(entry: str) -> tuple[str, str, str]:
    """What a line of the journal, by its alias, had before and after, and its reason, as expressions: of a thread whose
    title is kept aside, what is read in the place of the titles that it had until then, and of why they changed; of an
    official answer, what is read in its place. The line itself stays, in its chain."""
    renamed = f"""{entry}.act = 'rename_thread' AND EXISTS (
        SELECT 1 FROM withheld w WHERE w.table_name = '{_TITLE.table}' AND w.row_id = {entry}.thing_id
           AND ({entry}.at <= w.hidden_at OR {entry}.at <= w.withdrawn_at))"""
    answered = f"""{entry}.act = 'answer_proposal' AND EXISTS (
        SELECT 1 FROM withheld w JOIN answer wa ON wa.id = w.row_id
         WHERE w.table_name = 'answer' AND wa.proposal_id = {entry}.thing_id AND wa.created_at = {entry}.at)"""
    before, after = (
        f"CASE WHEN {renamed} THEN '{_HIDDEN_TITLE}' ELSE {entry}.{one} END" for one in ("before", "after")
    )
    reason = f"CASE WHEN {renamed} THEN '' WHEN {answered} THEN '{LABELS['answer']}' ELSE {entry}.reason END"
    return before, after, reason


async def hidden_titles(post: int) -> list[str]:
    """The titles of the thread of a contribution that are kept aside, the longest first: what was written to people
    before may tell them."""
    thread = "(SELECT thread_id FROM post WHERE id = $1)"
    found = await rows(
        f"""SELECT words FROM withheld
             WHERE table_name = '{_TITLE.table}' AND row_id = {thread} OR table_name = 'thread_turn'
               AND row_id IN (SELECT id FROM thread_turn WHERE thread_id = {thread})""",
        post,
    )
    kept = [json.loads(each["words"]) for each in found]
    return sorted({words.get("title") or words["before"] for words in kept}, key=len, reverse=True)


async def keep_aside(
    thing: Moderated, thing_id: int, now: datetime, *, ground: Ground | None = None, title: bool = False
) -> None:
    """Put the words of a thing aside, inside the caller's transaction, which holds its theme alone: hidden for that
    `ground`, withdrawn by their author without one. `title`: also that of the thread that a contribution opened."""
    for part in (*_PARTS[thing, ground is not None], *(_TITLES if title else ())):
        columns = tuple(part.instead)
        found = await rows(
            f"""SELECT id, {", ".join(columns)} FROM {part.table}
                 WHERE {part.where} AND id NOT IN (SELECT row_id FROM withheld WHERE table_name = $2) ORDER BY id""",
            thing_id,
            part.table,
        )
        kept = [{name: one[name] for name in columns} for one in found]
        await insert_rows(
            "withheld (thing, thing_id, table_name, row_id, words)",
            [
                (thing.value, thing_id, part.table, one["id"], json.dumps(words, ensure_ascii=False))
                for one, words in zip(found, kept, strict=True)
            ],
        )
    of_thing = "WHERE thing = $1 AND thing_id = $2"
    if ground is None:
        await rows(f"UPDATE withheld SET withdrawn_at = $3 {of_thing}", thing.value, thing_id, now)
    else:
        hidden = f"UPDATE withheld SET ground = $3, hidden_at = $4 {of_thing}"
        await rows(hidden, thing.value, thing_id, ground.value, now)
    if title:
        await _title_changed(thing_id)
    await _replace(thing, thing_id, _TITLES if title else ())


async def _title_changed(post: int) -> None:
    """Make the forms that act on the thread of that contribution stale: they were opened on the other title."""
    await rows(f"UPDATE thread SET rewrites = rewrites + 1 WHERE {_TITLE.where}", post)


async def bring_back(thing: Moderated, thing_id: int, *, hidden: bool) -> None:
    """Take one reason back, inside the caller's transaction, which holds the theme alone: that moderators hid the words
    or else that their author withdrew them. Without the other one every row is again as it was."""
    gone = "ground = NULL, hidden_at = NULL" if hidden else "withdrawn_at = NULL"
    await rows(f"UPDATE withheld SET {gone} WHERE thing = $1 AND thing_id = $2", thing.value, thing_id)
    still = await aside(thing, thing_id)
    if still is not None and (still.hidden_at or still.withdrawn_at):
        await _replace(thing, thing_id)
        return
    for one in await rows(
        "SELECT table_name, row_id, words FROM withheld WHERE thing = $1 AND thing_id = $2 ORDER BY id",
        thing.value,
        thing_id,
    ):
        words = json.loads(one["words"])
        values = ", ".join(f"{column} = ${place}" for place, column in enumerate(words, 2))
        if one["table_name"] == _TITLE.table:
            await _title_changed(thing_id)
        # A title that moderators gave the thread meanwhile stays.
        unchanged = f"AND title = '{_HIDDEN_TITLE}'" if one["table_name"] == _TITLE.table else ""
        await rows(f"UPDATE {one['table_name']} SET {values} WHERE id = $1 {unchanged}", one["row_id"], *words.values())
    await rows("DELETE FROM withheld WHERE thing = $1 AND thing_id = $2", thing.value, thing_id)


async def _replace(thing: Moderated, thing_id: int, titles: Sequence[_Part] = ()) -> None:
    """Put placeholders where words are kept aside, of titles only where they have just been."""
    why = await aside(thing, thing_id)
    assert why is not None, "the words were put aside"
    for part in (*_PARTS[thing, why.hidden_at is not None], *titles):
        values = ", ".join(f"{column} = ${place}" for place, column in enumerate(part.instead, 4))
        await rows(
            f"""UPDATE {part.table} SET {values} WHERE id IN (
                    SELECT row_id FROM withheld WHERE thing = $1 AND thing_id = $2 AND table_name = $3)""",
            thing.value,
            thing_id,
            part.table,
            *part.instead.values(),
        )


@dataclass(frozen=True, slots=True)
class AsideRow:
    """A row whose words are kept aside: its number here, which row of which table it is, its words by column."""

    id: int
    table: str
    row: int
    words: Mapping[str, str]


async def all_kept() -> list[AsideRow]:
    """Every row that is kept aside, for an erasure."""
    found = await rows("SELECT id, table_name, row_id, words FROM withheld ORDER BY id")
    return [AsideRow(each["id"], each["table_name"], each["row_id"], json.loads(each["words"])) for each in found]


async def keep_instead(kept: int, words: Mapping[str, str]) -> None:
    """Replace the words of a row that is kept aside, by its number here."""
    await rows("UPDATE withheld SET words = $2 WHERE id = $1", kept, json.dumps(words, ensure_ascii=False))


async def kept_words(thing: Moderated, thing_id: int) -> Mapping[str, str]:
    """The words of a thing itself, by column, as they were; empty when none are kept aside. For its author and for the
    moderators of its group alone."""
    found = await row("SELECT words FROM withheld WHERE table_name = $1 AND row_id = $2", thing.value, thing_id)
    words: dict[str, str] = json.loads(found["words"]) if found else {}
    return words
