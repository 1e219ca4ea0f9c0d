"""How is a passage taken out of somebody’s words for good? As an erasure takes out a name: a mark stands in its place
in every revision, and no table, archive, document or file that the program keeps has the words any more.

Only the words of that thing change, and what was said of it to moderators; the title of the thread goes with the
contribution that opened it, an official answer with those before and after it. Quotes, extracts, marks, the journal and
frozen data move with their words (`privacy/redacted_words.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Transaction, known_row, rows
from forum.domain.leftovers import ask_to_wipe
from forum.domain.moderation.things import ModeratedThing, words_of
from forum.domain.privacy.redacted_words import ANSWERED, find_strangers, take_out, warm_up
from forum.domain.withheld import all_kept
from forum.errors import Invalid
from forum.models.moderation import Moderated
from forum.text.redaction import PassageCleaner, has_words
from forum.text.source import clean_source

LONGEST_PASSAGE: Final = 500
_NOT_THERE: Final = "Ce passage n’est pas dans ces mots. Recopiez-le tel qu’on le lit, sans couper un mot."

_ANSWERS: Final = "proposal_id = (SELECT proposal_id FROM answer WHERE id = $1)"
_SAME: Final = {Moderated.ANSWER: f"SELECT id FROM answer WHERE {_ANSWERS}"}
"""The things that change together with the thing $1; itself alone where nothing is said."""
_CASES: Final = "SELECT id FROM moderation_case WHERE thing = '{0}' AND thing_id IN ({1})"
_SAID_OF_IT: Final = (
    ("moderation_notice", "thing = '{0}' AND thing_id IN ({1})"),
    ("moderation_decision", f"case_id IN ({_CASES})"),
    ("moderation_complaint", f"decision_id IN (SELECT id FROM moderation_decision WHERE case_id IN ({_CASES}))"),
)
_THREAD: Final = "(SELECT thread_id FROM post WHERE id = $1 AND number = 1)"
_TITLED: Final = f"""SELECT c.id FROM moderation_case c JOIN post p ON p.id = c.thing_id
                       WHERE c.thing = 'post' AND p.thread_id = {_THREAD}"""
_OWN: Final = {
    Moderated.POST: (
        ("post", "id = $1"),
        ("post_revision", "post_id = $1"),
        ("thread", f"id = {_THREAD}"),
        ("thread_turn", f"thread_id = {_THREAD}"),
        ("moderation_decision", f"case_id IN ({_TITLED})"),
    ),
    Moderated.PROPOSAL: (
        ("proposal", "id = $1"),
        ("proposal_version", "proposal_id = $1"),
        ("proposal_turn", "proposal_id = $1"),
        ("proposal_merge", "source_id = $1 OR destination_id = $1"),
    ),
    Moderated.MINUTES: (("meeting", "id = $1"),),
    Moderated.ANSWER: (("answer", _ANSWERS),),
}
"""The rows that hold words of a thing, or that tell the title of the thread that it opened."""
_VERSIONS: Final = {
    Moderated.POST: ("post_revision", ("plain",), "post_id = $1"),
    Moderated.PROPOSAL: ("proposal_version", ("wording", "body"), "proposal_id = $1"),
    Moderated.MINUTES: ("meeting", ("minutes",), "id = $1"),
    Moderated.ANSWER: ("answer", ("reason",), _ANSWERS),
}
"""The table of the revisions of a thing, the columns of their words, and which rows they are."""

WarmPassage = tuple[PassageCleaner, frozenset[str]]
"""What takes a passage out, once it has read everything, and the handles that belong to no member."""


@dataclass(frozen=True, slots=True)
class PassagePreview:
    """What will be read once the passage is gone; `title` is empty where the thread keeps its title, `versions` counts
    the revisions or versions that change."""

    title: str
    words: str
    versions: int


async def passage_of(thing: ModeratedThing, raw: str) -> PassageCleaner:
    """What takes the typed passage out of that thing.

    Raises:
        InvalidForm, Invalid: nothing was typed, or too much, or nothing to look for.
    """
    if not raw.strip():
        raise Invalid("Recopiez le passage à masquer.")
    passage = clean_source(raw, limit=LONGEST_PASSAGE)
    if not has_words(passage):
        raise Invalid(_NOT_THERE)
    return PassageCleaner(passage, await _own(thing))


async def _own(thing: ModeratedThing) -> frozenset[tuple[str, object]]:
    found: set[tuple[str, object]] = {(thing.kind.value, thing.id)}
    if thing.kind is Moderated.PROPOSAL:
        found.add(("reference", thing.reference))
    elif thing.kind is Moderated.ANSWER:
        given = await known_row("SELECT proposal_id FROM answer WHERE id = $1", thing.id)
        found.add((ANSWERED, given["proposal_id"]))
    for table, where in (*_OWN[thing.kind], *_SAID_OF_IT):
        same = _SAME.get(thing.kind, "$1")
        some = await rows(f"SELECT id FROM {table} WHERE {where.format(thing.kind.value, same)}", thing.id)
        found |= {(table, each["id"]) for each in some}
    return frozenset(found)


async def preview(thing: ModeratedThing, cleaner: PassageCleaner) -> PassagePreview:
    """The words with the mark.

    Raises:
        Invalid: the passage stands nowhere in them.
    """
    title = cleaner.clean(thing.thread_title) if thing.number == 1 else thing.thread_title
    said = await words_of(thing)
    versions = sum(any(map(cleaner.names, words)) for words in await _versions(thing))
    shown = PassagePreview(title if title != thing.thread_title else "", cleaner.clean(said), versions)
    if not (shown.title or versions or shown.words != said):
        raise Invalid(_NOT_THERE)
    return shown


async def _versions(thing: ModeratedThing) -> Sequence[Sequence[str]]:
    """The words of each revision or version, as they are or as they are kept aside."""
    table, columns, which = _VERSIONS[thing.kind]
    kept = {each.row: each.words for each in await all_kept() if each.table == table}
    found = await rows(f"SELECT id, {', '.join(columns)} FROM {table} WHERE {which}", thing.id)
    return [[(kept.get(each["id"]) or each)[column] for column in columns] for each in found]


async def warm(cleaner: PassageCleaner) -> WarmPassage:
    """Read everything before anything is locked, for `redact`."""
    strangers = await find_strangers()
    await warm_up(cleaner, strangers)
    return cleaner, strangers


async def redact(
    tx: Transaction, thing: ModeratedThing, cleaner: PassageCleaner, strangers: frozenset[str], now: datetime
) -> None:
    """Take the passage out, in the transaction of a decision, in which nobody else writes (`hold_all`)."""
    cleaner.own = await _own(thing)
    await take_out(tx, cleaner, strangers, now)
    await ask_to_wipe(tx, now)
