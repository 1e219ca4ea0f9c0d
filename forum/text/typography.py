"""How are numbers, shares and dates written for the reader, and where does French put its no-break spaces?

Babel knows the customs (French groups thousands with U+202F); this module chooses one form of each, the same
on pages, in mails and in documents. Sentences around them belong to the catalogue.
"""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

PARIS: Final = ZoneInfo("Europe/Paris")
"""The clock of every page and document. The database keeps UTC."""
_SEASONS: Final = {"ete": ("heure d’été", "summer time"), "hiver": ("heure d’hiver", "winter time")}

# The English of European administrations: "12 December 2026", not "December 12, 2026".
_REGIONS = {"fr": "fr_FR", "en": "en_GB"}
_TENTH = Decimal("0.1")
_PREFIXES: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
# As the Imprimerie nationale sets them: a narrow space before ; ! ? and %, a whole one before : and inside « »,
# and between n° and its number.
_BEFORE_SIGN = re.compile(r" (?=[;!?])|(?<=[0-9]) (?=%)")
_AT_COLON_OR_QUOTE = re.compile(r" (?=[:»])|(?<=«) |(?<=\b[nN]°) (?=[0-9{])")
_NARROW = "\u202f"
_WHOLE = "\u00a0"


@lru_cache(maxsize=4096)  # bounded: there are only as many sentences as in the catalogue, and each page uses them again
def french(words: str) -> str:
    """A sentence of ours, or of the organiser, with the no-break spaces of French. Never for what a member wrote."""
    return _AT_COLON_OR_QUOTE.sub(_WHOLE, _BEFORE_SIGN.sub(_NARROW, words))


def capital(words: str) -> str:
    """Words at the head of a line, or alone."""
    return words[:1].upper() + words[1:]


def colon(locale: str) -> str:
    """A colon that follows a word."""
    return _WHOLE + ":" if _region(locale).language == "fr" else ":"


def number(value: int | float | Decimal, locale: str) -> str:
    """12345.5 -> "12 345,5" (with U+202F) in French, "12,345.5" in English; a true minus sign, as wide as a plus."""
    return format_decimal(value, locale=_region(locale)).replace("-", "−")


def percent(share: Fraction | float, locale: str) -> str:
    """A share of one with at most one decimal, ties to even: 1/3 -> "33,3 %" (U+202F before the sign), "33.3%"."""
    exact = Fraction(share) * 100
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_TENTH, ROUND_HALF_EVEN)
    gap = "\u202f" if _region(locale).language == "fr" else ""
    return number(rounded, locale) + gap + "%"


def size(octets: int, locale: str) -> str:
    """A size in thousands, millions or thousands of millions of octets, with U+00A0: 49152 -> "49,2 ko", 79964300000 ->
    "80 Go" in French, "49.2 kB", "80 GB" in English."""
    factor, prefix = next((factor, prefix) for factor, prefix in _PREFIXES if octets >= factor or prefix == "k")
    unit = f"{prefix}{'o' if _region(locale).language == 'fr' else 'B'}"
    return f"{number(round(octets / factor, 1), locale)}\u00a0{unit}"


def day(value: date, locale: str) -> str:
    """12 décembre 2026, 1er décembre 2026; 12 December 2026. A datetime gives the day of its own zone."""
    written = format_date(value, format="long", locale=_region(locale))
    is_first = value.day == 1 and _region(locale).language == "fr"
    return written.replace("1 ", "1er ", 1) if is_first else written


def moment(value: datetime, locale: str) -> str:
    """In Paris: 12 décembre 2026 à 18 h 00 (no-break spaces in the time); 12 December 2026 at 18:00. An hour that comes
    twice says which one it is: 25 octobre 2026 à 2 h 30 (heure d’été).

    Raises:
        ValueError: the moment has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {value!r}")
    there = value.astimezone(PARIS)
    is_french = _region(locale).language == "fr"
    which = ""
    if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
        words = _SEASONS[season_of(there)]
        which = f" ({words[0] if is_french else words[1]})"
    if is_french:
        return f"{day(there, locale)} à {there.hour}\u00a0h\u00a0{there.minute:02d}{which}"
    return f"{day(there, locale)} at {format_time(there, 'HH:mm', locale=_region(locale))}{which}"


def season_of(value: datetime) -> str:
    """By which time the clocks of Paris go at a moment: `ete` or `hiver`."""
    return "ete" if value.astimezone(PARIS).dst() else "hiver"


def readings(local: datetime) -> dict[str, datetime]:
    """The moments, in UTC, that a day and hour on the clocks of Paris may mean, by season and in their order. There is
    one, except where clocks change: then two, those of the hour that comes twice, or, for an hour that does not exist,
    those before and after what is left out.

    Raises:
        OverflowError: the day is at an end of the calendar.
    """
    found = (local.replace(tzinfo=PARIS, fold=fold).astimezone(UTC) for fold in (0, 1))
    return {season_of(one): one for one in sorted(found)}


def _region(locale: str) -> Locale:
    return Locale.parse(_REGIONS.get(locale, locale))
