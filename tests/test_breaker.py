"""The breaker: whoever asks a Redis that is away is told so at once, and nobody waits to find out that it is back."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as NoConnection
from structlog.testing import capture_logs

from forum.breaker import Breaker, RedisAway
from tests.conftest import PATIENCE


class Question:
    """A question to Redis, with the answers to come: words, a failure, or "never"."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer == "never":
            await asyncio.sleep(PATIENCE)
        return answer


class Seconds:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def breaker(seconds: Seconds, *, ping: Question, answer_seconds: float = PATIENCE) -> Breaker:
    made = Breaker("redis://127.0.0.1:1/0", answer_seconds=answer_seconds, retry_seconds=5, clock=seconds)
    made._client.ping = ping  # type: ignore[method-assign,assignment] # there is no Redis here
    return made


async def test_an_answer_in_time_is_given(seconds: Seconds) -> None:
    one = breaker(seconds, ping=Question("PONG"))
    assert await one.ask(Question("three")) == "three"
    assert await one.answers()
    assert not one.is_open
    await one.close()


@pytest.mark.parametrize("first", ["never", NoConnection("refused"), OSError("lost")], ids=str)
async def test_after_one_lost_answer_nobody_asks(seconds: Seconds, first: str | Exception) -> None:
    """However it is lost, the first one alone waits for it, and the log says it once."""
    one = breaker(seconds, ping=Question(), answer_seconds=0.05)
    question = Question(first, "not asked for")
    with capture_logs() as said:
        for _ in range(10):
            with pytest.raises(RedisAway):
                await one.ask(question)
        assert not await one.answers()
    assert question.asked == 1
    assert [line["event"] for line in said] == ["redis does not answer, the site does without it"]
    await one.close()


async def test_its_return_is_found_out_apart(seconds: Seconds) -> None:
    ping = Question(NoConnection("still away"), "PONG")
    one = breaker(seconds, ping=ping)
    one._leave(NoConnection("away"))
    for now, tries in ((4.9, 0), (5.0, 1), (9.9, 1), (10.0, 2)):
        seconds.now = now
        assert not await one.answers()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert ping.asked == tries
    assert await one.ask(Question("three")) == "three"
    await one.close()


async def test_one_task_at_a_time_finds_out_and_ends_with_the_breaker(seconds: Seconds) -> None:
    ping = Question("never")
    one = breaker(seconds, ping=ping)
    one._leave(NoConnection("away"))
    seconds.now = 5
    for _ in range(3):
        assert not await one.answers()
        await asyncio.sleep(0)
    assert ping.asked == 1
    await one.close()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "is redis back"] == []
