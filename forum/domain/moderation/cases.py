"""What waits for the moderators of a group, and who takes charge of it? One open case per thing, the oldest first.

A case opens with the first notice, or when a moderator opens one without any; other notices join it. Somebody takes
charge of it (the second who tries is told who did), gives it back, or decides (`decisions.py`), which closes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from forum.database import Row, is_sqlite, known_row, places, row, rows, transaction
from forum.domain.moderation.things import ModeratedThing, thing_of, things_of
from forum.domain.pages import FIRST, Page, PageTurn, SortOrder, read_page
from forum.domain.references import storable
from forum.errors import Conflict, NotFound
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Ground, Moderated
from forum.permissions import Viewer, demand, may_hide, may_open_notices, may_read_notices
from forum.text.labels import Labelled

SHOWN: Final = 50
LATE_AFTER: Final = timedelta(hours=48)
"""What waits longer is called to mind (`reminders.py`)."""
CHARGE_LASTS: Final = timedelta(hours=24)
"""After a day without a decision, somebody else may take charge of a case."""


class CaseState(Labelled):
    """Which open cases a list shows."""

    FREE = "sans-personne", "dont personne ne se charge"
    MINE = "a-moi", "dont vous vous chargez"
    TAKEN = "a-une-autre", "dont une autre personne se charge"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """The filters of the list; None does not filter."""

    ground: Ground | None = None
    state: CaseState | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Who takes charge of a case, and since when."""

    member: int
    name: str
    since: datetime

    def holds(self, now: datetime) -> bool:
        return now - self.since < CHARGE_LASTS


@dataclass(frozen=True, slots=True)
class CaseLine:
    """An open case in the list: `grounds` count its notices, none where a moderator opened it alone."""

    id: int
    thing: ModeratedThing
    opened_at: datetime
    grounds: Mapping[Ground, int]
    charge: Charge | None
    is_late: bool


UNANSWERED: Final = """(
    SELECT 'complaint:' || x.id AS key, x.decision_id, x.member_id, x.created_at FROM moderation_complaint x
     WHERE x.answered_at IS NULL
     UNION ALL
    SELECT 'notice:' || n.id, n.complained_of_id, n.member_id, n.complained_at FROM moderation_notice n
     WHERE n.complained_at IS NOT NULL AND n.answered_at IS NULL)"""
"""SQL for the complaints that wait for an answer, of authors and of those who notified; `member_id` contests, None: a
visitor."""


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """A complaint that waits for an answer; `may_answer` is false for who decided, who contests, and whose words it is
    about."""

    decision: int
    thing: ModeratedThing
    created_at: datetime
    may_answer: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class CaseList:
    """A page of the open cases of one's groups, the oldest first, and the complaints that wait."""

    wanted: CaseFilter
    cases: Page[CaseLine]
    total: int
    late: int
    complaints: tuple[ComplaintLine, ...]
    groups: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class GivenNotice:
    """A notice as moderators read it: `member` is the name of who made it, None for a visitor, and for whoever reads
    what was notified of their own words."""

    ground: Ground
    words: str
    member: str | None
    created_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class PastDecision:
    """An earlier decision about the same thing."""

    id: int
    act: DecisionAct
    decided_at: datetime
    complaint: ComplaintOutcome | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One case with all that a decision needs; `is_hidden` says that its words are hidden at present."""

    id: int
    thing: ModeratedThing
    opened_at: datetime
    closed_at: datetime | None
    charge: Charge | None
    notices: tuple[GivenNotice, ...]
    decisions: tuple[PastDecision, ...]
    since: datetime
    """When it opened, or the first of its notices was made."""
    viewer: Viewer = field(repr=False)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def held_by_other(self, now: datetime) -> Charge | None:
        """Who else takes charge of it at present."""
        charge = self.charge
        return charge if charge and charge.member != self.viewer.id and charge.holds(now) else None

    @property
    def is_readable(self) -> bool:
        """Whether the words were not withdrawn before."""
        return self.thing.was_open_to(self.since)

    @property
    def is_own(self) -> bool:
        """Whether it is about the reader's own words: they are not told who notified them."""
        return self.thing.author_id == self.viewer.id

    @property
    def is_mine(self) -> bool:
        return self.charge is not None and self.charge.member == self.viewer.id


