"""A password that is left out of the address of PostgreSQL is found where its own programs look for one."""

import asyncio
import shutil
from pathlib import Path

import pytest

from forum.database import open_database
from forum.errors import CannotStart
from forum.operations import postgres
from forum.settings import Settings
from tests.databases import settings_at

PASSWORD = "mot-de-passe-de-la-base"
# What comes before the name of who connects: would the server speak otherwise (SSLRequest, GSSENCRequest)?
OTHERWISE = {80877103, 80877104}
ASK_IN_CLEAR = b"R" + (8).to_bytes(4) + (3).to_bytes(4)


@pytest.mark.postgres_only
async def test_the_driver_and_the_programs_find_it(
    configured: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bytes] = []

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while int.from_bytes((await _packet(reader))[:4]) in OTHERWISE:
                writer.write(b"N")
            writer.write(ASK_IN_CLEAR)
            assert await reader.readexactly(1) == b"p"
            told.append((await _packet(reader)).rstrip(b"\0"))
        except asyncio.IncompleteReadError:
            return  # gone without an answer: it had no password
        finally:
            writer.close()

    async def found(_: str, __: str) -> str:
        return str(shutil.which("pg_dump"))

    monkeypatch.setattr(postgres, "find", found)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    async with await asyncio.start_server(ask, "127.0.0.1", 0) as server:
        place = settings_at(f"postgres://cahier@127.0.0.1:{server.sockets[0].getsockname()[1]}/cahier")
        with pytest.raises(CannotStart):
            await open_database(place)
        by_driver = len(told)
        with pytest.raises(CannotStart):
            await postgres.dump(place, "15", "name", tmp_path / "base")
    assert by_driver > 0
    assert len(told) > by_driver
    assert set(told) == {PASSWORD.encode()}


async def _packet(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
