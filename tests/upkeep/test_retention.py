"""How long things are kept: purges that change nothing when they run again, inactive accounts."""

from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import AsyncClient

from forum.database import Row, is_sqlite, rows
from forum.domain import jobs
from forum.domain.links import make_link
from forum.domain.privacy import inactivity
from forum.domain.privacy.inactivity import months_before
from forum.domain.upkeep import retention
from forum.models.joining import Purpose
from forum.models.members import Member, Role
from forum.models.notifications import Event, Notification
from forum.models.personal_data import Archive, Identification
from forum.settings import Settings, settings
from tests.conftest import NOON, Clock
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in
from workers import retention as keeping
from workers import running
from workers.workshop import WORK

DAY = timedelta(days=1)


@pytest.fixture
def worker_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(running, "clock", clock)
    return clock


async def keep_dates(clock: Clock) -> None:
    await keeping.ask()
    for job, _ in await jobs.waiting(clock()):
        await running.run(job, WORK)


async def one_of_everything() -> None:
    """One row of each kind that expires, all about to."""
    member = await make_member(email="camille@exemple.fr")
    await make_link(Purpose.RESET, member.id, NOON - timedelta(hours=2))
    post = await make_post(await make_thread(await make_theme(3)), author=member)
    await Notification.create(
        member=member, post=post, event=Event.REPLY, created_at=NOON - 400 * DAY, read_at=NOON - 366 * DAY
    )
    await Archive.create(member=member, content=b"x", asked_at=NOON - 8 * DAY, made_at=NOON, expires_at=NOON - DAY)
    await Identification.create(member_id=7, sealed="x", created_at=NOON, purge_at=NOON)
    await rows(
        "INSERT INTO mail (address, template, locale, content, created_at) VALUES ('a@b.fr', 'reset', 'fr', 'x', $1)",
        NOON - 8 * DAY,
    )
    await rows(
        """INSERT INTO job (name, key, subject, state, tries, fence, run_after, done_steps, total_steps, step, error,
                            trace_id, created_at, finished_at)
           VALUES ('compile_synthesis', 'old', 1, 'done', 0, 0, $1, 0, 0, '', '', '', $1, $1)""",
        NOON - 31 * DAY,
    )
    await rows(
        """INSERT INTO sign_up (name, email, password_hash, organisation, profession, territory, charter_version,
                                locale, created_at, expires_at)
           VALUES ('A B', 'a@b.fr', 'x', '', '', '', 'x', 'fr', $1, $2)""",
        NOON - 3 * DAY,
        NOON - DAY,
    )
    await rows(
        "INSERT INTO address_change (member_id, email, created_at, expires_at) VALUES ($1, 'c@d.fr', $2, $3)",
        member.id,
        NOON - 3 * DAY,
        NOON - DAY,
    )


ENDING = ("link", "notification", "archive", "identification", "mail", "sign_up", "address_change")


async def test_what_has_ended_is_deleted_and_a_second_run_changes_nothing(
    client: AsyncClient, worker_clock: Clock
) -> None:
    await one_of_everything()
    await keep_dates(worker_clock)
    assert {table: await count(table) for table in ENDING} == dict.fromkeys(ENDING, 0)
    left = await rows("SELECT key, state FROM job ORDER BY key")
    wiped = [("wipe_leftovers", "queued")] if is_sqlite() else []
    assert [(one["key"], one["state"]) for one in left] == [("keep_dates:2026-11-23", "done"), *wiped]
    for purge in retention.PURGES.values():
        await purge(worker_clock())
    assert await count("member") == 1
    assert await count("post") == 1


async def test_what_has_not_ended_stays(client: AsyncClient, worker_clock: Clock) -> None:
    await one_of_everything()
    worker_clock.now = NOON - 7 * DAY
    before = {table: await count(table) for table in ENDING}
    await keep_dates(worker_clock)
    kept = {table: await count(table) for table in ENDING}
    assert kept == before | {"link": 1}


async def test_a_day_has_one_job_however_many_workers_ask(client: AsyncClient, worker_clock: Clock) -> None:
    await keeping.ask()
    await keeping.ask()
    assert await count("job") == 1
    await keep_dates(worker_clock)
    await keep_dates(worker_clock)
    assert [one["tries"] for one in await days()] == [1]
    worker_clock.pass_(days=1)
    await keep_dates(worker_clock)
    assert len(await days()) == 2


async def days() -> list[Row]:
    return await rows("SELECT tries FROM job WHERE name = 'keep_dates'")


