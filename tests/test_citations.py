"""What is cited at a version leads to that version, for ever: from pages, documents in every format, data, archives.

A contribution is quoted, an extract is taken from it, a proposal is made of it; documents are made; then the
contribution and the proposal are changed. Every link that cites them must still show the words that were cited.
"""

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf
import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import transaction
from forum.documents.formats import FORMATS
from forum.domain.chapters.outlines import outline_of
from forum.domain.members.members import load_viewer
from forum.domain.privacy.erasure import erase
from forum.domain.privacy.personal_facts import collect
from forum.domain.proposals import amendments
from forum.domain.syntheses.snapshot_queries import freeze, hold_still, read_introductions
from forum.domain.syntheses.snapshots import Snapshot
from forum.models.members import Member
from forum.models.proposals import ProposalVersion
from forum.models.themes import Theme
from forum.settings import settings
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_group, make_member, make_post, make_theme, make_thread, sign_in
from tests.world import make_draft

FIRST = "Il faut former les bibliothécaires au numérique."
LATER = "Il ne faut former personne."
CITED = "former les bibliothécaires"
START = FIRST.index(CITED)
# The words of the proposal, as they were when the documents were made, and since.
WORDINGS = ("Former les bibliothécaires", "Former les bibliothécaires au numérique", "Ne former personne")
PATH = re.compile(
    r"/(?:en/)?(contributions|propositions)/([\w-]+)(?:/(?:revisions|versions)/(\d+))?(?:\?[^#]*)?(?:#.*)?"
)
NAMED = re.compile(r"\b(C-|T\d+-)(\d+)@(\d+)\b")


@dataclass(frozen=True)
class Cited:
    """The consultation, with the data frozen between the two changes."""

    author: Member
    post: int
    snapshot: Snapshot


@pytest.fixture
async def cited(client: AsyncClient, app: Starlette, clock: Clock) -> Cited:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    author = await make_member("Aline Durand")
    post = await make_post(thread, FIRST, author=author)
    marker = f"{{{{citation {post.id}@1 {START}-{START + len(CITED)}}}}}"
    async with visitor(app) as other:
        await sign_in(other, await make_member("Bruno Petit"))
        quoted = await other.post(f"/fils/{thread.id}/repondre", data={"citation": marker, "source": "D’accord."})
        assert quoted.status_code == 303
    moderator = await make_member("Nadia Berthier", moderates=[await make_group("gt-3")])
    async with visitor(app) as other:
        await sign_in(other, moderator)
        made = await other.post(
            f"/contributions/{post.id}/proposer", data={"mots": CITED, "pres": str(START), "formulation": WORDINGS[0]}
        )
        assert made.status_code == 303, made.text
    await sign_in(client, author)
    await change(client, 1, WORDINGS[1])
    introductions = await read_introductions()
    async with transaction():
        await hold_still()
        snapshot = await freeze(None, NOON, introductions)
    await change(client, 2, WORDINGS[2])
    edited = await client.post(f"/contributions/{post.id}/modifier", data={"source": LATER, "version": "1"})
    assert edited.status_code == 303, edited.text
    return Cited(author, post.id, snapshot)


async def change(client: AsyncClient, version: int, wording: str) -> None:
    typed = {"version": str(version), "formulation": wording, "motif": "Mieux.", "expose_des_motifs": f"Car {wording}."}
    answer = await client.post("/propositions/T3-001/modifier", data=typed)
    assert answer.status_code == 303, answer.text


def links_in(file: bytes, name: str) -> Iterator[str]:
    """Every address of the site in a document."""
    if name == "pdf":
        with pikepdf.open(io.BytesIO(file)) as pdf:
            for page in pdf.pages:
                for note in page.get("/Annots", []):
                    if "/A" in note and "/URI" in note.A:
                        yield str(note.A.URI)
        return
    parts = [file]
    if name in ("odt", "docx"):
        with zipfile.ZipFile(io.BytesIO(file)) as files:
            parts = [files.read(each) for each in files.namelist() if each.endswith((".xml", ".rels"))]
    for part in parts:
        text = html.unescape(part.decode("utf-8-sig"))
        yield from re.findall(rf"{re.escape(settings().site.base_url)}[^\s\"<;]*", text)


