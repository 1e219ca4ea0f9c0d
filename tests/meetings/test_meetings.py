"""Meetings through the forms: entered, tagged, with minutes; what waits for a moderator is shown to nobody else."""

import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row, rows
from forum.models.meetings import Meeting
from forum.models.members import Member
from forum.models.posts import Post
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in

MINUTES = """FORMATION
- Former tous les agents
• Créer un réseau des acteurs [GT réunion 1]

Points divers :
Embaucher des MEDIATEURS numériques
"""


async def a_moderator(*groups: str) -> Member:
    return await make_member("Nadia Berthier", moderates=[await make_group(slug) for slug in groups or ("gt-3",)])


async def a_meeting(client: AsyncClient, number: int = 1) -> int:
    typed = {"numero": str(number), "date": "2019-03-12", "lieu": "Paris"}
    answer = await client.post("/reunions/nouvelle", data=typed)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[-1].split("?")[0])


async def a_post(source: str = "Former.") -> tuple[Theme, Thread, Post]:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    return theme, thread, await make_post(thread, source)


async def tag(client: AsyncClient, post: Post, number: str = "1", act: str = "etiqueter") -> int:
    answer = await client.post(f"/contributions/{post.id}/reunions", data={"reunion": number, "acte": act})
    return answer.status_code


