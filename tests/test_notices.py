"""Third-party files are declared beside them: their origin, their licence, and the hash of the exact bytes."""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forum.settings import ROOT

MANIFESTS = sorted(
    path
    for folder in ("forum", "static", "templates", "tests", "themes")
    for path in (ROOT / folder).rglob("MANIFEST.toml")
)
# Folders where everything is third-party.
VENDORED = ("static/fonts", "forum/documents/fonts", "tests/browser/vendor", "forum/importing/example")


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a manifest: those of its tables that hold hashes."""

    def within(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "sha256" in table:
            yield table
        for value in table.values():
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    yield from within(inner)

    yield from within(tomllib.loads(path.read_text("utf-8")))


ENTRIES = [
    pytest.param(path.parent, entry, id=f"{path.parent.relative_to(ROOT)}: {entry['name']}")
    for path in MANIFESTS
    for entry in entries(path)
]


def folder_of(folder: Path, entry: dict[str, Any]) -> Path:
    """Where the files of an entry are: beside the manifest, or in a folder of that name."""
    return folder / entry["name"] if (folder / entry["name"]).is_dir() else folder


@pytest.mark.parametrize(("folder", "entry"), ENTRIES)
def test_what_comes_from_elsewhere_is_what_its_manifest_says(folder: Path, entry: dict[str, Any]) -> None:
    assert entry["sha256"]
    for name, digest in entry["sha256"].items():
        assert hashlib.sha256((folder_of(folder, entry) / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(("folder", "entry"), ENTRIES)
def test_what_comes_from_elsewhere_has_its_licence_beside_it(folder: Path, entry: dict[str, Any]) -> None:
    assert entry.get("package") or entry.get("source")
    assert len(entry["licence"]) > 2
    if "licence_file" not in entry:
        assert entry["licence"].startswith("none was stated")
        return
    text = " ".join((folder / entry["licence_file"]).read_text("utf-8").split())
    words = {"OFL-1.1": "SIL OPEN FONT LICENSE", "MPL-2.0": "Mozilla Public License", "MIT": "MIT License"} | {
        "Unicode-3.0": "UNICODE LICENSE V3"
    }
    assert words[entry["licence"]].lower() in text.lower()


@pytest.mark.parametrize("folder", VENDORED)
def test_everything_that_comes_from_elsewhere_is_declared(folder: str) -> None:
    manifest = ROOT / folder / "MANIFEST.toml"
    told = {manifest}
    for entry in entries(manifest):
        told |= {folder_of(manifest.parent, entry) / name for name in entry["sha256"]}
        told |= {manifest.parent / entry["licence_file"]} if "licence_file" in entry else set()
    found = {path for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert {path for path in found if not path.name.startswith("LICENSE")} == {
        path for path in told if not path.name.startswith("LICENSE")
    }
