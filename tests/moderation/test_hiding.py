"""Hiding and showing again: the words leave every table that everybody reads, and come back exactly."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import NOTES, rows, tables, transaction
from forum.domain.moderation.hiding import hide, hold_thing, unhide
from forum.domain.privacy.erasure import erase
from forum.domain.search.index import rebuild
from forum.domain.withheld import aside, bring_back, keep_aside, kept_words
from forum.errors import Conflict, NotFound
from forum.models.members import Member
from forum.models.moderation import Ground, Moderated
from forum.models.posts import Post
from forum.models.proposals import Proposal, ProposalState, ProposalTurn, ProposalVersion
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.text.reading import read
from tests.conftest import NOON
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
from tests.test_writes_that_meet import Send, at_once

SECRET = "Zyzomys"
"""A word that stands nowhere else."""


async def picture() -> dict[str, list[Mapping[str, Any]]]:
    """Every row of the database, without the counts that make pages and forms stale."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table in await tables() - {NOTES}:
        unseen = {"version", "rewrites"} if table in ("theme", "thread") else set()
        found[table] = [
            {name: value for name, value in dict(each).items() if name not in unseen}
            for each in await rows(f'SELECT * FROM "{table}" ORDER BY id')
        ]
    return found


def holders(found: Mapping[str, list[Mapping[str, Any]]]) -> set[str]:
    """The tables in which the word is."""
    return {table for table, some in found.items() for each in some if SECRET.lower() in str(each).lower()}


async def a_post(client: AsyncClient) -> Post:
    """A contribution that opened its thread, in two revisions, quoted, answered, kept and proposed."""
    author = await make_member("Malik Diallo")
    thread = await make_thread(await make_theme(3), f"Le fil {SECRET}", author=author)
    post = await make_post(thread, f"{SECRET} former @Malik-Diallo.", author=author)
    await sign_in(client, author)
    assert (
        await client.post(f"/contributions/{post.id}/modifier", data={"source": f"Former {SECRET}.", "version": "1"})
    ).status_code == 303
    quote = f"{{{{citation {post.id}@1 0-7}}}}\n\nNon."
    form = {"source": quote, "en_reponse_a": str(post.id)}
    assert (await client.post(f"/fils/{thread.id}/repondre", data=form)).status_code == 303
    await make_extract(await Post.get(id=post.id), author=author)
    return post


async def a_proposal(client: AsyncClient) -> Proposal:
    """A proposal in two versions, with a history and a ballot."""
    author = await make_member("Malik Diallo")
    proposal = await make_proposal(await make_theme(3), f"Embaucher {SECRET}.", author=author)
    await Proposal.filter(id=proposal.id).update(body=SECRET, body_html=f"<p>{SECRET}</p>", body_plain=SECRET)
    await ProposalVersion.create(
        proposal=proposal, number=2, wording=SECRET, body=SECRET, editor=author, reason=SECRET, created_at=NOON
    )
    await ProposalTurn.create(proposal=proposal, turn="amended", version=2, reason=SECRET, at=NOON)
    await sign_in(client, await make_member("Votante Une"))
    answer = await client.post(f"/propositions/T3-{proposal.number:03}/vote", data={"avis": "pour"})
    assert answer.status_code == 303
    return proposal


MAKE: Mapping[Moderated, Callable[[AsyncClient], Awaitable[Post | Proposal]]] = {
    Moderated.POST: a_post,
    Moderated.PROPOSAL: a_proposal,
}


@pytest.mark.parametrize("kind", MAKE)
async def test_hidden_words_leave_the_tables_and_come_back_exactly(client: AsyncClient, kind: Moderated) -> None:
    thing = await MAKE[kind](client)
    await rebuild()
    before = await picture()
    versions = await rows("SELECT version FROM theme UNION ALL SELECT version FROM thread")
    async with transaction():
        await hide(await hold_thing(kind, thing.id, NOON), Ground.PERSONAL_DATA, NOON, title=True)
    during = await picture()
    assert holders(before) > {"withheld"} ^ holders(during)
    assert holders(during) == {"withheld"}
    for table in before.keys() - {"withheld", "post", "post_revision", "thread", "search_entry", *_OF_PROPOSALS}:
        assert during[table] == before[table]
    why = await aside(kind, thing.id)
    assert why is not None
    assert (why.ground, why.hidden_at, why.withdrawn_at) == (Ground.PERSONAL_DATA, NOON, None)
    kept = await kept_words(kind, thing.id)
    assert SECRET in kept["source" if kind is Moderated.POST else "wording"]
    after = await rows("SELECT version FROM theme UNION ALL SELECT version FROM thread")
    assert all(each["version"] > then["version"] for each, then in zip(after, versions, strict=True))
    async with transaction():
        await unhide(await hold_thing(kind, thing.id, NOON))
    assert await picture() == before
    assert await aside(kind, thing.id) is None
    assert await kept_words(kind, thing.id) == {}


_OF_PROPOSALS = {"proposal", "proposal_version", "proposal_turn"}


