"""The one-way rule of ARCHITECTURE.md, checked on the imports themselves, and other rules of structure."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest
from tortoise.models import Model

from forum.settings import ROOT

# From the bottom up: a room imports only what stands in lower ranks, or in itself.
RANKS = [
    {"errors"},
    {"settings", "supervisor", "logs", "storage", "sqlite", "postgres", "sealing"},
    {"text", "ranking", "documents", "verification"},
    {"models", "rights"},
    {"permissions", "language"},
    {"breaker", "database", "clock", "commits", "schema", "jobs", "migrations"},
    {"domain"},
    {"web", "api", "importing", "operations", "workers"},
    {"routes", "app", "connections", "server", "commands", "__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
PURE = RANKS[2]
DOORS = RANKS[7]

# The only rooms that may import each library.
PLACES = {
    "starlette": {"web", "api", "app", "routes"},
    "jinja2": {"web", "api", "documents", "workers"},
    "prometheus_client": {"web"},
    "markupsafe": {"web", "documents"},
    "arq": {"jobs", "workers"},
    "redis": {"breaker", "jobs", "workers"},
    "fakeredis": {"workers"},
    "tortoise": {"models", "domain", "database", "schema", "postgres", "sqlite", "migrations"},
    "babel": {"text", "language"},
    "aiosmtplib": {"workers"},
    "asyncpg": {"database", "schema", "postgres"},
    "aiosqlite": {"sqlite"},
    "uvicorn": {"connections", "server"},
    "httptools": {"connections"},
    "typer": {"__main__", "commands"},
    "typst": {"documents"},
    "pypandoc": {"documents"},
    "rapidfuzz": {"text"},
    "snowballstemmer": {"text"},
    "icalendar": {"text"},
    "pwdlib": {"domain"},
    "authlib": {"domain"},
    "joserfc": {"domain"},
    "httpx2": {"domain"},
}
SAID = {"forum.documents.outline", "forum.documents.dataset"}
RENDERERS = re.compile(r"forum\.documents\.(?!(outline|dataset)\Z)")


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    paths = [path for folder in ("forum", "workers") for path in (ROOT / folder).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules()


@cache
def trees() -> dict[str, ast.Module]:
    """Each module as Python reads it."""
    return {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}


def room_of(module: str) -> str:
    """forum.domain.votes.votes -> domain; workers.embedded -> workers."""
    parts = module.split(".")
    return parts[1] if parts[0] == "forum" and len(parts) > 1 else parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """What a module imports, as dotted names; `from a import b` gives a.b when that is a module, a otherwise."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                longer = f"{node.module}.{alias.name}"
                yield longer if longer in MODULES else str(node.module)


@cache
def imports() -> dict[str, set[str]]:
    """What each module imports."""
    return {name: set(imported(tree)) for name, tree in trees().items()}


@cache
def edges() -> list[tuple[str, str]]:
    """Which module of ours imports which."""
    return [(name, other) for name, others in sorted(imports().items()) for other in sorted(others) if other in MODULES]


def test_every_room_has_its_rank() -> None:
    rooms = {room_of(name) for name in MODULES} - {"forum"}
    assert rooms == set(RANK)


def test_imports_point_one_way() -> None:
    assert [f"{module} imports {other}" for module, other in edges() if _points_back(module, other)] == []


def _points_back(module: str, other: str) -> bool:
    """Whether an import leads to a higher room, or to one beside it that it should not know."""
    room, lower = room_of(module), room_of(other)
    if room == lower or lower == "forum" or (room == "forum" and not module.count(".")):
        return False
    side_by_side = RANK[lower] == RANK[room] and RANK[room] not in (1, 5, 8)
    return RANK[lower] > RANK[room] or (side_by_side and not _is_a_pure_rank(module, other))


def test_pure_rooms_know_nothing_but_errors() -> None:
    for module, other in edges():
        if room_of(module) in PURE and room_of(other) != room_of(module):
            assert other == "forum.errors" or _is_a_pure_rank(module, other), f"{module} imports {other}"


def _is_a_pure_rank(module: str, other: str) -> bool:
    """Documents write numbers as pages do and order proposals as the domain does: text and ranking are below them."""
    return room_of(module) == "documents" and room_of(other) in {"text", "ranking"}


