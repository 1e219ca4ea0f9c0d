"""Which meeting is a page of contributions or proposals of a theme filtered by, and how are its threads listed?"""

from starlette.requests import Request

from forum.domain.discussion.meeting_tags import LARGEST_NUMBER
from forum.domain.themes.thread_lists import ThreadSort
from forum.web.plumbing.forms import asked_text, whole_number


def asked_meeting(request: Request) -> int | None:
    """The number of the meeting in the address (?reunion=3), None for all."""
    return meeting_in(request.query_params.get("reunion", ""))


def meeting_in(text: str) -> int | None:
    """The number of a meeting that some text is, None for none."""
    number = whole_number(text)
    return number if number and number <= LARGEST_NUMBER else None


def asked_sort(request: Request) -> ThreadSort:
    """How the address asks for the threads (?tri=derniers-ouverts), the most recently active first otherwise."""
    asked = asked_text(request, "tri")
    return ThreadSort(asked) if asked in list(ThreadSort) else ThreadSort.ACTIVITY
