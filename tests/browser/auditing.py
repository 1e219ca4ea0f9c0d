"""What no page may have: faults that axe-core finds, words wider than the window, a focus that cannot be seen.

In light mode all of axe runs at both widths; in dark mode, where only colours differ, only its colour rules do.
Contrast must be 7:1 (the enhanced rule), as the palettes promise.
"""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4"]
COLOURS = ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}

_EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"color-contrast-enhanced": {"enabled": True}}}
# Colours do not change with the language, and measuring them is most of the work.
_WORDS_ONLY = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {rule: {"enabled": False} for rule in COLOURS}}
_COLOURS_ONLY = {"runOnly": {"type": "rule", "values": COLOURS}}
_RUN = "options => axe.run(document, {...options, resultTypes: ['violations']})"

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


async def faults(page: Page) -> list[str]:
    """Everything wrong with the page as it is, in both palettes and at both widths; a sentence each."""
    await page.evaluate(AXE)
    found: list[str] = []
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
    await page.evaluate(AXE)
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type] # as above
    found = await _axe(page, _WORDS_ONLY, "320 px")
    return found + [f"wider than the window: {html}" for html in await page.evaluate(_TOO_WIDE)]


async def _axe(page: Page, options: dict[str, Any], where: str) -> list[str]:
    violations = (await page.evaluate(_RUN, options))["violations"]
    return [
        f"{where}: {one['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for one in violations
        for node in one["nodes"]
    ]
