"""Somebody takes back what they wrote: the words go, the place and the answers stay, and it comes back as it was."""

from datetime import timedelta

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.search.index import rebuild
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, Clock, visitor
from tests.factories import CONFIRMED, count, make_member, make_post, make_theme, make_thread, sign_in
from tests.moderation.test_hiding import picture


async def test_the_author_withdraws_their_words_and_shows_them_again(client: AsyncClient, app: Starlette) -> None:
    author = await make_member("Malik Diallo")
    thread = await make_thread(await make_theme(3), author=author)
    post = await make_post(thread, "Des mots de trop.", author=author)
    await make_post(thread, "Je réponds.", author=await make_member("Camille Martin"), reply_to=post)
    await sign_in(client, author)
    page = (await client.get(f"/fils/{thread.id}")).text
    address = f"/contributions/{post.id}/retirer"
    assert f'href="{address}"' in page
    await rebuild()
    before = await picture()
    refused = await client.post(address, data={})
    assert refused.status_code == 422
    assert "Des mots de trop." in refused.text
    assert await picture() == before
    answer = await client.post(address, data=CONFIRMED)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/fils/{thread.id}?fait=contribution-retiree&ici={post.id}#c-{post.id}"
    async with visitor(app) as other:
        page = (await other.get(f"/fils/{thread.id}")).text
        assert "Contribution retirée par la personne qui l’a écrite, le 23 novembre 2026." in page
        assert "en réponse à" in page
        assert "une contribution retirée" in page
        assert "1 contribution." in page
        assert "Malik Diallo" not in page
        assert "Relire" not in page
        english = (await other.get(f"/en/fils/{thread.id}")).text
        assert "Contribution withdrawn by the person who wrote it, on 23 November 2026." in english
    assert "Relire ma contribution" in (await client.get(f"/fils/{thread.id}")).text
    own = (await client.get(address)).text
    assert "Des mots de trop." in own
    assert (await client.post(address, data=CONFIRMED)).status_code == 303
    assert (await client.post(address, data={"acte": "remettre"})).status_code == 303
    after = await picture()
    assert {table for table, some in after.items() if some != before[table]} == {"journal_entry", "journal_head"}
    assert [each["act"] for each in await rows("SELECT act FROM journal_entry ORDER BY id")] == [
        "withdraw_post",
        "put_post_back",
    ]


async def test_words_are_withdrawn_after_the_close_but_not_shown_again(client: AsyncClient, clock: Clock) -> None:
    author = await make_member("Malik Diallo")
    thread = await make_thread(await make_theme(3), author=author)
    post = await make_post(thread, "Des mots de trop.", author=author)
    await Theme.all().update(contributions_close_at=NOON - timedelta(days=1))
    await sign_in(client, author)
    address = f"/contributions/{post.id}/retirer"
    assert "vous ne pourrez pas l’afficher de nouveau" in (await client.get(address)).text
    assert (await client.post(address, data=CONFIRMED)).status_code == 303
    assert "Les contributions à ce thème sont closes." in (await client.get(address)).text
    assert (await client.post(address, data={"acte": "remettre"})).status_code == 403
    assert await count("withheld") > 0


async def test_a_title_goes_with_the_only_words_of_its_thread(client: AsyncClient) -> None:
    author = await make_member("Malik Diallo")
    theme = await make_theme(3)
    alone, joined = await make_thread(theme, "Seul", author=author), await make_thread(theme, "Suivi", author=author)
    await sign_in(client, author)
    for thread in (alone, joined):
        first = await make_post(thread, "Des mots.", author=author)
        if thread is joined:
            await make_post(thread, "D’autres.", author=await make_member("Camille Martin"))
        page = (await client.get(f"/contributions/{first.id}/retirer")).text
        assert ("Le titre du fil" in page) == (thread is alone)
        assert (await client.post(f"/contributions/{first.id}/retirer", data=CONFIRMED)).status_code == 303
    assert [each.title for each in await Thread.all().order_by("id")] == ["(titre masqué)", "Suivi"]


async def test_nobody_withdraws_or_shows_the_words_of_somebody_else(client: AsyncClient) -> None:
    author = await make_member("Malik Diallo")
    post = await make_post(await make_thread(await make_theme(3)), "Des mots.", author=author)
    await sign_in(client, await make_member("Camille Martin"))
    address = f"/contributions/{post.id}/retirer"
    assert (await client.get(address)).status_code == 403
    for form in (CONFIRMED, {"acte": "remettre"}):
        assert (await client.post(address, data=form)).status_code == 403
    assert await count("withheld") == 0


async def test_a_suspended_member_withdraws_their_words_but_does_not_show_them_again(client: AsyncClient) -> None:
    """Taking words back protects whoever wrote them; showing them takes part again."""
    author = await make_member("Malik Diallo", suspended_until=NOON + timedelta(days=9))
    post = await make_post(await make_thread(await make_theme(3)), "Des mots de trop.", author=author)
    await sign_in(client, author)
    address = f"/contributions/{post.id}/retirer"
    assert (await client.post(address, data=CONFIRMED)).status_code == 303
    assert await count("withheld") > 0
    own = await client.get(address)
    assert "Des mots de trop." in own.text
    assert "Votre compte est suspendu jusqu’au" in own.text
    assert (await client.post(address, data={"acte": "remettre"})).status_code == 403


async def test_who_erases_their_account_is_told_how_words_really_go(client: AsyncClient) -> None:
    """An edited passage stays in the history, so that editing is no way to take it out."""
    author = await make_member("Malik Diallo")
    post = await make_post(await make_thread(await make_theme(3)), "Mon numéro est le 06.", author=author)
    await sign_in(client, author)
    edited = await client.post(f"/contributions/{post.id}/modifier", data={"source": "Rien.", "version": "1"})
    assert edited.status_code == 303
    assert "Mon numéro" in (await client.get(f"/contributions/{post.id}/revisions/1")).text
    page = (await client.get("/compte/effacer")).text
    assert "modifiez-le avant" not in page
    assert "retirez la contribution avant d’effacer le compte" in page
