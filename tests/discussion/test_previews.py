"""Previews of a contribution, and whom publishing it notifies."""

import html
import re

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.meetings import Meeting
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in


def _said(text: str) -> str:
    """What a preview says of notifications, on one line."""
    words = re.sub(r"<[^>]+>", "", text.split('id="prevenus">')[1].split("<h2>")[0])
    return " ".join(html.unescape(words).split()).replace("\N{NARROW NO-BREAK SPACE}", " ")


async def test_a_preview_shows_what_would_be_published_and_writes_nothing(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member())
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": "Du **gras**", "acte": "apercu"})
    assert "Du <strong>gras</strong>" in answer.text
    assert "Du **gras**</textarea>" in answer.text
    assert await count("post") == 0


async def test_an_edit_is_previewed_and_still_meets_the_one_made_meanwhile(client: AsyncClient, thread: Thread) -> None:
    author = await make_member()
    post = await make_post(thread, "Premiers mots.", author=author)
    quoting = await make_post(thread, f"{{{{citation {post.id}@1 0-8}}}}\n\nMes mots.", author=author)
    await sign_in(client, author)
    address = f"/contributions/{quoting.id}/modifier"
    mark = f"{{{{citation {post.id}@1 0-8}}}}"
    form = {"citation": mark, "source": "Du **gras**", "version": "1", "acte": "apercu"}
    preview = (await client.post(address, data=form)).text
    assert "Du <strong>gras</strong>" in preview
    assert "Du **gras**</textarea>" in preview
    assert html.escape(mark) in preview
    assert 'name="version" value="1"' in preview
    assert await count("post_revision") == 2
    await client.post(address, data={"source": "Mots d’une fenêtre.", "version": "1", "acte": "publier"})
    second = await client.post(address, data={**form, "acte": "publier"})
    assert second.status_code == 409
    assert "Mots d’une fenêtre." in second.text
    assert "Du **gras**</textarea>" in second.text
    # Nobody else can preview it: its words are not theirs to change.
    await sign_in(client, await make_member("Olive Autre"))
    assert (await client.post(address, data=form)).status_code == 403


async def test_a_preview_refuses_what_publishing_refuses(client: AsyncClient, thread: Thread) -> None:
    elsewhere = await make_post(await make_thread(await make_theme(2)), "Ailleurs.")
    await sign_in(client, await make_member())
    for action in ("apercu", "publier"):
        form = {"source": "Des mots.", "en_reponse_a": str(elsewhere.id), "acte": action}
        answer = await client.post(f"/fils/{thread.id}/repondre", data=form)
        assert answer.status_code == 422
        assert "Des mots.</textarea>" in answer.text


async def test_a_preview_names_the_people_whom_publishing_notifies(client: AsyncClient, thread: Thread) -> None:
    quoted = await make_post(thread, "Former.", author=await make_member("Malik Diallo"))
    answered = await make_post(thread, "Accueillir.", author=await make_member("Nadia Berthier"))
    await make_member("Aurélien Moreau")
    await sign_in(client, await make_member("Camille Martin"))
    source = f"{{{{citation {quoted.id}@1 0-7}}}}\n\n@aurelien-moreau, @Malik-Diallo, @Camille-Martin, @Personne : oui."
    form = {"source": source, "en_reponse_a": str(answered.id)}
    said = _said((await client.post(f"/fils/{thread.id}/repondre", data={**form, "acte": "apercu"})).text)
    assert "envoyée à : Malik Diallo (citation), Nadia Berthier (réponse), Aurélien Moreau (mention)." in said
    assert "reste du texte : @Personne." in said
    assert "Camille" not in said
    assert await count("notification") == 0
    await client.post(f"/fils/{thread.id}/repondre", data=form)
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id ORDER BY n.id")
    assert [r["name"] for r in told] == ["Malik Diallo", "Nadia Berthier", "Aurélien Moreau"]


