"""The booth with scripts: what could not be saved stays chosen, says so, and is sent again."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.reading import Readers

pytestmark = pytest.mark.browser


async def test_a_choice_that_could_not_be_saved_is_marked_and_tried_again(at_open: Readers) -> None:
    page = await at_open.page("membre")
    await page.goto("/themes/3/propositions")
    booth = page.locator("[id='T3-007'] form.booth")
    save = booth.get_by_role("button", name="Enregistrer")
    await expect(save).to_be_hidden()

    async def cut(route: Route) -> None:
        await route.abort()

    await page.route("**/vote", cut)
    await booth.get_by_role("radio", name="Contre").check()
    await expect(booth.locator("[data-announce]")).to_have_text("Pas encore enregistré. Réessayez.")
    await expect(booth.get_by_role("radio", name="Contre")).to_be_checked()
    _forget(at_open, "console: Failed to load resource: net::ERR_FAILED")
    await page.unroute("**/vote")
    await save.click()
    await expect(page.locator("#annonces")).to_have_text("Vous avez voté : contre.")
    await expect(save).to_be_hidden()
    await booth.get_by_role("button", name="Retirer mon vote").click()
    await expect(page.locator("#annonces")).to_have_text("Vous n’avez pas encore voté.")


async def test_a_refusal_says_why_beside_the_choice(at_open: Readers) -> None:
    page = await at_open.page("membre")
    await page.goto("/themes/3/propositions")
    booth = page.locator("[id='T3-008'] form.booth")
    await booth.locator("[name=version]").evaluate("(field) => (field.value = '0')")
    await booth.get_by_role("radio", name="Pour").check()
    await expect(booth.locator("[data-announce]")).to_contain_text("a changé pendant que vous la lisiez")
    await expect(booth.get_by_role("radio", name="Pour")).to_be_checked()
    _forget(at_open, f"409: {at_open.site.address}/propositions/T3-008/vote")


def _forget(readers: Readers, *meant: str) -> None:
    """What went wrong on purpose, and nothing else did."""
    assert readers.problems == list(meant)
    readers.problems.clear()
