"""How does a proposal come to be, or leave? By its author, from the words of a contribution, or from minutes.

A proposal made of a contribution keeps the range of the words that it comes from: its author is who wrote them, its
promoter who chose them. Reading proposals is the matter of `proposals.py`, reading minutes that of `minutes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from anyio.to_thread import run_sync

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.harvesting import write_extract
from forum.domain.post_writing import SAME_WORDS
from forum.domain.posts import OnePost, mark_words, read_post
from forum.domain.proposal_states import IN_FORCE_SQL, Step, take, tell_turn
from forum.domain.references import parse_reference, reference, storable
from forum.domain.themes import (
    THEME_COLUMNS,
    Hold,
    Question,
    ThemeHead,
    as_settled,
    find_theme,
    hold_theme,
    holding,
    questions_of,
    raise_versions,
    theme_from,
)
from forum.errors import Checks, Invalid, NotAllowed, NotFound
from forum.models.posts import PostKind
from forum.models.proposals import Nature, Origin, ProposalState, Turn
from forum.permissions import (
    Viewer,
    may_propose,
    may_propose_from_post,
    may_withdraw_proposal,
)
from forum.settings import settings
from forum.text import quotes
from forum.text.quotes import QuoteMark
from forum.text.reading import Reading, read
from forum.text.source import clean_line, clean_source

# A wording is read in one breath and fits on a line of the synthesis; the reasons go to the body.
LONGEST_WORDING = 300


@dataclass(frozen=True, slots=True)
class ProposalForm:
    """What the form of a new proposal shows: its theme, and its guiding questions to tick."""

    theme: ThemeHead
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class ExtractForm:
    """What the form of a proposal made of a contribution shows; `wording` is a first one, made of the words."""

    post: OnePost
    words: str
    wording: str
    mark: QuoteMark
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class NewProposal:
    """A proposal about to be written; everything in it was checked."""

    wording: str
    origin: Origin
    body: str = ""
    body_html: str = ""
    body_plain: str = ""
    extract: int | None = None
    meeting: int | None = None
    author: int | None = None
    promoter: int | None = None
    questions: tuple[int, ...] = ()


async def proposal_form(viewer: Viewer | None, theme_number: int, now: datetime) -> ProposalForm:
    """What the form of a new proposal shows to somebody who may send it.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    theme = await find_theme(theme_number)
    _judge_own(viewer, theme, now)
    return ProposalForm(theme, await questions_of(theme.id))


async def propose(
    viewer: Viewer | None, theme_number: int, wording: str, body: str, questions: Sequence[int], now: datetime
) -> str:
    """Make a proposal of one's own; gives its reference. `questions` are positions of guiding questions.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: the wording, the body or a question cannot be accepted.
    """
    form = await proposal_form(viewer, theme_number, now)
    assert viewer is not None
    checks = Checks()
    reading = Reading("", "", (), (), ())
    with checks.field("wording"):
        wording = clean_line(wording, limit=LONGEST_WORDING)
    with checks.field("body"):
        body, reading = await _read_body(body)
    with checks.field("questions"):
        _refuse_unknown(questions, form.questions)
    checks.done()
    new = NewProposal(
        wording,
        Origin.MEMBER,
        body=body,
        body_html=reading.html,
        body_plain=reading.plain,
        author=viewer.id,
        questions=tuple(questions),
    )
    async with transaction():
        theme = await hold_theme(theme_number, Hold.ALONE, now)
        _judge_own(viewer, theme, now)
        return await _just_proposed(theme, new, now) or (await write_proposals(theme, [new], viewer, now))[0]


async def _just_proposed(theme: ThemeHead, new: NewProposal, now: datetime) -> str | None:
    """The reference of what the same person sent a moment ago, all of it: a second press makes no second proposal."""
    found = await rows(
        """
        SELECT p.number, q.position FROM proposal p
          LEFT JOIN proposal_question a ON a.proposal_id = p.id LEFT JOIN guiding_question q ON q.id = a.question_id
         WHERE p.theme_id = $1 AND p.author_id = $2 AND p.wording = $3 AND p.body = $4 AND p.state = 'open'
           AND p.created_at > $5 AND p.extract_id IS NULL""",
        theme.id,
        new.author,
        new.wording,
        new.body,
        now - SAME_WORDS,
    )
    answered: dict[int, set[int]] = {}
    for each in found:
        answered.setdefault(each["number"], set()).update(() if each["position"] is None else (each["position"],))
    twin = next((number for number, positions in answered.items() if positions == set(new.questions)), None)
    return None if twin is None else reference(theme.number, twin)


