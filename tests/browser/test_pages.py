"""Every page, in French and in English, for everybody who sees it: nothing that axe finds, nothing cut, nothing hidden.

The fixtures add that no page breaks its own policy, throws, or asks anything of another origin.
"""

import pytest
from playwright.async_api import Page

from tests.browser.auditing import faults, faults_of_words
from tests.browser.reading import Readers
from tests.browser.scenes import CLOSED, OPEN, Scene

pytestmark = [pytest.mark.browser, pytest.mark.looks]


def _name(scene: Scene) -> str:
    return f"{scene.who}: {scene.name}"


async def _see(readers: Readers, scene: Scene, language: str) -> Page:
    page = await readers.page(scene.who)
    answer = await page.goto(language + scene.path.format(**readers.site.places))
    assert answer
    assert answer.status == scene.status
    if scene.steps:
        await scene.steps(page)
    return page


@pytest.mark.parametrize("scene", OPEN, ids=_name)
async def test_a_page_is_without_fault(at_open: Readers, scene: Scene) -> None:
    assert await faults(await _see(at_open, scene, "")) == []


@pytest.mark.parametrize("scene", OPEN, ids=_name)
async def test_a_page_in_english_is_without_fault(at_open: Readers, scene: Scene) -> None:
    page = await _see(at_open, scene, "/en")
    assert await page.locator("html").get_attribute("lang") == "en"
    assert await faults_of_words(page) == []


@pytest.mark.parametrize("scene", CLOSED, ids=_name)
async def test_a_page_after_the_close_is_without_fault(at_closed: Readers, scene: Scene) -> None:
    assert await faults(await _see(at_closed, scene, "")) == []
