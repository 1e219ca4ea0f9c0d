"""How many bytes a thread of twenty contributions sends over the network on a cold load."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import Response

from forum.importing.example import SEED
from forum.settings import ROOT
from tests.browser.reading import Readers
from tests.browser.serving import Site

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

KILOBYTE = 1024
MORE = Path(__file__).parent / "ten_more_contributions.txt"
# Not the theme that the other tests look at.
THEME = 2


async def test_a_thread_of_twenty_contributions_is_light(at_open: Readers, tmp_path: Path) -> None:
    _import_twenty(at_open.site, tmp_path)
    guide = await at_open.page()
    await guide.goto(f"/themes/{THEME}")
    thread = await guide.get_by_role("link", name="Propositions et pistes d’actions").get_attribute("href")
    assert thread

    answers: list[Response] = []
    page = await at_open.page()
    # Playwright sets an attribute on its listeners, which a builtin does not allow.
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(thread, wait_until="networkidle")
    assert await page.locator("article.post").count() == 20

    weights: dict[str, int] = {}
    for answer in answers:
        sizes = await answer.request.sizes()
        kind = answer.request.resource_type
        weights[kind] = weights.get(kind, 0) + sizes["responseBodySize"]
    # The fonts must have been fetched, or their weight would be missing from the sum.
    assert set(weights) >= {"document", "stylesheet", "script", "font"}
    assert weights["document"] <= 8 * KILOBYTE, weights
    assert weights["document"] + weights["stylesheet"] + weights["script"] <= 25 * KILOBYTE, weights
    assert sum(weights.values()) <= 60 * KILOBYTE, weights
    assert len(answers) <= 6, [answer.url for answer in answers]


def _import_twenty(site: Site, folder: Path) -> None:
    """The seed's ten and ten more, by the command that imports threads."""
    file = folder / "vingt-contributions.txt"
    file.write_text(SEED.read_text("utf-8").removesuffix("Log in to reply") + "\n" + MORE.read_text("utf-8"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "forum", "import-thread", str(file), "--theme", str(THEME)],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
