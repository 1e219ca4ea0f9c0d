"""How are extracts of contributions kept, changed and removed? By the author of the words, or a moderator of the group.

The same range with the same type is kept once. It never moves by itself: when its post is edited, an extract goes on
leading to the old words until somebody compares them with the new ones (`anchored.py`). Extracts are read in
`extracts.py`.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.extracts import COLUMNS, TABLES, ShownExtract, extract_from
from forum.domain.discussion.posts import OnePost, mark_words, read_post
from forum.domain.references import parse_reference, storable
from forum.domain.themes.themes import Hold, ThemeHead, as_settled, raise_versions
from forum.errors import Checks, Invalid, NotAllowed, NotFound
from forum.models.posts import PostKind
from forum.models.proposals import IN_FORCE_SQL, Nature
from forum.permissions import Verdict, Viewer, demand, may_change_extract, may_harvest, may_reuse
from forum.text import quotes
from forum.text.quotes import QuoteMark

# More than the passages of a post of 20 000 characters; a limit, since each is marked on its thread's page.
MOST_EXTRACTS = 100


def refuse_instruction(post: OnePost) -> None:
    """Refuse the organiser's instruction. Raises NotAllowed: it is not a contribution."""
    if post.kind is PostKind.INSTRUCTION:
        raise NotAllowed("La consigne de l’organisateur n’est pas une contribution : elle n’est pas à traiter.")


async def write_extract(mark: QuoteMark, words: str, nature: Nature, member: int, now: datetime) -> int:
    """Write an extract, inside the caller's transaction, which holds the theme alone; returns its id. If one with the
    same range and type exists for no proposal yet, it is used."""
    waiting = await row(
        """SELECT id FROM extract WHERE post_id = $1 AND revision = $2 AND start = $3 AND stop = $4 AND nature = $5
              AND proposal_id IS NULL""",
        mark.post,
        mark.revision,
        mark.start,
        mark.end,
        nature.value,
    )
    if waiting is not None:
        return int(waiting["id"])
    made = await row(
        """INSERT INTO extract (post_id, revision, start, stop, sha256, nature, member_id, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id""",
        mark.post,
        mark.revision,
        mark.start,
        mark.end,
        quotes.digest(words),
        nature.value,
        member,
        now,
    )
    assert made is not None
    return int(made["id"])


async def harvest(
    viewer: Viewer | None,
    post: int,
    words: str | None,
    nature: str,
    proposal: str,
    now: datetime,
    *,
    near: int = 0,
) -> int:
    """Keep words of a post, None for the whole of it, for a proposal of its theme ("": for none yet); returns the id.
    The same words with the same type are kept once.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also for the organiser's instruction.
        InvalidForm: no such words in the post as it stands, no such nature, no such proposal in its theme.
        Invalid: the words are kept for another proposal already; there are too many.
    """
    async with transaction():
        source = await read_post(post, hold=Hold.ALONE)
        theme = as_settled(source.place.theme, now)
        viewer = demand(may_harvest, viewer, theme.group, source.author_id, theme.schedule, now)
        refuse_instruction(source)
        may_reuse(source.state).require()
        checks = Checks()
        mark, speaks_for = None, None
        with checks.field("mots"):
            mark = mark_words(source, words, near=near)
        with checks.field("nature"):
            kind = nature_of(nature)
        with checks.field("proposition"):
            speaks_for = await proposal_of(theme, proposal)
        checks.done()
        assert mark is not None
        same = await _same(mark, kind)
        if same is not None and (speaks_for is None or same["proposal_id"] == speaks_for):
            return int(same["id"])
        if same is not None and same["proposal_id"] is not None:
            raise Invalid("Ces mots sont déjà retenus pour une autre proposition : changez-la dans la liste.")
        await _refuse_too_many(source)
        made = await write_extract(mark, quotes.words(source.plain, mark.start, mark.end), kind, viewer.id, now)
        await rows("UPDATE extract SET proposal_id = $2 WHERE id = $1", made, speaks_for)
        after = f"{_place(mark)} {kind.value} {proposal.strip()}".rstrip()
        await _journal(viewer, "harvest", source, "", after, now)
    return made


async def _same(mark: QuoteMark, nature: Nature, *, but: int = 0) -> Row | None:
    return await row(
        """SELECT id, proposal_id FROM extract
            WHERE post_id = $1 AND revision = $2 AND start = $3 AND stop = $4 AND nature = $5 AND id <> $6
            ORDER BY id LIMIT 1""",
        mark.post,
        mark.revision,
        mark.start,
        mark.end,
        nature.value,
        but,
    )


async def _refuse_too_many(post: OnePost) -> None:
    kept = await row("SELECT COUNT(*) AS n FROM extract WHERE post_id = $1", post.id)
    if kept is not None and kept["n"] >= MOST_EXTRACTS:
        raise Invalid(
            "Cette contribution porte déjà {most} extraits : retirez-en d’abord.", values={"most": MOST_EXTRACTS}
        )


def nature_of(typed: str) -> Nature:
    """The type of an extract. Raises Invalid: the form offers no such type."""
    if typed not in {each.value for each in Nature}:
        raise Invalid("Dites ce que sont ces mots : problématique, solution, argument…", field="nature")
    return Nature(typed)


async def proposal_of(theme: ThemeHead, typed: str) -> int | None:
    """The proposal of that reference, or the one that it was merged into; None when nothing was typed.

    Raises:
        Invalid: there is none in this theme, or it was withdrawn or set aside.
    """
    if not typed.strip():
        return None
    found = await _find_proposal(theme, typed.strip().upper())
    if found is None:
        raise Invalid(
            "Aucune proposition en vigueur de ce thème n’a cette référence. Elle s’écrit comme T{theme}-001.",
            field="proposition",
            values={"theme": theme.number},
        )
    return int(found["id"])


