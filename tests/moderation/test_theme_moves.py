"""Threads and contributions go to another theme and back: proposals stay, their citations still lead to the words."""

import json
import re
from html import unescape
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows, transaction
from forum.domain.chapters.outlines import outline_of
from forum.domain.moderation import theme_moves
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.models.cases import ModerationCase
from forum.models.meetings import Meeting, MeetingTag, TagState, UnknownTag
from forum.models.members import Member
from forum.models.moderation import Moderated
from forum.models.posts import Post, PostKind
from forum.models.proposals import Nature, Origin, Proposal
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import (
    make_extract,
    make_group,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)
from tests.moderation.test_thread_moves import WHY, followed, hidden, leads_to, picture, read, undo
from tests.test_writes_that_meet import Waits, both


class Place:
    """Three themes, the last one of another group; two threads of the first, one of the second; a moderator of both
    groups, one of the second alone."""

    one: Theme
    two: Theme
    far: Theme
    thread: Thread
    stays: Thread
    other: Thread
    posts: list[Post]
    author: Member
    moderator: Member
    far_moderator: Member


@pytest.fixture
async def place(client: AsyncClient) -> Place:
    made = Place()
    group, far = await make_group("gt-3"), await make_group("gt-5", "Accueil")
    made.one, made.two = await make_theme(3, group=group), await make_theme(4, group=group, title="Horaires")
    made.far = await make_theme(5, group=far, title="Accueil")
    made.moderator = await make_member("Nadia Berthier", moderates=[group, far])
    made.far_moderator = await make_member("Malik Diallo", moderates=[far])
    made.author = await make_member("Ada Auteure")
    made.thread, made.stays = await make_thread(made.one, "Ouvrir le soir"), await make_thread(made.one, "Former")
    made.other = await make_thread(made.two, "Déjà là")
    made.posts = [await make_post(made.thread, f"Idée {n} du premier.", author=made.author) for n in range(1, 4)]
    await make_post(made.other, "Idée 1 du second.", author=made.author)
    await sign_in(client, made.moderator)
    return made


async def proposed(place: Place, post: Post) -> Proposal:
    """A proposal of the first theme that was made of a whole contribution."""
    proposal = await make_proposal(place.one, "Ouvrir plus tard.", author=place.author)
    extract = await make_extract(post, author=place.moderator, proposal=proposal)
    await Proposal.filter(id=proposal.id).update(extract_id=extract.id, origin=Origin.EXTRACT)
    return await Proposal.get(id=proposal.id)


async def change(client: AsyncClient, thread: Thread, theme: int, **typed: str) -> Response:
    """Look at what will happen, then send the form that the page shows."""
    address = f"/fils/{thread.id}/changer-de-theme"
    page = await client.get(address, params={"theme": str(theme)})
    assert page.status_code == 200, page.text
    return await client.post(address, data={**hidden(page.text), "motif": WHY, **typed})


def plain(page: str) -> str:
    return re.sub("</?bdi>", "", unescape(" ".join(page.split())))


