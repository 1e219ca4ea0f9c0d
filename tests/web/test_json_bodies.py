"""A program may send a form as one JSON object, and gets the reasons of a refusal as a problem (RFC 9457)."""

import json
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.models.posts import Post
from forum.models.proposals import Proposal, ProposalQuestion
from forum.models.threads import Thread
from forum.settings import settings
from forum.web.plumbing.forms import Form
from tests.conftest import visitor
from tests.factories import count, make_member, make_proposal, make_theme, sign_in

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


async def send(client: AsyncClient, path: str, content: bytes, **headers: str) -> Response:
    return await client.post(path, content=content, headers=JSON | headers)


def problem_of(answer: Response) -> dict[str, Any]:
    """The problem of an answer, whose body has the same status as the status line."""
    assert answer.headers["content-type"] == PROBLEM
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"] == "about:blank"
    assert found["title"]
    assert found["detail"]
    return found


async def test_a_contribution_sent_as_json_is_published(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member())
    answer = await client.post(
        f"/fils/{thread.id}/repondre", json={"source": "Né en JSON : « été ».", "en_reponse_a": None}
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/fils/{thread.id}")
    assert (await Post.get()).source == "Né en JSON : « été »."


async def test_numbers_lists_and_booleans_are_what_a_browser_would_send(client: AsyncClient) -> None:
    await make_theme()
    await sign_in(client, await make_member())
    answer = await client.post(
        "/themes/3/proposer", json={"formulation": "Une idée", "expose_des_motifs": "", "questions": [2, "1"]}
    )
    assert answer.status_code == 303
    assert await ProposalQuestion.all().count() == 2
    for confirmation, status in ((False, 422), (None, 422), (True, 303)):
        withdrawn = await client.post("/propositions/T3-001/retirer", json={"confirmation": confirmation})
        assert withdrawn.status_code == status
    assert (await Proposal.get()).state == "withdrawn"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"{'avis': 'pour'}", 400),
        (b'{"avis": NaN}', 400),
        (b'{"avis": -Infinity}', 400),
        (b'{"avis": "pour", "avis": "contre"}', 400),
        (b'{"autre": [{"a": 1, "a": 2}], "avis": "pour"}', 400),
        (b'{"avis": "pour"} {"avis": "contre"}', 400),
        (b'{"avis": "\xff"}', 400),
        ('{"avis": "pour"}'.encode("utf-16"), 400),
        (b'\xef\xbb\xbf{"avis": "pour"}', 400),
        (b"[" * 60_000, 400),
        (b'{"a":' * 12_000, 400),
        (b'{"avis": ' + b"[" * 500 + b"]" * 500 + b"}", 422),
        (b'{"\\ud800": "pour"}', 400),
        (b'{"' + b"n" * 100 + b'": "pour"}', 400),
        (b'{"avis": [' + b",".join([b'"pour"'] * 3000) + b"]}", 400),
        (b'"pour"', 422),
        (b'["avis"]', 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"avis": {"$ne": ""}}', 422),
        (b'{"avis": [["pour"]]}', 422),
        (b'{"avis": ["pour", "contre"]}', 422),
        (b'{"avis": ["pour"]}', 422),
        (b'{"avis": "\\u0000pour"}', 422),
        (b'{"avis": "\\ud800"}', 422),
        (b'{"avis": 1e999}', 422),
        (b'{"avis": ' + b"9" * 10_000 + b"}", 422),
        (b'{"avis": true}', 422),
        (b'{"avis": "' + b"x" * 65_536 + b'"}', 413),
    ],
)
async def test_json_that_is_no_vote_is_a_problem_and_no_vote(client: AsyncClient, content: bytes, status: int) -> None:
    await make_proposal(await make_theme())
    await sign_in(client, await make_member())
    answer = await send(client, "/propositions/T3-001/vote", content)
    assert answer.status_code == status, answer.text
    problem_of(answer)
    assert await count("ballot") == 0
    good = await send(client, "/propositions/T3-001/vote", b'{"avis": "pour"}')
    assert good.status_code == 303
    assert await count("ballot") == 1


