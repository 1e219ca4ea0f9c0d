"""Gestures with mouse and keyboard that take more than one call."""

from playwright.async_api import Page

# The place of words once nothing moves: the font arrives after the page, and the page scrolls to its fragment.
_PLACE_OF_WORDS = """async ([holder, words]) => {
  const root = document.querySelector(holder);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = walker.nextNode()); ) {
    const at = node.data.indexOf(words);
    if (at < 0) continue;
    range.setStart(node, at);
    range.setEnd(node, at + words.length);
    break;
  }
  const place = () => {
    root.closest('article').scrollIntoView({behavior: 'instant'});
    const boxes = [...range.getClientRects()];
    const first = boxes[0], last = boxes.at(-1);
    return first && [first.left, (first.top + first.bottom) / 2, last.right, (last.top + last.bottom) / 2];
  };
  await document.fonts.ready;
  for (let seen = "", same = 0; same < 3; ) {
    const now = String(place());
    same = seen === now ? same + 1 : 0;
    seen = now;
    await new Promise(done => setTimeout(done, 100));
  }
  return place();
}"""
_FOCUSED = "() => document.activeElement.textContent.trim() || document.activeElement.name"


async def select_words(page: Page, holder: str, words: str) -> None:
    """Drag the mouse over these words, which are in one paragraph of `holder`."""
    await page.wait_for_load_state()
    place = await page.evaluate(_PLACE_OF_WORDS, [holder, words])
    assert place, f"« {words} » is not in {holder}"
    left, top, right, bottom = place
    await page.mouse.move(left + 1, top)
    await page.mouse.down()
    await page.mouse.move(right, bottom, steps=5)
    await page.mouse.up()


async def tab_to(page: Page, name: str, *, at_most: int = 80) -> None:
    """Press Tab until the focus is on the element with these words, as somebody without a mouse does."""
    met = []
    for _ in range(at_most):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(_FOCUSED)
        met.append(focused)
        if focused.startswith(name):
            return
    raise AssertionError(f"Tab never reaches « {name} »: {met}")
