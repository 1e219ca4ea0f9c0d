"""Identities of members: one identity is one member's, its owner links and unlinks it, none without a provider."""

import asyncio
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.members import identities, members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import sessions
from forum.domain.sign_in.providers import ProvenPerson
from forum.errors import CahierError, Invalid
from forum.models.members import Member
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, sign_in

PASSWORD = "quatre mots pour entrer"
ISSUER = "https://identites.exemple.fr"
SOMEBODY = ProvenPerson(ISSUER, "une-personne", "Camille Martin", "camille@exemple.fr", True, "un.jeton.signé")


async def make_identity(member: Member, subject: str = SOMEBODY.subject) -> int:
    found = await rows(
        "INSERT INTO identity (member_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
        member.id,
        ISSUER,
        subject,
        NOON,
    )
    return int(found[0]["id"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/connexion/fournisseur"),
        ("GET", "/connexion/retour"),
        ("GET", "/connexion/premiere-fois"),
        ("POST", "/connexion/premiere-fois/relier"),
        ("GET", "/compte/identites/relier"),
        ("POST", "/compte/identites/relier"),
    ],
)
async def test_without_a_provider_its_addresses_do_not_exist(client: AsyncClient, method: str, path: str) -> None:
    await sign_in(client, await make_member())
    assert (await client.request(method, path)).status_code == 404
    assert await count("provider_visit") == 0


async def test_without_a_provider_no_page_speaks_of_one(app: Starlette, client: AsyncClient) -> None:
    async with visitor(app) as anybody:
        assert "/connexion/fournisseur" not in (await anybody.get("/connexion")).text
    await sign_in(client, await make_member())
    assert "/compte/identites" not in (await client.get("/compte/securite")).text


async def test_two_members_who_claim_one_identity_at_once_do_not_both_get_it(database: object) -> None:
    first = await members.load_viewer((await make_member()).id)
    second = await members.load_viewer((await make_member("Malik Diallo")).id)
    claims = [identities.link(viewer, SOMEBODY, now=NOON) for viewer in (first, second, first)]
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(isinstance(one, Invalid) for one in outcomes) in (1, 2)
    assert all(one is None or isinstance(one, CahierError) for one in outcomes)
    owner = await identities.member_of(SOMEBODY)
    assert owner in (first.id, second.id)
    assert await count("identity") == 1


async def test_linking_tells_the_member_by_mail_once(database: object) -> None:
    viewer = await members.load_viewer((await make_member(email="camille@exemple.fr")).id)
    await identities.link(viewer, SOMEBODY, now=NOON)
    await identities.link(viewer, SOMEBODY, now=NOON)
    mails = [(one["address"], one["template"]) for one in await rows("SELECT address, template FROM mail")]
    assert mails == [("camille@exemple.fr", "identity_linked")]


async def test_an_identity_of_an_erased_account_opens_nothing(database: object) -> None:
    member = await make_member()
    await make_identity(member)
    assert await identities.member_of(SOMEBODY) == member.id
    await rows("UPDATE member SET erased_at = $1", NOON)
    assert await identities.member_of(SOMEBODY) is None


async def test_the_same_subject_elsewhere_is_somebody_else(database: object) -> None:
    await make_identity(await make_member())
    for issuer in ("https://ailleurs.example", ISSUER + "/", ISSUER.upper()):
        other = ProvenPerson(issuer, SOMEBODY.subject, "", "", False, "")
        assert await identities.member_of(other) is None
    assert await identities.member_of(ProvenPerson(ISSUER, SOMEBODY.subject.upper(), "", "", False, "")) is None


async def test_unlinking_asks_for_the_password_and_ends_what_the_identity_opened(client: AsyncClient) -> None:
    account = await members.create_member(
        Particulars("Camille Martin", email="c@exemple.fr", password=PASSWORD), now=NOON
    )
    member = await Member.get(id=account.id)
    number = await make_identity(member)
    await sessions.let_in(member.id, now=NOON, issuer=ISSUER)
    await sign_in(client, member)
    path = f"/compte/identites/{number}/retirer"
    assert path in (await client.get("/compte/securite")).text
    refused = await client.post(path, data={"mot_de_passe_actuel": "pas le bon mot"})
    assert refused.status_code == 422
    assert "pas le bon mot" not in refused.text
    assert (await count("identity"), await count("session")) == (1, 2)
    done = await client.post(path, data={"mot_de_passe_actuel": PASSWORD})
    assert done.headers["location"] == "/compte/securite?fait=identite-retiree"
    assert (await count("identity"), await count("session")) == (0, 1)
    assert (await client.post(path, data={"mot_de_passe_actuel": PASSWORD})).status_code == 404


async def test_an_identity_stays_while_it_alone_opens_the_account(client: AsyncClient) -> None:
    member = await make_member(password_hash=None)
    number = await make_identity(member)
    await make_identity(member, "la-meme-ailleurs")
    await sign_in(client, member)
    await rows("UPDATE session SET proved_at = $1", NOON)
    path = f"/compte/identites/{number}/retirer"
    assert "Choisissez d’abord un mot de passe" in (await client.get(path)).text
    refused = await client.post(path)
    assert refused.status_code == 422
    assert await count("identity") == 2


async def test_nobody_unlinks_an_identity_of_somebody_else(app: Starlette, client: AsyncClient, clock: Clock) -> None:
    number = await make_identity(await make_member())
    await sign_in(client, await make_member("Malik Diallo", password_hash=None))
    await rows("UPDATE session SET proved_at = $1", NOON)
    path = f"/compte/identites/{number}/retirer"
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path)).status_code == 404
    async with visitor(app) as anybody:
        assert (await anybody.get(path)).status_code == 303
        assert (await anybody.post(path)).status_code == 403
    assert await count("identity") == 1


async def test_an_old_session_without_password_links_nothing(client: AsyncClient) -> None:
    member = await make_member(password_hash=None)
    number = await make_identity(member)
    await sign_in(client, member)
    await rows("UPDATE session SET proved_at = $1", NOON - timedelta(minutes=11))
    refused = await client.post(f"/compte/identites/{number}/retirer")
    assert refused.status_code == 422
    assert await count("identity") == 1
