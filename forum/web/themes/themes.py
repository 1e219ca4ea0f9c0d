"""Themes: read one, set its schedule, close its votes."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.syntheses.syntheses import newest_published
from forum.domain.themes import schedules, themes
from forum.domain.themes.ballots import Rules, checked_rules
from forum.domain.themes.schedule_changes import schedule_changes
from forum.domain.themes.themes import ThemeHead
from forum.errors import Checks, Invalid
from forum.models.themes import Voting
from forum.permissions import Schedule
from forum.text.typography import PARIS
from forum.web.plumbing.forms import Form, asked_turn, read_form
from forum.web.plumbing.page import page, refused, see_other
from forum.web.themes.filters import asked_meeting
from forum.web.themes.windows import windows

MOMENTS = ("contributions_open_at", "contributions_close_at", "votes_open_at", "votes_close_at")


async def show(request: Request) -> Response:
    """A theme: its introduction, questions, windows, threads, and the way to its proposals."""
    meeting = asked_meeting(request)
    shown = await themes.read_theme(request.path_params["number"], asked_turn(request), meeting=meeting)
    context = {
        "page": shown,
        "meeting": meeting,
        "theme": shown.theme,
        "windows": windows(request, shown.theme.schedule),
        "changes": await schedule_changes(shown.theme),
        "synthesis": await newest_published(shown.theme.id),
    }
    return await page(request, "themes/show.html", context)


async def schedule(request: Request) -> Response:
    """The form that sets the windows of a theme, and its answer."""
    form = await read_form(request) if request.method == "POST" else None
    viewer, now = request.state.viewer, request.state.now
    theme = await schedules.schedule_to_change(viewer, request.path_params["number"], now)
    if form is None:
        return await page(request, "themes/schedule.html", _context(request, theme, _first(request, theme)))
    try:
        wanted, rules = _wanted(form, theme)
        await schedules.set_schedule(viewer, theme.number, wanted, form.text("reason"), now, rules=rules)
    except Invalid as problem:
        return await refused(request, "themes/schedule.html", _context(request, theme, form), form, problem)
    return see_other(request, "theme", number=theme.number, notice="calendrier-fixe")


async def close_votes(request: Request) -> Response:
    """End the vote of a theme now."""
    form = await read_form(request)
    viewer, now = request.state.viewer, request.state.now
    number = request.path_params["number"]
    try:
        form.require_confirmation()
        await schedules.close_votes(viewer, number, form.text("reason"), now)
    except Invalid as problem:
        theme = await schedules.schedule_to_change(viewer, number, now)
        first = _first(request, theme, reason=form.values["reason"])
        return await refused(request, "themes/schedule.html", _context(request, theme, first), first, problem)
    return see_other(request, "theme_proposals", number=number, notice="votes-clos")


def _context(request: Request, theme: ThemeHead, form: Form) -> dict[str, object]:
    return {"theme": theme, "form": form, "windows": windows(request, theme.schedule), "votings": tuple(Voting)}


def _first(request: Request, theme: ThemeHead, *, reason: str = "") -> Form:
    """The form as the schedule stands, on the site's clock."""

    def shown(moment: datetime | None) -> str | None:
        return moment.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") if moment else None

    moments = {name: shown(getattr(theme.schedule, name)) for name in MOMENTS}
    return Form.empty(
        **moments,
        sealed="1" if theme.schedule.sealed else None,
        voting=theme.voting.value,
        mentions="\n".join(theme.mentions),
        quota=theme.quota or None,
        reason=reason,
    )


def _wanted(form: Form, theme: ThemeHead) -> tuple[Schedule, Rules]:
    """What is asked for; a form without rules, as once votes have begun, leaves them as they are."""
    checks = Checks()
    moments: dict[str, datetime | None] = dict.fromkeys(MOMENTS)
    for name in MOMENTS:
        with checks.field(name):
            moments[name] = form.moment(name)
    rules = theme.rules
    if "voting" in form.raw:
        with checks.field("voting"):
            rules = _rules(form)
    checks.done()
    return Schedule(**moments, sealed=form.checked("sealed")), rules


def _rules(form: Form) -> Rules:
    """Mentions that stand in the form count for a judgment only."""
    voting = form.text("voting")
    mentions = form.text("mentions").splitlines() if voting == Voting.JUDGMENT else ()
    return checked_rules(voting, mentions, form.integer("quota") or 0)
