"""Wrong passwords, tried by somebody who guesses: slowed down, while the right one still works.

Nobody waits here: waiting times are noted instead.
"""

import asyncio

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import guesses, passwords, proofs, sessions
from forum.domain.throttle import close_throttle
from forum.errors import Invalid, TooMany
from forum.permissions import Viewer
from forum.settings import settings
from tests.conftest import ADDRESS, NOON, visitor
from tests.factories import count

PASSWORD = "quatre mots pour entrer"
BUSY = "D’autres essais sont en cours sur ce compte."


@pytest.fixture
async def account(database: object) -> members.NewMember:
    return await members.create_member(
        Particulars("Camille Martin", email="Camille@Exemple.fr", password=PASSWORD), now=NOON
    )


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each try would have waited; it waits one turn of the event loop instead."""
    noted: list[float] = []

    async def pause(seconds: float) -> None:
        noted.append(seconds)
        await asyncio.sleep(0.02)

    monkeypatch.setattr(guesses, "pause", pause)
    return noted


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare passwords without argon2, which takes a fifth of a second."""
    monkeypatch.setattr(passwords, "matches", lambda password, kept: password == PASSWORD and kept is not None)


def browser_at(app: Starlette, address: str) -> AsyncClient:
    transport = ASGITransport(app=app, client=(address, 40000))
    return AsyncClient(transport=transport, base_url=ADDRESS, headers={"Sec-Fetch-Site": "same-origin"})


async def enter(client: AsyncClient, password: str, identifier: str = "Camille-Martin") -> Response:
    return await client.post("/connexion", data={"identifiant": identifier, "mot_de_passe": password})


async def try_at(app: Starlette, address: str, password: str) -> int:
    async with browser_at(app, address) as client:
        return (await enter(client, password)).status_code


async def test_fifty_wrong_passwords_do_not_lock_the_right_one_out(
    client: AsyncClient, account: members.NewMember, waits: list[float], quick: None
) -> None:
    for number in range(50):
        assert (await enter(client, f"essai numéro {number}")).status_code == 422
    assert waits == [0.5] * 10 + [1.0] * 10 + [2.0] * 10 + [4.0] * 10
    assert (await enter(client, PASSWORD)).status_code == 303
    assert "Camille Martin" in (await client.get("/aide")).text


async def test_fifty_wrong_passwords_from_fifty_addresses_do_not_lock_it_out_either(
    app: Starlette, account: members.NewMember, waits: list[float], quick: None
) -> None:
    for number in range(50):
        assert await try_at(app, f"192.0.2.{number}", f"essai numéro {number}") == 422
    assert len(waits) == 40
    assert await try_at(app, "198.51.100.7", PASSWORD) == 303
    assert await try_at(app, "192.0.2.7", PASSWORD) == 303


async def test_fifty_wrong_passwords_at_once_are_slowed_down_too(
    app: Starlette, account: members.NewMember, quick: None
) -> None:
    """Whether they come from one place or from fifty, only a few are checked; then the right one works."""
    from_one = await asyncio.gather(*(try_at(app, "192.0.2.1", f"essai {number}") for number in range(50)))
    assert from_one.count(422) <= guesses.AT_ONCE_HERE * 2
    assert from_one.count(422) + from_one.count(429) == 50
    from_many = await asyncio.gather(*(try_at(app, f"192.0.2.{number}", "essai") for number in range(50)))
    assert from_many.count(422) <= guesses.AT_ONCE_FROM_STRANGERS * 2
    assert from_many.count(422) + from_many.count(429) == 50
    assert await try_at(app, "192.0.2.1", PASSWORD) == 303


async def test_a_try_while_others_are_under_way_is_asked_to_wait_seconds(
    client: AsyncClient, account: members.NewMember, quick: None
) -> None:
    async with guesses.one_try("camille-martin", "127.0.0.1"), guesses.one_try("camille-martin", "127.0.0.1"):
        answer = await enter(client, PASSWORD)
        other = await enter(client, PASSWORD, "Une-Autre")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "4"
    assert BUSY in answer.text
    assert PASSWORD not in answer.text
    assert other.status_code == 422
    assert (await enter(client, PASSWORD)).status_code == 303


async def test_strangers_do_not_stop_somebody_at_a_place_where_they_signed_in(
    app: Starlette, account: members.NewMember, quick: None
) -> None:
    assert await try_at(app, "203.0.113.5", PASSWORD) == 303
    async with (
        guesses.one_try("camille-martin", "192.0.2.1"),
        guesses.one_try("camille-martin", "192.0.2.2"),
        guesses.one_try("camille-martin", "192.0.2.3"),
        guesses.one_try("camille-martin", "192.0.2.4"),
    ):
        assert await try_at(app, "192.0.2.5", PASSWORD) == 429
        assert await try_at(app, "203.0.113.5", PASSWORD) == 303


async def test_a_try_that_ends_badly_is_no_longer_under_way(account: members.NewMember) -> None:
    for _ in range(guesses.AT_ONCE_FROM_STRANGERS * 2):
        with pytest.raises(RuntimeError):
            async with guesses.one_try("camille-martin", "192.0.2.1"):
                raise RuntimeError


