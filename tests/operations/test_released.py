"""A site of each released version, upgraded by today's program: nothing is lost, and it serves.

The sites are kept in `released/`, as their own program left them (`released/record.py`).
"""

import json
import lzma
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyotp
import pytest
from anyio import to_thread
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.app import build
from forum.database import close_database, open_database
from forum.domain.journal_chain import verify
from forum.domain.themes.themes import find_theme
from forum.domain.throttle import close_throttle
from forum.domain.votes.votes import counts_of
from forum.settings import settings
from tests.conftest import visitor
from tests.databases import new_database
from tests.operations.released.record import HERE, KEY, STORIES, Account, decide, join
from tests.states import states_when_asked, without_filters
from tests.test_migrations import contents, run, structure
from tests.test_start import command

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Rows = dict[str, list[dict[str, Any]]]
LATER = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""Some hours after the last of them was recorded."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A site before and after its upgrade, and what the command said."""

    version: str
    environment: dict[str, str]
    said: str
    before: Rows
    after: Rows
    accounts: dict[str, Account]

    @property
    def address(self) -> str:
        return self.environment["FORUM_DATABASE__URL"]


@pytest.fixture(scope="module", params=sorted(STORIES))
async def upgraded(
    request: pytest.FixtureRequest, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Upgraded]:
    version, folder = request.param, tmp_path_factory.mktemp(request.param)
    async with new_database(folder, f"of_{version.replace('.', '_')}") as address:
        await put(version, address)
        before = await contents(address)
        accounts = json.loads(_kept(version, address).with_suffix(".json").read_text("utf-8"))
        environment = dict(os.environ) | {
            "FORUM_DATABASE__URL": address,
            "FORUM_SITE__DATA_DIR": str(folder),
            "FORUM_SECURITY__KEY": KEY,
            "FORUM_SIGN_IN__SECOND_FACTOR_FOR_STAFF": "false",
        }
        # The newest release is upgraded most often: Tortoise makes its states by itself.
        with without_filters() if version == max(STORIES) else states_when_asked():
            migrating = await to_thread.run_sync(command, environment, "migrate")
        assert migrating.returncode == 0, migrating.stderr
        yield Upgraded(version, environment, migrating.stdout, before, await contents(address), accounts)


def _kept(version: str, address: str) -> Path:
    return HERE / f"{version}.{'sqlite3' if address.startswith('sqlite') else 'sql'}.xz"


async def put(version: str, address: str) -> None:
    """Make a new database that of the site of a released version."""
    kept = lzma.decompress(_kept(version, address).read_bytes())
    if address.startswith("sqlite"):
        Path(address.removeprefix("sqlite:///")).write_bytes(kept)
    else:
        await run(address, kept.decode())


# --- what the database holds


async def test_the_schema_is_that_of_a_new_site(upgraded: Upgraded, migrated: str) -> None:
    new, old = await structure(migrated), await structure(upgraded.address)
    assert new.keys() == old.keys()
    for what in new.keys() - {"next numbers"}:
        assert as_written(old[what]) == as_written(new[what]), what


def as_written(made: list[tuple[object, ...]]) -> list[str]:
    """PostgreSQL gives the condition of a trigger that was read back other parentheses."""
    return sorted(re.sub(r"[()]", "", repr(one)) for one in made)


OLD_FILLING = re.compile(r"\(nom retiré…*\)")
"""What stood for an erased name until 0.4.0, as long as the name; `migrate` takes the length out."""


async def test_every_row_is_there_as_it_was(upgraded: Upgraded) -> None:
    """All words, ballots, hashes: only fillings lose their length, and what shows them is rendered anew."""
    mended = "n’en dit plus la longueur" in upgraded.said
    assert mended == (join in STORIES[upgraded.version])
    for table in upgraded.before.keys() - {"tortoise_migrations"}:
        there = {row["id"]: row for row in upgraded.after[table]}
        for row in upgraded.before[table]:
            found = {column: there[row["id"]][column] for column in row}
            if mended and table in ("theme", "thread"):
                del row["version"], found["version"]
            assert found == {column: as_mended(value) for column, value in row.items()}, table


