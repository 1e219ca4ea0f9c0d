"""Signing in, going to the proposals and voting with the keyboard alone; the focus is never lost on the way."""

import pytest
from playwright.async_api import expect

from tests.browser.gestures import tab_to
from tests.browser.reading import Readers

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


async def test_a_member_signs_in_and_votes_with_the_keyboard_alone(at_open: Readers) -> None:
    name, password = at_open.site.passwords["membre"]
    page = await at_open.page()
    keys = page.keyboard
    await page.goto("/")
    await keys.press("Tab")
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    await tab_to(page, "Se connecter")
    await keys.press("Enter")
    await page.wait_for_url("**/connexion*")
    await tab_to(page, "identifiant")
    await keys.type(name)
    await keys.press("Tab")
    await keys.type(password)
    await keys.press("Enter")
    await page.locator(".own-name").wait_for()
    await tab_to(page, "Thème 3")
    await keys.press("Enter")
    await page.wait_for_url("**/themes/3")
    await tab_to(page, "Lire et voter")
    await keys.press("Enter")
    await page.wait_for_url("**/propositions")
    await tab_to(page, "avis")
    focused = page.locator("form.booth input:focus")
    for _ in range(3):
        await keys.press("ArrowDown")
        if await focused.get_attribute("value") == "contre":
            break
    await expect(page.locator("#annonces")).to_have_text("Vous avez voté : contre.")
    await expect(focused).to_have_value("contre")
    await expect(focused).to_be_checked()
    await tab_to(page, "Retirer mon vote", at_most=3)
    await keys.press("Space")
    await expect(page.locator("#annonces")).to_have_text("Vous n’avez pas encore voté.")
    await expect(focused).to_have_value("pour")