async def follow(client: AsyncClient, address: str, cited: Cited) -> str:
    """Fail unless the address is that of a version, and shows the words that were cited; returns what kind of thing it
    is, "" for neither."""
    found = PATH.fullmatch(address.removeprefix(settings().site.base_url))
    if found is None:
        return ""
    kind, thing, version = found.groups()
    assert version, f"{address} leads to the present"
    page = await client.get(address)
    assert page.status_code == 200, address
    shown = html.unescape(re.sub(r"<[^>]+>", "", page.text))
    if kind == "contributions":
        assert version == "1"
        assert f"C-{thing}@1" in shown
        assert FIRST in shown
        assert LATER not in shown
        assert f'href="/contributions/{thing}"' in page.text
    else:
        assert version == "2"
        assert f"{thing}@2" in shown
        assert f"<h1>{WORDINGS[1]}</h1>" in page.text
        assert f"Car {WORDINGS[1]}." in shown
        assert WORDINGS[2] not in shown
        assert f'href="/propositions/{thing}"' in page.text
    return str(kind)


@pytest.mark.parametrize("name", FORMATS)
async def test_every_link_of_a_document_shows_what_was_cited(client: AsyncClient, cited: Cited, name: str) -> None:
    file = FORMATS[name].render(outline_of(cited.snapshot))
    things = {
        address for address in links_in(file, name) if PATH.fullmatch(address.removeprefix(settings().site.base_url))
    }
    assert {PATH.fullmatch(each.removeprefix(settings().site.base_url))[1] for each in things} == {  # type: ignore[index] # they match
        "contributions",
        "propositions",
    }
    for address in things:
        await follow(client, address, cited)


async def test_every_identifier_of_the_data_has_the_address_of_its_version(cited: Cited) -> None:
    data = json.loads(FORMATS["json"].render(outline_of(cited.snapshot)))
    base = settings().site.base_url
    proposal = data["proposals"][0]
    assert proposal["url"] == f"{base}/propositions/T3-001/versions/{proposal['version']}"
    source = proposal["source"]
    assert source["id"] == f"C-{cited.post}@1"
    assert source["url"] == f"{base}/contributions/{cited.post}/revisions/1?de={source['start']}&a={source['end']}"
    assert [(each["id"], each["url"]) for each in data["verbatims"]] == [
        (f"C-{cited.post}@1", f"{base}/contributions/{cited.post}/revisions/1")
    ]


