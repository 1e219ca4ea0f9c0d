"""A Chromium, sites to open in it, and people. Without a Chromium these tests say loudly that they did not run."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests import services
from tests.browser.furnishing import close, furnish
from tests.browser.reading import Readers
from tests.browser.serving import Site, serving
from tests.conftest import PATIENCE

ARGUMENTS = [
    "--no-sandbox",  # containers have no user namespaces; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Scripts run once in each page: to optimise them takes longer than they do.
    "--js-flags=--no-opt --no-maglev",
]
# The five seconds of Playwright say how busy the machine is.
expect.set_options(timeout=PATIENCE * 1000)
MISSING = f"no browser ({', '.join(services.BROWSERS)})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was skipped: a skip alone is one letter among many."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if MISSING in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"\n!!! {MISSING}: {len(skipped)} tests in a real page DID NOT RUN.\n", red=True)


@pytest.fixture(scope="package")
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own Chromium, started once for all these tests."""
    path = services.browser()
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    if path is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="package")
async def open_site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The example with some of everything in it, its votes open. Tests must leave them open."""
    async with serving(tmp_path_factory.mktemp("open")) as site:
        await furnish(site)
        yield site


@pytest.fixture(scope="package")
async def closed_site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The example once the votes of theme 3 are closed and its synthesis is published."""
    async with serving(tmp_path_factory.mktemp("closed")) as site:
        await close(site)
        yield site


@pytest.fixture
async def fresh_site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The example as on the first run, for a single test."""
    async with serving(tmp_path_factory.mktemp("fresh")) as site:
        yield site


@asynccontextmanager
async def _people(chromium: Browser, site: Site) -> AsyncIterator[Readers]:
    """People whose browsers close at the end; anything wrong that they noted fails the test."""
    readers = Readers(chromium, site)
    yield readers
    await readers.leave()
    assert readers.problems == []


@pytest.fixture
async def at_open(chromium: Browser, open_site: Site) -> AsyncIterator[Readers]:
    """People on the site whose votes are open."""
    async with _people(chromium, open_site) as readers:
        yield readers


@pytest.fixture
async def at_closed(chromium: Browser, closed_site: Site) -> AsyncIterator[Readers]:
    """People on the site whose votes are closed."""
    async with _people(chromium, closed_site) as readers:
        yield readers


@pytest.fixture(scope="package")
async def walkers(chromium: Browser, open_site: Site) -> AsyncIterator[Readers]:
    """People who walk through every page of the site whose votes are open, each in one window."""
    async with _people(chromium, open_site) as readers:
        yield readers


@pytest.fixture(scope="package")
async def walkers_after_the_close(chromium: Browser, closed_site: Site) -> AsyncIterator[Readers]:
    """People who walk through every page of the site whose votes are closed."""
    async with _people(chromium, closed_site) as readers:
        yield readers


@pytest.fixture
async def at_fresh(chromium: Browser, fresh_site: Site) -> AsyncIterator[Readers]:
    """People on a site of their own."""
    async with _people(chromium, fresh_site) as readers:
        yield readers
