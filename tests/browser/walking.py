"""One page seen by somebody, in French, then switched to English as they would: everything that is wrong with it."""

from playwright.async_api import Page

from tests.browser.auditing import bring_axe, faults, faults_of_words
from tests.browser.reading import Readers
from tests.browser.scenes import Scene


def name_of(scene: Scene) -> str:
    return f"{scene.who}: {scene.name}"


async def faults_in_french(readers: Readers, scene: Scene) -> tuple[Page, list[str]]:
    """The window, and what is wrong with the page or was noted on the way to it."""
    readers.problems.clear()
    page = await readers.window(scene.who, bring_axe)
    await _open(page, scene.path.format(**readers.site.places), scene)
    return page, await faults(page) + readers.problems


async def faults_in_both_languages(readers: Readers, scene: Scene) -> list[str]:
    """What was done on the page is done again in English: the answer to a form has no address of its own."""
    page, found = await faults_in_french(readers, scene)
    readers.problems.clear()
    await _open(page, "/en" + scene.path.format(**readers.site.places), scene)
    assert await page.locator("html").get_attribute("lang") == "en"
    return found + [f"in English, {fault}" for fault in await faults_of_words(page) + readers.problems]


async def _open(page: Page, address: str, scene: Scene) -> None:
    answer = await page.goto(address)
    assert answer
    assert answer.status == scene.status
    if scene.steps:
        await scene.steps(page)
