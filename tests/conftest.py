"""What every test starts from: a migrated database of its own, the application over it, a clock that the test sets.

SQLite by default: each test gets a copy of one migrated file. With FORUM_DATABASE__URL naming a PostgreSQL server, the
run makes a database of its own there and each test begins with empty tables. One process uses one kind of database, as
in production: `make test` runs the suite twice at once, on PostgreSQL without what no second database can
change: tests that touch none, and those marked `one_database` (how a page looks, who is refused, how a file is read).
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from types import CodeType
from urllib.parse import urlsplit

import anyio
import hypothesis
import pytest
import structlog
from httpx2 import ASGITransport, AsyncClient
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.applications import Starlette
from tortoise.apps import Apps

from forum.app import build
from forum.database import close_database, open_database, rows
from forum.domain.discussion.sent_forms import new_key
from forum.domain.sign_in import passwords
from forum.domain.throttle import close_throttle, throttle
from forum.logs import open_logs
from forum.schema import migrate
from forum.settings import ROOT, Settings, settings
from forum.web.discussion import writing
from forum.web.plumbing import page
from forum.web.plumbing.static import Assets
from tests.databases import on_server

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADDRESS = "http://127.0.0.1:8000"
# Seconds that a test waits for what must happen. On the busiest machine it happens sooner: only a fault takes as long.
PATIENCE = 300

# The files that take 10 seconds of a core or more on one of the databases, the longest first.
LONGEST = (
    *("browser/test_pages.py", "browser/test_pages_of_staff.py", "test_rights.py", "votes/test_sealed.py"),
    *("moderation/test_sinks.py", "privacy/test_erasure.py", "documents/test_formats.py", "browser/test_journey.py"),
    *("workers/test_killed.py", "browser/test_pages_after_the_close.py", "votes/test_votes_in_a_storm.py"),
    *("test_migrations.py", "operations/test_released.py", "test_labels.py", "test_start.py", "text/test_reading.py"),
)

# Fixtures that several files share are beside what they are made of.
pytest_plugins = [
    "tests.factories",
    "tests.figures",
    "tests.compiled_syntheses",
    "tests.states",
    "tests.statements",
    "tests.world",
]

# A property is true or false; the time that an example takes depends on how busy the machine is.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


class Clock:
    """The time of the application under test: `clock.now`, `clock.pass_(hours=1)`."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **length: float) -> None:
        self.now += timedelta(**length)