def _judge_own(viewer: Viewer | None, theme: ThemeHead, now: datetime) -> None:
    may_propose(viewer, theme.schedule, now).require()


async def _read_body(raw: str) -> tuple[str, Reading]:
    """The body as kept and as read; empty when nothing was written.

    Raises:
        Invalid: it is too long, or holds a structured quote: what a proposal quotes is its provenance.
    """
    if not raw.strip():
        return "", Reading("", "", (), (), ())
    body = clean_source(raw, limit=settings().limits.post_characters)
    reading = await run_sync(read, body)
    if reading.quotes:
        raise Invalid("Une proposition ne contient pas de citation : partez plutôt de la contribution citée.")
    return body, reading


def _refuse_unknown(positions: Sequence[int], questions: Sequence[Question]) -> None:
    if not set(positions) <= {each.position for each in questions}:
        raise Invalid("Une des questions choisies n’existe pas dans ce thème.")


async def extract_form(
    viewer: Viewer | None, post: int, words: str | None, now: datetime, *, near: int = 0
) -> ExtractForm:
    """What the form of a proposal made of a contribution shows; `words` None takes the whole of it.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also for the organiser's instruction.
        Invalid: these words are not in the contribution.
    """
    source = await read_post(storable(post))
    _judge_promoter(viewer, source, source.place.theme, now)
    if source.kind is PostKind.INSTRUCTION:
        raise NotAllowed("La consigne de l’organisateur ne peut pas devenir une proposition.")
    mark = mark_words(source, words, near=near)
    chosen = quotes.words(source.plain, mark.start, mark.end)
    return ExtractForm(source, chosen, first_wording(chosen), mark, await questions_of(source.place.theme.id))


def _judge_promoter(viewer: Viewer | None, post: OnePost, theme: ThemeHead, now: datetime) -> None:
    may_propose_from_post(viewer, theme.group, post.author_id, theme.schedule, now).require()


def first_wording(words: str) -> str:
    """The words as a wording: on one line, without a leading bullet, cut at a word when they are too long."""
    line = " ".join(words.replace("•", " ").split())
    if len(line) <= LONGEST_WORDING:
        return line
    room = line[:LONGEST_WORDING]
    return (room[: LONGEST_WORDING - 1].rsplit(" ", 1)[0] if " " in room else room[: LONGEST_WORDING - 1]) + "…"


async def propose_from_post(
    viewer: Viewer | None,
    post: int,
    words: str | None,
    wording: str,
    questions: Sequence[int],
    now: datetime,
    *,
    near: int = 0,
) -> str:
    """Make a proposal of a contribution, or of an extract of it; gives its reference.

    The author is who wrote the words, the viewer promotes them; the meeting is the contribution's confirmed one.

    Raises:
        NotFound, SignInRequired, NotAllowed: like `extract_form`.
        InvalidForm: the wording or a question cannot be accepted.
        Invalid: this extract is a proposal already, by somebody else or under another wording.
    """
    form = await extract_form(viewer, post, words, now, near=near)
    assert viewer is not None
    checks = Checks()
    with checks.field("wording"):
        wording = clean_line(wording, limit=LONGEST_WORDING)
    with checks.field("questions"):
        _refuse_unknown(questions, form.questions)
    checks.done()
    async with transaction():
        theme = await hold_theme(form.post.place.theme.number, Hold.ALONE, now)
        _judge_promoter(viewer, form.post, theme, now)
        twin = await _twin_of(form.mark)
        if twin is not None and twin["promoter_id"] == viewer.id and twin["wording"] == wording:
            return reference(theme.number, twin["number"])
        if twin is not None:
            raise Invalid(
                "Ces mots sont déjà la proposition {reference}.",
                field="wording",
                values={"reference": reference(theme.number, twin["number"])},
            )
        await raise_versions(thread=form.post.place.thread)
        new = NewProposal(
            wording,
            Origin.POST if form.words == form.post.plain.strip() else Origin.EXTRACT,
            extract=await write_extract(form.mark, form.words, Nature.SOLUTION, viewer.id, now),
            meeting=await _confirmed_meeting(form.post.id),
            author=form.post.author_id,
            promoter=viewer.id,
            questions=tuple(questions),
        )
        (made,) = await write_proposals(theme, [new], viewer, now)
        if form.post.author_id != viewer.id:
            await journal.record(
                viewer, "propose_from_post", "post", form.post.id, group=theme.group, after=made, now=now
            )
    return made


