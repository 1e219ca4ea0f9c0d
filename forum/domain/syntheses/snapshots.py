"""What did the consultation say at that instant? The frozen answer from which every document is made.

The domain fills these dataclasses from the database in one read transaction; nothing after it looks at the
database again, so that the same snapshot gives the same ranking and the same bytes for ever. The canonical
form is JSON with sorted keys, UTF-8 and no float; its SHA-256 is printed on the cover of each document, and it is
served beside them (`frozen_data.py`): whoever has it recomputes every rank and needs nothing else, but for the picks of
a slate. So it holds what may be published and no more: totals, the published cells of groups
(`ranking/published.py`), pairs and picks from twenty voters; the SHA-256 of the sheet of ballots
(`votes/ballot_sheets.py`); and no name of people, who may ask to be forgotten (a contribution is named by its stable
id). A new field raises `FORMAT`. The
queries that fill a snapshot are in `snapshot_queries`, its reading as a document in `outlines`.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from forum.errors import Invalid
from forum.models.answers import Decision, Fate, fate_of
from forum.models.posts import ReceptionOrigin
from forum.models.proposals import IN_FORCE, Origin, ProposalState
from forum.models.themes import Voting
from forum.ranking.published import FEWEST_WITH_ORDERS, Precision
from forum.ranking.tallies import Tally

FORMAT: Final = 8
"""Number of this file layout; raised whenever a field is added, changes its meaning or is removed."""


class SynthesisKind(StrEnum):
    """How final the document made from it may claim to be."""

    FINAL = "final"
    WORKING_DRAFT = "working draft"  # votes are still open: no tally anywhere


@dataclass(frozen=True, slots=True)
class FrozenConsultation:
    """Who asks, and under which terms the answers are published."""

    title: str
    organiser: str
    licence: str
    base_url: str
    """Address of the site, without a final slash; links of the documents begin with it."""
    example: bool = False
    """True when members and ballots are invented; every document then says so."""


@dataclass(frozen=True, slots=True)
class FrozenWindow:
    """Half-open [start, end), both instants as written by `instant`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class FrozenQuestion:
    """A guiding question of a theme, by its position from 1."""

    position: int
    text: str


@dataclass(frozen=True, slots=True)
class FrozenTheme:
    """A numbered chapter of the consultation."""

    number: int
    title: str
    introduction: str = ""
    """Plain text."""
    questions: tuple[FrozenQuestion, ...] = ()
    contributions: FrozenWindow | None = None
    votes: FrozenWindow | None = None
    sealed: bool = True
    quorum: int = 0
    """Fewest voters for a proposal of this theme to be ranked; 0 ranks them all."""
    voting: Voting = Voting.OPINIONS
    mentions: tuple[str, ...] = ()
    """For a judgment: the mentions, from the worst to the best."""
    quota: int = 0
    """Proposals that one person could support or rank; 0: all."""
    groups: tuple["FrozenGroups", ...] = ()
    """What members could declare; only partitions of which some cell is published."""
    picks: tuple[str, ...] = ()
    """The references of its slate, in their order: the one result that only whole ballots give. None under twenty
    voters."""
    compared: tuple[str, ...] = ()
    """For an order of preference: the references whose pairs are in `preferred`; empty when they are too many, or have
    fewer than twenty voters."""
    preferred: tuple[tuple[int, ...], ...] = ()
    """At [x][y], how many voters prefer the reference x of `compared` to the reference y."""
    excluded_voters: int = 0
    """People whose votes count nowhere here, because an administrator found their account to be fraudulent."""
    excluded_ballots: int = 0
    """Their votes, which are in no other figure."""
    ballots: str = ""
    """SHA-256 of the sheet of its ballots (`votes/ballot_sheets.py`); empty without a ballot, or in a working draft."""


@dataclass(frozen=True, slots=True)
class FrozenGroups:
    """The groups of one partition, as the settings list them, then "" for who declared nothing; `by` is the method of
    its consensus (a value of `Lens`)."""

    by: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FrozenCell:
    """What is published of one group on one proposal: `pour` people for it, exactly, at least or at most, of `votants`.

    `group` is None for all the groups that are not shown, together. A consensus counts the cells of named groups.
    """

    by: str
    group: str | None
    pour: int
    votants: int
    precision: Precision


