"""Somebody quotes two people in one answer, looks at it, loses the connection, and publishes it once."""

import re
from contextlib import suppress

import pytest
from playwright.async_api import Error, Page, Route, expect

from tests.browser.gestures import select_words
from tests.browser.reading import Readers
from tests.browser.serving import Site, number_in, sent

pytestmark = pytest.mark.browser

FIRST, SECOND = "Des ateliers pour les parents d’élèves.", "Des ordinateurs prêtés pour un mois."
OWN = "Les deux vont ensemble."


async def _begin(site: Site, title: str) -> tuple[str, int, int]:
    """A thread where two people have written: its address, and their contributions."""
    async with site.desk("modératrice") as one, site.desk("agent") as other:
        await sent(one, "/notifications/lues")
        thread = (await sent(one, "/themes/3/nouveau-fil", titre=title, source="Que proposez-vous ?")).partition("?")[0]
        first = number_in(await sent(one, f"{thread}/repondre", source=f"Je propose ceci. {FIRST} Voilà."))
        second = number_in(await sent(other, f"{thread}/repondre", source=f"Et moi ceci. {SECOND} Merci."))
    return thread, first, second


async def _quote_with_scripts(page: Page, thread: str, posts: tuple[int, int]) -> None:
    """Two gestures for each person: choose words, then click; the words typed in between stay."""
    await page.goto(thread)
    for post, words in zip(posts, (FIRST, SECOND), strict=True):
        await select_words(page, f"#c-{post} [data-words]", words)
        await page.get_by_role("link", name="Citer la sélection").click()
        await expect(page.locator(f"#c-{post} .quote-tray")).to_contain_text("Citation ajoutée à votre réponse.")
        if post == posts[0]:
            await page.fill("#source", OWN)
    await expect(page.locator(".answer .quote")).to_have_count(2)
    await expect(page.locator("#source")).to_have_value(OWN)
    await expect(page.locator("[data-draft-said]")).to_have_text("Brouillon enregistré.")
    await page.reload()
    await expect(page.locator(".answer .quote")).to_have_count(2)
    await expect(page.locator("#source")).to_have_value(OWN)


async def _quote_without(page: Page, thread: str, posts: tuple[int, int]) -> None:
    await page.goto(thread)
    for post, words in zip(posts, (FIRST, SECOND), strict=True):
        await page.locator(f"#c-{post}").get_by_role("link", name="Citer").click()
        await page.get_by_text("N’en citer qu’une partie").click()
        await page.fill("#mots", words)
        await page.get_by_role("button", name="Citer ces mots seulement").click()
        if post == posts[0]:
            await page.fill("#source", OWN)
            await page.get_by_role("button", name="citer une autre contribution").click()
            await expect(page.locator("p.notice")).to_contain_text("Votre brouillon est enregistré.")
    await expect(page.locator("form .quote")).to_have_count(2)
    await expect(page.locator("#source")).to_have_value(OWN)


async def _lose_the_answer(page: Page, thread: str) -> None:
    """The form arrives and is written, its answer does not come back."""
    lost: list[int] = []

    async def lose(route: Route) -> None:
        if "acte=publier" not in (route.request.post_data or ""):
            await route.continue_()
            return
        lost.append((await route.fetch(max_redirects=0)).status)
        await route.abort("aborted")

    await page.route(f"**{thread}/repondre", lose)
    with suppress(Error):
        await page.get_by_role("button", name="Publier ma contribution").click(no_wait_after=True)
    while not lost:
        await page.wait_for_timeout(100)
    assert lost == [303]
    await page.unroute(f"**{thread}/repondre")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_parts_of_two_contributions_are_quoted_and_published_once(at_open: Readers, scripts: bool) -> None:
    site = at_open.site
    thread, *posts = await _begin(site, f"Deux idées {'avec' if scripts else 'sans'} script")
    page = await at_open.page("membre", java_script_enabled=scripts)
    await (_quote_with_scripts if scripts else _quote_without)(page, thread, (posts[0], posts[1]))
    await page.get_by_role("button", name="Prévisualiser").click()
    for words in (FIRST, SECOND, OWN):
        await expect(page.locator(".preview")).to_contain_text(words)
    await expect(page.locator("#prevenus")).to_contain_text(re.compile(r"\(citation\).*\(citation\)"))
    await _lose_the_answer(page, thread)
    await expect(page.get_by_role("button", name="Publier ma contribution")).to_be_enabled()
    await page.get_by_role("button", name="Publier ma contribution").click()
    published = page.locator("article.post:target")
    await expect(published).to_contain_text(OWN)
    await expect(published.locator("p.notice")).to_have_text("Votre contribution est publiée.")
    await expect(published.locator(".quote")).to_have_count(2)
    await expect(page.locator("article.post")).to_have_count(4)
    await expect(page.locator("#source")).to_have_value("")
    for who in ("modératrice", "agent"):
        async with site.desk(who) as quoted:
            told = (await quoted.get("/notifications")).text
            assert told.count(f"{'avec' if scripts else 'sans'} script") == 1
    at_open.problems[:] = [each for each in at_open.problems if "ERR_ABORTED" not in each]


async def test_the_bar_the_list_of_people_and_the_key_of_the_answer(at_open: Readers) -> None:
    thread, first, _ = await _begin(at_open.site, "Écrire avec le clavier")
    page = await at_open.page("membre")
    await page.goto(thread)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#source")).to_be_focused()
    name = (await page.locator(f"#c-{first} .byline").text_content() or "").partition("@")[2].split()[0]
    await page.keyboard.type(f"Bonjour @{name[:3].lower()}")
    await expect(page.get_by_role("option")).to_have_count(1)
    await expect(page.locator("#source")).to_have_attribute("aria-activedescendant", "personne-1")
    await page.keyboard.press("Enter")
    await expect(page.locator("#source")).to_have_value(f"Bonjour @{name} ")
    await expect(page.get_by_role("listbox")).to_have_count(0)
    await page.keyboard.type("oui")
    await page.locator("#source").evaluate("(area) => area.setSelectionRange(area.value.length - 3, area.value.length)")
    bar = page.get_by_role("toolbar", name="Mise en forme")
    await bar.get_by_role("button", name="Gras").click()
    await expect(page.locator("#source")).to_have_value(f"Bonjour @{name} **oui**")
    await bar.get_by_role("button", name="Liste").click()
    await expect(page.locator("#source")).to_have_value(f"- Bonjour @{name} **oui**")
    await page.locator("#source").press("Control+z")
    await expect(page.locator("#source")).to_have_value(f"Bonjour @{name} **oui**")
    await at_open.site.put("DELETE FROM post_draft")