def as_mended(value: object) -> object:
    return OLD_FILLING.sub("(nom)", value) if isinstance(value, str) else value


async def test_documents_have_the_hashes_that_were_published(upgraded: Upgraded) -> None:
    documents = upgraded.after["document"]
    assert {one["format"] for one in documents} == {"html", "pdf", "odt", "docx", "csv", "json"}
    for one in documents:
        assert sha256(one["content"]).hexdigest() == one["sha256"], one["format"]


# --- what the site does with it


@pytest.fixture
async def site(upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Starlette]:
    """The upgraded site, served some hours after its last day with the old program."""
    for name, value in upgraded.environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    await open_database(settings())
    yield build(settings(), clock=lambda: LATER)
    await close_throttle()
    await close_database()
    settings.cache_clear()


async def test_the_journal_is_whole(upgraded: Upgraded, site: Starlette) -> None:
    found = await verify()
    assert (found.fault, found.entries) == ("", len(upgraded.after["journal_entry"]))


async def test_votes_are_counted_as_they_were_published(upgraded: Upgraded, site: Starlette) -> None:
    (data,) = (one["content"] for one in upgraded.before["document"] if one["format"] == "json")
    published = {one["reference"]: one for one in json.loads(data)["proposals"]}
    proposals = {one["id"]: f"T3-{one['number']:03}" for one in upgraded.after["proposal"]}
    counted = await counts_of(await find_theme(3), LATER)
    assert counted is not None
    for proposal, count in counted.items():
        told = published[proposals[proposal]]
        assert (count.tally.for_, count.tally.abstain, count.tally.against) == tuple(
            told[opinion] for opinion in ("pour", "abstention", "contre")
        )
    assert sum(count.votants for count in counted.values()) > 150


async def sign_in(site: Starlette, account: Account) -> AsyncClient:
    """With the password of then, and the second factor that was set up then."""
    browser = visitor(site)
    answer = await browser.post(
        "/connexion", data={"identifiant": account["email"], "mot_de_passe": account["password"]}
    )
    assert answer.status_code == 303
    if "factor" in account:
        assert answer.headers["location"].startswith("/connexion/code")
        answer = await browser.post("/connexion/code", data={"code": pyotp.TOTP(account["factor"]).at(LATER)})
        assert answer.status_code == 303
    return browser


LINK = re.compile(r'href="(/[^"#?]*)')
NOT_HERE = ("/en", "/static/", "/connexion")


async def test_every_page_that_a_page_leads_to_is_there(upgraded: Upgraded, site: Starlette) -> None:
    """For a visitor, then for each account what nobody before it could see."""
    read: set[str] = set()
    for begin, browser in [
        (["/"], visitor(site)),
        *[(["/", "/compte", "/compte/donnees"], await sign_in(site, one)) for one in upgraded.accounts.values()],
    ]:
        while begin:
            answer = await browser.get(begin.pop())
            assert answer.status_code in (200, 303), (answer.request.url, answer.status_code)
            leads = [answer.headers["location"]] if answer.status_code == 303 else LINK.findall(answer.text)
            new = sorted({path.partition("#")[0].partition("?")[0] for path in leads} - read)
            read.update(new)
            begin += [path for path in new if not path.startswith(NOT_HERE)]
    files = {f"/syntheses/1/{one}" for one in read if one.startswith("/syntheses/1/")}
    assert {"/fils/1", "/propositions/T3-001", "/themes/3/propositions", "/reunions/1", "/administration"} < read
    assert len(files) > len(upgraded.after["document"])


async def test_people_go_on(upgraded: Upgraded, site: Starlette) -> None:
    member = await sign_in(site, upgraded.accounts["membre"])
    path = "/fils/2/repondre"
    assert (await member.post(path, data={"source": "Et maintenant ?", "acte": "publier"})).status_code == 303
    typed = {"formulation": "Reprendre là où nous en étions", "expose_des_motifs": ""}
    proposed = await member.post("/themes/1/proposer", data=typed)
    assert proposed.status_code == 303
    vote = f"{proposed.headers['location'].partition('?')[0]}/vote"
    assert (
        await member.post(vote, data={"avis": "3" if decide in STORIES[upgraded.version] else "pour"})
    ).status_code == 303
