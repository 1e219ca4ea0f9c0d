"""Everything works without scripts: a short version of the journey."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.reading import Readers

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


async def test_a_member_quotes_proposes_and_votes_without_scripts(at_open: Readers) -> None:
    page = await at_open.page("membre", java_script_enabled=False)
    await page.goto("/fils/1")
    await page.locator("#c-3").get_by_role("link", name="Citer").click()
    await expect(page.locator(".quote blockquote")).to_contain_text("organiser une politique d'accueil")
    await page.fill("#source", "Sans script, et pourtant publié.")
    await page.get_by_role("button", name="Prévisualiser").click()
    await expect(page.locator(".preview")).to_contain_text("Sans script")
    await page.get_by_role("button", name="Publier ma contribution").click()
    await expect(page.locator("article.post").last).to_contain_text("Sans script, et pourtant publié.")
    await page.goto("/themes/2/proposer")
    await page.fill("#formulation", "Une proposition sans script")
    await page.get_by_role("button", name="Soumettre ma proposition").click()
    await _vote(page, "Abstention", "Vous avez voté : abstention.")
    await _vote(page, "Contre", "Vous avez voté : contre.")
    await page.get_by_role("button", name="Retirer mon vote").click()
    await expect(page.locator(".own-vote")).to_contain_text("Vous n’avez pas encore voté.")


async def _vote(page: Page, opinion: str, said: str) -> None:
    await page.get_by_role("radio", name=opinion).check()
    await page.get_by_role("button", name="Enregistrer").click()
    await expect(page.locator(".own-vote")).to_contain_text(said)


async def test_a_moderator_tags_without_scripts(at_open: Readers) -> None:
    page = await at_open.page("modératrice", java_script_enabled=False)
    await page.goto("/fils/1")
    post = page.locator("#c-4")
    await post.locator("summary").click()
    await post.get_by_label("Réunion numéro").fill("1")
    await post.get_by_role("button", name="Étiqueter", exact=True).click()
    await expect(post.locator(".tag")).to_have_text("GT réunion 1")
    await post.locator("summary").click()
    await post.get_by_role("button", name="Retirer « GT réunion 1 »").click()
    await expect(post.locator(".tag")).to_have_count(0)


async def test_the_page_of_a_synthesis_refreshes_itself_without_scripts(at_open: Readers) -> None:
    page = await at_open.page("agent", java_script_enabled=False)
    await page.goto("/syntheses")
    await page.get_by_label("Thème 1").check()
    await page.get_by_role("button", name="Demander la synthèse").click()
    await expect(page.get_by_role("progressbar", name="Compilation en cours")).to_be_visible()
    await expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name=re.compile("CSV")).click()
    assert (await download.value).suggested_filename.endswith(".csv")
