"""What the site keeps in French among people's words is said in the language of whoever reads it."""

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.posts import Post, Reception
from tests.conftest import NOON
from tests.factories import make_post, make_proposal, make_theme, sign_in
from tests.moderation.steps import Team, as_, decide, words


async def test_a_feed_says_a_masked_title_in_english(app: Starlette, client: AsyncClient, team: Team) -> None:
    first = await Post.get(thread_id=team.thread.id, number=1)
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{first.id}/dossier")
        assert (await decide(moderator, 1, titre_aussi="1")).status_code == 303
    feed = (await client.get(f"/en/fils/{team.thread.id}/flux.atom")).text
    assert "(hidden title)" in feed
    assert "(titre masqué)" not in feed
    assert "(titre masqué)" in (await client.get(f"/fils/{team.thread.id}/flux.atom")).text


async def test_the_reason_of_a_reversed_decision_is_english(app: Starlette, team: Team) -> None:
    async with (
        await as_(app, team.first) as first,
        await as_(app, team.author) as author,
        await as_(app, team.second) as second,
    ):
        await first.post(f"/contributions/{team.post.id}/dossier")
        await decide(first, 1)
        await author.post("/moderation/decisions/1/contester", data={"explication": "Non."})
        reply = {"issue": "reversed", "explication": "En effet."}
        assert (await second.post("/moderation/decisions/1/reclamation", data=reply)).status_code == 303
        for page in ("/en/moderation/decisions/2", "/en/journal"):
            said = words((await first.get(page)).text)
            assert "A complaint was accepted." in said
            assert "Une réclamation a été acceptée." not in said


@pytest.mark.parametrize(("kept", "said"), [("Anonyme", "Anonymous"), ("Nom effacé", "Name deleted")])
async def test_a_name_that_is_not_given_is_english_in_quotes_and_lists(
    app: Starlette, client: AsyncClient, team: Team, kept: str, said: str
) -> None:
    post = await make_post(team.thread, "Former mieux.")
    await rows("UPDATE post SET author_id = NULL WHERE id = $1", post.id)
    await Reception.create(post=post, origin="letter", received_on=NOON.date(), name=kept)
    async with await as_(app, team.reader) as reader:
        form = {"source": f"{{{{citation {post.id}@1 0-6}}}}\n\nOui.", "en_reponse_a": str(post.id)}
        assert (await reader.post(f"/fils/{team.thread.id}/repondre", data=form)).status_code == 303
    for page in (f"/en/fils/{team.thread.id}", f"/en/fils/{team.thread.id}/flux.atom", "/en/themes/3/flux.atom"):
        text = (await client.get(page)).text
        assert said in text
        assert kept not in text


@pytest.mark.one_database
async def test_the_page_of_a_refused_vote_says_the_choice_in_english(client: AsyncClient, team: Team) -> None:
    await make_proposal(await make_theme(4, votes="closed"))
    await sign_in(client, team.reader)
    said = words((await client.post("/en/propositions/T4-001/vote", data={"avis": "pour"})).text)
    assert "“for”" in said
    assert "pour" not in said
