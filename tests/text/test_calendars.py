"""Calendars as other programs read them, whatever people wrote in their titles."""

from datetime import UTC, date, datetime, timedelta, timezone
from unicodedata import category

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.text.calendars import CalendarEvent, calendar

NOW = datetime(2026, 3, 1, 9, 30, 15, 999, tzinfo=UTC)
MEETING = CalendarEvent(
    uid="reunion-12@cahier.example.org",
    title="GT Formation et acteurs, réunion 1",
    begins=date(2026, 3, 12),
    place="Médiathèque ; salle 2",
    address="https://cahier.example.org/reunions/12",
    words="Ordre du jour :\n- accueil\n- formation",
)


def read_back(text: str) -> list[icalendar.Event]:
    read = icalendar.Calendar.from_ical(text)
    assert isinstance(read, icalendar.Calendar)
    return list(read.events)


def test_a_meeting_is_written_as_the_standard_says() -> None:
    assert calendar([MEETING], NOW, "Cahier").split("\r\n") == [
        "BEGIN:VCALENDAR",
        "PRODID:-//Cahier//Cahier//FR",
        "VERSION:2.0",
        "NAME:Cahier",
        "X-WR-CALNAME:Cahier",
        "BEGIN:VEVENT",
        "UID:reunion-12@cahier.example.org",
        "DTSTAMP:20260301T093015Z",
        "DTSTART;VALUE=DATE:20260312",
        "SUMMARY:GT Formation et acteurs\\, réunion 1",
        "LOCATION:Médiathèque \\; salle 2",
        "URL:https://cahier.example.org/reunions/12",
        "DESCRIPTION:Ordre du jour :\\n- accueil\\n- formation",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_moments_are_told_in_universal_time_and_the_last_day_is_included() -> None:
    paris = timezone(timedelta(hours=2))
    begins = datetime(2026, 7, 1, 23, 30, tzinfo=paris)
    moment = CalendarEvent("a@b", "Vote", begins=begins, ends=begins + timedelta(hours=3), changed_at=NOW)
    days = CalendarEvent("c@b", "Vote", begins=date(2026, 7, 1), ends=date(2026, 7, 31))
    text = calendar([moment, days], NOW + timedelta(days=1), "Votes")
    assert "DTSTART:20260701T213000Z\r\nDTEND:20260702T003000Z\r\n" in text
    assert "DTSTART;VALUE=DATE:20260701\r\nDTEND;VALUE=DATE:20260801\r\n" in text
    assert [event.DTSTAMP for event in read_back(text)] == [
        datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC),
    ]


def test_an_empty_calendar_is_one() -> None:
    assert read_back(calendar([], NOW, "Réunions")) == []


def test_what_is_not_known_is_not_written() -> None:
    text = calendar([CalendarEvent("a@b", "Réunion", begins=date(2026, 3, 1))], NOW, "x")
    assert not any(line.startswith(("LOCATION", "URL", "DESCRIPTION", "DTEND")) for line in text.split("\r\n"))


@pytest.mark.parametrize(
    "event",
    [
        CalendarEvent("a@b", "Réunion", begins=datetime(2026, 3, 1, 9)),
        CalendarEvent("a@b", "Réunion", begins=date(2026, 3, 1), ends=NOW),
        CalendarEvent("a@b", "Réunion", begins=NOW, ends=date(2026, 3, 2)),
    ],
)
def test_times_that_mean_nothing_are_refused(event: CalendarEvent) -> None:
    with pytest.raises(ValueError, match=r"time zone|do not mix"):
        calendar([event], NOW, "x")


HOSTILE = [
    "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:b",
    "a\rATTENDEE:mailto:x@example.org",
    "a\nb, c; d: e \\n \\, \\; \\\\",
    'x";TZID=Europe/Paris:',
    "é" * 300,
    "👍🏽" * 100 + " fin",
    "\u2028BEGIN:VALARM\u2029 \x0b\x0c\x85 \x00\x07\x1b",
    " début et fin ",
    "\ud800",
]
texts = st.text(alphabet='ab,;:\\\r\n"é👍\x07\u2028 ', max_size=200) | st.sampled_from(HOSTILE) | st.text(max_size=100)


def shown(words: str) -> list[str]:
    """The words that a reader sees, whatever their blanks; controls and lone surrogates are not visible."""
    kept = (letter for letter in words if category(letter) not in ("Cc", "Cs") or letter in "\t\n\x0b\x0c\r\x85")
    return "".join(kept).split()


@settings(deadline=None)
@given(title=texts, place=texts, words=texts, name=texts)
def test_no_words_write_another_property(title: str, place: str, words: str, name: str) -> None:
    event = CalendarEvent("a@b", title, begins=date(2026, 3, 1), place=place, words=words)
    text = calendar([event, MEETING], NOW, name)
    lines = text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert "\r" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in lines)
    read, other = read_back(text)
    assert set(read) <= {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "LOCATION", "DESCRIPTION"}
    assert not read.subcomponents
    assert other["SUMMARY"] == MEETING.title
    for key, said in (("SUMMARY", title), ("LOCATION", place), ("DESCRIPTION", words)):
        assert shown(str(read.get(key, ""))) == shown(said), key
