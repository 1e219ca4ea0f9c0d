"""Leaving a form asks for confirmation whenever its words are kept nowhere else, and only then."""

from collections.abc import AsyncIterator

import anyio
import pytest
from playwright.async_api import Dialog, Page, Route

from tests.browser.reading import Readers
from tests.conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture(autouse=True)
async def clean(at_open: Readers) -> AsyncIterator[None]:
    """No draft of one test is in a page of another."""
    yield
    await at_open.site.put("DELETE FROM post_draft")


async def _asked_on_leaving(page: Page) -> bool:
    """Whether the browser asks before a link is followed, once somebody has pressed something on the page."""
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.once("dialog", leave)
    # A browser asks only on a page where somebody did something.
    await page.locator("h1").click()
    async with page.expect_navigation():
        await page.get_by_role("link", name="Annuler").click()
    return asked == ["beforeunload"]


async def _comes_back(page: Page, address: str, words: str) -> None:
    """The words are in the form again once what the page sent as it closed has been written."""
    with anyio.fail_after(PATIENCE):
        await page.goto(address)
        while await page.input_value("#source") != words:
            await page.goto(address)


async def test_leaving_an_untouched_form_asks_nothing(at_open: Readers) -> None:
    page = await at_open.page("membre")
    for path in (
        "/fils/1/repondre?en_reponse_a=2",
        "/themes/3/nouveau-fil",
        f"/contributions/{at_open.site.places['own']}",
    ):
        await page.goto(path if "contributions" not in path else path + "/modifier")
        assert not await _asked_on_leaving(page), path


@pytest.mark.parametrize("path", ["/fils/1/repondre?en_reponse_a=2", "/contributions/{own}/modifier"])
async def test_typed_words_are_kept_as_a_draft_and_leaving_asks_nothing(at_open: Readers, path: str) -> None:
    page, address = await at_open.page("membre"), path.format(**at_open.site.places)
    for words in ("Des mots auxquels je tiens.", "D’autres mots, prévisualisés."):
        await page.goto(address)
        await page.fill("#source", words)
        if "prévisualisés" in words:
            await page.get_by_role("button", name="Prévisualiser").click()
            await page.locator(".preview").wait_for()
        assert not await _asked_on_leaving(page)
        await _comes_back(page, address, words)
    await page.fill("#source", "Et encore.")
    await page.locator("[data-draft-said]", has_text="Brouillon enregistré.").wait_for()


async def test_leaving_words_that_cannot_be_kept_asks_first(at_open: Readers) -> None:
    page = await at_open.page("membre")
    await page.goto("/themes/3/nouveau-fil")

    async def lose(route: Route) -> None:
        await route.abort()

    await page.route("**/nouveau-fil", lose)
    await page.fill("#source", "Des mots auxquels je tiens.")
    await page.locator("[data-draft-said]", has_text="Brouillon non enregistré.").wait_for()
    assert await _asked_on_leaving(page)
    # Chromium reports each request that the test itself has stopped.
    at_open.problems[:] = [each for each in at_open.problems if "ERR_FAILED" not in each]


async def test_leaving_a_refused_proposal_asks_first(at_open: Readers) -> None:
    page = await at_open.page("membre")
    await page.goto("/themes/3/proposer")
    await page.evaluate("for (const form of document.forms) form.noValidate = true")
    await page.fill("#formulation", "Trop de mots. " * 2000)
    await page.locator("main form .primary").click()
    await page.locator(".error-summary").wait_for()
    assert await _asked_on_leaving(page)


async def test_leaving_published_words_asks_nothing(at_open: Readers) -> None:
    page = await at_open.page("membre")
    asked: list[str] = []

    async def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", accept)
    await page.goto("/themes/1/nouveau-fil")
    await page.fill("#titre", "Un fil relu avant de paraître")
    await page.fill("#source", "Des mots relus.")
    await page.get_by_role("button", name="Prévisualiser").click()
    await page.locator(".preview").wait_for()
    await page.locator("main form .primary").click()
    await page.wait_for_url("**/fils/*")
    assert asked == []
