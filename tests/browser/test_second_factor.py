"""An agent sets up a second factor with a telephone and signs in with it; then each of its pages is audited."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.browser.auditing import faults
from tests.browser.reading import Readers

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

SET_UP = "/compte/securite/double-authentification"


async def test_an_agent_enters_with_a_code_without_scripts(at_fresh: Readers) -> None:
    page = await at_fresh.page("agent", java_script_enabled=False)
    await page.goto("/compte/securite")
    await page.get_by_role("link", name="Activer la double authentification").click()
    secret = await _confirm(page, at_fresh.site.passwords["agent"][1])
    paper = await page.locator("ol code").all_inner_texts()
    assert len(paper) == 10
    await page.get_by_role("link", name="J’ai rangé ces codes").click()
    await expect(page.locator("main")).to_contain_text("Il vous reste 10 codes de secours.")
    await _sign_out(page)
    await _give_password(page, at_fresh)
    await page.fill("#code", "000000")
    await page.get_by_role("button", name="Se connecter").click()
    await expect(page.locator(".error-summary")).to_contain_text("Ce code n’est pas le bon")
    # The code of the set-up is used up: the next one is taken, which the site accepts a little early.
    await page.fill("#code", pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    await page.get_by_role("button", name="Se connecter").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Synthèses")
    await _sign_out(page)
    await _give_password(page, at_fresh)
    await page.fill("#code", paper[0])
    await page.get_by_role("button", name="Se connecter").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Synthèses")
    await page.goto("/compte/securite")
    await expect(page.locator("main")).to_contain_text("Il vous reste 9 codes de secours.")


async def test_the_pages_of_a_second_factor_are_without_fault(at_fresh: Readers) -> None:
    page, (_, password) = await at_fresh.page("membre"), at_fresh.site.passwords["membre"]
    await page.goto(SET_UP)
    await _confirm(page, password)
    assert await faults(page) == []
    for path in ("/compte/securite", SET_UP, "/compte/securite/codes-de-secours", "/compte/securite/desactiver"):
        await page.goto(path)
        assert await faults(page) == []
    visitor = await at_fresh.page()
    await _give_password(visitor, at_fresh, "membre")
    assert await faults(visitor) == []


async def _confirm(page: Page, password: str) -> str:
    """Type the code that the application shows; returns the key that it shares with the site."""
    secret = (await page.locator("main code").inner_text()).replace(" ", "")
    await page.fill("#code", pyotp.TOTP(secret).now())
    await page.fill("#mot_de_passe_actuel", password)
    await page.get_by_role("button", name="Confirmer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Vos codes"))
    return secret


async def _give_password(page: Page, readers: Readers, who: str = "agent") -> None:
    """Sign in with the password, up to the page that asks for the code."""
    name, password = readers.site.passwords[who]
    await page.goto("/connexion?suite=/syntheses")
    await page.fill("#identifiant", name)
    await page.fill("#mot_de_passe", password)
    await page.get_by_role("button", name="Se connecter").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Code de connexion")


async def _sign_out(page: Page) -> None:
    await page.goto("/compte/securite")
    await page.get_by_role("button", name="Me déconnecter partout").click()
    await expect(page.get_by_role("status").filter(has_text="Toutes vos sessions sont fermées.")).to_be_visible()