async def test_a_worker_that_dies_in_the_middle_is_followed_by_one_that_finishes_the_work(
    client: AsyncClient, worker_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one_of_everything()

    async def dies(now: datetime) -> None:
        raise ConnectionError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(retention, "PURGES", {**dict(list(retention.PURGES.items())[:3]), "dies": dies})
        await keep_dates(worker_clock)
    assert await count("archive") == 1
    worker_clock.pass_(minutes=2)
    for job, _ in await jobs.waiting(worker_clock()):
        await running.run(job, WORK)
    assert {table: await count(table) for table in ENDING} == dict.fromkeys(ENDING, 0)


# Inactive accounts


async def sleeper(name: str = "Camille Martin", **about: object) -> Member:
    member = await make_member(name, email=f"{name.split()[0].lower()}@exemple.fr", **about)  # type: ignore[arg-type]
    await Member.filter(id=member.id).update(active_at=NOON)
    return member


async def sent() -> list[str]:
    return [one["template"] for one in await rows("SELECT template FROM mail ORDER BY id")]


async def test_an_inactive_account_is_warned_twice_then_erased(database: Settings) -> None:
    member = await sleeper()
    end = datetime(2028, 11, 23, 12, 0, tzinfo=UTC)
    await inactivity.warn_and_erase(end - 61 * DAY)
    assert await sent() == []
    await inactivity.warn_and_erase(end - 60 * DAY)
    await inactivity.warn_and_erase(end - 59 * DAY)
    assert await sent() == ["inactive"]
    await inactivity.warn_and_erase(end - 15 * DAY)
    await inactivity.warn_and_erase(end - 14 * DAY)
    assert await sent() == ["inactive", "inactive"]
    await inactivity.warn_and_erase(end - DAY)
    assert (await Member.get(id=member.id)).erased_at is None
    await inactivity.warn_and_erase(end)
    assert (await Member.get(id=member.id)).name == "Compte effacé"
    await inactivity.warn_and_erase(end + DAY)


async def test_signing_in_restarts_the_countdown(client: AsyncClient) -> None:
    member = await sleeper()
    end = datetime(2028, 11, 23, 12, 0, tzinfo=UTC)
    await inactivity.warn_and_erase(end - 60 * DAY)
    await inactivity.warn_and_erase(end - 15 * DAY)
    await sign_in(client, member, now=end - DAY)
    await inactivity.warn_and_erase(end)
    left = await Member.get(id=member.id)
    assert (left.erased_at, left.warnings, left.warned_at) == (None, 0, None)


async def test_work_that_did_not_run_for_years_still_warns_twice_and_waits(database: Settings) -> None:
    member = await sleeper()
    late = NOON + 2000 * DAY
    await inactivity.warn_and_erase(late)
    await inactivity.warn_and_erase(late + 44 * DAY)
    assert await sent() == ["inactive"]
    await inactivity.warn_and_erase(late + 45 * DAY)
    await inactivity.warn_and_erase(late + 59 * DAY)
    assert (await Member.get(id=member.id)).erased_at is None
    await inactivity.warn_and_erase(late + 60 * DAY)
    assert (await Member.get(id=member.id)).erased_at is not None


async def test_staff_moderators_and_examples_are_not_erased_by_a_clock(database: Settings) -> None:
    kept = [
        await sleeper("Ada Admin", role=Role.ADMINISTRATOR),
        await sleeper("Agathe Agent", role=Role.AGENT),
        await sleeper("Modeste Groupe", moderates=[await make_group()]),
        await sleeper("Eve Exemple", example=True),
    ]
    for day in range(600, 2000, 20):
        await inactivity.warn_and_erase(NOON + day * DAY)
    assert await sent() == []
    assert [one.id for one in await Member.filter(erased_at=None).order_by("id")] == [one.id for one in kept]


async def test_zero_months_means_never(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    member = await sleeper()
    monkeypatch.setenv("FORUM_RETENTION__INACTIVE_MONTHS", "0")
    settings.cache_clear()
    await inactivity.warn_and_erase(NOON + 5000 * DAY)
    assert (await Member.get(id=member.id)).warnings == 0


def test_months_are_those_of_the_calendar() -> None:
    assert months_before(datetime(2028, 2, 29, tzinfo=UTC), 24) == datetime(2026, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2027, 1, 31, tzinfo=UTC), 2) == datetime(2026, 11, 30, tzinfo=UTC)
