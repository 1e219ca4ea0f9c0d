"""The whole journey, as people make it: from a librarian's words to the ministry's document, read back."""

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import pypdf
import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.gestures import select_words
from tests.browser.reading import Readers

pytestmark = pytest.mark.browser

THREAD = "Propositions et pistes d’actions"
DEMAND = "embaucher des MEDIATEURS NUMERIQUES en CDI"
LEVERS = "Existence de leviers (schémas départementaux d'accès des services au public)"
OWN_WORDING = "Prêter des ordinateurs aux habitants qui n’en ont pas"
MINUTES = """Compte rendu du 12 mars :
- Former les agents d’accueil
- Le groupe se retrouvera en avril
- Ouvrir les formations du CNFPT aux médiateurs"""
# The first bytes of each format, so that an error page is not mistaken for a document.
SIGNATURES = {
    "html": b"<!DOCTYPE html>",
    "pdf": b"%PDF-",
    "odt": b"PK\x03\x04",
    "docx": b"PK\x03\x04",
    "csv": b"\xef\xbb\xbf",
    "json": b"{",
    "txt": b"",
    "zip": b"PK\x03\x04",
    "py": b"",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a document says of one proposal: rank, pour, abstention, contre, net; its address and its wording."""

    numbers: tuple[int | None, ...]
    address: str
    wording: str


async def test_from_a_librarian_to_the_ministry(at_fresh: Readers) -> None:
    await _a_visitor_reads(at_fresh)
    await _a_member_takes_part(at_fresh)
    await _a_moderator_gathers(at_fresh)
    documents = await _an_agent_compiles(at_fresh)
    await _the_documents_are_read_back(at_fresh, documents)


async def _a_visitor_reads(readers: Readers) -> None:
    page = await readers.page()
    await page.goto("/")
    await page.get_by_role("link", name="Formation et acteurs").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Formation et acteurs")
    await page.get_by_role("link", name=THREAD).click()
    await expect(page.locator("article.post")).to_have_count(10)
    await expect(page.locator("article.post .tag")).to_have_count(3)
    await expect(page.locator("#c-9 .quote")).to_contain_text("organiser une politique d'accueil informatique")
    await expect(page.locator("#c-10 .mention")).to_have_text("@Aurelien-MOREAU")
    await expect(page.locator("form.booth")).to_have_count(0)
    await page.get_by_role("link", name="Se connecter pour répondre").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")


async def _a_member_takes_part(readers: Readers) -> None:
    page = await readers.page("membre")
    await page.goto("/fils/1")
    await _quotes_words(page)
    await _edits(page)
    await _proposes(page)
    await _votes(page)


async def _quotes_words(page: Page) -> None:
    """Words selected with the mouse become a quote of exactly these words; somebody is mentioned."""
    await select_words(page, "#c-2 .words", DEMAND)
    await page.get_by_role("link", name="Citer la sélection").click()
    answer = page.get_by_role("region", name="Répondre à ce fil")
    await expect(answer.locator(".quote blockquote")).to_have_text(DEMAND)
    await page.fill("#source", "C’est aussi notre demande. @Nadia-Berthier peux-tu le porter ?")
    await page.get_by_role("button", name="Publier ma contribution").click()
    await expect(page.get_by_role("status").filter(has_text="Votre contribution est publiée.")).to_be_visible()
    own = page.locator("article.post").last
    await expect(own.locator(".quote blockquote")).to_have_text(DEMAND)
    await expect(own.locator(".mention")).to_have_text("@Nadia-Berthier")
    await expect(own.locator(".byline").first).to_contain_text("Camille Aubry")


async def _edits(page: Page) -> None:
    own = page.locator("article.post").last
    await own.get_by_role("link", name="Modifier").click()
    await page.fill("#source", "C’est aussi notre demande, depuis deux ans. @Nadia-Berthier peux-tu le porter ?")
    await page.get_by_role("button", name="Enregistrer ma contribution").click()
    await expect(own.locator(".words")).to_contain_text("depuis deux ans")
    await own.get_by_role("link", name=re.compile("^modifiée")).click()
    await expect(page.locator(".post")).to_have_count(2)
    await expect(page.locator(".post").last).not_to_contain_text("depuis deux ans")


async def _proposes(page: Page) -> None:
    await page.goto("/themes/3")
    await page.get_by_role("link", name="Faire une proposition").click()
    await page.fill("#formulation", OWN_WORDING)
    await page.fill("#expose_des_motifs", "Parce que **tout** passe par là.")
    await page.get_by_label("Comment renforcer la formation des professionnels").check()
    await page.get_by_role("button", name="Soumettre ma proposition").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(OWN_WORDING)
    assert page.url.split("?")[0].endswith("/propositions/T3-009")


async def _votes(page: Page) -> None:
    """Vote pour, then contre, then withdraw, on one page that is never reloaded; each change is announced to screen
    readers."""
    await page.goto("/themes/3")
    await page.get_by_role("link", name="Lire et voter").click()
    await page.evaluate("window.loadedOnce = true")
    booth = page.locator("[id='T3-001'] form.booth")
    for word in ("Pour", "Contre"):
        await booth.get_by_role("radio", name=word).check()
        await expect(booth.get_by_role("radio", checked=True)).to_have_count(1)
        await expect(page.locator("#annonces")).to_have_text(f"Vous avez voté : {word.lower()}.")
        await expect(page.locator("[data-progress] p")).to_contain_text(re.compile(r"^\s*1 sur "))
    await booth.get_by_role("button", name="Retirer mon vote").click()
    await expect(booth.get_by_role("radio", checked=True)).to_have_count(0)
    await expect(page.locator("#annonces")).to_have_text("Vous n’avez pas encore voté.")
    await expect(page.locator("[data-progress] p")).to_contain_text(re.compile(r"^\s*0 sur "))
    assert await page.evaluate("window.loadedOnce") is True


async def _a_moderator_gathers(readers: Readers) -> None:
    page = await readers.page("modératrice")
    await page.goto("/")
    await page.get_by_role("link", name=re.compile(r"^Mes notifications.*\(1\)$")).click()
    await expect(page.get_by_role("link", name="Camille Aubry vous mentionne")).to_be_visible()
    await page.goto("/fils/1")
    await _tags_and_untags(page)
    await _proposes_an_extract(page)
    await _keeps_lines_of_minutes(page)


async def _tags_and_untags(page: Page) -> None:
    post = page.locator("#c-4")
    await post.locator("summary").click()
    await post.get_by_label("Réunion numéro").fill("1")
    await post.get_by_role("button", name="Étiqueter", exact=True).click()
    await expect(post.locator(".tag")).to_have_text("GT réunion 1")
    await post.locator("summary").click()
    await post.get_by_role("button", name="Retirer « GT réunion 1 »").click()
    await expect(post.locator(".tag")).to_have_count(0)


async def _proposes_an_extract(page: Page) -> None:
    await select_words(page, "#c-8 .words", LEVERS)
    await page.get_by_role("link", name="Proposer la sélection").click()
    await expect(page.locator("#mots")).to_have_value(LEVERS)
    await page.fill("#formulation", "S’appuyer sur les schémas départementaux d’accès des services au public")
    await page.get_by_role("button", name="Créer la proposition").click()
    await expect(page.locator(".quote blockquote")).to_have_text(LEVERS)
    await page.locator(".quote figcaption a").first.click()
    await expect(page.locator("mark")).to_have_text(LEVERS)


async def _keeps_lines_of_minutes(page: Page) -> None:
    await page.goto("/reunions")
    await page.get_by_role("link", name="Enregistrer une réunion").click()
    await page.get_by_label("GT Formation et acteurs").check()
    await page.fill("#numero", "2")
    await page.fill("#date", "2026-03-12")
    await page.fill("#lieu", "Metz")
    await page.get_by_role("button", name="Enregistrer la réunion").click()
    await page.get_by_role("link", name="Saisir le compte rendu").click()
    await page.fill("#source", MINUTES)
    await page.get_by_role("button", name="Voir les lignes").click()
    # The heading comes unticked; the moderator unticks what is not a proposal.
    await expect(page.locator("#ligne-1")).to_be_visible()
    await expect(page.locator("#garder-1")).not_to_be_checked()
    await page.locator("#garder-3").uncheck()
    await page.get_by_role("button", name="Créer les propositions gardées").click()
    await expect(page.locator("main a.reference")).to_have_text(["T3-011", "T3-012"])


async def _an_agent_compiles(readers: Readers) -> dict[str, bytes]:
    page = await readers.page("agent")
    await page.goto("/themes/3")
    await page.get_by_role("link", name="Fixer le calendrier ou clore les votes").click()
    await page.fill("#motif", "Fin de la consultation")
    await page.get_by_label("Je confirme : plus aucun vote ne sera reçu").check()
    await page.get_by_role("button", name="Clore les votes et publier les résultats").click()
    await expect(page.get_by_role("status").filter(has_text="Les votes sont clos")).to_be_visible()
    await page.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Synthèses").click()
    await page.get_by_label("Thème 3 : Formation et acteurs").check()
    await _watches_the_bar(page)
    return await _downloads(page)


async def _watches_the_bar(page: Page) -> None:
    """The bar shows progress, and the page shows the documents by itself at the end."""
    told: list[dict[str, Any]] = []

    async def note(route: Route) -> None:
        answer = await route.fetch()
        told.append(await answer.json())
        await route.fulfill(response=answer)

    await page.route("**/api/v1/syntheses/*", note)
    await page.get_by_role("button", name="Demander la synthèse").click()
    await expect(page.get_by_role("progressbar", name="Compilation en cours")).to_be_visible()
    await expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    steps = [job["done"] for job in told]
    assert steps
    assert steps == sorted(steps)
    assert told[-1]["state"] == "done"


async def _downloads(page: Page) -> dict[str, bytes]:
    found = {}
    for link in await page.locator(".downloads a[download]").all():
        async with page.expect_download() as download:
            await link.click()
        path = await (await download.value).path()
        found[(await download.value).suggested_filename.rpartition(".")[2]] = path.read_bytes()
    assert set(found) == set(SIGNATURES)
    return found


async def _the_documents_are_read_back(readers: Readers, documents: dict[str, bytes]) -> None:
    for name, start in SIGNATURES.items():
        assert documents[name].startswith(start), name
    for name in ("odt", "docx"):
        assert zipfile.ZipFile(io.BytesIO(documents[name])).testzip() is None
    register = _read_json(documents["json"])
    assert len(register) == 12
    assert _read_csv(documents["csv"]) == register
    pdf = pypdf.PdfReader(io.BytesIO(documents["pdf"]))
    assert _read_pdf(pdf, register) == register
    await _its_links_lead_home(readers, pdf, register)


def _read_json(content: bytes) -> dict[str, Figures]:
    return {
        row["reference"]: Figures(
            tuple(row[name] for name in ("rank", "pour", "abstention", "contre", "soutien_net")),
            row["url"],
            row["wording"],
        )
        for row in json.loads(content)["proposals"]
    }


def _read_csv(content: bytes) -> dict[str, Figures]:
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    return {
        row["référence"]: Figures(
            tuple(
                int(row[name]) if row[name] else None
                for name in ("rang", "pour", "abstention", "contre", "soutien net")
            ),
            row["adresse de la proposition"],
            row["formulation"],
        )
        for row in rows
    }


def _read_pdf(pdf: pypdf.PdfReader, register: dict[str, Figures]) -> dict[str, Figures]:
    """As printed: the rank before each ranked wording, the figures in the table of the annex, the links of
    the file."""
    assert pdf.metadata
    assert pdf.metadata.title
    assert "Formation et acteurs" in pdf.metadata.title
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))
    links = _links(pdf)
    found = {}
    for reference, expected in register.items():
        wording = re.escape(expected.wording)
        row = re.search(rf"{reference} {wording} (\d+|non classée)(?: ex æquo)? (\d+) (\d+) (\d+) ([+−-]?\d+)", text)
        assert row, reference
        if row[1] != "non classée":
            assert re.search(rf"(?<!\w){row[1]}(?: ex æquo)? {wording} {reference},", text), reference
        assert expected.address in links
        rank, *numbers = (None if cell == "non classée" else int(cell.replace("−", "-")) for cell in row.groups())
        found[reference] = Figures((rank, *numbers), expected.address, expected.wording)
    return found


def _links(pdf: pypdf.PdfReader) -> set[str]:
    annotations = [one.get_object() for page in pdf.pages for one in page.get("/Annots", [])]
    return {str(one["/A"]["/URI"]) for one in annotations if "/URI" in one.get("/A", {})}


async def _its_links_lead_home(readers: Readers, pdf: pypdf.PdfReader, register: dict[str, Figures]) -> None:
    """Anybody who follows a line of the document finds the proposal, and the words that it comes from."""
    page = await readers.page()
    for address in sorted(_links(pdf)):
        answer = await page.goto(address)
        assert answer
        assert answer.ok, address
    (first, *_) = (one for one in register.values() if one.numbers[0] == 1)
    await page.goto(first.address)
    await expect(page.get_by_role("heading", level=1)).to_have_text(first.wording)
    await page.locator(".notice").get_by_role("link", name="Lire la page").click()
    await expect(page.locator(".tally")).to_contain_text(f"Pour {first.numbers[1]}")
