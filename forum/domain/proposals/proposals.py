"""What do people propose, from which exact words, and in which order are proposals listed?

A proposal made from a contribution keeps the range of the words that it comes from; its author is the person who wrote
them. During a vote the order is random for each person; once it is over, it is that of `ranking/`. Ballots are in
`votes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forum.database import Row, row, rows
from forum.domain.discussion.extracts import Support, support_of
from forum.domain.proposals.answers import UNANSWERED, Answers, answers_of, decision_column, fate_from
from forum.domain.proposals.history import OtherProposal, ToldTurn, turns_of
from forum.domain.proposals.merges import Union, union_of
from forum.domain.references import parse_reference, reference
from forum.domain.signatures import proposed_by, signed
from forum.domain.themes.ballots import Count
from forum.domain.themes.themes import ThemeHead, ThemeQuestion, theme_from
from forum.domain.votes.booths import draw
from forum.domain.votes.exclusions import excluded_voters
from forum.domain.votes.results import Results, read_results
from forum.domain.votes.standings import JudgedProposal, RankedPlace
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
    questions: tuple[int, ...]
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
    """The proposals of a theme in the order to show them; `apart` are those no longer in force. `shuffled`: the order
    must be drawn for each reader. `results`: those of the vote, once it is over; `proposals` are then by rank, and
    `below_quorum` listed separately."""

    theme: ThemeHead
    proposals: tuple[ListedProposal, ...]
    below_quorum: tuple[ListedProposal, ...]
    apart: tuple[ListedProposal, ...]
    shuffled: bool
    results: Results | None
    meeting: int | None = None
    """The number of the meeting that the list is filtered by; None: not filtered."""

    @property
    def hidden(self) -> tuple[ListedProposal, ...]:
        """Those of the results that were hidden since these were published."""
        return tuple(each for each in (*self.proposals, *self.below_quorum) if not each.line.is_open)

    @property
    def meetings(self) -> tuple[int, ...]:
        """The numbers of the meetings that these proposals come from."""
        every = (*self.proposals, *self.below_quorum, *self.apart)
        return tuple(sorted({each.meeting.number for each in every if each.meeting}))


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

_LIST = f"""
    SELECT {LINE_COLUMNS}, {_FATE_COLUMNS}, p.origin, p.meeting_id, m.number AS meeting_number,
           {proposed_by("p", "a")} AS author_name, e.post_id
      {LINE_TABLES}
      {_FATE_TABLES}
      LEFT JOIN member a ON a.id = p.author_id
      LEFT JOIN meeting m ON m.id = p.meeting_id
      LEFT JOIN extract e ON e.id = p.extract_id
     WHERE p.theme_id = $2 AND p.number > 0
     ORDER BY p.number"""


async def list_proposals(theme: ThemeHead, now: datetime) -> ProposalList:
    """The proposals of a theme, in four queries at most, without anything that belongs to one reader.

    Before and during the vote by reference (see `drawn_order`), after it by rank.
    """
    found = await rows(_LIST, NO_VOTER, theme.id)
    answered = await _questions_by_proposal(theme.id)
    counts = await counts_of(theme, now)
    every = [_listed(each, now, theme, counts, answered) for each in found]
    shown = [each for each in every if each.line.has_result(now)]
    results = await _results(theme, shown, now)
    ranked, below = _in_order(shown, results)
    return ProposalList(
        theme=theme,
        proposals=tuple(ranked),
        below_quorum=tuple(below),
        apart=tuple(each for each in every if not each.line.has_result(now)),
        shuffled=theme.schedule.votes_are_open(now),
        results=results,
    )


def by_meeting(listed: ProposalList, *, only: int | None = None, sort: bool = False) -> ProposalList:
    """The list with only the proposals of one meeting, or sorted by meeting, with those of none last.

    A number is exactly one meeting, since a theme belongs to one working group. Ranks stay those of the whole theme; a
    list that is ranked, or drawn for each reader, is not sorted.
    """

    def shown(some: tuple[ListedProposal, ...]) -> tuple[ListedProposal, ...]:
        return tuple(each for each in some if each.meeting and each.meeting.number == only) if only else some

    def place(each: ListedProposal) -> tuple[bool, int]:
        return each.meeting is None, each.meeting.number if each.meeting else 0

    proposals = shown(listed.proposals)
    sorts = sort and not listed.shuffled and not listed.results
    return replace(
        listed,
        proposals=tuple(sorted(proposals, key=place)) if sorts else proposals,
        below_quorum=shown(listed.below_quorum),
        apart=shown(listed.apart),
        meeting=only,
    )


def drawn_order(listed: ProposalList, viewer: Viewer | None, now: datetime) -> tuple[ListedProposal, ...]:
    """The proposals in the order that a vote shows to one person: see `booths.draw`."""
    if not listed.shuffled:
        return listed.proposals
    place = draw(listed.theme.id, viewer, now)
    return tuple(sorted(listed.proposals, key=lambda each: place(each.line.id)))


def _listed(
    found: Row,
    now: datetime,
    theme: ThemeHead,
    counts: dict[int, Count] | None,
    answered: dict[int, tuple[int, ...]],
) -> ListedProposal:
    count = None if counts is None else counts.get(found["proposal_id"], Count())
    return ListedProposal(
        line=line_from(found, None, now, theme=theme, count=count),
        author=None if found["state"] == ProposalState.HIDDEN else found["author_name"],
        origin=Origin(found["origin"]),
        meeting=_meeting(found),
        post=None if found["state"] == ProposalState.HIDDEN else found["post_id"],
        questions=answered.get(found["proposal_id"], ()),
        fate=_fate(found),
    )


def _fate(found: Row) -> ProposalFate:
    other = found["other_number"] and OtherProposal(
        reference(found["theme_number"], found["other_number"]), found["other_wording"]
    )
    word = fate_from(found["state"], found["decision"])
    return ProposalFate(ProposalState(found["state"]), word, found["state_reason"], other or None)


def _meeting(found: Row) -> MeetingOfOrigin | None:
    return MeetingOfOrigin(found["meeting_id"], found["meeting_number"]) if found["meeting_id"] else None


async def _questions_by_proposal(theme_id: int) -> dict[int, tuple[int, ...]]:
    """The positions of the questions that each proposal of a theme answers."""
    answered: dict[int, tuple[int, ...]] = {}
    for each in await rows(
        """
        SELECT a.proposal_id, q.position
          FROM proposal_question a JOIN guiding_question q ON q.id = a.question_id
         WHERE q.theme_id = $1
         ORDER BY q.position""",
        theme_id,
    ):
        answered[each["proposal_id"]] = (*answered.get(each["proposal_id"], ()), each["position"])
    return answered


async def _results(theme: ThemeHead, shown: Sequence[ListedProposal], now: datetime) -> Results | None:
    if not theme.schedule.votes_are_counted(now):
        return None
    judged = {each.line.id: JudgedProposal(each.line.reference, each.line.count or Count()) for each in shown}
    return await read_results(theme, judged, now)


def _in_order(
    shown: Sequence[ListedProposal], results: Results | None
) -> tuple[Sequence[ListedProposal], Sequence[ListedProposal]]:
    """The proposals by rank, each with its place; separately, those under the quorum."""
    if results is None:
        return shown, ()
    by_reference = {each.line.reference: each for each in shown}
    standing = results.standing
    return (
        [replace(by_reference[place.reference], place=place) for place in standing.ranked],
        [replace(by_reference[place.reference], place=place) for place in standing.unranked],
    )


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
