"""What does somebody prepare before they publish it? One draft for each place: an answer to a thread or to a
contribution, an edit of one's own, a new thread.

Only its author ever sees a draft. It is saved while they write, by the form whose key it keeps; another window, which
knows an older version, never replaces it silently. Publishing deletes it in the same transaction, and no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anyio.to_thread import run_sync

from forum.database import Row, row, rows, transaction
from forum.domain.discussion.sent_forms import Sending, hold_author, refuse_published
from forum.domain.references import storable
from forum.errors import Conflict, Invalid, NotFound
from forum.models.post_drafts import DraftKind
from forum.permissions import Viewer, demand, may_keep_drafts
from forum.text.quotes import MARKER, without_marks
from forum.text.source import clean_draft

LONGEST: Final = 100_000
"""Characters: longer than what may be published, so that a text to be shortened is kept too."""
_CHANGED: Final = (
    "Ce brouillon a changé dans une autre fenêtre. Les deux textes sont gardés : comparez-les, puis choisissez."
)


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """Where the words of a draft would go: `thing` is a thread, a contribution or a theme (its number)."""

    kind: DraftKind
    thing: int


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as its form shows it; `base` is the version of the contribution that it edits."""

    id: int
    place: DraftPlace
    title: str
    source: str
    base: int
    version: int
    saved_at: datetime

    @property
    def mark(self) -> str:
        """What the form that shows it sends back."""
        return f"{self.id}@{self.version}"

    @property
    def quotes(self) -> int:
        return len(MARKER.findall(self.source))

    @property
    def words(self) -> str:
        """All that was typed; « […] » stands for a quote."""
        return without_marks(self.source)

    @property
    def opening(self) -> str:
        """Its first own words."""
        return " ".join(without_marks(MARKER.sub("", self.source)).split())[:200]


@dataclass(frozen=True, slots=True)
class PostDraftLine:
    """A draft in its author's list: the thread or theme where it belongs, and whether it quotes what is hidden since.
    `post` is the contribution that it answers or edits."""

    draft: KeptDraft
    where: str
    thread: int | None
    post: int | None
    theme: int
    quotes_hidden: bool


_COLUMNS: Final = "d.id, d.kind, d.thing, d.title, d.source, d.base, d.version, d.rewrites, d.form_key, d.saved_at"


def _draft(found: Row) -> KeptDraft:
    return KeptDraft(
        id=found["id"],
        place=DraftPlace(DraftKind(found["kind"]), found["thing"]),
        title=found["title"],
        source=found["source"],
        base=found["base"],
        version=found["version"] + found["rewrites"],
        saved_at=found["saved_at"],
    )


async def draft_at(viewer: Viewer | None, place: DraftPlace, number: int | None = None) -> KeptDraft | None:
    """One's own draft for this place, or the one of that number; None for a visitor."""
    if viewer is None:
        return None
    one = "id = $2" if number else "kind = $2 AND thing = $3"
    values = (storable(number),) if number else (place.kind.value, storable(place.thing))
    found = await row(f"SELECT {_COLUMNS} FROM post_draft d WHERE member_id = $1 AND {one}", viewer.id, *values)
    return _draft(found) if found else None


async def drafts_in(viewer: Viewer | None, thread: int) -> tuple[KeptDraft, ...]:
    """One's own drafts in a thread, the latest first; one query, none for visitors."""
    if viewer is None:
        return ()
    found = await rows(
        f"""SELECT {_COLUMNS} FROM post_draft d
             WHERE d.member_id = $1
               AND (d.kind = 'in thread' AND d.thing = $2 OR d.kind IN ('answer to post', 'edit of post')
                    AND EXISTS (SELECT 1 FROM post p WHERE p.id = d.thing AND p.thread_id = $2))
             ORDER BY d.saved_at DESC, d.id DESC""",
        viewer.id,
        thread,
    )
    return tuple(map(_draft, found))


async def answer_in_progress(viewer: Viewer, thread: int) -> KeptDraft | None:
    """The answer in this thread that somebody wrote at last: what another quote is added to."""
    answers = (each for each in await drafts_in(viewer, thread) if each.place.kind is not DraftKind.EDIT)
    return next(answers, None)


async def list_post_drafts(viewer: Viewer | None) -> tuple[PostDraftLine, ...]:
    """All one's own drafts of contributions, the latest first. Raises SignInRequired."""
    viewer = demand(may_keep_drafts, viewer)
    found = await rows(
        f"""SELECT {_COLUMNS}, p.id AS post, COALESCE(f.id, h.id) AS thread,
                   COALESCE(f.title, h.title, t.title) AS name, COALESCE(ft.number, ht.number, t.number) AS theme
              FROM post_draft d
              LEFT JOIN post p ON d.kind IN ('answer to post', 'edit of post') AND p.id = d.thing
              LEFT JOIN thread f ON f.id = p.thread_id LEFT JOIN theme ft ON ft.id = f.theme_id
              LEFT JOIN thread h ON d.kind = 'in thread' AND h.id = d.thing LEFT JOIN theme ht ON ht.id = h.theme_id
              LEFT JOIN theme t ON d.kind = 'new thread' AND t.number = d.thing
             WHERE d.member_id = $1 ORDER BY d.saved_at DESC, d.id DESC""",
        viewer.id,
    )
    hidden = await _not_shown([each["source"] for each in found])
    return tuple(
        PostDraftLine(
            _draft(each),
            each["name"] or "",
            each["thread"],
            each["post"],
            each["theme"] or 0,
            not hidden.isdisjoint(_quoted(each["source"])),
        )
        for each in found
    )


def _quoted(source: str) -> set[int]:
    return {int(mark.group(1)) for mark in MARKER.finditer(source)}


