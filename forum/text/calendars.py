"""How does a calendar program learn of meetings and closing days? iCalendar (RFC 5545), written by `icalendar`.

The library escapes, folds at 75 octets and ends lines with CRLF; here the words of people become values that every
program shows alike. No METHOD and no ATTENDEE: a calendar to read, which invites nobody.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import icalendar

# The program that writes the file, as section 3.7.3 of the RFC requires.
_PRODUCT = "-//Cahier//Cahier//FR"
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Also the lone halves of a surrogate pair, which have no UTF-8.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Something that happens. `uid` is the same at each export, and unique in the world: it ends with the host.

    `begins` and `ends` are both days (the last one included) or both moments, with their time zone. `changed_at` is
    when its description last changed, or the moment of the export where that is not known.
    """

    uid: str
    title: str
    begins: date
    ends: date | None = None
    place: str = ""
    address: str = ""
    words: str = ""
    changed_at: datetime | None = None


def calendar(events: Iterable[CalendarEvent], now: datetime, name: str) -> str:
    """The text of a `text/calendar; charset=utf-8`, events in the order given; `name` is what programs call it.

    Raises:
        ValueError: a moment without a time zone, or an event that is half a day and half a moment.
    """
    written = icalendar.Calendar()
    written.add("prodid", _PRODUCT)
    written.add("version", "2.0")
    written.add("name", _line(name))  # RFC 7986
    written.add("x-wr-calname", _line(name))  # what programs read before it
    for event in events:
        written.add_component(_written(event, now))
    return str(written.to_ical(sorted=False), "utf-8")


def _written(event: CalendarEvent, now: datetime) -> icalendar.Event:
    written = icalendar.Event()
    written.add("uid", _line(event.uid))
    # Without a METHOD it is when the event was last revised (section 3.8.7.2).
    written.add("dtstamp", _moment(event.changed_at or now))
    written.add("dtstart", _start(event.begins))
    if event.ends is not None:
        if isinstance(event.ends, datetime) != isinstance(event.begins, datetime):
            raise ValueError(f"{event.uid}: days and moments do not mix")
        written.add("dtend", _stop(event.ends))
    written.add("summary", _line(event.title))
    for key, value in (("location", _line(event.place)), ("url", event.address), ("description", _text(event.words))):
        if value:
            written.add(key, value)
    return written


def _start(begins: date) -> date:
    return _moment(begins) if isinstance(begins, datetime) else begins


def _stop(ends: date) -> date:
    """The end of a day is the next one (section 3.6.1)."""
    return _moment(ends) if isinstance(ends, datetime) else ends + timedelta(days=1)


def _moment(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def _text(words: str) -> str:
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", words)).strip()


def _line(words: str) -> str:
    return _BLANKS.sub(" ", _text(words)).strip()
