"""Contributions through the door: reply, mention, tag, edit, read at a revision."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.discussion import threads
from forum.domain.discussion.extracts import ShownExtract, extracts_of
from forum.domain.discussion.sent_forms import new_key
from forum.models.meetings import Meeting
from forum.models.members import Member
from forum.models.posts import PostKind
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.settings import settings
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, sign_in
from tests.statements import heard


async def test_a_member_replies(client: AsyncClient, thread: Thread) -> None:
    first = await make_post(thread, "Former les équipes.")
    await sign_in(client, await make_member("Camille Martin"))
    form = {"source": "Oui.\nEt accueillir.", "en_reponse_a": str(first.id)}
    answer = await client.post(f"/fils/{thread.id}/repondre", data=form)
    assert answer.status_code == 303
    assert re.fullmatch(rf"/fils/{thread.id}\?fait=contribution-publiee&ici=(\d+)#c-\1", answer.headers["location"]), (
        answer.headers["location"]
    )
    page = (await client.get(answer.headers["location"])).text
    assert "Oui.<br>\nEt accueillir." in page
    assert "en réponse à" in page
    beside = page.partition('<article class="post noted" id="c-2"')[2]
    assert beside.count("Votre contribution est publiée.") == page.count("Votre contribution est publiée.") == 1


async def test_a_visitor_who_replies_is_led_to_sign_in_and_keeps_the_words(client: AsyncClient, thread: Thread) -> None:
    answer = await client.post(
        f"/fils/{thread.id}/repondre", data={"source": "Mes mots précieux, écrits pendant la pause du déjeuner."}
    )
    assert answer.status_code in (401, 403)
    assert "Mes mots précieux, écrits pendant la pause du déjeuner." in answer.text
    assert await count("post") == 0


@pytest.mark.parametrize("action", ["publier", "apercu"])
async def test_a_reply_that_is_too_long_is_kept_and_refused(client: AsyncClient, thread: Thread, action: str) -> None:
    await sign_in(client, await make_member())
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": "é" * 20_001, "acte": action})
    assert answer.status_code == 422
    assert "é" * 20_001 in answer.text
    assert await count("post") == 0


async def test_a_name_shows_its_handle_to_those_who_may_write(client: AsyncClient, thread: Thread) -> None:
    await make_post(thread, "Former.", author=await make_member("Malik Diallo"))
    assert "@Malik-Diallo" not in (await client.get(f"/fils/{thread.id}")).text
    await sign_in(client, await make_member())
    assert "@Malik-Diallo" in (await client.get(f"/fils/{thread.id}")).text


def read_aloud(version: str) -> str:
    """The words of a version in a history, without its date."""
    words = re.sub(r'<span class="byline">.*?</span>|<[^>]+>', " ", f"<{version}".partition("</section>")[0])
    return html.unescape(re.sub(r"\s+", " ", words)).replace("\u202f", " ").replace("\u00a0", " ").strip()


async def test_an_edit_keeps_history(client: AsyncClient, thread: Thread) -> None:
    author = await make_member()
    post = await make_post(thread, "Premiers mots.", author=author)
    await sign_in(client, author)
    form = (await client.get(f"/contributions/{post.id}/modifier")).text
    assert "Premiers mots.</textarea>" in form
    await client.post(f"/contributions/{post.id}/modifier", data={"source": "Nouveaux mots.", "version": "1"})
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Nouveaux mots." in page
    assert "modifiée le" in page
    await client.post(f"/contributions/{post.id}/modifier", data={"source": "Nouveaux *mots*.", "version": "2"})
    quoted = f"{{{{citation {post.id}@1 0-8}}}}\n\nNouveaux *mots*."
    await client.post(f"/contributions/{post.id}/modifier", data={"source": quoted, "version": "3"})
    history = (await client.get(f"/contributions/{post.id}/historique")).text
    _, *versions = history.split('<section class="post"')
    assert [read_aloud(each) for each in versions] == [
        "Version 4 Les citations ont changé.",
        "Version 3 Les mots sont les mêmes : seule leur mise en forme a changé.",
        "Version 2 [retiré : Premiers ] [ajouté : Nouveaux ] mots.",
        "Version 1 Premiers mots.",
    ]


@pytest.mark.parametrize("action", ["publier", "apercu"])
@pytest.mark.parametrize("words", ["[GT réunion 1]", "{{citation 1@1 0-7}}\n\n[GT réunion 1]", "{{citation 1@1 0-7}}"])
async def test_tags_and_quotes_alone_are_no_words(client: AsyncClient, thread: Thread, words: str, action: str) -> None:
    author = await make_member()
    own = await make_post(thread, "Former.", author=author)
    await sign_in(client, author)
    reply, edit = f"/fils/{thread.id}/repondre", f"/contributions/{own.id}/modifier"
    for address in (reply, edit):
        answer = await client.post(address, data={"source": words, "version": "1", "acte": action})
        assert answer.status_code == 422
        assert '<p class="error" id="source-error">Ajoutez vos mots' in answer.text
        assert f"{words}</textarea>" in answer.text
    assert await count("post_revision") == 1
    assert (await client.post(reply, data={"source": f"{words}\n\nMes mots."})).status_code == 303


async def test_the_first_version_of_an_imported_contribution_has_no_known_date(
    client: AsyncClient, thread: Thread
) -> None:
    dated, imported = await make_post(thread), await make_post(thread, written_at=None)
    assert "date non connue" not in (await client.get(f"/contributions/{dated.id}/historique")).text
    text = (await client.get(f"/contributions/{imported.id}/historique")).text
    assert '<span class="byline">date non connue</span>' in text
    assert "2026" not in text.split("<main")[1].split("</main>")[0]


async def test_the_second_of_two_edits_gets_409_and_both_texts(client: AsyncClient, thread: Thread) -> None:
    author = await make_member()
    post = await make_post(thread, "Premiers mots.", author=author)
    await sign_in(client, author)
    await client.post(f"/contributions/{post.id}/modifier", data={"source": "Mots d’une fenêtre.", "version": "1"})
    second = await client.post(
        f"/contributions/{post.id}/modifier", data={"source": "Mots de l’autre.", "version": "1"}
    )
    assert second.status_code == 409
    assert "Mots d’une fenêtre." in second.text
    assert "Mots de l’autre.</textarea>" in second.text
    again = await client.post(f"/contributions/{post.id}/modifier", data={"source": "Mots de l’autre.", "version": "2"})
    assert again.status_code == 303


async def test_the_words_of_the_other_window_stay_beside_a_preview(client: AsyncClient, thread: Thread) -> None:
    author = await make_member()
    post = await make_post(thread, "Premiers mots.", author=author)
    await sign_in(client, author)
    address = f"/contributions/{post.id}/modifier"
    await client.post(address, data={"source": "Mots d’une fenêtre.", "version": "1"})
    mine = {"source": "Mots de l’autre.", "version": "1"}
    refused = (await client.post(address, data=mine)).text
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', refused))
    assert sent["version"] == "2"
    for _ in range(2):
        preview = await client.post(address, data={**mine, **sent, "acte": "apercu"})
        assert "Mots d’une fenêtre." in preview.text
        sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', preview.text))
    assert (await client.post(address, data={**mine, **sent, "acte": "publier"})).status_code == 303
    assert "Mots d’une fenêtre." not in (await client.get(address)).text


async def test_nobody_edits_the_words_of_somebody_else(client: AsyncClient, thread: Thread) -> None:
    post = await make_post(thread, "Mes mots.", author=await make_member("Ariane Auteur"))
    await sign_in(client, await make_member("Maud", moderates=[await make_group("gt-3")]))
    for answer in (
        await client.get(f"/contributions/{post.id}/modifier"),
        await client.post(f"/contributions/{post.id}/modifier", data={"source": "Vos mots.", "version": "1"}),
    ):
        assert answer.status_code == 403
    assert await count("post_revision") == 1


async def test_a_member_tag_waits_and_a_moderator_tag_does_not(
    client: AsyncClient, app: Starlette, thread: Thread
) -> None:
    for number in (4, 5):
        await Meeting.create(working_group=await make_group("gt-3"), number=number, created_at=NOON)
    await sign_in(client, await make_member("Camille Martin"))
    await client.post(f"/fils/{thread.id}/repondre", data={"source": "[GT réunion 4] Une idée."})
    async with visitor(app) as browser:
        await sign_in(browser, await make_member("Maud", moderates=[await make_group("gt-3")]))
        await browser.post(f"/fils/{thread.id}/repondre", data={"source": "Une autre. [gt Reunion n° 5]"})
        for_moderator = (await browser.get(f"/fils/{thread.id}")).text
    own = (await client.get(f"/fils/{thread.id}")).text
    async with visitor(app) as browser:
        page = (await browser.get(f"/fils/{thread.id}")).text
        await sign_in(browser, await make_member("Olive Autre"))
        assert "GT réunion 4" not in (await browser.get(f"/fils/{thread.id}")).text
    assert "GT réunion 4" not in page
    assert "GT réunion 5" in page
    assert "(à confirmer)" in for_moderator
    # Its author sees that it waits.
    assert own.count("(à confirmer)") == 1


async def test_an_instruction_offers_no_action(client: AsyncClient, thread: Thread) -> None:
    await make_post(thread, "Partagez ici vos propositions.", kind=PostKind.INSTRUCTION)
    await sign_in(client, await make_member("Maud", moderates=[await make_group("gt-3")]))
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "Consigne des organisateurs" in page
    assert 'class="actions"' not in page.partition("<article")[2]


async def test_hostile_words_are_shown_and_do_nothing(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member())
    source = (
        '<script>alert(1)</script> [a](javascript:alert(1)) ![i](http://x/y.png) <cahier-quote n="0"></cahier-quote>'
    )
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    page = (await client.get(f"/fils/{thread.id}")).text
    words = page.split("data-words>")[1].split("</div>")[0]
    assert "<script" not in words
    assert "javascript:" not in re.sub(r"\[a\]\(javascript:alert\(1\)\)", "", words)
    assert "<img" not in words


async def test_contributions_close_at_the_exact_instant(client: AsyncClient, clock: Clock, thread: Thread) -> None:
    clock.pass_(days=10, microseconds=-1)
    await sign_in(client, await make_member(), now=clock.now)
    assert (await client.post(f"/fils/{thread.id}/repondre", data={"source": "À temps."})).status_code == 303
    clock.pass_(microseconds=1)
    late = await client.post(
        f"/fils/{thread.id}/repondre", data={"source": "Trop tard, mais rien n’est perdu pour autant."}
    )
    assert late.status_code == 403
    assert "Les contributions à ce thème sont closes." in late.text
    assert "Trop tard, mais rien n’est perdu pour autant." in late.text
    assert await count("post") == 1


async def statements_of_threads(client: AsyncClient, thread: Thread) -> list[int]:
    """How many statements it takes to render a thread page, with two and with twenty contributions."""
    author = await make_member("Ariane Auteur")
    counted = []
    for size in (2, 18):
        for n in range(size):
            await make_post(thread, f"Contribution {n}", author=author)
        await rows("UPDATE thread SET version = version + 1")
        with heard() as asked:
            assert (await client.get(f"/fils/{thread.id}")).status_code == 200
        counted.append(len(asked))
    return counted


async def test_nobody_contributes_before_the_opening(client: AsyncClient, clock: Clock, thread: Thread) -> None:
    theme = await Theme.get(id=thread.theme_id)
    theme.contributions_open_at = clock.now + timedelta(hours=1)
    await theme.save()
    await sign_in(client, await make_member())
    early = await client.post(f"/fils/{thread.id}/repondre", data={"source": "Trop tôt."})
    assert (early.status_code, await count("post")) == (403, 0)
    assert "Les contributions à ce thème ne sont pas encore ouvertes." in early.text
    clock.pass_(hours=1)
    answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": "À l’heure."})
    assert (answer.status_code, await count("post")) == (303, 1)


async def test_the_statements_of_a_thread_do_not_grow_with_its_posts(client: AsyncClient, thread: Thread) -> None:
    few, many = await statements_of_threads(client, thread)
    assert few == many <= 7


async def test_one_statement_per_post_is_noticed_wherever_it_is_written(
    client: AsyncClient, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of the check itself, which missed this mutant when it listened to a list of modules."""

    async def one_by_one(posts: Sequence[int]) -> dict[int, tuple[ShownExtract, ...]]:
        return {post: found for each in posts for post, found in (await extracts_of([each])).items()}

    monkeypatch.setattr(threads, "extracts_of", one_by_one)
    few, many = await statements_of_threads(client, thread)
    assert many - few == 18


