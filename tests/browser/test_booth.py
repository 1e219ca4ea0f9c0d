"""The booth of each kind of voting has no fault; with scripts, a choice that could not be saved stays selected, says
so, and is sent again."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.auditing import faults, faults_of_words
from tests.browser.reading import Readers
from tests.browser.serving import sent

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


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


async def test_the_booth_of_each_kind_is_without_fault(at_fresh: Readers) -> None:
    """Theme 1 votes by mentions, with one vote waiting to be confirmed; theme 2 by order; theme 3 by support within a
    quota."""
    site = at_fresh.site
    for number, rules in (
        (1, "voting = 'jugement'"),
        (2, "voting = 'classement'"),
        (3, "voting = 'soutien', quota = 5"),
    ):
        await site.put(f"DELETE FROM ballot WHERE proposal_id IN {_OF_THEME.format(number)} AND opinion <> 'pour'")
        await site.put(f"UPDATE theme SET {rules} WHERE number = {number}")
    async with site.desk("membre") as member:
        for number, opinion in ((1, "6"), (2, "1"), (2, "1")):
            proposal = await sent(member, f"/themes/{number}/proposer", formulation=f"Une idée de plus {opinion}")
            await sent(member, proposal.partition("?")[0] + "/vote", avis=opinion)
        await sent(member, "/propositions/T3-001/vote", avis="pour")
    await site.put(f"UPDATE proposal SET version = 2, substance = 2 WHERE id IN {_OF_THEME.format(1)}")
    await site.put("UPDATE theme SET version = version + 1")
    page = await at_fresh.page("membre")
    for number in (1, 2, 3):
        await page.goto(f"/themes/{number}/propositions")
        await page.locator("form.booth").first.wait_for()
        assert await faults(page) == []
        await page.goto(f"/en/themes/{number}/propositions")
        assert await faults_of_words(page) == []
    page = await at_fresh.page("agent")
    await page.goto("/themes/3/calendrier")
    await page.fill("#cloture_des_votes", "2031-01-02T18:00")
    await page.fill("#motif", "Une semaine de plus pour les petites communes")
    await page.get_by_role("button", name="Enregistrer le calendrier").click()
    await expect(page.get_by_text("a été reportée au 2 janvier 2031")).to_be_visible()
    assert await faults(page) == []
    await site.put("UPDATE theme SET votes_open_at = NULL, votes_close_at = NULL, version = version + 1")
    await site.put("DELETE FROM ballot")
    await page.goto("/themes/3/calendrier")
    await page.get_by_role("radio", name="Jugement majoritaire").check()
    assert await faults(page) == []


_OF_THEME = "(SELECT p.id FROM proposal p JOIN theme t ON t.id = p.theme_id WHERE t.number = {})"


def _forget(readers: Readers, *meant: str) -> None:
    """Forget the errors caused on purpose, and check that there were no others."""
    assert readers.problems == list(meant)
    readers.problems.clear()