async def _not_shown(sources: Sequence[str]) -> set[int]:
    """The contributions quoted there that are not shown any more."""
    quoted = sorted(set().union(*map(_quoted, sources)))
    found = await rows("SELECT id FROM post WHERE state <> 'shown'") if quoted else ()
    return {each["id"] for each in found} & set(quoted)


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """What the form knows from then on; empty once an emptied draft is deleted."""

    mark: str


async def save_draft(
    viewer: Viewer | None, place: DraftPlace, title: str, source: str, sending: Sending, now: datetime, *, base: int = 0
) -> SavedDraft:
    """Save these words for that place, or delete the draft when none are left.

    Raises:
        SignInRequired, NotFound: nobody is signed in; there is no such place, or the contribution is somebody else's.
        Invalid: the text is far too long, or cannot be stored.
        Conflict: it is published, or another window saved other words.
    """
    viewer = demand(may_keep_drafts, viewer)
    title, source = clean_draft(title, limit=LONGEST), await run_sync(lambda: clean_draft(source, limit=LONGEST))
    if not sending.key:
        raise Invalid("Ce formulaire est incomplet. Rechargez la page, puis recommencez.")
    async with transaction():
        await hold_author(viewer.id)
        await refuse_published(viewer.id, sending)
        await _check_place(viewer, place)
        found = await _held(viewer, place, sending)
        if found is None:
            return await _begin(viewer, place, title, source, base, sending, now) if title + source else SavedDraft("")
        same = (found["title"], found["source"]) == (title, source)
        if not (same or _is_known(found, sending)):
            raise Conflict(_CHANGED)
        if not title + source:
            await rows("DELETE FROM post_draft WHERE id = $1", found["id"])
            return SavedDraft("")
        if not same:
            await rows(
                """UPDATE post_draft SET title = $2, source = $3, base = $4, version = version + 1, form_key = $5,
                          saved_at = $6 WHERE id = $1""",
                *(found["id"], title, source, base, sending.key, now),
            )
        return SavedDraft(f"{found['id']}@{found['version'] + found['rewrites'] + (not same)}")


async def _begin(
    viewer: Viewer, place: DraftPlace, title: str, source: str, base: int, sending: Sending, now: datetime
) -> SavedDraft:
    made = await row(
        """INSERT INTO post_draft (member_id, kind, thing, title, source, base, version, form_key, saved_at)
           VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8) RETURNING id""",
        *(viewer.id, place.kind.value, place.thing, title, source, base, sending.key, now),
    )
    return SavedDraft(f"{made['id']}@1" if made else "")


async def _held(viewer: Viewer, place: DraftPlace, sending: Sending) -> Row | None:
    """The draft of this form or, when it shows none that is left, the one of its place."""
    return await row(
        f"""SELECT {_COLUMNS} FROM post_draft d
             WHERE member_id = $1 AND kind = $4 AND (id = $2 OR form_key = $3 OR thing = $5)
             ORDER BY CASE WHEN id = $2 THEN 0 WHEN form_key = $3 THEN 1 ELSE 2 END LIMIT 1""",
        *(viewer.id, sending.draft, sending.key, place.kind.value, place.thing),
    )


def _is_known(found: Row, sending: Sending) -> bool:
    """Whether the form has seen these words, or saved them itself: what it saved may have been answered too late."""
    if found["form_key"] == sending.key and not found["rewrites"]:
        return True
    return bool(found["id"] == sending.draft and found["version"] + found["rewrites"] == sending.version)


_PLACES: Final = {
    DraftKind.IN_THREAD: "SELECT id FROM thread WHERE id = $1",
    DraftKind.ANSWER: "SELECT id FROM post WHERE id = $1",
    DraftKind.EDIT: "SELECT id FROM post WHERE id = $1 AND author_id = $2",
    DraftKind.OPENING: "SELECT id FROM theme WHERE number = $1",
}


async def _check_place(viewer: Viewer, place: DraftPlace) -> None:
    values = (storable(place.thing), *((viewer.id,) if place.kind is DraftKind.EDIT else ()))
    if await row(_PLACES[place.kind], *values) is None:
        raise NotFound


async def let_go(member: int, sending: Sending, title: str, source: str) -> int | None:
    """Delete the draft that is being published, inside the caller's transaction; returns its number, None when the form
    shows none that is left. Raises Conflict: another window saved other words meanwhile."""
    found = await row(
        f"SELECT {_COLUMNS} FROM post_draft d WHERE member_id = $1 AND (id = $2 OR form_key = $3 AND form_key <> '')",
        *(member, sending.draft, sending.key),
    )
    if found is None:
        return None
    same = (found["title"].strip(), found["source"].strip()) == (title.strip(), source.strip())
    if not (same or _is_known(found, sending)):
        raise Conflict(_CHANGED)
    await rows("DELETE FROM post_draft WHERE id = $1", found["id"])
    return int(found["id"])


async def discard_draft(viewer: Viewer | None, draft: int) -> None:
    """Delete one's own draft. Raises SignInRequired, NotFound."""
    viewer = demand(may_keep_drafts, viewer)
    if not await rows(
        "DELETE FROM post_draft WHERE member_id = $1 AND id = $2 RETURNING id", viewer.id, storable(draft)
    ):
        raise NotFound


async def carry_drafts(source: int, target: int) -> None:
    """Let drafts for a thread that was joined to another be drafts for that one, inside the caller's transaction,
    except of those who have one there too."""
    await rows(
        """UPDATE post_draft SET thing = $2 WHERE kind = 'in thread' AND thing = $1 AND NOT EXISTS (
               SELECT 1 FROM post_draft o WHERE o.member_id = post_draft.member_id AND o.kind = 'in thread'
                  AND o.thing = $2)""",
        source,
        target,
    )