async def test_a_preview_says_who_is_past_the_limit_and_who_was_notified_before(
    client: AsyncClient, thread: Thread
) -> None:
    for letter in "ABCDEFGHIJK":
        await make_member(f"{letter}lice Membre")
    author = await make_member("Camille Martin")
    await sign_in(client, author)
    everybody = " ".join(f"@{letter}lice-Membre" for letter in "KJIHGFEDCBA")
    form = {"source": everybody, "acte": "apercu"}
    said = _said((await client.post(f"/fils/{thread.id}/repondre", data=form)).text)
    assert "à : Klice Membre (mention), Jlice" in said
    assert "aucune notification ne sera envoyée à : @Alice-Membre." in said
    published = await client.post(f"/fils/{thread.id}/repondre", data={"source": "@Blice-Membre"})
    post = published.headers["location"].split("#c-")[1]
    form = {"source": "@Blice-Membre @Clice-Membre", "version": "1", "acte": "apercu"}
    said = _said((await client.post(f"/contributions/{post}/modifier", data=form)).text)
    assert "sera envoyée à : Clice Membre (mention)." in said
    assert "déjà été envoyée à : Blice Membre." in said
    nobody = {"source": "Sans appeler.", "acte": "apercu"}
    assert _said((await client.post(f"/fils/{thread.id}/repondre", data=nobody)).text) == (
        "Aucune notification ne sera envoyée."
    )


async def test_the_limit_names_nobody_by_a_handle_but_says_who_is_quoted(client: AsyncClient, thread: Thread) -> None:
    """A list of handles must not become a list of names; a quote shows its author already."""
    quoted = [await make_post(thread, "Former.", author=await make_member(f"{n}lice Membre")) for n in "ABCDEFGHIJ"]
    answered = await make_post(thread, "Accueillir.", author=await make_member("Klice Membre"))
    await make_member("Zoé Cachée")
    await sign_in(client, await make_member("Camille Martin"))
    marks = "\n\n".join(f"{{{{citation {post.id}@1 0-7}}}}" for post in quoted)
    form = {"source": f"{marks}\n\n@zoe-cachee, voyez.", "en_reponse_a": str(answered.id), "acte": "apercu"}
    said = _said((await client.post(f"/fils/{thread.id}/repondre", data=form)).text)
    assert "ne sera envoyée à : Klice Membre, @zoe-cachee." in said
    assert "Zoé" not in said


async def test_people_who_cannot_sign_in_are_not_notified(client: AsyncClient, thread: Thread) -> None:
    """The authors whom an imported thread names have no password: nobody would read their notifications."""
    answered = await make_post(thread, "Former.", author=await make_member("Aurelien-MOREAU", password_hash=None))
    await make_member("Malik Diallo", password_hash=None)
    await make_member("Nadia Berthier")
    await sign_in(client, await make_member("Camille Martin"))
    form = {"source": "@malik-diallo et @Nadia-Berthier, voyez.", "en_reponse_a": str(answered.id)}
    said = _said((await client.post(f"/fils/{thread.id}/repondre", data={**form, "acte": "apercu"})).text)
    assert "sera envoyée à : Nadia Berthier (mention)." in said
    assert "donc sans notification : Aurelien-MOREAU, @malik-diallo." in said
    assert (await client.post(f"/fils/{thread.id}/repondre", data=form)).status_code == 303
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id")
    assert [r["name"] for r in told] == ["Nadia Berthier"]


async def test_a_handle_of_no_member_is_plain_text_before_and_after(client: AsyncClient, thread: Thread) -> None:
    await make_member("Nadia Berthier")
    await sign_in(client, await make_member("Camille Martin"))
    form = {"source": "@Nadia-Berthier, @Personne et @Aucun, voyez."}
    preview = (await client.post(f"/fils/{thread.id}/repondre", data={**form, "acte": "apercu"})).text
    assert "Personne ne porte ces noms d’utilisateur, qui restent du texte : @Personne, @Aucun." in _said(preview)
    await client.post(f"/fils/{thread.id}/repondre", data=form)
    for text in (preview, (await client.get(f"/fils/{thread.id}")).text):
        assert '<span class="mention">@Nadia-Berthier</span>, @Personne et @Aucun, voyez.' in text


