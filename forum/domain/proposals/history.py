"""What happened to a proposal, which versions did it have, and what changed from one to the next?

It is public. Moderators and agents act for their group or their administration: a turn names only the person whose
proposal it is (the journal, which is not public, says who acted).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from anyio.to_thread import run_sync

from forum.database import row, rows
from forum.domain.proposals.answers import decision_column, fate_from
from forum.domain.references import parse_reference, reference
from forum.domain.themes.themes import THEME_COLUMNS, ThemeHead, theme_from
from forum.errors import NotFound
from forum.models.answers import Fate
from forum.models.proposals import ProposalState, Turn
from forum.permissions import Verdict, Viewer, may_certify
from forum.text.differences import Difference, differences
from forum.text.reading import read

# Turns that a person takes in their own name; others are taken for the group or for the administration.
_IN_OWN_NAME = frozenset({Turn.PROPOSED, Turn.AMENDED, Turn.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class OtherProposal:
    """Another proposal of the same theme, for a link in a sentence."""

    reference: str
    wording: str


@dataclass(frozen=True, slots=True)
class ToldTurn:
    """One turn as the page shows it: what, when, by whom if that is public, with which proposal, why."""

    turn: Turn
    at: datetime
    by: str | None
    other: OtherProposal | None
    version: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version and what it changed in the one before; the first is compared with nothing.

    `is_correction` since `certified_at`: a moderator certified it, and ballots on the version before count.
    `is_judged`: the tally, which is public, counts ballots on it. `may_certify`: whether the viewer may certify it as a
    correction, or undo that.
    """

    number: int
    created_at: datetime
    editor: str | None
    reason: str
    wording: tuple[Difference, ...]
    body: tuple[Difference, ...]
    is_correction: bool
    certified_at: datetime | None
    is_judged: bool
    may_certify: Verdict


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version of a proposal, the newest first."""

    theme: ThemeHead
    reference: str
    wording: str
    versions: tuple[Version, ...]

    def find(self, number: int) -> Version:
        """A version by its number. Raises NotFound: there is none, or it is the first, which corrects nothing."""
        found = next((each for each in self.versions if each.number == number > 1), None)
        if found is None:
            raise NotFound
        return found


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One version as it was proposed, for ever; `newest` is the number of the present one, `fate` what has become of
    the proposal."""

    theme: ThemeHead
    reference: str
    number: int
    newest: int
    wording: str
    body_html: str
    created_at: datetime
    editor: str | None
    fate: Fate


async def turns_of(proposal: int, theme: ThemeHead) -> tuple[ToldTurn, ...]:
    """The turns of a proposal, the newest last."""
    found = await rows(
        """
        SELECT u.turn, u.at, u.version, u.reason, CASE WHEN p.state <> 'hidden' THEN m.name END AS name,
               o.number, o.wording
          FROM proposal_turn u JOIN proposal p ON p.id = u.proposal_id
          LEFT JOIN member m ON m.id = u.member_id
          LEFT JOIN proposal o ON o.id = u.other_id
         WHERE u.proposal_id = $1
         ORDER BY u.at, u.id""",
        proposal,
    )
    return tuple(
        ToldTurn(
            turn=Turn(each["turn"]),
            at=each["at"],
            by=each["name"] if Turn(each["turn"]) in _IN_OWN_NAME else None,
            other=OtherProposal(reference(theme.number, each["number"]), each["wording"]) if each["number"] else None,
            version=each["version"],
            reason=each["reason"],
        )
        for each in found
    )


@dataclass(frozen=True, slots=True)
class _Words:
    number: int
    wording: str
    body: str


async def read_versions(viewer: Viewer | None, ref: str, now: datetime) -> Versions:
    """Every version, with what each changed.

    Raises:
        NotFound: there is no such proposal.
    """
    head = await row(
        f"""
        SELECT p.id, p.wording, p.substance, p.version, p.state, {THEME_COLUMNS}
          FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE t.number = $1 AND p.number = $2""",
        *parse_reference(ref),
    )
    if head is None:
        raise NotFound
    theme = theme_from(head)
    found = await rows(
        """
        SELECT v.number, v.wording, v.body, v.reason, v.substantive, v.certified_at, v.created_at, v.editor_id,
               CASE WHEN p.state <> 'hidden' THEN m.name END AS name
          FROM proposal_version v JOIN proposal p ON p.id = v.proposal_id LEFT JOIN member m ON m.id = v.editor_id
         WHERE v.proposal_id = $1 ORDER BY v.number""",
        head["id"],
    )
    words = [_Words(each["number"], each["wording"], each["body"]) for each in found]
    changes = await run_sync(_compare, words)
    judged = theme.schedule.tallies_are_public(now)
    is_open = head["state"] == ProposalState.OPEN
    versions = [
        Version(
            number=each["number"],
            created_at=each["created_at"],
            editor=each["name"],
            reason=each["reason"],
            wording=wording,
            body=body,
            is_correction=not each["substantive"],
            certified_at=each["certified_at"],
            is_judged=judged and each["number"] >= head["substance"],
            may_certify=may_certify(viewer, theme.group, each["editor_id"], theme.schedule, now, is_open=is_open),
        )
        for each, (wording, body) in zip(found, changes, strict=True)
    ]
    return Versions(theme, ref, head["wording"], tuple(reversed(versions)))


async def read_version(ref: str, number: int) -> VersionPage:
    """One version of a proposal, which documents and pages cite.

    Raises:
        NotFound: there is no such proposal, or it never had that version.
    """
    found = await row(
        f"""
        SELECT v.wording, v.body, v.created_at, CASE WHEN p.state <> 'hidden' THEN m.name END AS name,
               p.version AS newest, p.state,
               {decision_column("p")} AS decision, {THEME_COLUMNS}
          FROM proposal_version v
          JOIN proposal p ON p.id = v.proposal_id
          JOIN theme t ON t.id = p.theme_id
          LEFT JOIN member m ON m.id = v.editor_id
         WHERE t.number = $1 AND p.number = $2 AND v.number = $3""",
        *parse_reference(ref),
        number,
    )
    if found is None:
        raise NotFound
    return VersionPage(
        theme=theme_from(found),
        reference=ref,
        number=number,
        newest=found["newest"],
        wording=found["wording"],
        body_html=(await run_sync(read, found["body"])).html,
        created_at=found["created_at"],
        editor=found["name"],
        fate=fate_from(found["state"], found["decision"]),
    )


def _compare(versions: Sequence[_Words]) -> list[tuple[tuple[Difference, ...], tuple[Difference, ...]]]:
    """What each version changed in the wording and in the body; the first one is shown as it is."""
    if not versions:
        return []
    first = versions[0]
    compared = [(differences(first.wording, first.wording), differences(first.body, first.body))]
    for before, after in pairwise(versions):
        compared.append((differences(before.wording, after.wording), differences(before.body, after.body)))
    return compared