def pytest_configure() -> None:
    """Each test process counts tries in a Redis database of its own, because the sites under test all have the same
    name. On a busy machine services that are there may be long to answer."""
    for name in ("REDIS__ANSWER_SECONDS", "DATABASE__CONNECTION_SECONDS", "DATABASE__STATEMENT_SECONDS"):
        os.environ.setdefault(f"FORUM_{name}", "60")
    redis, process = os.environ.get("FORUM_REDIS__URL", ""), os.environ.get("PYTEST_XDIST_WORKER", "")
    if redis and process:
        address = urlsplit(redis)
        index = int(address.path.strip("/") or 0) - int(process.removeprefix("gw"))
        os.environ["FORUM_REDIS__URL"] = address._replace(path=f"/{index % 16}").geturl()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run each test only where it can show something, so that a skip always means that something is missing; the files
    that take long first."""
    postgres = os.environ.get("FORUM_DATABASE__URL", "").startswith("postgres")
    belongs = _belongs_on_postgres if postgres else _belongs_on_sqlite
    kept: list[pytest.Item] = []
    elsewhere: list[pytest.Item] = []
    for item in items:
        (kept if belongs(item) else elsewhere).append(item)
    config.hook.pytest_deselected(items=elsewhere)
    # A core that begins a long file when the others are done keeps everybody waiting.
    long = {item.path for item in kept if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    places = {ROOT / "tests" / name: place for place, name in enumerate(LONGEST)}
    items[:] = sorted(kept, key=lambda item: (places.get(item.path, len(places)), item.path not in long))


def _belongs_on_sqlite(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgres_only") is None


def _belongs_on_postgres(item: pytest.Item) -> bool:
    """Only what a second database can change: the rest was shown on SQLite."""
    fixtures = getattr(item, "fixturenames", ())
    elsewhere = item.get_closest_marker("sqlite_only") or item.get_closest_marker("one_database")
    return elsewhere is None and ("migrated" in fixtures or "chromium" in fixtures)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """As in production: the default renderer of structlog takes seconds to colour a traceback."""
    open_logs()
    # `capture_logs` would not hear a cached logger.
    structlog.configure(**{**structlog.get_config(), "cache_logger_on_first_use": False})


class CompiledTemplates(FileSystemBytecodeCache):
    """Templates compiled once for all processes, and read once by each: every test has an application of its own."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.read: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.read.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            super().load_bytecode(bucket)
            if bucket.code is not None:
                self.read[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Templates compiled once for all test processes of a run, files packed once: doing it for each test took longer
    than the tests."""
    folder = tmp_path_factory.getbasetemp()
    kept = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "templates"
    kept.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "Assets", cache(Assets))
        patch.setattr(page, "Environment", partial(Environment, bytecode_cache=CompiledTemplates(str(kept))))
        yield


@pytest.fixture(scope="session", autouse=True)
def finished_models() -> Iterator[None]:
    """What Tortoise derives from the models at each opening of a database, derived once per kind of database and set of
    models: for each test it took longer than all else that prepares it."""
    derive, latest = Apps._build_initial_querysets, [object()]

    def derive_once(apps: Apps) -> None:
        models = frozenset(model for each in apps.apps.values() for model in each.values())
        key = (models, {type(model._meta.db) for model in models})
        if key != latest[0]:
            derive(apps)
            latest[0] = key

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Apps, "_build_initial_querysets", derive_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def slow_hasher() -> Iterator[PasswordHash]:
    """How passwords are really kept: slowly, on purpose. Tests keep theirs for next to nothing."""
    real, light = passwords.hasher, PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", light)
        yield real


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated database: a SQLite file to be copied, or a PostgreSQL database made for this run."""
    server = os.environ.get("FORUM_DATABASE__URL", "")
    if server.startswith("postgres"):
        name = f"cahier_test_{os.getpid()}"
        anyio.run(on_server, server, f"CREATE DATABASE {name}")
        address = urlsplit(server)._replace(path=f"/{name}").geturl()
    else:
        name, address = "", f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'cahier.sqlite3'}"
    os.environ["FORUM_DATABASE__URL"] = address
    os.environ["FORUM_SITE__DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    settings.cache_clear()
    anyio.run(migrate, settings())
    yield address
    if name:
        anyio.run(on_server, server, f"DROP DATABASE {name} WITH (FORCE)")
    os.environ["FORUM_DATABASE__URL"] = server
    settings.cache_clear()


@pytest.fixture
def beginning(request: pytest.FixtureRequest, migrated: str) -> str:
    """What the database of a test holds at first, nothing or, if it asks for it, the `world` of `tests/world.py`: a
    SQLite file to copy; on PostgreSQL the schema with the rows, "" for none."""
    if "world" in request.fixturenames:
        return str(request.getfixturevalue("kept_world").kept)
    return migrated if migrated.startswith("sqlite") else ""


@pytest.fixture
def configured(beginning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of one test: those of the file, with a database and a data folder of its own."""
    if beginning.startswith("sqlite"):
        copy = tmp_path / "cahier.sqlite3"
        shutil.copyfile(beginning.removeprefix("sqlite:///"), copy)
        monkeypatch.setenv("FORUM_DATABASE__URL", f"sqlite:///{copy}")
    monkeypatch.setenv("FORUM_SITE__DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    yield settings()
    settings.cache_clear()


@pytest.fixture
async def database(configured: Settings, beginning: str) -> AsyncIterator[Settings]:
    """An open, migrated database with what it begins with; nobody has tried any password yet."""
    with suppress(RuntimeError):  # what a test left open belongs to a loop that has ended
        await close_throttle()
    await open_database(configured)
    try:
        await fill_tables(beginning)
        await throttle().forget()
        yield configured
    finally:
        # Also when the beginning failed: what stays open would fail every test that follows.
        await close_throttle()
        await close_database()


async def fill_tables(kept: str) -> None:
    """On PostgreSQL: rows go, those of the schema `kept` come, and numbers begin again behind them. TRUNCATE would make
    a new file of each table, a second in all."""
    if settings().database.url.startswith("postgres"):
        come = f"EXECUTE format('INSERT INTO %1$I SELECT * FROM {kept}.%1$I', one);" if kept else ""
        last = "EXECUTE format('SELECT MAX(id) FROM %I', one) INTO last;" if kept else ""
        head = "" if kept else "INSERT INTO journal_head (id, entries, chain) VALUES (1, 0, '');"
        await rows(
            f"""DO $$ DECLARE one text; last bigint; BEGIN
                 SET LOCAL session_replication_role = replica;
                 FOR one IN SELECT tablename FROM pg_tables
                             WHERE schemaname = 'public' AND tablename NOT LIKE '%migration%' LOOP
                   EXECUTE format('DELETE FROM %I', one);
                   {come} {last}
                   PERFORM setval(pg_get_serial_sequence(one, 'id'), COALESCE(last, 0) + 1, false);
                 END LOOP;
                 {head} END $$"""
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every form has the same key, which is drawn anew at each reading: pages can be compared to the byte."""
    monkeypatch.setattr(writing, "new_key", lambda: "k" * len(new_key()))


@pytest.fixture
async def app(database: Settings, clock: Clock) -> Starlette:
    """The application over the open database, without its worker: jobs wait in their table."""
    return build(database, clock=clock)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[AsyncClient]:
    """A browser on our own pages. It follows no redirect: tests check where it leads."""
    async with visitor(app) as one:
        yield one


def visitor(app: Starlette) -> AsyncClient:
    """Another browser, nobody signed in."""
    return AsyncClient(transport=ASGITransport(app=app), base_url=ADDRESS, headers={"Sec-Fetch-Site": "same-origin"})
