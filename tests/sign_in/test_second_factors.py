"""The second factor: set up, asked for, replaced, turned off; codes that were used, guessed or sent twice at once."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.members import members
from forum.domain.sign_in import passwords, second_factors, sessions
from forum.errors import Invalid, NotAllowed, NotFound, TooMany
from forum.models.members import Member, Role
from forum.permissions import Viewer
from forum.sealing import seal, unseal
from forum.settings import settings
from tests.conftest import NOON, Clock, visitor
from tests.factories import (
    SECRET,
    code_at,
    count,
    give_factor,
    make_group,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)

PASSWORD = "quatre mots pour entrer"
SET_UP = "/compte/securite/double-authentification"
RENEW = "/compte/securite/codes-de-secours"
TURN_OFF = "/compte/securite/desactiver"
PAPER = re.compile(r"<code>((?:[a-z2-9]{6}-){3}[a-z2-9]{6})</code>")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare passwords without argon2, which takes a fifth of a second."""
    monkeypatch.setattr(passwords, "matches", lambda password, kept: password == PASSWORD and kept is not None)


@pytest.fixture
async def member(client: AsyncClient) -> Member:
    return await make_member(email="camille@exemple.fr")


@pytest.fixture
async def agent(client: AsyncClient) -> Member:
    return await make_member("Agnès Roux", role=Role.AGENT, email="agnes@exemple.fr")


async def enter(client: AsyncClient, identifier: str, **fields: str) -> Response:
    return await client.post("/connexion", data={"identifiant": identifier, "mot_de_passe": PASSWORD, **fields})


async def give_code(client: AsyncClient, code: str, **fields: str) -> Response:
    return await client.post("/connexion/code", data={"code": code, **fields})


async def is_in(client: AsyncClient) -> bool:
    return (await client.get("/compte/securite")).status_code == 200


def offered(text: str) -> tuple[str, str]:
    """What the page of the key holds: the sealed key, and the key as people type it."""
    sealed, key = re.search(r'name="code_cle" value="([^"]+)"', text), re.search(r"<code>([A-Z2-7 ]+)</code>", text)
    assert sealed, text
    assert key, text
    return sealed[1], key[1].replace(" ", "")


async def set_up(client: AsyncClient, now: datetime, **fields: str) -> Response:
    sealed, secret = offered((await client.get(SET_UP)).text)
    typed = {"code_cle": sealed, "code": code_at(now, secret=secret), "mot_de_passe_actuel": PASSWORD} | fields
    return await client.post(SET_UP, data=typed)


async def viewer_of(member: Member) -> Viewer:
    return await members.load_viewer(member.id)


async def test_a_member_sets_the_factor_up_then_enters_with_a_code(
    app: Starlette, client: AsyncClient, member: Member, clock: Clock
) -> None:
    await sign_in(client, member)
    answer = await set_up(client, clock.now)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert len(PAPER.findall(answer.text)) == 10
    secret = unseal((await rows("SELECT secret FROM second_factor"))[0]["secret"])
    clock.pass_(minutes=5)
    async with visitor(app) as other:
        first = await enter(other, member.handle, suite="/aide")
        assert first.headers["location"] == "/connexion/code?suite=%2Faide"
        assert not await is_in(other)
        assert (await other.get("/compte/securite")).status_code == 303
        page = await other.get(first.headers["location"])
        assert 'name="suite" value="/aide"' in page.text
        assert 'autocomplete="one-time-code"' in page.text
        second = await give_code(other, code_at(clock.now, secret=secret), suite="/aide")
        assert (second.status_code, second.headers["location"]) == (303, "/aide")
        assert await is_in(other)


async def test_the_key_is_written_nowhere_before_its_code_and_sealed_after(
    client: AsyncClient, member: Member, clock: Clock
) -> None:
    await sign_in(client, member)
    _, key = offered((await client.get(SET_UP)).text)
    assert await count("second_factor") == 0
    await set_up(client, clock.now)
    kept = (await rows("SELECT secret FROM second_factor"))[0]["secret"]
    assert len(unseal(kept)) == len(key) == 32
    assert unseal(kept) not in kept


