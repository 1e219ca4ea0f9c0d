"""/administration/etat: how the site is, for administrators, and letting mails that wait leave at once."""

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.upkeep.state import ask_for_mails, state_of_site
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, see_other, unkept


async def show(request: Request) -> Response:
    """Versions, jobs, mails, room."""
    found = await state_of_site(request.state.viewer, request.state.now)
    return unkept(await page(request, "upkeep/state.html", {"state": found}))


@button
async def send_mails(request: Request, _: Form) -> Response:
    """Try every mail that waits for another try."""
    await ask_for_mails(request.state.viewer, request.state.now)
    return see_other(request, "site_state", notice="courriels-envoyes")
