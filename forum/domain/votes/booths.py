"""What is a person's progress in the votes of a theme, and which proposal is next for them?

A booth shows every proposal of a theme in a random order of the person's own. Ballots are cast one by one, in
`votes.py`; everything here is about the person's own votes, so it may be shown while the vote is sealed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from forum.database import rows
from forum.domain.references import reference
from forum.domain.themes.ballots import WELL_FORMED, OwnBallot, Rules, takes_quota
from forum.domain.themes.themes import find_theme
from forum.domain.votes.votes import voter_id
from forum.models.themes import Voting
from forum.permissions import Viewer


@dataclass(frozen=True, slots=True)
class BoothProposal:
    """A proposal put to the vote, with what progress needs."""

    id: int
    reference: str
    wording: str
    substance: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A proposal with the place that the person gave it."""

    place: int
    reference: str
    wording: str


@dataclass(frozen=True, slots=True)
class BoothProgress:
    """Somebody's progress: `judged` of `total` proposals, of which `to_confirm` changed and must be confirmed.

    `next` is the reference of the first one, in their own order, that waits for their vote; None when none does.
    `supports` counts the ballots that the quota limits; `ranked` holds the proposals that they ranked, the first place
    first.
    """

    theme: int
    rules: Rules
    total: int
    judged: int
    to_confirm: int
    supports: int
    next: str | None
    ranked: tuple[Ranked, ...]


def draw(theme_id: int, viewer: Viewer | None, now: datetime) -> Callable[[int], bytes]:
    """The sort key of a proposal, by id: random between people, the same at each visit of one person.

    Visitors share one order per day, so that their page can be cached and no proposal is always first.
    """
    who = f"member {viewer.id}" if viewer else f"visitors {now.date().isoformat()}"
    return lambda proposal: sha256(f"{who}|{theme_id}|{proposal}".encode()).digest()


async def progress_in(viewer: Viewer | None, theme_number: int, now: datetime) -> BoothProgress:
    """This person's progress in a theme, read from the database.

    Raises:
        NotFound: no theme has this number.
    """
    theme = await find_theme(theme_number)
    found = await rows(
        f"""
        SELECT p.id, p.number, p.wording, p.substance, b.opinion, b.proposal_version
          FROM proposal p JOIN theme t ON t.id = p.theme_id
          LEFT JOIN ballot b ON b.proposal_id = p.id AND b.voter_id = $1 AND {WELL_FORMED}
         WHERE p.theme_id = $2 AND p.state = 'open'""",
        voter_id(viewer),
        theme.id,
    )
    place = draw(theme.id, viewer, now)
    asked = [BoothProposal(r["id"], reference(theme.number, r["number"]), r["wording"], r["substance"]) for r in found]
    own = {r["id"]: OwnBallot(r["opinion"], r["proposal_version"]) for r in found if r["opinion"]}
    return progress_of(theme.number, theme.rules, sorted(asked, key=lambda each: place(each.id)), own)


def progress_of(
    theme: int, rules: Rules, asked: Sequence[BoothProposal], own: Mapping[int, OwnBallot]
) -> BoothProgress:
    """A person's progress with these proposals, in their own order; `own` are their ballots."""
    judged = [(each, own[each.id]) for each in asked if each.id in own]
    stale = [each for each, ballot in judged if ballot.version < each.substance]
    waiting = {each.id for each in stale} | {each.id for each in asked if each.id not in own}
    supports = sum(takes_quota(rules.voting, ballot.opinion) for _, ballot in judged)
    is_done = rules.quota and supports >= rules.quota and rules.voting is not Voting.OPINIONS and not stale
    return BoothProgress(
        theme=theme,
        rules=rules,
        total=len(asked),
        judged=len(judged) - len(stale),
        to_confirm=len(stale),
        supports=supports,
        next=None if is_done else next((each.reference for each in asked if each.id in waiting), None),
        ranked=_in_order(judged) if rules.voting is Voting.RANKING else (),
    )


def _in_order(judged: Sequence[tuple[BoothProposal, OwnBallot]]) -> tuple[Ranked, ...]:
    ranked = [Ranked(int(ballot.opinion), each.reference, each.wording) for each, ballot in judged]
    return tuple(sorted(ranked, key=lambda each: (each.place, each.reference)))
