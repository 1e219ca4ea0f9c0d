"""How does a proposal come to be? By its author, from the words of a contribution, or from minutes.

A proposal made from a contribution keeps the range of the words that it comes from: its author is the person who wrote
them, its promoter the one who chose them. Proposals are read in `proposals.py`, minutes in `minutes.py`; drafts are in
`drafts.py`, later changes in `amendments.py` and `departures.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anyio.to_thread import run_sync

from forum.database import Row, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.newcomers import refuse_links
from forum.domain.discussion.posts import OnePost, mark_words, read_post
from forum.domain.harvest.harvest import write_extract
from forum.domain.references import reference, storable
from forum.domain.search.index import refresh
from forum.domain.themes.proposal_states import tell_turn
from forum.domain.themes.themes import (
    Hold,
    ThemeHead,
    ThemeQuestion,
    find_theme,
    hold_theme,
    questions_of,
    raise_versions,
)
from forum.errors import Checks, Conflict, Invalid, NotAllowed
from forum.models.posts import PostKind
from forum.models.proposals import IN_FORCE_SQL, Nature, Origin, ProposalState, Turn
from forum.models.search import SearchKind
from forum.permissions import (
    Verdict,
    Viewer,
    demand,
    may_draft,
    may_propose,
    may_propose_from_post,
    may_reuse,
)
from forum.settings import settings
from forum.text import quotes
from forum.text.quotes import QuoteMark
from forum.text.reading import Reading, read
from forum.text.source import clean_line, clean_source

# A wording can be read at a glance and fits on a line of the synthesis; the reasons go into the body.
LONGEST_WORDING = 300
# A double click, a page sent again, a connection lost after the answer: the same words within this time are one.
SAME_WORDS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ProposalForm:
    """What the form of a new proposal shows: its theme, its guiding questions to tick, and whether it can be sent
    already."""

    theme: ThemeHead
    questions: tuple[ThemeQuestion, ...]
    may_submit: Verdict


@dataclass(frozen=True, slots=True)
class ExtractForm:
    """What the form of a proposal made from a contribution shows; `wording` is a first suggestion, made from the
    words."""

    post: OnePost
    words: str
    wording: str
    mark: QuoteMark
    questions: tuple[ThemeQuestion, ...]


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


@dataclass(frozen=True, slots=True)
class ProposalWords:
    """What somebody wrote in a form, checked: a wording, a body as stored and as read, positions of questions."""

    wording: str
    body: str
    reading: Reading
    questions: tuple[int, ...]


async def proposal_form(viewer: Viewer | None, theme_number: int, now: datetime) -> ProposalForm:
    """What the form of a new proposal shows to somebody who may send it or save it for later.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    theme = await find_theme(theme_number)
    demand(may_draft, viewer, theme.schedule, now)
    return ProposalForm(theme, await questions_of(theme.id), may_propose(viewer, theme.schedule, now))


async def propose(
    viewer: Viewer | None, theme_number: int, wording: str, body: str, questions: Sequence[int], now: datetime
) -> str:
    """Make a proposal in one's own words; returns its reference. `questions` are positions of guiding questions.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: the wording, the body or a question cannot be accepted.
    """
    form = await proposal_form(viewer, theme_number, now)
    form.may_submit.require()
    words = await check_words(wording, body, questions, form.questions)
    async with transaction():
        theme = await hold_theme(theme_number, Hold.ALONE, now)
        viewer = demand(may_propose, viewer, theme.schedule, now)
        await refuse_links(viewer, theme.group, words.reading.html, now, field="expose_des_motifs")
        twin = await just_written(theme, viewer, words, ProposalState.OPEN, now)
        if twin is not None:
            return reference(theme.number, twin["number"])
        return (await write_proposals(theme, [of_ones_own(words, viewer)], viewer, now))[0]


