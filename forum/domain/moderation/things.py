"""What can be notified and decided about? A contribution, a proposal, the minutes of a meeting, the words of an
official answer, or a contribution that waits to be read, known alike: whose it is, where it stands, what it says.

Minutes are the words of whoever kept lines of them last, an official answer those of the agent who gave it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anyio.to_thread import run_sync

from forum.database import Row, places, row, rows
from forum.domain.references import parse_reference, reference, storable
from forum.domain.signatures import signed
from forum.domain.withheld import aside_of, kept_words
from forum.errors import NotFound
from forum.models.moderation import Moderated
from forum.models.posts import PendingState, PostKind, PostState
from forum.models.proposals import ProposalState
from forum.permissions import owner_of
from forum.text.folding import fold
from forum.text.labels import Labelled
from forum.text.quotes import without_marks


@dataclass(frozen=True, slots=True)
class ModeratedThing:
    """A contribution (`number` in its `thread_title`), one that waits (for the thread of that title), a proposal
    (`reference`), an answer to it (its `number`), or the minutes of a meeting (its `number` in the group of that
    `group_name`), as it is now.

    `words` are those that stand in its place, `revision` is the one of a contribution or the version of a proposal.
    """

    kind: Moderated
    id: int
    revision: int
    group: int
    author_id: int | None
    author: str | None
    words: str
    written_at: datetime | None
    number: int = 0
    thread_title: str = ""
    reference: str = ""
    group_name: str = ""
    is_hidden: bool = False
    source: str = ""
    """Of a contribution that waits, as it was written: `words` have no mark of a quote."""
    goes_to_locked: bool = False
    """It waits for a thread that is locked since."""
    post: int | None = None
    """The contribution that a waiting one has become."""
    withdrawn_at: datetime | None = None
    """Since when it is withdrawn by whoever wrote it."""

    @property
    def is_post(self) -> bool:
        return self.kind is Moderated.POST

    @property
    def is_pending(self) -> bool:
        return self.kind is Moderated.PENDING

    def was_open_to(self, since: datetime) -> bool:
        """Whether its words were not withdrawn yet when a case began to be about it. Those that were,
        nobody else reads, nor decides about."""
        return self.withdrawn_at is None or since < self.withdrawn_at

    @property
    def open_key(self) -> str:
        """What names its open case."""
        return f"{self.kind}:{self.id}"


_POSTS: Final = f"""
    SELECT p.id, p.number, p.revision, p.kind, p.state, p.plain AS words, p.author_id, {signed("p.id", "m")} AS author,
           p.written_at, f.title, t.working_group_id, k.withdrawn_at
      FROM post p JOIN thread f ON f.id = p.thread_id JOIN theme t ON t.id = f.theme_id
      LEFT JOIN member m ON m.id = p.author_id {aside_of(Moderated.POST, "p")}"""
_PROPOSALS: Final = """
    SELECT p.id, p.number, p.version AS revision, p.state, p.wording, p.body_plain, p.author_id, p.promoter_id,
           m.name AS author, p.created_at AS written_at, t.number AS theme, t.working_group_id
      FROM proposal p JOIN theme t ON t.id = p.theme_id
      LEFT JOIN member m ON m.id = COALESCE(p.author_id, p.promoter_id)"""


_MINUTES: Final = f"""
    SELECT p.id, p.number, p.minutes AS words, p.working_group_id, g.name AS group_name, j.actor_id AS author_id,
           m.name AS author, j.at AS written_at, k.hidden_at
      FROM meeting p JOIN working_group g ON g.id = p.working_group_id {aside_of(Moderated.MINUTES, "p")}
      LEFT JOIN journal_entry j ON j.id = (
                SELECT MAX(x.id) FROM journal_entry x
                 WHERE x.act = 'keep_minutes' AND x.thing = 'meeting' AND x.thing_id = p.id)
      LEFT JOIN member m ON m.id = j.actor_id"""
_ANSWERS: Final = f"""
    SELECT p.id, p.number, p.reason AS words, p.agent_id AS author_id, m.name AS author, p.created_at AS written_at,
           o.number AS proposal, t.number AS theme, t.working_group_id, k.hidden_at
      FROM answer p JOIN proposal o ON o.id = p.proposal_id JOIN theme t ON t.id = o.theme_id
      LEFT JOIN member m ON m.id = p.agent_id {aside_of(Moderated.ANSWER, "p")}"""
_PENDING: Final = """
    SELECT p.id, p.version AS revision, p.state, COALESCE(c.plain, p.source) AS words, p.author_id, m.name AS author,
           p.created_at AS written_at, COALESCE(f.title, p.title) AS title, t.working_group_id,
           p.post_id, f.locked
      FROM pending_post p LEFT JOIN post c ON c.id = p.post_id
      LEFT JOIN thread f ON f.id = COALESCE(c.thread_id, p.thread_id)
      JOIN theme t ON t.id = COALESCE(f.theme_id, p.theme_id) LEFT JOIN member m ON m.id = p.author_id"""


async def find_post(post: int) -> ModeratedThing:
    """A contribution; an instruction of the organiser is nobody's words to moderate. Raises NotFound."""
    found = await row(f"{_POSTS} WHERE p.id = $1", storable(post))
    if found is None or found["kind"] == PostKind.INSTRUCTION.value:
        raise NotFound
    return _post(found)