async def test_the_picture_is_drawn_in_the_page_without_any_style(client: AsyncClient, member: Member) -> None:
    await sign_in(client, member)
    page = await client.get(SET_UP)
    picture = re.search(r"<svg.*?</svg>", page.text, re.DOTALL)
    assert picture
    assert "style" not in picture[0]
    side = re.search(r'viewBox="0 0 (\d+) \1"', picture[0])
    assert side
    # The three large squares of its corners are inside the quiet border: the first dark module is at (4, 4).
    assert 'd="M4 4h1v1h-1z' in picture[0]
    assert page.headers["cache-control"] == "no-store"
    assert "style-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"code": "000000"}, "Ce n’est pas le code de cette clé"),
        ({"code": "١٢٣٤٥٦"}, "Ce n’est pas le code de cette clé"),
        ({"code": ""}, "Ce n’est pas le code de cette clé"),
        ({"mot_de_passe_actuel": "pas le bon mot"}, "Ce n’est pas votre mot de passe actuel"),
        ({"code_cle": "inventée"}, "Cette clé n’est plus valable"),
    ],
)
async def test_nothing_counts_before_code_and_password_are_right(
    client: AsyncClient, member: Member, clock: Clock, wrong: dict[str, str], reason: str
) -> None:
    await sign_in(client, member)
    answer = await set_up(client, clock.now, **wrong)
    assert answer.status_code == 422
    assert reason in answer.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "pas le bon mot" not in answer.text
    assert await count("second_factor") == 0


async def test_a_refused_form_keeps_the_key_that_was_scanned(client: AsyncClient, member: Member, clock: Clock) -> None:
    await sign_in(client, member)
    sealed, secret = offered((await client.get(SET_UP)).text)
    refused = await client.post(SET_UP, data={"code_cle": sealed, "code": "1", "mot_de_passe_actuel": PASSWORD})
    assert offered(refused.text) == (sealed, secret)


async def test_a_key_serves_the_member_to_whom_it_was_offered_for_half_an_hour(
    app: Starlette, client: AsyncClient, member: Member, clock: Clock
) -> None:
    await sign_in(client, member)
    sealed, secret = offered((await client.get(SET_UP)).text)
    async with visitor(app) as other:
        await sign_in(other, await make_member("Malik Diallo"))
        stolen = {"code_cle": sealed, "code": code_at(clock.now, secret=secret), "mot_de_passe_actuel": PASSWORD}
        assert (await other.post(SET_UP, data=stolen)).status_code == 422
    clock.pass_(minutes=31)
    late = {"code_cle": sealed, "code": code_at(clock.now, secret=secret), "mot_de_passe_actuel": PASSWORD}
    answer = await client.post(SET_UP, data=late)
    assert answer.status_code == 422
    assert offered(answer.text)[1] != secret
    assert await count("second_factor") == 0


