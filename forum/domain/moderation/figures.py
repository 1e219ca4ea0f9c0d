"""What has been notified and decided, month by month? Acts, never people: everybody may read it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from forum.database import rows
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Ground, Moderated
from forum.text import sheets
from forum.text.typography import PARIS


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """The figures of one month: notices by what they say, what was decided, hidden or refused by which rule, what was
    hidden or lost a passage, complaints."""

    month: date
    notices: Mapping[Ground, int] = field(default_factory=Counter)
    acts: Mapping[DecisionAct, int] = field(default_factory=Counter)
    hidden: Mapping[Ground, int] = field(default_factory=Counter)
    things: Mapping[Moderated, int] = field(default_factory=Counter)
    refused: Mapping[Ground, int] = field(default_factory=Counter)
    complaints: int = 0
    outcomes: Mapping[ComplaintOutcome, int] = field(default_factory=Counter)

    @property
    def notified(self) -> int:
        return sum(self.notices.values())


THINGS: Final = tuple(thing for thing in Moderated if thing is not Moderated.PENDING)
"""What is hidden."""
_EVENTS: Final = """
    SELECT confirmed_at AS at, 'notice' AS kind, ground AS said, NULL AS more FROM moderation_notice
     WHERE confirmed_at IS NOT NULL
    UNION ALL SELECT decided_at, 'decision', act, ground FROM moderation_decision
    UNION ALL SELECT d.decided_at, 'thing', c.thing, d.act FROM moderation_decision d
      JOIN moderation_case c ON c.id = d.case_id WHERE d.act = 'hide'
    UNION ALL SELECT created_at, 'complaint', NULL, NULL FROM moderation_complaint
    UNION ALL SELECT answered_at, 'outcome', outcome, NULL FROM moderation_complaint WHERE answered_at IS NOT NULL
    UNION ALL SELECT complained_at, 'complaint', NULL, NULL FROM moderation_notice WHERE complained_at IS NOT NULL
    UNION ALL SELECT answered_at, 'outcome', outcome, NULL FROM moderation_notice WHERE answered_at IS NOT NULL"""


async def read_figures() -> tuple[MonthFigures, ...]:
    """The months in which something happened, the newest first."""
    found: dict[date, Counter[tuple[str, str, str]]] = {}
    for each in await rows(f"SELECT at::timestamptz AS at, kind, said, more FROM ({_EVENTS}) happened"):
        events = found.setdefault(_month(each["at"]), Counter())
        events[each["kind"], each["said"] or "", each["more"] or ""] += 1
    return tuple(_figures(month, found[month]) for month in sorted(found, reverse=True))


def _month(at: datetime) -> date:
    return at.astimezone(PARIS).date().replace(day=1)


def _figures(month: date, events: Counter[tuple[str, str, str]]) -> MonthFigures:
    def counted(kind: str, said: str = "", more: str = "") -> int:
        return sum(
            count
            for (is_kind, is_said, is_more), count in events.items()
            if is_kind == kind and said in ("", is_said) and more in ("", is_more)
        )

    return MonthFigures(
        month=month,
        notices={ground: counted("notice", ground) for ground in Ground},
        acts={act: counted("decision", act) for act in DecisionAct},
        hidden={ground: counted("decision", DecisionAct.HIDE, ground) for ground in Ground},
        things={thing: counted("thing", thing) for thing in THINGS},
        refused={ground: counted("decision", DecisionAct.REFUSE, ground) for ground in Ground},
        complaints=counted("complaint"),
        outcomes={outcome: counted("outcome", outcome) for outcome in ComplaintOutcome},
    )


def as_sheet(months: tuple[MonthFigures, ...]) -> bytes:
    """These figures as a CSV, a month in a row."""
    columns = [
        "mois",
        "signalements",
        *(f"signalements : {ground.label}" for ground in Ground),
        *(f"décisions : {act.label}" for act in DecisionAct),
        *(f"masquages : {ground.label}" for ground in Ground),
        *(f"masquages : {thing.label}" for thing in THINGS),
        *(f"refus : {ground.label}" for ground in Ground),
        "réclamations",
        *(f"réclamations : {outcome.label}" for outcome in ComplaintOutcome),
    ]
    return sheets.sheet(
        columns,
        (
            (
                f"{each.month:%Y-%m}",
                each.notified,
                *(each.notices[ground] for ground in Ground),
                *(each.acts[act] for act in DecisionAct),
                *(each.hidden[ground] for ground in Ground),
                *(each.things[thing] for thing in THINGS),
                *(each.refused[ground] for ground in Ground),
                each.complaints,
                *(each.outcomes[outcome] for outcome in ComplaintOutcome),
            )
            for each in months
        ),
    )
