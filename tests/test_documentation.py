"""What is written for people stays true: every setting, command and theme field is explained where people look."""

import re
import tomllib
from typing import Any

import pytest
from pydantic import BaseModel

from forum import __version__
from forum.__main__ import commands
from forum.importing.themes import ThemeFile, ThemeGroup
from forum.settings import ROOT, Settings

SETTINGS = (ROOT / "settings.toml").read_text("utf-8")
GUIDES = "\n".join((ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))


def described(model: type[BaseModel]) -> dict[str, set[str]]:
    """Sections of the settings and their names, as the program knows them."""
    sections: dict[str, Any] = {name: field.annotation for name, field in model.model_fields.items()}
    return {name: set(kind.model_fields) for name, kind in sections.items()}


def test_the_file_holds_exactly_the_settings_that_exist() -> None:
    written = {section: set(values) for section, values in tomllib.loads(SETTINGS).items()}
    assert written == described(Settings)


def test_each_setting_has_its_comment() -> None:
    lines = [line for line in SETTINGS.splitlines() if re.match(r"\w+ = ", line)]
    assert lines
    assert [line for line in lines if not re.search(r"\s# \S.{5,}", line)] == []


def test_the_file_holds_no_secret() -> None:
    assert not re.search(r"(?i)(password|secret|token|key)\s*=\s*\"[^\"]", SETTINGS)


@pytest.mark.parametrize("command", [command.name for command in commands.registered_commands])
def test_each_command_is_in_the_guides(command: str) -> None:
    assert f"forum {command}" in GUIDES


@pytest.mark.parametrize(
    "field", [*ThemeFile.model_fields, *(f"working_group.{name}" for name in ThemeGroup.model_fields)]
)
def test_each_field_of_a_theme_is_in_the_guides(field: str) -> None:
    assert f"`{field}`" in GUIDES


@pytest.mark.parametrize("target", ["run", "quick", "test", "check", "audit", "sbom", "faults", "bench"])
def test_each_target_of_make_is_in_the_guides(target: str) -> None:
    assert f"make {target}" in GUIDES
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_locked_requirements_name_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text) if "==" in block)


def test_the_program_says_the_version_of_its_package() -> None:
    """The version is printed in every synthesis, to know later which program made it."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__


def test_modules_that_load_late_are_those_that_the_map_names() -> None:
    late = {
        path.relative_to(ROOT).as_posix()
        for folder in ("forum", "workers")
        for path in (ROOT / folder).rglob("*.py")
        if "import_module" in path.read_text("utf-8")
    }
    map_ = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    told = map_.split("import a module late")[1].split("One door")[0]
    assert set(re.findall(r"`([\w/]+\.py)`", told)) == late


def test_the_changes_begin_with_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == version