@pytest.mark.parametrize(("away", "enters"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
async def test_a_code_is_taken_one_step_around_its_own(
    client: AsyncClient, agent: Member, clock: Clock, away: int, enters: bool
) -> None:
    await enter(client, agent.handle)
    answer = await give_code(
        client,
        f" {code_at(clock.now + timedelta(seconds=away))[:3]} {code_at(clock.now + timedelta(seconds=away))[3:]}",
    )
    assert (answer.status_code == 303) is enters


async def test_a_used_code_is_useless(app: Starlette, client: AsyncClient, agent: Member, clock: Clock) -> None:
    code = code_at(clock.now)
    await enter(client, agent.handle)
    assert (await give_code(client, code)).status_code == 303
    async with visitor(app) as thief:
        await enter(thief, agent.handle)
        answer = await give_code(thief, code)
        assert answer.status_code == 422
        assert "a déjà servi" in answer.text
        # Neither is the code of the step before, although it is within the tolerance.
        assert (await give_code(thief, code_at(clock.now - timedelta(seconds=30)))).status_code == 422
        clock.pass_(seconds=30)
        assert (await give_code(thief, code_at(clock.now))).status_code == 303


async def test_of_many_who_send_one_code_at_once_one_enters(app: Starlette, agent: Member, clock: Clock) -> None:
    code = code_at(clock.now)

    async def come() -> int:
        async with visitor(app) as one:
            one.cookies.set("session", (await sessions.let_in(agent.id, now=clock.now)).token)
            return (await give_code(one, code)).status_code

    answers = await asyncio.gather(*(come() for _ in range(10)))
    assert sorted(answers) == [303] + [422] * 9


async def test_a_session_that_waits_for_a_code_is_not_signed_in_and_ends_after_ten_minutes(
    client: AsyncClient, agent: Member, clock: Clock
) -> None:
    await enter(client, agent.handle)
    assert await sessions.viewer_of(client.cookies["session"], now=clock.now) is None
    clock.pass_(minutes=10)
    answer = await give_code(client, code_at(clock.now))
    assert answer.status_code == 422
    assert "Le temps pour donner le code est passé" in answer.text
    assert 'name="mot_de_passe"' in answer.text
    assert (await client.get("/connexion/code")).headers["location"] == "/connexion"


async def test_entering_gives_a_new_token(client: AsyncClient, agent: Member, clock: Clock) -> None:
    """An attacker may have put the former cookie into this browser: it is useless afterwards."""
    await enter(client, agent.handle)
    waiting = client.cookies["session"]
    await give_code(client, code_at(clock.now))
    assert client.cookies["session"] != waiting
    assert await sessions.viewer_of(waiting, now=clock.now) is None
    assert await sessions.awaiting(waiting, now=clock.now) is None
    assert await count("session") == 1


async def test_five_wrong_codes_end_the_session_that_waits(client: AsyncClient, agent: Member, clock: Clock) -> None:
    await enter(client, agent.handle)
    for _ in range(5):
        assert (await give_code(client, "000000")).status_code == 422
    answer = await give_code(client, code_at(clock.now))
    assert "Trop de codes faux" in answer.text
    assert await count("session") == 0
    await enter(client, agent.handle)
    assert (await give_code(client, code_at(clock.now))).status_code == 303


async def test_codes_are_guessed_twenty_times_a_day_and_recovery_codes_still_let_in(
    client: AsyncClient, agent: Member, clock: Clock
) -> None:
    paper = (await set_up_as(agent, clock.now)).codes
    secret = unseal((await rows("SELECT secret FROM second_factor"))[0]["secret"])
    clock.pass_(minutes=1)
    for _ in range(20):
        with pytest.raises(Invalid):
            await second_factors.require_code(agent.id, "000000", now=clock.now)
    with pytest.raises(TooMany, match="code de secours") as refusal:
        await second_factors.require_code(agent.id, code_at(clock.now, secret=secret), now=clock.now)
    assert refusal.value.retry_after == 86400
    await enter(client, agent.handle)
    assert (await give_code(client, paper[0])).status_code == 303
    await second_factors.require_code(agent.id, code_at(clock.now, secret=secret), now=clock.now)


async def set_up_as(member: Member, now: datetime) -> second_factors.Renewed:
    """Set up a new factor with recovery codes, for a member who may have one already."""
    await rows("DELETE FROM second_factor WHERE member_id = $1", member.id)
    viewer, token = await viewer_of(member), await sessions.open_session(member.id, now=now)
    draft = second_factors.draft(viewer, now)
    return await second_factors.set_up(
        viewer, token, sealed=draft.sealed, code=code_at(now, secret=draft.secret), password=PASSWORD, now=now
    )


async def test_a_recovery_code_works_once(app: Starlette, client: AsyncClient, member: Member, clock: Clock) -> None:
    paper = (await set_up_as(member, clock.now)).codes
    await enter(client, member.handle)
    assert (await give_code(client, paper[3].upper().replace("-", " "))).status_code == 303
    assert await count("recovery_code") == 9
    async with visitor(app) as other:
        await enter(other, member.handle)
        assert (await give_code(other, paper[3])).status_code == 422
        assert (await give_code(other, paper[4])).status_code == 303


async def test_of_many_who_send_one_recovery_code_at_once_one_enters(member: Member, clock: Clock) -> None:
    code = (await set_up_as(member, clock.now)).codes[0]
    ended = await asyncio.gather(
        *(second_factors.require_code(member.id, code, now=clock.now) for _ in range(10)), return_exceptions=True
    )
    assert [one is None for one in ended].count(True) == 1
    assert sum(isinstance(one, Invalid) for one in ended) == 9


async def test_the_table_keeps_only_hashes_of_recovery_codes(member: Member, clock: Clock) -> None:
    paper = (await set_up_as(member, clock.now)).codes
    assert len(set(paper)) == 10
    kept = {one["code_hash"] for one in await rows("SELECT code_hash FROM recovery_code")}
    assert all(len(one) == 64 for one in kept)
    assert not any(code in kept or code.replace("-", "") in kept for code in paper)


async def test_recovery_codes_are_renewed_with_password_and_code(
    client: AsyncClient, member: Member, clock: Clock
) -> None:
    before = (await set_up_as(member, clock.now)).codes
    await sign_in(client, member)
    assert "Il vous reste" in (await client.get("/compte/securite")).text
    wrong = {"code": before[0], "mot_de_passe_actuel": "pas le bon mot"}
    assert (await client.post(RENEW, data=wrong)).status_code == 422
    assert (await client.post(RENEW, data=wrong | {"mot_de_passe_actuel": PASSWORD, "code": "1"})).status_code == 422
    assert await count("recovery_code") == 10
    answer = await client.post(RENEW, data={"code": before[0], "mot_de_passe_actuel": PASSWORD})
    after = PAPER.findall(answer.text)
    assert len(after) == 10
    assert set(after).isdisjoint(before)
    with pytest.raises(Invalid):
        await second_factors.require_code(member.id, before[1], now=clock.now)
    await second_factors.require_code(member.id, after[1], now=clock.now)


async def test_setting_up_ends_the_other_sessions_renews_this_one_and_tells_by_mail(
    app: Starlette, client: AsyncClient, member: Member, clock: Clock
) -> None:
    await sign_in(client, member)
    before = client.cookies["session"]
    async with visitor(app) as other:
        await sign_in(other, member)
        await set_up(client, clock.now)
        assert not await is_in(other)
    assert client.cookies["session"] != before
    assert await is_in(client)
    assert await sessions.viewer_of(before, now=clock.now) is None
    assert await count("session") == 1
    assert await mails() == [("factor_changed", "camille@exemple.fr", {"name": "Camille Martin", "what": "added"})]


async def mails() -> list[tuple[str, str, dict[str, Any]]]:
    found = await rows("SELECT template, address, content FROM mail ORDER BY id")
    return [(one["template"], one["address"], unseal(one["content"])) for one in found]


async def test_replacing_it_asks_for_a_code_of_the_old_one(client: AsyncClient, agent: Member, clock: Clock) -> None:
    await sign_in(client, agent)
    assert (await set_up(client, clock.now)).status_code == 422
    assert (await set_up(client, clock.now, code_actuel="000000")).status_code == 422
    assert unseal((await rows("SELECT secret FROM second_factor"))[0]["secret"]) == SECRET
    assert (await set_up(client, clock.now, code_actuel=code_at(clock.now))).status_code == 200
    assert unseal((await rows("SELECT secret FROM second_factor"))[0]["secret"]) != SECRET
    assert await count("second_factor") == 1
    assert [one[2]["what"] for one in await mails()] == ["replaced"]


async def test_a_wrong_password_uses_no_code_up(client: AsyncClient, agent: Member, clock: Clock) -> None:
    await sign_in(client, agent)
    code = code_at(clock.now)
    typed = {"code": code, "mot_de_passe_actuel": "pas le bon mot"}
    assert (await client.post(RENEW, data=typed)).status_code == 422
    assert (await client.post(RENEW, data=typed | {"mot_de_passe_actuel": PASSWORD})).status_code == 200


async def test_a_member_turns_it_off_with_password_and_code(client: AsyncClient, member: Member, clock: Clock) -> None:
    await give_factor(member)
    await sign_in(client, member)
    assert "Désactiver la double" in (await client.get("/compte/securite")).text
    typed = {"code": code_at(clock.now), "mot_de_passe_actuel": PASSWORD}
    assert (await client.post(TURN_OFF, data=typed | {"code": "000000"})).status_code == 422
    answer = await client.post(TURN_OFF, data=typed)
    assert answer.headers["location"] == "/compte/securite?fait=facteur-retire"
    assert await is_in(client)
    assert await count("second_factor") == await count("recovery_code") == 0
    assert [one[2]["what"] for one in await mails()] == ["removed"]


async def test_a_member_whose_role_requires_it_cannot_turn_it_off(
    client: AsyncClient, agent: Member, clock: Clock
) -> None:
    await sign_in(client, agent)
    assert "Désactiver la double" not in (await client.get("/compte/securite")).text
    answer = await client.post(TURN_OFF, data={"code": code_at(clock.now), "mot_de_passe_actuel": PASSWORD})
    assert answer.status_code == 403
    assert "remplacez la clé" in answer.text
    assert (await client.get(TURN_OFF)).status_code == 403
    assert await count("second_factor") == 1


@pytest.mark.parametrize("path", [SET_UP, RENEW, TURN_OFF, "/compte/securite"])
async def test_visitors_have_no_factor_to_change(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion?suite=")


@pytest.mark.parametrize("path", [RENEW, TURN_OFF])
async def test_there_is_nothing_to_change_without_a_factor(client: AsyncClient, member: Member, path: str) -> None:
    await sign_in(client, member)
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path, data={"code": "1", "mot_de_passe_actuel": PASSWORD})).status_code == 404


# Roles that require it


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMINISTRATOR, "moderator"])
async def test_people_who_act_on_others_set_it_up_before_they_act(client: AsyncClient, clock: Clock, role: str) -> None:
    group = await make_group("gt-3")
    await make_theme(3, group=group)
    moderates = [group] if role == "moderator" else []
    staff = await make_member(
        "Agnès Roux", role=Role.MEMBER if moderates else Role(role), moderates=moderates, factor=False
    )
    answer = await enter(client, staff.handle, suite="/themes/3")
    assert answer.headers["location"] == "/compte/securite?fait=facteur-demande"
    assert "Votre rôle demande la double authentification" in (await client.get(answer.headers["location"])).text
    refused = await client.post("/themes/3/nouveau-fil", data={"titre": "Un fil", "source": "Des mots."})
    assert refused.status_code == 403
    assert "double authentification" in refused.text
    assert await count("thread") == 0
    assert (await set_up(client, clock.now)).status_code == 200
    opened = await client.post("/themes/3/nouveau-fil", data={"titre": "Un fil", "source": "Des mots."})
    assert opened.status_code == 303


