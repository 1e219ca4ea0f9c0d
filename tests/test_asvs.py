"""The answers to OWASP ASVS 5.0: every requirement once, every test named exists, the guide is accurate.

Some requirements are tested here, because no other file is about them.
"""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from pwdlib import PasswordHash
from starlette.applications import Starlette
from starlette.routing import Route

from forum import connections
from forum.connections import HEAD_BYTES
from forum.database import rows
from forum.documents import office
from forum.domain import journal, links
from forum.domain.members import invitation_files, members
from forum.domain.members.particulars import Particulars
from forum.domain.proposals.new_proposals import LONGEST_WORDING
from forum.domain.receptions import reception_files
from forum.domain.sign_in import passwords, second_factors, sessions, turns
from forum.logs import SOON
from forum.models.joining import Purpose
from forum.models.members import Member, Role
from forum.routes import routes
from forum.settings import ROOT, settings
from forum.text import markdown, minutes_files, names, tables
from forum.text.addresses import LONGEST_ADDRESS
from forum.text.office_xml import MOST_TAGS
from forum.web.plumbing import bodies, forms, watch
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, make_theme, make_thread, sign_in
from workers.running import LONGEST_JOB

ANSWERS = (ROOT / "docs/asvs.md").read_text("utf-8")
GUIDE = (ROOT / "docs/sign-in.md").read_text("utf-8")
SECURITY = re.sub(r"\s+", " ", (ROOT / "docs/security.md").read_text("utf-8"))
# How many requirements of level 1 or 2 each section has, in the order of the standard (5.0.0); missing numbers are of
# level 3.
LEVEL_2 = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2
2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1
3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
4.1.1-3 4.2.1-1 4.3.1-2 4.4.1-4
5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3
6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4
7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2
8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1
9.1.1-3 9.2.1-4
10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3
11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1
12.1.1-3 12.2.1-2 12.3.1-4
13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5
14.1.1-2 14.2.1-4 14.3.1-3
15.1.1-3 15.2.1-3 15.3.1-7
16.1.1-1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3
17.1.1-1 17.2.1-4 17.3.1-2
"""


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def required() -> Iterator[str]:
    for section in LEVEL_2.split():
        first, last = section.rsplit(".", 1)[1].split("-")
        for number in range(int(first), int(last) + 1):
            yield f"{section.rsplit('.', 1)[0]}.{number}"


def answers() -> list[tuple[str, str, list[str]]]:
    """Number, answer and tests of each line."""
    found = re.findall(r"^\| ([\d.]+) \| [12] \| [^|]+ \| ([^|]+) \| ([^|]*) \|$", ANSWERS, re.MULTILINE)
    return [(number, answer, re.findall(r"`([^`]+)`", tests)) for number, answer, tests in found]


def test_every_requirement_is_answered_once_in_its_order() -> None:
    assert [number for number, *_ in answers()] == list(required())
    assert len(answers()) == len(re.findall(r"^\| \d", ANSWERS, re.MULTILINE)) == 253


def test_what_is_met_names_its_tests_and_what_is_not_says_why() -> None:
    for number, answer, tests in answers():
        status, _, reason = answer.partition(":")
        assert status in ("met", "not applicable", "**not met**"), number
        assert tests or status != "met", number
        assert reason or status == "met", number


def test_the_sum_is_that_of_the_lines() -> None:
    told = [answer.partition(":")[0].strip("*") for _, answer, _ in answers()]
    counts = {status: told.count(status) for status in ("met", "not applicable", "not met")}
    said = f"{len(told)} requirements: " + ", ".join(f"{n} {status}" for status, n in counts.items())
    print(said)
    assert f"{said}.\n" in ANSWERS


def test_every_test_that_is_named_exists() -> None:
    named = {test for *_, tests in answers() for test in tests}
    existing = {
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert named - existing == set()


# --- the guide


def test_the_guide_says_what_the_settings_say(configured: object) -> None:
    """The guide gives the value of each setting that it names, near the name."""
    said = re.sub(r"\s+", " ", GUIDE)
    for section, name, words in (
        ("limits", "sign_in_tries", "After {} tries at one account"),
        ("limits", "sign_in_minutes", "within {} minutes"),
        ("limits", "sign_in_tries_per_address", "has {} tries in"),
        ("limits", "code_tries", "{} codes of an application a day"),
        ("people", "sign_ups_per_hour", "{} sign-ups or forgotten passwords an hour"),
        ("passwords", "minimum_length", "{} characters at least"),
        ("sessions", "idle_hours", "{} hours without a visit"),
        ("sessions", "absolute_hours", "after {} hours whatever happens"),
    ):
        assert words.format(getattr(getattr(settings(), section), name)) in said, name
        assert f"`{section}.{name}`" in said, name
    assert f"{passwords.LONGEST:,} at most" in said
    assert settings().sign_in.second_factor_for_staff


def test_every_way_in_is_in_the_guide() -> None:
    """Sessions are opened by `let_in` alone: each caller is a way in, and the guide names its page."""
    ways = {
        "forum/domain/sign_in/sessions.py": "/connexion",
        "forum/domain/members/identities.py": "/connexion/fournisseur",
        "forum/web/sign_in/providers.py": "/connexion/premiere-fois",
        "forum/web/members/joining.py": "/inscription/confirmer",
        "forum/web/members/invitations.py": "/invitation",
    }
    callers = {
        _relative(path)
        for path in (ROOT / "forum").rglob("*.py")
        if re.search(r"(?<!def )\b(let_in|open_session)\(", path.read_text("utf-8"))
    }
    assert callers == set(ways)
    for way in ways.values():
        assert f"`{way}`" in GUIDE
    known = {route.path for route in routes() if isinstance(route, Route)}
    for path in re.findall(r"`(/[a-z/-]+)`", GUIDE.split("## Guesses")[0]):
        assert path in known, path


def test_the_guide_of_security_says_what_the_program_does() -> None:
    """2.1, 5.1, 11.1, 13.1, 15.1, 16.1: the value of each setting and limit that it names."""
    known = tomllib.loads((ROOT / "settings.toml").read_text("utf-8"))
    for name, words in (
        ("limits.form_bytes", "{:,} bytes (`{name}`)"),
        ("limits.json_bytes", "{:,} as JSON (`{name}`)"),
        ("limits.post_characters", "contributions of {:,} characters (`{name}`)"),
        ("limits.writes_per_minute", "{} a minute (`{name}`)"),
        ("limits.notified_per_post", "{} (`{name}`)"),
        ("moderation.links_of_new", "{} links out of the site (`{name}`)"),
        ("moderation.new_until", "until {} contributions are shown (`{name}`)"),
        ("database.connection_seconds", "{} seconds for a connection (`{name}`)"),
        ("database.statement_seconds", "{} for a statement (`{name}`)"),
        ("redis.answer_seconds", "{} seconds (`{name}`)"),
    ):
        section, setting = name.split(".")
        assert words.format(known[section][setting], name=name) in SECURITY, name
    for words in (
        f"{bodies.FIELDS_AT_MOST:,} fields, {bodies.PARTS_AT_MOST} where there is a file",
        f"wordings of {LONGEST_WORDING}, reasons of {journal.LONGEST_REASON}",
        f"{markdown.MAX_NESTING} levels, {markdown.MOST_LINES:,} lines, {markdown.MOST_CELLS:,} cells",
        f"| {names.LONGEST} characters of letters",
        f"take it, {LONGEST_ADDRESS} characters",
        f"from 0 to {forms.LARGEST:,}",
        f"{turns.MOST} wait",
        f"{HEAD_BYTES // 1024} kB and {connections.SECONDS['head']} seconds for a head",
        f"{connections.SILENT_AT_MOST} connections that say nothing",
        f"{LONGEST_JOB.total_seconds() / 60:.0f} minutes and {office.MOST_MEMORY[:-1]} GB at most",
        f"| {minutes_files.LONGEST_FILE >> 20} MB | {minutes_files.MOST_UNPACKED >> 20} MB in "
        f"{minutes_files.MOST_ENTRIES:,} entries, {minutes_files.LONGEST_PART >> 20} MB a part, {MOST_TAGS:,} tags",
        f"| {invitation_files.LONGEST_FILE >> 20} MB | {invitation_files.MOST_LINES:,} lines of "
        f"{tables.MOST_COLUMNS} columns",
        f"{reception_files.MOST_ROWS} contributions, {reception_files.LONGEST_TEXT:,} characters, "
        f"{tables.MOST_COLUMNS} columns",
        f"up to {SOON * 1000:.0f} ms late",
    ):
        assert words in SECURITY
    for path in re.findall(r"`([\w/]+\.py)`", SECURITY):
        assert (ROOT / path).is_file() or list((ROOT / "forum").rglob(path)), path


# --- requirements


PROGRAM = {path: ast.parse(path.read_text("utf-8")) for folder in ("forum", "workers") for path in _modules(folder)}
# How words would become a program, and what reads bytes as objects.
CALLED = {"eval", "exec", "__import__", "system", "popen", "from_string", "create_subprocess_shell"}
READERS = {"pickle", "marshal", "shelve", "yaml"}
# Everything that opens a connection, and who may import it.
SPEAKERS = ("socket", "ssl", "http", "urllib.request", "smtplib", "httpx2", "aiosmtplib", "asyncpg", "redis", "arq")


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_no_word_becomes_a_program() -> None:
    """1.2.5, 1.3.2, 1.3.7, 1.5.2: nothing is evaluated, no shell is started, no template is made of a text, and no
    object is read from bytes."""
    for path, tree in PROGRAM.items():
        assert not {name.split(".")[0] for name in imported(tree)} & READERS, path
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                assert called not in CALLED, (path, node.lineno)
                assert not [one for one in node.keywords if one.arg == "shell"], (path, node.lineno)


def test_only_these_modules_speak_to_another_server() -> None:
    """1.3.6, 13.1.1, 13.2.4: each takes the address from the settings, or from the document of the provider that they
    name."""
    speaking = {
        _relative(path)
        for path, tree in PROGRAM.items()
        if any(name == one or name.startswith(f"{one}.") for name in imported(tree) for one in SPEAKERS)
    }
    assert speaking == {
        "forum/breaker.py",
        "forum/database.py",
        "forum/domain/sign_in/providers.py",
        "forum/errors.py",
        "forum/jobs.py",
        "forum/postgres.py",
        "forum/schema.py",
        "forum/server.py",
        "forum/supervisor.py",
        "workers/engine.py",
        "workers/mail.py",
        "workers/workshop.py",
    }


SCRIPTS = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "static/js").rglob("*.js")))


def test_scripts_do_without_what_is_hard_to_keep_safe() -> None:
    """1.3.2, 3.2.2, 3.5.5, 14.3.3, 15.3.6: no code from text, no messages, no cookies, one thing in storage, no object
    that received names fill; HTML is put in four times, each time as a page of ours rendered it."""
    assert not re.search(
        r"\beval\b|\bFunction\(|document\.write|postMessage|addEventListener\(.message|document\.cookie|sessionStorage"
        r"|indexedDB|WebSocket|__proto__|Object\.assign|outerHTML|insertAdjacentHTML|setTimeout\([\"'`]",
        SCRIPTS,
    )
    assert re.findall(r"localStorage\.\w+\((\w+)", SCRIPTS) == ["KEY", "KEY"]
    assert re.findall(r"innerHTML = (.*);", SCRIPTS) == ["await answer.text()"] * 4


HOSTILE = ("' OR '1'='1", "x'; DROP TABLE member; --", '" OR ""="', "%' UNION SELECT handle FROM member --", "\\\\' --")


@pytest.mark.parametrize("words", HOSTILE)
async def test_words_that_look_like_sql_are_words(client: AsyncClient, words: str) -> None:
    """1.2.4: in each list that is searched or filtered, in a form, at the sign-in."""
    thread = await make_thread(await make_theme())
    await make_member("Camille Martin")
    typed = {"identifiant": words, "mot_de_passe": words}
    assert (await client.post("/connexion", data=typed)).status_code == 422
    await sign_in(client, await make_member("Ada Lovelace", role=Role.ADMINISTRATOR))
    for address, field in (
        ("/administration/personnes", "nom"),
        ("/administration/personnes", "role"),
        ("/administration/personnes", "apres"),
        ("/journal", "personne"),
        ("/journal", "objet"),
        ("/journal", "apres"),
        (f"/fils/{thread.id}", "reunion"),
        ("/themes/3/proches", "mots"),
    ):
        answer = await client.get(address, params={field: words})
        assert answer.status_code == 200, (address, field)
        if field in ("nom", "personne"):
            assert "Camille Martin" not in answer.text, (address, field)
    assert (
        await client.post(f"/fils/{thread.id}/repondre", data={"source": words, "acte": "publier"})
    ).status_code == 303
    assert (await rows("SELECT source FROM post"))[-1]["source"] == words
    assert await count("member") == 2


async def test_no_word_begins_a_line_of_the_log(client: AsyncClient) -> None:
    """16.4.1: whatever an address, a header or a refusal holds, a request is one line of JSON."""
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "write_line", told.append)
        for path in ("/aide?x=%0A%7B%22event%22%3A1%7D", "/propositions/%22%0A", "/nulle%0d%0apart"):
            await client.get(path, headers={"User-Agent": 'x", "event": "forged', "X-Request-Id": "0"})
    assert len(told) == 3
    for line in told:
        assert "\n" not in line
        assert json.loads(line)["event"] == "request"
        assert "forged" not in line


TEMPLATES = {path.name: path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html")}


def test_password_fields_hide_what_is_typed_and_let_managers_fill_them() -> None:
    """6.2.6, 6.2.7: `type=password`, the attributes that password managers look for, and no script that touches the
    field."""
    fields = [
        (name, call)
        for name, text in TEMPLATES.items()
        for call in re.findall(r"\{\{ field\((.*?)\) \}\}", text, re.DOTALL)
        if "mot_de_passe" in call or "proof_field" in call or 'type="password"' in call
    ]
    assert len(fields) >= 4
    for name, call in fields:
        assert 'type="password"' in call, name
        assert re.search(r'autocomplete="(current|new)-password"', call), name
    scripts = "\n".join(path.read_text("utf-8") for path in (ROOT / "static/js").rglob("*.js"))
    assert not re.search(r"password|mot_de_passe|[\"']paste[\"']", scripts)


def test_nobody_is_asked_a_secret_question() -> None:
    """6.4.2: nothing of the kind is a column."""
    kept = " ".join(Member._meta.db_fields)
    assert not re.search(r"hint|question|answer|secret", kept)


def predictable() -> Iterator[str]:
    """Modules that import `random`; only `secrets` may make secrets."""
    for path, tree in PROGRAM.items():
        if "random" in imported(tree):
            yield _relative(path)


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_secret_comes_from_a_predictable_generator() -> None:
    """6.5.3, 7.2.3."""
    assert list(predictable()) == []


async def test_secrets_are_long_enough(database: object) -> None:
    """7.2.3: 128 bits for a session; 6.5.4: 20 for a recovery code. Base64 holds six bits per character, an alphabet of
    32 letters five."""
    member = await make_member()
    token = await sessions.open_session(member.id, now=NOON)
    link = await links.make_link(Purpose.RESET, member.id, NOON)
    assert len(token) * 6 >= 256
    assert len(link) * 6 >= 256
    codes = second_factors.draw_codes()
    assert len(set(codes)) == second_factors.PAPER_CODES
    assert all(sum(sign.isalnum() for sign in code) * 5 >= 112 for code in codes)
    assert set("".join(codes)) - set(second_factors.SIGNS) <= {"-", " "}


async def test_a_password_does_not_age(client: AsyncClient, clock: Clock) -> None:
    """6.2.10."""
    await members.create_member(
        Particulars("Camille Martin", email="camille@exemple.fr", password="quatre mots bien choisis"), now=NOON
    )
    clock.pass_(days=3650)
    typed = {"identifiant": "camille@exemple.fr", "mot_de_passe": "quatre mots bien choisis"}
    answer = await client.post("/connexion", data=typed)
    assert answer.status_code == 303
    assert (await client.get("/notifications")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/notifications", "/compte", "/compte/securite", "/compte/donnees", "/aide"])
async def test_every_page_leads_to_signing_out(client: AsyncClient, path: str) -> None:
    """7.4.4: each page leads to the account, whose pages have the button."""
    await sign_in(client, await make_member())
    page = (await client.get(path)).text
    assert 'href="/compte"' in page
    if path.startswith("/compte"):
        assert 'action="/deconnexion"' in page
        assert "Se déconnecter" in page


def test_passwords_are_kept_by_argon2id_at_its_full_cost(slow_hasher: PasswordHash) -> None:
    """11.4.2: at least what RFC 9106 asks for where memory is short."""
    kept = slow_hasher.hash("quatre mots bien choisis")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert slow_hasher.verify("quatre mots bien choisis", kept)


async def test_an_erasure_ends_every_session(app: Starlette, client: AsyncClient) -> None:
    """7.4.2: on the browser that asks for it and on every other one."""
    hashed = await passwords.hash_password("quatre mots bien choisis", asker="tests")
    camille = await make_member("Camille Martin", email="camille@exemple.fr", password_hash=hashed)
    async with visitor(app) as other:
        for browser in (client, other):
            await sign_in(browser, camille)
            assert (await browser.get("/notifications")).status_code == 200
        form = {"confirmation": "effacer", "mot_de_passe_actuel": "quatre mots bien choisis"}
        assert (await client.post("/compte/effacer", data=form)).status_code == 303
        for browser in (client, other):
            assert (await browser.get("/notifications")).status_code == 303
