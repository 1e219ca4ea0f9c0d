"""/metriques: for whom, and what it says: counts without a number or a name of anything."""

import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.app import build
from forum.domain.upkeep.saved import Saved, note_saved
from forum.settings import Settings, settings
from tests.conftest import NOON, Clock, visitor
from tests.upkeep.test_state import ADDRESS, furnish

pytestmark = pytest.mark.anyio

TOKEN = "jeton-des-mesures-0123456789"
GIVEN = {"Authorization": f"Bearer {TOKEN}"}


def site(clock: Clock) -> Starlette:
    settings.cache_clear()
    return build(settings(), clock=clock)


async def test_it_does_not_exist_until_the_settings_open_it(client: AsyncClient) -> None:
    assert (await client.get("/metriques", headers=GIVEN)).status_code == 404
    assert (await client.get("/metriques", headers={"Authorization": "Bearer "})).status_code == 404


async def test_a_token_opens_it_and_nothing_else_does(
    database: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_METRICS__TOKEN", TOKEN)
    async with visitor(site(clock)) as scraper:
        assert (await scraper.get("/metriques", headers=GIVEN)).status_code == 200
        # Prometheus asks each process by its own address.
        assert (await scraper.get("/metriques", headers={**GIVEN, "Host": "10.0.0.7:8001"})).status_code == 200
        for wrong in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "Bearer é".encode()}):
            assert (await scraper.get("/metriques", headers=wrong)).status_code == 404  # type: ignore[arg-type]


async def test_this_machine_may_read_it_if_the_settings_say_so(
    database: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_METRICS__LOOPBACK", "true")
    async with visitor(site(clock)) as scraper:
        assert (await scraper.get("/metriques")).status_code == 200
        scraper._transport.client = ("203.0.113.77", 4000)  # type: ignore[attr-defined] # the one of ASGI
        assert (await scraper.get("/metriques")).status_code == 404


async def test_it_counts_requests_and_tells_what_waits_without_any_name(
    database: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_METRICS__TOKEN", TOKEN)
    await furnish()
    clock.pass_(seconds=90)
    async with visitor(site(clock)) as scraper:
        for path in ("/aide", "/aide", "/propositions/T3-007", "/nulle-part/secret"):
            await scraper.get(path)
        told = (await scraper.get("/metriques", headers=GIVEN)).text
    figures = dict(re.findall(r"^(cahier_\S+) (\S+)$", told, re.MULTILINE))
    assert figures['cahier_requests_total{route="help",status="200"}'] == "2.0"
    assert figures['cahier_requests_total{route="proposal",status="404"}'] == "1.0"
    assert figures['cahier_requests_total{route="none",status="404"}'] == "1.0"
    assert figures['cahier_request_seconds_count{route="help"}'] == "2.0"
    assert figures['cahier_jobs_waiting{kind="mail"}'] == "2.0"
    assert figures['cahier_jobs_failed{kind="mail"}'] == "1.0"
    assert figures['cahier_jobs_waiting{kind="other"}'] == "1.0"
    assert figures['cahier_jobs_late_seconds{kind="mail"}'] == "90.0"
    assert float(figures["cahier_database_answer_seconds"]) > 0
    # Nobody ever saved it: an alarm on the age rings.
    assert figures["cahier_backup_age_seconds"] == "+Inf"
    assert not [word for word in ("T3-007", "secret", ADDRESS, NOON.isoformat()) if word in told]


async def test_the_age_of_the_last_backup_is_told(
    database: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_METRICS__TOKEN", TOKEN)
    await note_saved(Saved(NOON, 4_000_000))
    clock.pass_(hours=25)
    async with visitor(site(clock)) as scraper:
        told = (await scraper.get("/metriques", headers=GIVEN)).text
    assert "\ncahier_backup_age_seconds 90000.0\n" in told
