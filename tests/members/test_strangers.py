"""Strangers who ask again and again in somebody's name, from many places: what can they keep from its owner?

Nothing that the owner must get. What they fill guards only mails of which as good ones have arrived.
"""

from datetime import timedelta

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.mail import PER_HOUR
from forum.domain.members import identities, lost_passwords, members
from forum.domain.members.particulars import Particulars
from forum.domain.privacy import inactivity
from forum.domain.sign_in import guesses, passwords
from forum.domain.sign_in.providers import ProvenPerson
from forum.models.members import Member, Role
from forum.permissions import Viewer
from forum.sealing import unseal
from tests.conftest import ADDRESS, NOON, Clock, visitor
from tests.factories import count, make_member, sign_in

CAMILLE = "camille@exemple.fr"
PASSWORD = "quatre mots pour entrer"
OTHER = "cinq mots tout à fait neufs"
SIGN_UP = {"nom": "Camille Martin", "adresse": CAMILLE, "mot_de_passe": PASSWORD, "charte": "1"}
SQUATTING = SIGN_UP | {"nom": "Quelqu’un d’Autre", "mot_de_passe": "un mot de passe de squatteur"}
PLACES = 8


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and hashes are readable."""

    async def pause(_: float) -> None:
        pass

    monkeypatch.setattr(lost_passwords, "pause", pause)
    monkeypatch.setattr(guesses, "pause", pause)
    monkeypatch.setattr(passwords.hasher, "hash", lambda password: f"condensé de {password}")
    monkeypatch.setattr(passwords, "matches", lambda password, kept: kept == f"condensé de {password}")


def stranger(app: Starlette, number: int) -> AsyncClient:
    transport = ASGITransport(app=app, client=(f"198.51.100.{number}", 40000))
    return AsyncClient(transport=transport, base_url=ADDRESS, headers={"Sec-Fetch-Site": "same-origin"})


async def besiege(app: Starlette, address: str = CAMILLE) -> None:
    """As many requests with this address as strangers at eight places can make within the hour."""
    for number in range(PLACES):
        async with stranger(app, number) as one:
            for _ in range(PER_HOUR + 1):
                await one.post("/mot-de-passe-oublie", data={"adresse": address})
                await one.post("/inscription", data=SQUATTING | {"adresse": address})


async def mails(*templates: str) -> list[tuple[str, str]]:
    """Template and token ("" without one) of the waiting mails to Camille, the oldest first."""
    found = await rows("SELECT template, content FROM mail WHERE address = $1 ORDER BY id", CAMILLE)
    read = [(str(one["template"]), str(unseal(one["content"]).get("token", ""))) for one in found]
    return [one for one in read if not templates or one[0] in templates]


@pytest.fixture
async def camille(client: AsyncClient) -> Member:
    made = await members.create_member(Particulars("Camille Martin", email=CAMILLE, password=PASSWORD), now=NOON)
    found = await Member.get(id=made.id)
    await sign_in(client, found)
    return found


async def enter(client: AsyncClient, password: str) -> Response:
    return await client.post("/connexion", data={"identifiant": CAMILLE, "mot_de_passe": password})


async def test_strangers_silence_no_notice(app: Starlette, client: AsyncClient, camille: Member) -> None:
    await besiege(app)
    viewer = Viewer(id=camille.id, name=camille.name, handle=camille.handle)
    await identities.link(viewer, ProvenPerson("https://agent.exemple", "1", "Camille", "", False, ""), now=NOON)
    change = {"mot_de_passe_actuel": PASSWORD, "nouveau_mot_de_passe": OTHER}
    assert (await client.post("/compte/securite/mot-de-passe", data=change)).status_code == 303
    moved = {"nouvelle_adresse": "neuve@exemple.fr", "mot_de_passe_actuel": OTHER}
    assert (await client.post("/compte/adresse", data=moved)).status_code == 303
    asked = PER_HOUR * ["already_member"] + PER_HOUR * ["reset"]
    told = [template for template, _ in await mails()]
    assert sorted(told[: len(asked)]) == asked
    assert told[len(asked) :] == ["identity_linked", "password_changed", "old_address"]


async def test_strangers_silence_no_warning_before_an_erasure(app: Starlette, clock: Clock, camille: Member) -> None:
    await besiege(app)
    await rows("UPDATE member SET active_at = $1", NOON - timedelta(days=365 * 2 - 20))
    await inactivity.warn_and_erase(NOON)
    assert [template for template, _ in await mails("inactive")] == ["inactive"]


async def test_strangers_keep_nobody_from_a_new_password(app: Starlette, camille: Member) -> None:
    """The links that they asked for arrived at the owner's; and the owner signs in at a place that is new."""
    await besiege(app)
    links = [token for _, token in await mails("reset")]
    assert len(links) == PER_HOUR
    async with visitor(app) as owner:
        chosen = {"jeton": links[0], "nouveau_mot_de_passe": OTHER}
        assert (await owner.post("/mot-de-passe/nouveau", data=chosen)).status_code == 303
        async with (
            guesses.one_try(CAMILLE, "192.0.2.1"),
            guesses.one_try(CAMILLE, "192.0.2.2"),
            guesses.one_try(CAMILLE, "192.0.2.3"),
            guesses.one_try(CAMILLE, "192.0.2.4"),
        ):
            async with stranger(app, 99) as other:
                assert (await enter(other, OTHER)).status_code == 429
            assert (await enter(owner, OTHER)).status_code == 303
        await owner.post("/mot-de-passe-oublie", data={"adresse": CAMILLE})
    assert len(await mails("reset")) == PER_HOUR + 1


