"""Minutes through the form: from a file, beside the proposals that say the same, without ever losing what was typed."""

import re
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row
from forum.importing.thread import import_thread
from forum.models.meetings import Meeting
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_proposal, make_theme, sign_in
from tests.meetings.office_samples import docx, item
from tests.meetings.test_minutes_files import made_with_odfdo, made_with_python_docx

SEED = Path(__file__).parents[1] / "cases" / "threads" / "formation-et-acteurs.txt"
MINUTES = """- Former tous les agents à l’accueil
- Recruter des médiateurs numériques en CDI
- Ouvrir le samedi"""


async def a_meeting(client: AsyncClient, number: int = 1) -> str:
    """The address of a meeting's minutes; a moderator of its group is signed in."""
    group = await make_group("gt-3")
    await sign_in(client, await make_member(f"Nadia Numéro{number}", moderates=[group]))
    meeting = await Meeting.create(working_group=group, number=number, held_on=NOON.date(), created_at=NOON)
    return f"/reunions/{meeting.id}/compte-rendu"


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\xa0", " ").replace("\u202f", " "))


@pytest.mark.parametrize("content", [made_with_odfdo(), made_with_python_docx()], ids=["ODT", "DOCX"])
async def test_a_file_becomes_lines_then_proposals(client: AsyncClient, content: bytes) -> None:
    await make_theme(3)
    address = await a_meeting(client)
    files = {"fichier": ("compte-rendu", content, "application/octet-stream")}
    preview = await client.post(address, files=files, data={"theme": "3", "source": ""})
    assert preview.status_code == 200
    assert "Faciliter le recrutement en bibliothèques</textarea>" in preview.text
    assert "Présents : Malik" in plain(preview.text)
    assert await count("proposal") == 0
    line = re.search(r'name="(ligne-\d+)"[^>]*>\s*Garantir un cadre d’emploi', preview.text)
    assert line
    kept = {"acte": "garder", "theme": "3", "source": "Garantir un cadre d’emploi", line[1]: "Garantir un cadre"}
    kept[line[1].replace("ligne", "garder")] = "1"
    assert (await client.post(address, data=kept)).status_code == 303
    assert (await Proposal.get()).wording == "Garantir un cadre"


@pytest.mark.parametrize(
    ("content", "pasted", "sentence"),
    [
        (b"%PDF-1.7", "", "Ce fichier est un PDF"),
        (b"PK\x03\x04abc", "", "Ce fichier est abîmé ou incomplet."),
        (b"- Former", "- Embaucher", "pas les deux"),
    ],
)
async def test_a_file_that_is_not_minutes_is_refused_and_the_text_kept(
    client: AsyncClient, content: bytes, pasted: str, sentence: str
) -> None:
    await make_theme(3)
    address = await a_meeting(client)
    files = {"fichier": ("compte-rendu", content, "application/octet-stream")}
    answer = await client.post(address, files=files, data={"theme": "3", "source": pasted})
    assert answer.status_code == 422
    assert sentence in plain(answer.text)
    assert 'id="fichier-error"' in answer.text
    assert pasted in answer.text


async def test_a_file_too_large_is_not_read(client: AsyncClient) -> None:
    await make_theme(3)
    address = await a_meeting(client)
    files = {"fichier": ("compte-rendu", b"x" * (2 * 1024 * 1024 + 1), "text/plain")}
    assert (await client.post(address, files=files, data={"theme": "3"})).status_code == 413


