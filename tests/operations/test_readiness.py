"""What keeps a site from opening in production is said all at once, in the names that the environment uses."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest

from forum.operations import readiness
from forum.sealing import make_key
from forum.settings import ROOT
from tests.faults.disks import unwritable
from tests.test_legal import complete
from tests.test_start import command, environment, machine

__all__ = ["environment", "machine"]  # fixtures

pytestmark = pytest.mark.slow

WANTED = {
    "FORUM_SITE__BASE_URL": "https://cahier.exemple.fr",
    "FORUM_SERVER__TRUSTED_PROXIES": "none",
    "FORUM_SECURITY__KEY": make_key(),
    "FORUM_MAIL__URL": "smtps://exemple.fr",
    "FORUM_MAIL__SENDER": "cahier@exemple.fr",
}


@pytest.mark.parametrize("kind", ["development", "production"])
def test_an_empty_environment_is_told_everything_at_once(environment: dict[str, str], kind: str) -> None:
    refused = command(environment | {"FORUM_SITE__ENVIRONMENT": kind}, "check")
    assert (refused.returncode, refused.stderr) == (1, "Le site n’ouvrirait pas en production.\n")
    lines = refused.stdout.splitlines()
    assert {line.strip().split("=")[0] for line in lines if re.match("  FORUM_", line)} == {
        *WANTED,
        "FORUM_SITE__LEGAL_DIR",
    }
    blanks = [line for line in lines if "[[" in line]
    written = "".join(path.read_text("utf-8") for path in (ROOT / "legal").rglob("*.md"))
    assert len(blanks) == len(re.findall(r"\[\[[^\[\]]+\]\]", written))
    assert f"Pages légales : {len(blanks)} blancs à remplir" in refused.stdout
    assert "python -m forum migrate" in refused.stdout
    assert not Path(environment["FORUM_SITE__DATA_DIR"]).exists()


def test_each_line_that_is_added_leaves_the_others(machine: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "legal", tmp_path / "legal")
    complete(tmp_path / "legal")
    here = machine | {"FORUM_SITE__ENVIRONMENT": "production", "FORUM_SITE__LEGAL_DIR": str(tmp_path / "legal")}
    missing = set(WANTED)
    for name, value in WANTED.items():
        told = command(here, "check").stdout
        assert {one for one in WANTED if f"  {one}=" in told} == missing
        # The start refuses for the same reasons, all of them in its one sentence.
        refused = command(here, "serve").stderr
        assert refused.count("\n") == 1
        assert all(one.removeprefix("FORUM_").lower().replace("__", ".") in refused for one in missing)
        here[name] = value
        missing.discard(name)
    ready = command(here, "check")
    assert (ready.returncode, ready.stderr) == (0, "")
    assert "Rien ne manque" in ready.stdout


def test_the_example_and_a_missing_page_are_found(machine: dict[str, str], tmp_path: Path) -> None:
    assert command(machine, "load-themes").returncode == 0
    assert command(machine, "load-example").returncode == 0
    shutil.copytree(ROOT / "legal", tmp_path / "legal")
    complete(tmp_path / "legal")
    (tmp_path / "legal" / "en" / "charte.md").unlink()
    refused = command(machine | WANTED | {"FORUM_SITE__LEGAL_DIR": str(tmp_path / "legal")}, "check")
    assert "membres inventés de l’exemple" in refused.stdout
    assert f"{tmp_path / 'legal' / 'en' / 'charte.md'} : ne peut pas être lu" in refused.stdout


def test_settings_that_are_none_are_named_as_the_environment_names_them(environment: dict[str, str]) -> None:
    wrong = {"FORUM_SERVER__PORT": "x", "FORUM_SITE__BASE_URL": "ftp://x"}
    refused = command(environment | wrong, "check")
    assert refused.returncode == 1
    assert sorted(line.split(" : ")[0] for line in refused.stdout.splitlines()) == sorted(wrong)


def test_a_folder_of_temporary_files_that_takes_none_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert [*readiness._on_temporary_files()] == []
    with unwritable(tmp_path):
        assert [*readiness._on_temporary_files()] == [
            f"{tmp_path} : en lecture seule ; rendez-le inscriptible, le site écrira de nouveau de lui-même "
            "(fichiers temporaires : TMPDIR)"
        ]
        monkeypatch.setattr(tempfile, "tempdir", None)
        (line,) = readiness._on_temporary_files()
        assert line.startswith(f"TMPDIR={tmp_path} : ce dossier ne peut pas être écrit")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    assert [*readiness._on_temporary_files()] == [
        "aucun dossier temporaire ne peut être écrit ; donnez-en un par TMPDIR"
    ]
    monkeypatch.setattr(tempfile, "tempdir", None)
