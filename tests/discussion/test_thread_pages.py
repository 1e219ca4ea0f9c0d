"""Pages of a thread: by key, twenty contributions that are shown, whatever was hidden, withdrawn or moved."""

import random
import re
from collections.abc import Collection, Iterable
from html import unescape

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import insert_rows, is_sqlite, rows, transaction
from forum.domain.discussion.threads import read_thread, thread_state
from forum.domain.themes.themes import raise_versions
from forum.domain.withheld import keep_aside
from forum.models.moderation import Ground, Moderated
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import make_member, make_theme, make_thread, sign_in
from tests.statements import heard

SIZE = 20


async def fill(thread: Thread, numbers: Collection[int], *, aside: Iterable[int] = ()) -> None:
    """Contributions of these numbers, the others were moved away; those aside are hidden."""
    columns = "thread_id, number, kind, source, html, plain, renderer, revision, created_at, written_at"
    words = [(number, f"<p>Idée {number}.</p>") for number in numbers]
    await insert_rows(
        f"post ({columns})",
        [(thread.id, number, "contribution", html, html, html[3:-4], 2, 1, NOON, NOON) for number, html in words],
    )
    await rows(
        "UPDATE thread SET posts_count = $2, last_number = $3 WHERE id = $1", thread.id, len(numbers), max(numbers)
    )
    hidden = set(aside)
    for found in await rows("SELECT id, number FROM post WHERE thread_id = $1", thread.id):
        if found["number"] in hidden:
            async with transaction():
                await keep_aside(Moderated.POST, found["id"], NOON, ground=Ground.OFF_TOPIC)
    await raise_versions(thread=thread.id)


def notes(page: str) -> list[tuple[int, str]]:
    """Each contribution of a page: its number and all of it."""
    found = re.findall(r"<article.*?</article>", page, re.DOTALL)
    return [(int(re.findall(r"Contribution </span>(\d+)</a>", article)[0]), article) for article in found]


def numbers_in(page: str) -> tuple[list[int], list[int]]:
    """The numbers of the contributions of a page: those that it shows, and those of which it has the place alone."""
    found: tuple[list[int], list[int]] = ([], [])
    for number, article in notes(page):
        found["Contribution masquée" in article].append(number)
    return found


def link(page: str, rel: str) -> str | None:
    found = re.search(f'href="([^"]+)" rel="{rel}"', page)
    return unescape(found[1]) if found else None


async def walk(client: AsyncClient, address: str, rel: str = "next") -> list[str]:
    """The pages from that one on."""
    pages = [(await client.get(address)).text]
    while (further := link(pages[-1], rel)) is not None:
        pages.append((await client.get(further)).text)
        assert len(pages) < 100
    return pages


