"""Texts read anew by a later version of the pipeline: what they look like may change, never the words."""

from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.commands.upkeep import _status
from forum.database import known_row, rows, transaction
from forum.domain import jobs
from forum.domain.upkeep import text_passes
from forum.domain.upkeep.state import state
from forum.domain.upkeep.text_passes import last_pass, read_part
from forum.domain.withheld import bring_back, keep_aside
from forum.models.members import Role
from forum.models.moderation import Ground, Moderated
from forum.models.posts import Post, PostRevision
from forum.models.threads import Thread
from forum.text.reading import RENDERER_VERSION, read_anew
from forum.text.redaction import PASSAGE_SAID
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_extract, make_member, make_post, sign_in
from workers import running, texts
from workers.workshop import WORK


@pytest.fixture(autouse=True)
def worker_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(running, "clock", clock)
    return clock


async def read_earlier(thread: Thread, source: str, *, html: str = "", plain: str = "") -> Post:
    """A contribution as an earlier version read it: otherwise than today where it is said."""
    post = await make_post(thread, source)
    old = {"html": html or post.html, "plain": plain or post.plain, "renderer": 1}
    await Post.filter(id=post.id).update(**old)
    await PostRevision.filter(post_id=post.id).update(**old)
    return await Post.get(id=post.id)


async def run_the_pass(clock: Clock) -> None:
    await texts.ask()
    for job, _ in await jobs.waiting(clock()):
        await running.run(job, WORK)


async def stored(post: Post) -> tuple[str, str, int]:
    found = await Post.get(id=post.id)
    revision = await PostRevision.get(post_id=post.id, number=found.revision)
    assert (found.html, found.plain, found.renderer) == (revision.html, revision.plain, revision.renderer)
    return found.html, found.plain, found.renderer


async def test_a_text_looks_otherwise_and_its_words_stay(client: AsyncClient, thread: Thread, clock: Clock) -> None:
    post = await read_earlier(thread, "Former **tout** le monde.", html="<p>Former <b>tout</b> le monde.</p>")
    extract = await make_extract(post)
    before = await rows("SELECT * FROM extract")
    assert "<b>tout</b>" in (await client.get(f"/fils/{thread.id}")).text
    await run_the_pass(clock)
    assert await stored(post) == ("<p>Former <strong>tout</strong> le monde.</p>", post.plain, RENDERER_VERSION)
    page = (await client.get(f"/fils/{thread.id}")).text
    assert f'aria-details="mots-{extract.id}"' in page or "<mark" in page
    assert "</mark> <strong>tout</strong> le monde." in page, "the page is made again"
    assert await rows("SELECT * FROM extract") == before


async def test_a_text_whose_words_would_be_others_stays_as_it_was(thread: Thread, clock: Clock) -> None:
    older = await read_earlier(thread, "- un\n- deux", html="<ul><li>un</li></ul>", plain="un deux")
    quoting = await read_earlier(thread, "Oui.", html='<cahier-quote n="0"></cahier-quote>\n<p>Oui.</p>')
    await run_the_pass(clock)
    assert await stored(older) == ("<ul><li>un</li></ul>", "un deux", 1)
    assert (await stored(quoting))[2] == 1
    found = await last_pass()
    assert found is not None
    assert (found.version, found.read, found.changed, found.kept) == (RENDERER_VERSION, 2, 0, 2)
    assert found.finished_at == clock()


async def test_every_revision_is_read_and_the_present_one_alone_is_on_the_page(thread: Thread, clock: Clock) -> None:
    post = await read_earlier(thread, "*Un*.", html="<p><i>Un</i>.</p>")
    await PostRevision.create(
        post=post, number=2, source="*Deux*.", html="<p><i>Deux</i>.</p>", plain="Deux.", created_at=NOON
    )
    await Post.filter(id=post.id).update(revision=2, source="*Deux*.", html="<p><i>Deux</i>.</p>", plain="Deux.")
    await run_the_pass(clock)
    revisions = await PostRevision.filter(post_id=post.id).order_by("number").values_list("html", "renderer")
    assert revisions == [("<p><em>Un</em>.</p>", RENDERER_VERSION), ("<p><em>Deux</em>.</p>", RENDERER_VERSION)]
    assert (await stored(post))[0] == "<p><em>Deux</em>.</p>"


