"""Moderation as people live it, with scripts and without: a visitor notifies, a moderator takes charge and hides for a
reason, the author reads it and contests, another person answers."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import anyio
import pytest
from playwright.async_api import Page, expect

from tests.browser.auditing import faults
from tests.browser.reading import Readers
from tests.conftest import PATIENCE

pytestmark = pytest.mark.browser

WORDS = "Vous ne comprenez rien, vous et votre service."
ADDRESS = "une.passante@exemple.org"


# What scripts do, no database changes.
WITHOUT = pytest.param(False, id="without", marks=pytest.mark.one_database)


@pytest.mark.parametrize("scripts", [pytest.param(True, id="with scripts"), WITHOUT])
async def test_from_a_notice_to_the_answer_to_a_complaint(at_fresh: Readers, scripts: bool) -> None:
    author = await at_fresh.page("membre", java_script_enabled=scripts)
    post = await _writes(author)
    await _a_visitor_notifies(at_fresh, post, scripts=scripts)
    await _a_moderator_hides(at_fresh, scripts=scripts)
    await _the_author_contests(author, post)
    await _another_person_answers(at_fresh, scripts=scripts)
    await author.goto(f"/contributions/{post}")
    await expect(author.locator(f"#c-{post}")).to_contain_text(WORDS)


async def _writes(page: Page) -> int:
    await page.goto("/fils/1/repondre")
    await page.fill("#source", WORDS)
    await page.get_by_role("button", name="Publier ma contribution").click()
    await expect(page.locator("article.post").last).to_contain_text(WORDS)
    found = re.search(r"c-(\d+)", str(await page.locator("article.post").last.get_attribute("id")))
    assert found
    return int(found[1])


async def _a_visitor_notifies(readers: Readers, post: int, *, scripts: bool) -> None:
    page = await readers.page(java_script_enabled=scripts)
    await page.goto(f"/contributions/{post}")
    await page.locator(f"#c-{post}").get_by_role("link", name="Signaler").click()
    await page.get_by_role("radio", name="Contraire à la charte").check()
    await page.fill("#explication", "Une attaque contre des personnes.")
    await page.fill("#adresse", ADDRESS)
    await page.get_by_role("button", name="Envoyer le signalement").click()
    # Whoever is quicker than people are is asked to read again, and sends again.
    while await page.locator(".error-summary").count():
        await anyio.sleep(1)
        await page.get_by_role("button", name="Envoyer le signalement").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Confirmez votre signalement")
    await page.goto(await _link(readers, "Confirmer mon signalement"))
    if scripts:
        assert await faults(page) == []
    await page.get_by_role("button", name="Confirmer et envoyer").click()
    await expect(page.locator("main")).to_contain_text("L’équipe de modération n’a pas encore décidé.")
    if scripts:
        assert await faults(page) == []


async def _link(readers: Readers, label: str) -> str:
    """The address under these words in a mail that was written to the visitor, once it is there."""
    folder = Path(readers.site.environment["FORUM_SITE__DATA_DIR"]) / "mail"
    for _ in range(10 * PATIENCE):
        for file in folder.glob("*.eml"):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            text = str(body.get_content()) if body and ADDRESS in str(message["To"]) else ""
            if found := re.search(rf"{label}\s*:\s*(\S+)", text):
                return found[1]
        await anyio.sleep(0.1)
    raise AssertionError(f"no mail says {label}")


async def _a_moderator_hides(readers: Readers, *, scripts: bool) -> None:
    page = await readers.page("modératrice", java_script_enabled=scripts)
    await page.goto("/")
    await page.get_by_role("link", name="Modération (1)").click()
    await page.locator("main .listing a").first.click()
    await expect(page.locator("main")).to_contain_text("une personne sans compte")
    await page.get_by_role("button", name="M’en charger").click()
    await expect(page.locator("main")).to_contain_text("Vous vous en chargez.")
    other = await readers.page("administratrice", java_script_enabled=scripts)
    await other.goto(page.url.partition("?")[0])
    await expect(other.locator("main")).to_contain_text("Nadia Berthier s’en charge depuis")
    await page.get_by_role("radio", name="Masquer Personne d’autre").check()
    await page.get_by_label("Règle appliquée").select_option(label="Contraire à la charte")
    await page.fill("#motif", "Une attaque contre les personnes d’un service.")
    await page.get_by_role("button", name="Voir l’aperçu").click()
    await expect(page.locator("#apercu")).to_contain_text("Vous pouvez contester cette décision jusqu’au")
    await page.get_by_role("button", name="Envoyer la décision").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Décision de modération")


async def _the_author_contests(page: Page, post: int) -> None:
    await page.goto("/fils/1")
    await expect(page.locator(f"#c-{post}")).not_to_contain_text(WORDS)
    await page.goto("/notifications")
    await page.get_by_role("link", name="L’équipe de modération a pris une décision sur vos mots").click()
    for said in ("Une attaque contre les personnes d’un service.", "Aucun programme n’y a pris part.", WORDS):
        await expect(page.locator("main")).to_contain_text(said)
    await page.get_by_role("link", name="Contester cette décision").click()
    await page.fill("#explication", "Je répondais à une provocation.")
    await page.get_by_role("button", name="Envoyer ma réclamation").click()
    await expect(page.locator("main")).to_contain_text("Une autre personne que celle qui a décidé la lira")


async def _another_person_answers(readers: Readers, *, scripts: bool) -> None:
    page = await readers.page("administratrice", java_script_enabled=scripts)
    await page.goto("/moderation")
    await page.locator("main section .listing a").first.click()
    await page.get_by_role("link", name="Répondre à la réclamation").click()
    await page.get_by_role("radio", name="Décision annulée").check()
    await page.fill("#explication", "Vous citiez quelqu’un d’autre.")
    await page.get_by_role("button", name="Envoyer la réponse").click()
    await expect(page.locator("main")).to_contain_text("Décision annulée.")
    visitor = await readers.page(java_script_enabled=scripts)
    await visitor.goto(await _link(readers, "Lire la décision"))
    await expect(visitor.locator("main")).to_contain_text("Ce que vous avez signalé est de nouveau affiché.")
