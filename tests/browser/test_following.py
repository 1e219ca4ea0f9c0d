"""Two people are notified, one by a mail: its link leads to the words, and one click ends these mails, no look does."""

import re
from email import message_from_bytes, policy
from pathlib import Path
from time import monotonic

import anyio
import pytest
from playwright.async_api import expect

from tests.browser.reading import Readers
from tests.browser.serving import Site
from tests.conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


async def _mail_to(site: Site, email: str) -> str:
    """The text of the mail about news that leaves to somebody: everything waits for two minutes, and workers look every
    minute."""
    await site.put("UPDATE notification SET created_at = '2026-01-01 00:00:00+00:00' WHERE mailed_at IS NULL")
    folder, until = Path(site.environment["FORUM_SITE__DATA_DIR"]) / "mail", monotonic() + 60 + PATIENCE
    while monotonic() < until:
        for path in folder.glob("*-news.eml") if folder.exists() else ():
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            if message["To"] == email:
                body = message.get_body(("plain",))
                assert body is not None
                return str(body.get_content())
        await anyio.sleep(1)
    raise AssertionError("no mail left")


@pytest.mark.parametrize("scripts", [False], ids=["without scripts"])
async def test_both_are_notified_and_one_click_ends_the_mails(
    at_fresh: Readers, fresh_site: Site, scripts: bool
) -> None:
    member = await at_fresh.page("membre", java_script_enabled=scripts)
    await member.goto("/themes/3/nouveau-fil")
    await member.fill("#titre", "Prêter du matériel")
    await member.fill("#source", "Qui prête des ordinateurs ?")
    await member.get_by_role("button", name="Ouvrir le fil").click()
    thread = member.url.partition("?")[0]

    moderator = await at_fresh.page("modératrice", java_script_enabled=scripts)
    await moderator.goto(thread)
    await moderator.get_by_role("button", name="Suivre ce fil").click()
    await expect(moderator.locator("p.notice")).to_contain_text("vous suivez cette page")
    await moderator.locator("article.post").get_by_role("link", name="Répondre").first.click()
    await moderator.fill("#source", "Nous en prêtons douze.")
    await moderator.get_by_role("button", name="Publier").click()

    await member.goto(thread)
    await member.locator("article.post").last.get_by_role("link", name="Répondre").click()
    await member.fill("#source", "À qui ?")
    await member.get_by_role("button", name="Publier").click()
    for page in (member, moderator):
        await page.goto("/notifications")
        await expect(page.locator("main")).to_contain_text("vous répond")

    mail = await _mail_to(fresh_site, fresh_site.passwords["membre"][0])
    assert "« Nous en prêtons douze. »" in re.sub(r"\s+", " ", mail)
    read, _, end = re.findall(r"https?://\S+", mail)[:3]
    await member.goto(read)
    await expect(member.locator("article.post:target")).to_contain_text("Nous en prêtons douze.")

    stranger = await at_fresh.page(java_script_enabled=scripts)
    await stranger.goto(end)
    await member.goto("/notifications")
    await expect(member.get_by_label("Ce qui vous est adressé")).to_have_value("at once")
    await stranger.get_by_role("button", name="Ne plus les recevoir").click()
    await expect(stranger.locator("h1")).to_have_text("C’est fait")
    await member.reload()
    await expect(member.get_by_label("Ce qui vous est adressé")).to_have_value("no mail")
