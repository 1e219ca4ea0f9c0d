"""What can be notified and decided about? A contribution, a proposal, or a contribution that waits to be read, known
alike: whose it is, where it stands, what it says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, places, row, rows
from forum.domain.references import parse_reference, reference, storable
from forum.domain.signatures import signed
from forum.domain.withheld import kept_words
from forum.errors import NotFound
from forum.models.moderation import Moderated
from forum.models.posts import PendingState, PostKind, PostState
from forum.models.proposals import ProposalState
from forum.permissions import owner_of


@dataclass(frozen=True, slots=True)
class ModeratedThing:
    """A contribution (`number` in its `thread_title`), one that waits (for the thread of that title) or a proposal
    (`reference`), as it is now.

    `words` are those that stand in its place, `revision` is the one of a contribution or the version of a proposal.
    """

    kind: Moderated
    id: int
    revision: int
    group: int
    theme: int
    author_id: int | None
    author: str | None
    words: str
    written_at: datetime | None
    number: int = 0
    thread_title: str = ""
    reference: str = ""
    is_hidden: bool = False
    post: int | None = None
    """The contribution that a waiting one has become."""

    @property
    def is_post(self) -> bool:
        return self.kind is Moderated.POST

    @property
    def is_pending(self) -> bool:
        return self.kind is Moderated.PENDING

    @property
    def open_key(self) -> str:
        """What names its open case."""
        return f"{self.kind}:{self.id}"


_POSTS: Final = f"""
    SELECT p.id, p.number, p.revision, p.kind, p.state, p.plain AS words, p.author_id, {signed("p.id", "m")} AS author,
           p.written_at, f.title, t.number AS theme, t.working_group_id
      FROM post p JOIN thread f ON f.id = p.thread_id JOIN theme t ON t.id = f.theme_id
      LEFT JOIN member m ON m.id = p.author_id"""
_PROPOSALS: Final = """
    SELECT p.id, p.number, p.version AS revision, p.state, p.wording, p.body_plain, p.author_id, p.promoter_id,
           m.name AS author, p.created_at AS written_at, t.number AS theme, t.working_group_id
      FROM proposal p JOIN theme t ON t.id = p.theme_id
      LEFT JOIN member m ON m.id = COALESCE(p.author_id, p.promoter_id)"""


_PENDING: Final = """
    SELECT p.id, p.version AS revision, p.state, COALESCE(c.plain, p.source) AS words, p.author_id, m.name AS author,
           p.created_at AS written_at, COALESCE(f.title, p.title) AS title, t.number AS theme, t.working_group_id,
           p.post_id
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


async def things_of(wanted: list[tuple[Moderated, int]]) -> dict[tuple[Moderated, int], ModeratedThing]:
    """Many things at once, by kind and number."""
    found: dict[tuple[Moderated, int], ModeratedThing] = {}
    for kind, query, make in (
        (Moderated.POST, _POSTS, _post),
        (Moderated.PROPOSAL, _PROPOSALS, _proposal),
        (Moderated.PENDING, _PENDING, _pending),
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
        theme=found["theme"],
        author_id=found["author_id"],
        author=found["author"],
        words=found["words"],
        written_at=found["written_at"],
        number=found["number"],
        thread_title=found["title"],
        is_hidden=found["state"] == PostState.HIDDEN.value,
    )


def _proposal(found: Row) -> ModeratedThing:
    return ModeratedThing(
        kind=Moderated.PROPOSAL,
        id=found["id"],
        revision=found["revision"],
        group=found["working_group_id"],
        theme=found["theme"],
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
        theme=found["theme"],
        author_id=found["author_id"],
        author=found["author"],
        words=found["words"],
        written_at=found["written_at"],
        thread_title=found["title"],
        is_hidden=found["state"] == PendingState.REFUSED.value,
        post=found["post_id"],
    )


async def words_of(thing: ModeratedThing) -> str:
    """The words of a thing, even while they are kept aside: for its author and its moderators alone."""
    kept = await kept_words(thing.kind, thing.id)
    if not kept:
        return thing.words
    return kept["plain"] if thing.is_post else f"{kept['wording']}\n\n{kept['body_plain']}".strip()