async def test_strangers_keep_nobody_from_joining(app: Starlette, client: AsyncClient) -> None:
    """Any link that reached the mailbox opens the sign-up of whoever knows its password, and no other."""
    await besiege(app)
    assert len(await mails()) == PER_HOUR
    answer = await client.post("/inscription", data=SIGN_UP)
    assert answer.status_code == 200
    assert "le lien de n’importe lequel ouvre votre compte" in answer.text
    links = await mails("sign_up")
    assert len(links) == PER_HOUR
    wrong = await client.post("/inscription/confirmer", data={"jeton": links[0][1], "mot_de_passe": OTHER})
    assert wrong.status_code == 422
    opened = await client.post("/inscription/confirmer", data={"jeton": links[0][1], "mot_de_passe": PASSWORD})
    assert opened.status_code == 303
    found = await row("SELECT name, email FROM member")
    assert found is not None
    assert (found["name"], found["email"]) == ("Camille Martin", CAMILLE)
    assert await count("sign_up") == 0


async def test_a_name_taken_meanwhile_is_asked_again_whatever_the_link(app: Starlette, client: AsyncClient) -> None:
    await besiege(app)
    await client.post("/inscription", data=SIGN_UP)
    await make_member("Camille Martin", email="autre@exemple.fr")
    typed = {"jeton": (await mails("sign_up"))[0][1], "mot_de_passe": PASSWORD}
    again = await client.post("/inscription/confirmer", data=typed)
    assert again.status_code == 422
    assert 'name="nom"' in again.text
    assert (await client.post("/inscription/confirmer", data=typed | {"nom": "Camille B. Martin"})).status_code == 303


async def test_a_place_asks_three_times_for_one_account(client: AsyncClient) -> None:
    """So it cannot bury the sign-up of somebody else under its own."""
    answers = [(await client.post("/inscription", data=SQUATTING)).status_code for _ in range(PER_HOUR + 1)]
    assert answers == PER_HOUR * [200] + [429]
    assert (await client.post("/inscription", data=SQUATTING | {"adresse": "autre@exemple.fr"})).status_code == 200


async def test_strangers_keep_no_administrator_from_inviting_or_helping(
    app: Starlette, client: AsyncClient, clock: Clock
) -> None:
    await besiege(app, "nouvelle@exemple.fr")
    await sign_in(client, await make_member("Claire Ferrand", role=Role.ADMINISTRATOR, email="claire@exemple.fr"))
    guest = {"nom": "Une Invitée", "adresse": "nouvelle@exemple.fr"}
    assert (await client.post("/administration/invitations/nouvelle", data=guest)).status_code == 303
    assert len(await rows("SELECT id FROM mail WHERE template = 'invitation'")) == 1
    camille = await make_member(email=CAMILLE)
    await besiege(app)
    await rows("DELETE FROM mail")
    assert (await client.post(f"/administration/personnes/{camille.id}/mot-de-passe")).status_code == 303
    assert [template for template, _ in await mails()] == ["reset"]


async def test_strangers_keep_nobody_from_confirming_their_address(app: Starlette, client: AsyncClient) -> None:
    await sign_in(client, await make_member(email=CAMILLE, confirmed=False))
    await besiege(app)
    sent = [(await client.post("/compte/confirmer/envoyer")).status_code for _ in range(PER_HOUR + 1)]
    assert sent == PER_HOUR * [303] + [429]
    assert len(await mails("confirm")) == PER_HOUR


async def test_asking_for_a_lost_password_promises_no_mail(client: AsyncClient) -> None:
    """None leaves to an address without an account, nor beyond three an hour."""
    answers = [await client.post("/mot-de-passe-oublie", data={"adresse": CAMILLE}) for _ in range(PER_HOUR + 1)]
    assert len({answer.text for answer in answers}) == 1
    assert "Si un compte a été confirmé avec l’adresse" in answers[0].text
    assert "Un message part" not in answers[0].text