async def test_a_thread_changes_theme_and_both_say_so_twice_in_both_directions(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    address = f"/fils/{place.thread.id}"
    before = await picture()
    # These pages are kept from now on.
    assert "Ouvrir le soir" in await read(app, "/themes/3")
    assert "du thème 3" not in await read(app, address)
    for _ in range(2):
        answer = await change(client, place.thread, 4)
        assert answer.headers["location"] == f"{address}?fait=fil-change-de-theme"
        page = plain(await read(app, address))
        assert "a déplacé ce fil du thème 3 au thème 4." in page
        assert f"Raison : {WHY}" in page
        assert "Nadia" not in page
        listed, left = plain(await read(app, "/themes/4")), plain(await read(app, "/themes/3"))
        assert f'<a href="{address}"><strong>Ouvrir le soir</strong></a>' in listed
        assert f'<a href="{address}"><strong>Ouvrir le soir</strong></a>' not in left
        gone = left.split("Fils déplacés dans un autre thème")[1]
        assert f'<a href="{address}">Ouvrir le soir</a> (thème 4' in gone
        assert WHY in gone
        for post in place.posts:
            assert await leads_to(app, post) == (place.thread.id, 0)
        assert "Remettre ce fil dans le thème 3" not in page
        assert "Remettre ce fil dans le thème 3" in plain((await client.get(address)).text)
        assert (await change(client, place.thread, 3)).status_code == 303
        assert await picture() == before
        assert "Fils déplacés dans un autre thème" not in await read(app, "/themes/3")
        assert "Fils déplacés dans un autre thème" in await read(app, "/themes/4")
        assert "a déplacé ce fil du thème 4 au thème 3." in plain(await read(app, address))


async def test_the_authors_are_told_and_both_groups_read_it_in_the_journal(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    assert (await change(client, place.thread, 5)).status_code == 303
    told = await rows("SELECT member_id, event, thread_id FROM notification")
    assert [tuple(dict(each).values()) for each in told] == [(place.author.id, "thread moved", place.thread.id)]
    entries = await rows("SELECT act, before, after, reason, working_group_id FROM journal_entry ORDER BY id")
    assert {each["act"] for each in entries} == {"move_thread"}
    assert [each["working_group_id"] for each in entries] == [place.one.working_group_id, place.far.working_group_id]
    assert {(each["before"], each["after"], each["reason"]) for each in entries} == {
        (json.dumps({"theme": 3}), json.dumps({"theme": 5}), WHY)
    }
    async with visitor(app) as reader:
        await sign_in(reader, place.far_moderator)
        page = plain((await reader.get("/journal")).text)
        assert "a déplacé un fil dans un autre thème" in page
        await sign_in(reader, place.author)
        news = plain((await reader.get("/notifications")).text)
        assert "a déplacé dans un autre thème un fil où vous avez contribué" in news


async def test_proposals_stay_in_their_theme_and_still_cite_the_words(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    proposal = await proposed(place, place.posts[0])
    await make_extract(place.posts[1], author=place.moderator, proposal=proposal, nature=Nature.ARGUMENT_FOR)
    loose = await make_extract(place.posts[2], author=place.moderator)
    address = f"/fils/{place.thread.id}"
    preview = plain((await client.get(f"{address}/changer-de-theme?theme=4")).text)
    assert '<a class="reference" href="/propositions/T3-001">T3-001</a>' in preview
    assert "1 extrait sans proposition suit" in preview
    async with visitor(app) as member:
        await sign_in(member, place.author)
        assert "/propositions/T3-001/vote" in (await member.get(address)).text
        assert (await change(client, place.thread, 4)).status_code == 303
        page = (await member.get(address)).text
        assert "/propositions/T3-001/vote" not in page
    assert "T4-001" not in page
    assert page.count('href="/propositions/T3-001"') == 2, "each extract names its proposal"
    shown = await read(app, "/propositions/T3-001")
    assert "<p>Idée</p>" in shown, "the words of the extract"
    assert f'href="/contributions/{place.posts[0].id}/revisions/1' in shown
    assert (await client.get(f"/contributions/{place.posts[0].id}/revisions/1")).status_code == 200
    desk = await client.get(f"/contributions/{place.posts[1].id}/extraire")
    assert 'value="T3-001"' in desk.text
    # The form as it is shown keeps the proposal; the loose extract may go to a proposal of the new theme alone.
    kept = (await rows("SELECT id FROM extract WHERE post_id = $1", place.posts[1].id))[0]["id"]
    same = {"acte": "changer", "nature": "argument contre", "proposition": "T3-001"}
    assert (await client.post(f"/extraits/{kept}", data=same)).status_code == 303
    wrong = await client.post(f"/extraits/{loose.id}", data={**same, "nature": "solution"})
    assert (wrong.status_code, "T4-001" in wrong.text) == (422, True)
    await make_proposal(place.two, "Une autre demande.")
    right = {**same, "nature": "solution", "proposition": "T4-001"}
    assert (await client.post(f"/extraits/{loose.id}", data=right)).status_code == 303


async def test_a_synthesis_of_the_old_theme_still_cites_the_words(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    await proposed(place, place.posts[0])
    meeting = await Meeting.create(working_group_id=place.one.working_group_id, number=1, created_at=NOON)
    await MeetingTag.create(post=place.posts[0], meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    assert (await change(client, place.thread, 4)).status_code == 303
    for theme, cites in ((place.one, True), (place.two, False), (None, True)):
        async with transaction():
            snapshot = await freeze(theme.id if theme else None, NOON, await read_introductions())
        assert [each.post for each in snapshot.verbatims] == ([place.posts[0].id] if cites else [])
        assert ("Idée 1 du premier" in str(outline_of(snapshot))) is cites
        if cites:
            assert snapshot.verbatims[0].meetings == ("GT réunion 1",)
        if theme is not None:
            counted = {each.theme: each.posts for each in snapshot.participation.per_theme}
            assert counted == {theme.number: 0 if theme is place.one else 4}


async def test_some_contributions_go_to_a_thread_of_another_theme_and_back(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    address = f"/fils/{place.thread.id}"
    before = await picture()
    for _ in range(2):
        choice = plain((await client.get(f"{address}/deplacer")).text)
        assert '<optgroup label="Thème 4 : Horaires">' in choice
        chosen = await client.get(f"{address}/deplacer", params={"numeros": "2-3", "fil": str(place.other.id)})
        answer = await client.post(f"{address}/deplacer", data={**hidden(chosen.text), "motif": WHY})
        assert answer.status_code == 303
        page = plain(await read(app, address))
        assert f'<a href="/fils/{place.other.id}">Déjà là</a> (thème 4).' in page
        assert followed(page, place.posts[1]) == f"/contributions/{place.posts[1].id}"
        assert await leads_to(app, place.posts[2]) == (place.other.id, 0)
        assert "Ouvrir le soir</a> (thème 3)." in plain(await read(app, f"/fils/{place.other.id}"))
        assert "3 contributions" in await read(app, "/themes/4")
        assert (await undo(client, place.thread.id)).status_code == 303
        assert await picture() == before
        assert "1 contribution," in await read(app, "/themes/4")


async def test_a_new_thread_opens_in_the_theme_that_was_chosen(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    asked = {"numeros": "1", "titre": "Le soir", "theme": "5", "fil": ""}
    address = f"/fils/{place.thread.id}/deplacer"
    page = await client.get(address, params=asked)
    assert "autre groupe de travail" in plain(page.text)
    assert (await client.post(address, data={**hidden(page.text), "motif": WHY})).status_code == 303
    new = await Thread.get(title="Le soir")
    assert new.theme_id == place.far.id
    assert await leads_to(app, place.posts[0]) == (new.id, 0)
    assert "Le soir" in await read(app, "/themes/5")
    # Its former theme ends: nothing comes back there.
    await Theme.filter(id=place.one.id).update(votes_close_at=NOON)
    turn = (await rows("SELECT id FROM thread_turn"))[0]["id"]
    refused = await client.get(f"/fils/{place.thread.id}/deplacements/{turn}/annuler")
    assert (refused.status_code, "thème 3 est terminée" in plain(refused.text)) == (409, True)


async def test_what_waits_for_moderators_goes_to_those_of_the_new_group(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    here, there = place.one.working_group_id, place.far.working_group_id

    async def case(thing: Moderated, post: Post, **more: Any) -> int:
        made = await ModerationCase.create(thing=thing, thing_id=post.id, working_group_id=here, opened_at=NOON, **more)
        return int(made.id)

    waits = await case(Moderated.POST, place.posts[0], open_key="k", claimed_by=place.moderator, claimed_at=NOON)
    closed = await case(Moderated.POST, place.posts[1], closed_at=NOON)
    elsewhere = await case(Moderated.PROPOSAL, place.posts[0])
    assert (await change(client, place.thread, 5)).status_code == 303
    found = {each.id: each.working_group_id for each in await ModerationCase.all()}
    assert found == {waits: there, closed: here, elsewhere: here}
    assert (await ModerationCase.get(id=waits)).claimed_by_id is None
    async with visitor(app) as moderator:
        await sign_in(moderator, place.far_moderator)
        assert (await moderator.get(f"/moderation/dossiers/{waits}")).status_code == 200


async def test_what_would_mean_something_else_elsewhere_does_not_go(client: AsyncClient, place: Place) -> None:
    address = f"/fils/{place.thread.id}/changer-de-theme"

    async def refused(theme: int, said: str) -> None:
        for answer in (
            await client.get(address, params={"theme": theme}),
            await client.post(address, data={"theme": str(theme), "motif": WHY, "vu": "0"}),
        ):
            assert (answer.status_code, said in plain(answer.text)) == (422, True)

    await refused(3, "déjà dans ce thème")
    await refused(77, "Choisissez un thème dans la liste")
    await refused(99_999_999, "Choisissez un thème dans la liste")
    await UnknownTag.create(post=place.posts[1], number=77, state=TagState.WAITING, created_at=NOON)
    await refused(5, "Une étiquette de réunion est posée sur : contribution 2.")
    await UnknownTag.all().delete()
    meeting = await Meeting.create(working_group_id=place.one.working_group_id, number=1, created_at=NOON)
    tag = await MeetingTag.create(post=place.posts[2], meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    await refused(5, "Une étiquette de réunion est posée sur : contribution 3.")
    some = await client.get(
        f"/fils/{place.thread.id}/deplacer", params={"numeros": "2-3", "titre": "Un fil", "theme": "5"}
    )
    assert (some.status_code, "contribution 3." in plain(some.text)) == (422, True)
    # A theme of the same group, and a tag that was taken off, keep nothing back.
    assert (await client.get(address, params={"theme": 4})).status_code == 200
    await MeetingTag.filter(id=tag.id).update(state=TagState.REMOVED)
    assert (await client.get(address, params={"theme": 5})).status_code == 200
    await Post.filter(id=place.posts[0].id).update(kind=PostKind.INSTRUCTION)
    await refused(4, "La consigne de l’organisateur (contribution 1) reste dans son thème.")
    await Post.filter(id=place.posts[0].id).update(kind=PostKind.CONTRIBUTION)
    await Theme.filter(id=place.two.id).update(votes_close_at=NOON)
    await refused(4, "La consultation sur le thème 4 est terminée")
    await Theme.filter(id=place.one.id).update(votes_close_at=NOON)
    await refused(5, "La consultation sur le thème 3 est terminée")
    assert "Changer le fil de thème" not in plain((await client.get(f"/fils/{place.thread.id}")).text)
    assert (await Thread.get(id=place.thread.id)).theme_id == place.one.id


async def test_no_theme_of_another_group_is_offered_nor_taken(
    app: Starlette, client: AsyncClient, place: Place
) -> None:
    only = await make_member("Sam Second", moderates=[await make_group("gt-3")])
    address = f"/fils/{place.thread.id}/changer-de-theme"
    async with visitor(app) as browser:
        await sign_in(browser, only)
        page = (await browser.get(address)).text
        assert 'value="4"' in page
        assert 'value="5"' not in page
        assert (await browser.get(address, params={"theme": 5})).status_code == 403
        sent = {"theme": "5", "motif": WHY, "vu": "0"}
        assert (await browser.post(address, data=sent)).status_code == 403
        into = {"numeros": "1", "titre": "Un fil", "theme": "5"}
        assert (await browser.get(f"/fils/{place.thread.id}/deplacer", params=into)).status_code == 403
        assert (await browser.post(address, data={**sent, "theme": "4", "vu": "7"})).status_code == 409
        silent = await browser.post(address, data={**sent, "theme": "4", "motif": " "})
        assert (silent.status_code, "Dites pourquoi" in plain(silent.text)) == (422, True)
        # Sometimes there is nowhere to go.
        await Theme.filter(id=place.two.id).update(votes_close_at=NOON)
        assert "Aucun autre thème ne peut recevoir ce fil." in plain((await browser.get(address)).text)


async def test_two_threads_of_two_themes_become_one_and_a_reply_goes_there(client: AsyncClient, place: Place) -> None:
    page = await client.get(f"/fils/{place.thread.id}/reunir", params={"fil": str(place.other.id)})
    answer = await client.post(f"/fils/{place.thread.id}/reunir", data={**hidden(page.text), "motif": WHY})
    assert answer.status_code == 303
    sent = {"source": "Écrit avant, envoyé après.", "en_reponse_a": str(place.posts[0].id)}
    reply = await client.post(f"/fils/{place.thread.id}/repondre", data=sent)
    assert reply.headers["location"].startswith(f"/fils/{place.other.id}?fait=contribution-publiee&ici=")
    other = await client.post(f"/fils/{place.thread.id}/repondre", data={"source": "Et sans répondre."})
    assert other.headers["location"].startswith(f"/fils/{place.other.id}?")
    empty = await client.get(f"/fils/{place.thread.id}/changer-de-theme?theme=5")
    assert (empty.status_code, "Ce fil est réuni à un autre" in plain(empty.text)) == (422, True)


async def test_a_reply_that_waited_while_its_thread_changed_theme_keeps_its_words(
    app: Starlette, client: AsyncClient, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = Waits(monkeypatch, theme_moves, "_write")
    form = {"theme": "4", "motif": WHY, "vu": "0"}
    words = {"source": "Des mots tardifs."}
    async with visitor(app) as member:
        await sign_in(member, place.author)
        moved, answer = await both(
            lambda one, _: one.post(f"/fils/{place.thread.id}/changer-de-theme", data=form),
            client,
            waits,
            lambda one, _: one.post(f"/fils/{place.thread.id}/repondre", data=words),
            member,
        )
        assert moved == 303
        # A transaction of SQLite waits before it reads anything: the reply finds the thread where it is.
        if answer.status_code != 303:
            assert answer.status_code == 409
            assert "viennent de changer de thème" in plain(answer.text)
            assert "Des mots tardifs." in answer.text
            answer = await member.post(f"/fils/{place.thread.id}/repondre", data=words)
        assert answer.status_code == 303
    found = await Thread.get(id=place.thread.id)
    assert (found.theme_id, found.posts_count) == (place.two.id, 4)