@dataclass(frozen=True, slots=True)
class FrozenThread:
    """A discussion, and the number of the theme it belongs to."""

    id: int
    title: str
    theme: int


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A post whose words are quoted in the document, at the revision that was read."""

    post: int
    """Number in the public address /contributions/<post>, and in the stable id C-<post>@<revision>."""
    revision: int
    number: int
    """Place in its thread, from 1."""
    thread: int
    words: str
    """Plain text, without quotes and without meeting tags, exactly as the author wrote it."""
    written_at: str | None = None
    meetings: tuple[str, ...] = ()
    """Labels of the confirmed meeting tags, such as "GT réunion 1"."""


@dataclass(frozen=True, slots=True)
class Source:
    """The words a proposal was made of: code points [start, end) of a post's plain text at a revision."""

    post: int
    revision: int
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class FrozenProposal:
    """One proposal at the version that the votes judged."""

    reference: str
    """Such as "T3-007"."""
    version: int
    wording: str
    theme: int
    origin: Origin
    body: str = ""
    """Plain text; empty when the wording says it all."""
    source: Source | None = None
    meeting: str | None = None
    """Label of the meeting of origin, such as "GT réunion 1"."""
    questions: tuple[int, ...] = ()
    """Positions of the guiding questions of its theme that it answers."""
    state: ProposalState = ProposalState.OPEN
    decision: Decision | None = None
    """The administration's latest answer; None also in data frozen before they held it."""
    state_reason: str = ""
    """Why it was set aside or withdrawn."""
    other: str | None = None
    """The reference of the proposal that it was merged into, or withdrawn in favour of."""
    tally: Tally | None = None
    """For supports or opinions. None in a working draft, for a proposal that was never put to the vote, and for other
    kinds of voting."""
    said: tuple["Said", ...] = ()
    """For mentions or places: how many ballots say each, in order."""
    cells: tuple[FrozenCell, ...] = ()
    """The published cells of groups, in the order of the theme's `groups`."""
    pending: int = 0
    """Ballots on an older substance that were not confirmed; they are not counted."""
    with_excluded: Tally | None = None
    """The tally with the excluded votes too, where the difference tells nobody's."""

    @property
    def fate(self) -> Fate:
        """What has become of it, in the word that pages say."""
        return fate_of(self.state, self.decision)

    @property
    def votants(self) -> int:
        """Everyone whose ballot counts."""
        return (self.tally.votants if self.tally else 0) + sum(each.ballots for each in self.said)


@dataclass(frozen=True, slots=True)
class Said:
    """How many ballots say the same thing: a mention, from 0 for the worst, or a place, from 1."""

    opinion: int
    ballots: int


@dataclass(frozen=True, slots=True)
class FrozenMeeting:
    """A meeting of a working group, and what came from it in this scope."""

    group: str
    number: int
    date: str | None = None
    """ISO day."""
    place: str | None = None
    tagged_posts: int = 0
    proposals: int = 0


@dataclass(frozen=True, slots=True)
class DayCount:
    """Posts dated of one ISO day (Europe/Paris)."""

    day: str
    posts: int


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """Activity of one theme."""

    theme: int
    posts: int
    proposals: int


@dataclass(frozen=True, slots=True)
class Participation:
    """Who took part, in whole numbers.

    The organiser's instructions are not contributions and are not counted.
    """

    posts: int
    known_authors: int
    """Distinct authors whose name is known."""
    unknown_author_posts: int
    replies: int
    quotes: int
    voters: int | None = None
    """Distinct voters on proposals in force; None in a working draft."""
    ballots: int | None = None
    """Ballots on proposals in force, the sum of their tallies; None in a working draft."""
    per_day: tuple[DayCount, ...] = ()
    """Ascending; posts without a date are not included."""
    per_theme: tuple[ThemeCount, ...] = ()
    posts_treated: int = 0
    """Posts that moderators read and kept extracts of."""
    posts_without_follow_up: tuple["Reason", ...] = ()
    """Posts that moderators read and left without follow-up, by reason, the most frequent first; the others are not
    read yet."""
    received: tuple["OriginCount", ...] = ()
    """Posts that were not written on the site and that moderators entered, by the way they came, the most first; they
    are among the others."""
    posts_used: int = 0
    """Posts from which at least one proposal of this snapshot comes."""


