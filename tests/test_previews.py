"""Previews of a contribution, and whom publishing it tells."""

import html
import re

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.threads import Thread
from tests.conftest import visitor
from tests.factories import count, make_member, make_post, make_theme, make_thread, sign_in


def _said(text: str) -> str:
    """What a preview says of notifications, on one line."""
    words = re.sub(r"<[^>]+>", "", text.split('id="prevenus">')[1].split("<h2>")[0])
    return " ".join(html.unescape(words).split()).replace("\N{NARROW NO-BREAK SPACE}", " ")


async def test_a_preview_shows_what_would_be_published_and_writes_nothing(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member())
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": "Du **gras**", "action": "apercu"})
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
    form = {"citation": mark, "source": "Du **gras**", "revision": "1", "action": "apercu"}
    preview = (await client.post(address, data=form)).text
    assert "Du <strong>gras</strong>" in preview
    assert "Du **gras**</textarea>" in preview
    assert html.escape(mark) in preview
    assert 'name="revision" value="1"' in preview
    assert await count("post_revision") == 2
    await client.post(address, data={"source": "Mots d’une fenêtre.", "revision": "1", "action": "publier"})
    second = await client.post(address, data={**form, "action": "publier"})
    assert second.status_code == 409
    assert "Mots d’une fenêtre." in second.text
    assert "Du **gras**</textarea>" in second.text
    # Nobody else previews it: its words are not theirs to change.
    await sign_in(client, await make_member("Olive Autre"))
    assert (await client.post(address, data=form)).status_code == 403


async def test_a_preview_refuses_what_publishing_refuses(client: AsyncClient, thread: Thread) -> None:
    elsewhere = await make_post(await make_thread(await make_theme(2)), "Ailleurs.")
    await sign_in(client, await make_member())
    for action in ("apercu", "publier"):
        form = {"source": "Des mots.", "reponse": str(elsewhere.id), "action": action}
        answer = await client.post(f"/fils/{thread.id}/repondre", data=form)
        assert answer.status_code == 422
        assert "Des mots.</textarea>" in answer.text


async def test_a_preview_names_those_whom_publishing_tells(client: AsyncClient, thread: Thread) -> None:
    quoted = await make_post(thread, "Former.", author=await make_member("Malik Diallo"))
    answered = await make_post(thread, "Accueillir.", author=await make_member("Nadia Berthier"))
    await make_member("Aurélien Moreau")
    await sign_in(client, await make_member("Camille Martin"))
    source = f"{{{{citation {quoted.id}@1 0-7}}}}\n\n@aurelien-moreau, @Malik-Diallo, @Camille-Martin, @Personne : oui."
    form = {"source": source, "reponse": str(answered.id)}
    said = _said((await client.post(f"/fils/{thread.id}/repondre", data={**form, "action": "apercu"})).text)
    assert "envoyée à : Malik Diallo (citation), Nadia Berthier (réponse), Aurélien Moreau (mention)." in said
    assert "restent du texte : @Personne." in said
    assert "Camille" not in said
    assert await count("notification") == 0
    await client.post(f"/fils/{thread.id}/repondre", data=form)
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id ORDER BY n.id")
    assert [r["name"] for r in told] == ["Malik Diallo", "Nadia Berthier", "Aurélien Moreau"]


async def test_a_preview_says_who_is_past_the_limit_and_who_was_told_before(
    client: AsyncClient, thread: Thread
) -> None:
    for letter in "ABCDEFGHIJK":
        await make_member(f"{letter}lice Membre")
    author = await make_member("Camille Martin")
    await sign_in(client, author)
    everybody = " ".join(f"@{letter}lice-Membre" for letter in "KJIHGFEDCBA")
    form = {"source": everybody, "action": "apercu"}
    said = _said((await client.post(f"/fils/{thread.id}/repondre", data=form)).text)
    assert "à : Klice Membre (mention), Jlice" in said
    assert "aucune notification ne sera envoyée à : Alice Membre." in said
    published = await client.post(f"/fils/{thread.id}/repondre", data={"source": "@Blice-Membre"})
    post = published.headers["location"].split("#c-")[1]
    form = {"source": "@Blice-Membre @Clice-Membre", "revision": "1", "action": "apercu"}
    said = _said((await client.post(f"/contributions/{post}/modifier", data=form)).text)
    assert "sera envoyée à : Clice Membre (mention)." in said
    assert "déjà été envoyée à : Blice Membre." in said
    nobody = {"source": "Sans appeler.", "action": "apercu"}
    assert _said((await client.post(f"/fils/{thread.id}/repondre", data=nobody)).text) == (
        "Aucune notification ne sera envoyée."
    )


async def test_the_quoted_the_answered_and_the_mentioned_are_told_once(
    client: AsyncClient, app: Starlette, thread: Thread
) -> None:
    quoted_author = await make_member("Malik Diallo")
    mentioned = await make_member("Aurélien Moreau")
    quoted = await make_post(thread, "Former.", author=quoted_author)
    writer = await make_member("Camille Martin")
    await sign_in(client, writer)
    source = f"{{{{citation {quoted.id}@1 0-7}}}}\n\n@Malik-Diallo @aurelien-moreau @Camille-Martin @Personne voyez."
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source, "reponse": str(quoted.id)})
    told = {(r["member_id"], r["event"]) for r in await rows("SELECT member_id, event FROM notification")}
    assert told == {(quoted_author.id, "quote"), (mentioned.id, "mention")}
    async with visitor(app) as browser:
        await sign_in(browser, quoted_author)
        assert "Camille Martin vous cite" in (await browser.get("/notifications")).text
        await browser.post("/notifications/lues", data={"jusqua": "1"})
        assert "Nouveau" not in (await browser.get("/notifications")).text.split("<main")[1]


async def test_at_most_ten_people_are_told_of_a_post(client: AsyncClient, thread: Thread) -> None:
    letters = "ABCDEFGHIJKLM"
    for letter in letters:
        await make_member(f"{letter}lice Membre")
    await sign_in(client, await make_member("Camille Martin"))
    source = " ".join(f"@{letter}lice-Membre" for letter in letters)
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    assert await count("mention") == 13
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id ORDER BY m.name")
    assert [r["name"][0] for r in told] == list(letters[:10])


async def test_the_limit_of_people_told_holds_for_all_versions_of_a_post(client: AsyncClient, thread: Thread) -> None:
    for letter in "ABCDEFGHIJKLM":
        await make_member(f"{letter}lice Membre")
    author = await make_member("Camille Martin")
    post = await make_post(thread, "Premiers mots.", author=author)
    await sign_in(client, author)
    for revision, letters in enumerate(("ABCDEFGH", "ABCIJKLM", "M"), start=1):
        form = {"source": " ".join(f"@{letter}lice-Membre" for letter in letters), "revision": str(revision)}
        assert (await client.post(f"/contributions/{post.id}/modifier", data=form)).status_code == 303
    told = await rows("SELECT m.name FROM notification n JOIN member m ON m.id = n.member_id ORDER BY m.name")
    assert [r["name"][0] for r in told] == list("ABCDEFGHIJ")
