"""Notifying moderators of words, with an account or by an address, and reading what became of it."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.moderation import complaints, notices
from forum.domain.moderation.notices import LONGEST_WORDS, FormMark, TypedNotice
from forum.errors import Invalid
from forum.models.moderation import Ground
from forum.permissions import may_hide, may_notify
from forum.web.members.joining import dead_link, token_of
from forum.web.moderation.things import FindThing, asked_answer, asked_minutes, asked_post, asked_proposal
from forum.web.plumbing.callers import place_of
from forum.web.plumbing.doors import Act, Desk, DeskOf, Door, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, secret, see_other, sentence

_TEMPLATE = "moderation/notify.html"


def _desk(find: FindThing) -> DeskOf:
    async def desk(request: Request, form: Form | None) -> Desk:
        viewer, now = request.state.viewer, request.state.now
        thing = await find(request)
        may_notify(viewer, now).require()
        context = {
            "thing": thing,
            "gone": sentence(request, gone) if (gone := notices.why_not(thing)) else "",
            "grounds": tuple(Ground),
            "limit": LONGEST_WORDS,
            "moderates": may_hide(viewer, thing.group, thing.author_id, now),
        }
        return Desk(context, Form.empty(instant=FormMark.at(now)))

    return desk


def _act(find: FindThing) -> Act:
    async def act(request: Request, form: Form) -> Response:
        viewer = request.state.viewer
        typed = TypedNotice(form.text("regle"), form.text("explication"), form.text("adresse"))
        await notices.notify(
            viewer,
            await find(request),
            typed,
            FormMark(form.text("instant"), form.text("site")),
            asker=place_of(request),
            locale=request.state.locale,
            now=request.state.now,
        )
        if viewer is not None:
            return see_other(request, "own_notices", notice="signalement-recu")
        return secret(await page(request, "moderation/look_at_mail.html", {"email": form.text("adresse").strip()}))

    return act


def _notify(find: FindThing) -> Door:
    return form_door(_TEMPLATE, _desk(find))(_act(find))


notify_post, notify_proposal = _notify(asked_post), _notify(asked_proposal)
notify_minutes, notify_answer = _notify(asked_minutes), _notify(asked_answer)


async def _confirming(request: Request, form: Form | None) -> Desk | Response:
    """The notice behind the link of a mail, while the link is good; once confirmed, what becomes of it."""
    token = token_of(request, form)
    try:
        notice = await notices.notice_to_confirm(token, request.state.now)
    except Invalid:
        return await dead_link(request, Invalid(notices.ENDED), "home")
    if notice.is_confirmed:
        return see_other(request, "follow_notice", jeton=token)
    return Desk({"notice": notice}, Form.empty(jeton=token))


@form_door("moderation/confirm.html", _confirming, kept=secret)
async def confirm(request: Request, form: Form) -> Response:
    """The address is theirs: moderators will read the notice."""
    follow = await notices.confirm(form.text("jeton"), request.state.now)
    return see_other(request, "follow_notice", notice="signalement-recu", jeton=follow)


async def follow(request: Request) -> Response:
    """What became of a visitor's notice, for whoever has the link."""
    try:
        notice = await notices.followed_notice(token_of(request, None), request.state.now)
    except Invalid:
        return await dead_link(request, Invalid(notices.ENDED), "home")
    return secret(await page(request, "moderation/follow.html", {"notice": notice, "token": token_of(request, None)}))


async def own(request: Request) -> Response:
    """What became of a member's notices."""
    return await page(request, "moderation/own.html", {"notices": await notices.own_notices(request.state.viewer)})


async def _contesting(request: Request, form: Form | None) -> Desk | Response:
    """The notice about which nothing was done: of a member by its number, of a visitor by the link of a mail."""
    notice = request.path_params.get("notice")
    token = token_of(request, form) if notice is None else ""
    try:
        news = await complaints.notice_to_contest(request.state.viewer, notice, token, request.state.now)
    except Invalid:
        return await dead_link(request, Invalid(notices.ENDED), "home")
    context = {"notice": news, "token": token, "limit": complaints.LONGEST_WORDS}
    return Desk(context, Form.empty(jeton=token), newer={})


async def _contest(request: Request, form: Form) -> Response:
    notice, token = request.path_params.get("notice"), form.text("jeton")
    typed = form.text("explication")
    await complaints.contest_no_action(request.state.viewer, notice, token, typed, request.state.now)
    if notice is None:
        return see_other(request, "follow_notice", notice="reclamation-envoyee", jeton=token)
    return see_other(request, "own_notices", notice="reclamation-envoyee")


contest_by_link = form_door("moderation/contest_notice.html", _contesting, kept=secret)(_contest)
contest_own = form_door("moderation/contest_notice.html", _contesting)(_contest)
