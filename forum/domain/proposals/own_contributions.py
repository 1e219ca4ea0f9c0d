"""What has become of a member's own words? The fate of each of their contributions and proposals.

Whether the moderators of the group read it, which extracts they kept, which proposal those support, the result of its
vote and the administration's answer. Nothing about anybody else except what is public; nothing about a sealed vote.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database import Row, places, rows
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.proposals.answers import UNANSWERED, Answers, answers_of
from forum.domain.proposals.history import OtherProposal
from forum.domain.references import reference
from forum.domain.themes.ballots import TALLIED
from forum.domain.themes.themes import THEME_COLUMNS, ThemeHead, theme_from
from forum.domain.votes.kept_results import KeptResults, find_results, places_of
from forum.domain.votes.standings import RankedPlace
from forum.domain.withheld import ASIDE_COLUMNS, Aside, aside_from, aside_of, range_of
from forum.models.answers import Fate, fate_of
from forum.models.moderation import Moderated
from forum.models.posts import Outcome, PostKind
from forum.models.proposals import Nature, ProposalState
from forum.permissions import Viewer, demand, may_keep_own_account
from forum.ranking.tallies import Tally

SHOWN = 20
# How much of a contribution is enough to recognise it.
_EXCERPT = 240


@dataclass(frozen=True, slots=True)
class RankedProposal:
    """The result of a proposal, once the vote is over: `rank` among `ranked`, None under the quorum."""

    rank: int | None
    tied: bool
    ranked: int
    below_quorum: bool
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class OwnProposal:
    """A proposal that contains the member's words. `other` is the one that it was merged into, or withdrawn in favour
    of; `judged`, `answers` and `fate` are those of `other` where it was merged. `is_own`: the member wrote or promotes
    it."""

    reference: str
    wording: str
    state: ProposalState
    reason: str
    other: OtherProposal | None
    theme: ThemeHead
    created_at: datetime
    is_own: bool
    judged: RankedProposal | None
    answers: Answers
    fate: Fate


@dataclass(frozen=True, slots=True)
class OwnExtract:
    """An extract of a contribution at a revision, and the reference of the proposal that it supports, if any yet."""

    revision: int
    start: int
    stop: int
    words: str
    nature: Nature
    proposal: str | None


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A contribution and the outcome of its reading: None if not read yet; `edited_since` when it changed after the
    reading. `aside`: it is hidden or withdrawn."""

    id: int
    thread_title: str
    written_at: datetime
    excerpt: str
    kind: PostKind
    outcome: Outcome | None
    reason: str
    treated_at: datetime | None
    edited_since: bool
    extracts: tuple[OwnExtract, ...]
    proposals: tuple[OwnProposal, ...]
    aside: Aside | None


async def read_own_contributions(
    viewer: Viewer | None, now: datetime, turn: PageTurn = FIRST
) -> Page[OwnPost | OwnProposal]:
    """What has become of everything that this member wrote, the newest first. Raises SignInRequired."""
    viewer = demand(may_keep_own_account, viewer)
    found = await read_page(_ENTRIES, [viewer.id], _NEWEST_FIRST, turn, SHOWN)
    posts = [each["id"] for each in found.shown if each["kind"] == 0]
    alone = [each["id"] for each in found.shown if each["kind"] == 1]
    made = await _made_of(posts)
    proposals = await _proposals(viewer, {*alone, *(proposal for _, proposal in made)}, now)
    by_post = await _posts(posts, made, proposals)
    return found.of(by_post[each["id"]] if each["kind"] == 0 else proposals[each["id"]] for each in found.shown)


_NEWEST_FIRST = SortOrder({"at": datetime, "kind": int, "id": int}, newest_first=True)
# Contributions, and proposals that were not made from one of them; the others are listed under their contribution.
_ENTRIES = """
    SELECT kind, id, at FROM (
    SELECT 0 AS kind, c.id, c.created_at AS at FROM post c WHERE c.author_id = $1
     UNION ALL
    SELECT 1, p.id, p.created_at
      FROM proposal p
      LEFT JOIN extract e ON e.id = p.extract_id
      LEFT JOIN post c ON c.id = e.post_id
     WHERE p.number > 0 AND (p.author_id = $1 OR p.promoter_id = $1)
       AND (c.author_id IS NULL OR c.author_id <> $1)) entry WHERE TRUE"""


async def _made_of(posts: Sequence[int]) -> dict[tuple[int, int], None]:
    """The proposals that contain words of each contribution, as (post, proposal) in the order of references."""
    if not posts:
        return {}
    found = await rows(
        f"""
        SELECT DISTINCT e.post_id, p.id, p.theme_id, p.number
          FROM extract e JOIN proposal p ON p.id = e.proposal_id OR p.extract_id = e.id
         WHERE p.number > 0 AND e.post_id IN ({places(len(posts))})
         ORDER BY p.theme_id, p.number""",
        *posts,
    )
    return {(each["post_id"], each["id"]): None for each in found}