class _Anchors:
    """The links of a page with the words that they are on, and the words that are on none."""

    def __init__(self, page: str) -> None:
        main = re.search(r"<main.*?</main>", page, re.DOTALL)
        text = main[0] if main else page
        self.links = [
            (html.unescape(address), html.unescape(re.sub(r"<[^>]+>", "", words)))
            for address, words in re.findall(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', text, re.DOTALL)
        ]
        self.other_words = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<a\b.*?</a>", " ", text, flags=re.DOTALL)))


async def everything_linked(client: AsyncClient) -> dict[str, str]:
    """Every page that can be reached from the first one, by its address."""
    wanted, pages = ["/", "/compte/contributions", "/syntheses"], {}
    while wanted:
        address = wanted.pop()
        if address in pages or re.search(r"^/en(/|$)|deconnexion|\.ics|\.csv|journal|aide", address):
            continue
        answer = await client.get(address)
        pages[address] = answer.text if answer.headers.get("content-type", "").startswith("text/html") else ""
        onwards = re.findall(r'href="(/[^"#]*)', pages[address])
        if "location" in answer.headers:
            onwards.append(answer.headers["location"].partition("#")[0])
        wanted += [html.unescape(each) for each in onwards if not each.startswith("/static")]
    return pages


async def test_every_page_that_names_a_version_leads_to_it_or_is_it(client: AsyncClient, cited: Cited) -> None:
    pages = await everything_linked(client)
    named = 0
    for address, text in pages.items():
        page = _Anchors(text)
        for href, words in page.links:
            for kind, number, version in NAMED.findall(words):
                named += 1
                path = f"/contributions/{number}/revisions/{version}"
                if kind != "C-":
                    path = f"/propositions/{kind}{number}/versions/{version}"
                assert href.startswith(path), (address, href)
            version = re.fullmatch(r"\s*[Vv]ersion\s(\d+)\s*", words)
            if version and PATH.fullmatch(href):
                named += 1
                found = PATH.fullmatch(href)
                assert found is not None
                assert found[3] == version[1], (address, href)
        for kind, number, version in NAMED.findall(page.other_words):
            here = PATH.fullmatch(address)
            assert here is not None, (address, f"{kind}{number}@{version} is no link")
            assert here[2].endswith(number), address
            assert here[3] == version, address
    assert named > 5
    reached = {found.groups() for each in pages if (found := PATH.fullmatch(each)) and found[3]}
    # Linked both ways: from the present to every version, and back.
    assert {("contributions", str(cited.post), each) for each in "12"} <= reached
    assert {("propositions", "T3-001", each) for each in "123"} <= reached
    for kind, thing, version in reached:
        path = f"/{kind}/{thing}/{'revisions' if kind == 'contributions' else 'versions'}/{version}"
        assert f'href="/{kind}/{thing}"' in (await client.get(path)).text


async def test_the_sources_on_pages_show_what_was_cited(client: AsyncClient, cited: Cited) -> None:
    """Of a proposal, of an extract, of a quote, and of one's own extracts."""
    thread = (await client.get(f"/contributions/{cited.post}")).headers["location"]
    for address in (thread, "/propositions/T3-001", "/compte/contributions"):
        links = [href for href, _ in _Anchors((await client.get(address)).text).links if "/revisions/" in href]
        assert links, address
        for each in set(links):
            await follow(client, each, cited)
            assert f'<mark id="passage">{CITED}</mark>' in (await client.get(each)).text


async def test_an_archive_leads_to_the_version_that_it_tells_of(client: AsyncClient, cited: Cited) -> None:
    bruno, nadia = await Member.get(name="Bruno Petit"), await Member.get(name="Nadia Berthier")
    quotes = (await collect(bruno.id, NOON))["citations_faites"]
    extracts = (await collect(nadia.id, NOON))["extraits"]
    assert len(quotes) == len(extracts) == 1
    await follow(client, quotes[0]["citee"], cited)
    await follow(client, extracts[0]["de"], cited)
    turns = (await collect(cited.author.id, NOON))["etapes"]
    assert [each["sur"].partition("/versions/")[2] for each in turns if each["version"]] == ["2", "3"]


async def test_a_version_that_never_was_is_not_found_and_a_draft_has_none(client: AsyncClient, cited: Cited) -> None:
    draft = await make_draft(await Theme.get(number=3), 1, cited.author)
    await ProposalVersion.create(proposal=draft, number=1, wording="Pas encore dite.", created_at=NOON)
    for path in (
        "T3-001/versions/0",
        "T3-001/versions/4",
        "T3-002/versions/1",
        "T3--02/versions/1",
        "T9-001/versions/1",
    ):
        assert (await client.get(f"/propositions/{path}")).status_code == 404, path


async def test_a_version_forgets_who_wrote_it_when_they_are_erased(client: AsyncClient, cited: Cited) -> None:
    author = await load_viewer(cited.author.id)
    await amendments.amend(author, "T3-001", "Écouter Aline Durand", "Moi, Aline Durand.", [], "Mieux.", 3, NOON)
    await change(client, 4, "Écouter tout le monde")
    path = "/propositions/T3-001/versions/4"
    assert "Aline Durand" in (await client.get(path)).text
    await erase(cited.author.id, actor=None, now=NOON)
    client.cookies.clear()
    for number in range(1, 6):
        page = await client.get(f"/propositions/T3-001/versions/{number}")
        assert page.status_code == 200
        assert "Durand" not in page.text