async def test_a_moderator_enters_a_meeting(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await a_moderator())
    meeting = await a_meeting(client)
    text = (await client.get(f"/reunions/{meeting}")).text
    assert "GT réunion 1" in text
    assert "12 mars 2019" in text
    assert "Paris" in text
    assert f'href="/reunions/{meeting}"' in (await client.get("/reunions")).text
    assert (await row("SELECT act, thing_id FROM journal_entry") or {})["thing_id"] == meeting


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"numero": "0"}, "numero"),
        ({"numero": "1000"}, "numero"),
        ({"numero": ""}, "numero"),
        ({"numero": "un"}, "numero"),
        ({"date": ""}, "date"),
        ({"date": "2019-02-30"}, "date"),
        ({"lieu": "x" * 201}, "lieu"),
    ],
)
async def test_an_impossible_meeting_is_refused_beside_its_field(
    client: AsyncClient, change: dict[str, str], field: str
) -> None:
    await make_theme(3)
    await sign_in(client, await a_moderator())
    typed = {"numero": "1", "date": "2019-03-12", "lieu": "Paris"} | change
    answer = await client.post("/reunions/nouvelle", data=typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert await count("meeting") == 0


async def test_a_meeting_is_entered_once(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await a_moderator())
    await a_meeting(client)
    answer = await client.post("/reunions/nouvelle", data={"numero": "1", "date": "2019-04-01"})
    assert answer.status_code == 422
    assert "déjà enregistrée" in answer.text
    assert str((await Meeting.get()).held_on) == "2019-03-12"


async def test_a_meeting_known_by_a_tag_gets_its_day_and_place(client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    assert await tag(client, post) == 303
    assert "date non connue" in (await client.get("/reunions")).text
    await a_meeting(client)
    assert await count("meeting") == 1
    assert "12 mars 2019" in (await client.get("/reunions")).text


async def test_a_tag_reaches_the_post_and_the_proposals_made_of_it(client: AsyncClient) -> None:
    theme, thread, post = await a_post()
    await sign_in(client, await a_moderator())
    await client.post(f"/contributions/{post.id}/proposer", data={"formulation": "Former"})
    assert (await Proposal.get()).meeting_id is None
    versions = (await Thread.get(id=thread.id)).version, (await Theme.get(id=theme.id)).version
    assert await tag(client, post) == 303
    meeting = await Meeting.get()
    assert (await Proposal.get()).meeting_id == meeting.id
    assert "GT réunion 1" in (await client.get(f"/fils/{thread.id}")).text
    assert (await Thread.get(id=thread.id)).version == versions[0] + 1
    assert (await Theme.get(id=theme.id)).version == versions[1] + 1
    assert "T3-001" in (await client.get(f"/reunions/{meeting.id}")).text
    assert await tag(client, post, act="retirer") == 303
    assert (await Proposal.get()).meeting_id is None
    acts = [each["act"] for each in await rows("SELECT act FROM journal_entry WHERE thing = 'post' ORDER BY id")]
    assert acts == ["propose_from_post", "tag_post", "untag_post"]


async def test_a_new_proposal_takes_the_meeting_of_its_post(client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    await tag(client, post, "7")
    await client.post(f"/contributions/{post.id}/proposer", data={"formulation": "Former"})
    assert (await Proposal.get()).meeting_id == (await Meeting.get()).id
    assert "GT réunion 7" in (await client.get("/themes/3/propositions")).text


async def test_tagging_twice_is_tagging_once(client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    for _ in range(2):
        assert await tag(client, post) == 303
    assert (await count("meeting_tag"), await count("journal_entry")) == (1, 1)


@pytest.mark.parametrize(
    ("number", "act", "status"),
    [
        ("0", "etiqueter", 422),
        ("1000", "etiqueter", 422),
        ("", "etiqueter", 422),
        ("x", "etiqueter", 422),
        ("2", "retirer", 404),
    ],
)
async def test_an_impossible_tag_is_refused(client: AsyncClient, number: str, act: str, status: int) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    assert await tag(client, post, number, act) == status
    assert (await count("meeting_tag"), await count("meeting")) == (0, 0)


async def test_a_members_tag_waits_and_is_shown_to_the_groups_moderator_only(
    app: Starlette, client: AsyncClient
) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    meeting = await Meeting.create(working_group=await make_group("gt-3"), number=4, created_at=NOON)
    await sign_in(client, await make_member())
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": "[GT réunion 4] Former."})
    assert answer.status_code == 303
    assert (await client.get(f"/reunions/{meeting.id}")).status_code == 404
    assert "GT réunion 4" not in (await client.get("/reunions")).text
    assert re.search(r"GT réunion 4\s+<small>\(à confirmer\)", (await client.get(f"/fils/{thread.id}")).text)
    async with visitor(app) as other:
        assert "à confirmer" not in (await other.get(f"/fils/{thread.id}")).text
        await sign_in(other, await make_member("Un Autre Membre"))
        assert "à confirmer" not in (await other.get(f"/fils/{thread.id}")).text
    await sign_in(client, await a_moderator())
    text = (await client.get(f"/reunions/{meeting.id}")).text
    assert "étiquette à confirmer" in text
    assert await tag(client, await Post.get(), "4") == 303
    async with visitor(app) as other:
        text = (await other.get(f"/reunions/{meeting.id}")).text
        assert "Former." in text
        assert "étiquette à confirmer" not in text


async def test_minutes_are_previewed_then_kept_as_tagged_proposals(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_proposal(theme, "Embaucher des médiateurs numériques")
    await sign_in(client, await a_moderator())
    meeting = await a_meeting(client)
    address = f"/reunions/{meeting}/compte-rendu"
    assert 'name="source"' in (await client.get(address)).text
    preview = await client.post(address, data={"source": MINUTES, "theme": "3"})
    assert preview.status_code == 200
    assert await count("proposal") == 1
    text = " ".join(preview.text.split())
    assert "Former tous les agents</textarea>" in text
    assert "Créer un réseau des acteurs</textarea>" in text
    assert 'Déjà proposé : <a href="/propositions/T3-001">' in text.replace("\xa0", " ")
    ticked = [
        number for number in (1, 2, 3, 5, 6) if f'name="garder-{number}" type="checkbox" value="1" checked' in text
    ]
    assert ticked == [2, 3]
    kept = {"acte": "garder", "theme": "3", "source": MINUTES, "ligne-1": "FORMATION", "ligne-5": "Points divers :"}
    kept |= {
        "ligne-2": "Former tous les agents publics",
        "garder-2": "1",
        "ligne-3": "Créer un réseau",
        "garder-3": "1",
    }
    assert (await client.post(address, data=kept)).status_code == 303
    made = await Proposal.filter(origin="meeting").order_by("number")
    assert [(each.wording, each.author_id, each.meeting_id) for each in made] == [
        ("Former tous les agents publics", None, meeting),
        ("Créer un réseau", None, meeting),
    ]
    page = (await client.get(f"/reunions/{meeting}")).text
    assert "T3-002" in page
    assert "Points divers" in page
    entry = await row("SELECT after FROM journal_entry WHERE act = 'keep_minutes'")
    assert entry is not None
    assert entry["after"] == "T3-002 T3-003"


async def test_a_preview_leads_back_to_the_pasted_minutes(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await a_moderator())
    address = f"/reunions/{await a_meeting(client)}/compte-rendu"
    lines = await client.post(address, data={"source": MINUTES, "theme": "3"})
    assert 'value="recommencer"' in lines.text
    again = await client.post(address, data={"source": MINUTES, "theme": "3", "acte": "recommencer", "ligne-2": "x"})
    assert again.status_code == 200
    assert "Texte du compte rendu" in again.text
    assert "- Former tous les agents" in again.text
    assert await count("proposal") == 0


async def test_refused_minutes_write_nothing_and_keep_every_line(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_proposal(theme, "Former tous les agents")
    await sign_in(client, await a_moderator())
    meeting = await a_meeting(client)
    kept = {"acte": "garder", "theme": "3", "source": MINUTES}
    kept |= {"ligne-2": "FORMER tous les agents.", "garder-2": "1", "ligne-3": "x" * 301, "garder-3": "1"}
    kept |= {"ligne-4": "Une bonne idée", "garder-4": "1", "ligne-5": "une bonne idee", "garder-5": "1"}
    answer = await client.post(f"/reunions/{meeting}/compte-rendu", data=kept)
    assert answer.status_code == 422
    text = answer.text.replace("\xa0", " ").replace("\u202f", " ")
    assert "Déjà proposé : T3-001." in text
    assert "301 caractères" in text
    assert "Déjà proposé : ligne 4." in text
    assert "Une bonne idée" in text
    assert (await count("proposal"), (await Meeting.get()).minutes) == (1, "")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"source": ""}, "Écrivez au moins un mot."),
        ({"source": "\n".join(f"Ligne {n}" for n in range(301))}, "collez-le en plusieurs fois"),
        ({"source": "x" * 60_001}, "Ce texte est trop long"),
        ({"source": MINUTES, "theme": "4"}, "Choisissez un thème du groupe"),
        ({"source": MINUTES, "acte": "garder"}, "Gardez au moins une ligne."),
    ],
)
async def test_minutes_that_cannot_be_read_are_refused(
    client: AsyncClient, fields: dict[str, str], sentence: str
) -> None:
    await make_theme(3)
    await make_theme(4)
    await sign_in(client, await a_moderator())
    meeting = await a_meeting(client)
    answer = await client.post(f"/reunions/{meeting}/compte-rendu", data={"theme": "3", **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await count("proposal") == 0


async def test_no_minutes_make_proposals_once_the_votes_are_over(client: AsyncClient) -> None:
    await make_theme(3, votes="closed")
    await sign_in(client, await a_moderator())
    meeting = await a_meeting(client)
    assert "ne peuvent plus donner de propositions" in (await client.get(f"/reunions/{meeting}/compte-rendu")).text
    kept = {"acte": "garder", "theme": "3", "source": MINUTES, "ligne-2": "Former", "garder-2": "1"}
    assert (await client.post(f"/reunions/{meeting}/compte-rendu", data=kept)).status_code == 422
    assert await count("proposal") == 0


async def test_without_any_meeting_the_list_says_what_comes_next(client: AsyncClient) -> None:
    assert "dès qu’un modérateur les aura saisies" in (await client.get("/reunions")).text