async def _twin_of(mark: QuoteMark) -> Row | None:
    """The proposal in force that was made of these very words."""
    return await row(
        f"""
        SELECT p.number, p.wording, p.promoter_id FROM proposal p JOIN extract e ON e.id = p.extract_id
         WHERE e.post_id = $1 AND e.revision = $2 AND e.start = $3 AND e.stop = $4 AND p.state IN {IN_FORCE_SQL}""",
        mark.post,
        mark.revision,
        mark.start,
        mark.end,
    )


async def _confirmed_meeting(post: int) -> int | None:
    found = await row(
        """
        SELECT g.meeting_id FROM meeting_tag g JOIN meeting m ON m.id = g.meeting_id
         WHERE g.post_id = $1 AND g.state = 'confirmed' ORDER BY m.number LIMIT 1""",
        post,
    )
    return int(found["meeting_id"]) if found else None


async def write_proposals(theme: ThemeHead, new: Sequence[NewProposal], editor: Viewer, now: datetime) -> list[str]:
    """Write checked proposals inside the caller's transaction, which holds the theme alone; gives their references.

    Numbers are never reused.
    """
    taken = await row(
        """
        UPDATE theme SET last_proposal_number = last_proposal_number + $2, version = version + 1
         WHERE id = $1 RETURNING last_proposal_number""",
        theme.id,
        len(new),
    )
    assert taken is not None
    first = int(taken["last_proposal_number"]) - len(new) + 1
    for number, each in enumerate(new, start=first):
        await _insert(theme, number, each, editor, now)
    return [reference(theme.number, number) for number in range(first, first + len(new))]


async def _insert(theme: ThemeHead, number: int, new: NewProposal, editor: Viewer, now: datetime) -> None:
    made = await row(
        """
        INSERT INTO proposal (theme_id, number, wording, body, body_html, body_plain, version, state, origin,
                              extract_id, meeting_id, author_id, promoter_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11, $12, $13) RETURNING id""",
        theme.id,
        number,
        new.wording,
        new.body,
        new.body_html,
        new.body_plain,
        ProposalState.OPEN,
        new.origin,
        new.extract,
        new.meeting,
        new.author,
        new.promoter,
        now,
    )
    assert made is not None
    await rows(
        """
        INSERT INTO proposal_version (proposal_id, number, wording, body, editor_id, created_at)
        VALUES ($1, 1, $2, $3, $4, $5)""",
        made["id"],
        new.wording,
        new.body,
        editor.id,
        now,
    )
    for position in sorted(set(new.questions)):
        await rows(
            """
            INSERT INTO proposal_question (proposal_id, question_id)
            SELECT $1, q.id FROM guiding_question q WHERE q.theme_id = $2 AND q.position = $3""",
            made["id"],
            theme.id,
            position,
        )
    if new.extract is not None:
        await rows("UPDATE extract SET proposal_id = $2 WHERE id = $1", new.extract, made["id"])
    await tell_turn(made["id"], Turn.PROPOSED, editor.id, now, version=1)


async def withdraw_proposal(viewer: Viewer | None, ref: str, now: datetime) -> None:
    """Take one's own proposal back while contributions are open; it stays readable, listed apart. Twice is once.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    async with transaction():
        found = await row(
            f"""
            SELECT p.id AS proposal_id, p.author_id, p.state, c.thread_id, {THEME_COLUMNS}
              FROM proposal p JOIN theme t ON t.id = p.theme_id
              LEFT JOIN extract e ON e.id = p.extract_id LEFT JOIN post c ON c.id = e.post_id
             WHERE t.number = $1 AND p.number = $2{holding(Hold.ALONE)}""",
            *parse_reference(ref),
        )
        if found is None:
            raise NotFound
        theme = await as_settled(theme_from(found), now)
        may_withdraw_proposal(viewer, found["author_id"], theme.schedule, now).require()
        await raise_versions(theme=theme.id, thread=found["thread_id"])
        if found["state"] == ProposalState.WITHDRAWN:
            return
        await take(Step.WITHDRAW, found["proposal_id"])
        await tell_turn(found["proposal_id"], Turn.WITHDRAWN, viewer.id if viewer else None, now)
        await journal.record(viewer, "withdraw_proposal", "proposal", found["proposal_id"], group=theme.group, now=now)
