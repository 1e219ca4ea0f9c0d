"""What do people propose, from which exact words, and in which order are proposals listed?

A proposal made from a contribution keeps the range of the words that it comes from; its author is the person who wrote
them. During a vote the order is random for each person; once it is over, it is that of `ranking/`. Ballots are in
`votes.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.database import Row, places, row, rows
from forum.domain.discussion.extracts import Support, support_of
from forum.domain.pages import Page
from forum.domain.proposals.answers import UNANSWERED, Answers, answers_of, decision_column, fate_from
from forum.domain.proposals.history import OtherProposal, ToldTurn, turns_of
from forum.domain.proposals.merges import Union, union_of
from forum.domain.references import parse_reference, reference
from forum.domain.signatures import proposed_by, signed
from forum.domain.themes.ballots import Count
from forum.domain.themes.themes import ThemeHead, ThemeQuestion, theme_from
from forum.domain.votes.exclusions import excluded_voters
from forum.domain.votes.kept_results import KeptResults, places_of, results_of
from forum.domain.votes.results import Results
from forum.domain.votes.rolls import Roll, RollEntry, read_roll
from forum.domain.votes.standings import RankedPlace
from forum.domain.votes.votes import (
    LINE_COLUMNS,
    LINE_TABLES,
    NO_VOTER,
    ProposalLine,
    count_of,
    counts_of,
    line_from,
    voter_id,
)
from forum.domain.withheld import ASIDE_COLUMNS, Aside, aside_from, aside_of, range_of
from forum.errors import NotFound
from forum.models.answers import Fate
from forum.models.moderation import Moderated
from forum.models.posts import PostState
from forum.models.proposals import IN_FORCE_SQL, Origin, ProposalState
from forum.permissions import (
    Verdict,
    Viewer,
    may_amend_proposal,
    may_answer,
    may_set_aside,
    may_withdraw_proposal,
    owner_of,
)


@dataclass(frozen=True, slots=True)
class MeetingOfOrigin:
    """The meeting that a proposal comes from."""

    id: int
    number: int


@dataclass(frozen=True, slots=True)
class ProposalFate:
    """What has become of a proposal: its state, its one official word, why, and the proposal that replaces it, if
    any."""

    state: ProposalState
    word: Fate
    reason: str = ""
    other: OtherProposal | None = None


@dataclass(frozen=True, slots=True)
class ListedProposal:
    """A proposal in the list of its theme; `place` is None before the close."""

    line: ProposalLine
    author: str | None
    origin: Origin
    meeting: MeetingOfOrigin | None
    post: int | None
    fate: ProposalFate
    place: RankedPlace | None = None

    @property
    def rank(self) -> int | None:
        """Its rank by the declared method of the theme."""
        return self.place.rank if self.place else None

    @property
    def tied(self) -> bool:
        """Whether another proposal has the same rank."""
        return self.place is not None and self.place.is_tied


@dataclass(frozen=True, slots=True)
class ProposalList:
    """The proposals on one page of a theme's list, or all of them, in the order of its roll: those put to the vote, or
    ranked, then those `below_quorum`, then those `apart`, no longer in force."""

    roll: Roll
    turns: Page[RollEntry]
    proposals: tuple[ListedProposal, ...]
    below_quorum: tuple[ListedProposal, ...]
    apart: tuple[ListedProposal, ...]
    results: KeptResults | Results | None = None
    """Those of the vote, once it is over: of a page without what they say of each proposal, which its lines know."""

    @classmethod
    def of(cls, roll: Roll, turns: Page[RollEntry], lines: Sequence[ListedProposal]) -> "ProposalList":
        """Some proposals of a page, in their order, each in its part of the list."""
        unranked, apart = ({each.id for each in some} for some in (roll.unranked, roll.apart))
        return cls(
            roll=roll,
            turns=turns,
            proposals=tuple(each for each in lines if each.line.id not in unranked | apart),
            below_quorum=tuple(each for each in lines if each.line.id in unranked),
            apart=tuple(each for each in lines if each.line.id in apart),
            results=roll.results,
        )

    @property
    def theme(self) -> ThemeHead:
        """The theme of them all."""
        return self.roll.theme


@dataclass(frozen=True, slots=True)
class Provenance:
    """The exact words that a proposal comes from: a range of one revision of one contribution."""

    post: int
    post_number: int
    revision: int
    start: int
    stop: int
    words: str
    author: str | None
    thread_title: str
    state: PostState


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """Everything that the page of a proposal shows; `preferred_to` are the proposals withdrawn in favour of it. Of one
    that is `aside` neither words nor author are there."""

    theme: ThemeHead
    line: ProposalLine
    body_html: str
    origin: Origin
    author: str | None
    promoter: str | None
    created_at: datetime
    provenance: Provenance | None
    meeting: MeetingOfOrigin | None
    questions: tuple[ThemeQuestion, ...]
    fate: ProposalFate
    preferred_to: tuple[OtherProposal, ...]
    history: tuple[ToldTurn, ...]
    answers: Answers
    may_amend: Verdict
    may_answer: Verdict
    may_withdraw: Verdict
    may_set_aside: Verdict
    union: Union
    support: Support
    aside: Aside | None
    excluded: int = 0
    """How many people's votes the results of its theme leave out, once these are public."""