async def test_a_list_where_one_value_is_meant_gets_the_sentence_of_a_form(client: AsyncClient) -> None:
    await make_proposal(await make_theme())
    await sign_in(client, await make_member())
    twice = await client.post("/propositions/T3-001/vote", data={"avis": ["pour", "contre"]})
    assert twice.status_code == 422
    assert "Ce champ n’attend qu’une seule valeur." in twice.text
    for opinions in (["pour"], ["pour", "contre"], [1, 2]):
        answer = await client.post("/propositions/T3-001/vote", json={"avis": opinions})
        assert answer.status_code == 422
        assert problem_of(answer)["errors"] == {"avis": "Ce champ n’attend qu’une seule valeur."}


async def test_every_reason_of_a_refused_form_is_in_the_problem(client: AsyncClient) -> None:
    await make_theme()
    await sign_in(client, await make_member())
    sent = {"titre": "", "source": "", "inconnu": "<b>"}
    french = problem_of(await client.post("/themes/3/nouveau-fil", json=sent))
    assert set(french["errors"]) == {"titre", "source"}
    assert french["detail"] in french["errors"].values()
    english = problem_of(await client.post("/en/themes/3/nouveau-fil", json=sent))
    assert english["status"] == 422
    assert not set(english["errors"].values()) & set(french["errors"].values())


async def test_whoever_asks_for_json_gets_problems_and_browsers_get_pages(client: AsyncClient) -> None:
    for accepted in ("application/json", "application/problem+json", "application/json, */*;q=0.1"):
        for path in ("/nulle-part", "/notifications", "/fils/99"):
            problem_of(await client.get(path, headers={"Accept": accepted}))
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.1,*/*;q=0.8"}
    for headers in (browser, {"Accept": "*/*"}):
        assert "<h1>" in (await client.get("/nulle-part", headers=headers)).text


async def test_a_visitor_who_sends_json_is_told_to_sign_in(client: AsyncClient, thread: Thread) -> None:
    answer = await client.post(f"/fils/{thread.id}/repondre", json={"source": "Sans compte."})
    assert answer.status_code == 403
    assert problem_of(answer)["detail"] == "Connectez-vous pour continuer."
    assert await count("post") == 0


async def test_json_of_another_site_changes_nothing(app: Starlette) -> None:
    async with visitor(app) as browser:
        await make_proposal(await make_theme())
        await sign_in(browser, await make_member())
        foreign = await browser.post(
            "/propositions/T3-001/vote", json={"avis": "pour"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert foreign.status_code == 403
        problem_of(foreign)
    assert await count("ballot") == 0


async def test_the_size_of_json_is_a_setting(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member())
    most = settings().limits.json_bytes
    frame = len(json.dumps({"source": "", "reste": ""}))
    fits = json.dumps({"source": "Des mots.", "reste": "x" * (most - frame - len("Des mots."))}).encode()
    assert len(fits) == most
    assert (await send(client, f"/fils/{thread.id}/repondre", fits[:-1] + b" }")).status_code == 413
    assert (await send(client, f"/fils/{thread.id}/repondre", fits)).status_code == 303


async def test_a_password_sent_with_a_refused_form_is_not_given_back(client: AsyncClient, thread: Thread) -> None:
    secrets = {"mot_de_passe_actuel": "secret un", "nouveau_mot_de_passe": "secret deux", "code": "secret trois"}
    sent = {"source": "Des mots.", **secrets, "jeton": "secret quatre", "code_de_secours": "secret cinq"}
    answer = await client.post(f"/fils/{thread.id}/repondre", data=sent)
    assert answer.status_code == 403
    assert "Des mots." in answer.text
    assert "secret " not in answer.text


def test_a_field_of_several_values_takes_a_list_of_one() -> None:
    form = Form({"questions": ["1"]}, frozenset({"questions"}))
    assert form.integers("questions") == [1]
