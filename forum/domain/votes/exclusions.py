"""Whose votes count nowhere, and since when does that change nothing any more?

An administrator who found an account to be fraudulent leaves out what it votes in a theme, for a reason that its owner
reads. Nobody sees what these ballots say. As long as no total of the theme was ever published, it is done and undone
freely; afterwards neither, since the difference of two totals would tell the ballots of one person. The results say how
many people it is about, and give a total with their ballots only where that difference tells nobody's
(`ranking/published.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from forum.database import known_row, row, rows, transaction
from forum.domain import journal
from forum.domain.references import LARGEST_THEME, storable
from forum.domain.sign_in.credentials import owner_to_tell, tell
from forum.domain.themes.ballots import TALLIED, WELL_FORMED, Count
from forum.domain.themes.themes import (
    THEME_COLUMNS,
    Hold,
    ThemeHead,
    hold_theme,
    theme_from,
)
from forum.domain.votes.releases import releases_of
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.proposals import JUDGED_SQL
from forum.models.themes import Voting
from forum.permissions import Schedule, Viewer, demand, may_exclude_votes, may_keep_own_account
from forum.ranking.published import may_add_back
from forum.ranking.tallies import Opinion, Tally

_PUBLISHED = (
    "Des résultats du thème {number} sont publics, ou l’ont été : changer ce qui compte ferait connaître, par"
    " différence, ce qu’une personne a voté."
)


@dataclass(frozen=True, slots=True)
class ExclusionTotals:
    """What the results of a theme say of excluded votes: of how many people, how many, and the totals with them, by the
    id of the proposals where these may be published."""

    voters: int = 0
    ballots: int = 0
    added_back: Mapping[int, Tally] = field(default_factory=dict)


NOBODY = ExclusionTotals()


@dataclass(frozen=True, slots=True)
class ThemeToExclude:
    """A theme, and since when and why the votes of a person are excluded from it. `is_open`: that may still change."""

    theme: ThemeHead
    is_open: bool
    since: datetime | None = None
    reason: str = ""


async def was_never_published(theme: ThemeHead, now: datetime) -> bool:
    """Whether no total of a theme is public, or was once."""
    return _is_secret(theme.schedule, now) and not await releases_of(theme)


def _is_secret(schedule: Schedule, now: datetime) -> bool:
    return not schedule.votes_are_closed(now) and (schedule.sealed or schedule.votes_open_at is None)


async def themes_of_voter(viewer: Viewer | None, member: int, now: datetime) -> tuple[ThemeToExclude, ...]:
    """Every theme, with what was decided about the votes of this person; whether they voted there is not told.

    Raises:
        SignInRequired, NotAllowed, NotFound: as usual.
    """
    demand(may_exclude_votes, viewer, member, now)
    await _known(member)
    return await _themes(member, now)


async def own_exclusions(viewer: Viewer | None, now: datetime) -> tuple[ThemeToExclude, ...]:
    """The themes where the reader's own votes are excluded. Raises SignInRequired."""
    viewer = demand(may_keep_own_account, viewer)
    if not await row("SELECT id FROM excluded_vote WHERE member_id = $1 LIMIT 1", viewer.id):
        return ()
    return tuple(each for each in await _themes(viewer.id, now) if each.since is not None)


async def _themes(member: int, now: datetime) -> tuple[ThemeToExclude, ...]:
    found = await rows(
        f"""SELECT {THEME_COLUMNS}, x.excluded_at, x.reason,
                   EXISTS (SELECT 1 FROM published_release r WHERE r.theme_id = t.id)::bool AS was_released
              FROM theme t LEFT JOIN excluded_vote x ON x.theme_id = t.id AND x.member_id = $1 ORDER BY t.number""",
        storable(member),
    )
    return tuple(
        ThemeToExclude(
            theme := theme_from(each),
            _is_secret(theme.schedule, now) and not each["was_released"],
            each["excluded_at"],
            each["reason"] or "",
        )
        for each in found
    )


async def _known(member: int) -> None:
    found = await row("SELECT id, erased_at FROM member WHERE id = $1", storable(member))
    if found is None or found["erased_at"] is not None:
        raise NotFound


async def exclude_votes(viewer: Viewer | None, member: int, number: int | None, reason: str, now: datetime) -> None:
    """Leave what a person votes in a theme out of every count, those ballots that come later too.

    Raises:
        SignInRequired, NotAllowed, NotFound: as usual.
        InvalidForm: there is no such theme, a total of it was published, or there is no reason.
        Conflict: it is so already.
    """
    demand(may_exclude_votes, viewer, member, now)
    await _known(member)
    owner = await owner_to_tell(member)
    async with transaction() as tx:
        checks = Checks()
        with checks.field("theme"):
            theme = await _theme_of(number, now)
        with checks.field("motif"):
            reason = journal.reason_of(reason, required="Dites pourquoi : la personne le lira.")
        checks.done()
        viewer = demand(may_exclude_votes, viewer, member, now)
        written = await rows(
            """INSERT INTO excluded_vote (theme_id, member_id, reason, excluded_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (theme_id, member_id) DO NOTHING RETURNING id""",
            *(theme.id, member, reason, now),
        )
        if not written:
            raise Conflict("Les votes de cette personne sur ce thème sont déjà écartés.")
        await _record(viewer, "exclude_votes", theme, member, reason, now)
        await tell(tx, owner, "votes_excluded", now=now, theme=str(theme.number), title=theme.title, reason=reason)


