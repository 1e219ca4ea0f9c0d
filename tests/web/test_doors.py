"""Every address that is sent to has one shape: it reads its form first, then acts."""

import ast
import inspect

import pytest
from httpx2 import AsyncClient
from starlette.routing import Route

from forum import errors
from forum.models.members import Role
from forum.routes import routes
from forum.settings import ROOT
from forum.web.plumbing.forms import Form
from tests.factories import make_member, make_theme, sign_in

SENT_TO = [route for route in routes() if isinstance(route, Route) and "POST" in (route.methods or ())]
BY_HAND = {
    # Who leaves is never told that they write too much: nothing is read, nothing is counted.
    "sign_out",
    # A program of mail sends a fixed word for its reader: the link alone says whose mails end, and of which kind.
    "stop_mails",
}


@pytest.mark.parametrize("route", SENT_TO, ids=lambda route: route.name)
def test_an_address_that_is_sent_to_is_a_form_door_or_a_button(route: Route) -> None:
    act = getattr(route.endpoint, "__wrapped__", None)
    taken = [] if act is None else [each.annotation for each in inspect.signature(act).parameters.values()]
    assert (Form in taken) is (route.name not in BY_HAND)


async def test_what_was_typed_is_kept_beside_the_first_form_of_a_page(client: AsyncClient) -> None:
    """The form that closes the votes stands under the schedule, which keeps its values when the other is refused."""
    await make_theme(3)
    await sign_in(client, await make_member("Anne Agent", role=Role.AGENT))
    shown = (await client.get("/themes/3/calendrier")).text
    refused = await client.post("/themes/3/clore-les-votes", data={"motif": "Fin de la consultation"})
    assert refused.status_code == 422
    assert "Cochez la case pour confirmer." in refused.text
    for field in ("ouverture_des_votes", "cloture_des_contributions"):
        value = shown.split(f'name="{field}"')[1].split('value="')[1].split('"')[0]
        assert value
        assert f'name="{field}" type="datetime-local" value="{value}"' in refused.text


def test_a_sentence_with_placeholders_is_raised_with_what_fills_them() -> None:
    """A refusal made of another one passes its values on too, so that no page shows « {name} »."""
    bare = []
    for path in sorted((ROOT / "forum").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            kind = getattr(errors, node.func.id, None)
            if not (isinstance(kind, type) and issubclass(kind, errors.CahierError)):
                continue
            said = [one for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and "{" in str(one.value)]
            passed_on = isinstance(node.args[0], ast.Attribute) and node.args[0].attr == "message"
            if (said or passed_on) and not any(one.arg == "values" for one in node.keywords):
                bare.append(f"{path.name}:{node.lineno}")
    assert bare == []