SINCE: Final = """c.opened_at,
    (SELECT MIN(s.created_at) FROM moderation_notice s WHERE s.case_id = c.id)::timestamptz AS notified_at"""
"""Columns for `since_of`, of a case under the alias c."""


def since_of(found: Row) -> datetime:
    """Since when a case is about its thing: it opened, or the first of its notices was made."""
    opened: datetime = found["opened_at"]
    return min(opened, found["notified_at"] or opened)


# Opening


async def join_case(thing: ModeratedThing, now: datetime) -> int:
    """The open case of a thing, opened if there is none, held until the end of the caller's transaction."""
    opened = await known_row(
        """INSERT INTO moderation_case (thing, thing_id, open_key, working_group_id, opened_at)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (open_key) DO UPDATE SET open_key = excluded.open_key
           RETURNING id""",
        thing.kind.value,
        thing.id,
        thing.open_key,
        thing.group,
        now,
    )
    return int(opened["id"])


async def open_case(viewer: Viewer | None, thing: ModeratedThing, now: datetime) -> int:
    """Open the case of a thing that a moderator saw, or find its open one, and take charge of it.

    Raises:
        SignInRequired, NotAllowed: not a moderator of the group, or one's own words.
        Conflict: somebody else takes charge of it, or its words are withdrawn.
    """
    viewer = demand(may_hide, viewer, thing.group, thing.author_id, now)
    async with transaction():
        if thing.withdrawn_at and not await row("SELECT id FROM moderation_case WHERE open_key = $1", thing.open_key):
            raise Conflict("Son auteur l’a retirée : personne d’autre ne la lit, il n’y a rien à décider.")
        case = await join_case(thing, now)
        await _take_charge(viewer, await hold_case(case), now)
    return case


# Taking charge


async def claim(viewer: Viewer | None, case: int, now: datetime) -> None:
    """Take charge of an open case.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: it is decided, or somebody else was quicker: the sentence says who.
    """
    async with transaction():
        held = await hold_case(case)
        viewer = demand(may_read_notices, viewer, held["working_group_id"], now)
        if held["closed_at"] is not None:
            raise Conflict("Ce dossier est clos : il n’y a plus rien à décider.")
        await _take_charge(viewer, held, now)


async def _take_charge(viewer: Viewer, held: Row, now: datetime) -> None:
    refuse_taken(viewer, held, now)
    if held["claimed_by_id"] != viewer.id:
        await rows(
            "UPDATE moderation_case SET claimed_by_id = $2, claimed_at = $3 WHERE id = $1", held["id"], viewer.id, now
        )


def refuse_taken(viewer: Viewer, held: Row, now: datetime) -> None:
    """Raises:
    Conflict: somebody else takes charge of the case.
    """
    charge = _charge(held)
    if charge is not None and charge.member != viewer.id and charge.holds(now):
        raise Conflict(
            "{name} se charge de ce dossier depuis le {since}.", values={"name": charge.name, "since": charge.since}
        )


async def give_back(viewer: Viewer | None, case: int, now: datetime) -> None:
    """Give up the charge of a case that one has. Idempotent.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
    """
    async with transaction():
        held = await hold_case(case)
        viewer = demand(may_read_notices, viewer, held["working_group_id"], now)
        await rows(
            "UPDATE moderation_case SET claimed_by_id = NULL, claimed_at = NULL WHERE id = $1 AND claimed_by_id = $2",
            case,
            viewer.id,
        )


