"""Signing in with a provider in a real browser: form policy and cookies, with scripts and without."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.auditing import faults, faults_of_words
from tests.browser.serving import Site, free_port, serving
from tests.conftest import PATIENCE
from tests.oidc import real

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture(scope="module")
async def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The example, which accepts identities of a real provider that behaves like ProConnect."""
    port = free_port()
    with real.serving("proconnect", f"http://127.0.0.1:{port}") as issuer:
        chosen = real.environment("proconnect", issuer)
        async with serving(tmp_path_factory.mktemp("provider"), port=port, chosen=chosen) as one:
            yield one


async def enter(page: Page, login: str) -> None:
    """From the sign-in page to the provider and back."""
    await page.goto("/connexion?suite=/aide")
    await page.get_by_role("button", name="S’identifier avec ProConnect").click()
    await page.wait_for_url("http://localhost:*/**")
    await page.locator("[name=login]").fill(login)
    await page.locator("[name=password]").fill("peu importe")
    await page.locator("button[type=submit]").click()
    await page.locator("button[autofocus][type=submit]").click()


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_member_signs_in_and_out_with_the_provider(chromium: Browser, site: Site, scripts: bool) -> None:
    context = await chromium.new_context(base_url=site.address, locale="fr-FR", java_script_enabled=scripts)
    context.set_default_timeout(PATIENCE * 1000)
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    login = f"camille.martin{scripts}"
    await enter(page, login)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Première connexion avec ProConnect")
    name, password = site.passwords["membre"]
    await page.fill("#identifiant", name)
    await page.fill("#mot_de_passe", password)
    await page.get_by_role("button", name="Relier mon compte").click()
    await page.wait_for_url("**/aide")
    await context.clear_cookies()
    await enter(page, login)
    await page.wait_for_url("**/aide")
    await page.locator(".own-name").click()
    await page.get_by_role("button", name="Se déconnecter").click()
    await page.wait_for_url("http://localhost:*/**")
    await page.locator("button[value=yes]").click()
    await expect(page.locator(".notice[role=status]")).to_have_text("Votre session est fermée.")
    assert [one for one in said if "policy" in one.lower()] == []
    await context.close()


async def test_its_pages_are_without_fault(chromium: Browser, site: Site) -> None:
    context = await chromium.new_context(base_url=site.address, locale="fr-FR")
    context.set_default_timeout(PATIENCE * 1000)
    page = await context.new_page()
    await page.goto("/connexion")
    assert await faults(page) == []
    await page.goto("/connexion/premiere-fois")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Action refusée")
    assert await faults(page) == []
    await enter(page, "agnes.roux")
    for language in ("", "/en"):
        await page.goto(f"{language}/connexion/premiere-fois")
        assert await (faults_of_words if language else faults)(page) == []
    await page.goto("/connexion/premiere-fois")
    await page.fill("#nom", "")
    await page.get_by_role("button", name="Créer mon compte").evaluate("button => { button.form.noValidate = true }")
    await page.get_by_role("button", name="Créer mon compte").click()
    await expect(page.locator(".error-summary")).to_be_visible()
    assert await faults(page) == []
    name, password = site.passwords["agent"]
    await page.fill("#identifiant", name)
    await page.fill("#mot_de_passe", password)
    await page.get_by_role("button", name="Relier mon compte").click()
    await page.wait_for_url("**/aide")
    for path in ("/compte/securite", "/compte/identites/relier"):
        await page.goto(path)
        assert await faults(page) == []
    await page.goto("/compte/securite")
    await page.get_by_role("link", name="Délier").click()
    assert await faults(page) == []
    await page.goto("/en" + page.url.removeprefix(site.address))
    assert await faults_of_words(page) == []
    await context.close()
