"""Which meeting is a page of contributions or proposals of a theme filtered by?"""

from starlette.requests import Request

from forum.domain.discussion.meeting_tags import LARGEST_NUMBER
from forum.web.plumbing.forms import asked_integer


def asked_meeting(request: Request) -> int | None:
    """The number of the meeting in the address (?reunion=3), None for all."""
    number = asked_integer(request, "reunion", least=1)
    return number if number is None or number <= LARGEST_NUMBER else None
