"""Which mails one receives about news: the choice of a member, and the link that ends them, which needs no session."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.following.wishes import choose_mails, read_stop_link, stop_mails
from forum.errors import Invalid
from forum.models.following import MailKind
from forum.web.members.joining import dead_link
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form, asked_text
from forum.web.plumbing.page import page, secret, see_other


@button
async def choose(request: Request, form: Form) -> Response:
    """Choose how often."""
    wanted = {
        MailKind.ADDRESSED: form.text("courriels_adresses"),
        MailKind.FOLLOWED: form.text("courriels_suivis"),
    }
    await choose_mails(request.state.viewer, wanted, request.state.now)
    return see_other(request, "notifications", notice="courriels-choisis", fragment="courriels")


async def stop(request: Request) -> Response:
    """The page of the link, and its button. A mail program sends the same POST for its reader (RFC 8058): it holds a
    fixed word, which says nothing and is not read, and takes no redirect for an answer."""
    token, viewer, now = asked_text(request, "jeton"), request.state.viewer, request.state.now
    is_act = request.method == "POST"
    try:
        link = await (stop_mails if is_act else read_stop_link)(viewer, token, now)
    except Invalid as problem:
        return await dead_link(request, problem, "notifications")
    context = {"link": link, "token": token, "is_done": is_act or link.stopped}
    return secret(await page(request, "following/stop.html", context))