async def test_members_and_invented_people_do_without(client: AsyncClient, clock: Clock) -> None:
    member = await make_member("Malik Diallo")
    invented = await make_member("Agnès Roux", role=Role.AGENT, example=True, factor=False)
    for one in (member, invented):
        viewer = await sessions.viewer_of(await sessions.open_session(one.id, now=NOON), now=NOON)
        assert viewer is not None
        assert not viewer.lacks_factor


async def test_the_setting_may_ask_nobody_for_it(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SIGN_IN__SECOND_FACTOR_FOR_STAFF", "false")
    settings.cache_clear()
    staff = await make_member("Agnès Roux", role=Role.AGENT, factor=False)
    viewer = await sessions.viewer_of(await sessions.open_session(staff.id, now=NOON), now=NOON)
    assert viewer is not None
    assert not viewer.lacks_factor


async def test_a_new_moderator_is_asked_for_it_from_the_next_request_on(client: AsyncClient) -> None:
    member = await make_member("Malik Diallo")
    await sign_in(client, member)
    token, group = client.cookies["session"], await make_group()
    before = await sessions.viewer_of(token, now=NOON)
    await rows("INSERT INTO moderator (member_id, working_group_id) VALUES ($1, $2)", member.id, group.id)
    after = await sessions.viewer_of(token, now=NOON)
    assert before is not None
    assert after is not None
    assert (before.lacks_factor, after.lacks_factor) == (False, True)


@pytest.mark.usefixtures("same_keys")
@pytest.mark.parametrize(("path", "offered"), [("/themes/3/propositions", "booth"), ("/fils/{thread}", "/repondre")])
async def test_pages_kept_ready_are_not_shared_with_members_who_lack_it(
    app: Starlette, path: str, offered: str
) -> None:
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    await make_proposal(theme)
    thread = await make_thread(theme)
    await make_post(thread)
    with_factor = await make_member("Agnès Roux", moderates=[group])
    without = await make_member("Olga Petit", moderates=[group], factor=False)
    shown = []
    for one in (with_factor, without, with_factor):
        async with visitor(app) as browser:
            await sign_in(browser, one)
            shown.append((await browser.get(path.format(thread=thread.id))).text)
    assert [offered in page for page in shown] == [True, False, True]
    assert ["L’activer" in page for page in shown] == [False, True, False]
    assert shown[0] == shown[2]


# Telephone and recovery codes both lost


async def test_an_administrator_removes_it_with_a_line_in_the_journal(client: AsyncClient, agent: Member) -> None:
    administrator = await viewer_of(await make_member("Ada Min", role=Role.ADMINISTRATOR))
    await sign_in(client, agent)
    await second_factors.remove(administrator, agent.id, reason="Téléphone perdu.", now=NOON)
    assert not await is_in(client)
    line = await row("SELECT actor_id, act, thing, thing_id, reason FROM journal_entry")
    assert line is not None
    assert tuple(line[name] for name in ("actor_id", "act", "thing", "thing_id", "reason")) == (
        administrator.id,
        "remove_second_factor",
        "member",
        agent.id,
        "Téléphone perdu.",
    )
    assert [one[0] for one in await mails()] == ["factor_changed"]
    with pytest.raises(NotFound):
        await second_factors.remove(administrator, agent.id, now=NOON)


async def test_only_an_administrator_removes_it(member: Member, agent: Member) -> None:
    for viewer in (await viewer_of(member), await viewer_of(agent)):
        with pytest.raises(NotAllowed):
            await second_factors.remove(viewer, agent.id, now=NOON)
    assert await count("second_factor") == 1
    assert await count("journal_entry") == 0


async def test_a_key_sealed_by_another_site_leaves_the_recovery_codes(
    client: AsyncClient, member: Member, clock: Clock
) -> None:
    paper = (await set_up_as(member, clock.now)).codes
    await rows("UPDATE second_factor SET secret = 'scellé ailleurs'")
    await enter(client, member.handle)
    answer = await give_code(client, "123456")
    assert answer.status_code == 422
    assert "Entrez avec un code de secours" in answer.text
    assert (await give_code(client, paper[0])).status_code == 303


async def test_the_address_of_the_key_is_the_one_that_applications_read(client: AsyncClient, member: Member) -> None:
    draft = second_factors.draft(await viewer_of(member), NOON)
    read = pyotp.parse_uri(draft.address)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer, read.name) == (draft.secret, settings().site.name, member.handle)
    assert parse_qs(urlsplit(draft.address).query)["issuer"] == [settings().site.name]
    assert second_factors.draft(await viewer_of(member), NOON, sealed=seal(["rien"])).secret != draft.secret
