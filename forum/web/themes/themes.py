"""Themes: read one, set its schedule, close its votes."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion.thread_notes import threads_gone_from
from forum.domain.discussion.thread_reads import count_unread
from forum.domain.following.follows import FollowKind, is_followed
from forum.domain.syntheses.syntheses import newest_published
from forum.domain.themes import schedules, themes
from forum.domain.themes.ballots import Rules, checked_rules
from forum.domain.themes.schedule_changes import schedule_changes
from forum.domain.themes.thread_lists import ThreadSort
from forum.domain.votes.kept_results import release_results
from forum.errors import Checks
from forum.models.themes import Voting
from forum.permissions import Schedule
from forum.text.typography import PARIS, season_of
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form, asked_turn
from forum.web.plumbing.page import page, see_other
from forum.web.themes.filters import asked_meeting, asked_sort
from forum.web.themes.windows import windows

# The moments of a schedule by the fields of its form.
MOMENTS = {
    "ouverture_des_contributions": "contributions_open_at",
    "cloture_des_contributions": "contributions_close_at",
    "ouverture_des_votes": "votes_open_at",
    "cloture_des_votes": "votes_close_at",
}


async def show(request: Request) -> Response:
    """A theme: its introduction, questions, windows, threads, and the way to its proposals."""
    meeting, sort = asked_meeting(request), asked_sort(request)
    shown = await themes.read_theme(request.path_params["number"], asked_turn(request), meeting=meeting, sort=sort)
    unread = await count_unread(request.state.viewer, [thread.id for thread in shown.threads.shown])
    context = {
        "page": shown,
        "unread": unread,
        "follows": await is_followed(request.state.viewer, FollowKind.THEME, shown.theme.id),
        "sort": sort,
        "sorts": tuple(ThreadSort),
        "meeting": meeting,
        "theme": shown.theme,
        "windows": windows(request, shown.theme.schedule),
        "changes": await schedule_changes(shown.theme),
        "gone": await threads_gone_from(shown.theme.id),
        "synthesis": await newest_published(shown.theme.id),
    }
    return await page(request, "themes/show.html", context)


async def _schedule(request: Request, _: Form | None) -> Desk:
    """The desk of a schedule: the form begins with the present one, in the site's time zone."""
    theme = await schedules.schedule_to_change(request.state.viewer, request.path_params["number"], request.state.now)
    present: dict[str, datetime | None] = {field: getattr(theme.schedule, name) for field, name in MOMENTS.items()}
    first = Form.empty(
        **{field: _shown(moment) for field, moment in present.items()},
        saison=[f"{field} {season_of(moment)}" for field, moment in present.items() if moment],
        scelle="1" if theme.schedule.sealed else None,
        mode_de_vote=theme.voting.value,
        mentions="\n".join(theme.mentions),
        quota=theme.quota or None,
    )
    known = {"theme": theme, "windows": windows(request, theme.schedule), "votings": tuple(Voting)}
    return Desk(known, first)


def _shown(moment: datetime | None) -> str | None:
    return moment.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") if moment else None


@form_door("themes/schedule.html", _schedule)
async def schedule(request: Request, form: Form) -> Response:
    """The form that sets the windows of a theme, and its answer."""
    viewer, now, number = request.state.viewer, request.state.now, request.path_params["number"]
    wanted, rules = _wanted(form)
    await schedules.set_schedule(
        viewer, number, wanted, form.text("motif"), now, on_reopening=release_results, rules=rules
    )
    return see_other(request, "theme", number=number, notice="calendrier-fixe")


@form_door("themes/schedule.html", _schedule, beside=True)
async def close_votes(request: Request, form: Form) -> Response:
    """End the vote of a theme now."""
    number = request.path_params["number"]
    form.require_confirmation()
    await schedules.close_votes(request.state.viewer, number, form.text("motif"), request.state.now)
    return see_other(request, "theme_proposals", number=number, notice="votes-clos")


def _wanted(form: Form) -> tuple[Schedule, Rules | None]:
    """The schedule and rules asked for; a form without rules, as once votes have begun, leaves them unchanged
    (None)."""
    checks = Checks()
    moments: dict[str, datetime | None] = dict.fromkeys(MOMENTS.values())
    for field, name in MOMENTS.items():
        with checks.field(field):
            moments[name] = form.moment(field)
    rules = None
    if "mode_de_vote" in form.raw:
        with checks.field("mode_de_vote"):
            rules = _rules(form)
    checks.done()
    schedule = Schedule(
        contributions_open_at=moments["contributions_open_at"],
        contributions_close_at=moments["contributions_close_at"],
        votes_open_at=moments["votes_open_at"],
        votes_close_at=moments["votes_close_at"],
        sealed=form.checked("scelle"),
    )
    return schedule, rules


def _rules(form: Form) -> Rules:
    """The rules in the form; its mentions count only for a judgment."""
    voting = form.text("mode_de_vote")
    mentions = form.text("mentions").splitlines() if voting == Voting.JUDGMENT else ()
    return checked_rules(voting, mentions, form.integer("quota") or 0)
