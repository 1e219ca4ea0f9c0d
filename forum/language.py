"""In which words does the site speak? The catalogue of each language, and how a template writes numbers and dates.

Pages, refusals and mails use it. French is the source; English is read from its .po file.
"""

import gettext
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from forum.errors import CahierError
from forum.settings import ROOT
from forum.text import typography
from forum.text.directions import isolate
from forum.text.labels import Labelled

LOCALES: Final = ("fr", "en")


class French(gettext.NullTranslations):
    """The words as they are written here, with the no-break spaces of French, where zero is singular."""

    def gettext(self, message: str) -> str:
        return typography.french(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return typography.french(msgid1 if n < 2 else msgid2)


@cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """The words of a language. French is the source; English is read from its .po when first asked for."""
    if locale != "en":
        return French()
    compiled = io.BytesIO()
    with (ROOT / "forum/locale/en/LC_MESSAGES/forum.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale="en", charset="utf-8"))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def said(problem: CahierError, locale: str) -> str:
    """The sentence of a refusal, in a language."""
    return worded(problem.message, problem.values, locale)


def worded(message: str, values: Mapping[str, object], locale: str) -> str:
    """A sentence of the catalogue in a language, its blanks filled with numbers, moments and words."""
    words = catalogue(locale).gettext(message)
    return words.format(**{name: _as_said(value, locale) for name, value in values.items()}) if values else words


def _as_said(value: object, locale: str) -> object:
    if isinstance(value, datetime):
        return typography.moment(value, locale)
    return typography.number(value, locale) if type(value) is int else isolate(value)


def translators(locale: str) -> tuple[Callable[[str], str], Callable[[str, str, int], str]]:
    """gettext and ngettext for the templates of a language, whose catalogue is read at the first word."""
    return (
        lambda words: catalogue(locale).gettext(words),
        lambda one, many, count: catalogue(locale).ngettext(one, many, count),
    )


def filters(locale: str) -> dict[str, Callable[..., Any]]:
    """How the templates of a language write numbers, shares, sizes, days, moments and the values of enums."""

    def label(value: Labelled) -> str:
        return catalogue(locale).gettext(value.label)

    def choices(values: Iterable[Labelled], hints: Mapping[str, str] = MappingProxyType({})) -> list[tuple[str, ...]]:
        """What a form offers: values with their words, and what else is said of some."""
        offered = [(value.value, typography.capital(label(value)), hints.get(value, "")) for value in values]
        return [each if each[-1] else each[:-1] for each in offered]

    return {
        "label": label,
        "choices": choices,
        "capital": typography.capital,
        "number": lambda value: typography.number(value, locale),
        "percent": lambda share: typography.percent(share, locale),
        "size": lambda octets: typography.size(octets, locale),
        "day": lambda value: typography.day(_here(value), locale),
        "moment": lambda value: typography.moment(value, locale),
        "readings": _readings,
        "french": typography.french,
        "sentence": lambda verdict: worded(verdict.sentence, dict(verdict.values), locale),
    }


def _readings(typed: str) -> dict[str, datetime]:
    """The moments that a typed day and hour may mean (see `typography.readings`); none when it is not one."""
    try:
        read = datetime.fromisoformat(typed)
        return typography.readings(read) if read.tzinfo is None else {}
    except (ValueError, OverflowError):
        return {}


def _here(value: date) -> date:
    """A moment in the time zone of Paris; a day unchanged."""
    return value.astimezone(typography.PARIS) if isinstance(value, datetime) else value