def test_the_domain_knows_of_documents_only_the_outline_and_its_dataset() -> None:
    for module, other in edges():
        if room_of(module) == "domain" and room_of(other) == "documents":
            assert other in SAID, f"{module} imports {other}"


def test_renderers_are_imported_by_workers_only() -> None:
    for module, other in edges():
        if RENDERERS.match(other):
            assert room_of(module) in {"documents", "workers"}, f"{module} imports {other}"


def test_doors_do_not_query() -> None:
    """A door asks the domain; only app, which answers for a lost database, and the commands open it."""
    for module, other in edges():
        if other == "forum.database":
            assert room_of(module) not in {"web", "api", "importing"} or module in MAY_TRANSACT, module


def test_rows_are_read_and_written_by_sql_alone() -> None:
    """Models are the schema: code that works with rows imports their enums, never the tables themselves."""
    for module, tree in trees().items():
        if room_of(module) in {"domain", "importing", "jobs", "web", "api", "workers"}:
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("forum.models"):
                    named = [getattr(import_module(str(node.module)), alias.name) for alias in node.names]
                    tables = [one for one in named if isinstance(one, type) and issubclass(one, Model)]
                    assert not tables, f"{module} imports {tables}"


def test_one_module_writes_every_sheet() -> None:
    writers = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"writer", "DictWriter"}
    }
    assert writers == {"forum.text.sheets"}


# The example is loaded in one transaction or not at all, so its loader opens it.
MAY_TRANSACT = {"forum.importing.example"}


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_stays_in_its_place(library: str) -> None:
    users = {
        room_of(module)
        for module, names in imports().items()
        for name in names
        if name == library or name.startswith(library + ".")
    }
    assert users
    assert users <= PLACES[library]


def test_bleach_is_imported_in_exactly_one_file() -> None:
    assert [name for name, names in imports().items() if any(n.split(".")[0] == "bleach" for n in names)] == [
        "forum.text.sanitise"
    ]


def test_the_environment_is_read_by_the_settings_only() -> None:
    for name, tree in trees().items():
        if name == "forum.settings":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                assert node.attr not in {"environ", "getenv", "putenv"}, f"{name} reads the environment"


def test_no_import_stands_inside_a_function() -> None:
    for name, tree in trees().items():
        for outer in ast.walk(tree):
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inside = [node for node in ast.walk(outer) if isinstance(node, ast.Import | ast.ImportFrom)]
                assert not inside, f"{name}:{inside[0].lineno}" if inside else ""


def test_no_modules_import_each_other_in_a_circle() -> None:
    # A package's own __init__ gathers its files (models): it does not count in a circle.
    graph = {
        name: {o for o in names if o in MODULES and not name.startswith(o + ".")} for name, names in imports().items()
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


PACKED = {"domain", "web"}


def package_of(module: str) -> str:
    """forum.domain.votes.results -> votes; forum.domain.mail -> "", what stands at the root of its room."""
    parts = module.split(".")
    return parts[2] if len(parts) > 3 or (len(parts) == 3 and MODULES[module].name == "__init__.py") else ""


def table_of_packages() -> dict[str, str]:
    """The packages of domain/ as ARCHITECTURE.md has them, from the bottom up, with their subjects; "" is the root."""
    table = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("## Rooms of domain/")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (\(root\)|\w+/) \|[^|]*\|([^|]*)\|", table, re.MULTILINE)
    return {name.removeprefix("(root)").removesuffix("/"): subjects for name, subjects in lines}


def test_the_table_of_packages_names_every_file_of_the_domain() -> None:
    table = table_of_packages()
    unnamed = [
        name
        for name, path in MODULES.items()
        if room_of(name) == "domain" and path.name != "__init__.py"
        if path.stem not in re.findall(r"\w+", table.get(package_of(name), ""))
    ]
    assert not unnamed


def test_a_package_of_the_domain_imports_only_those_above_it_in_the_table() -> None:
    order = list(table_of_packages())
    assert {package_of(name) for name in MODULES if room_of(name) == "domain"} == set(order)
    back = [
        (module, other)
        for module, other in edges()
        if room_of(module) == room_of(other) == "domain"
        and order.index(package_of(other)) > order.index(package_of(module))
    ]
    assert not back


def test_a_package_of_doors_imports_only_those_above_it() -> None:
    """Plumbing first, then the packages of the domain in their order, then what stands at the root of web/."""
    order = ["plumbing", *(name for name in table_of_packages() if name), ""]
    back = [
        (module, other)
        for module, other in edges()
        if room_of(module) == room_of(other) == "web"
        and order.index(package_of(other)) > order.index(package_of(module))
    ]
    assert not back


def test_plumbing_knows_no_noun() -> None:
    """Plumbing is what every page needs; what belongs to a noun (its rules, its pages) is passed to it."""
    known = [
        (module, other)
        for module, other in edges()
        if room_of(module) == "web" and package_of(module) == "plumbing" and room_of(other) in PACKED
    ]
    assert [each for each in known if package_of(each[1]) not in {"", "plumbing"}] == []


def test_a_package_has_fifteen_files_at_most() -> None:
    folders = {path.parent for path in MODULES.values()}
    for folder in folders:
        if room_of(".".join(folder.relative_to(ROOT).parts)) in PACKED:
            assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 15, folder


def test_python_is_never_deeper_than_a_package() -> None:
    """forum/<room>/<noun>.py; in domain/ and web/ a room has packages."""
    for name in MODULES:
        assert name.count(".") <= (3 if room_of(name) in PACKED else 2), name


def test_no_test_reaches_a_module_by_the_text_of_its_path() -> None:
    """A path in a string follows no move, and nobody sees that it names what no longer is."""
    reached = re.compile(r'setattr\(\s*f?"(?:forum|workers)\.')
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if reached.search(path.read_text("utf-8"))] == []