def _tags(text: str) -> list[str]:
    """What the meeting tags of a preview say."""
    found = re.findall(r'<span class="tag">(.*?)</span>', text, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", "", tag).split()) for tag in found]


async def test_a_preview_shows_the_meeting_tags_as_publishing_would(
    client: AsyncClient, app: Starlette, thread: Thread
) -> None:
    group = await make_group("gt-3")
    await Meeting.create(working_group=group, number=2, created_at=NOON)
    form = {"source": "[GT réunion 2] Je reprends. [GT réunion 7]", "acte": "apercu"}
    await sign_in(client, await make_member("Camille Martin"))
    text = (await client.post(f"/fils/{thread.id}/repondre", data=form)).text
    assert _tags(text) == ["GT réunion 2 (à confirmer)", "GT réunion 7 (à confirmer)"]
    assert "La réunion 7 du groupe de travail n’existe pas" in html.unescape(text)
    async with visitor(app) as browser:
        await sign_in(browser, await make_member("Maud", moderates=[group]))
        assert _tags((await browser.post(f"/fils/{thread.id}/repondre", data=form)).text) == [
            "GT réunion 2",
            "GT réunion 7 (à confirmer)",
        ]
        new = {**form, "titre": "Un fil", "source": "Sans étiquette."}
        assert _tags((await browser.post("/themes/3/nouveau-fil", data=new)).text) == []
    assert await count("meeting_tag") == 0


async def test_the_preview_of_an_edit_keeps_what_a_moderator_settled(
    client: AsyncClient, app: Starlette, thread: Thread
) -> None:
    for held in range(1, 5):
        await Meeting.create(working_group=await make_group("gt-3"), number=held, created_at=NOON)
    await sign_in(client, await make_member("Camille Martin"))
    words = "[GT réunion 1] [GT réunion 2] [GT réunion 3] Mes mots."
    published = await client.post(f"/fils/{thread.id}/repondre", data={"source": words})
    post = published.headers["location"].split("#c-")[1]
    async with visitor(app) as browser:
        await sign_in(browser, await make_member("Maud", moderates=[await make_group("gt-3")]))
        for number, act in (("1", "etiqueter"), ("2", "retirer")):
            tagged = await browser.post(f"/contributions/{post}/reunions", data={"reunion": number, "acte": act})
            assert tagged.status_code == 303
    form = {"source": "[GT réunion 2] [GT réunion 4] D’autres mots.", "version": "1", "acte": "apercu"}
    preview = (await client.post(f"/contributions/{post}/modifier", data=form)).text
    assert _tags(preview) == ["GT réunion 1", "GT réunion 4 (à confirmer)"]
    await client.post(f"/contributions/{post}/modifier", data={**form, "acte": "publier"})
    found = await rows(
        """SELECT m.number, g.state FROM meeting_tag g JOIN meeting m ON m.id = g.meeting_id
            WHERE g.state <> 'removed' ORDER BY m.number"""
    )
    assert [(r["number"], r["state"]) for r in found] == [(1, "confirmed"), (4, "waiting")]


async def test_people_quoted_answered_and_mentioned_are_notified_once(
    client: AsyncClient, app: Starlette, thread: Thread
) -> None:
    quoted_author = await make_member("Malik Diallo")
    mentioned = await make_member("Aurélien Moreau")
    quoted = await make_post(thread, "Former.", author=quoted_author)
    writer = await make_member("Camille Martin")
    await sign_in(client, writer)
    source = f"{{{{citation {quoted.id}@1 0-7}}}}\n\n@Malik-Diallo @aurelien-moreau @Camille-Martin @Personne voyez."
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source, "en_reponse_a": str(quoted.id)})
    told = {(r["member_id"], r["event"]) for r in await rows("SELECT member_id, event FROM notification")}
    assert told == {(quoted_author.id, "quote"), (mentioned.id, "mention")}
    async with visitor(app) as browser:
        await sign_in(browser, quoted_author)
        page = (await browser.get("/notifications")).text
        assert "Camille Martin vous cite" in page
        await browser.post("/notifications/lues", data={"vues": re.findall(r'name="vues" value="(\d+)"', page)})
        assert "Nouveau" not in (await browser.get("/notifications")).text.split("<main")[1]


async def test_at_most_ten_people_are_notified_of_a_post(client: AsyncClient, thread: Thread) -> None:
    letters = "ABCDEFGHIJKLM"
    for letter in letters:
        await make_member(f"{letter}lice Membre")
    await sign_in(client, await make_member("Camille Martin"))
    source = " ".join(f"@{letter}lice-Membre" for letter in letters)
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    assert await count("mention") == 13
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id ORDER BY m.name")
    assert [r["name"][0] for r in told] == list(letters[:10])


async def test_the_limit_of_people_notified_holds_for_all_versions_of_a_post(
    client: AsyncClient, thread: Thread
) -> None:
    for letter in "ABCDEFGHIJKLM":
        await make_member(f"{letter}lice Membre")
    author = await make_member("Camille Martin")
    post = await make_post(thread, "Premiers mots.", author=author)
    await sign_in(client, author)
    for revision, letters in enumerate(("ABCDEFGH", "ABCIJKLM", "M"), start=1):
        form = {"source": " ".join(f"@{letter}lice-Membre" for letter in letters), "version": str(revision)}
        assert (await client.post(f"/contributions/{post.id}/modifier", data=form)).status_code == 303
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id ORDER BY m.name")
    assert [r["name"][0] for r in told] == list("ABCDEFGHIJ")