_FATE_COLUMNS = f"""
    p.state_reason, f.number AS other_number, f.wording AS other_wording, {decision_column("p")} AS decision"""
_FATE_TABLES = "LEFT JOIN proposal f ON f.id = COALESCE(p.merged_into_id, p.in_favour_of_id)"

MOST_NAMED: Final = 500
"""Beyond so many, all the proposals of the theme are read instead."""

_LINES = f"""
    SELECT {LINE_COLUMNS}, {_FATE_COLUMNS}, p.origin, p.meeting_id, m.number AS meeting_number,
           {proposed_by("p", "a")} AS author_name, e.post_id
      {LINE_TABLES}
      {_FATE_TABLES}
      LEFT JOIN member a ON a.id = p.author_id
      LEFT JOIN meeting m ON m.id = p.meeting_id
      LEFT JOIN extract e ON e.id = p.extract_id
     WHERE p.theme_id = $2 AND p.number > 0"""


async def list_proposals(theme: ThemeHead, now: datetime) -> ProposalList:
    """All the proposals of a theme, without anything that belongs to one reader: for what is not read as pages."""
    roll = await read_roll(theme, now)
    listed = await read_listed(roll, Page((*roll.shown, *roll.unranked, *roll.apart)), now)
    return replace(listed, results=await results_of(roll.results, now)) if roll.results else listed


async def read_listed(roll: Roll, turns: Page[RollEntry], now: datetime) -> ProposalList:
    """The proposals of one page of a roll, with their words."""
    lines = await read_lines(roll, turns.shown, now)
    return ProposalList.of(roll, turns, [lines[each.id] for each in turns.shown])


async def read_lines(roll: Roll, entries: Sequence[RollEntry], now: datetime) -> dict[int, ListedProposal]:
    """These proposals of a roll by id, each with its place among the results: two statements at most, whatever their
    number."""
    if not entries:
        return {}
    wanted = [each.id for each in entries] if len(entries) <= MOST_NAMED else []
    which = f"AND p.id IN ({places(len(wanted), after=2)})" if wanted else ""
    found = await rows(f"{_LINES} {which}", NO_VOTER, roll.theme.id, *wanted)
    references = [roll.reference(each) for each in entries]
    ranked = await places_of(roll.results, references, now) if roll.results else {}
    counts = None if roll.results else await counts_of(roll.theme, now, wanted)
    return {
        each["proposal_id"]: _listed(each, now, roll.theme, ranked.get(_reference_of(each)), counts) for each in found
    }


def _reference_of(found: Row) -> str:
    """The reference of the proposal in a row of LINE_COLUMNS."""
    return reference(found["theme_number"], found["proposal_number"])


def _listed(
    found: Row, now: datetime, theme: ThemeHead, place: RankedPlace | None, counts: Mapping[int, Count] | None
) -> ListedProposal:
    count = place.count if place else counts.get(found["proposal_id"], Count()) if counts is not None else None
    return ListedProposal(
        line=line_from(found, None, now, theme=theme, count=count),
        author=None if found["state"] == ProposalState.HIDDEN else found["author_name"],
        origin=Origin(found["origin"]),
        meeting=_meeting(found),
        post=None if found["state"] == ProposalState.HIDDEN else found["post_id"],
        fate=_fate(found),
        place=place,
    )


def _fate(found: Row) -> ProposalFate:
    other = found["other_number"] and OtherProposal(
        reference(found["theme_number"], found["other_number"]), found["other_wording"]
    )
    word = fate_from(found["state"], found["decision"])
    return ProposalFate(ProposalState(found["state"]), word, found["state_reason"], other or None)


def _meeting(found: Row) -> MeetingOfOrigin | None:
    return MeetingOfOrigin(found["meeting_id"], found["meeting_number"]) if found["meeting_id"] else None