GAPS = random.Random(12)
CASES = {
    "nothing missing": (range(1, 46), ()),
    "just full": (range(1, 41), ()),
    "a page hidden": (range(1, 64), range(21, 41)),
    "the end hidden": (range(1, 46), range(41, 46)),
    "the beginning hidden": (range(1, 46), range(1, 22)),
    "all but one hidden": (range(1, 46), [*range(1, 30), *range(31, 46)]),
    "moved away": ([*range(1, 20), *range(60, 90)], ()),
    "some of each": (sorted(GAPS.sample(range(1, 120), 90)), GAPS.sample(range(1, 120), 40)),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_page_has_twenty_contributions_whatever_is_missing(
    client: AsyncClient, thread: Thread, case: str
) -> None:
    numbers, aside = CASES[case]
    await fill(thread, numbers, aside=aside)
    shown = [number for number in numbers if number not in aside]
    pages = [numbers_in(page) for page in await walk(client, f"/fils/{thread.id}")]
    assert [number for page, _ in pages for number in page] == shown, "each of them once, in order"
    assert [len(page) for page, _ in pages[:-1]] == [SIZE] * (len(pages) - 1)
    assert pages[-1][0], "no page is without words"
    assert sorted(number for _, places in pages for number in places) == sorted(set(aside) & set(numbers))


@pytest.mark.parametrize("case", CASES)
async def test_the_address_of_a_contribution_leads_to_the_page_that_holds_it(
    client: AsyncClient, thread: Thread, case: str
) -> None:
    numbers, aside = CASES[case]
    await fill(thread, numbers, aside=aside)
    shown = [number for number in numbers if number not in aside]
    for found in await rows("SELECT id, number FROM post ORDER BY number"):
        address = (await client.get(f"/contributions/{found['id']}")).headers["location"]
        page = (await client.get(address)).text
        assert f'id="c-{found["id"]}"' in page
        assert 1 <= len(numbers_in(page)[0]) <= SIZE
    # From the last page one comes back to the first, without leaving any out.
    back = [numbers_in(page)[0] for page in await walk(client, f"/fils/{thread.id}?apres={numbers[-1]}", "prev")]
    assert back[-1][:1] == shown[:1]
    assert {number for page in back for number in page} == set(shown)


async def test_a_key_that_is_none_leads_to_the_nearest_page(client: AsyncClient, thread: Thread) -> None:
    await fill(thread, [*range(1, 30), *range(40, 60)], aside=range(50, 60))
    first = range(1, 21)
    for key, expected in {
        **dict.fromkeys(("apres=", "apres=-1", "apres=abc", "apres=1.5", "avant=7", "apres=%00", "page=0"), first),
        "apres=35": range(40, 50),
        "apres=55": [*range(20, 30), *range(40, 50)],
        f"apres={'9' * 30}": [*range(20, 30), *range(40, 50)],
        "page=2": [*range(21, 30), *range(40, 50)],
        "page=99": [*range(20, 30), *range(40, 50)],
        f"page={10**10 - 1}": first,
    }.items():
        answer = await client.get(f"/fils/{thread.id}?{key}")
        assert (answer.status_code, numbers_in(answer.text)[0]) == (200, list(expected)), key


async def test_a_title_in_the_address_of_a_thread_changes_nothing(client: AsyncClient, thread: Thread) -> None:
    answer = await client.get(f"/en/fils/{thread.id}-propositions-et-pistes?apres=20&vue=reponses")
    assert (answer.status_code, answer.headers["location"]) == (
        301,
        f"/en/fils/{thread.id}?apres=20&vue=reponses",
    )
    assert (await client.get("/fils/99-rien")).status_code == 301
    assert (await client.get("/fils/x-rien")).status_code == 404


async def test_the_other_language_shows_the_same_page(client: AsyncClient, thread: Thread) -> None:
    await fill(thread, range(1, 46))
    page = (await client.get(f"/fils/{thread.id}?apres=20")).text
    assert f'href="/en/fils/{thread.id}?apres=20" hreflang="en"' in page
    assert "contributions 21 – 40 –" in page.replace("\n", " ")


@pytest.mark.parametrize("missing", [(), range(1, 5000, 3)])
async def test_a_page_of_a_thread_of_thousands_costs_what_one_of_twenty_does(
    app: Starlette, thread: Thread, missing: Collection[int]
) -> None:
    async def asked(after: int) -> list[str]:
        state = await thread_state(thread.id)
        with heard() as statements:
            page = await read_thread(state, after, NOON)
        assert len([post for post in page.posts if post.number not in missing]) == SIZE
        return statements

    small = [number for number in missing if number <= 31]
    await fill(thread, range(1, 32), aside=small)
    few = await asked(0)
    await rows("DELETE FROM withheld")
    await rows("DELETE FROM post")
    await fill(thread, range(1, 5001))
    # As if they were hidden: the state alone decides where a page begins.
    if missing:
        await rows("UPDATE post SET state = 'hidden' WHERE number % 3 = 1")
    many = await asked(2500)
    assert len(many) == len(few)
    if not is_sqlite():
        return
    for statement in many:
        plan = " ".join(each["detail"] for each in await rows(f"EXPLAIN QUERY PLAN {statement}"))
        assert not re.search(r"SCAN (?:p|n|q|post)\b", plan), (statement, plan)
        assert "SEARCH w USING INDEX sqlite_autoindex_post" not in plan, "answers are found by what they answer"


async def test_what_was_read_of_a_page_is_what_it_shows(app: Starlette, thread: Thread) -> None:
    """Kept pages of other keys do not stand in for one another."""
    await fill(thread, range(1, 70), aside=[3])
    async with visitor(app) as client:
        for _ in range(2):
            for key, expected in {0: range(1, 22), 20: range(21, 41), 21: range(22, 42)}.items():
                page = numbers_in((await client.get(f"/fils/{thread.id}?apres={key}")).text)[0]
                assert page == [number for number in expected if number != 3]


async def answering(thread: Thread, answers: dict[int, int]) -> None:
    """Let the contribution of each number answer another."""
    for number, answered in answers.items():
        await rows(
            """UPDATE post SET reply_to_id = (SELECT id FROM post WHERE thread_id = $1 AND number = $2)
                WHERE thread_id = $1 AND number = $3""",
            thread.id,
            answered,
            number,
        )


def branches(page: str) -> list[tuple[int, int]]:
    """The contributions of a page of the tree: the number and the depth of each."""
    found = re.findall(r'<article class="post noted at-(\d)".*?Contribution </span>(\d+)</a>', page, re.DOTALL)
    return [(int(number), int(depth)) for depth, number in found]


async def test_the_tree_shows_each_answer_under_what_it_answers(client: AsyncClient, thread: Thread) -> None:
    await fill(thread, range(1, 10), aside=[2])
    await answering(thread, {3: 1, 4: 2, 5: 3, 6: 5, 7: 6, 8: 7, 9: 1})
    page = (await client.get(f"/fils/{thread.id}?vue=reponses")).text
    assert branches(page) == [(1, 1), (3, 2), (5, 3), (6, 4), (7, 4), (8, 4), (9, 2), (2, 1), (4, 2)]
    assert numbers_in(page)[1] == [2], "what is answered keeps its place when it is hidden"
    # What stands deeper than four says what it answers; an answer right under it need not, to those who see.
    told = {
        number: article.count('<p class="side-note') + 2 * article.count("by-place") for number, article in notes(page)
    }
    assert told == {1: 0, 2: 0, 3: 3, 4: 3, 5: 3, 6: 3, 7: 1, 8: 1, 9: 3}
    assert "Lire dans l’ordre des dates" in page
    assert "J’ai lu jusqu’ici" not in page


async def test_the_count_of_answers_leads_to_them(client: AsyncClient, thread: Thread) -> None:
    await fill(thread, range(1, 60), aside=[40])
    await answering(thread, {30: 1, 40: 1, 50: 1})
    ids = {each["number"]: each["id"] for each in await rows("SELECT id, number FROM post")}
    line = (await client.get(f"/fils/{thread.id}")).text
    found = re.findall(r'<p class="replies">\s*<a href="([^"]+)">(\d+) réponses', line)
    assert found == [(f"/contributions/{ids[30]}?vue=reponses", "2")]
    answer = await client.get(found[0][0])
    assert answer.headers["location"] == f"/fils/{thread.id}?vue=reponses#c-{ids[30]}"
    tree = (await client.get(f"/fils/{thread.id}?vue=reponses")).text
    assert branches(tree)[:4] == [(1, 1), (30, 2), (40, 2), (50, 2)]
    assert f'<a href="#c-{ids[30]}">2 réponses' in tree
    for number in (1, 20, 49, 59):
        address = (await client.get(f"/contributions/{ids[number]}?vue=reponses")).headers["location"]
        assert f'id="c-{ids[number]}"' in (await client.get(address)).text


@pytest.mark.parametrize("seed", range(6))
async def test_the_pages_of_the_tree_show_each_contribution_once(
    client: AsyncClient, thread: Thread, seed: int
) -> None:
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(1, 130), 95))
    aside = chance.sample(numbers, 30)
    await fill(thread, numbers, aside=aside)
    await answering(
        thread, {n: chance.choice(numbers) for n in numbers[1:] if chance.random() < 0.6 and n > numbers[0]}
    )
    # What answers itself, or is answered by what it answers, cannot be.
    await rows("UPDATE post SET reply_to_id = NULL WHERE reply_to_id >= id")
    pages = await walk(client, f"/fils/{thread.id}?vue=reponses")
    seen = [number for page in pages for number, _ in branches(page)]
    assert sorted(seen) == numbers
    assert [len(numbers_in(page)[0]) for page in pages[:-1]] == [SIZE] * (len(pages) - 1)
    assert numbers_in(pages[-1])[0]
    assert len(await walk(client, f"/fils/{thread.id}?vue=reponses&apres={seen[-1]}", "prev")) == len(pages)
    for found in await rows("SELECT id, number FROM post"):
        address = (await client.get(f"/contributions/{found['id']}?vue=reponses")).headers["location"]
        assert f'id="c-{found["id"]}"' in (await client.get(address)).text


