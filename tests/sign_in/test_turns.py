"""The line for hashing passwords: one place that asks a hundred times does not keep the others waiting.

Nothing is hashed and nothing is timed here: each hash lasts until the test ends it.
"""

from asyncio import Event, Task, create_task, gather, sleep, timeout
from collections import deque
from collections.abc import Callable
from threading import Semaphore

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette

from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.sign_in import passwords
from forum.domain.sign_in.turns import MOST, MOST_OF_ONE, Turns
from forum.errors import Unavailable
from tests.conftest import ADDRESS, NOON, PATIENCE

PASSWORD = "quatre mots pour entrer"
TOO_MANY = 100 - 1 - MOST_OF_ONE


class Line:
    """Askers who wait for turns; `ran` is who had one, in order."""

    def __init__(self, at_once: int = 2) -> None:
        self.turns = Turns(at_once)
        self.ran: list[str] = []
        self.running: deque[Event] = deque()

    def ask(self, asker: str, *, is_known: bool = False) -> Task[None]:
        return create_task(self._hash(asker, is_known=is_known))

    async def _hash(self, asker: str, *, is_known: bool) -> None:
        async with self.turns.turn(asker, is_known=is_known):
            self.ran.append(asker)
            self.running.append(done := Event())
            await done.wait()

    async def end_one(self) -> None:
        self.running.popleft().set()
        await settle()

    async def end_all(self) -> None:
        while self.running:
            await self.end_one()


def at(app: Starlette, address: str) -> AsyncClient:
    transport = ASGITransport(app=app, client=(address, 40000))
    return AsyncClient(transport=transport, base_url=ADDRESS, headers={"Sec-Fetch-Site": "same-origin"})


async def settle() -> None:
    for _ in range(5):
        await sleep(0)


def refused(tasks: list[Task[None]]) -> int:
    return sum(one.done() and isinstance(one.exception(), Unavailable) for one in tasks)


async def test_whoever_comes_after_a_hundred_of_one_place_begins_at_once() -> None:
    line = Line()
    crowd = [line.ask("crowd") for _ in range(100)]
    await settle()
    assert line.ran == ["crowd"]
    member, other = line.ask("member"), line.ask("other")
    await settle()
    assert line.ran == ["crowd", "member"]
    await line.end_one()
    assert line.ran[2:] in (["other"], ["crowd"])
    await line.end_one()
    assert sorted(line.ran[2:]) == ["crowd", "other"]
    await line.end_all()
    await member
    await other
    assert refused(crowd) == 100 - 1 - MOST_OF_ONE
    assert line.ran.count("crowd") == 1 + MOST_OF_ONE


async def test_places_take_turns_each_in_its_own_order() -> None:
    line = Line(at_once=1)
    tasks = [line.ask(asker) for asker in "aaabbc"]
    await settle()
    await line.end_all()
    assert "".join(line.ran) == "aabcab"
    assert refused(tasks) == 0


async def test_a_full_line_turns_away_who_asks_for_most() -> None:
    line = Line()
    crowds = [line.ask(f"crowd {number % 3}") for number in range(3 * MOST_OF_ONE + 2)]
    await settle()
    assert refused(crowds) == 0
    member = line.ask("member")
    await settle()
    assert not member.done()
    assert refused(crowds) == 1
    again = line.ask("crowd 0")
    await settle()
    assert refused([again]) == 1
    await line.end_all()
    await member


async def test_a_line_full_of_ones_turns_the_newcomer_away() -> None:
    line = Line()
    tasks = [line.ask(f"asker {number}") for number in range(MOST + 2)]
    await settle()
    late = line.ask("late")
    await settle()
    assert refused(tasks) == 0
    assert refused([late]) == 1
    await line.end_all()
    assert len(line.ran) == MOST + 2


async def test_strangers_everywhere_do_not_keep_out_members_at_their_place() -> None:
    """Sixty places and more guess at once: they lose a turn, and wait longer, for a member."""
    line = Line()
    strangers = [line.ask(f"stranger {number}") for number in range(MOST + 2)]
    await settle()
    member, again = line.ask("member", is_known=True), line.ask("member", is_known=True)
    await settle()
    assert refused(strangers) == 2
    await line.end_one()
    assert line.ran[2:] == ["member"]
    await line.end_one()
    assert line.ran[2] == "member"
    await line.end_all()
    await member
    await again
    assert refused(strangers) == 2


async def test_members_at_their_place_take_turns_too() -> None:
    line = Line()
    crowd = [line.ask(f"member {number % 4}", is_known=True) for number in range(MOST + 2)]
    await settle()
    stranger, other = line.ask("stranger"), line.ask("member 5", is_known=True)
    await settle()
    assert refused([stranger]) == 1
    assert refused(crowd) == 1
    await line.end_all()
    await other


@pytest.mark.parametrize(
    "leave", [lambda line: None, lambda line: line.running.popleft().set()], ids=["waiting", "given"]
)
async def test_whoever_leaves_holds_nobody_up(leave: Callable[[Line], None]) -> None:
    """Also in the very moment at which their turn comes."""
    line = Line(at_once=1)
    first, second, third = line.ask("a"), line.ask("b"), line.ask("c")
    await settle()
    leave(line)
    await sleep(0)
    second.cancel()
    await settle()
    await line.end_all()
    await third
    assert line.ran in (["a", "c"], ["a", "b", "c"])
    assert (line.turns._free, line.turns._running, line.turns._lines) == (1, {}, {})
    await first
    assert second.cancelled()


async def test_a_hundred_guesses_from_one_place_do_not_keep_a_member_out(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the door: the member's is hashed beside one of the crowd's; those that are too many are told to wait."""
    await members.create_member(Particulars("Camille Martin", email="camille@exemple.fr", password=PASSWORD), now=NOON)
    hashed: list[str] = []
    gate = Semaphore(0)

    def matches(password: str, _: str | None) -> bool:
        hashed.append(password)
        assert gate.acquire(timeout=PATIENCE)
        return password == PASSWORD

    monkeypatch.setattr(passwords, "matches", matches)
    async with timeout(PATIENCE), at(app, "192.0.2.1") as crowd, at(app, "198.51.100.7") as member:
        typed = [{"identifiant": f"Compte-{number}", "mot_de_passe": "pas le bon"} for number in range(100)]
        guesses = [create_task(crowd.post("/connexion", data=one)) for one in typed]
        while sum(one.done() for one in guesses) < TOO_MANY:
            await sleep(0.01)
        right = {"identifiant": "Camille-Martin", "mot_de_passe": PASSWORD}
        entering = create_task(member.post("/connexion", data=right))
        while len(hashed) < passwords.AT_ONCE:
            await sleep(0.01)
        assert PASSWORD in hashed
        assert len(hashed) == passwords.AT_ONCE
        gate.release(100)
        assert (await entering).status_code == 303
        answers = await gather(*guesses)
    told = [one for one in answers if one.status_code == 503]
    assert len(told) == TOO_MANY
    assert all(one.headers["retry-after"] and "attendent d’être vérifiés" in one.text for one in told)
    assert {one.status_code for one in answers} == {422, 503}