async def find_proposal(ref: str) -> ModeratedThing:
    """A proposal that people see: not a draft. Raises NotFound."""
    theme, number = parse_reference(ref)
    found = await row(f"{_PROPOSALS} WHERE t.number = $1 AND p.number = $2", theme, number)
    if found is None or found["state"] == ProposalState.DRAFT.value:
        raise NotFound
    return _proposal(found)


async def find_minutes(meeting: int) -> ModeratedThing:
    """The minutes that were kept of a meeting. Raises NotFound: there are none."""
    found = await row(f"{_MINUTES} WHERE p.id = $1 AND p.minutes <> ''", storable(meeting))
    if found is None:
        raise NotFound
    return _minutes(found)


async def find_answer(ref: str, number: int) -> ModeratedThing:
    """An official answer to a proposal that people read, the present one or an earlier one. Raises NotFound."""
    theme, proposal = parse_reference(ref)
    found = await row(
        f"{_ANSWERS} WHERE t.number = $1 AND o.number = $2 AND p.number = $3 AND o.state <> 'hidden'",
        *(theme, proposal, storable(number)),
    )
    if found is None:
        raise NotFound
    return _answer(found)


async def things_of(wanted: list[tuple[Moderated, int]]) -> dict[tuple[Moderated, int], ModeratedThing]:
    """Many things at once, by kind and number."""
    found: dict[tuple[Moderated, int], ModeratedThing] = {}
    for kind, query, make in (
        (Moderated.POST, _POSTS, _post),
        (Moderated.PROPOSAL, _PROPOSALS, _proposal),
        (Moderated.PENDING, _PENDING, _pending),
        (Moderated.MINUTES, _MINUTES, _minutes),
        (Moderated.ANSWER, _ANSWERS, _answer),
    ):
        ids = sorted({number for each, number in wanted if each is kind})
        if ids:
            some = await rows(f"{query} WHERE p.id IN ({places(len(ids))})", *ids)
            found |= {(kind, each["id"]): make(each) for each in some}
    return found


async def thing_of(kind: Moderated, number: int) -> ModeratedThing:
    """One thing, which exists: things are never deleted."""
    return (await things_of([(kind, number)]))[kind, number]


def _post(found: Row) -> ModeratedThing:
    return ModeratedThing(
        kind=Moderated.POST,
        id=found["id"],
        revision=found["revision"],
        group=found["working_group_id"],
        author_id=found["author_id"],
        author=found["author"],
        words=found["words"],
        written_at=found["written_at"],
        number=found["number"],
        thread_title=found["title"],
        is_hidden=found["state"] == PostState.HIDDEN.value,
        withdrawn_at=found["withdrawn_at"],
    )


