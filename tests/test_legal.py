"""The pages that the law requires: linked from every footer, in both languages, and complete in production."""

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.app import build
from forum.domain.legal import PAGES, charter_version, check_legal_pages, legal_page
from forum.errors import CannotStart, NotFound
from forum.sealing import make_key
from forum.settings import ROOT, Settings, settings
from tests.conftest import visitor
from tests.factories import make_member, make_theme, sign_in
from tests.test_start import command, environment, machine

__all__ = ["environment", "machine"]  # fixtures

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(configured: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the pages outside the code, as a deployer keeps them."""
    own = tmp_path / "legal"
    shutil.copytree(ROOT / "legal", own)
    monkeypatch.setenv("FORUM_SITE__LEGAL_DIR", str(own))
    settings.cache_clear()
    yield own
    settings.cache_clear()


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def complete(folder: Path) -> None:
    """Fill every blank in."""
    for path in folder.rglob("*.md"):
        path.write_text(re.sub(r"\[\[[^\]]+\]\]", "renseigné", path.read_text("utf-8")), "utf-8")


def in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SITE__ENVIRONMENT": "production",
        "SITE__BASE_URL": "https://cahier.exemple.fr",
        "SERVER__TRUSTED_PROXIES": "none",
        "SECURITY__KEY": make_key(),
        "MAIL__URL": "smtps://courrier.exemple.fr",
        "MAIL__SENDER": "cahier@exemple.fr",
    }.items():
        monkeypatch.setenv(f"FORUM_{name}", value)
    settings.cache_clear()


async def test_every_footer_leads_to_every_page_in_both_languages(client: AsyncClient, app: Starlette) -> None:
    await make_theme(3)
    signed_in = visitor(app)
    await sign_in(signed_in, await make_member())
    async with signed_in:
        for browser in (client, signed_in):
            for path in ("/", "/themes/3", "/connexion", "/aide", "/rien", "/notifications", "/charte"):
                for prefix in ("", "/en"):
                    answer = await browser.get(prefix + path, follow_redirects=True)
                    footer = answer.text.split("<footer")[1].split("</footer>")[0]
                    assert {f"{prefix}/{name}" for name in PAGES} <= set(re.findall(r'href="([^"?]+)', footer)), path


@pytest.mark.parametrize("name", PAGES)
async def test_each_page_is_read_by_everybody_in_both_languages(client: AsyncClient, name: str) -> None:
    french, english = await client.get(f"/{name}"), await client.get(f"/en/{name}")
    for answer, locale in ((french, "fr"), (english, "en")):
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        page = legal_page(name, locale)
        assert f"<h1>{page.title}</h1>" in answer.text
        levels = [int(level) for level in re.findall(r"<h(\d)", answer.text)]
        assert levels[:2] == [1, 2]
        assert all(later - before <= 1 for before, later in itertools.pairwise(levels))
        for lead in re.findall(r'href="(/[^"]*)"', page.html):
            assert (await client.get(lead)).status_code == 200, lead
            assert lead.startswith("/en/") == (locale == "en"), lead
    assert french.text.count("<h2>") == english.text.count("<h2>")
    assert french.text.count("<li>") == english.text.count("<li>")


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_ask_for_the_same_blanks(configured: Settings, name: str) -> None:
    french, english = legal_page(name, "fr"), legal_page(name, "en")
    assert len(french.blanks) == len(english.blanks)
    assert french.html.count("<mark>[[") == english.html.count("<mark>[[")
    assert french.updated == english.updated


async def test_a_blank_is_seen_in_development(client: AsyncClient) -> None:
    page = (await client.get("/mentions-legales")).text
    assert "<mark>[[nom de l’éditeur]]</mark>" in page
    assert "Page à compléter" in page
    assert "Page à compléter" not in (await client.get("/cookies")).text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/mentions-legales", ["article 1-1", "2004-575", "Direction de la publication", "Hébergement", "2022/2065"]),
        (
            "/donnees-personnelles",
            [
                "mission d’intérêt public",
                "Responsable du traitement",
                "Délégué à la protection des données",
                "Combien de temps",
                "Qui les reçoit",
                "CNIL",
                "Effacer",
                "opposer",
                "limitation",
            ],
        ),
        (
            "/accessibilite",
            ["non conforme", "RGAA 4.1", "2005-102", "Défenseur des droits", "Contenus non accessibles"],
        ),
        ("/cookies", ["article 82", "strictement nécessaire", "bandeau"]),
        ("/charte", ["Une personne, un compte", "Modération", "Licence Ouverte"]),
    ],
)
async def test_a_page_says_what_the_law_asks_for(client: AsyncClient, path: str, words: list[str]) -> None:
    said = (await client.get(path)).text.replace("\xa0", " ").replace("\u202f", " ")
    assert [one for one in words if one.lower() not in said.lower()] == []


async def test_periods_are_those_of_the_settings(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SESSIONS__IDLE_HOURS", "96")
    monkeypatch.setenv("FORUM_SESSIONS__ABSOLUTE_HOURS", "1200")
    settings.cache_clear()
    for path in ("/cookies", "/donnees-personnelles"):
        page = (await client.get(path)).text
        assert "4 jours sans visite" in page
        assert "50 jours" in page
    assert "Après 24 mois sans connexion" in page
    assert "7 jours après sa préparation" in page
    assert "Rien n’est conservé de votre identité" in page
    monkeypatch.setenv("FORUM_RETENTION__INACTIVE_MONTHS", "0")
    monkeypatch.setenv("FORUM_RETENTION__ARCHIVE_DAYS", "5")
    monkeypatch.setenv("FORUM_RETENTION__IDENTIFICATION_DAYS", "1825")
    settings.cache_clear()
    page = (await client.get("/en/donnees-personnelles")).text
    assert "An unused account is not erased by itself" in page
    assert "5 days after it was made" in page
    assert "for 1,825 days after the account is erased" in page
    assert "{" not in "".join(legal_page(name, locale).html for name in PAGES for locale in ("fr", "en"))


async def test_a_page_changes_with_its_file(client: AsyncClient, folder: Path) -> None:
    change(folder / "fr/cookies.md", "## Les refuser", "## Les refuser, **tous** <b>")
    assert "<h2>Les refuser, <strong>tous</strong> &lt;b&gt;</h2>" in (await client.get("/cookies")).text


async def test_the_footer_says_what_the_audit_found(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Accessibilité\xa0: non conforme" in (await client.get("/aide")).text
    assert "Accessibility: not compliant" in (await client.get("/en/aide")).text
    monkeypatch.setenv("FORUM_SITE__ACCESSIBILITY", "partiellement conforme")
    settings.cache_clear()
    async with visitor(build(settings())) as audited:
        assert "Accessibilité\xa0: partiellement conforme" in (await audited.get("/aide")).text
        assert "Accessibility: partially compliant" in (await audited.get("/en/aide")).text


def test_the_version_of_the_charter_changes_with_its_words_only(folder: Path) -> None:
    first = charter_version()
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    change(folder / "fr/charte.md", "updated = 2026-11-23", "updated = 2027-01-01")
    change(folder / "fr/charte.md", "Répondez aux arguments, pas", "Répondez aux arguments,\n  pas")
    assert charter_version() == first
    change(folder / "en/charte.md", "somebody else’s", "another’s")
    second = charter_version()
    change(folder / "fr/charte.md", "Restez dans le sujet", "Demeurez dans le sujet")
    assert len({first, second, charter_version()}) == 3


def test_production_wants_complete_pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_legal_pages()
    in_production(monkeypatch)
    with pytest.raises(CannotStart, match=r"fr/mentions-legales\.md : \[\[nom de l’éditeur\]\] est à remplir"):
        check_legal_pages()
    complete(folder)
    check_legal_pages()
    change(folder / "en/charte.md", "to contest a decision".capitalize(), "[[whom to write to]]")
    with pytest.raises(CannotStart, match=r"en/charte\.md : \[\[whom to write to\]\]"):
        check_legal_pages()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("+++\ntitle", "title", "deux lignes"),
        ("updated = 2026-11-23", "updated = 2026-13-45", "ne peut pas être lu"),
        ("updated = 2026-11-23", 'updated = "hier"', "updated, une date"),
        ("updated = 2026-11-23", "updated = 2026-11-23\nauteur = 1", "l’en-tête donne"),
        ("{idle_days}", "{jours}", r"\{jours\} n’existe pas"),
    ],
)
def test_a_file_that_is_wrong_stops_the_start_by_its_name(folder: Path, old: str, new: str, reason: str) -> None:
    change(folder / "fr/cookies.md", old, new)
    with pytest.raises(CannotStart, match=rf"fr/cookies\.md : .*{reason}"):
        check_legal_pages()


def test_a_file_that_is_missing_stops_the_start(folder: Path) -> None:
    (folder / "en/charte.md").unlink()
    with pytest.raises(CannotStart, match=r"en/charte\.md : ne peut pas être lu \(introuvable\)"):
        check_legal_pages()


def test_no_other_file_is_a_page(configured: Settings) -> None:
    for name in ("../../settings", "rien", ""):
        with pytest.raises(NotFound):
            legal_page(name, "fr")


def test_a_site_in_production_does_not_open_with_a_blank(machine: dict[str, str]) -> None:
    production = machine | {
        "FORUM_SITE__ENVIRONMENT": "production",
        "FORUM_SERVER__TRUSTED_PROXIES": "none",
        "FORUM_SITE__BASE_URL": "https://cahier.exemple.fr",
        "FORUM_SECURITY__KEY": make_key(),
        "FORUM_MAIL__URL": "smtps://courrier.exemple.fr",
        "FORUM_MAIL__SENDER": "cahier@exemple.fr",
    }
    refused = command(production, "serve")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert "fr/mentions-legales.md : [[nom de l’éditeur]] est à remplir" in refused.stderr
