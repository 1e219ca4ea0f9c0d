"""Words that their author withdrew: nobody else reads them, except in a case that was about them before."""

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import transaction
from forum.domain.moderation.cases import join_case
from forum.domain.moderation.things import find_post
from tests.conftest import Clock
from tests.factories import CONFIRMED, count
from tests.moderation.steps import FACTS, Team, as_, decide, hidden, mails, notify, notify_as_visitor, words

WORD = "quetzalcoatl"


async def withdraw(app: Starlette, team: Team, clock: Clock) -> str:
    """Have the author take the words back, a minute later; returns the page that asked them to confirm."""
    clock.pass_(minutes=1)
    async with await as_(app, team.author) as author:
        asked = (await author.get(f"/contributions/{team.post.id}/retirer")).text
        assert (await author.post(f"/contributions/{team.post.id}/retirer", data=CONFIRMED)).status_code == 303
    clock.pass_(minutes=1)
    return words(asked)


async def test_no_case_is_opened_about_withdrawn_words(app: Starlette, team: Team, clock: Clock) -> None:
    await withdraw(app, team, clock)
    async with await as_(app, team.first) as moderator:
        page = (await moderator.get(f"/contributions/{team.post.id}/signaler")).text
        assert "Ouvrir un dossier" not in words(page)
        assert (await moderator.post(f"/contributions/{team.post.id}/dossier")).status_code == 409
    assert await count("moderation_case") == 0


async def test_a_case_that_a_later_notice_opened_does_not_tell_the_words(
    app: Starlette, team: Team, clock: Clock
) -> None:
    await withdraw(app, team, clock)
    # Once, what was withdrawn could be notified.
    async with transaction():
        await join_case(await find_post(team.post.id), clock.now)
    async with await as_(app, team.first) as moderator:
        page = (await moderator.get("/moderation/dossiers/1")).text
        assert WORD not in page
        assert "Contribution retirée par la personne qui l’a écrite, le" in words(page)
        assert "personne d’autre ne lit ses mots" in words(page)
        form = {"mesure": "redact", "passage": WORD, "motif": FACTS, "acte": "apercu"}
        assert (await moderator.post("/moderation/dossiers/1", data=form)).status_code == 422
        assert (await decide(moderator, 1, act="no action", ground="")).status_code == 303
        for address in ("/moderation", "/moderation/dossiers/1", "/moderation/decisions/1"):
            assert WORD not in (await moderator.get(address)).text, address
    async with await as_(app, team.author) as author:
        back = await author.post(f"/contributions/{team.post.id}/retirer", data={"acte": "remettre"})
        assert back.status_code == 303
    async with await as_(app, team.first) as moderator:
        assert WORD in (await moderator.get("/moderation/dossiers/1")).text, "shown to everybody again"


async def test_what_was_notified_before_is_read_in_its_case_and_the_author_was_told(
    app: Starlette, team: Team, clock: Clock
) -> None:
    async with await as_(app, team.reader) as reader:
        assert (await notify(reader, team.post.id)).status_code == 303
    asked = await withdraw(app, team, clock)
    assert "Si un dossier de modération porte déjà sur eux" in asked
    async with await as_(app, team.first) as moderator:
        page = (await moderator.get("/moderation/dossiers/1")).text
        assert WORD in page
        assert "Contribution retirée par la personne qui l’a écrite, le" in words(page)
        assert (await moderator.post(f"/contributions/{team.post.id}/dossier")).status_code == 303, "the open one"
        assert (await decide(moderator, 1, act="no action", ground="")).status_code == 303
        assert (await moderator.post(f"/contributions/{team.post.id}/dossier")).status_code == 409


async def test_a_complaint_about_words_hidden_then_withdrawn_can_be_answered(
    app: Starlette, team: Team, clock: Clock
) -> None:
    decision = await hidden(app, team)
    await withdraw(app, team, clock)
    async with await as_(app, team.author) as author:
        contested = {"explication": "Ce n’est pas une insulte."}
        assert (await author.post(f"/moderation/decisions/{decision}/contester", data=contested)).status_code == 303
    async with await as_(app, team.second) as second:
        assert WORD in (await second.get(f"/moderation/decisions/{decision}/reclamation")).text
        page = words((await second.get(f"/moderation/decisions/{decision}")).text)
        assert "Ouvrir un dossier pour revoir cette décision" not in page


async def test_a_visitors_notice_counts_from_when_it_was_made(
    app: Starlette, client: AsyncClient, team: Team, clock: Clock
) -> None:
    assert (await notify_as_visitor(client, team.post.id, clock)).status_code == 200
    await withdraw(app, team, clock)
    token = (await mails("notice"))[0]["token"]
    assert (await client.post("/moderation/signalements/confirmer", data={"jeton": token})).status_code == 303
    async with await as_(app, team.first) as moderator:
        assert WORD in (await moderator.get("/moderation/dossiers/1")).text
