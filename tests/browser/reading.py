"""People at their browsers, each in a context of their own; anything that must never happen is noted meanwhile.

Noted: an error in the console (a refused script or style is one), an exception of a script, a request to another
origin, and a part of a page that does not arrive. Every test must end with an empty list, whatever it was about.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, StorageState

from tests.browser.serving import Site
from tests.conftest import PATIENCE

# How the console of Chromium reports a page that is itself a refusal (403, 404, 422): such a status is expected.
_STATUS = "Failed to load resource: the server responded with a status of"


@dataclass
class Readers:
    """Opens pages of one site for its people; those who sign in do it once, by the form."""

    chromium: Browser
    site: Site
    problems: list[str] = field(default_factory=list)
    _open: list[BrowserContext] = field(default_factory=list)
    _windows: dict[str, Page] = field(default_factory=dict)

    async def page(self, who: str = "visiteur", **options: Any) -> Page:
        """A new window for that person: `visiteur`, or the title of an example account."""
        state = await self._state(who)
        return await self._page(storage_state=state, **options)

    async def window(self, who: str, prepare: Callable[[Page], Awaitable[None]]) -> Page:
        """The one window in which that person walks from page to page, prepared once: a new one reads every style and
        font again."""
        if who not in self._windows:
            self._windows[who] = await self.page(who)
            await prepare(self._windows[who])
        return self._windows[who]

    async def leave(self) -> None:
        """Close every window; nothing of one test stays open in the next."""
        for context in self._open:
            await context.close()
        self._open.clear()
        self._windows.clear()

    async def _page(self, **options: Any) -> Page:
        context = await self.chromium.new_context(
            **{"base_url": self.site.address, "locale": "fr-FR", "viewport": {"width": 1280, "height": 900}} | options
        )
        self._open.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.problems.append(f"exception: {error.error}"))
        context.on("request", self._check_origin)
        context.on("response", self._check_piece)
        return await context.new_page()

    async def _state(self, who: str) -> StorageState | None:
        if who == "visiteur":
            return None
        if who not in self.site.signed_in:
            page = await self._page()
            await sign_in(page, *self.site.passwords[who])
            self.site.signed_in[who] = await page.context.storage_state()
        return self.site.signed_in[who]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_STATUS):
            self.problems.append(f"console: {message.text}")

    def _check_origin(self, request: Request) -> None:
        if not request.url.startswith((f"{self.site.address}/", "data:", "blob:")):
            self.problems.append(f"request to another origin: {request.url}")

    def _check_piece(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.problems.append(f"{response.status}: {response.url}")


async def sign_in(page: Page, name: str, password: str) -> None:
    """By the form, as a person does."""
    await page.goto("/connexion")
    await page.fill("#identifiant", name)
    await page.fill("#mot_de_passe", password)
    await page.press("#mot_de_passe", "Enter")
    await page.locator(".own-name").wait_for()
