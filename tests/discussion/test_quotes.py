"""Quotes through the door: of a whole contribution or of words in it, exact, attributed, never forged."""

import html
import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.models.threads import Thread
from tests.conftest import visitor
from tests.factories import count, make_member, make_post, sign_in


async def test_a_whole_post_is_quoted_as_structure(client: AsyncClient, thread: Thread) -> None:
    author = await make_member("Malik Diallo")
    quoted = await make_post(thread, "Une politique d’accueil.\n\nAvec quel périmètre ?", author=author)
    await sign_in(client, await make_member("Camille Martin"))
    to_form = await client.get(f"/contributions/{quoted.id}/citer")
    assert to_form.status_code == 303
    form = (await client.get(to_form.headers["location"])).text
    marker = html.unescape(re.findall(r'name="citation" value="([^"]+)"', form)[0])
    assert "Malik Diallo a écrit" in form
    await client.post(f"/fils/{thread.id}/repondre", data={"citation": marker, "source": "D’accord."})
    page = (await client.get(f"/fils/{thread.id}")).text
    assert page.split('class="quote"')[1].count("Avec quel périmètre ?") == 1
    assert f'href="/contributions/{quoted.id}/revisions/1?de=0&amp;a=' in page
    stored = (await rows("SELECT source, plain FROM post WHERE author_id <> $1", author.id))[0]
    assert stored["source"] == f"{marker}\n\nD’accord."
    assert stored["plain"].strip() == "D’accord."


async def test_selected_words_are_quoted_and_lead_to_the_words(client: AsyncClient, thread: Thread) -> None:
    quoted = await make_post(thread, "Un début. Des dispositifs\npérennes, en effet. Une fin.")
    await sign_in(client, await make_member())
    answer = await client.get(
        f"/contributions/{quoted.id}/citer", params={"mots": "dispositifs pérennes", "pres": "10"}
    )
    form = (await client.get(answer.headers["location"])).text
    marker = html.unescape(re.findall(r'name="citation" value="([^"]+)"', form)[0])
    await client.post(f"/fils/{thread.id}/repondre", data={"citation": marker, "source": "Oui."})
    page = (await client.get(f"/fils/{thread.id}")).text
    link = html.unescape(re.findall(r'href="(/contributions/\d+/revisions/\d+\?[^"]+)"', page)[0])
    assert '<mark id="passage">dispositifs\npérennes</mark>' in (await client.get(link)).text


async def test_words_that_are_not_in_the_post_are_refused_with_a_sentence(client: AsyncClient, thread: Thread) -> None:
    quoted = await make_post(thread, "Former les équipes.")
    await sign_in(client, await make_member())
    answer = await client.get(f"/contributions/{quoted.id}/citer", params={"mots": "jamais écrit"})
    assert answer.status_code == 422
    assert "ne se trouvent pas tels quels" in answer.text


@pytest.mark.parametrize("marker", ["{{citation 999@1 0-4}}", "{{citation 1@9 0-4}}", "{{citation 1@1 0-9999}}"])
async def test_a_forged_quote_is_refused(client: AsyncClient, thread: Thread, marker: str) -> None:
    await make_post(thread, "Former.")
    await sign_in(client, await make_member())
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": f"{marker}\n\nVoilà."})
    assert answer.status_code == 422
    assert await count("post") == 1


async def test_a_quote_follows_the_renaming_of_its_author(client: AsyncClient, thread: Thread) -> None:
    author = await make_member("Malik Diallo")
    quoted = await make_post(thread, "Former.", author=author)
    await sign_in(client, await make_member("Camille Martin"))
    source = f"{{{{citation {quoted.id}@1 0-7}}}}\n\nOui."
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    await rows("UPDATE member SET name = 'Malik Renommé' WHERE id = $1", author.id)
    await rows("UPDATE thread SET version = version + 1")
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Malik Renommé a écrit" in page
    assert "Malik Diallo" not in page
    assert "Malik Renommé wrote" in (await client.get(f"/en/fils/{thread.id}")).text


async def test_a_quote_keeps_the_words_of_its_revision(client: AsyncClient, app: Starlette, thread: Thread) -> None:
    author = await make_member("Ariane Auteur")
    quoted = await make_post(thread, "Premiers mots.", author=author)
    await sign_in(client, await make_member("Camille Martin"))
    source = f"{{{{citation {quoted.id}@1 0-14}}}}\n\nOui."
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    async with visitor(app) as browser:
        await sign_in(browser, author)
        form = {"source": "Autres mots.", "version": "1"}
        assert (await browser.post(f"/contributions/{quoted.id}/modifier", data=form)).status_code == 303
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Premiers mots." in page
    assert "Autres mots." in page


async def test_earlier_versions_show_what_they_quoted(client: AsyncClient, thread: Thread) -> None:
    author = await make_member()
    first = await make_post(thread, "Accueillir, puis former.", author=await make_member("Malik Diallo"))
    second = await make_post(thread, "Recruter.", author=await make_member("Nadia Berthier"))
    await sign_in(client, author)
    marks = [f"{{{{citation {first.id}@1 0-10}}}}", f"{{{{citation {second.id}@1 0-9}}}}"]
    in_code = f"```\n{marks[0]}\n```"
    source = f"{marks[0]}\n\n{in_code}\n\nD’**accord**.\n\n{marks[1]}\n\nEt ceci."
    published = await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    post = published.headers["location"].split("#c-")[1]
    await client.post(f"/contributions/{post}/modifier", data={"source": "Plus rien.", "version": "1"})
    history = (await client.get(f"/contributions/{post}/historique")).text
    alone = (await client.get(f"/contributions/{post}/revisions/1")).text
    for text in (history, alone):
        assert text.count('class="quote"') == 2
        quoted = [text.index(words) for words in ("Malik Diallo a écrit", "<p>Accueillir</p>", "D’<strong>accord")]
        assert quoted == sorted(quoted)
        assert text.index("D’<strong>accord") < text.index("<p>Recruter.</p>") < text.index("Et ceci.")
    assert "quote" not in (await client.get(f"/contributions/{post}/revisions/2")).text
    # A range counts the plain words of the author: it is marked there, one link away from the whole version.
    marked = (await client.get(f"/contributions/{post}/revisions/1", params={"de": "0", "a": "5"})).text
    assert '<mark id="passage">' in marked
    assert f'href="/contributions/{post}/revisions/1"' in marked
