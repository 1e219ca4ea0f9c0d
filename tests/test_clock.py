"""Every process goes by the clock of the database, whatever that of its machine says."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from forum import clock
from forum.settings import Settings
from tests.conftest import NOON, PATIENCE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    clock.forget()


@pytest.mark.postgres_only
@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
async def test_a_machine_whose_clock_is_wrong_goes_by_that_of_the_server(wrong: timedelta) -> None:
    """Another process, whose machine is right, would say the same."""
    before = datetime.now(UTC)
    await clock.ask()
    with time_machine.travel(before + wrong):
        assert abs(clock.now() - before) < timedelta(minutes=30)
        await clock.ask()
        assert abs(clock.now() - before) < timedelta(minutes=30)


@pytest.mark.sqlite_only
async def test_with_sqlite_the_clock_is_that_of_the_machine_for_all(database: Settings) -> None:
    await clock.ask()
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON


async def test_between_two_questions_the_answer_is_carried_on_by_what_elapses(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 100.0
    said = NOON

    async def time_of_server() -> datetime:
        nonlocal passed
        passed += 2
        return said

    monkeypatch.setattr(clock, "time_of_server", time_of_server)
    monkeypatch.setattr(clock, "elapsed", lambda: passed)
    await clock.ask()
    # The answer is of the middle of the two seconds that the question took.
    assert clock.now() == NOON + timedelta(seconds=1)
    passed += 59
    assert clock.now() == NOON + timedelta(minutes=1)
    # The server was set right.
    said = NOON - HOUR
    await clock.ask()
    assert clock.now() == NOON - HOUR + timedelta(seconds=1)


async def test_a_server_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    answered = asyncio.Event()

    async def ask() -> None:
        asked.append(1)
        if len(asked) < 3:
            raise ConnectionRefusedError
        answered.set()

    monkeypatch.setattr(clock, "EVERY", 0.001)
    monkeypatch.setattr(clock, "ask", ask)
    following = asyncio.create_task(clock.follow())
    await asyncio.wait_for(answered.wait(), PATIENCE)
    following.cancel()
    assert not following.done()


async def test_a_fault_of_ours_is_not_taken_for_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(clock, "EVERY", 0.001)
    monkeypatch.setattr(clock, "ask", ask)
    with pytest.raises(ZeroDivisionError):
        await clock.follow()