async def test_the_tree_asks_one_statement_more_than_the_line(thread: Thread) -> None:
    await fill(thread, range(1, 200))
    await answering(thread, dict.fromkeys(range(2, 150), 1))
    asked = []
    for tree in (False, True):
        state = await thread_state(thread.id)
        with heard() as statements:
            await read_thread(state, 40, NOON, tree=tree)
        asked.append(len(statements))
    assert asked[1] == asked[0] + 1


async def test_an_answer_to_what_is_elsewhere_begins_a_branch(client: AsyncClient, thread: Thread) -> None:
    other = await make_thread(await make_theme(4), "Ailleurs")
    await fill(other, [1])
    await fill(thread, range(1, 4))
    await rows(
        "UPDATE post SET reply_to_id = (SELECT id FROM post WHERE thread_id = $1) WHERE thread_id = $2 AND number = 2",
        other.id,
        thread.id,
    )
    page = (await client.get(f"/fils/{thread.id}?vue=reponses")).text
    assert branches(page) == [(1, 1), (2, 1), (3, 1)]
    assert "dans un autre fil" in page
    assert "réponse<" not in (await client.get(f"/fils/{other.id}")).text


async def test_a_whole_thread_is_printed_on_one_page_without_buttons(client: AsyncClient, thread: Thread) -> None:
    await fill(thread, range(1, 90), aside=[4, 89])
    assert f'href="/fils/{thread.id}/imprimer"' in (await client.get(f"/fils/{thread.id}")).text
    page = (await client.get(f"/fils/{thread.id}/imprimer")).text
    assert numbers_in(page) == ([number for number in range(1, 89) if number != 4], [4, 89])
    main = page.partition("<main")[2].partition("</main>")[0]
    assert not re.search(r"<form|<button|Répondre|Signaler|rel=\"next\"", main)


async def test_a_long_thread_is_printed_in_parts(client: AsyncClient, thread: Thread) -> None:
    await fill(thread, range(1, 450), aside=[7])
    parts = await walk(client, f"/fils/{thread.id}/imprimer")
    assert [len(numbers_in(part)[0]) for part in parts] == [200, 200, 48]
    assert "Cette partie va de la contribution 202 à la contribution 401." in parts[1]
    assert numbers_in((await client.get(f"/fils/{thread.id}/imprimer?apres=9999")).text)[0][-1] == 449


async def test_what_is_printed_is_the_same_for_all_and_new_after_a_write(app: Starlette, thread: Thread) -> None:
    await fill(thread, range(1, 4))
    async with visitor(app) as reader, visitor(app) as member:
        await sign_in(member, await make_member("Camille Martin"))
        address = f"/fils/{thread.id}/imprimer"
        pages = [(await each.get(address)).text.partition("<main")[2] for each in (reader, member)]
        assert pages[0] == pages[1]
        await member.post(f"/fils/{thread.id}/repondre", data={"source": "Une idée de plus."})
        assert "Une idée de plus." in (await reader.get(address)).text