def test_a_class_name_means_one_thing_in_one_place() -> None:
    places: dict[str, list[str]] = {}
    for name, tree in trees().items():
        if room_of(name) != "migrations":
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(name)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_every_module_opens_with_its_question() -> None:
    for name, tree in trees().items():
        if room_of(name) != "migrations":
            assert ast.get_docstring(tree), name


def test_a_docstring_can_be_read_alone() -> None:
    """One that begins with "The same" says nothing without another one beside it."""
    folders = ("forum", "workers", "bench", "tests")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    leaning = [
        f"{path.relative_to(ROOT)}:{string.lineno}"
        for path in paths
        for body in (getattr(node, "body", None) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
        if isinstance(body, list)
        for string in body
        if isinstance(string, ast.Expr)
        and isinstance(string.value, ast.Constant)
        and str(string.value.value).lstrip().startswith("The same")
    ]
    assert len(paths) > 100
    assert leaning == []


def test_stored_html_is_the_only_safe_html() -> None:
    """`|safe` is for the HTML that the one text pipeline made and the database keeps, and for nothing else."""
    allowed = re.compile(r"[\w.]*(?:html|introduction)\s*\|\s*safe")
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        for found in re.finditer(r"[\w.\[\]'\"()]+\s*\|\s*safe\b", text):
            assert allowed.fullmatch(found[0]), f"{path.name}: {found[0]}"
        assert "autoescape" not in text, path.name


def test_templates_hold_no_inline_script_or_style() -> None:
    """The content security policy would drop them: better found here than by a reader."""
    pages = (path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail")
    for path in pages:
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", text), path.name


def test_no_page_asks_another_site_for_anything() -> None:
    for path in [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "static").rglob("*.css"),
        *(ROOT / "static").rglob("*.js"),
    ]:
        text = path.read_text("utf-8")
        assert not re.search(r"(?:src|srcset|@import|url\()\s*=?\s*[\"']?(?:https?:)?//", text), path.name


def test_no_regular_expression_ends_before_a_line_feed() -> None:
    """`$` also matches before a line feed at the end: an address or a name would pass with one behind it. `\\Z` is the
    end. (pydantic's patterns are of another kind, in which `$` is the end.)"""
    ends = [f"{name}:{line} {found}" for name, tree in trees().items() for line, found in _expressions(tree)]
    assert [one for one in ends if "$" in re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", one.partition(" ")[2])] == []


def _expressions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The regular expressions given to `re`, those for several lines apart; a value in one counts as a letter."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if ast.unparse(node.func.value) != "re" or "MULTILINE" in ast.unparse(node):
            continue
        first = node.args[0]
        parts = first.values if isinstance(first, ast.JoinedStr) else [first]
        yield node.lineno, "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in parts)
