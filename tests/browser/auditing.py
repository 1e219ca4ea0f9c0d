"""What no page may have: faults that axe-core finds, words wider than the window, a focus that cannot be seen.

In light mode all of axe runs at both widths; in dark mode, where only colours differ, only its colour rules do.
Contrast must be 7:1 (the enhanced rule), as the palettes promise: what has that has the 4.5:1 of the other rule.
"""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4"]
COLOURS = ["color-contrast-enhanced", "link-in-text-block"]
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}

_HOW = {"resultTypes": ["violations"], "preload": False}
_BY_TAG = {**_HOW, "runOnly": {"type": "tag", "values": TAGS}}
_EVERYTHING = {**_BY_TAG, "rules": {"color-contrast": {"enabled": False}, "color-contrast-enhanced": {"enabled": True}}}
# Colours do not change with the language, and measuring them is most of the work.
_WORDS_ONLY = {**_BY_TAG, "rules": {rule: {"enabled": False} for rule in [*COLOURS, "color-contrast"]}}
_COLOURS_ONLY = {**_HOW, "runOnly": {"type": "rule", "values": COLOURS}}
# The one rule that reads the style sheets themselves, and has them fetched for it.
_SHEETS_ONLY = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["css-orientation-lock"]}}
_SHEETS = "() => [...document.styleSheets].map(sheet => sheet.href || sheet.ownerNode.textContent).join(' ')"
_RUN = "options => axe.run(document, options).then(found => found.violations)"
# Everything that Tab reaches and how its focus is drawn. The script is called after a real Tab, so that the browser
# treats what it focuses as reached by the keyboard.
_UNSEEN_FOCUS = """() => {
  const reached = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const unseen = [];
  for (const one of document.querySelectorAll(reached)) {
    if (!one.checkVisibility({visibilityProperty: true})) continue;
    one.focus();
    const drawn = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const seen = one.matches(':focus-visible') && drawn.outlineStyle === 'solid'
      && parseFloat(drawn.outlineWidth) >= 3 && box.width > 1 && box.height > 1;
    if (!seen) unseen.push(one.outerHTML.slice(0, 120));
  }
  return unseen;
}"""
# The elements that make a page too wide, so that the failure names them.
_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.outerHTML.slice(0, 120))"""


_sheets_read: set[str] = set()
"""The style sheets of the pages that were audited: most have the same."""


async def bring_axe(page: Page) -> None:
    """Have axe in every page that this window opens from now on: the browser reads its half a megabyte once."""
    await page.add_init_script(AXE)


async def faults(page: Page) -> list[str]:
    """Everything wrong with the page as it is, in both palettes and at both widths; a sentence each."""
    await _have_axe(page)
    found: list[str] = []
    sheets = await page.evaluate(_SHEETS)
    if sheets not in _sheets_read:
        found += await _axe(page, _SHEETS_ONLY, "in any width")
        _sheets_read.add(sheets)
    for width in (NARROW, WIDE):
        await page.set_viewport_size(width)  # type: ignore[arg-type] # a dict is what ViewportSize is
        name = f"{width['width']} px"
        await page.emulate_media(color_scheme="light")
        found += await _axe(page, _EVERYTHING, f"{name}, light")
        await page.emulate_media(color_scheme="dark")
        found += await _axe(page, _COLOURS_ONLY, f"{name}, dark")
        found += [f"{name}: wider than the window: {html}" for html in await page.evaluate(_TOO_WIDE)]
        await page.keyboard.press("Tab")
        found += [f"{name}: focus not seen: {html}" for html in await page.evaluate(_UNSEEN_FOCUS)]
    return found


async def faults_of_words(page: Page) -> list[str]:
    """Everything wrong with a page already audited in the other language: only its words can be wrong, or too long."""
    await _have_axe(page)
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type] # as above
    found = await _axe(page, _WORDS_ONLY, "320 px")
    return found + [f"wider than the window: {html}" for html in await page.evaluate(_TOO_WIDE)]


async def _have_axe(page: Page) -> None:
    if await page.evaluate("!window.axe"):
        await page.evaluate(AXE)


async def _axe(page: Page, options: dict[str, Any], where: str) -> list[str]:
    return [
        f"{where}: {one['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for one in await page.evaluate(_RUN, options)
        for node in one["nodes"]
    ]
