"""What is sealed opens only under our key, and the key can be replaced."""

import pytest

from forum.sealing import make_key, seal, unseal
from forum.settings import Settings, settings


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


def _use(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("FORUM_SECURITY__KEY", keys)
    settings.cache_clear()
