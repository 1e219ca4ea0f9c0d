"""What does a member prepare before proposing it? Drafts, which only their author sees, until they are submitted.

A draft is a proposal with a number below zero: it leaves no gap among the references, is in no list, and has neither
versions nor history. It gets the next reference when it is submitted. It may be saved before contributions open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, row, rows, transaction
from forum.domain.discussion.newcomers import refuse_links
from forum.domain.proposals.new_proposals import (
    ProposalWords,
    answer_questions,
    begin,
    check_words,
    insert_proposal,
    just_written,
    of_ones_own,
    proposal_form,
    take_numbers,
)
from forum.domain.references import reference, storable
from forum.domain.themes.proposal_states import Step, take
from forum.domain.themes.themes import (
    THEME_COLUMNS,
    Hold,
    ThemeHead,
    ThemeQuestion,
    hold_theme,
    questions_of,
    theme_from,
)
from forum.errors import Conflict, NotFound
from forum.models.proposals import ProposalState
from forum.permissions import Verdict, Viewer, demand, may_draft, may_keep_own_account, may_propose


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in its author's list; `wording` is empty when only reasons were written."""

    id: int
    theme: ThemeHead
    wording: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DraftForm:
    """A draft as its form shows it: `answered` are positions of `questions`; `version` is greater once an erasure took
    a name out of its words."""

    id: int
    theme: ThemeHead
    wording: str
    body: str
    answered: tuple[int, ...]
    questions: tuple[ThemeQuestion, ...]
    may_save: Verdict
    may_submit: Verdict
    version: int


async def list_drafts(viewer: Viewer | None) -> tuple[DraftLine, ...]:
    """One's own drafts, the newest first. Raises SignInRequired."""
    viewer = demand(may_keep_own_account, viewer)
    found = await rows(
        f"""
        SELECT p.id, p.wording, p.created_at, {THEME_COLUMNS}
          FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.author_id = $1 AND p.state = 'draft' ORDER BY p.id DESC""",
        viewer.id,
    )
    return tuple(DraftLine(each["id"], theme_from(each), each["wording"], each["created_at"]) for each in found)


async def read_draft(viewer: Viewer | None, draft: int, now: datetime) -> DraftForm:
    """One's own draft, even once it is too late to submit it.

    Raises:
        SignInRequired: nobody is signed in.
        NotFound: there is no such draft, or it is somebody else's.
    """
    found = await _own(viewer, draft)
    if found["state"] != ProposalState.DRAFT:
        raise NotFound
    theme = theme_from(found)
    answered = await rows(
        """
        SELECT q.position FROM proposal_question a JOIN guiding_question q ON q.id = a.question_id
         WHERE a.proposal_id = $1 ORDER BY q.position""",
        draft,
    )
    return DraftForm(
        id=draft,
        theme=theme,
        wording=found["wording"],
        body=found["body"],
        answered=tuple(each["position"] for each in answered),
        questions=await questions_of(theme.id),
        may_save=may_draft(viewer, theme.schedule, now),
        may_submit=may_propose(viewer, theme.schedule, now),
        version=_version(found),
    )


def _version(found: Row) -> int:
    return int(found["version"] + found["rewrites"])


async def _own(viewer: Viewer | None, draft: int) -> Row:
    """One's own draft, or the proposal that it became."""
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        f"""
        SELECT p.id, p.number, p.state, p.wording, p.body, p.version, p.rewrites, {THEME_COLUMNS}
          FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.id = $1 AND p.author_id = $2""",
        storable(draft),
        viewer.id,
    )
    if found is None:
        raise NotFound
    return found


async def save_draft(
    viewer: Viewer | None, theme_number: int, wording: str, body: str, questions: Sequence[int], now: datetime
) -> int:
    """Save a new draft; returns its id. A wording or reasons are enough.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: nothing was written, or something cannot be accepted.
    """
    form = await proposal_form(viewer, theme_number, now)
    words = await check_words(wording, body, questions, form.questions, unfinished=True)
    async with transaction():
        theme = await hold_theme(theme_number, Hold.ALONE, now)
        viewer = demand(may_draft, viewer, theme.schedule, now)
        twin = await just_written(theme, viewer, words, ProposalState.DRAFT, now)
        if twin is not None:
            return int(twin["id"])
        lowest = await row("SELECT MIN(number) AS number FROM proposal WHERE theme_id = $1", theme.id)
        number = min(lowest["number"] or 0, 0) - 1 if lowest else -1
        return await insert_proposal(theme, number, of_ones_own(words, viewer), ProposalState.DRAFT, now)


