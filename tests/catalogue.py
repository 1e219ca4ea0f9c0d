"""Which sentences do people read, and which ones have no English yet? `python -m tests.catalogue` adds new ones.

Sentences are in templates (`_("…")`, `{% trans %}`) and, in Python, in the words of refusals and the tables of the
doors. Documents are written in French only: they are the ministry's. The command line speaks French too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeGuard, cast

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from forum.settings import ROOT

ENGLISH = ROOT / "forum/locale/en/LC_MESSAGES/forum.po"
REFUSALS = frozenset(
    {"Invalid", "Unreadable", "NotFound", "NotAllowed", "SignInRequired", "Conflict", "TooMany", "Unavailable"}
    | {"_refused"}
)
TABLES = frozenset({"SENTENCES", "NOTICES"})
# Tables whose texts are all read by people, even single words.
LABELS = frozenset({"LABELS", "TITLES"})
# The words of documents, not of pages.
NOT_PAGES = ("forum/domain/chapters/", "forum/domain/syntheses/snapshots.py")
ROOMS = ("errors.py", "storage.py", "rights.py", "permissions.py", "jobs.py", "models", "text", "domain", "web", "api")


def messages() -> Catalog:
    """Every sentence, in the order of the files, without its translation."""
    found = Catalog()
    for path in sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt")):
        for where, words in of_template(path):
            found.add(words, locations=[(path.relative_to(ROOT).as_posix(), where)])
    for room in ROOMS:
        for path in sorted((ROOT / "forum" / room).rglob("*.py")) or [ROOT / "forum" / room]:
            place = path.relative_to(ROOT).as_posix()
            for where, text in () if place.startswith(NOT_PAGES) else of_module(path):
                found.add(text, locations=[(place, where)])
    return found


def of_template(path: Path) -> Iterator[tuple[int, str | tuple[str, ...]]]:
    """Sentences of a template with their lines; a pair when there is a plural."""
    options = {"trimmed": "false", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
    with path.open("rb") as file:
        functions = ["_", "gettext", "ngettext"]
        for line, function, words, _ in babel_extract(cast(BinaryIO, file), functions, [], options):
            if isinstance(words, tuple):
                plural = tuple(word for word in words if isinstance(word, str))
                yield line, plural if function == "ngettext" else plural[0]
            elif words:
                yield line, words


def of_module(path: Path) -> Iterator[tuple[int, str]]:
    """Sentences of a module with their lines: the words of refusals, the tables, and what reads like a sentence."""
    tree = ast.parse(path.read_text("utf-8"))
    passed_over = set(_docstrings(tree))
    for node in ast.walk(tree):
        for one in _spoken(node):
            if one not in passed_over:
                passed_over.add(one)
                yield one.lineno, str(one.value)


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _spoken(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS and node.args:
        yield from _texts(node.args[0])
    elif isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "Labelled" for b in node.bases):
        words = (each.value.elts[1] for each in node.body if isinstance(each, ast.Assign) and _is_pair(each.value))
        yield from (one for one in words if isinstance(one, ast.Constant))
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if names & (TABLES | LABELS):
            told = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            texts = (text for each in told for text in _texts(each))
            yield from (text for text in texts if names & LABELS or " " in str(text.value))
    elif isinstance(node, ast.Constant) and _reads_like_a_sentence(node.value):
        yield node


def _is_pair(node: ast.AST | None) -> TypeGuard[ast.Tuple]:
    return isinstance(node, ast.Tuple) and len(node.elts) == 2


def _texts(node: ast.AST | None) -> Iterator[ast.Constant]:
    for one in ast.walk(node) if node else ():
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one


def _reads_like_a_sentence(value: object) -> bool:
    """A capital, several words, a full stop."""
    return isinstance(value, str) and value[:1].isupper() and value.count(" ") > 1 and value.endswith(".")


def english() -> Catalog:
    """The catalogue as it is stored."""
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en", charset="utf-8")


def update() -> int:
    """Add new sentences to the English catalogue and drop unused ones; returns how many have no translation yet."""
    kept = english()
    kept.update(messages(), no_fuzzy_matching=True)
    kept.obsolete.clear()
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.open("wb") as file:
        write_po(file, kept, width=120, no_location=True, omit_header=True, sort_output=True)
    return sum(1 for message in kept if message.id and not _is_translated(message.string))


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


if __name__ == "__main__":
    missing = update()
    print(f"{missing} sentences without English in {ENGLISH.relative_to(ROOT)}")
    sys.exit(1 if missing else 0)
