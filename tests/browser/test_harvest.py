"""Words kept in two gestures: select them, say what they are."""

import pytest
from playwright.async_api import expect

from tests.browser.gestures import select_words
from tests.browser.reading import Readers

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


async def test_words_are_selected_then_named(at_fresh: Readers) -> None:
    page = await at_fresh.page("modératrice")
    await page.goto("/contributions/8/extraire")
    await select_words(page, "[data-words]", "territoire privilégié")
    await expect(page.locator("#mots")).to_have_value("territoire privilégié")
    await page.get_by_role("button", name="Connaissance").click()
    await page.locator("mark.extract", has_text="territoire privilégié").wait_for()
    await expect(page.locator(".kept", has_text="Connaissance")).to_have_count(1)


async def test_enter_in_a_field_keeps_nothing(at_fresh: Readers) -> None:
    """No type was chosen: to take the first one would be a guess."""
    page = await at_fresh.page("modératrice")
    await page.goto("/contributions/9/extraire")
    await page.check("#tout")
    await page.fill("#proposition", "T3-001")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    await page.press("#proposition", "Enter")
    # What the key sent, if it did, leaves before this page is asked for.
    await page.reload()
    assert set(sent) == {"GET"}
    assert await page.locator(".kept").count() == 0
    assert page.url.endswith("/contributions/9/extraire")