async def test_the_right_password_forgives_the_wrong_ones_before_it(
    client: AsyncClient, account: members.NewMember, waits: list[float], quick: None
) -> None:
    for _ in range(3):
        for _ in range(9):
            assert (await enter(client, "pas le bon mot")).status_code == 422
        assert (await enter(client, PASSWORD)).status_code == 303
    assert waits == []


async def test_unknown_accounts_are_slowed_down_like_others(
    client: AsyncClient, account: members.NewMember, waits: list[float], quick: None
) -> None:
    """The waiting time does not reveal whether an address or a handle has an account."""
    for identifier in ("Camille-Martin", "camille@exemple.fr", "Personne", "inconnue@exemple.fr"):
        waits.clear()
        for _ in range(12):
            assert (await enter(client, "pas le bon mot", identifier)).status_code == 422
        assert waits == [0.5, 0.5]


async def test_an_address_waits_after_very_many_tries_and_others_do_not(
    app: Starlette, account: members.NewMember, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_LIMITS__SIGN_IN_TRIES_PER_ADDRESS", "60")
    settings.cache_clear()
    async with browser_at(app, "192.0.2.1") as client:
        for number in range(60):
            assert (await enter(client, "pas le bon mot", f"Compte-{number}")).status_code == 422
        answer = await enter(client, PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "900"
    assert "15\N{NO-BREAK SPACE}minutes" in answer.text or "15 minutes" in answer.text
    assert await try_at(app, "192.0.2.2", PASSWORD) == 303


async def test_the_limit_of_an_address_spares_who_signed_in_there(
    app: Starlette, account: members.NewMember, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library has one address: whoever guesses there keeps no colleague out."""
    monkeypatch.setenv("FORUM_LIMITS__SIGN_IN_TRIES_PER_ADDRESS", "50")
    settings.cache_clear()
    assert await try_at(app, "192.0.2.1", PASSWORD) == 303
    async with browser_at(app, "192.0.2.1") as client:
        for number in range(51):
            status = (await enter(client, "pas le bon mot", f"Compte-{number}")).status_code
        assert status == 429
    assert await try_at(app, "192.0.2.1", PASSWORD) == 303


async def test_guessing_with_a_session_that_was_left_open_is_slowed_down(
    account: members.NewMember, waits: list[float], quick: None
) -> None:
    """Sensitive changes ask for the current password: their forms must not be a faster way to guess it."""
    token = await sessions.open_session(account.id, now=NOON)
    viewer = Viewer(id=account.id, name=account.name, handle=account.handle)
    for number in range(12):
        with pytest.raises(Invalid, match="mot de passe actuel"):
            await proofs.require_proof(viewer, token, f"essai numéro {number}", now=NOON)
    assert waits == [0.5, 0.5]
    tries = [proofs.require_proof(viewer, token, "essai", now=NOON) for _ in range(20)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, TooMany) for one in ended) >= 16
    await proofs.require_proof(viewer, token, PASSWORD, now=NOON)


async def test_nobody_holds_the_database_while_a_try_waits(
    app: Starlette, account: members.NewMember, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        assert await try_at(app, "192.0.2.1", "pas le bon mot") == 422
    waits, let_go = asyncio.Event(), asyncio.Event()

    async def pause(seconds: float) -> None:
        waits.set()
        await let_go.wait()

    monkeypatch.setattr(guesses, "pause", pause)
    waiting = asyncio.create_task(try_at(app, "192.0.2.1", "pas le bon mot"))
    await waits.wait()
    assert not waiting.done()
    async with visitor(app) as reader:
        assert (await reader.get("/")).status_code == 200
    await rows("UPDATE member SET organisation = 'BDP' WHERE id = $1", account.id)
    let_go.set()
    assert await waiting == 422
    assert await count("session") == 0


async def test_guesses_are_slowed_without_redis_too(
    account: members.NewMember, waits: list[float], quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Redis is away, guesses are slowed down twice as soon and nobody is locked out."""
    monkeypatch.setenv("FORUM_REDIS__URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    for number in range(12):
        with pytest.raises(Invalid):
            await sessions.sign_in("Camille-Martin", f"essai {number}", address="192.0.2.1", now=NOON)
    assert waits == [0.5] * 5 + [1.0] * 2
    assert (await sessions.sign_in("Camille-Martin", PASSWORD, address="192.0.2.1", now=NOON)).token


@pytest.mark.postgres_only
async def test_processes_count_together_over_redis(
    account: members.NewMember, waits: list[float], quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one process counted, another one with an empty memory knows: on PostgreSQL, tests have a Redis too."""
    for _ in range(10):
        with pytest.raises(Invalid):
            await sessions.sign_in("Camille-Martin", "pas le bon mot", address="192.0.2.1", now=NOON)
    await close_throttle()
    with pytest.raises(Invalid):
        await sessions.sign_in("Camille-Martin", "pas le bon mot", address="192.0.2.2", now=NOON)
    assert waits == [0.5]