def _proposal(found: Row) -> ModeratedThing:
    return ModeratedThing(
        kind=Moderated.PROPOSAL,
        id=found["id"],
        revision=found["revision"],
        group=found["working_group_id"],
        author_id=owner_of(found["author_id"], found["promoter_id"]),
        author=found["author"],
        words=f"{found['wording']}\n\n{found['body_plain']}".strip(),
        written_at=found["written_at"],
        reference=reference(found["theme"], found["number"]),
        is_hidden=found["state"] == ProposalState.HIDDEN.value,
    )


def _pending(found: Row) -> ModeratedThing:
    return ModeratedThing(
        kind=Moderated.PENDING,
        id=found["id"],
        revision=found["revision"],
        group=found["working_group_id"],
        author_id=found["author_id"],
        author=found["author"],
        words=without_marks(found["words"]),
        source=found["words"],
        goes_to_locked=bool(found["locked"]) and found["state"] == PendingState.WAITING.value,
        written_at=found["written_at"],
        thread_title=found["title"],
        is_hidden=found["state"] == PendingState.REFUSED.value,
        post=found["post_id"],
    )


def _minutes(found: Row) -> ModeratedThing:
    return ModeratedThing(
        kind=Moderated.MINUTES,
        id=found["id"],
        revision=1,
        group=found["working_group_id"],
        author_id=found["author_id"],
        author=found["author"],
        words=found["words"],
        written_at=found["written_at"],
        number=found["number"],
        group_name=found["group_name"],
        is_hidden=found["hidden_at"] is not None,
    )


def _answer(found: Row) -> ModeratedThing:
    return ModeratedThing(
        kind=Moderated.ANSWER,
        id=found["id"],
        revision=1,
        group=found["working_group_id"],
        author_id=found["author_id"],
        author=found["author"],
        words=found["words"],
        written_at=found["written_at"],
        number=found["number"],
        reference=reference(found["theme"], found["proposal"]),
        is_hidden=found["hidden_at"] is not None,
    )


_SAID: Final = {
    Moderated.POST: ("plain",),
    Moderated.PROPOSAL: ("wording", "body_plain"),
    Moderated.MINUTES: ("minutes",),
    Moderated.ANSWER: ("reason",),
}
"""The columns that are the words of a thing."""


async def words_of(thing: ModeratedThing) -> str:
    """The words of a thing, even while they are kept aside: for its author alone, and by `words_in_case` for its
    moderators."""
    kept = await kept_words(thing.kind, thing.id)
    if not kept:
        return thing.words
    return "\n\n".join(kept[column] for column in _SAID[thing.kind]).strip()


async def words_in_case(thing: ModeratedThing, since: datetime) -> str:
    """The words of a thing as its moderators read them in a case that is about it since then, hidden or not; where they
    were withdrawn before, what stands in their place."""
    return await words_of(thing) if thing.was_open_to(since) else thing.words


# The same words elsewhere


class CopyIn(Labelled):
    """Where words of a thing may be read too."""

    PROPOSAL = "made of it", "proposition tirée de ces mots"
    POST = "made from", "contribution dont cette proposition est tirée"
    MINUTES = "in minutes", "compte rendu qui reprend une phrase"
    MERGE = "in merge", "raison d’une fusion qui reprend une phrase"
    ANSWER = "in answer", "réponse de l’administration qui reprend une phrase"


@dataclass(frozen=True, slots=True)
class WordsElsewhere:
    """A place that may show the same words: the reference of a proposal, or the number of a contribution or meeting
    (`id`)."""

    where: CopyIn
    id: int = 0
    reference: str = ""
    number: int = 0


LEAST_SENTENCE: Final = 40
"""Code points: a shorter sentence is in many texts by chance."""
_ENDS: Final = re.compile(r"[.!?…\n]+")


