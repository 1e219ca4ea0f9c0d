"""How the site is: what waits, what failed and why, room and versions; and letting mails that wait leave."""

import re
from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from forum import __version__
from forum.database import rows, transaction
from forum.domain import jobs
from forum.domain.mail import give_mail_up, post_mail
from forum.domain.upkeep.saved import Saved, note_saved
from forum.domain.upkeep.state import send_waiting_mails, state
from forum.jobs import JobName, enqueue
from forum.models.members import Role
from forum.settings import Settings
from tests.conftest import NOON
from tests.factories import make_member, sign_in
from tests.spoken import plain

pytestmark = pytest.mark.anyio

ADDRESS = "lea.martin@exemple.fr"
AWAY = "Le serveur de courrier ne répond pas (connexion refusée)."
LEASE = timedelta(seconds=20)


async def furnish() -> None:
    """Three mails, one of which waits for the server and one was given up; two compilations, one of which failed."""
    async with transaction() as tx:
        for _ in range(3):
            await post_mail(tx, "reset", ADDRESS, locale="fr", now=NOON, token="secret", name="Léa")
        for subject in (7, 8):
            await enqueue(tx, JobName.COMPILE_SYNTHESIS, subject, key=f"synthesis:{subject}", now=NOON)
    first, second, _, compiling, _ = [job for job, _ in await jobs.waiting(NOON)]
    away, lost, failed = [await jobs.take(one, NOON, lease=LEASE) for one in (first, second, compiling)]
    assert away is not None
    assert lost is not None
    assert failed is not None
    await jobs.put_off(away, AWAY, "trace", NOON, longest=timedelta(minutes=15))
    await give_mail_up(lost, "Le serveur de courrier refuse ce courriel (550).", "", NOON)
    await jobs.give_up(failed, "Le moteur s’est arrêté.", "trace", NOON)


async def test_an_untouched_site_has_nothing_that_waits(database: Settings) -> None:
    found = await state(NOON)
    assert (found.jobs.waiting, found.jobs.failed, found.jobs.late_since) == (0, 0, None)
    assert found.mails == found.jobs
    assert found.versions.program == __version__
    assert 0 < found.room.free <= found.room.total
    assert found.room.database > 0
    assert found.saved is None


async def test_what_waits_and_what_failed_is_told_with_its_reason_and_no_address(database: Settings) -> None:
    await furnish()
    found = await state(NOON + timedelta(seconds=1))
    assert (found.mails.waiting, found.mails.failed, found.jobs.waiting, found.jobs.failed) == (2, 1, 1, 1)
    assert found.mails.late_since == found.jobs.late_since == NOON
    assert [(one.job, one.reason, one.count) for one in found.mails.put_off] == [("send_mail", AWAY, 1)]
    assert found.mails.put_off[0].latest > NOON
    assert [one.reason for one in found.mails.given_up] == ["Le serveur de courrier refuse ce courriel (550)."]
    assert [(one.reason, one.latest) for one in found.jobs.given_up] == [("Le moteur s’est arrêté.", NOON)]
    assert ADDRESS not in repr(found)


async def shown(client: AsyncClient) -> str:
    return plain(re.sub(r"<[^>]+>", " ", (await client.get("/administration/etat")).text))


async def test_only_the_latest_backup_counts(client: AsyncClient) -> None:
    await sign_in(client, await make_member("Agnès Lambert", role=Role.ADMINISTRATOR))
    assert "Dernière sauvegarde aucune : si le disque se perdait" in await shown(client)
    for hours, size in ((3, 5_200_000), (1, 4_000_000)):
        await note_saved(Saved(NOON + timedelta(hours=hours), size))
    assert (await state(NOON)).saved == Saved(NOON + timedelta(hours=3), 5_200_000)
    assert "Dernière sauvegarde 23 novembre 2026 à 16 h 00 · 5,2 Mo" in await shown(client)


async def test_mails_that_wait_for_the_server_may_leave_at_once(database: Settings) -> None:
    """They would wait a quarter of an hour more; other jobs keep their time."""
    await furnish()
    await rows("UPDATE job SET run_after = $1 WHERE name = 'compile_synthesis'", NOON + timedelta(minutes=10))
    assert len(await jobs.waiting(NOON)) == 1
    assert await send_waiting_mails(NOON) == 1
    assert len(await jobs.waiting(NOON)) == 2
    assert await send_waiting_mails(NOON) == 0


async def test_an_administrator_reads_it_and_lets_mails_leave(client: AsyncClient) -> None:
    await furnish()
    await sign_in(client, await make_member("Agnès Lambert", role=Role.ADMINISTRATOR))
    page = await client.get("/administration/etat")
    assert page.headers["cache-control"] == "no-store"
    assert all(words in page.text for words in (AWAY, "Le moteur s’est arrêté.", __version__, "Envoyer maintenant"))
    assert ADDRESS not in page.text
    sent = await client.post("/administration/etat/courriels")
    assert sent.headers["location"] == "/administration/etat?fait=courriels-envoyes"
    assert not await rows("SELECT id FROM job WHERE name = 'send_mail' AND run_after > $1", NOON)
