"""The one structure of a form: a desk, which gives the content of its page, and an act.

On GET, a form door shows its desk with an empty form. On POST, the form is read first, so that a later refusal can show
the words again; then the act calls the domain and redirects. When it is refused (422), or somebody else was quicker
(409), the desk is shown again in its present state, with what was typed and the reasons beside the fields. Words that
this state has no field for are under it, to be copied; where an address replaces the desk, on the page of refusals.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import Conflict, Invalid
from forum.web.plumbing.forms import Form, read_form, written_in
from forum.web.plumbing.page import page, refused


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page of a form shows, and the form's initial values. `newer`: the values that replace them once somebody
    else was quicker, so that the form applies to the present state; None for forms where a conflict is answered like
    any other."""

    context: Mapping[str, Any] = field(default_factory=dict)
    first: Form = field(default_factory=Form.empty)
    newer: Mapping[str, object] | None = None


Door = Callable[[Request], Awaitable[Response]]
Act = Callable[[Request, Form], Awaitable[Response]]
DeskOf = Callable[[Request, Form | None], Awaitable[Desk | Response]]
"""Fetches and authorises, for the form that was sent or for None; a response replaces the page."""


def form_door(
    template: str,
    desk_of: DeskOf,
    *,
    kept: Callable[[Response], Response] | None = None,
    beside: bool = False,
    upload: int = 0,
) -> Callable[[Act], Door]:
    """Make a door from an act. `kept` restricts caching of the page (`unkept`, `secret`). A form `beside` the main one
    of its page does not touch the latter's values. `upload` is the size of the largest file that the form takes."""

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
            if written_in(form) and desk.status_code < 400:
                raise problem
            return desk
        typed = Form({**desk.first.raw, **form.raw}) if beside else form
        if isinstance(problem, Invalid):
            return sent(await refused(request, template, desk.context, typed, problem))
        return sent(await refused(request, template, desk.context, typed, _as_invalid(problem), 409))

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


def _as_invalid(problem: Conflict) -> Invalid:
    return Invalid(problem.message, values=problem.values)


def button(act: Act) -> Door:
    """Make a door from an act that has no page of its own: refusals are answered by the common page of refusals."""

    @wraps(act)
    async def door(request: Request) -> Response:
        return await act(request, await read_form(request))

    return door
