"""/compte/securite: changing the password, the list of sessions, and closing those that a member does not recognise."""

import re
import unicodedata

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import passwords, proofs, sessions
from forum.errors import Invalid
from forum.models.members import Member
from forum.sealing import unseal
from forum.text.devices import device_of
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, sign_in

PASSWORD = "quatre mots pour entrer"
OTHER = "cinq mots tout à fait neufs"
CHANGE = "/compte/securite/mot-de-passe"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def account(client: AsyncClient) -> Member:
    made = await members.create_member(
        Particulars("Camille Martin", email="camille@exemple.fr", password=PASSWORD), now=NOON
    )
    return await Member.get(id=made.id)


def typed(**fields: str) -> dict[str, str]:
    return {"mot_de_passe_actuel": PASSWORD, "nouveau_mot_de_passe": OTHER} | fields


async def enter(client: AsyncClient, password: str, **headers: str) -> int:
    data = {"identifiant": "Camille-Martin", "mot_de_passe": password}
    return (await client.post("/connexion", data=data, headers=headers)).status_code


async def is_in(client: AsyncClient) -> bool:
    return (await client.get("/compte/securite")).status_code == 200


async def test_a_new_password_ends_the_other_sessions_and_renews_this_one(
    app: Starlette, client: AsyncClient, account: Member
) -> None:
    assert await enter(client, PASSWORD) == 303
    before = client.cookies["session"]
    async with visitor(app) as other:
        assert await enter(other, PASSWORD) == 303
        answer = await client.post(CHANGE, data=typed())
        assert answer.headers["location"] == "/compte/securite?fait=mot-de-passe-change"
        assert not await is_in(other)
    assert client.cookies["session"] != before
    assert await is_in(client)
    assert await sessions.viewer_of(before, now=NOON) is None
    async with visitor(app) as later:
        assert await enter(later, PASSWORD) == 422
        assert await enter(later, OTHER) == 303
    mail = (await rows("SELECT template, address, content FROM mail"))[0]
    assert (mail["template"], mail["address"]) == ("password_changed", "camille@exemple.fr")
    assert unseal(mail["content"]) == {"name": "Camille Martin"}


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"mot_de_passe_actuel": "pas le bon mot"}, ["Ce n’est pas votre mot de passe actuel"]),
        ({"mot_de_passe_actuel": ""}, ["Ce n’est pas votre mot de passe actuel"]),
        ({"nouveau_mot_de_passe": "court"}, ["au moins 12"]),
        ({"nouveau_mot_de_passe": "camille-martin-1"}, ["trop facile à deviner"]),
        ({"nouveau_mot_de_passe": "x" * 1025}, ["au plus 1 024"]),
        ({"mot_de_passe_actuel": "x" * 1025}, ["au plus 1 024"]),
        ({"mot_de_passe_actuel": "non", "nouveau_mot_de_passe": "court"}, ["pas votre mot de passe", "au moins 12"]),
    ],
)
async def test_a_refused_change_changes_nothing_and_shows_no_password(
    client: AsyncClient, account: Member, fields: dict[str, str], reasons: list[str]
) -> None:
    await sign_in(client, account)
    answer = await client.post(CHANGE, data=typed(**fields))
    assert answer.status_code == 422
    assert answer.headers["cache-control"] == "no-store"
    text = re.sub(r"[\u00a0\u202f]", " ", answer.text)
    assert all(reason in text for reason in reasons)
    assert not any(word in answer.text for word in (PASSWORD, OTHER, "camille-martin-1"))
    assert (await Member.get(id=account.id)).password_hash == account.password_hash
    assert await count("mail") == 0


