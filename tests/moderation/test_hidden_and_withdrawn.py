"""A contribution that its author withdrew and that moderators masked: nobody is told that it is shown."""

from starlette.applications import Starlette

from forum.database import rows
from forum.models.posts import Post, PostState
from tests.conftest import Clock
from tests.factories import CONFIRMED
from tests.moderation.steps import UNIQUE, Team, as_, decide, hidden, mails, words


async def withdraw(app: Starlette, team: Team) -> None:
    async with await as_(app, team.author) as author:
        assert (await author.post(f"/contributions/{team.post.id}/retirer", data=CONFIRMED)).status_code == 303


async def test_its_author_takes_the_withdrawal_back_and_reads_that_it_stays_masked(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    await withdraw(app, team)
    door = f"/contributions/{team.post.id}/retirer"
    async with await as_(app, team.author) as author:
        page = words((await author.get(door)).text)
        assert "elle le restera, même si vous ne la retirez plus" in page
        assert "Afficher de nouveau" not in page
        assert "Ne plus la retirer" in page
        answer = await author.post(door, data={"acte": "remettre"})
        assert answer.status_code == 303
        place = answer.headers["location"]
        told = words((await author.get(place)).text)
        assert (
            "Vous ne retirez plus votre contribution. L’équipe de modération l’a masquée : elle reste masquée." in told
        )
        assert "de nouveau affichée" not in told
        assert "it stays hidden" in (await author.get(f"/en{place}")).text
    assert (await Post.get(id=team.post.id)).state is PostState.HIDDEN


async def test_a_complaint_that_is_right_leaves_it_withdrawn_and_says_so(app: Starlette, team: Team) -> None:
    decision = await hidden(app, team)
    await withdraw(app, team)
    async with await as_(app, team.author) as author:
        sent = await author.post(f"/moderation/decisions/{decision}/contester", data={"explication": "Non."})
        assert sent.status_code == 303
    door = f"/moderation/decisions/{decision}/reclamation"
    async with await as_(app, team.second) as second:
        page = words((await second.get(door)).text)
        assert "Les mots sont affichés de nouveau" not in page
        assert "la personne qui les a écrits les a retirés : ils restent retirés" in page
        sent = await second.post(door, data={"issue": "reversed", "explication": "C’est juste."})
        assert sent.status_code == 303
    assert (await Post.get(id=team.post.id)).state is PostState.WITHDRAWN
    async with await as_(app, team.reader) as reader:
        own = words((await reader.get("/compte/signalements")).text)
        assert "n’est plus masqué, mais la personne qui l’a écrit l’a retiré." in own
        assert UNIQUE not in own


async def test_a_moderator_who_unhides_it_tells_its_author_that_it_stays_withdrawn(
    app: Starlette, team: Team, clock: Clock
) -> None:
    await hidden(app, team)
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{team.post.id}/dossier")
        clock.pass_(minutes=1)
        await withdraw(app, team)
        page = words((await moderator.get("/moderation/dossiers/2")).text)
        assert "Les mots reviennent exactement comme ils étaient" not in page
        assert (await decide(moderator, 2, act="unhide")).status_code == 303
    (kept,) = await rows("SELECT statement FROM moderation_decision WHERE act = 'unhide'")
    assert "n’est plus masquée. Vous l’avez retirée" in kept["statement"]
    assert "de nouveau affichée" not in kept["statement"]
    assert [one["what"] for one in await mails("moderated")] == ["hide", "unhide withdrawn"]