async def hold_case(case: int) -> Row:
    """A case, held until the end of the caller's transaction. Raises NotFound."""
    found = await row(
        f"""SELECT c.id, c.thing, c.thing_id, c.working_group_id, c.closed_at, c.claimed_by_id, c.claimed_at,
                   m.name AS claimed_by, {SINCE}
              FROM moderation_case c LEFT JOIN member m ON m.id = c.claimed_by_id WHERE c.id = $1
              {"" if is_sqlite() else "FOR UPDATE OF c"}""",
        storable(case),
    )
    if found is None:
        raise NotFound
    return found


def _charge(found: Row) -> Charge | None:
    if found["claimed_by_id"] is None:
        return None
    return Charge(found["claimed_by_id"], found["claimed_by"], found["claimed_at"])


# Reading


_OLDEST_FIRST: Final = SortOrder({"c.id": int})
_NOTIFIED: Final = "SELECT 1 FROM moderation_notice n WHERE n.case_id = c.id AND n.ground = {}"


async def read_cases(viewer: Viewer | None, wanted: CaseFilter, now: datetime, turn: PageTurn = FIRST) -> CaseList:
    """The open cases and complaints of the groups that somebody moderates; for an administrator, of all.

    Raises:
        SignInRequired, NotAllowed: they moderate no group.
    """
    viewer = demand(may_open_notices, viewer, now)
    known = await rows("SELECT id, name FROM working_group ORDER BY name")
    groups = {each["id"]: each["name"] for each in known if may_read_notices(viewer, each["id"], now)}
    mine = [each for each in groups if wanted.group not in groups or each == wanted.group]
    scope = f"c.working_group_id IN ({places(len(mine)) or 'NULL'})"
    asked, values = _filter(wanted, viewer, mine, now)
    found = await read_page(
        f"""SELECT c.id, c.thing, c.thing_id, c.opened_at, c.claimed_by_id, c.claimed_at, m.name AS claimed_by
              FROM moderation_case c LEFT JOIN member m ON m.id = c.claimed_by_id
             WHERE c.closed_at IS NULL AND {scope}{asked}""",
        values,
        _OLDEST_FIRST,
        turn,
        SHOWN,
    )
    counted = await known_row(
        f"""SELECT COUNT(*) AS n, COUNT(CASE WHEN c.opened_at <= ${len(values) + 1} THEN 1 END) AS late
              FROM moderation_case c WHERE c.closed_at IS NULL AND {scope}{asked}""",
        *values,
        now - LATE_AFTER,
    )
    return CaseList(
        wanted=wanted,
        cases=found.of(await _lines(found.shown, now)),
        total=counted["n"],
        late=counted["late"],
        complaints=await _complaints(viewer, mine, scope, now),
        groups=groups,
    )


def _filter(wanted: CaseFilter, viewer: Viewer, before: Sequence[int], now: datetime) -> tuple[str, list[object]]:
    """The conditions of the filters, with all values so far."""
    values: list[object] = list(before)
    asked = ""

    def value(one: object) -> str:
        values.append(one)
        return f"${len(values)}"

    if wanted.ground is not None:
        asked += f" AND EXISTS ({_NOTIFIED.format(value(wanted.ground.value))})"
    if wanted.state is CaseState.MINE:
        asked += f" AND c.claimed_by_id = {value(viewer.id)}"
    elif wanted.state is CaseState.FREE:
        asked += f" AND (c.claimed_by_id IS NULL OR c.claimed_at <= {value(now - CHARGE_LASTS)})"
    elif wanted.state is CaseState.TAKEN:
        asked += f" AND c.claimed_by_id <> {value(viewer.id)} AND c.claimed_at > {value(now - CHARGE_LASTS)}"
    return asked, values


async def _lines(found: Sequence[Row], now: datetime) -> list[CaseLine]:
    things = await things_of([(Moderated(each["thing"]), each["thing_id"]) for each in found])
    grounds = await _grounds([each["id"] for each in found])
    return [
        CaseLine(
            id=each["id"],
            thing=things[Moderated(each["thing"]), each["thing_id"]],
            opened_at=each["opened_at"],
            grounds=grounds.get(each["id"], {}),
            charge=_charge(each),
            is_late=now - each["opened_at"] >= LATE_AFTER,
        )
        for each in found
    ]


