"""Leaving a form asks for confirmation whenever its words are kept nowhere else, and only then."""

import pytest
from playwright.async_api import Dialog, Page

from tests.browser.reading import Readers

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


async def _asked_on_leaving(page: Page) -> bool:
    """Whether the browser asks before a link is followed, once somebody has pressed something on the page."""
    asked: list[str] = []

    async def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    # A browser asks only on a page where somebody did something.
    await page.locator("h1").click()
    async with page.expect_navigation():
        await page.get_by_role("link", name="Annuler").click()
    return asked == ["beforeunload"]


async def test_leaving_an_untouched_form_asks_nothing(at_open: Readers) -> None:
    page = await at_open.page("membre")
    for path in (
        "/fils/1/repondre?en_reponse_a=2",
        "/themes/3/nouveau-fil",
        f"/contributions/{at_open.site.places['own']}",
    ):
        await page.goto(path if "contributions" not in path else path + "/modifier")
        assert not await _asked_on_leaving(page), path


async def test_leaving_typed_words_asks_first(at_open: Readers) -> None:
    page = await at_open.page("membre")
    await page.goto("/fils/1/repondre?en_reponse_a=2")
    await page.fill("#source", "Des mots auxquels je tiens.")
    assert await _asked_on_leaving(page)


@pytest.mark.parametrize("path", ["/fils/1/repondre?en_reponse_a=2", "/contributions/{own}/modifier"])
async def test_leaving_previewed_words_asks_first(at_open: Readers, path: str) -> None:
    page = await at_open.page("membre")
    await page.goto(path.format(**at_open.site.places))
    await page.fill("#source", "Des mots auxquels je tiens.")
    await page.get_by_role("button", name="Prévisualiser").click()
    await page.locator(".preview").wait_for()
    assert await _asked_on_leaving(page)


@pytest.mark.parametrize(
    ("path", "field"),
    [("/fils/1/repondre", "source"), ("/themes/3/nouveau-fil", "source"), ("/themes/3/proposer", "formulation")],
)
async def test_leaving_refused_words_asks_first(at_open: Readers, path: str, field: str) -> None:
    page = await at_open.page("membre")
    await page.goto(path)
    await page.evaluate("for (const form of document.forms) form.noValidate = true")
    await page.fill(f"#{field}", "Trop de mots. " * 2000)
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