async def words_elsewhere(thing: ModeratedThing, words: str) -> tuple[WordsElsewhere, ...]:
    """Where words of a thing may be read too, for moderators: what was made of it, what it was made of, and minutes,
    reasons and answers of its group that repeat a sentence. Each is decided about apart: nothing is hidden there by
    itself."""
    if thing.kind is Moderated.PENDING:
        return ()
    found: list[WordsElsewhere] = []
    if tied := _TIED.get(thing.kind):
        for each in await rows(tied, thing.id):
            found.append(
                WordsElsewhere(CopyIn.POST, id=each["id"], number=each["number"])
                if thing.kind is Moderated.PROPOSAL
                else WordsElsewhere(CopyIn.PROPOSAL, reference=reference(each["theme"], each["number"]))
            )
    sentences = [part for part in (fold(one).strip() for one in _ENDS.split(words)) if len(part) >= LEAST_SENTENCE]
    if not sentences:
        return tuple(found)
    minutes = await rows(
        """SELECT id, number, minutes AS said FROM meeting
            WHERE working_group_id = $1 AND minutes <> '' AND id <> $2 ORDER BY number""",
        *(thing.group, thing.id if thing.kind is Moderated.MINUTES else 0),
    )
    merges = await rows(
        """SELECT p.number, t.number AS theme, g.reason AS said FROM proposal_merge g
             JOIN proposal p ON p.id = g.source_id JOIN theme t ON t.id = p.theme_id
            WHERE t.working_group_id = $1 AND g.reason <> '' ORDER BY g.id""",
        thing.group,
    )
    answers = await rows(
        """SELECT p.number, t.number AS theme, a.reason AS said FROM answer a
             JOIN proposal p ON p.id = a.proposal_id JOIN theme t ON t.id = p.theme_id
            WHERE t.working_group_id = $1 AND a.id <> $2 ORDER BY a.id""",
        *(thing.group, thing.id if thing.kind is Moderated.ANSWER else 0),
    )
    found += [
        WordsElsewhere(CopyIn.MINUTES, id=each["id"], number=each["number"])
        for each in await run_sync(_repeating, minutes, sentences)
    ]
    found += [
        WordsElsewhere(where, reference=reference(each["theme"], each["number"]))
        for where, said in ((CopyIn.MERGE, merges), (CopyIn.ANSWER, answers))
        for each in await run_sync(_repeating, said, sentences)
    ]
    return tuple(found)


def _repeating(texts: Sequence[Row], sentences: Sequence[str]) -> list[Row]:
    """Those that repeat one of these folded sentences. CPU only."""
    return [each for each in texts if any(one in " ".join(fold(each["said"]).split()) for one in sentences)]


# Drawn from words of the contribution $1, and shown.
_MADE_OF: Final = """
    SELECT t.number AS theme, p.number FROM proposal p JOIN extract e ON e.id = p.extract_id
      JOIN theme t ON t.id = p.theme_id
     WHERE e.post_id = $1 AND p.number > 0 AND p.state <> 'hidden' ORDER BY t.number, p.number"""
# The contribution that the proposal $1 was drawn from, while it is shown.
_MADE_FROM: Final = """
    SELECT c.id, c.number FROM proposal p JOIN extract e ON e.id = p.extract_id JOIN post c ON c.id = e.post_id
     WHERE p.id = $1 AND c.state = 'shown'"""
# The proposals that come from the meeting $1 and whose words are nearly always lines of its minutes.
_MADE_OF_MINUTES: Final = """
    SELECT t.number AS theme, p.number FROM proposal p JOIN theme t ON t.id = p.theme_id
     WHERE p.meeting_id = $1 AND p.origin = 'meeting' AND p.number > 0 AND p.state <> 'hidden'
     ORDER BY t.number, p.number"""
_TIED: Final = {
    Moderated.POST: _MADE_OF,
    Moderated.PROPOSAL: _MADE_FROM,
    Moderated.MINUTES: _MADE_OF_MINUTES,
}
