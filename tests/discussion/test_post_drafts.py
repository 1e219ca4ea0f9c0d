"""Drafts of contributions: kept while they are written, found again, never lost to another window, published once."""

import asyncio
import re

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import transaction
from forum.domain.discussion.post_drafts import carry_drafts
from forum.domain.discussion.sent_forms import forget_sent, new_key
from forum.domain.privacy.erasure import erase
from forum.models.members import Member
from forum.models.post_drafts import DraftKind, PostDraft, SentForm
from forum.models.posts import Post
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, make_post, make_theme, make_thread, sign_in
from tests.statements import heard


@pytest.fixture
async def thread(client: AsyncClient) -> Thread:
    return await make_thread(await make_theme(3), "Des idées")


@pytest.fixture
async def member(client: AsyncClient, thread: Thread) -> Member:
    member = await make_member()
    await sign_in(client, member)
    return member


def hidden(page: str, name: str) -> str:
    """The value of a hidden field; empty without any."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""


async def opened(client: AsyncClient, address: str) -> dict[str, str]:
    """The hidden fields of the form on a page, as a window has them."""
    page = (await client.get(address)).text
    return {name: hidden(page, name) for name in ("cle", "brouillon")}


async def saved(client: AsyncClient, address: str, form: dict[str, str], words: str, **more: object) -> Response:
    """What the script sends, and what it keeps of the answer."""
    sent = {**form, "source": words, "acte": "brouillon", **more}
    answer = await client.post(address, json=sent, headers={"X-Fragment": "brouillon"})
    if answer.status_code == 200:
        form["brouillon"] = answer.json()["brouillon"]
    return answer


async def test_words_are_kept_found_again_and_gone_once_published(
    client: AsyncClient, thread: Thread, member: Member
) -> None:
    page = f"/fils/{thread.id}"
    form = await opened(client, page)
    for words in ("Une", "Une idée", "Une idée <b>"):
        assert (await saved(client, f"{page}/repondre", form, words)).status_code == 200
    assert [(each.version, each.source) for each in await PostDraft.all()] == [(3, "Une idée <b>")]
    for address in (page, f"{page}/repondre"):
        assert "Une idée &lt;b&gt;</textarea>" in (await client.get(address)).text
    again = await opened(client, page)
    answer = await client.post(f"{page}/repondre", data={**again, "source": "Une idée publiée."})
    assert answer.status_code == 303
    assert (await count("post_draft"), await count("post")) == (0, 1)
    late = await saved(client, f"{page}/repondre", form, "Une idée trop tard")
    assert late.status_code == 409
    assert "déjà publié" in late.json()["detail"]
    assert await count("post_draft") == 0
    second = await client.post(f"{page}/repondre", data={**form, "source": "Une autre idée."})
    assert second.status_code == 409
    assert "déjà publié" in second.text
    assert "Une autre idée.</textarea>" in second.text
    fresh = {name: hidden(second.text, name) for name in ("cle", "brouillon")}
    assert (await client.post(f"{page}/repondre", data={**fresh, "source": "Une autre idée."})).status_code == 303
    assert await count("post") == 2


async def test_two_windows_never_replace_each_other_silently(
    client: AsyncClient, thread: Thread, member: Member
) -> None:
    address = f"/fils/{thread.id}/repondre"
    first, second = await opened(client, address), await opened(client, address)
    assert (await saved(client, address, first, "Les mots de l’une.")).status_code == 200
    refused = await saved(client, address, second, "Les mots de l’autre.")
    assert refused.status_code == 409
    assert "autre fenêtre" in refused.json()["detail"]
    assert (await PostDraft.get()).source == "Les mots de l’une."
    for acte in ("brouillon", "publier"):
        form = {**second, "source": "Les mots de l’autre.", "acte": acte}
        if acte == "publier":
            form["brouillon"] = f"{(await PostDraft.get()).id}@7"
        shown = await client.post(address, data=form)
        assert shown.status_code == 409
        assert "Les mots de l’une." in shown.text
        assert "Les mots de l’autre.</textarea>" in shown.text
        assert "<ins>" in shown.text
    assert await count("post") == 0
    chosen = {name: hidden(shown.text, name) for name in ("cle", "brouillon")}
    assert (await client.post(address, data={**chosen, "source": "Les mots de l’autre."})).status_code == 303
    assert (await count("post"), await count("post_draft")) == (1, 0)


async def test_a_window_that_shows_no_draft_publishes_its_own_words_only(
    client: AsyncClient, thread: Thread, member: Member
) -> None:
    address = f"/fils/{thread.id}/repondre"
    first, second = await opened(client, address), await opened(client, address)
    await saved(client, address, first, "Gardés.")
    assert (await client.post(address, data={**second, "source": "Publiés."})).status_code == 303
    assert (await PostDraft.get()).source == "Gardés."


async def test_a_save_whose_answer_was_lost_is_known(client: AsyncClient, thread: Thread, member: Member) -> None:
    address = f"/fils/{thread.id}/repondre"
    form = await opened(client, address)
    for words in ("Un.", "Un. Deux."):
        assert (await saved(client, address, dict(form), words)).status_code == 200
    assert (await PostDraft.get()).source == "Un. Deux."
    assert (await client.post(address, data={**form, "source": "Un. Deux. Trois."})).status_code == 303
    assert await count("post_draft") == 0


async def test_each_place_has_its_own_draft(client: AsyncClient, thread: Thread, member: Member) -> None:
    post = await make_post(thread, "Former.", author=member)
    reply = f"/fils/{thread.id}/repondre"
    for address, more in (
        (reply, {}),
        (reply, {"en_reponse_a": str(post.id)}),
        (f"/contributions/{post.id}/modifier", {"version": "1"}),
        ("/themes/3/nouveau-fil", {"titre": "Un titre"}),
    ):
        page = f"{address}?en_reponse_a={post.id}" if "en_reponse_a" in more else address
        form = await opened(client, page)
        assert (await saved(client, address, form, f"Mots {len(more)}", **more)).status_code == 200
    assert {each.kind for each in await PostDraft.all()} == set(DraftKind)
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Mots 0</textarea>" in page
    assert f"/fils/{thread.id}/repondre?en_reponse_a={post.id}" in page
    assert "Reprendre la modification" in page
    listed = (await client.get("/compte/brouillons")).text
    for words in ("Contribution à un fil", "Réponse à une contribution", "Nouveau fil", "Un titre"):
        assert words in listed
    for address in (f"{reply}?en_reponse_a={post.id}", f"/contributions/{post.id}/modifier"):
        assert "Mots 1</textarea>" in (await client.get(address)).text
    assert 'value="Un titre"' in (await client.get("/themes/3/nouveau-fil")).text
    one = await PostDraft.get(kind=DraftKind.OPENING)
    assert (await client.post(f"/compte/brouillons/contributions/{one.id}/supprimer")).status_code == 303
    assert await count("post_draft") == 3


async def test_nobody_else_reads_nor_deletes_a_draft(
    app: Starlette, client: AsyncClient, thread: Thread, member: Member
) -> None:
    reply = f"/fils/{thread.id}/repondre"
    await saved(client, reply, await opened(client, reply), "Xylolatre secret")
    draft = await PostDraft.get()
    async with visitor(app) as other:
        for who in (None, await make_member("Noa Lectrice")):
            if who:
                await sign_in(other, who)
            for address in (f"/fils/{thread.id}", reply, f"{reply}?brouillon={draft.id}", "/compte/brouillons"):
                assert "Xylolatre" not in (await other.get(address, follow_redirects=True)).text
            gone = await other.post(f"/compte/brouillons/contributions/{draft.id}/supprimer")
            assert gone.status_code == (404 if who else 403)
        mine = await opened(other, reply)
        theirs = {**mine, "brouillon": f"{draft.id}@1"}
        assert (await saved(other, reply, theirs, "Mes mots")).status_code == 200
    assert (await PostDraft.get(id=draft.id)).source == "Xylolatre secret"
    assert (await client.get("/contributions/1/modifier")).status_code == 404


async def test_only_the_author_keeps_a_draft_of_an_edit(
    app: Starlette, client: AsyncClient, thread: Thread, member: Member
) -> None:
    post = await make_post(thread, "Former.", author=member)
    async with visitor(app) as other:
        await sign_in(other, await make_member("Noa Lectrice"))
        form = {"cle": new_key(), "source": "À moi", "acte": "brouillon", "version": "1"}
        assert (await other.post(f"/contributions/{post.id}/modifier", json=form)).status_code == 404
        assert (await other.post("/fils/99/repondre", json=form)).status_code == 404
        assert (await other.post("/themes/9/nouveau-fil", json=form)).status_code == 404
    assert await count("post_draft") == 0


async def test_without_a_script_a_button_keeps_the_words(client: AsyncClient, thread: Thread, member: Member) -> None:
    post = await make_post(thread, "Former.")
    reply = f"/fils/{thread.id}/repondre"
    form = await opened(client, f"{reply}?en_reponse_a={post.id}")
    sent = {**form, "en_reponse_a": str(post.id), "source": "Mes mots", "acte": "brouillon"}
    answer = await client.post(reply, data=sent)
    assert answer.headers["location"] == f"{reply}?en_reponse_a={post.id}&fait=brouillon-garde"
    page = (await client.get(answer.headers["location"])).text
    assert "Votre brouillon est enregistré." in page
    assert "Mes mots</textarea>" in page
    emptied = {**await opened(client, answer.headers["location"]), "en_reponse_a": str(post.id), "acte": "brouillon"}
    assert (await client.post(reply, data=emptied)).status_code == 303
    assert await count("post_draft") == 0
    long = await client.post(reply, data={**form, "source": "a" * 100_001, "acte": "brouillon"})
    assert long.status_code == 422
    assert (await client.post(reply, data={"source": "Sans clé", "acte": "brouillon"})).status_code == 422


async def test_words_are_still_read_once_contributions_are_closed(
    client: AsyncClient, clock: Clock, thread: Thread, member: Member
) -> None:
    reply = f"/fils/{thread.id}/repondre"
    form = await opened(client, reply)
    await saved(client, reply, form, "Trop tard peut-être")
    clock.pass_(days=400)
    await sign_in(client, member, now=clock())
    assert (await client.get(reply)).status_code == 403
    assert "Trop tard peut-être" in (await client.get("/compte/brouillons")).text


async def test_one_form_publishes_once(client: AsyncClient, thread: Thread, member: Member) -> None:
    answered = await make_post(thread, "Former.")
    reply = f"/fils/{thread.id}/repondre"
    form = {**await opened(client, reply), "source": "Une idée.", "en_reponse_a": str(answered.id)}
    answers = await asyncio.gather(*(client.post(reply, data=form) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert (await count("post"), await count("sent_form")) == (2, 1)
    other = await client.post(reply, data={**form, "source": "Une autre idée."})
    assert (other.status_code, await count("post")) == (409, 2)
    anew = {**await opened(client, reply), "source": "Une idée.", "en_reponse_a": str(answered.id)}
    assert (await client.post(reply, data=anew)).status_code == 303
    assert await count("post") == 3


async def test_one_form_opens_one_thread_and_edits_once(client: AsyncClient, member: Member) -> None:
    form = {**await opened(client, "/themes/3/nouveau-fil"), "titre": "Des idées", "source": "Première."}
    answers = [await client.post("/themes/3/nouveau-fil", data=form) for _ in range(2)]
    assert len({answer.headers["location"] for answer in answers}) == 1
    post = await Post.get()
    edit = f"/contributions/{post.id}/modifier"
    form = {**await opened(client, edit), "version": "1", "source": "Deuxième."}
    answers = [await client.post(edit, data=form) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert (await Post.get()).revision == 2


async def test_a_draft_of_an_edit_meets_a_newer_version(client: AsyncClient, thread: Thread, member: Member) -> None:
    post = await make_post(thread, "Former bien.", author=member)
    edit = f"/contributions/{post.id}/modifier"
    form = await opened(client, edit)
    await saved(client, edit, form, "Former bien mieux.", version="1")
    other = {**await opened(client, edit), "version": "1", "brouillon": "", "source": "Former tous."}
    assert (await client.post(edit, data=other)).status_code == 303
    page = (await client.get(edit)).text
    assert "Former bien mieux.</textarea>" in page
    refused = await client.post(edit, data={**form, "version": "1", "source": "Former bien mieux."})
    assert refused.status_code == 409
    for words in ("Former tous.", "Former bien mieux.</textarea>", "<ins>", "<del>"):
        assert words in refused.text
    again = {name: hidden(refused.text, name) for name in ("cle", "brouillon", "version", "remplace")}
    assert (await client.post(edit, data={**again, "source": "Former bien mieux."})).status_code == 303
    assert (await count("post_draft"), (await Post.get()).source) == (0, "Former bien mieux.")


async def test_drafts_cost_visitors_nothing_and_members_one_statement(
    app: Starlette, client: AsyncClient, thread: Thread, member: Member
) -> None:
    page = f"/fils/{thread.id}"
    await client.get(page)
    with heard() as statements:
        await client.get(page)
    assert len([each for each in statements if "post_draft" in each]) == 1
    async with visitor(app) as public:
        with heard() as statements:
            await public.get(page)
    assert not [each for each in statements if "post_draft" in each]


async def test_sent_forms_are_forgotten(client: AsyncClient, clock: Clock, thread: Thread, member: Member) -> None:
    reply = f"/fils/{thread.id}/repondre"
    await client.post(reply, data={**await opened(client, reply), "source": "Une idée."})
    await forget_sent(NOON)
    assert await count("sent_form") == 1
    clock.pass_(days=61)
    await forget_sent(clock())
    assert await SentForm.all().count() == 0


async def test_a_quote_of_what_is_not_shown_any_more_is_told_and_not_published(
    app: Starlette, client: AsyncClient, thread: Thread, member: Member
) -> None:
    author = await make_member("Zoé Auteure")
    post = await make_post(thread, "Xylolatre et former.", author=author)
    reply = f"/fils/{thread.id}/repondre"
    form = await opened(client, reply)
    mark = f"{{{{citation {post.id}@1 0-9}}}}"
    assert (await saved(client, reply, form, "Je suis d’accord.", citation=[mark])).status_code == 200
    published = await client.post(reply, data={"source": f"{mark}\n\nAvant.", "cle": new_key()})
    own = published.headers["location"].rpartition("-")[2]
    async with visitor(app) as other:
        await sign_in(other, author)
        withdrawn = await other.post(f"/contributions/{post.id}/retirer", data={"confirmation": "1"})
        assert withdrawn.status_code == 303
    for address in (f"/fils/{thread.id}", reply, "/compte/brouillons"):
        page = (await client.get(address)).text
        assert "n’est plus affichée" in page
        assert "Xylolatre" not in page
    for acte in ("publier", "apercu"):
        refused = await client.post(reply, data={**form, "source": "D’accord.", "citation": mark, "acte": acte})
        assert refused.status_code == 422
        assert "Une contribution que vous citez a été retirée depuis." in refused.text
        assert "D’accord.</textarea>" in refused.text
    left = {**form, "source": "D’accord.", "citation": mark, "acte": "retirer-0"}
    assert mark not in (await client.post(reply, data=left)).text
    edited = {"version": "1", "source": f"{mark}\n\nAprès.", "cle": new_key()}
    assert (await client.post(f"/contributions/{own}/modifier", data=edited)).status_code == 303, "it was quoted before"
    assert (await client.post(reply, data={**form, "source": "D’accord."})).status_code == 303


async def test_an_erasure_takes_the_name_out_of_drafts_and_their_windows_know(
    client: AsyncClient, thread: Thread, member: Member
) -> None:
    gone = await make_member("Zéphyrine Xylolatre")
    reply = f"/fils/{thread.id}/repondre"
    form = await opened(client, reply)
    await saved(client, reply, form, "Je pense comme Zéphyrine Xylolatre.")
    await erase(gone.id, actor=None, now=NOON)
    assert "Xylolatre" not in (await PostDraft.get()).source
    late = await saved(client, reply, form, "Je pense comme Zéphyrine Xylolatre. Oui.")
    assert late.status_code == 409
    again = await opened(client, reply)
    assert (await saved(client, reply, again, "Je pense comme elle.")).status_code == 200
    await client.post(reply, data={**again, "source": "Je pense comme elle."})
    await saved(client, reply, await opened(client, reply), "Autre chose.")
    await erase(member.id, actor=None, now=NOON)
    assert (await count("post_draft"), await count("sent_form"), await count("post")) == (0, 0, 1)


async def test_a_draft_follows_a_thread_that_is_joined_to_another(
    client: AsyncClient, thread: Thread, member: Member
) -> None:
    other = await make_thread(await Theme.get(number=3), "Un autre fil")
    await saved(client, f"/fils/{thread.id}/repondre", await opened(client, f"/fils/{thread.id}"), "Mes mots.")
    async with transaction():
        await carry_drafts(thread.id, other.id)
    assert "Mes mots.</textarea>" in (await client.get(f"/fils/{other.id}")).text
    await saved(client, f"/fils/{thread.id}/repondre", await opened(client, f"/fils/{thread.id}"), "D’autres.")
    async with transaction():
        await carry_drafts(thread.id, other.id)
    assert await count("post_draft") == 2


async def test_a_session_that_ended_while_writing_keeps_the_words_and_one_click_publishes(
    client: AsyncClient, thread: Thread, member: Member
) -> None:
    reply = f"/fils/{thread.id}/repondre"
    post = await make_post(thread, "Former.")
    form = {**await opened(client, reply), "source": "Mes mots.", "citation": f"{{{{citation {post.id}@1 0-6}}}}"}
    client.cookies.clear()
    assert (await saved(client, reply, form, "Mes mots.")).status_code == 403
    kept = await client.post(reply, data=form)
    assert kept.status_code == 403
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', kept.text))
    assert {**form, "source": "Mes mots."}.items() <= {"source": "Mes mots.", **again}.items()
    await sign_in(client, member)
    for _ in range(2):
        published = await client.post(reply, data={"source": "Mes mots.", **again})
        assert published.status_code == 303
    assert await count("post") == 2