async def test_the_title_of_a_thread_stays_unless_it_must_go(client: AsyncClient) -> None:
    post = await a_post(client)
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON)
    assert (await Thread.get()).title == f"Le fil {SECRET}"
    answer = await Post.get(number=2)
    async with transaction():
        await hide(await hold_thing(Moderated.POST, answer.id, NOON), Ground.CHARTER, NOON, title=True)
    assert (await Thread.get()).title == f"Le fil {SECRET}"


async def test_words_come_back_when_neither_the_moderators_nor_their_author_keep_them_aside(
    client: AsyncClient,
) -> None:
    post = await a_post(client)
    before = await picture()
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.ILLEGAL, NOON)
    hidden = await picture()
    later = NOON + timedelta(days=1)
    async with transaction():
        await hold_thing(Moderated.POST, post.id, later)
        await keep_aside(Moderated.POST, post.id, later)
    assert (await Post.get(id=post.id)).plain == "(contribution masquée)"
    async with transaction():
        await unhide(await hold_thing(Moderated.POST, post.id, later))
    withdrawn = await Post.get(id=post.id)
    assert (withdrawn.state, withdrawn.plain) == ("withdrawn", "(contribution retirée)")
    assert withdrawn.html == read(withdrawn.source).html
    assert holders(await picture()) == {"withheld", "thread", "search_entry"}
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.ILLEGAL, NOON)
        await bring_back(Moderated.POST, post.id, hidden=False)
    assert [{**each, "id": 0} for each in (await picture())["post"]] == [{**each, "id": 0} for each in hidden["post"]]
    async with transaction():
        await unhide(await hold_thing(Moderated.POST, post.id, NOON))
    assert await picture() == before


@pytest.mark.parametrize("kind", MAKE)
async def test_whoever_comes_second_is_told(client: AsyncClient, kind: Moderated) -> None:
    thing = await MAKE[kind](client)
    with pytest.raises(Conflict):
        async with transaction():
            await unhide(await hold_thing(kind, thing.id, NOON))
    async with transaction():
        await hide(await hold_thing(kind, thing.id, NOON), Ground.CHARTER, NOON)
    hidden = await picture()
    with pytest.raises(Conflict):
        async with transaction():
            await hide(await hold_thing(kind, thing.id, NOON), Ground.ILLEGAL, NOON)
    assert await picture() == hidden


async def test_a_draft_is_nobody_elses_affair(database: object) -> None:
    draft = await make_proposal(await make_theme(3), state=ProposalState.DRAFT)
    await Proposal.filter(id=draft.id).update(number=-1)
    for kind, number in ((Moderated.PROPOSAL, draft.id), (Moderated.PROPOSAL, 987), (Moderated.POST, 987)):
        with pytest.raises(NotFound):
            await hold_thing(kind, number, NOON, hold=None)


async def test_hidden_words_are_not_edited(client: AsyncClient) -> None:
    post = await a_post(client)
    await sign_in(client, await Member.get(name="Malik Diallo"))
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON)
    address = f"/contributions/{post.id}/modifier"
    assert (await client.get(address)).status_code == 403
    answer = await client.post(address, data={"source": "Autrement.", "version": "2"})
    assert answer.status_code == 403
    assert "Cette contribution est masquée" in answer.text
    async with transaction():
        await unhide(await hold_thing(Moderated.POST, post.id, NOON))
    assert (await client.post(address, data={"source": "Autrement.", "version": "2"})).status_code == 303


async def test_a_hidden_proposal_is_out_of_the_vote_and_keeps_its_ballots(client: AsyncClient) -> None:
    proposal = await a_proposal(client)
    address = f"/propositions/T3-{proposal.number:03}/vote"
    async with transaction():
        await hide(await hold_thing(Moderated.PROPOSAL, proposal.id, NOON), Ground.CHARTER, NOON)
    answer = await client.post(address, data={"avis": "contre"})
    assert answer.status_code == 403
    assert "Cette proposition est masquée" in answer.text
    assert [each["opinion"] for each in await rows("SELECT opinion FROM ballot")] == ["pour"]
    async with transaction():
        await unhide(await hold_thing(Moderated.PROPOSAL, proposal.id, NOON))
    assert (await client.post(address, data={"avis": "contre"})).status_code == 303