async def test_a_script_that_writes_too_often_is_slowed_and_keeps_its_words(
    client: AsyncClient, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_LIMITS__WRITES_PER_MINUTE", "3")
    settings.cache_clear()
    await sign_in(client, await make_member())
    words = {"source": "Une contribution parmi beaucoup d’autres."}
    answers = [
        await client.post(f"/fils/{thread.id}/repondre", data={"source": f"{words['source']} {n}"}) for n in range(5)
    ]
    assert [a.status_code for a in answers].count(303) == 3
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "60"
    assert words["source"] in answers[-1].text
    assert await count("post") == 3


async def test_a_body_that_arrives_after_the_close_is_refused(
    client: AsyncClient, clock: Clock, thread: Thread
) -> None:
    clock.pass_(days=10, seconds=-1)
    await sign_in(client, await make_member(), now=clock.now)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"source="
        clock.pass_(seconds=1)
        yield b"Trop+tard"

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post(f"/fils/{thread.id}/repondre", content=slowly(), headers=headers)
    assert answer.status_code == 403
    assert await count("post") == 0


async def test_hostile_marks_mentions_and_tags_are_only_words(client: AsyncClient, thread: Thread) -> None:
    await sign_in(client, await make_member())
    long = "ﷺ" * 20
    for source in (
        "{{citation 999999999999999999@1 0-5}} et des mots",
        f"@{long}a et @{long}b",
        " ".join(f"@membre{n}" for n in range(200)),
        " ".join(f"[GT réunion {n}]" for n in range(1, 100)) + " Des mots.",
    ):
        answer = await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
        assert answer.status_code == 303, source[:40]
    assert (
        await client.get(f"/fils/{thread.id}/repondre?citation={{{{citation 999999999999999999@1 0-5}}}}")
    ).status_code == 200
    assert await count("mention") <= 52
    assert await count("unknown_tag") == 5
    assert (await client.get(f"/fils/{thread.id}")).status_code == 200


async def test_a_contribution_sent_twice_is_published_once(client: AsyncClient, clock: Clock, thread: Thread) -> None:
    await sign_in(client, await make_member())
    words = {"source": "Une idée, une seule fois.", "cle": new_key()}
    answers = await asyncio.gather(*(client.post(f"/fils/{thread.id}/repondre", data=words) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await count("post") == 1
    assert (await rows("SELECT posts_count FROM thread"))[0]["posts_count"] == 1
    clock.pass_(days=6)
    await sign_in(client, await Member.get(), now=clock())
    await client.post(f"/fils/{thread.id}/repondre", data=words)
    assert await count("post") == 1
    await client.post(f"/fils/{thread.id}/repondre", data=words | {"cle": new_key()})
    assert await count("post") == 2


async def test_the_same_words_in_answer_to_two_contributions_are_both_published(
    client: AsyncClient, thread: Thread
) -> None:
    first, second = await make_post(thread, "Former."), await make_post(thread, "Accueillir.")
    await sign_in(client, await make_member())
    for answered in (str(first.id), str(second.id), ""):
        answer = await client.post(
            f"/fils/{thread.id}/repondre", data={"source": "D’accord.", "en_reponse_a": answered, "cle": new_key()}
        )
        assert answer.status_code == 303
    written = await rows("SELECT reply_to_id FROM post WHERE source = $1 ORDER BY number", "D’accord.")
    assert [r["reply_to_id"] for r in written] == [first.id, second.id, None]