_PAGE = f"""
    SELECT {LINE_COLUMNS}, {_FATE_COLUMNS}, p.promoter_id, p.origin, p.body_html, p.created_at,
           p.meeting_id, m.number AS meeting_number,
           {proposed_by("p", "a")} AS author_name, o.name AS promoter_name,
           e.post_id, e.revision, e.start, e.stop, {range_of("r", "e", "c")} AS words, c.state AS post_state,
           c.number AS post_number, {signed("c.id", "w")} AS writer_name, h.title AS thread_title, {ASIDE_COLUMNS}
      {LINE_TABLES}
      {_FATE_TABLES}
      {aside_of(Moderated.PROPOSAL, "p")}
      LEFT JOIN member a ON a.id = p.author_id
      LEFT JOIN member o ON o.id = p.promoter_id
      LEFT JOIN meeting m ON m.id = p.meeting_id
      LEFT JOIN extract e ON e.id = p.extract_id
      LEFT JOIN post c ON c.id = e.post_id
      LEFT JOIN post_revision r ON r.post_id = e.post_id AND r.number = e.revision
      LEFT JOIN member w ON w.id = c.author_id
      LEFT JOIN thread h ON h.id = c.thread_id
     WHERE t.number = $2 AND p.number = $3"""


async def read_proposal(viewer: Viewer | None, ref: str, now: datetime) -> ProposalPage:
    """Everything that the page of a proposal shows, its tally only once it is public.

    Raises:
        NotFound: there is no such proposal.
    """
    found = await row(_PAGE, voter_id(viewer), *parse_reference(ref))
    if found is None:
        raise NotFound
    theme = theme_from(found)
    count = await count_of(found["proposal_id"], theme, now)
    line = line_from(found, viewer, now, theme=theme, count=count)
    owner = owner_of(found["author_id"], found["promoter_id"])
    aside = aside_from(found)
    return ProposalPage(
        theme=theme,
        line=line,
        body_html=found["body_html"],
        origin=Origin(found["origin"]),
        author=None if aside else found["author_name"],
        promoter=None if aside else found["promoter_name"],
        created_at=found["created_at"],
        provenance=None if aside else _provenance(found),
        meeting=_meeting(found),
        questions=await _questions_of(line.id),
        fate=_fate(found),
        preferred_to=await _preferred_to(line.id, theme),
        history=await turns_of(line.id, theme),
        answers=(await answers_of((line.id,), now)).get(line.id, UNANSWERED),
        may_answer=may_answer(viewer, theme.schedule, now, state=line.state),
        may_amend=may_amend_proposal(viewer, owner, theme.schedule, now, state=line.state),
        may_withdraw=may_withdraw_proposal(viewer, owner, theme.schedule, now),
        may_set_aside=may_set_aside(viewer, theme.group, theme.schedule, now),
        union=await union_of(viewer, line, theme, now),
        support=await support_of(line.id),
        aside=aside,
        excluded=await excluded_voters(theme) if theme.schedule.votes_are_counted(now) else 0,
    )


def _provenance(found: Row) -> Provenance | None:
    if found["post_id"] is None:
        return None
    return Provenance(
        post=found["post_id"],
        post_number=found["post_number"],
        revision=found["revision"],
        start=found["start"],
        stop=found["stop"],
        words=found["words"],
        author=found["writer_name"] if found["post_state"] == PostState.SHOWN else None,
        thread_title=found["thread_title"],
        state=PostState(found["post_state"]),
    )


async def _questions_of(proposal: int) -> tuple[ThemeQuestion, ...]:
    """The guiding questions that one proposal answers."""
    found = await rows(
        """
        SELECT q.position, q.text
          FROM proposal_question a JOIN guiding_question q ON q.id = a.question_id
         WHERE a.proposal_id = $1
         ORDER BY q.position""",
        proposal,
    )
    return tuple(ThemeQuestion(each["position"], each["text"]) for each in found)


async def _preferred_to(proposal: int, theme: ThemeHead) -> tuple[OtherProposal, ...]:
    """The proposals withdrawn in favour of it."""
    found = await rows(
        """
        SELECT number, wording FROM proposal
         WHERE in_favour_of_id = $1 AND state = 'withdrawn' ORDER BY number""",
        proposal,
    )
    return tuple(OtherProposal(reference(theme.number, each["number"]), each["wording"]) for each in found)


async def references_by_wording(theme: ThemeHead) -> dict[str, str]:
    """The reference of each open proposal of a theme, by its wording."""
    found = await rows(
        f"SELECT number, wording FROM proposal WHERE theme_id = $1 AND state IN {IN_FORCE_SQL} ORDER BY number DESC",
        theme.id,
    )
    return {each["wording"]: reference(theme.number, each["number"]) for each in found}