async def _find_proposal(theme: ThemeHead, typed: str) -> Row | None:
    try:
        of_theme, number = parse_reference(typed)
    except NotFound:
        return None
    if of_theme != theme.number:
        return None
    return await row(
        f"""SELECT id FROM proposal WHERE state IN {IN_FORCE_SQL} AND theme_id = $1
               AND id = (SELECT COALESCE(merged_into_id, id) FROM proposal WHERE theme_id = $1 AND number = $2)""",
        theme.id,
        number,
    )


def _place(mark: QuoteMark) -> str:
    return f"{mark.revision}:{mark.start}-{mark.end}"


async def _journal(viewer: Viewer, act: str, post: OnePost, before: str, after: str, now: datetime) -> None:
    """Raise the versions of the pages that show a post's extracts; an act on somebody else's words is in the
    journal."""
    theme = post.place.theme
    await raise_versions(theme=theme.id, thread=post.place.thread)
    if post.author_id != viewer.id:
        await journal.record(viewer, act, "post", post.id, group=theme.group, before=before, after=after, now=now)


@dataclass(frozen=True, slots=True)
class HeldExtract:
    """An extract, its post and its theme, held alone by the caller's transaction; the viewer may change it."""

    viewer: Viewer
    extract: ShownExtract
    post: OnePost
    theme: ThemeHead

    @property
    def mark(self) -> QuoteMark:
        return QuoteMark(self.post.id, self.extract.revision, self.extract.start, self.extract.stop)


async def record(held: HeldExtract, act: str, after: str, now: datetime) -> None:
    """Record a change of the extract: raise versions and, for somebody else's words, write in the journal."""
    extract = held.extract
    before = f"{_place(held.mark)} {extract.nature.value} {extract.proposal or ''}".rstrip()
    await _journal(held.viewer, act, held.post, before, after, now)


async def hold_extract(viewer: Viewer | None, extract: int, now: datetime) -> HeldExtract:
    """An extract, held alone.

    Raises:
        NotFound, SignInRequired, NotAllowed: there is none; only moderators, and members who kept words of their own,
            change it.
    """
    where = await row("SELECT post_id FROM extract WHERE id = $1", storable(extract))
    if where is None:
        raise NotFound
    post = await read_post(where["post_id"], hold=Hold.ALONE)
    theme = as_settled(post.place.theme, now)
    found = await row(f"SELECT {COLUMNS} {TABLES} WHERE e.id = $1", extract)
    if found is None:
        raise NotFound
    read = extract_from(found)
    viewer = demand(may_change_extract, viewer, theme.group, post.author_id, read.member, theme.schedule, now)
    return HeldExtract(viewer, read, post, theme)


async def revise(viewer: Viewer | None, extract: int, nature: str, proposal: str, now: datetime) -> int:
    """Change the type of an extract and the proposal that it supports ("": none); returns its post.

    Raises:
        NotFound, SignInRequired, NotAllowed: as `hold_extract`.
        InvalidForm: no such nature, no such proposal; the proposal of words that it began with stays.
        Invalid: the same words are kept as that already.
    """
    async with transaction():
        held = await hold_extract(viewer, extract, now)
        checks = Checks()
        speaks_for = None
        with checks.field("nature"):
            kind = nature_of(nature)
        with checks.field("proposition"):
            speaks_for = await _other_proposal(held, proposal)
        checks.done()
        if await _same(held.mark, kind, but=extract) is not None:
            raise Invalid("Ces mêmes mots sont déjà retenus sous cette nature.", field="nature")
        await rows("UPDATE extract SET nature = $2, proposal_id = $3 WHERE id = $1", extract, kind.value, speaks_for)
        await record(held, "revise_extract", f"{_place(held.mark)} {kind.value} {proposal.strip()}".rstrip(), now)
    return held.post.id


async def _other_proposal(held: HeldExtract, typed: str) -> int | None:
    """The proposal that an extract will support; if unchanged, it may be one that is no longer in force."""
    extract = held.extract
    if typed.strip().upper() == (extract.proposal or ""):
        kept = await row("SELECT proposal_id FROM extract WHERE id = $1", extract.id)
        return kept["proposal_id"] if kept else None
    if extract.begun:
        _refuse_origin(extract)
    return await proposal_of(held.theme, typed)


async def remove(viewer: Viewer | None, extract: int, now: datetime) -> int:
    """Remove an extract; returns its post.

    Raises:
        NotFound, SignInRequired, NotAllowed: as `hold_extract`.
        Invalid: a proposal began with them.
    """
    async with transaction():
        held = await hold_extract(viewer, extract, now)
        if await row("SELECT 1 AS n FROM proposal WHERE extract_id = $1", extract) is not None:
            _refuse_origin(held.extract)
        await rows("DELETE FROM extract WHERE id = $1", extract)
        await record(held, "remove_extract", "", now)
    return held.post.id


def _refuse_origin(extract: ShownExtract) -> None:
    if extract.begun is None:
        raise Invalid("Quelqu’un prépare une proposition à partir de ces mots : ils restent avec elle.")
    raise Invalid(
        "La proposition {reference} est partie de ces mots : ils restent avec elle.",
        values={"reference": extract.begun},
    )


def may_change(viewer: Viewer | None, post: OnePost, extract: ShownExtract, now: datetime) -> Verdict:
    """Whether this person may change an extract of a post, for its page."""
    theme = post.place.theme
    return may_change_extract(viewer, theme.group, post.author_id, extract.member, theme.schedule, now)
