"""What do people ask for, in which exact words did it begin, and in which order is it read?

A proposal made of a contribution keeps the range of the words that it comes from; its author is who wrote them. During
a vote the order is drawn for each person; once it is over, it is the order of `ranking/`. Ballots are in `votes.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from forum.database import Row, known_moment, row, rows
from forum.domain.extracts import Support, support_of
from forum.domain.proposal_states import IN_FORCE_SQL
from forum.domain.references import parse_reference, reference
from forum.domain.themes import Question, ThemeHead, theme_from
from forum.domain.votes import (
    LINE_COLUMNS,
    LINE_TABLES,
    NO_VOTER,
    ProposalLine,
    line_from,
    tallies_of,
    tally_of,
    voter_id,
    voters_of,
)
from forum.errors import NotFound
from forum.models.proposals import Origin
from forum.permissions import (
    Verdict,
    Viewer,
    may_withdraw_proposal,
)
from forum.ranking.orders import Candidate, net_support, rank
from forum.ranking.tallies import Tally
from forum.ranking.wilson import wilson
from forum.text import quotes


@dataclass(frozen=True, slots=True)
class MeetingOfOrigin:
    """The meeting that a proposal comes from."""

    id: int
    number: int


@dataclass(frozen=True, slots=True)
class ListedProposal:
    """A proposal in the list of its theme; `rank` and what follows are None before the close and under the quorum."""

    line: ProposalLine
    author: str | None
    origin: Origin
    meeting: MeetingOfOrigin | None
    post: int | None
    questions: tuple[int, ...]
    rank: int | None = None
    tied: bool = False
    wilson_rank: int | None = None


@dataclass(frozen=True, slots=True)
class ProposalList:
    """The proposals of a theme in the order to show them.

    `shuffled`: the order is to be drawn for each reader. `results`: the votes are over and `proposals` are in their
    ranks; `below_quorum` are then listed apart, and `voters` counts everybody who voted.
    """

    theme: ThemeHead
    proposals: tuple[ListedProposal, ...]
    below_quorum: tuple[ListedProposal, ...]
    withdrawn: tuple[ListedProposal, ...]
    shuffled: bool
    results: bool
    voters: int | None


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


@dataclass(frozen=True, slots=True)
class Version:
    """A wording that people voted on."""

    number: int
    wording: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """Everything that the page of a proposal shows."""

    theme: ThemeHead
    line: ProposalLine
    body_html: str
    origin: Origin
    author: str | None
    promoter: str | None
    created_at: datetime
    provenance: Provenance | None
    meeting: MeetingOfOrigin | None
    questions: tuple[Question, ...]
    versions: tuple[Version, ...]
    may_withdraw: Verdict
    support: Support


_LIST = f"""
    SELECT {LINE_COLUMNS}, p.origin, p.meeting_id, m.number AS meeting_number, a.name AS author_name, e.post_id
      {LINE_TABLES}
      LEFT JOIN member a ON a.id = p.author_id
      LEFT JOIN meeting m ON m.id = p.meeting_id
      LEFT JOIN extract e ON e.id = p.extract_id
     WHERE p.theme_id = $2 AND p.number > 0
     ORDER BY p.number"""


async def list_proposals(theme: ThemeHead, now: datetime) -> ProposalList:
    """The proposals of a theme as everybody may see them, in four queries at most: nothing in it is one reader's own.

    Before and during the vote by reference (see `drawn_order`), after it by rank.
    """
    found = await rows(_LIST, NO_VOTER, theme.id)
    answered = await _questions_by_proposal(theme.id)
    tallies = await tallies_of(theme, now)
    every = [_listed(each, now, theme, tallies, answered) for each in found]
    shown = [each for each in every if each.line.is_open]
    results = theme.schedule.votes_are_closed(now)
    ranked, below = _ranked(shown, theme.quorum) if results else (shown, [])
    return ProposalList(
        theme=theme,
        proposals=tuple(ranked),
        below_quorum=tuple(below),
        withdrawn=tuple(each for each in every if not each.line.is_open),
        shuffled=theme.schedule.votes_are_open(now),
        results=results,
        voters=await voters_of((theme,), now) if results else None,
    )


def drawn_order(listed: ProposalList, viewer: Viewer | None, now: datetime) -> tuple[ListedProposal, ...]:
    """The proposals in the order that a vote shows to one person: random between people, the same at each visit.

    Visitors share one order a day, so that their page can be kept ready, and so that no proposal is always first.
    """
    if not listed.shuffled:
        return listed.proposals
    who = f"member {viewer.id}" if viewer else f"visitors {now.date().isoformat()}"
    drawn = f"{who}|{listed.theme.id}|"
    return tuple(sorted(listed.proposals, key=lambda each: sha256(f"{drawn}{each.line.id}".encode()).digest()))


def _listed(
    found: Row,
    now: datetime,
    theme: ThemeHead,
    tallies: dict[int, Tally] | None,
    answered: dict[int, tuple[int, ...]],
) -> ListedProposal:
    tally = None if tallies is None else tallies.get(found["proposal_id"], Tally())
    return ListedProposal(
        line=line_from(found, None, now, theme=theme, tally=tally),
        author=found["author_name"],
        origin=Origin(found["origin"]),
        meeting=_meeting(found),
        post=found["post_id"],
        questions=answered.get(found["proposal_id"], ()),
    )


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


def _ranked(shown: list[ListedProposal], quorum: int) -> tuple[list[ListedProposal], list[ListedProposal]]:
    """The proposals by net support, each with its rank by the Wilson bound beside it; apart, those under the quorum."""
    by_reference = {each.line.reference: each for each in shown}
    candidates = [Candidate(each.line.reference, each.line.tally or Tally()) for each in shown]
    order = rank(candidates, score=net_support, quorum=quorum)
    other = {place.candidate.reference: place.rank for place in rank(candidates, score=wilson, quorum=quorum).ranked}
    ranked = [
        replace(
            by_reference[place.candidate.reference],
            rank=place.rank,
            tied=place.tied,
            wilson_rank=other[place.candidate.reference],
        )
        for place in order.ranked
    ]
    return ranked, [by_reference[candidate.reference] for candidate in order.unranked]


_PAGE = f"""
    SELECT {LINE_COLUMNS}, p.origin, p.body_html, p.created_at, p.meeting_id, m.number AS meeting_number,
           a.name AS author_name, o.name AS promoter_name,
           e.post_id, e.revision, e.start, e.stop, r.plain, c.number AS post_number, w.name AS writer_name,
           h.title AS thread_title
      {LINE_TABLES}
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
    tally = await tally_of(found["proposal_id"], theme, now)
    line = line_from(found, viewer, now, theme=theme, tally=tally)
    return ProposalPage(
        theme=theme,
        line=line,
        body_html=found["body_html"],
        origin=Origin(found["origin"]),
        author=found["author_name"],
        promoter=found["promoter_name"],
        created_at=known_moment(found["created_at"]),
        provenance=_provenance(found),
        meeting=_meeting(found),
        questions=await _questions_of(line.id),
        versions=await _versions(line.id),
        may_withdraw=may_withdraw_proposal(viewer, found["author_id"], theme.schedule, now),
        support=await support_of(line.id),
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
        words=quotes.words(found["plain"], found["start"], found["stop"]),
        author=found["writer_name"],
        thread_title=found["thread_title"],
    )


async def _questions_of(proposal: int) -> tuple[Question, ...]:
    """The guiding questions that one proposal answers."""
    found = await rows(
        """
        SELECT q.position, q.text
          FROM proposal_question a JOIN guiding_question q ON q.id = a.question_id
         WHERE a.proposal_id = $1
         ORDER BY q.position""",
        proposal,
    )
    return tuple(Question(each["position"], each["text"]) for each in found)


async def _versions(proposal: int) -> tuple[Version, ...]:
    found = await rows(
        "SELECT number, wording, created_at FROM proposal_version WHERE proposal_id = $1 ORDER BY number", proposal
    )
    return tuple(Version(each["number"], each["wording"], known_moment(each["created_at"])) for each in found)


async def references_by_wording(theme: ThemeHead) -> dict[str, str]:
    """The reference of each open proposal of a theme, by its wording."""
    found = await rows(
        f"SELECT number, wording FROM proposal WHERE theme_id = $1 AND state IN {IN_FORCE_SQL} ORDER BY number DESC",
        theme.id,
    )
    return {each["wording"]: reference(theme.number, each["number"]) for each in found}
