"""The page of a search: what it shows, of anything that is typed, and what it keeps of it."""

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.domain.search.index import rebuild
from forum.settings import settings
from tests.conftest import visitor
from tests.factories import make_member, make_post, make_proposal, make_theme, make_thread, sign_in

STRANGE = (
    *('"', "'", "-", "--", "*", "a*", "%", "_", "\\", "( )", "a AND b", "NOT", "NEAR(a, b)", "a:b", "^a", "{a b}: c"),
    *("<script>alert(1)</script>", "&amp;", "\u202e tourné", "é" * 500, "mot " * 200, "\ud7ff", "🙂", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "١٢٣"),
    *(
        "T3-007",
        "T0-000",
        "C-99999999999",
        "C-0",
        "C-1@0",
        "-T3-007",
        '"C-1',
        "'; DROP TABLE post; --",
        "$search$ | 'a'",
    ),
)


@pytest.fixture
async def said(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3), "Des <b>titres</b> & des mots")
    await make_post(thread, "Un mot & `<script>` d’**ici**, commun.", author=await make_member("Zoé <i>Écrit</i>"))
    await make_proposal(await make_theme(4), "Un mot <u>proposé</u>.")
    await rebuild()


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("typed", STRANGE)
async def test_anything_typed_is_answered(client: AsyncClient, typed: str) -> None:
    for path in ("/recherche", "/en/recherche"):
        answer = await client.get(path, params={"mots": typed})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.usefixtures("said")
async def test_any_filter_is_answered(client: AsyncClient) -> None:
    for name, values in {
        "quoi": ("contributions", "x", "synthèses"),
        "theme": ("3", "99999", "-1", "x", "9" * 30),
        "reunion": ("1", "2147483647", "x"),
        "personne": ("Zoé", "@", "x" * 300, "\x00"),
        "etat": ("open", "draft", "x"),
        "du": ("2026-11-01", "0001-01-01", "9999-12-31", "hier"),
        "au": ("2026-11-01", "0001-01-01", "9999-12-31", "demain"),
        "apres": ("3~5", "x", "99~99", f"3~{2**63 - 1}", f"3~{2**63}"),
        "avant": ("3~5", "1~1", f"2147483647~{2**63 - 1}"),
    }.items():
        for value in values:
            answer = await client.get("/recherche", params={"mots": "mot", name: value})
            assert answer.status_code == 200, (name, value)


@pytest.mark.usefixtures("said")
async def test_nothing_typed_tells_how_to_search(client: AsyncClient) -> None:
    answer = await client.get("/recherche?mots=")
    assert "Comment chercher" in answer.text
    assert "résultat" not in answer.text.partition("Comment chercher")[0].partition("<main")[2]
    assert "How to search" in (await client.get("/en/recherche")).text
    nothing = (await client.get("/recherche?mots=introuvable")).text
    assert "Aucun résultat" in nothing
    assert "Comment chercher" in nothing


@pytest.mark.usefixtures("said")
async def test_words_are_escaped_then_marked(client: AsyncClient) -> None:
    text = (await client.get("/recherche?mots=mot")).text
    assert "2 résultats" in text
    assert "Des &lt;b&gt;titres&lt;/b&gt; &amp; des <mark>mots</mark>" in text
    assert "Un <mark>mot</mark> &amp; &lt;script&gt; d’ici, commun." in text
    assert "Un <mark>mot</mark> &lt;u&gt;proposé&lt;/u&gt;." in text
    assert "Zoé &lt;i&gt;Écrit&lt;/i&gt;" in text
    assert 'href="/contributions/1"' in text
    assert 'href="/propositions/T4-001"' in text
    english = (await client.get("/en/recherche?mots=mot")).text
    assert "2 results" in english
    assert 'href="/en/contributions/1"' in english


async def test_pages_keep_what_was_asked(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3), "Long")
    for number in range(45):
        await make_post(thread, f"Encore un mot, le {number}.")
    await rebuild()
    text = (await client.get("/recherche?mots=mot&quoi=contributions&theme=3")).text
    assert "45 résultats" in text
    following = text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert following.startswith("/recherche?mots=mot&quoi=contributions&theme=3&apres=")
    second = (await client.get(following)).text
    assert "45 résultats" in second
    assert second.count('class="excerpt"') == 20
    assert 'rel="prev"' in second
    assert f'href="/en{following.replace("&", "&amp;")}"' in second


async def test_every_page_has_the_box_but_this_one(client: AsyncClient) -> None:
    await make_thread(await make_theme(3), "Un fil")
    for path in ("/", "/themes/3", "/fils/1", "/aide", "/connexion"):
        assert 'action="/recherche"' in (await client.get(path)).text, path
    assert (await client.get("/recherche")).text.count('action="/recherche"') == 1
    assert 'action="/en/recherche"' in (await client.get("/en/")).text


@pytest.mark.usefixtures("said")
async def test_nobody_loads_the_site_by_searching(
    app: Starlette, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_LIMITS__SEARCHES_PER_MINUTE", "3")
    settings.cache_clear()
    for _ in range(3):
        assert (await client.get("/recherche?mots=mot")).status_code == 200
    refused = await client.get("/recherche?mots=mot")
    assert refused.status_code == 429
    assert "Trop de recherches" in refused.text
    assert (await client.get("/recherche")).status_code == 200
    async with visitor(app) as member:
        await sign_in(member, await make_member("Camille Martin"))
        assert (await member.get("/recherche?mots=mot")).status_code == 200