@dataclass(frozen=True, slots=True)
class OriginCount:
    """How many posts came by letter, for instance."""

    origin: ReceptionOrigin
    posts: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some posts were left without follow-up, and how many."""

    words: str
    posts: int


@dataclass(frozen=True, slots=True)
class FrozenMethod:
    """The declared rules of the ranking that apply to all themes; the quorum is each theme's own."""

    abstentions_in_wilson: bool = False
    """Whether abstentions count in the n of the Wilson bound shown beside the net support."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A consultation, or one theme of it, as it stood at `taken_at`.

    Raises ValueError when its parts contradict one another, above all when a working draft carries a tally.
    """

    consultation: FrozenConsultation
    taken_at: str
    """In the form written by `instant`."""
    kind: SynthesisKind
    themes: tuple[FrozenTheme, ...]
    participation: Participation
    engine_version: str
    scope: int | None = None
    """Number of the only theme it covers; None for the whole consultation."""
    version: int = 1
    """Number of the document in its scope, among those of its kind."""
    method: FrozenMethod = FrozenMethod()
    threads: tuple[FrozenThread, ...] = ()
    verbatims: tuple[Verbatim, ...] = ()
    proposals: tuple[FrozenProposal, ...] = ()
    meetings: tuple[FrozenMeeting, ...] = ()
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"snapshot format {self.format} is not {FORMAT}")
        _refuse_tallies_in_a_draft(self)
        _refuse_another_sum(self)
        _refuse_dangling_references(self)


def _refuse_tallies_in_a_draft(snapshot: Snapshot) -> None:
    if snapshot.kind is not SynthesisKind.WORKING_DRAFT:
        return
    figures = (snapshot.participation.voters, snapshot.participation.ballots)
    if any(figure is not None for figure in figures) or any(
        p.tally or p.said or p.cells or p.pending or p.with_excluded for p in snapshot.proposals
    ):
        raise ValueError("a working draft carries no tally and no count of votes")


def _refuse_another_sum(snapshot: Snapshot) -> None:
    if snapshot.kind is not SynthesisKind.FINAL:
        return
    in_force = [proposal for proposal in snapshot.proposals if proposal.state in IN_FORCE]
    if snapshot.participation.ballots != sum(proposal.votants for proposal in in_force):
        raise ValueError("the ballots are not the sum of the tallies of the proposals in force")


def _refuse_dangling_references(snapshot: Snapshot) -> None:
    themes = {theme.number for theme in snapshot.themes}
    threads = {thread.id for thread in snapshot.threads}
    references = [proposal.reference for proposal in snapshot.proposals]
    if len(set(references)) != len(references):
        raise ValueError("two proposals share a reference")
    if not {proposal.theme for proposal in snapshot.proposals} <= themes:
        raise ValueError("a proposal belongs to a theme that is not in the snapshot")
    if not {thread.theme for thread in snapshot.threads} <= themes:
        raise ValueError("a thread belongs to a theme that is not in the snapshot")
    if not {verbatim.thread for verbatim in snapshot.verbatims} <= threads:
        raise ValueError("a verbatim belongs to a thread that is not in the snapshot")
    if snapshot.scope is not None and themes != {snapshot.scope}:
        raise ValueError("the snapshot of one theme holds that theme and no other")