def of_ones_own(words: ProposalWords, author: Viewer) -> "NewProposal":
    """A proposal in its author's own words; one by staff is attributed to the organiser."""
    return NewProposal(
        words.wording,
        Origin.ORGANISER if author.is_staff else Origin.MEMBER,
        body=words.body,
        body_html=words.reading.html,
        body_plain=words.reading.plain,
        author=author.id,
        questions=words.questions,
    )


async def check_words(
    wording: str, body: str, questions: Sequence[int], known: Sequence[ThemeQuestion], *, unfinished: bool = False
) -> ProposalWords:
    """What was typed, checked field by field; `unfinished` ones may lack the wording.

    Raises:
        InvalidForm: the wording, the body or a question cannot be accepted.
    """
    checks = Checks()
    reading = Reading("", "", (), (), ())
    with checks.field("formulation"):
        if wording.strip() or not (unfinished and body.strip()):
            wording = clean_line(wording, limit=LONGEST_WORDING)
    with checks.field("expose_des_motifs"):
        body, reading = await _read_body(body)
    with checks.field("questions"):
        _refuse_unknown(questions, known)
    checks.done()
    return ProposalWords(wording.strip(), body, reading, tuple(sorted(set(questions))))


async def just_written(
    theme: ThemeHead, author: Viewer, words: ProposalWords, state: ProposalState, now: datetime
) -> Row | None:
    """The id and number of an identical proposal that the same person sent a moment ago, so that a double click makes
    one."""
    found = await rows(
        """
        SELECT p.id, p.number, q.position FROM proposal p
          LEFT JOIN proposal_question a ON a.proposal_id = p.id LEFT JOIN guiding_question q ON q.id = a.question_id
         WHERE p.theme_id = $1 AND p.author_id = $2 AND p.wording = $3 AND p.body = $4 AND p.state = $5
           AND p.created_at > $6 AND p.extract_id IS NULL""",
        theme.id,
        author.id,
        words.wording,
        words.body,
        state.value,
        now - SAME_WORDS,
    )
    answered: dict[int, set[int]] = {}
    for each in found:
        answered.setdefault(each["id"], set()).update(() if each["position"] is None else (each["position"],))
    return next((each for each in found if answered[each["id"]] == set(words.questions)), None)


async def _read_body(raw: str) -> tuple[str, Reading]:
    """The body as stored and as read; empty when nothing was written.

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


def _refuse_unknown(positions: Sequence[int], questions: Sequence[ThemeQuestion]) -> None:
    if not set(positions) <= {each.position for each in questions}:
        raise Invalid("Une des questions choisies n’existe pas dans ce thème.")


async def extract_form(
    viewer: Viewer | None, post: int, words: str | None, now: datetime, *, near: int = 0
) -> ExtractForm:
    """What the form of a proposal made from a contribution shows; `words` None takes the whole of it.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also for the organiser's instruction.
        Invalid: these words are not in the contribution.
    """
    source = await read_post(storable(post))
    _judge_promoter(viewer, source, source.place.theme, now)
    if source.kind is PostKind.INSTRUCTION:
        raise NotAllowed("La consigne de l’organisateur ne peut pas devenir une proposition.")
    may_reuse(source.state).require()
    mark = mark_words(source, words, near=near)
    chosen = quotes.words(source.plain, mark.start, mark.end)
    return ExtractForm(source, chosen, first_wording(chosen), mark, await questions_of(source.place.theme.id))


def _judge_promoter(viewer: Viewer | None, post: OnePost, theme: ThemeHead, now: datetime) -> Viewer:
    return demand(may_propose_from_post, viewer, theme.group, post.author_id, theme.schedule, now)


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
    """Make a proposal from a contribution, or from an extract of it; returns its reference.

    Its author is the person who wrote the words, its promoter the viewer; its meeting is the contribution's confirmed
    one.

    Raises:
        NotFound, SignInRequired, NotAllowed: like `extract_form`.
        InvalidForm: the wording or a question cannot be accepted.
        Invalid: this extract already is a proposal, by somebody else or under another wording.
    """
    form = await extract_form(viewer, post, words, now, near=near)
    checks = Checks()
    with checks.field("formulation"):
        wording = clean_line(wording, limit=LONGEST_WORDING)
    with checks.field("questions"):
        _refuse_unknown(questions, form.questions)
    checks.done()
    async with transaction():
        theme = await hold_theme(form.post.place.theme.number, Hold.ALONE, now)
        viewer = _judge_promoter(viewer, form.post, theme, now)
        source = await read_post(form.post.id)
        if source.place.theme.id != theme.id:
            raise Conflict("Cette contribution vient de changer de thème. Rechargez la page, puis recommencez.")
        may_reuse(source.state).require()
        twin = await _twin_of(form.mark)
        if twin is not None and twin["promoter_id"] == viewer.id and twin["wording"] == wording:
            return reference(twin["theme"], twin["number"])
        if twin is not None:
            raise Invalid(
                "Ces mots sont déjà la proposition {reference}.",
                field="formulation",
                values={"reference": reference(twin["theme"], twin["number"])},
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
    """The proposal in force that was made of exactly these words."""
    return await row(
        f"""
        SELECT p.number, p.wording, p.promoter_id, t.number AS theme
          FROM proposal p JOIN extract e ON e.id = p.extract_id JOIN theme t ON t.id = p.theme_id
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
    """Write checked proposals inside the caller's transaction, which holds the theme alone; returns their references.
    Numbers are never reused."""
    first = await take_numbers(theme, len(new))
    for number, each in enumerate(new, start=first):
        await _insert(theme, number, each, editor, now)
    return [reference(theme.number, number) for number in range(first, first + len(new))]