async def _grounds(cases: Sequence[int]) -> dict[int, dict[Ground, int]]:
    """How many notices each case has, by ground."""
    found: dict[int, dict[Ground, int]] = {}
    if cases:
        counted = await rows(
            f"""SELECT case_id, ground, COUNT(*) AS n FROM moderation_notice WHERE case_id IN ({places(len(cases))})
                 GROUP BY case_id, ground ORDER BY 3 DESC, ground""",
            *cases,
        )
        for each in counted:
            found.setdefault(each["case_id"], {})[Ground(each["ground"])] = each["n"]
    return found


async def _complaints(viewer: Viewer, mine: Sequence[int], scope: str, now: datetime) -> tuple[ComplaintLine, ...]:
    found = await rows(
        f"""SELECT d.id, d.decided_by_id, x.member_id, x.created_at::timestamptz AS created_at, c.thing, c.thing_id
              FROM {UNANSWERED} x JOIN moderation_decision d ON d.id = x.decision_id
              JOIN moderation_case c ON c.id = d.case_id
             WHERE {scope} ORDER BY 4, x.key LIMIT {SHOWN}""",
        *mine,
    )
    things = await things_of([(Moderated(each["thing"]), each["thing_id"]) for each in found])
    return tuple(
        ComplaintLine(
            decision=each["id"],
            thing=thing,
            created_at=each["created_at"],
            may_answer=viewer.id not in (each["decided_by_id"], each["member_id"], thing.author_id),
            is_late=now - each["created_at"] >= LATE_AFTER,
        )
        for each in found
        for thing in (things[Moderated(each["thing"]), each["thing_id"]],)
    )


async def read_case(viewer: Viewer | None, case: int, now: datetime) -> CasePage:
    """One case, open or decided.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
    """
    found = await row(
        f"""SELECT c.id, c.thing, c.thing_id, c.working_group_id, c.closed_at, c.claimed_by_id,
                  c.claimed_at, m.name AS claimed_by, {SINCE}
             FROM moderation_case c LEFT JOIN member m ON m.id = c.claimed_by_id WHERE c.id = $1""",
        storable(case),
    )
    if found is None:
        raise NotFound
    viewer = demand(may_read_notices, viewer, found["working_group_id"], now)
    thing = await thing_of(Moderated(found["thing"]), found["thing_id"])
    return CasePage(
        id=case,
        thing=thing,
        opened_at=found["opened_at"],
        closed_at=found["closed_at"],
        charge=_charge(found),
        notices=await _notices(case, named=thing.author_id != viewer.id),
        decisions=await _decisions(thing),
        since=since_of(found),
        viewer=viewer,
    )


async def _notices(case: int, *, named: bool) -> tuple[GivenNotice, ...]:
    found = await rows(
        """SELECT n.ground, n.words, n.created_at, n.revision, m.name FROM moderation_notice n
             LEFT JOIN member m ON m.id = n.member_id WHERE n.case_id = $1 ORDER BY n.id""",
        case,
    )
    return tuple(
        GivenNotice(
            Ground(each["ground"]), each["words"], each["name"] if named else None, each["created_at"], each["revision"]
        )
        for each in found
    )


async def _decisions(thing: ModeratedThing) -> tuple[PastDecision, ...]:
    found = await rows(
        """SELECT d.id, d.act, d.decided_at, x.outcome FROM moderation_decision d
             JOIN moderation_case c ON c.id = d.case_id LEFT JOIN moderation_complaint x ON x.decision_id = d.id
            WHERE c.thing = $1 AND c.thing_id = $2 ORDER BY d.id""",
        thing.kind.value,
        thing.id,
    )
    return tuple(
        PastDecision(
            each["id"],
            DecisionAct(each["act"]),
            each["decided_at"],
            ComplaintOutcome(each["outcome"]) if each["outcome"] else None,
        )
        for each in found
    )
