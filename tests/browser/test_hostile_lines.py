"""Hostile lines in a real browser: no script of theirs runs, nothing leaves the site, no page is wider than a phone."""

import re

import pytest

from forum.errors import Invalid
from forum.text.source import clean_source
from tests.browser.reading import Readers
from tests.browser.serving import sent
from tests.hostile import hostile_lines

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

TOGETHER = 20


def _sources() -> list[str]:
    """The lines that a form accepts, several in a contribution, each a paragraph of its own."""
    accepted = []
    for line in hostile_lines():
        # A quote or a tag is structure, judged elsewhere.
        if "{{citation" in line:
            continue
        try:
            accepted.append(clean_source(line, limit=20_000))
        except Invalid:
            continue
    groups = [accepted[start : start + TOGETHER] for start in range(0, len(accepted), TOGETHER)]
    return ["Voici :\n\n" + "\n\n".join(group) for group in groups]


async def test_hostile_lines_do_nothing_in_a_browser(at_open: Readers) -> None:
    async with at_open.site.desk("membre") as member:
        opened = await sent(member, "/themes/3/nouveau-fil", titre="</title><script>a", source="Des lignes")
        thread = re.findall(r"/fils/(\d+)", opened)[0]
        for source in _sources():
            await sent(member, f"/fils/{thread}/repondre", source=source)
    page = await at_open.page("membre", viewport={"width": 320, "height": 700})
    for address in (f"/fils/{thread}", f"/fils/{thread}?vue=reponses", f"/fils/{thread}/imprimer", "/themes/3"):
        await page.goto(address)
        assert (await page.title()).endswith("– Cahier"), address
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, (address, wide)
        ours = await page.evaluate("[...document.scripts].every(one => one.src.startsWith(location.origin))")
        assert ours, address
        handlers = "[...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames())"
        assert not await page.evaluate(f"{handlers}.some(name => name.startsWith('on') || name === 'style')"), address
    assert at_open.problems == []