async def take_numbers(theme: ThemeHead, many: int) -> int:
    """Reserve the next numbers of a theme, and return the first; its cached pages become stale."""
    taken = await row(
        """
        UPDATE theme SET last_proposal_number = last_proposal_number + $2, version = version + 1
         WHERE id = $1 RETURNING last_proposal_number""",
        theme.id,
        many,
    )
    assert taken is not None
    return int(taken["last_proposal_number"]) - many + 1


async def _insert(theme: ThemeHead, number: int, new: NewProposal, editor: Viewer, now: datetime) -> None:
    made = await insert_proposal(theme, number, new, ProposalState.OPEN, now)
    await begin(made, new.wording, new.body, editor, now)
    if new.extract is not None:
        await rows("UPDATE extract SET proposal_id = $2 WHERE id = $1", new.extract, made)


async def insert_proposal(theme: ThemeHead, number: int, new: NewProposal, state: ProposalState, now: datetime) -> int:
    """Insert the row of a proposal and the questions that it answers; returns its id."""
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
        state,
        new.origin,
        new.extract,
        new.meeting,
        new.author,
        new.promoter,
        now,
    )
    assert made is not None
    await answer_questions(made["id"], theme, new.questions)
    refresh(SearchKind.PROPOSAL, made["id"])
    return int(made["id"])


async def answer_questions(proposal: int, theme: ThemeHead, positions: Sequence[int]) -> None:
    """Set the guiding questions that it answers."""
    await rows("DELETE FROM proposal_question WHERE proposal_id = $1", proposal)
    for position in sorted(set(positions)):
        await rows(
            """
            INSERT INTO proposal_question (proposal_id, question_id)
            SELECT $1, q.id FROM guiding_question q WHERE q.theme_id = $2 AND q.position = $3""",
            proposal,
            theme.id,
            position,
        )


async def begin(proposal: int, wording: str, body: str, editor: Viewer, now: datetime) -> None:
    """Write the first version of a proposal and the first turn of its history: from now on others see it."""
    await rows(
        """
        INSERT INTO proposal_version (proposal_id, number, wording, body, editor_id, created_at)
        VALUES ($1, 1, $2, $3, $4, $5)""",
        proposal,
        wording,
        body,
        editor.id,
        now,
    )
    await tell_turn(proposal, Turn.PROPOSED, editor.id, now, version=1)
