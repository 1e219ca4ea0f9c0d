"""A moderator splits a thread in a browser; whoever kept an old address comes to the new place, with scripts or not."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.reading import Readers

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


async def _begin(page: Page) -> tuple[str, str]:
    """A thread with two contributions: its address, and the one of the second."""
    await page.goto("/themes/3/nouveau-fil")
    await page.fill("#titre", "Prêter du matériel")
    await page.fill("#source", "Qui prête des ordinateurs ?")
    await page.get_by_role("button", name="Ouvrir le fil").click()
    thread = page.url.partition("?")[0]
    await page.locator("#source").fill("Et qui répare ceux qui sont en panne ?")
    await page.get_by_role("button", name="Publier ma contribution").click()
    await page.wait_for_url("**#c-*")
    return thread, f"{thread}#{page.url.rpartition('#')[2]}"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_thread_is_split_and_the_old_link_leads_there(at_open: Readers, scripts: bool) -> None:
    page = await at_open.page("modératrice", java_script_enabled=scripts)
    thread, old = await _begin(page)
    await page.locator("article.post").last.get_by_role("link", name="Déplacer").click()
    await expect(page.get_by_label("Contributions à déplacer")).to_have_value("2")
    await page.get_by_label("Titre du nouveau fil").fill("Réparer le matériel")
    await page.get_by_role("button", name="Voir ce qui va se passer").click()
    await expect(page.locator("#effets + ul")).to_contain_text("La contribution 2 quitte ce fil.")
    await page.get_by_label("Votre raison").fill("Une autre question.")
    await page.get_by_role("button", name="Déplacer des contributions").click()
    await expect(page.locator("p.notice")).to_contain_text("Les contributions sont déplacées.")
    new = page.url.partition("?")[0]
    assert new != thread

    reader = await at_open.page(java_script_enabled=scripts)
    await reader.goto(old)
    gone = reader.locator(".departed")
    if not scripts:
        await expect(gone).to_be_visible()
        await gone.get_by_role("link", name="Réparer le matériel").click()
    await reader.wait_for_url(re.compile(rf"{re.escape(new)}#c-\d+$"))
    await expect(reader.locator("article.post:target")).to_contain_text("qui répare ceux qui sont en panne")
    await reader.goto(thread)
    await expect(reader.locator(".moderated")).to_contain_text("Raison : Une autre question.")
    await expect(gone).to_be_hidden()

    await page.goto(thread)
    await page.get_by_role("link", name="Annuler ce déplacement").click()
    await page.get_by_label("Votre raison").fill("C’était la même question.")
    await page.get_by_role("button", name="Annuler le déplacement").click()
    await expect(page.locator("article.post").last).to_contain_text("qui répare ceux qui sont en panne")
    await reader.goto("/")  # the page of the thread would be asked for again only without a fragment
    await reader.goto(old)
    await expect(reader.locator("article.post:target")).to_contain_text("qui répare ceux qui sont en panne")


@pytest.mark.parametrize(
    ("scripts", "title"),
    [(True, "Propositions et pistes d’actions"), (False, "Lettres et ateliers")],
    ids=["with scripts", "without"],
)
async def test_a_member_goes_on_reading_where_they_stopped(at_open: Readers, scripts: bool, title: str) -> None:
    page = await at_open.page("membre", java_script_enabled=scripts)
    await page.goto("/a-lire")
    await page.get_by_role("link", name=title).click()
    await page.wait_for_url(re.compile(r"/fils/\d+#c-\d+$"))
    unread = page.get_by_text(re.compile(r"contributions? que vous n’avez pas lue"))
    await expect(unread).to_be_visible()
    button = page.get_by_role("button", name="J’ai lu jusqu’ici")
    if scripts:
        await button.scroll_into_view_if_needed()
        await expect(button).to_be_hidden()
        await page.reload()
    else:
        await button.click()
        await expect(page.locator("p.notice")).to_contain_text("ce fil est lu jusqu’ici")
    await expect(unread).to_be_hidden()
    await page.goto("/a-lire")
    await expect(page.get_by_role("link", name=title)).to_be_hidden()
