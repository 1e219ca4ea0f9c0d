"""The one shape of a form: a desk, which says what its page is about, and an act.

Asked for, a form door shows its desk with a form that nobody filled in. Sent, the form is read first, so that whatever
refuses it further on can give the words back; then the act asks the domain and leads elsewhere. Refused (422), or when
somebody was quicker (409), the desk is shown again as it is now, with what was typed and the reasons beside the fields.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import Conflict, Invalid
from forum.web.plumbing.forms import Form, read_form
from forum.web.plumbing.page import page, refused


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page of a form shows, and the form as it begins.

    `newer`: what the form holds instead once somebody was quicker, to be sent again about what is there now; None where
    that is no matter of this form, and is answered as any conflict is.
    """

    context: Mapping[str, Any] = field(default_factory=dict)
    first: Form = field(default_factory=Form.empty)
    newer: Mapping[str, object] | None = None


Door = Callable[[Request], Awaitable[Response]]
Act = Callable[[Request, Form], Awaitable[Response]]
DeskOf = Callable[[Request, Form | None], Awaitable[Desk | Response]]
"""Fetches and authorises, for the form that was sent or for None; a response is answered in the place of the page."""


def form_door(
    template: str,
    desk_of: DeskOf,
    *,
    kept: Callable[[Response], Response] | None = None,
    beside: bool = False,
    upload: int = 0,
) -> Callable[[Act], Door]:
    """Make a door of an act.

    `kept` says what may keep the page (`unkept`, `secret`). A form that stands `beside` the first one of its page
    leaves that one its values. `upload` is the size of the largest file that the form takes.
    """

    def sent(answer: Response) -> Response:
        return kept(answer) if kept else answer

    async def shown(request: Request) -> Response:
        desk = await desk_of(request, None)
        if isinstance(desk, Response):
            return desk
        return sent(await page(request, template, {**desk.context, "form": desk.first}))

    async def again(request: Request, form: Form, problem: Invalid | Conflict) -> Response:
        desk = await desk_of(request, form)
        if isinstance(desk, Desk) and isinstance(problem, Conflict):
            if desk.newer is None:
                raise problem
            form = form.with_values(**desk.newer)
            desk = await desk_of(request, form)
        if isinstance(desk, Response):
            return desk
        typed = Form({**desk.first.raw, **form.raw}) if beside else form
        if isinstance(problem, Invalid):
            return sent(await refused(request, template, desk.context, typed, problem))
        return sent(await refused(request, template, desk.context, typed, Invalid(problem.message), 409))

    def door_of(act: Act) -> Door:
        @wraps(act)
        async def door(request: Request) -> Response:
            if request.method != "POST":
                return await shown(request)
            form = await read_form(request, upload=upload)
            try:
                return await act(request, form)
            except (Invalid, Conflict) as problem:
                return await again(request, form, problem)

        return door

    return door_of


def button(act: Act) -> Door:
    """Make a door of an act that has no page of its own: what refuses it is answered by the common page of refusals."""

    @wraps(act)
    async def door(request: Request) -> Response:
        return await act(request, await read_form(request))

    return door