async def test_a_storm_of_hiding_editing_answering_and_quoting_loses_nothing_and_shows_nothing(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_LIMITS__WRITES_PER_MINUTE", "1000")
    author = await make_member("Malik Diallo")
    theme, other = await make_theme(3), await make_theme(4)
    here, there = await make_thread(theme, author=author), await make_thread(other, author=author)
    posts = [await make_post(here, f"{SECRET} numéro {n}.", author=author) for n in range(15)]

    def answer(thread: Thread) -> Send:
        return lambda client, n: client.post(
            f"/fils/{thread.id}/repondre",
            data={"source": f"{{{{citation {posts[n].id}@1 0-7}}}}\n\nRéponse {n} là."},
        )

    def edit(client: AsyncClient, n: int) -> Any:
        return client.post(
            f"/contributions/{posts[n].id}/modifier", data={"source": f"{SECRET} {n} mieux.", "version": "1"}
        )

    async def cover(client: AsyncClient, n: int) -> Any:
        if n % 2:
            assert (await answer(here)(client, n)).status_code in (303, 422)
        async with transaction():
            await hide(await hold_thing(Moderated.POST, posts[n].id, NOON), Ground.CHARTER, NOON)
        return await client.get("/")

    statuses = await at_once(app, author, [answer(here), edit, cover, answer(there)], each=len(posts))
    # What comes before the words are hidden is published; afterwards an edit is refused, and so is what quotes them.
    assert set(statuses) <= {200, 303, 403, 422}
    answers = await Post.all().count() - 15
    assert 15 * 2 - statuses.count(422) <= answers <= 15 * 2 + 7 - statuses.count(422)
    assert answers > 0
    assert holders(await picture()) == {"withheld"}
    revisions = await rows("SELECT COUNT(*) AS n FROM post_revision")
    kept = await rows("SELECT COUNT(*) AS n FROM withheld WHERE table_name = 'post_revision'")
    assert kept[0]["n"] == revisions[0]["n"] - answers


async def test_an_erasure_takes_names_out_of_hidden_words_too(client: AsyncClient) -> None:
    named, author = await make_member("Zéphyrine Quibolle"), await make_member("Malik Diallo")
    theme = await make_theme(3)
    thread = await make_thread(theme, "Le fil de Zéphyrine Quibolle", author=author)
    post = await make_post(thread, "Zéphyrine Quibolle le dit, @Zephyrine-Quibolle aussi : former.", author=author)
    await sign_in(client, author)
    start = post.plain.index("former")
    form = {"source": f"{{{{citation {post.id}@1 {start}-{start + 6}}}}}\n\nOui."}
    assert (await client.post(f"/fils/{thread.id}/repondre", data=form)).status_code == 303
    proposal = await make_proposal(theme, "Écouter Zéphyrine Quibolle.", author=author)
    for kind, thing in ((Moderated.POST, post.id), (Moderated.PROPOSAL, proposal.id)):
        async with transaction():
            await hide(await hold_thing(kind, thing, NOON), Ground.CHARTER, NOON, title=True)
    assert "Quibolle" in str((await picture())["withheld"])
    await erase(named.id, actor=None, now=NOON)
    found = await picture()
    assert [table for table, some in found.items() if "Quibolle" in str(some)] == []
    for kind, thing in ((Moderated.POST, post.id), (Moderated.PROPOSAL, proposal.id)):
        async with transaction():
            await unhide(await hold_thing(kind, thing, NOON))
    page = (await client.get(f"/fils/{thread.id}")).text
    assert "(nom) le dit" in page
    assert "Le fil de (nom)" in page
    assert "<p>former</p>" in page
    assert (await Proposal.get()).wording == "Écouter (nom)."


async def test_moderators_are_told_of_extracts_of_what_is_hidden_and_can_remove_them(client: AsyncClient) -> None:
    post = await a_post(client)
    await sign_in(client, await make_member("Nadia Berthier", moderates=[await make_group("gt-3")]))
    told = "Extraits de contributions masquées ou retirées"
    assert told not in (await client.get("/a-traiter")).text
    async with transaction():
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON, title=True)
    page = (await client.get("/a-traiter")).text
    assert told in page
    desk = f"/contributions/{post.id}/extraire"
    assert f'<a href="{desk}">Contribution masquée</a>' in page
    assert SECRET not in page
    shown = (await client.get(desk)).text
    assert "(contribution masquée)" in shown
    assert SECRET not in shown
    kept = await client.post(desk, data={"mots": "contribution", "nature": "solution"})
    assert kept.status_code == 403
    (extract,) = await rows("SELECT id FROM extract")
    assert (await client.post(f"/extraits/{extract['id']}", data={"acte": "retirer"})).status_code == 303
    assert told not in (await client.get("/a-traiter")).text


async def test_what_stands_in_the_place_of_words_is_said_in_the_language_of_the_page(client: AsyncClient) -> None:
    proposal = await a_proposal(client)
    theme = await Theme.get(id=proposal.theme_id)
    thread = await make_thread(theme, "Un titre à masquer")
    post = await make_post(thread, "Des mots à masquer.")
    async with transaction():
        await hide(await hold_thing(Moderated.PROPOSAL, proposal.id, NOON), Ground.CHARTER, NOON)
        await hide(await hold_thing(Moderated.POST, post.id, NOON), Ground.CHARTER, NOON, title=True)
    told = (
        (f"/themes/{theme.number}/propositions", "(proposition masquée)", "(hidden proposal)"),
        (f"/themes/{theme.number}", "(titre masqué)", "(hidden title)"),
        (f"/fils/{thread.id}", "(titre masqué)", "(hidden title)"),
        (f"/contributions/{post.id}/historique", "(titre masqué)", "(hidden title)"),
    )
    for address, french, english in told:
        ours, theirs = (await client.get(address)).text, (await client.get(f"/en{address}")).text
        assert french in ours, address
        assert english not in ours, address
        assert english in theirs, address
        assert french not in theirs, address
