"""A form that was opened on words which are hidden, redacted or erased since: it brings nothing back."""

import re
from datetime import date
from html import unescape

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.privacy import erasure
from forum.models.posts import PendingPost, Post, Reception, ReceptionOrigin
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON
from tests.factories import make_member, make_post, make_proposal
from tests.moderation.steps import Team, as_, decide
from tests.moderation.test_passages import PASSAGE, WRITTEN, holders

SECRETS = ("Lovelace", "06 12 34 56 78")
JSON = {"accept": "application/json"}


def fields(page: str) -> dict[str, str]:
    """What a form holds as it was opened: hidden fields, and the words of its boxes."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    boxes = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n?([^<]*)</textarea>', page))
    lines = dict(re.findall(r'<input id="titre" name="(titre)"[^>]*value="([^"]*)"', page))
    return {name: unescape(value) for name, value in (hidden | boxes | lines).items()}


async def redact(client: AsyncClient, door: str) -> None:
    assert (await client.post(f"{door}/dossier")).status_code == 303
    newest = (await rows("SELECT MAX(id) AS id FROM moderation_case"))[0]["id"]
    assert (await decide(client, newest, act="redact", passage=PASSAGE)).status_code == 303


def refuses(answer: Response, *kept: str) -> dict[str, str]:
    """The form that was refused, with the newer words beside what was typed."""
    assert answer.status_code == 409, answer.text
    page = unescape(answer.text)
    for words in ("entre-temps", "(passage masqué)", *kept):
        assert words in page
    return fields(answer.text)


async def test_the_edit_of_a_contribution(app: Starlette, team: Team) -> None:
    post = await make_post(team.thread, WRITTEN, author=team.author)
    door = f"/contributions/{post.id}"
    async with await as_(app, team.author) as author, await as_(app, team.first) as moderator:
        opened = fields((await author.get(f"{door}/modifier")).text)
        await redact(moderator, door)
        typed = opened | {"source": f"{opened['source']} Et davantage."}
        again = refuses(await author.post(f"{door}/modifier", data=typed), "Et davantage.", SECRETS[1])
        bare = await author.post(f"{door}/modifier", json={"source": WRITTEN, "version": 1}, headers=JSON)
        assert bare.status_code == 409
        assert await holders(*SECRETS) == set()
        assert "(passage masqué)" in (await Post.get(id=post.id)).plain
        sent = await author.post(f"{door}/modifier", data=again | {"source": "Former coûte."})
        assert sent.status_code == 303, "once they have read it"
    assert (await Post.get(id=post.id)).plain == "Former coûte."


async def test_words_redacted_while_they_were_hidden(app: Starlette, team: Team) -> None:
    post = await make_post(team.thread, WRITTEN, author=team.author)
    door = f"/contributions/{post.id}"
    async with await as_(app, team.author) as author, await as_(app, team.first) as moderator:
        opened = fields((await author.get(f"{door}/modifier")).text)
        for case, act in enumerate(("hide", "redact", "unhide"), 1):
            await moderator.post(f"{door}/dossier")
            passage = {"passage": PASSAGE} if act == "redact" else {}
            assert (await decide(moderator, case, act=act, **passage)).status_code == 303
        refuses(await author.post(f"{door}/modifier", data=opened))
    assert await holders(*SECRETS) == set()


async def test_the_amendment_of_a_proposal(app: Starlette, team: Team) -> None:
    theme = await Theme.get(id=team.thread.theme_id)
    theme.last_proposal_number = 8
    proposal = await make_proposal(theme, WRITTEN, author=team.author)
    async with await as_(app, team.author) as author, await as_(app, team.first) as moderator:
        door = "/propositions/T3-009"
        opened = fields((await author.get(f"{door}/modifier")).text) | {"motif": "Précision."}
        await redact(moderator, door)
        refuses(await author.post(f"{door}/modifier", data=opened), "Précision.", SECRETS[1])
        bare = opened | {"version": 1}
        assert (await author.post(f"{door}/modifier", json=bare, headers=JSON)).status_code == 409
    assert await holders(*SECRETS) == set()
    assert (await Proposal.get(id=proposal.id)).version == 1


@pytest.mark.usefixtures("holds")
async def test_the_words_that_wait(app: Starlette, team: Team) -> None:
    await make_member("Zénobie Quetzal")
    async with await as_(app, team.reader) as reader:
        await reader.post(f"/fils/{team.thread.id}/repondre", data={"source": "Comme le dit Zénobie Quetzal, oui."})
        pending = await PendingPost.get()
        door = f"/contributions/en-attente/{pending.id}"
        opened = fields((await reader.get(door)).text)
        await erase_zenobie()
        assert (await reader.post(door, data=opened | {"acte": "enregistrer"})).status_code == 409
    assert await holders("Quetzal") == set()


@pytest.mark.parametrize("act", ["brouillon", ""])
async def test_a_draft(app: Starlette, team: Team, act: str) -> None:
    await make_member("Zénobie Quetzal")
    async with await as_(app, team.reader) as reader:
        words = {"formulation": "Suivre Zénobie Quetzal.", "acte": "brouillon"}
        assert (await reader.post("/themes/3/proposer", data=words)).status_code == 303
        draft = await Proposal.get(state=ProposalState.DRAFT)
        door = f"/compte/brouillons/{draft.id}"
        opened = fields((await reader.get(door)).text)
        await erase_zenobie()
        answer = await reader.post(door, data=opened | {"acte": act})
        assert answer.status_code == 409
        page = unescape(answer.text)
        for said in ("a changé entre-temps", "Le texte enregistré entre-temps", "Zénobie Quetzal"):
            assert said in page
        bare = await reader.post(door, json={"formulation": "Suivre Zénobie Quetzal.", "acte": act}, headers=JSON)
        assert bare.status_code == 409
        assert await holders("Quetzal") == set()
        assert (await reader.post(door, data=fields(answer.text) | {"formulation": "Suivre."})).status_code == 303


async def erase_zenobie() -> None:
    (found,) = await rows("SELECT id FROM member WHERE name = 'Zénobie Quetzal'")
    await erasure.erase(found["id"], actor=None, now=NOON)


async def first_words(team: Team) -> int:
    """The contribution that opens a thread of a secret title."""
    await Thread.filter(id=team.thread.id).update(title="Le secret de TITRESECRET")
    await Post.filter(thread_id=team.thread.id, number=1).update(author_id=team.author.id)
    return (await Post.get(thread_id=team.thread.id, number=1)).id


async def hide_with_title(moderator: AsyncClient, post: int) -> None:
    assert (await moderator.post(f"/contributions/{post}/dossier")).status_code == 303
    assert (await decide(moderator, 1, titre_aussi="1")).status_code == 303


async def test_the_new_title_of_a_thread(app: Starlette, team: Team) -> None:
    post = await first_words(team)
    door = f"/fils/{team.thread.id}/renommer"
    async with await as_(app, team.first) as first, await as_(app, team.second) as second:
        opened = fields((await second.get(door)).text) | {"motif": "Plus clair."}
        typed = opened | {"titre": f"{opened['titre']}, encore"}
        assert "TITRESECRET" in typed["titre"]
        await hide_with_title(first, post)
        answer = await second.post(door, data=typed)
        assert answer.status_code == 409
        assert "(titre masqué)" in answer.text
        assert (await second.post(door, json={**typed, "vu": 0}, headers=JSON)).status_code == 409
        assert (await Thread.get(id=team.thread.id)).title == "(titre masqué)"
        masked = fields((await second.get(door)).text) | {"motif": "Plus clair.", "titre": "(titre masqué) encore"}
        await first.post(f"/contributions/{post}/dossier")
        assert (await decide(first, 2, act="unhide")).status_code == 303
        assert (await second.post(door, data=masked)).status_code == 409
    assert (await Thread.get(id=team.thread.id)).title == "Le secret de TITRESECRET"


async def test_what_is_said_of_a_received_contribution(app: Starlette, team: Team) -> None:
    await make_member("Zénobie Quetzal")
    post = await make_post(team.thread, "Ouvrir le dimanche.")
    await Reception.create(
        post=post,
        origin=ReceptionOrigin.LETTER,
        channel="",
        received_on=date(2026, 11, 20),
        name="Odette",
        organisation="Amicale de Zénobie Quetzal",
    )
    door = f"/contributions/{post.id}/corriger-la-saisie"
    async with await as_(app, team.first) as moderator:
        page = (await moderator.get(door)).text
        lines = re.findall(r'<input[^>]*name="(nom|organisation|date|origine)"[^>]*value="([^"]*)"', page)
        opened = fields(page) | {name: unescape(value) for name, value in lines}
        assert opened["organisation"] == "Amicale de Zénobie Quetzal"
        await erase_zenobie()
        answer = await moderator.post(door, data=opened)
        assert answer.status_code == 409
        for words in (
            "a changé entre-temps",
            "Ce qui est enregistré maintenant",
            "Amicale de (nom)",
            "Zénobie Quetzal",
        ):
            assert words in unescape(answer.text)
        assert await holders("Quetzal") == set()
        again = opened | fields(answer.text) | {"organisation": "Amicale"}
        assert (await moderator.post(door, data=again)).status_code == 303
    assert (await Reception.get(post=post)).organisation == "Amicale"