async def test_a_line_that_says_the_same_gives_the_meeting_to_the_proposal(app: Starlette, client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_proposal(theme, "Embaucher des médiateurs numériques en CDI")
    await make_proposal(theme, "Former les agents à l’accueil")
    address = await a_meeting(client)
    preview = plain((await client.post(address, data={"source": MINUTES, "theme": "3"})).text)
    assert 'name="garder-1" value="T3-002"' in preview
    assert 'name="garder-2" value="T3-001"' in preview
    assert "mots communs : médiateurs, numériques, CDI" in preview
    assert 'name="garder-3" type="checkbox" value="1" checked' in preview
    kept = {"acte": "garder", "theme": "3", "source": MINUTES}
    kept |= {"ligne-1": "Former tous les agents à l’accueil", "garder-1": ""}
    kept |= {"ligne-2": "Recruter des médiateurs numériques en CDI", "garder-2": "T3-001"}
    kept |= {"ligne-3": "Ouvrir le samedi", "garder-3": "1"}
    async with visitor(app) as voisine:
        await sign_in(voisine, await make_member("Une Voisine", moderates=[await make_group("gt-4", "Autre")]))
        assert (await voisine.post(address, data=kept)).status_code == 403
    version = (await Theme.get()).version
    assert (await client.post(address, data=kept)).status_code == 303
    meeting = await Meeting.get()
    assert [(each.wording, each.meeting_id) for each in await Proposal.all().order_by("number")] == [
        ("Embaucher des médiateurs numériques en CDI", meeting.id),
        ("Former les agents à l’accueil", None),
        ("Ouvrir le samedi", meeting.id),
    ]
    assert (await Theme.get()).version > version
    entry = await row("SELECT after FROM journal_entry WHERE act = 'keep_minutes'")
    assert entry is not None
    assert entry["after"] == "T3-003 T3-001"


async def test_a_line_broken_by_hand_is_one_row_of_the_form(client: AsyncClient) -> None:
    await make_theme(3)
    address = await a_meeting(client)
    preview = await client.post(address, data={"source": "- Recruter\vDes médiateurs\u2028➢ Ouvrir", "theme": "3"})
    rows = re.findall(r"<textarea id=\"ligne[^>]*>\s*([^<]*)</textarea>", preview.text)
    assert rows == ["Recruter Des médiateurs", "Ouvrir"]


async def test_a_hyphen_that_keeps_a_word_whole_is_a_hyphen(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_proposal(theme, "Prendre rendez-vous avec un conseiller")
    address = await a_meeting(client)
    content = docx(item("Prendre rendez", "<w:r><w:noBreakHyphen/></w:r>", "vous avec un conseiller"))
    files = {"fichier": ("compte-rendu.docx", content, "application/octet-stream")}
    preview = plain((await client.post(address, files=files, data={"theme": "3", "source": ""})).text)
    assert 'name="garder-1" value="T3-001" checked' in preview
    wording = "Prendre rendez\u2011vous avec un conseiller"
    kept = {"acte": "garder", "theme": "3", "source": wording, "ligne-1": wording, "garder-1": "1"}
    refused = await client.post(address, data=kept)
    assert refused.status_code == 422
    assert "Déjà proposé : T3-001." in plain(refused.text)


async def test_lines_may_all_be_proposals_already(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_proposal(theme, "Ouvrir le samedi")
    address = await a_meeting(client)
    version = (await Theme.get()).version
    kept = {"acte": "garder", "theme": "3", "source": MINUTES, "ligne-3": "Ouvrir le samedi", "garder-3": "T3-001"}
    assert (await client.post(address, data=kept)).status_code == 303
    assert (await Proposal.get()).meeting_id == (await Meeting.get()).id
    assert (await Theme.get()).version == version + 1


async def test_what_cannot_be_joined_is_refused_and_every_choice_kept(client: AsyncClient) -> None:
    theme = await make_theme(3)
    elsewhere = await make_theme(4)
    await make_proposal(elsewhere, "Ailleurs")
    taken = await make_proposal(theme, "Ouvrir le samedi")
    await make_proposal(theme, "Retirée", state=ProposalState.WITHDRAWN)
    await make_proposal(theme, "Former tous les agents à l’accueil")
    other = await Meeting.create(working_group=await make_group("gt-3"), number=9, held_on=NOON.date(), created_at=NOON)
    await Proposal.filter(id=taken.id).update(meeting_id=other.id)
    address = await a_meeting(client)
    preview = plain((await client.post(address, data={"source": MINUTES, "theme": "3"})).text)
    # It keeps the meeting that it comes from, which the page says, and cannot be joined.
    assert "Elle vient de la réunion 9." in preview
    assert 'value="T3-001"' not in preview
    # The same words as a proposal without a meeting: joined by default, unless the moderator chooses otherwise.
    assert 'name="garder-1" value="T3-003" checked' in preview
    kept = {"acte": "garder", "theme": "3", "source": MINUTES}
    kept |= {"ligne-1": "Former tous les agents à l’accueil", "garder-1": "T3-003"}
    refusals = {"T3-001": "T3-001 vient déjà de la réunion 9", "T3-002": "n’est plus à rattacher"}
    refusals |= {"T4-001": "n’est plus à rattacher", "n’importe quoi": "n’est plus à rattacher"}
    for choice, sentence in refusals.items():
        answer = await client.post(address, data=kept | {"ligne-3": "Ouvrir le samedi", "garder-3": choice})
        assert answer.status_code == 422
        assert sentence in plain(answer.text)
        assert 'id="ligne-3-error"' in answer.text
        assert 'name="garder-1" value="T3-003" checked' in answer.text
    assert await Proposal.filter(meeting_id__not_isnull=True).count() == 1
    assert (await Meeting.get(number=1)).minutes == ""


async def test_of_the_seed_three_proposals_come_from_the_meeting(client: AsyncClient) -> None:
    """P5, P6 and P7: made of the contributions tagged [GT réunion 1], or given by its minutes."""
    await make_theme(3)
    await import_thread(SEED.read_bytes(), theme=3, now=NOON)
    meeting = await Meeting.get()
    await sign_in(client, await make_member("Nadia Berthier", moderates=[await make_group("gt-3")]))
    typed = {"numero": "1", "date": "2019-03-12", "lieu": "Paris"}
    assert (await client.post("/reunions/nouvelle", data=typed)).status_code == 303
    wordings = {
        5: "Faciliter le recrutement en bibliothèques à d’autres filières professionnelles",
        6: "Garantir un cadre d’emploi pour les médiateurs numériques (évolution de carrière possible)",
        7: "Rénover et renforcer la place du numérique dans les formations initiales",
    }
    for number in (5, 6):
        found = await row("SELECT id FROM post WHERE number = $1", number)
        assert found is not None
        made = await client.post(f"/contributions/{found['id']}/proposer", data={"formulation": wordings[number]})
        assert made.status_code == 303
    address = f"/reunions/{meeting.id}/compte-rendu"
    source = "\n".join(f"- {wording} [GT réunion 1]" for wording in wordings.values())
    preview = plain((await client.post(address, data={"source": source, "theme": "3"})).text)
    assert preview.count("Déjà proposé") == 2
    kept = {"acte": "garder", "theme": "3", "source": source, "ligne-3": wordings[7], "garder-3": "1"}
    assert (await client.post(address, data=kept)).status_code == 303
    page = plain((await client.get(f"/reunions/{meeting.id}")).text)
    for wording in wordings.values():
        assert wording in page
    assert page.count('class="reference"') == 3
    assert page.count('href="/contributions/') == 3
    filtered = plain((await client.get("/fils/1?reunion=1")).text)
    assert re.findall(r'<article class="post.*?Contribution </span>(\d+)</a>', filtered) == ["5", "6", "7"]
