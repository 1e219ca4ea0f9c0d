"""The clock of a machine goes an hour forward, two back and forward again, under two processes that share the work: no
mail leaves twice or late, nobody is signed out. `make faults` runs it; it needs libfaketime (Debian: faketime).
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from httpx2 import AsyncClient

from forum.database import close_database, open_database, rows, transaction
from forum.domain.mail import post_mail
from forum.domain.sign_in.sessions import open_session
from forum.schema import migrate
from forum.sealing import make_key
from forum.settings import settings
from tests.conftest import PATIENCE
from tests.databases import new_database, settings_at
from tests.factories import make_member
from tests.faults.served import ServedSite
from tests.test_start import a_free_port

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

MAILS = 8
JUMPS = (3600, -3600, 0)
"""Seconds by which the clock is wrong, one after the other."""


class SlowPostbox:
    """A mail server that takes long enough for a clock to jump meanwhile."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(3)
        self.received.update(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowPostbox]:
    box, port = SlowPostbox(), a_free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("FORUM_MAIL__URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("FORUM_MAIL__STARTTLS", "false")
    yield box
    controller.stop()


@pytest.mark.usefixtures("migrated")
async def test_a_clock_that_jumps_changes_nothing(
    postbox: SlowPostbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
    if library is None:
        pytest.skip("libfaketime is missing (Debian: apt install faketime)")
    shown = tmp_path / "shown"
    shown.write_text("+0")
    (tmp_path / "data").mkdir()
    async with new_database(tmp_path, "jumps") as address:
        monkeypatch.setenv("FORUM_DATABASE__URL", address)
        monkeypatch.setenv("FORUM_REDIS__URL", "")
        monkeypatch.setenv("FORUM_SECURITY__KEY", make_key())
        monkeypatch.setenv("FORUM_JOBS__POLL_SECONDS", "1")
        settings.cache_clear()
        await migrate(settings_at(address))
        await open_database(settings_at(address))
        token = await open_session((await make_member()).id, now=datetime.now(UTC))
        with monkeypatch.context() as faked:
            faked.setenv("LD_PRELOAD", str(library))
            faked.setenv("FAKETIME_TIMESTAMP_FILE", str(shown))
            faked.setenv("FAKETIME_NO_CACHE", "1")
            faked.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            sites = [ServedSite(tmp_path / "data"), ServedSite(tmp_path / "data")]
        try:
            for one in sites:
                await one.start()
            waits = [await jump(sites[0], token, shown, number) for number in range(len(JUMPS))]
        finally:
            for one in sites:
                one.kill()
        fences = Counter(one["fence"] for one in await rows("SELECT fence FROM job WHERE name = 'send_mail'"))
        await close_database()
    print({"taken": dict(fences), "received": sum(postbox.received.values()), "seconds": waits})
    assert fences == {1: MAILS * len(JUMPS)}
    assert set(postbox.received.values()) == {1}
    assert len(postbox.received) == MAILS * len(JUMPS)


async def jump(site: ServedSite, token: str, shown: Path, number: int) -> float:
    """Let the clock jump while mails are being sent; the seconds until all of them have left."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.timeout(PATIENCE), AsyncClient(base_url=site.address, timeout=PATIENCE) as reader:
        reader.cookies.set("session", token, domain="127.0.0.1")
        async with transaction() as tx:
            for each in range(MAILS):
                to, now = f"a{number}-{each}@exemple.fr", datetime.now(UTC)
                await post_mail(tx, "password_changed", to, locale="fr", now=now, name="Léa")
        while not await rows("SELECT id FROM job WHERE name = 'send_mail' AND state = 'running'"):
            await asyncio.sleep(0.01)
        shown.write_text(f"{JUMPS[number]:+d}")
        assert (await reader.get("/compte")).status_code == 200
        while await rows("SELECT id FROM job WHERE name = 'send_mail' AND state IN ('queued', 'running')"):
            await asyncio.sleep(0.05)
        assert (await reader.get("/compte")).status_code == 200
    return round(loop.time() - begun, 1)
