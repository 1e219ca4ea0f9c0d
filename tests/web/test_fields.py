"""One word for one thing: the forms of the templates, the doors and the domain name the fields of one table."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.domain.sign_in import proofs
from forum.settings import ROOT
from forum.web.plumbing.fields import FIELDS, WORDS

_MACRO = re.compile(r"\b(?:field|textarea|select|radios|checkbox|moment_field)\(\"([^\"{]+)\"")
_CONTROL = re.compile(r"<(?:input|textarea|select|button)\b[^>]*?\bname=\"([^\"{]+)\"", re.DOTALL)
_NUMBERED = re.compile(r"[ (]\"(\w+-)(?:%d)?\" ?[|~]")
READERS = {"text", "texts", "integer", "integers", "moment", "day", "checked"}
# A key of a theme's file, and an option of the command that makes an account: no form has them.
NOT_OF_A_FORM = {"working_group.slug", "moderates"}


def family(name: str) -> str:
    """ligne-3, ligne-%d -> ligne."""
    return re.sub(r"-(?:\d+|%d)?$", "", name)


def in_templates() -> set[str]:
    """The names of the controls of every form."""
    found: set[str] = {"confirmation"}
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        found.update(family(name) for pattern in (_MACRO, _CONTROL, _NUMBERED) for name in pattern.findall(text))
    return found - {"viewport", "color-scheme"}


def in_python(folder: str) -> Iterator[tuple[str, Path]]:
    """Every field that a module names: it reads it, begins a form with it, or refuses what it holds."""
    for path in sorted((ROOT / "forum" / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from ((name, path) for name in named_by(node))


def named_by(call: ast.Call) -> Iterator[str]:
    of = call.func
    name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    owner = of.value.id if isinstance(of, ast.Attribute) and isinstance(of.value, ast.Name) else ""
    if (owner == "form" and name in READERS) or (owner == "checks" and name == "field") or name.startswith("asked_"):
        yield from (said for one in call.args if (said := literal(one)))
    if name in {"empty", "with_values"}:
        yield from (one.arg for one in call.keywords if one.arg)
    if name == "Invalid":
        yield from (said for one in call.keywords if one.arg == "field" and (said := literal(one.value)))


def literal(node: ast.expr) -> str:
    """What a string says, or begins with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value)
    return ""


def test_the_forms_of_the_templates_have_the_fields_of_the_table_and_no_other() -> None:
    # These are told at no control of their own: all the lines, all that is ticked.
    assert in_templates() - set(FIELDS) == set()
    assert set(FIELDS) - in_templates() == {"lignes", "selection"}
    assert WORDS | {proofs.FIELD} <= set(FIELDS)


@pytest.mark.parametrize("folder", ["web", "domain"])
def test_no_module_names_a_field_that_no_form_has(folder: str) -> None:
    asked_of_addresses = {
        "state",
        "code",
        "iss",
        "error",
        "page",
        "apres",
        "avant",
        "tri",
        "de",
        "a",
        "fait",
        "ici",
        "vue",
        "question",
    }
    unknown = [(name, path.name) for name, path in in_python(folder) if family(name) not in FIELDS]
    assert [each for each in unknown if each[0] not in NOT_OF_A_FORM | asked_of_addresses] == []


def test_a_field_is_a_french_word_as_in_addresses() -> None:
    assert [name for name in FIELDS if not re.fullmatch(r"[a-z]+(?:_[a-z]+)*", name)] == []