async def count_votes_again(viewer: Viewer | None, member: int, number: int, reason: str, now: datetime) -> None:
    """Count again what a person votes in a theme, as long as no total of it was published.

    Raises:
        SignInRequired, NotAllowed, NotFound: as usual.
        InvalidForm: a total of the theme was published, or there is no reason.
        Conflict: they count already.
    """
    demand(may_exclude_votes, viewer, member, now)
    owner = await owner_to_tell(member)
    async with transaction() as tx:
        checks = Checks()
        with checks.field(""):
            theme = await _theme_of(number, now)
        with checks.field("motif"):
            reason = journal.reason_of(reason, required="Dites pourquoi : la personne le lira.")
        checks.done()
        viewer = demand(may_exclude_votes, viewer, member, now)
        gone = "DELETE FROM excluded_vote WHERE theme_id = $1 AND member_id = $2 RETURNING id"
        if not await rows(gone, theme.id, storable(member)):
            raise Conflict("Les votes de cette personne sur ce thème comptent déjà.")
        await _record(viewer, "count_votes_again", theme, member, reason, now)
        await tell(tx, owner, "votes_counted", now=now, theme=str(theme.number), title=theme.title, reason=reason)


async def _theme_of(number: int | None, now: datetime) -> ThemeHead:
    """The theme of that number, held alone. Raises Invalid: there is none, or a total of it was published."""
    if number is None or not 0 < number <= LARGEST_THEME:
        raise Invalid("Choisissez un thème dans la liste.")
    try:
        theme = await hold_theme(number, Hold.ALONE, now)
    except NotFound:
        raise Invalid("Choisissez un thème dans la liste.") from None
    if not await was_never_published(theme, now):
        raise Invalid(_PUBLISHED, values={"number": theme.number})
    return theme


async def _record(viewer: Viewer, act: str, theme: ThemeHead, member: int, reason: str, now: datetime) -> None:
    await journal.record(
        viewer, act, "member", member, group=None, after=json.dumps({"theme": theme.number}), reason=reason, now=now
    )


_EXCLUDED = f"""
      FROM excluded_vote xv JOIN theme t ON t.id = xv.theme_id
      JOIN proposal p ON p.theme_id = t.id AND {JUDGED_SQL}
      JOIN ballot b ON b.proposal_id = p.id AND b.voter_id = xv.member_id AND b.proposal_version >= p.substance
     WHERE xv.theme_id = $1 AND {WELL_FORMED}"""


async def excluded_voters(theme: ThemeHead) -> int:
    """How many people's votes the results of a theme leave out. The caller has checked that these are public."""
    return int((await known_row(f"SELECT COUNT(DISTINCT b.voter_id) AS n {_EXCLUDED}", theme.id))["n"])


async def exclusion_totals(theme: ThemeHead, counts: Mapping[int, Count]) -> ExclusionTotals:
    """What the results say of the votes that they leave out; `counts` are those without them, by proposal. The caller
    has checked that the votes are over."""
    counted = await row(f"SELECT COUNT(DISTINCT b.voter_id) AS voters, COUNT(*) AS ballots {_EXCLUDED}", theme.id)
    if counted is None or not counted["ballots"]:
        return NOBODY
    said: dict[int, dict[str, int]] = {}
    found = f"SELECT b.proposal_id, b.opinion, COUNT(*) AS ballots {_EXCLUDED} GROUP BY b.proposal_id, b.opinion"
    for each in await rows(found, theme.id):
        said.setdefault(each["proposal_id"], {})[each["opinion"]] = each["ballots"]
    added = {}
    if theme.voting in TALLIED:
        for proposal, count in counts.items():
            left_out = said.get(proposal, {})
            if may_add_back(_answers(theme.voting, left_out, counted["voters"])):
                added[proposal] = _sum(count.ballots, left_out)
    return ExclusionTotals(counted["voters"], counted["ballots"], added)


def _answers(voting: Voting, said: Mapping[str, int], voters: int) -> list[int]:
    """How many excluded people answered what about a proposal: in a vote of supports, not supporting is an answer."""
    if voting is Voting.APPROVAL:
        supports = said.get(Opinion.FOR, 0)
        return [supports, voters - supports]
    return list(said.values())


def _sum(counted: Mapping[str, int], left_out: Mapping[str, int]) -> Tally:
    return Count({opinion: counted.get(opinion, 0) + left_out.get(opinion, 0) for opinion in Opinion}).tally