async def change_draft(
    viewer: Viewer | None,
    draft: int,
    wording: str,
    body: str,
    questions: Sequence[int],
    now: datetime,
    *,
    version: int = 1,
) -> None:
    """Replace the words of one's own draft; `version` is the one that was on the form.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: nothing is written, or something cannot be accepted.
        Conflict: a name was taken out of it meanwhile.
    """
    form = await read_draft(viewer, draft, now)
    form.may_save.require()
    words = await check_words(wording, body, questions, form.questions, unfinished=True)
    async with transaction():
        theme = await _hold_draft(viewer, form, now, version)
        demand(may_draft, viewer, theme.schedule, now)
        await _replace(draft, theme, words)


async def submit_draft(
    viewer: Viewer | None,
    draft: int,
    wording: str,
    body: str,
    questions: Sequence[int],
    now: datetime,
    *,
    version: int = 1,
) -> str:
    """Submit one's own draft in these words; returns its reference, the same one when sent twice. `version` is the one
    that was on the form.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: the wording, the body or a question cannot be accepted.
        Conflict: a name was taken out of it meanwhile.
    """
    found = await _own(viewer, draft)
    if found["number"] > 0:
        return reference(found["theme_number"], found["number"])
    form = await read_draft(viewer, draft, now)
    form.may_submit.require()
    words = await check_words(wording, body, questions, form.questions)
    async with transaction():
        theme = await hold_theme(form.theme.number, Hold.ALONE, now)
        sent = await _own(viewer, draft)
        if sent["number"] > 0:
            return reference(theme.number, sent["number"])
        _refuse_stale(sent, version)
        viewer = demand(may_propose, viewer, theme.schedule, now)
        await refuse_links(viewer, theme.group, words.reading.html, now, field="expose_des_motifs")
        await _replace(draft, theme, words)
        await take(Step.SUBMIT, draft)
        number = await take_numbers(theme, 1)
        origin = of_ones_own(words, viewer).origin
        await rows(
            "UPDATE proposal SET number = $2, origin = $3, created_at = $4 WHERE id = $1", draft, number, origin, now
        )
        await begin(draft, words.wording, words.body, viewer, now)
    return reference(theme.number, number)


async def _hold_draft(viewer: Viewer | None, form: DraftForm, now: datetime, version: int | None = None) -> ThemeHead:
    """The theme of a draft, held alone; the draft may have been submitted or deleted while waiting for it."""
    theme = await hold_theme(form.theme.number, Hold.ALONE, now)
    held = await _own(viewer, form.id)
    if held["state"] != ProposalState.DRAFT:
        raise NotFound
    _refuse_stale(held, version)
    return theme


def _refuse_stale(held: Row, version: int | None) -> None:
    """Raises Conflict: the form was opened before a name was taken out of the words."""
    if version not in (None, _version(held)):
        raise Conflict("Ce brouillon a changé entre-temps. Votre texte est gardé ci-dessous.")


async def _replace(draft: int, theme: ThemeHead, words: ProposalWords) -> None:
    await rows(
        "UPDATE proposal SET wording = $2, body = $3, body_html = $4, body_plain = $5 WHERE id = $1",
        draft,
        words.wording,
        words.body,
        words.reading.html,
        words.reading.plain,
    )
    await answer_questions(draft, theme, words.questions)


async def delete_draft(viewer: Viewer | None, draft: int, now: datetime) -> None:
    """Delete one's own draft entirely, at any time.

    Raises:
        SignInRequired, NotFound: it is not one's own draft.
    """
    form = await read_draft(viewer, draft, now)
    async with transaction():
        await _hold_draft(viewer, form, now)
        await rows("DELETE FROM proposal_question WHERE proposal_id = $1", draft)
        await rows("DELETE FROM proposal WHERE id = $1", draft)