def instant(moment: datetime) -> str:
    """An aware datetime as UTC ISO text to the second, such as "2026-12-12T17:00:00Z".

    ValueError when naive.
    """
    if moment.tzinfo is None:
        raise ValueError("a naive datetime is no instant")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """The aware UTC datetime that `instant` wrote. ValueError on anything else."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def to_json(snapshot: Snapshot) -> bytes:
    """The canonical form: one line of JSON, keys sorted, UTF-8, integers only."""
    facts = dataclasses.asdict(snapshot)
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def sha256(snapshot: Snapshot) -> str:
    """Hexadecimal SHA-256 of the canonical form."""
    return hashlib.sha256(to_json(snapshot)).hexdigest()


_READER: Final = TypeAdapter(Snapshot)


def from_json(canonical: bytes) -> Snapshot:
    """Read back what `to_json` wrote.

    Invalid when it is anything else: an unknown or missing field, a float, contradictory parts, and also a different
    spelling of the facts, since the file would not have the SHA-256 printed on the documents.
    """
    try:
        snapshot = _READER.validate_json(canonical, strict=True)
    except ValidationError as error:
        raise Invalid(
            "Ce fichier n’est pas une photographie lisible de la consultation : {reason}",
            values={"reason": error},
        ) from error
    if to_json(snapshot) != canonical:
        raise Invalid("Ce fichier n’est pas écrit sous la forme canonique : il a été modifié ou complété.")
    return snapshot


_SINCE_4: Final[dict[str, dict[str, Any]]] = {
    "themes": {"voting": "pour-contre", "mentions": [], "quota": 0, "given": [], "compared": [], "preferred": []},
    "proposals": {"state_reason": "", "other": None, "said": [], "pending": 0},
}


def renewed(facts: dict[str, Any]) -> dict[str, Any]:
    """Convert facts of an older format to the present layout; those of the present format are unchanged.

    Until format 3 contributions and proposals had their authors' names, which documents no longer give. Until format 4
    there were opinions only, and only orders computed from their tallies. Until format 5 a proposal had its state, not
    what the administration answered; consensus counted groups that are not shown, and pairs and slates were those of
    however few voters: what is not published now is left out. Until format 6 nothing was received elsewhere. Until
    format 7 no vote was excluded. Until format 8 no ballot was published: a file of that time has none.
    """
    if facts["format"] >= FORMAT:
        return facts
    for one in (*facts["verbatims"], *facts["proposals"]):
        one.pop("author", None)
    facts = _since_4(facts) if facts["format"] < 4 else facts
    facts = _since_5(facts) if facts["format"] < 5 else facts
    none: dict[str, Any] = {"excluded_voters": 0, "excluded_ballots": 0, "ballots": ""}
    return facts | {
        "themes": [none | theme for theme in facts["themes"]],
        "proposals": [{"with_excluded": None} | each for each in facts["proposals"]],
        "participation": {"received": []} | facts["participation"],
        "format": FORMAT,
    }


def _since_5(facts: dict[str, Any]) -> dict[str, Any]:
    return facts | {
        "themes": [_publishable(theme, facts["proposals"]) for theme in facts["themes"]],
        "proposals": [{"cells": [], "decision": None} | each for each in facts["proposals"]],
    }


def _publishable(theme: dict[str, Any], proposals: list[dict[str, Any]]) -> dict[str, Any]:
    """A theme of format 4 with its slate and pairs where at least twenty people voted on one of its proposals."""
    most = max((_votants(each) for each in proposals if each["theme"] == theme["number"]), default=0)
    given = {order["method"]: order for order in theme.pop("given")}
    slate = given.get("propositions-phares", {"references": [], "ranks": []})
    in_order = sorted(zip(slate["ranks"], slate["references"], strict=True))
    kept = theme if most >= FEWEST_WITH_ORDERS else theme | {"compared": [], "preferred": []}
    picks = [reference for _, reference in in_order] if most >= FEWEST_WITH_ORDERS else []
    return kept | {"groups": [], "picks": picks}


def _votants(proposal: dict[str, Any]) -> int:
    opinions = (proposal["tally"] or {}).values()
    return int(sum(opinions) + sum(each["ballots"] for each in proposal["said"]))


def _since_4(facts: dict[str, Any]) -> dict[str, Any]:
    added: dict[str, Any] = {part: [missing | each for each in facts[part]] for part, missing in _SINCE_4.items()}
    read = {"posts_treated": 0, "posts_without_follow_up": []}
    return facts | added | {"participation": read | facts["participation"]}
