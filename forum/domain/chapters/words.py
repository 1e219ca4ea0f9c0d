"""How are the sentences of a document written? French typography, and the few forms that all chapters share.

`fr` is applied to our own templates only; what members wrote goes in as a value and comes out untouched. What the
organiser asks gets the no-break spaces of French, as on the pages (`asked`). Numbers and dates are set by
`forum/text/typography.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from forum.documents.outline import Run
from forum.domain.syntheses.snapshots import FrozenProposal, FrozenTheme, Snapshot, Source, Verbatim, moment_of
from forum.text.typography import PARIS, french
from forum.text.typography import day as set_day
from forum.text.typography import moment as set_moment
from forum.text.typography import number as set_number

LOCALE: Final = "fr"


def fr(template: str, **values: object) -> str:
    """A template of ours with no-break spaces where French wants them, then its values, untouched."""
    return french(template).format(**values)


def text(words: str) -> tuple[Run, ...]:
    """A line of our own words."""
    return (Run(words),)


def authored(words: str) -> tuple[Run, ...]:
    """A line of somebody's words."""
    return (Run(words, authored=True),)


def asked(words: str) -> tuple[Run, ...]:
    """A line of the organiser's words."""
    return authored(french(words))


def shown(value: int) -> str:
    """An integer as printed."""
    return set_number(value, LOCALE)


def signed(value: int) -> str:
    """An integer as printed, with its sign unless it is zero."""
    return f"+{shown(value)}" if value > 0 else shown(value)


def counted(value: int, singular: str, plural: str) -> str:
    """Such as "1 votant", "12 votants". In French zero is singular."""
    return f"{shown(value)} {plural if value > 1 else singular}"


def enumerated(values: Sequence[object]) -> str:
    """Such as "1", "1 et 3", "1, 3 et 4"."""
    *others, last = map(str, values)
    return f"{', '.join(others)} et {last}" if others else last


def themes_named(themes: Sequence[FrozenTheme]) -> str:
    """Such as "thème 3" or "thèmes 1, 3 et 4"."""
    return f"{'thèmes' if len(themes) > 1 else 'thème'}\u00a0{enumerated([theme.number for theme in themes])}"


def long_day(day: date) -> str:
    """Such as "12 décembre 2026"."""
    return set_day(day, LOCALE)


def local_day(moment: datetime) -> str:
    """The day of an instant, where the consultation takes place."""
    return long_day(moment.astimezone(PARIS).date())


def local_moment(instant: str) -> str:
    """A snapshot's instant, such as "12 décembre 2026 à 18 h 00"."""
    return set_moment(moment_of(instant), LOCALE)


def place_in_thread(verbatim: Verbatim) -> str:
    """A contribution by its place in its thread: no document names its author, who may ask to be erased."""
    return fr(f"contribution n° {verbatim.number} du fil")


def verbatim_id(post: int, revision: int) -> str:
    """The stable id of a contribution at a revision: "C-12@1"."""
    return f"C-{post}@{revision}"


def verbatim_anchor(post: int, revision: int) -> str:
    """The stable id of a contribution as an anchor, where "@" is not allowed."""
    return f"C-{post}-{revision}"


def verbatim_url(snapshot: Snapshot, post: int, revision: int) -> str:
    """Where a contribution is read for ever as it was at that revision, which its author may have changed since."""
    return f"{snapshot.consultation.base_url}/contributions/{post}/revisions/{revision}"


def source_url(snapshot: Snapshot, source: Source) -> str:
    """Where the words that a proposal was made of are marked, at the revision that they were taken from."""
    return f"{verbatim_url(snapshot, source.post, source.revision)}?de={source.start}&a={source.end}"


def proposal_url(snapshot: Snapshot, proposal: FrozenProposal) -> str:
    """Where a proposal is read for ever at the version that was voted on."""
    return f"{snapshot.consultation.base_url}/propositions/{proposal.reference}/versions/{proposal.version}"


def software(snapshot: Snapshot) -> str:
    """What made the data, such as "Cahier 0.1.0"."""
    return f"Cahier {snapshot.engine_version}"
