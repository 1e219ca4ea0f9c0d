"""Which words of contributions are kept, as what, and for which proposal? Reading extracts, and the arguments.

An extract is a range of one revision of a post, chosen by a person, with its type: a proposal may come from it, it may
support or oppose one, and the synthesis cites it. Keeping extracts, and marking a post as read, are in `harvest/`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, places, row, rows
from forum.domain.references import reference, storable
from forum.domain.signatures import signed
from forum.domain.withheld import range_of
from forum.errors import NotFound
from forum.models.posts import PostState
from forum.models.proposals import Nature
from forum.text.highlights import Highlight, marked


@dataclass(frozen=True, slots=True)
class ShownExtract:
    """An extract as pages show it. `proposal` is the one it supports, `begun` the one that was made from it.

    `stale`: its post was edited since, and nobody has compared the words yet.
    """

    id: int
    post: int
    post_number: int
    thread: int
    thread_title: str
    author: str | None
    revision: int
    start: int
    stop: int
    words: str
    nature: Nature
    proposal: str | None
    wording: str
    begun: str | None
    member: int | None
    created_at: datetime
    newest: int
    stale: bool
    state: PostState
    """That of its contribution: of one that is not shown, `words` are what stands in their place."""

    @property
    def is_current(self) -> bool:
        """Whether its words are in the post as it is now."""
        return self.revision == self.newest and self.state is PostState.SHOWN

    @property
    def note(self) -> str:
        """The id, on the page, of the note about it."""
        return f"extrait-{self.id}"


COLUMNS = f"""
    e.id, e.post_id, c.number AS post_number, c.thread_id, h.title AS thread_title, {signed("c.id", "w")} AS writer,
    e.revision, e.start, e.stop, {range_of("r", "e", "c")} AS words, c.state AS post_state, e.nature, e.member_id,
    e.created_at, e.compared_revision, c.revision AS newest, t.number AS theme_number, p.number AS proposal_number,
    p.wording, o.number AS begun, ot.number AS begun_theme"""

# Only its author may see a draft. A proposal may be of another theme than its words, which moderators moved since.
TABLES = """
      FROM extract e JOIN post c ON c.id = e.post_id JOIN thread h ON h.id = c.thread_id
      JOIN post_revision r ON r.post_id = e.post_id AND r.number = e.revision
      LEFT JOIN member w ON w.id = c.author_id
      LEFT JOIN proposal p ON p.id = e.proposal_id AND p.number > 0 LEFT JOIN theme t ON t.id = p.theme_id
      LEFT JOIN proposal o ON o.id = (
                SELECT MAX(b.id) FROM proposal b WHERE b.extract_id = e.id AND b.number > 0)
      LEFT JOIN theme ot ON ot.id = o.theme_id"""


def extract_from(found: Row) -> ShownExtract:
    """The extract of a row that selects COLUMNS."""
    is_shown = found["post_state"] == PostState.SHOWN
    return ShownExtract(
        id=found["id"],
        post=found["post_id"],
        post_number=found["post_number"],
        thread=found["thread_id"],
        thread_title=found["thread_title"],
        author=found["writer"] if is_shown else None,
        revision=found["revision"],
        start=found["start"],
        stop=found["stop"],
        words=found["words"],
        nature=Nature(found["nature"]),
        proposal=_reference(found["theme_number"], found["proposal_number"]),
        wording=found["wording"] or "",
        begun=_reference(found["begun_theme"], found["begun"]),
        member=found["member_id"],
        created_at=found["created_at"],
        newest=found["newest"],
        stale=is_shown and max(found["revision"], found["compared_revision"]) < found["newest"],
        state=PostState(found["post_state"]),
    )


def _reference(theme: int | None, number: int | None) -> str | None:
    return None if theme is None or number is None else reference(theme, number)


async def extracts_of(posts: Sequence[int]) -> dict[int, tuple[ShownExtract, ...]]:
    """The extracts of some posts, by post, in the order of their words; one query."""
    found: dict[int, tuple[ShownExtract, ...]] = {}
    if posts:
        read = f"SELECT {COLUMNS} {TABLES} WHERE e.post_id IN ({places(len(posts))})"
        for each in await rows(f"{read} ORDER BY e.start, e.stop, e.id", *posts):
            found[each["post_id"]] = (*found.get(each["post_id"], ()), extract_from(each))
    return found


@dataclass(frozen=True, slots=True)
class Support:
    """The extracts on the page of a proposal, for it, against it or about it, by the day they were kept."""

    origin: ShownExtract | None
    words: tuple[tuple[Nature, tuple[ShownExtract, ...]], ...]
    arguments_for: tuple[ShownExtract, ...]
    arguments_against: tuple[ShownExtract, ...]


async def support_of(proposal: int) -> Support:
    """The extracts of a proposal and of those merged into it; without its own origin, which its page shows first."""
    found = await rows(
        f"""
        SELECT {COLUMNS}, (SELECT COUNT(*) FROM proposal o WHERE o.id = $1 AND o.extract_id = e.id) AS origin {TABLES}
         WHERE p.id = $1 OR p.merged_into_id = $1
         ORDER BY e.created_at, e.id""",
        proposal,
    )
    others = [extract_from(each) for each in found if not each["origin"]]
    by_nature = [(nature, tuple(each for each in others if each.nature is nature)) for nature in Nature]
    some = dict(by_nature)
    return Support(
        origin=next((extract_from(each) for each in found if each["origin"]), None),
        words=tuple((nature, extracts) for nature, extracts in by_nature if extracts and nature not in _ARGUMENTS),
        arguments_for=some[Nature.ARGUMENT_FOR],
        arguments_against=some[Nature.ARGUMENT_AGAINST],
    )


_ARGUMENTS = (Nature.ARGUMENT_FOR, Nature.ARGUMENT_AGAINST)


def highlighted(html: str, plain: str, extracts: Iterable[ShownExtract]) -> str:
    """The HTML of a post with its extracts marked, except an extract of the whole post, which would single out
    nothing."""
    whole = len(plain.strip())
    marks = [Highlight(e.start, e.stop, e.note) for e in extracts if e.is_current and e.stop - e.start < whole]
    return marked(html, plain, marks) if marks else html


async def post_of(extract: int) -> int:
    """The contribution of an extract. Raises NotFound."""
    found = await row("SELECT post_id FROM extract WHERE id = $1", storable(extract))
    if found is None:
        raise NotFound
    return int(found["post_id"])