async def test_a_very_long_password_is_refused_before_it_is_hashed(
    client: AsyncClient, account: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(password: str, kept: str | None) -> bool:
        raise AssertionError("hashed")

    monkeypatch.setattr(passwords, "matches", never)
    long = {"identifiant": "Camille-Martin", "mot_de_passe": "é" * 20_000}
    answer = await client.post("/connexion", data=long)
    assert answer.status_code == 422
    assert "au plus" in answer.text
    assert "éééé" not in answer.text
    huge = await client.post("/connexion", data={"identifiant": "Camille-Martin", "mot_de_passe": "x" * 1_000_000})
    assert huge.status_code == 413


@pytest.mark.parametrize("other", [unicodedata.normalize("NFD", OTHER), OTHER.replace(" ", "\N{NO-BREAK SPACE}")])
async def test_a_password_is_the_same_from_every_keyboard(client: AsyncClient, account: Member, other: str) -> None:
    await sign_in(client, account)
    assert other != OTHER
    assert (await client.post(CHANGE, data=typed(nouveau_mot_de_passe=other))).status_code == 303
    assert await enter(client, OTHER) == 303
    assert await enter(client, OTHER.upper()) == 422
    assert await enter(client, f"{OTHER} ") == 422


async def test_any_sign_and_any_length_that_can_be_typed_makes_a_password(client: AsyncClient, account: Member) -> None:
    await sign_in(client, account)
    long = "Ω漢字🙂 <script>'\";--\\ %00 " * 20
    assert (await client.post(CHANGE, data=typed(nouveau_mot_de_passe=long))).status_code == 303
    assert await enter(client, long) == 303


async def test_a_member_without_password_is_led_to_the_reset(client: AsyncClient, clock: Clock) -> None:
    member = await make_member("Malik Diallo", password_hash=None, email="malik@exemple.fr")
    await sign_in(client, member)
    assert "/mot-de-passe-oublie" in (await client.get("/compte/securite")).text
    assert (await client.get(CHANGE)).status_code == 404
    assert (await client.post(CHANGE, data=typed())).status_code == 404


async def test_a_member_without_password_proves_themselves_by_a_fresh_session(
    client: AsyncClient, clock: Clock
) -> None:
    member = await make_member("Malik Diallo", password_hash=None)
    viewer = await members.load_viewer(member.id)
    entry = await sessions.let_in(member.id, now=NOON)
    await proofs.require_proof(viewer, entry.token, "", now=NOON)
    clock.pass_(minutes=10, seconds=1)
    with pytest.raises(Invalid, match="reconnectez-vous"):
        await proofs.require_proof(viewer, entry.token, "", now=clock.now)
    with pytest.raises(Invalid, match="reconnectez-vous"):
        await proofs.require_proof(viewer, "un autre jeton", "", now=NOON)


async def test_the_sessions_are_listed_with_their_device_this_one_first(
    app: Starlette, client: AsyncClient, account: Member, clock: Clock
) -> None:
    assert await enter(client, PASSWORD, **{"User-Agent": FIREFOX}) == 303
    clock.pass_(minutes=30)
    async with visitor(app) as other:
        assert await enter(other, PASSWORD, **{"User-Agent": "curl/8"}) == 303
    await sign_in(client, await Member.get(id=account.id), now=clock.now)
    await rows("UPDATE session SET device = '' WHERE device NOT LIKE 'Firefox%'")
    page = (await client.get("/compte/securite")).text
    devices = re.findall(r"<strong>([^<]+)</strong>", page[page.index('id="sessions"') :])
    assert devices == ["Appareil inconnu", "Appareil inconnu", "Firefox, Linux"]
    assert page.count("cette session)") == 1
    assert page.index("cette session)") < page.index("Firefox, Linux")
    assert page.count("Fermer cette session") == 2


async def test_one_session_is_closed_and_only_ones_own(app: Starlette, client: AsyncClient, account: Member) -> None:
    await sign_in(client, account)
    async with visitor(app) as other, visitor(app) as stranger:
        await sign_in(other, account)
        await sign_in(stranger, await make_member("Malik Diallo"))
        ids = {one["token_hash"]: one["id"] for one in await rows("SELECT id, token_hash FROM session")}
        theirs, lost = (ids[sessions.hashed(one.cookies["session"])] for one in (stranger, other))
        assert (await client.post(f"/compte/securite/sessions/{theirs}")).status_code == 404
        assert await is_in(stranger)
        answer = await client.post(f"/compte/securite/sessions/{lost}")
        assert answer.headers["location"] == "/compte/securite?fait=session-fermee#sessions"
        assert not await is_in(other)
        assert await is_in(client)
        assert (await client.post(f"/compte/securite/sessions/{lost}")).status_code == 404


async def test_all_sessions_are_closed_or_all_but_this_one(
    app: Starlette, client: AsyncClient, account: Member
) -> None:
    await sign_in(client, account)
    async with visitor(app) as other, visitor(app) as stranger:
        await sign_in(stranger, await make_member("Malik Diallo"))
        await sign_in(other, account)
        await client.post("/compte/securite/sessions", data={"aussi": ""})
        assert (await is_in(client), await is_in(other)) == (True, False)
        await sign_in(other, account)
        answer = await client.post("/compte/securite/sessions", data={"aussi": "celle-ci"})
        assert answer.headers["clear-site-data"] == '"cache"'
        assert (await is_in(client), await is_in(other), await is_in(stranger)) == (False, False, True)


async def test_sessions_that_ended_or_wait_for_a_code_are_not_listed_and_are_deleted(
    client: AsyncClient, account: Member, clock: Clock
) -> None:
    for _ in range(3):
        await sessions.open_session(account.id, now=clock.now)
    await sessions.open_session(account.id, now=clock.now, awaits_code=True)
    clock.pass_(hours=72)
    await sessions.open_session(account.id, now=clock.now, awaits_code=True)
    await sign_in(client, account, now=clock.now)
    viewer = await members.load_viewer(account.id)
    assert len(await sessions.sessions_of(viewer, client.cookies["session"], now=clock.now)) == 1
    assert await count("session") == 2
    clock.pass_(minutes=10)
    await sessions.forget_ended(clock.now)
    assert await count("session") == 1


async def test_the_day_of_the_last_visit_is_noted_once_a_day(
    client: AsyncClient, account: Member, clock: Clock
) -> None:
    await sign_in(client, account)
    noted = []
    for _ in range(4):
        noted.append((await rows("SELECT active_at FROM member"))[0]["active_at"])
        clock.pass_(hours=13)
        await client.get("/aide")
    assert noted[0] == noted[1] == NOON
    assert noted[2] == noted[3]
    assert noted[2] is not None
    assert (noted[2] - NOON).total_seconds() == 26 * 3600


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<script>alert(1)</script>" * 1000, ""),
    ],
)
def test_a_device_is_named_as_its_owner_would(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