async def _posts(
    posts: Sequence[int], made: Collection[tuple[int, int]], proposals: Mapping[int, OwnProposal]
) -> dict[int, OwnPost]:
    if not posts:
        return {}
    extracts = await _extracts(posts)
    found = await rows(
        f"""
        SELECT c.id, h.title, c.written_at, c.created_at, c.kind, c.revision, substr(c.plain, 1, {_EXCERPT}) AS excerpt,
               r.outcome, r.reason, r.treated_at, r.revision AS read_revision, {ASIDE_COLUMNS}
          FROM post c JOIN thread h ON h.id = c.thread_id {aside_of(Moderated.POST, "c")}
          LEFT JOIN treatment r ON r.post_id = c.id
         WHERE c.id IN ({places(len(posts))})""",
        *posts,
    )
    return {
        each["id"]: OwnPost(
            id=each["id"],
            thread_title=each["title"],
            written_at=each["written_at"] or each["created_at"],
            excerpt=each["excerpt"],
            kind=PostKind(each["kind"]),
            outcome=Outcome(each["outcome"]) if each["outcome"] else None,
            reason=each["reason"] or "",
            treated_at=each["treated_at"],
            edited_since=each["outcome"] is not None and each["read_revision"] < each["revision"],
            extracts=tuple(extracts.get(each["id"], ())),
            proposals=tuple(proposals[proposal] for post, proposal in made if post == each["id"]),
            aside=aside_from(each),
        )
        for each in found
    }


async def _extracts(posts: Sequence[int]) -> dict[int, list[OwnExtract]]:
    """The extracts of each contribution, with the words of the version that was read."""
    found: dict[int, list[OwnExtract]] = {}
    for each in await rows(
        f"""
        SELECT e.post_id, e.revision, e.start, e.stop, e.nature,
               {range_of("r", "e", "c")} AS words,
               p.number AS proposal_number, t.number AS theme_number
          FROM extract e JOIN post c ON c.id = e.post_id
          JOIN post_revision r ON r.post_id = e.post_id AND r.number = e.revision
          LEFT JOIN proposal p ON p.number > 0 AND p.id = COALESCE(e.proposal_id,
                                  (SELECT MIN(q.id) FROM proposal q WHERE q.extract_id = e.id AND q.number > 0))
          LEFT JOIN theme t ON t.id = p.theme_id
         WHERE e.post_id IN ({places(len(posts))})
         ORDER BY e.start, e.id""",
        *posts,
    ):
        number = each["proposal_number"]
        speaks_for = None if number is None else reference(each["theme_number"], number)
        extract = OwnExtract(
            each["revision"], each["start"], each["stop"], each["words"], Nature(each["nature"]), speaks_for
        )
        found.setdefault(each["post_id"], []).append(extract)
    return found


async def _proposals(viewer: Viewer, wanted: Collection[int], now: datetime) -> dict[int, OwnProposal]:
    if not wanted:
        return {}
    found = await rows(
        f"""
        SELECT p.id, p.number, p.wording, p.state, p.state_reason, p.created_at, p.author_id, p.promoter_id,
               p.merged_into_id, o.number AS other_number, o.wording AS other_wording, o.state AS other_state,
               {THEME_COLUMNS}
          FROM proposal p JOIN theme t ON t.id = p.theme_id
          LEFT JOIN proposal o ON o.id = COALESCE(p.merged_into_id, p.in_favour_of_id)
         WHERE p.id IN ({places(len(wanted))})""",
        *wanted,
    )
    judged = await _judged(found, now)
    answers = await answers_of([_stands_in(each) for each in found], now)
    return {each["id"]: _proposal(each, viewer, judged, answers) for each in found}


def _stands_in(found: Row) -> int:
    """The proposal that was voted on and answered in its place: itself, unless it was merged."""
    merged = found["state"] == ProposalState.MERGED and found["merged_into_id"]
    return int(found["merged_into_id"] if merged else found["id"])


async def _judged(proposals: Sequence[Row], now: datetime) -> dict[int, RankedProposal]:
    """What the results say of what stands in each of these proposals, by its id; nothing where votes are not over."""
    by_theme: dict[ThemeHead, dict[str, int]] = {}
    for each in proposals:
        theme, stands = theme_from(each), _stands_in(each)
        number = each["number"] if stands == each["id"] else each["other_number"]
        by_theme.setdefault(theme, {})[reference(theme.number, number)] = stands
    found: dict[int, RankedProposal] = {}
    for theme, wanted in by_theme.items():
        if theme.schedule.votes_are_counted(now):
            results = await find_results(theme, now)
            places_ = await places_of(results, tuple(wanted), now)
            found |= {wanted[name]: _judgment(theme, results, each) for name, each in places_.items()}
    return found


def _judgment(theme: ThemeHead, results: KeptResults, place: RankedPlace) -> RankedProposal:
    ranked = sum(map(len, results.ranked.values()))
    tally = place.count.tally if theme.voting in TALLIED else None
    return RankedProposal(place.rank, place.is_tied, ranked, place.rank is None, tally)


def _proposal(
    found: Row, viewer: Viewer, judged: Mapping[int, RankedProposal], answers: Mapping[int, Answers]
) -> OwnProposal:
    theme = theme_from(found)
    other = found["other_number"] and OtherProposal(
        reference(theme.number, found["other_number"]), found["other_wording"]
    )
    answered = answers.get(_stands_in(found), UNANSWERED)
    stands = ProposalState(found["state"] if _stands_in(found) == found["id"] else found["other_state"])
    return OwnProposal(
        reference=reference(theme.number, found["number"]),
        wording=found["wording"],
        state=ProposalState(found["state"]),
        reason=found["state_reason"],
        other=other or None,
        theme=theme,
        created_at=found["created_at"],
        is_own=viewer.id in (found["author_id"], found["promoter_id"]),
        judged=judged.get(_stands_in(found)),
        answers=answered,
        fate=fate_of(stands, answered.latest.decision if answered.latest else None),
    )
