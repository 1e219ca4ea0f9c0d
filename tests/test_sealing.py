"""What is sealed opens only under our key, and the key can be replaced."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from forum.app import build
from forum.database import close_database, open_database, rows
from forum.models.members import Role
from forum.operations.backups import back_up
from forum.operations.restores import restore
from forum.sealing import make_key, seal, unseal
from forum.settings import Settings, settings
from tests.conftest import NOON
from tests.databases import new_database, settings_at
from tests.factories import make_member
from tests.world import World


def test_what_is_sealed_opens_again_and_shows_nothing(configured: Settings) -> None:
    sealed = seal({"secret": "Camille Martin"})
    assert "Camille" not in sealed
    assert unseal(sealed) == {"secret": "Camille Martin"}


def test_the_key_of_the_data_folder_is_its_owners_alone(configured: Settings) -> None:
    seal("x")
    path = configured.site.data_path / "cahier.key"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_old_key_opens_and_a_foreign_one_does_not(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = make_key(), make_key()
    _use(monkeypatch, old)
    sealed = seal("x")
    _use(monkeypatch, f"{new},{old}")
    assert unseal(sealed) == "x"
    _use(monkeypatch, new)
    with pytest.raises(LookupError):
        unseal(sealed)


@pytest.mark.parametrize("place", [0, 7, 20, -3])
def test_what_was_changed_since_it_was_sealed_does_not_open(configured: Settings, place: int) -> None:
    sealed = seal("x" * 20)
    changed = list(sealed)
    changed[place] = "A" if sealed[place] != "A" else "B"
    with pytest.raises(LookupError):
        unseal("".join(changed))


def test_the_same_value_is_never_sealed_alike(configured: Settings) -> None:
    assert len({seal("x") for _ in range(100)}) == 100


def test_what_the_release_before_sealed_still_opens(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = make_key(), make_key()
    _use(monkeypatch, f"{new},{old}")
    assert unseal(Fernet(old).encrypt(b'["x"]').decode()) == ["x"]
    with pytest.raises(LookupError):
        unseal(Fernet(make_key()).encrypt(b'["x"]').decode())


def _use(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("FORUM_SECURITY__KEY", keys)
    settings.cache_clear()


async def test_the_start_says_what_is_lost_without_the_old_key(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make_key(), make_key()
    _use(monkeypatch, old)
    await make_member("Agnès Lambert", role=Role.AGENT)
    await rows("UPDATE second_factor SET secret = $1", seal("secret"))
    for keys, lost in ((f"{new},{old}", 0), (new, 1)):
        _use(monkeypatch, keys)
        site = build(settings())
        with capture_logs() as said:
            async with site.router.lifespan_context(site):
                pass
        told = [one["said"] for one in said if one["event"] == "key.unknown"]
        assert len(told) == lost, told
        await open_database(settings())
    assert told[0].startswith("FORUM_SECURITY__KEY n’ouvre pas tout")
    assert "1 doubles authentifications" in told[0]
    assert new not in told[0]


async def test_a_restored_site_says_what_the_key_at_hand_does_not_open(
    world: World, database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await close_database()
    await back_up(database, tmp_path / "site.tar.gz", NOON)
    _use(monkeypatch, make_key())
    async with new_database(tmp_path, "restored") as address:
        restored = await restore(settings_at(address), tmp_path / "site.tar.gz", NOON, replace=False)
    assert any("doubles authentifications" in line for line in restored.lines())
