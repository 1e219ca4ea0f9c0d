"""Threads through the door: reading one, and opening one."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.domain.discussion.sent_forms import new_key
from forum.importing.thread import import_thread
from forum.models.members import Role
from forum.web.plumbing.kept import KeptPages
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in

SEED = Path(__file__).parents[1] / "cases" / "threads" / "formation-et-acteurs.txt"


async def test_the_seed_gives_ten_posts_exactly(client: AsyncClient) -> None:
    await make_theme(3)
    report = await import_thread(SEED.read_bytes(), theme=3, now=NOON)
    assert (report.posts, report.instructions, report.quotes, report.leading_mentions) == (10, 1, 1, 1)
    assert (report.tagged, report.unknown_authors) == (3, 9)
    page = (await client.get(f"/fils/{report.written.thread}")).text if report.written else ""
    assert page.count('<article class="post') == 10
    assert page.count('class="quote"') == 1
    assert page.count('<a class="tag"') == 3
    assert page.count("[GT réunion 1]") == 0
    assert page.count('class="mention"') == 1
    assert "Se connecter pour répondre" in page
    assert "des MEDIATEURS NUMERIQUES en CDI!" in page
    assert len(re.findall(r"<li>(?:Sur quels|Comment|Quelles|Faut-il)", page)) == 5


async def test_importing_the_seed_twice_adds_nothing(client: AsyncClient) -> None:
    await make_theme(3)
    first = await import_thread(SEED.read_bytes(), theme=3, now=NOON)
    again = await import_thread(SEED.read_bytes(), theme=3, now=NOON)
    assert first.written is not None
    assert again.written is not None
    assert (first.written.added, again.written.added, again.written.known) == (10, 0, 10)
    assert again.written.thread == first.written.thread
    assert await count("post") == 10
    assert await count("quote") == 1


async def test_a_dry_run_of_an_import_writes_nothing(client: AsyncClient) -> None:
    await make_theme(3)
    report = await import_thread(SEED.read_bytes(), theme=3, now=NOON, dry_run=True)
    assert len(report.lines) == 11
    assert await count("thread") == 0


async def test_a_thread_that_does_not_exist_is_not_found(client: AsyncClient) -> None:
    for address in ("/fils/1", "/fils/0", f"/fils/{2**40}", "/contributions/9", f"/contributions/{2**80}"):
        assert (await client.get(address)).status_code == 404, address


async def test_a_page_number_out_of_range_is_brought_back(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    for n in range(25):
        await make_post(thread, f"Contribution {n} écrite.")
    assert "Contribution 24 écrite" in (await client.get(f"/fils/{thread.id}?page=2")).text
    assert "Contribution 24 écrite" in (await client.get(f"/fils/{thread.id}?page=99")).text
    for page in ("-1", "abc", "0", "9" * 30):
        answer = await client.get(f"/fils/{thread.id}?page={page}")
        assert answer.status_code == 200
        assert "Contribution 0 écrite" in answer.text


async def test_a_contribution_leads_to_its_place(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    posts = [await make_post(thread, f"Contribution {n}") for n in range(21)]
    answer = await client.get(f"/contributions/{posts[20].id}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/fils/{thread.id}?apres=20#c-{posts[20].id}"


async def test_a_visitor_gets_304_until_somebody_writes(client: AsyncClient, app: Starlette) -> None:
    thread = await make_thread(await make_theme(3))
    await make_post(thread, "Un premier mot.")
    first = await client.get(f"/fils/{thread.id}")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await client.get(f"/fils/{thread.id}", headers=tag)).status_code == 304
    async with visitor(app) as member:
        await sign_in(member, await make_member())
        await member.post(f"/fils/{thread.id}/repondre", data={"source": "Un second mot."})
    again = await client.get(f"/fils/{thread.id}", headers=tag)
    assert again.status_code == 200
    assert "Un second mot." in again.text


@pytest.mark.usefixtures("same_keys")
async def test_a_kept_page_is_never_shown_to_somebody_else(client: AsyncClient, app: Starlette) -> None:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    author = await make_member("Ariane Auteur")
    other = await make_member("Olive Autre")
    moderator = await make_member("Maud Modératrice", moderates=[await make_group("gt-3")])
    await make_post(thread, "Mes mots à moi.", author=author)
    pages = {}
    for name, member in {"author": author, "other": other, "moderator": moderator, "again": other}.items():
        async with visitor(app) as browser:
            await sign_in(browser, member)
            pages[name] = (await browser.get(f"/fils/{thread.id}")).text
    pages["visitor"] = (await client.get(f"/fils/{thread.id}")).text
    assert [name for name, page in pages.items() if "/modifier" in page] == ["author"]
    assert [name for name, page in pages.items() if "/reunions" in page.split("<main")[1]] == ["moderator"]
    for name in ("other", "again", "visitor"):
        assert "Ariane Auteur" not in pages[name].split("</header>")[0]
    assert pages["other"] == pages["again"]


async def test_the_close_of_contributions_changes_the_page_by_itself(client: AsyncClient, clock: Clock) -> None:
    thread = await make_thread(await make_theme(3))
    member = await make_member()
    await sign_in(client, member)
    assert "Publier ma contribution" in (await client.get(f"/fils/{thread.id}")).text
    clock.pass_(days=10)
    await sign_in(client, member, now=clock.now)
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Publier ma contribution" not in page
    assert "Les contributions à ce thème sont closes." in page


async def test_the_same_thread_reads_in_english(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    await make_post(thread, "Des mots en français.")
    page = (await client.get(f"/en/fils/{thread.id}")).text
    assert '<html lang="en">' in page
    assert "Des mots en français." in page
    assert "Sign in to reply" in page


async def test_a_member_opens_a_thread(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    answer = await client.post(
        "/themes/3/nouveau-fil", data={"titre": " Des  idées ", "source": "[GT réunion 2] Première."}
    )
    assert answer.status_code == 303
    page = (await client.get(answer.headers["location"])).text
    assert "<h1>Des idées</h1>" in page
    assert "Votre fil est ouvert." in page


async def test_a_thread_sent_twice_is_opened_once(client: AsyncClient, clock: Clock) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    words = {"titre": "Des idées", "source": "Première.", "cle": new_key()}
    answers = await asyncio.gather(*(client.post("/themes/3/nouveau-fil", data=words) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert (await count("thread"), await count("post")) == (1, 1)
    clock.pass_(minutes=6)
    await client.post("/themes/3/nouveau-fil", data=words)
    assert await count("thread") == 1
    for anew in (words, words | {"source": "Seconde."}):
        await client.post("/themes/3/nouveau-fil", data=anew | {"cle": new_key()})
    assert await count("thread") == 3


async def test_a_thread_is_previewed_before_it_is_opened(client: AsyncClient, clock: Clock) -> None:
    await make_theme(3)
    await make_member("Malik Diallo")
    member = await make_member("Camille Martin")
    await sign_in(client, member)
    form = {"titre": "Des idées", "source": "Du **gras** pour @Malik-Diallo.", "acte": "apercu"}
    page = (await client.post("/themes/3/nouveau-fil", data=form)).text
    assert "<h3>Des idées</h3>" in page
    assert "Du <strong>gras</strong>" in page
    assert "<b>Malik Diallo</b> (mention)" in page
    assert 'value="Des idées"' in page
    assert "Du **gras** pour @Malik-Diallo.</textarea>" in page
    assert await count("thread") == 0
    refused = await client.post("/themes/3/nouveau-fil", data={**form, "titre": ""})
    assert refused.status_code == 422
    assert "Du **gras** pour @Malik-Diallo.</textarea>" in refused.text
    clock.pass_(days=10)
    await sign_in(client, member, now=clock.now)
    assert (await client.post("/themes/3/nouveau-fil", data=form)).status_code == 403


async def test_every_form_that_writes_has_the_same_hint_counter_and_preview(client: AsyncClient) -> None:
    member = await make_member()
    thread = await make_thread(await make_theme(3))
    post = await make_post(thread, "Mes mots.", author=member)
    await sign_in(client, member)
    for address in (
        f"/fils/{thread.id}",
        f"/fils/{thread.id}/repondre",
        f"/contributions/{post.id}/modifier",
        "/themes/3/nouveau-fil",
    ):
        page = (await client.get(address)).text
        assert "Une ligne vide sépare deux paragraphes" in page, address
        assert 'data-limit="20000"' in page, address
        assert 'value="apercu"' in page, address


async def test_a_refused_thread_keeps_what_was_typed_and_says_all_that_is_wrong(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member())
    answer = await client.post("/themes/3/nouveau-fil", data={"titre": "x" * 201, "source": " "})
    assert answer.status_code == 422
    assert "x" * 201 in answer.text
    assert 'id="titre-error"' in answer.text
    assert 'id="source-error"' in answer.text
    assert await count("thread") == 0


async def test_nobody_opens_a_thread_when_contributions_are_closed(client: AsyncClient) -> None:
    await make_theme(3, contributions="closed")
    await sign_in(client, await make_member(role=Role.ADMINISTRATOR))
    answer = await client.post("/themes/3/nouveau-fil", data={"titre": "Un titre", "source": "Des mots"})
    assert answer.status_code == 403
    assert await count("thread") == 0


async def test_a_moderator_may_edit_their_own_contribution_and_no_other(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    moderator = await make_member("Maud Modératrice", moderates=[await make_group("gt-3")])
    own = await make_post(thread, "Mes mots à moi.", author=moderator)
    await make_post(thread, "Les mots d’un autre.", author=await make_member("Olive Autre"))
    await sign_in(client, moderator)
    page = (await client.get(f"/fils/{thread.id}")).text
    assert re.findall(r"/contributions/(\d+)/modifier", page) == [str(own.id)]
    assert page.count("Proposer la sélection") == 2


@dataclass
class Weight:
    """A page of so many bytes."""

    size: int


async def test_kept_pages_stay_within_their_bytes_and_forget_old_versions() -> None:
    kept: KeptPages[Weight] = KeptPages(most=10 * 1000)
    for version in range(50):
        kept.keep("one", page := Weight(1000), version)
    assert kept.get("one", 49) is page
    assert kept.get("one", 48) is None
    for number in range(20):
        kept.keep(number, Weight(1000), 1)
    assert [number for number in range(20) if kept.get(number, 1)] == list(range(10, 20))


async def test_one_page_takes_a_tenth_at_most_however_it_grows() -> None:
    kept: KeptPages[Weight] = KeptPages(most=10 * 1000)
    assert kept.keep("large", Weight(1001), 1).size == 1001
    assert kept.get("large", 1) is None
    grown = kept.keep("grown", Weight(600), 1)
    others = [kept.keep(number, Weight(940), 1) for number in range(10)]
    assert kept.get("grown", 1) is grown
    grown.size = 900
    assert kept.get("grown", 1) is grown  # and the one that was read least goes
    assert kept.get(0, 1) is None
    assert kept.get(9, 1) is others[9]
    grown.size = 1001
    assert kept.get("grown", 1) is grown
    assert kept.get("grown", 1) is None