async def test_words_kept_aside_stay_there_and_come_back_as_they_were(thread: Thread, clock: Clock) -> None:
    post = await read_earlier(thread, "*Non*.", html="<p><i>Non</i>.</p>")
    async with transaction():
        await keep_aside(Moderated.POST, post.id, NOON, ground=Ground.OFF_TOPIC)
    hidden = await stored(post)
    await run_the_pass(clock)
    assert await stored(post) == hidden
    async with transaction():
        await bring_back(Moderated.POST, post.id, hidden=True)
    assert await stored(post) == ("<p><i>Non</i>.</p>", post.plain, 1)


async def test_a_pass_that_was_cut_goes_on_where_it_was(
    thread: Thread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_passes, "READ_AT_ONCE", 2)
    posts = [await read_earlier(thread, f"*{n}*", html=f"<p><i>{n}</i></p>") for n in range(5)]
    await texts.ask()
    ((job, _),) = await jobs.waiting(clock())
    claim = await jobs.take(job, clock(), lease=timedelta(seconds=20))
    assert claim is not None
    assert await read_part(claim, clock())
    assert [(await stored(post))[2] for post in posts] == [RENDERER_VERSION] * 2 + [1] * 3
    # Killed here: whoever takes it up finds the other three, and no part of one is done twice.
    clock.pass_(minutes=1)
    await rows("UPDATE job SET state = 'queued', lease_until = NULL, run_after = $1 WHERE id = $2", clock(), job)
    await running.run(job, WORK)
    found = await last_pass()
    assert found is not None
    assert (found.read, found.changed, found.finished_at) == (5, 5, clock())
    assert [(await stored(post))[2] for post in posts] == [RENDERER_VERSION] * 5


async def test_words_that_moderators_change_meanwhile_win(
    thread: Thread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = await read_earlier(thread, "*Secret*.", html="<p><i>Secret</i>.</p>")
    found = await rows(text_passes._OLDER, 0, RENDERER_VERSION, 10)
    taken_out = {"html": f"<p>{PASSAGE_SAID}</p>", "plain": PASSAGE_SAID, "source": PASSAGE_SAID}
    await PostRevision.filter(post_id=post.id).update(**taken_out)
    await Post.filter(id=post.id).update(**taken_out)
    async with transaction():
        await text_passes._keep(text_passes._read_all(found))
    assert (await stored(post))[:2] == (f"<p>{PASSAGE_SAID}</p>", PASSAGE_SAID)


async def test_a_handle_that_was_nobodys_stays_a_word(thread: Thread) -> None:
    known = '<p><span class="mention">@Ada</span> et @Bob</p>'
    assert read_anew("@Ada et @Bob", known, "@Ada et @Bob") == known
    assert read_anew("@Ada et **@Bob**", known, "@Ada et @Bob") == (
        '<p><span class="mention">@Ada</span> et <strong>@Bob</strong></p>'
    )


async def test_a_pass_is_asked_once_for_each_version(
    thread: Thread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_the_pass(clock)
    await run_the_pass(clock)
    assert (await known_row("SELECT COUNT(*) AS n FROM job WHERE name = 'read_texts_anew'"))["n"] == 1
    await read_earlier(thread, "*a*", html="<p><i>a</i></p>")
    monkeypatch.setattr(text_passes, "RENDERER_VERSION", RENDERER_VERSION + 1)
    await run_the_pass(clock)
    found = await last_pass()
    assert found is not None
    assert (found.version, found.read, found.changed) == (RENDERER_VERSION + 1, 1, 1)


async def test_operators_read_what_a_pass_changed(app: Starlette, thread: Thread, clock: Clock) -> None:
    await read_earlier(thread, "*a*", html="<p><i>a</i></p>")
    await run_the_pass(clock)
    told = "\n".join(_status(await state(clock())))
    assert f"version {RENDERER_VERSION} du rendu" in told
    assert "1 versions relues, 1 affichées autrement, 0 gardées telles quelles" in told
    async with visitor(app) as browser:
        await sign_in(browser, await make_member("Ada Martin", role=Role.ADMINISTRATOR))
        page = " ".join((await browser.get("/administration/etat")).text.split())
    assert f"Relus par la version {RENDERER_VERSION} du rendu" in page
    assert "<dt>Affichées autrement</dt> <dd>1</dd>" in page
