"""Extracts kept of contributions through the forms: by whom, as what, for which proposal; contributions fully read."""

import asyncio
import re
from html import unescape

import pytest
from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.discussion.posts import OnePost, PostPlace, mark_words
from forum.domain.harvest import harvest, inbox, treatments
from forum.domain.members.members import load_viewer
from forum.domain.themes.themes import ThemeHead
from forum.models.meetings import Meeting, MeetingTag, TagState
from forum.models.members import Member, Role
from forum.models.posts import Post, PostKind, PostState, Treatment
from forum.models.proposals import Extract, Proposal, ProposalState
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.permissions import Schedule
from forum.text import quotes
from forum.text.quotes import digest
from forum.text.reading import read
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.turning import turn

WORDS = "Il faut embaucher des médiateurs. Il faut aussi *former* les équipes.\n\nEt travailler avec la CAF."


async def a_post(source: str = WORDS, *, author: Member | None = None) -> tuple[Theme, Thread, Post]:
    theme = await make_theme(3)
    thread = await make_thread(theme)
    return theme, thread, await make_post(thread, source, author=author)


async def a_moderator(name: str = "Nadia Berthier") -> Member:
    return await make_member(name, moderates=[await make_group("gt-3")])


async def stamp(client: AsyncClient, post: Post) -> str:
    """What the page has shown, as its last form sends it back."""
    found = re.search(
        r'name="vu" value="([^"]*\|[^"]*)"', (await client.get(f"/contributions/{post.id}/extraire")).text
    )
    assert found is not None
    return unescape(found[1])


async def acts() -> list[str]:
    return [each["act"] for each in await rows("SELECT act FROM journal_entry ORDER BY id")]


async def edit(client: AsyncClient, post: Post, source: str, revision: int = 1) -> None:
    answer = await client.post(f"/contributions/{post.id}/modifier", data={"source": source, "version": str(revision)})
    assert answer.status_code == 303, answer.text


async def test_a_moderator_keeps_words_for_a_proposal(client: AsyncClient) -> None:
    theme, thread, post = await a_post(author=await make_member("Jeanne Le Goff"))
    await make_proposal(theme, "Former les agents")
    await sign_in(client, await a_moderator())
    before = (await client.get(f"/fils/{thread.id}")).text
    assert "<mark" not in before
    typed = {"mots": "Il faut aussi former les équipes.", "nature": "argument pour", "proposition": " t3-001 "}
    answer = await client.post(f"/contributions/{post.id}/extraire", data=typed)
    assert answer.headers["location"].startswith(f"/contributions/{post.id}/extraire?")
    kept = await Extract.get()
    assert digest(post.plain[kept.start : kept.stop]) == kept.sha256
    assert (kept.nature, kept.revision) == ("argument pour", 1)
    assert await acts() == ["harvest"]
    desk = (await client.get(answer.headers["location"])).text
    assert "Ces mots sont retenus." in desk
    shown = (await client.get(f"/fils/{thread.id}")).text
    mark = f'<mark class="extract" aria-details="extrait-{kept.id}">'
    assert f"{mark}Il faut aussi </mark><em>" in shown.replace("aussi</mark> ", "aussi </mark>")
    assert f'id="extrait-{kept.id}"' in shown
    page = (await client.get("/propositions/T3-001")).text
    assert "Arguments" in page
    assert "Il faut aussi former les équipes." in page
    assert "Jeanne Le Goff" in page
    assert (await Theme.get(id=theme.id)).version > theme.version


async def test_the_next_words_are_for_no_proposal_until_one_is_named(client: AsyncClient) -> None:
    """Neither after other words were kept for one, nor once the reading is ended."""
    theme, _, post = await a_post()
    await make_proposal(theme, "Former les agents")
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}/extraire"
    typed = {"mots": "embaucher des médiateurs", "nature": "solution", "proposition": "T3-001"}
    kept = await client.post(address, data=typed)
    ended = await client.post(
        f"/contributions/{post.id}/traitement", data={"acte": "terminer", "vu": await stamp(client, post)}
    )
    refused = await client.post(
        f"/contributions/{post.id}/traitement", data={"acte": "sans-suite", "vu": "", "motif": "Non."}
    )
    assert refused.status_code in (409, 422)
    for page in (await client.get(kept.headers["location"]), await client.get(ended.headers["location"]), refused):
        field = re.search(r'<input id="proposition"[^>]* value="([^"]*)"', page.text)
        assert field is not None
        assert field[1] == ""
    await client.post(address, data={"mots": "travailler avec la CAF", "nature": "exemple", "proposition": ""})
    assert [one.proposal_id is None for one in await Extract.all().order_by("id")] == [False, True]


async def test_the_page_of_a_proposal_says_how_to_argue_while_one_may(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    await make_proposal(theme, "Former les agents")
    assert "Pour en donner un" not in (await client.get("/propositions/T3-001")).text
    await sign_in(client, await make_member("Karim Haddad"))
    page = (await client.get("/propositions/T3-001")).text
    assert "Pour en donner un" in page
    assert 'href="/themes/3#fils"' in page
    clock.pass_(days=400)
    assert "Pour en donner un" not in (await client.get("/propositions/T3-001")).text


async def test_the_stored_words_stay_as_they_are(client: AsyncClient) -> None:
    _, thread, post = await a_post("- un\n- **deux** et [trois](https://l.fr)\n\nfin")
    await sign_in(client, await a_moderator())
    for words, nature in (("un deux et", "solution"), ("deux et trois fin", "exemple"), ("et trois", "solution")):
        answer = await client.post(f"/contributions/{post.id}/extraire", data={"mots": words, "nature": nature})
        assert answer.status_code == 303, answer.text
    again = await Post.get(id=post.id)
    assert (again.html, again.plain, again.revision) == (post.html, post.plain, 1)
    text = (await client.get(f"/fils/{thread.id}")).text
    assert all("<" not in inside for inside in re.findall(r"<mark[^>]*>(.*?)</mark>", text))


async def test_the_same_words_as_the_same_nature_are_kept_once(client: AsyncClient) -> None:
    theme, _, post = await a_post()
    await make_proposal(theme, "Une")
    await make_proposal(theme, "Deux")
    await sign_in(client, await a_moderator())
    typed = {"mots": "embaucher des médiateurs", "nature": "solution"}
    address = f"/contributions/{post.id}/extraire"
    await asyncio.gather(*(client.post(address, data=typed) for _ in range(4)))
    assert await count("extract") == 1
    await client.post(address, data={**typed, "proposition": "T3-001"})
    assert (await count("extract"), (await Extract.get()).proposal_id) == (1, (await Proposal.get(number=1)).id)
    answer = await client.post(address, data={**typed, "proposition": "T3-002"})
    assert answer.status_code == 422
    assert "déjà retenus pour une autre proposition" in answer.text
    await client.post(address, data={**typed, "nature": "exemple", "proposition": "T3-002"})
    assert await count("extract") == 2
    # A proposal made of an extract that had none is created from that same extract.
    await client.post(address, data={"mots": "travailler avec la CAF", "nature": "solution"})
    await client.post(
        f"/contributions/{post.id}/proposer", data={"mots": "travailler avec la CAF", "formulation": "Oui"}
    )
    assert await count("extract") == 3


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"nature": "solution"}, "Sélectionnez des mots"),
        ({"mots": "jamais dit", "nature": "solution"}, "ne se trouvent pas tels quels"),
        ({"mots": "embaucher", "nature": "autre"}, "Dites ce que sont ces mots"),
        ({"mots": "embaucher", "nature": "solution", "proposition": "T3-009"}, "n’a cette référence"),
        ({"mots": "embaucher", "nature": "solution", "proposition": "T4-001"}, "n’a cette référence"),
        ({"mots": "embaucher", "nature": "solution", "proposition": "n’importe quoi"}, "n’a cette référence"),
        ({"mots": "embaucher", "nature": "solution", "proposition": "T3-001"}, "n’a cette référence"),
    ],
)
async def test_what_cannot_be_kept_gives_back_what_was_typed(
    client: AsyncClient, typed: dict[str, str], sentence: str
) -> None:
    theme, _, post = await a_post()
    await make_proposal(await make_theme(4), "D’un autre thème")
    await make_proposal(theme, "Retirée", state=ProposalState.WITHDRAWN)
    await sign_in(client, await a_moderator())
    answer = await client.post(f"/contributions/{post.id}/extraire", data=typed)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert all(typed[name] in unescape(answer.text) for name in ("mots", "proposition") if name in typed)
    assert await count("extract") == 0


async def test_the_whole_of_a_contribution_is_asked_for(client: AsyncClient) -> None:
    _, thread, post = await a_post()
    await sign_in(client, await a_moderator())
    await client.post(f"/contributions/{post.id}/extraire", data={"tout": "1", "nature": "connaissance"})
    kept = await Extract.get()
    assert (kept.start, kept.stop) == (0, len(post.plain))
    text = (await client.get(f"/fils/{thread.id}")).text
    assert "<mark" not in text
    assert "Connaissance" in text


async def test_a_quote_is_never_kept(client: AsyncClient) -> None:
    """Neither kind of quote: its words are somebody else's, and are not among the plain words of the post."""
    _, thread, first = await a_post(author=await make_member("Jeanne Le Goff"))
    author = await make_member("Malik Diallo")
    await sign_in(client, author)
    source = f"{{{{citation {first.id}@1 0-33}}}}\n\n> recopié à la main\n\nD’accord."
    await client.post(f"/fils/{thread.id}/repondre", data={"source": source})
    post = await Post.get(author_id=author.id)
    for words in ("Il faut embaucher des médiateurs.", "recopié à la main", "main D’accord"):
        answer = await client.post(f"/contributions/{post.id}/extraire", data={"mots": words, "nature": "solution"})
        assert (answer.status_code, "ne se trouvent pas tels quels" in answer.text) == (422, True)
    await client.post(f"/contributions/{post.id}/extraire", data={"tout": "1", "nature": "soutien"})
    kept = await Extract.get()
    assert post.plain[kept.start : kept.stop] == "D’accord."


async def test_the_instruction_is_never_kept(client: AsyncClient) -> None:
    theme = await make_theme(3)
    post = await make_post(await make_thread(theme), "Répondez ici.", kind=PostKind.INSTRUCTION)
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}"
    assert (await client.get(f"{address}/extraire")).status_code == 403
    assert (await client.post(f"{address}/extraire", data={"tout": "1", "nature": "solution"})).status_code == 403
    gone = {"acte": "sans-suite", "motif": "Consigne", "vu": "1||"}
    assert (await client.post(f"{address}/traitement", data=gone)).status_code == 403
    assert f"/contributions/{post.id}/extraire" not in (await client.get("/a-traiter")).text


async def test_members_keep_only_words_of_their_own(client: AsyncClient) -> None:
    author = await make_member("Jeanne Le Goff")
    theme, thread, post = await a_post(author=author)
    await make_proposal(theme, "Former")
    other = await make_post(thread, "Autre chose.", author=await make_member("Malik Diallo"))
    await sign_in(client, author)
    assert f"/contributions/{post.id}/extraire" in (text := (await client.get(f"/fils/{thread.id}")).text)
    assert f"/contributions/{other.id}/extraire" not in text
    typed = {"mots": "former les équipes", "nature": "argument contre", "proposition": "T3-001"}
    assert (await client.post(f"/contributions/{post.id}/extraire", data=typed)).status_code == 303
    assert await acts() == []
    refused = await client.post(f"/contributions/{other.id}/extraire", data={"tout": "1", "nature": "solution"})
    assert refused.status_code == 403
    assert "Fin de la lecture" not in (await client.get(f"/contributions/{post.id}/extraire")).text
    kept = await Extract.get()
    assert (await client.post(f"/extraits/{kept.id}", data={"acte": "retirer"})).status_code == 303
    assert await count("extract") == 0


async def test_a_member_does_not_change_what_a_moderator_kept(app: Starlette, client: AsyncClient) -> None:
    author = await make_member("Jeanne Le Goff")
    _, _, post = await a_post(author=author)
    viewer = await load_viewer((await a_moderator()).id)
    kept = await harvest.harvest(viewer, post.id, None, "solution", "", NOON)
    await sign_in(client, author)
    assert f"/extraits/{kept}" not in (await client.get(f"/contributions/{post.id}/extraire")).text
    answer = await client.post(f"/extraits/{kept}", data={"acte": "retirer"})
    assert (answer.status_code, "Un modérateur a retenu ces mots" in answer.text) == (403, True)
    assert await count("extract") == 1


async def test_members_keep_words_while_contributions_are_open(client: AsyncClient) -> None:
    author = await make_member("Jeanne Le Goff")
    theme = await make_theme(3, contributions="closed")
    post = await make_post(await make_thread(theme), WORDS, author=author)
    typed = {"tout": "1", "nature": "solution"}
    await sign_in(client, author)
    assert (await client.post(f"/contributions/{post.id}/extraire", data=typed)).status_code == 403
    await sign_in(client, await a_moderator())
    assert (await client.post(f"/contributions/{post.id}/extraire", data=typed)).status_code == 303


async def test_an_extract_is_changed_and_removed(client: AsyncClient) -> None:
    theme, _, post = await a_post()
    await make_proposal(theme, "Une")
    await sign_in(client, await a_moderator())
    for nature in ("solution", "exemple"):
        await client.post(f"/contributions/{post.id}/extraire", data={"mots": "les équipes", "nature": nature})
    one, other = await Extract.all().order_by("id")
    answer = await client.post(f"/extraits/{one.id}", data={"nature": "argument contre", "proposition": "T3-001"})
    assert answer.status_code == 303
    assert "Les mots qui la portent" not in (page := (await client.get("/propositions/T3-001")).text)
    assert "les équipes" in page
    answer = await client.post(f"/extraits/{other.id}", data={"nature": "argument contre", "proposition": ""})
    assert (answer.status_code, "déjà retenus sous cette nature" in answer.text) == (422, True)
    answer = await client.post(f"/extraits/{other.id}", data={"nature": "exemple", "proposition": "T9-999"})
    assert (answer.status_code, 'value="T9-999"' in answer.text) == (422, True)
    assert f'href="#proposition-{other.id}"' in answer.text
    await client.post(f"/extraits/{other.id}", data={"acte": "retirer"})
    assert [each.id for each in await Extract.all()] == [one.id]
    assert await acts() == ["harvest", "harvest", "revise_extract", "remove_extract"]


async def test_the_origin_of_a_proposal_stays_with_it(client: AsyncClient) -> None:
    theme, _, post = await a_post()
    await make_proposal(theme, "Une autre")
    await sign_in(client, await a_moderator())
    await client.post(f"/contributions/{post.id}/proposer", data={"mots": "embaucher", "formulation": "Embaucher"})
    kept = await Extract.get()
    for typed in ({"acte": "retirer"}, {"nature": "solution", "proposition": "T3-001"}, {"nature": "solution"}):
        answer = await client.post(f"/extraits/{kept.id}", data=typed)
        assert (answer.status_code, "La proposition T3-002 est partie de ces mots" in answer.text) == (422, True)
    answer = await client.post(f"/extraits/{kept.id}", data={"nature": "problematique", "proposition": "T3-002"})
    assert (answer.status_code, (await Extract.get()).nature) == (303, "problematique")


async def test_words_of_a_merged_proposal_speak_for_where_it_went(client: AsyncClient) -> None:
    theme, _, post = await a_post()
    source, target = await make_proposal(theme, "Source"), await make_proposal(theme, "Destination")
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}/extraire"
    await client.post(address, data={"mots": "les équipes", "nature": "soutien", "proposition": "T3-001"})
    source.state, source.merged_into_id = ProposalState.MERGED, target.id
    await source.save()
    await client.post(address, data={"mots": "la CAF", "nature": "argument pour", "proposition": "T3-001"})
    page = (await client.get("/propositions/T3-002")).text
    assert "Les mots qui la portent" in page
    assert ("les équipes" in page, "la CAF" in page) == (True, True)
    assert (await Extract.get(nature="argument pour")).proposal_id == target.id


async def test_moderators_of_another_group_and_agents_keep_nothing(client: AsyncClient) -> None:
    _, _, post = await a_post()
    other = await make_member("Yann Kerouédan", moderates=[await make_group("gt-6", "Autre")])
    agent = await make_member("Agathe Agent", role=Role.AGENT)
    for member in (other, agent):
        await sign_in(client, member)
        typed = {"tout": "1", "nature": "solution"}
        assert (await client.post(f"/contributions/{post.id}/extraire", data=typed)).status_code == 403
        gone = {"acte": "sans-suite", "motif": "Non", "vu": "1||"}
        assert (await client.post(f"/contributions/{post.id}/traitement", data=gone)).status_code == 403
    assert (await client.get("/a-traiter")).status_code == 403
    await sign_in(client, other)
    assert "Tout est traité" in (await client.get("/a-traiter")).text


async def test_a_contribution_is_treated_with_what_is_kept(client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}/traitement"
    refused = await client.post(address, data={"acte": "terminer", "vu": await stamp(client, post)})
    assert (refused.status_code, "Rien n’est retenu" in refused.text) == (422, True)
    await client.post(f"/contributions/{post.id}/extraire", data={"mots": "embaucher", "nature": "solution"})
    await client.post(f"/contributions/{post.id}/extraire", data={"mots": "la CAF", "nature": "exemple"})
    assert "Terminer : 2 extraits" in (await client.get(f"/contributions/{post.id}/extraire")).text.replace(
        "\u00a0", " "
    )
    seen = await stamp(client, post)
    refused = await client.post(address, data={"acte": "sans-suite", "motif": "Non", "vu": seen})
    assert (refused.status_code, "Des mots de cette contribution sont retenus" in refused.text) == (422, True)
    assert (await client.post(address, data={"acte": "terminer", "vu": seen})).status_code == 303
    assert (await client.post(address, data={"acte": "terminer", "vu": seen})).status_code == 303, "twice is once"
    assert "Tout est traité" in (await client.get("/a-traiter")).text
    assert await treatments.coverage((await Theme.get()).id) == treatments.Coverage(1, 1, (), 0)
    assert (await acts()).count("treat_post") == 1
    await client.post(address, data={"acte": "reprendre"})
    assert "Tout est traité" not in (await client.get("/a-traiter")).text
    assert await count("treatment") == 0


async def test_a_contribution_without_follow_up_has_a_reason(client: AsyncClient) -> None:
    theme, thread, post = await a_post()
    other = await make_post(thread, "Merci à tous.")
    await make_post(thread, "Répondez.", kind=PostKind.INSTRUCTION)
    await sign_in(client, await a_moderator())
    for one in (post, other):
        typed = {"acte": "sans-suite", "motif": " ", "vu": await stamp(client, one)}
        refused = await client.post(f"/contributions/{one.id}/traitement", data=typed)
        assert (refused.status_code, "Dites pourquoi" in refused.text) == (422, True)
    typed = {"acte": "sans-suite", "motif": "Hors du thème", "vu": await stamp(client, other)}
    assert (await client.post(f"/contributions/{other.id}/traitement", data=typed)).status_code == 303
    desk = (await client.get(f"/contributions/{other.id}/extraire")).text
    assert "Hors du thème" in desk
    assert f"/contributions/{post.id}/extraire" in desk, "the next one"
    found = await treatments.coverage(theme.id)
    assert found == treatments.Coverage(2, 0, (("Hors du thème", 1),), 1)


async def test_of_two_moderators_at_once_the_second_is_told(app: Starlette, client: AsyncClient) -> None:
    _, _, post = await a_post()
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}"
    async with visitor(app) as other:
        await sign_in(other, await a_moderator("Malik Diallo"))
        seen, seen_too = await stamp(client, post), await stamp(other, post)
        await other.post(f"{address}/extraire", data={"mots": "la CAF", "nature": "exemple"})
        late = await client.post(f"{address}/traitement", data={"acte": "terminer", "vu": seen})
        assert (late.status_code, "Quelqu’un a été plus rapide" in late.text, "la CAF" in late.text) == (
            409,
            True,
            True,
        )
        await client.post(f"/extraits/{(await Extract.get()).id}", data={"acte": "retirer"})
        typed = {"acte": "sans-suite", "vu": seen_too}
        both = await asyncio.gather(
            client.post(f"{address}/traitement", data={**typed, "motif": "Hors du thème"}),
            other.post(f"{address}/traitement", data={**typed, "motif": "Déjà dit ailleurs"}),
        )
    assert sorted(answer.status_code for answer in both) == [303, 409]
    told = next(answer for answer in both if answer.status_code == 409)
    assert ("Hors du thème" in told.text, "Déjà dit ailleurs" in told.text) == (True, True), "theirs, and what is typed"
    assert await count("treatment") == 1


async def test_an_edited_contribution_is_to_be_read_again(app: Starlette, client: AsyncClient) -> None:
    author = await make_member("Jeanne Le Goff")
    _, thread, post = await a_post(author=author)
    await make_proposal(await Theme.get(), "Une")
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}"
    typed = {"mots": "former les équipes", "nature": "argument pour", "proposition": "T3-001"}
    await client.post(f"{address}/extraire", data=typed)
    await client.post(f"{address}/traitement", data={"acte": "terminer", "vu": (seen := await stamp(client, post))})
    async with visitor(app) as writer:
        await sign_in(writer, author)
        await edit(writer, post, f"Un mot avant. {WORDS}")
    assert "modifiée depuis sa lecture" in (await client.get("/a-traiter")).text
    assert (await client.post(f"{address}/traitement", data={"acte": "terminer", "vu": seen})).status_code == 409
    assert "modifiée depuis" in (await client.get("/propositions/T3-001")).text
    assert "<mark" not in (await client.get(f"/fils/{thread.id}")).text
    kept = await Extract.get()
    old = f"{address}/revisions/1?de={kept.start}&a={kept.stop}"
    assert '<mark id="passage">former les équipes</mark>' in (await client.get(old)).text
    desk = (await client.get(f"{address}/extraire")).text
    assert "Ces mots y sont encore, tels quels." in desk
    offered = re.search(r'name="vu" value="(2:[^"]*)"', desk)
    assert offered is not None
    late = await client.post(f"/extraits/{kept.id}", data={"acte": "rattacher", "vu": "2:0-5"})
    assert late.status_code == 409
    moved = await client.post(f"/extraits/{kept.id}", data={"acte": "rattacher", "vu": offered[1]})
    assert moved.status_code == 303
    again = await Extract.get()
    assert (again.revision, again.start, again.sha256) == (2, kept.start + len("Un mot avant. "), kept.sha256)
    assert "<mark" in (await client.get(f"/fils/{thread.id}")).text
    assert "modifiée depuis" not in (await client.get("/propositions/T3-001")).text
    assert '<mark id="passage">former les équipes</mark>' in (await client.get(old)).text


@pytest.mark.parametrize(
    ("edited", "sentence", "nearest"),
    [
        (
            "Il faut aussi bien former nos équipes.",
            "Voici ceux qui s’en approchent",
            "bien former nos équipes",
        ),
        ("Tout autre chose, sur les horaires.", "Ces mots n’y sont plus.", ""),
    ],
)
async def test_words_that_changed_are_shown_before_they_count(
    app: Starlette, client: AsyncClient, edited: str, sentence: str, nearest: str
) -> None:
    author = await make_member("Jeanne Le Goff")
    _, _, post = await a_post("Il faut aussi bien former les équipes.", author=author)
    await sign_in(client, await a_moderator())
    address = f"/contributions/{post.id}/extraire"
    await client.post(address, data={"mots": "bien former les équipes", "nature": "solution"})
    async with visitor(app) as writer:
        await sign_in(writer, author)
        await edit(writer, post, edited)
    desk = (await client.get(address)).text
    assert sentence in desk
    kept = await Extract.get()
    offered = re.search(r'name="vu" value="(2:[^"]*)"', desk)
    assert offered is not None
    if nearest:
        assert f"«\u00a0{nearest}\u00a0»" in unescape(desk)
        await client.post(f"/extraits/{kept.id}", data={"acte": "rattacher", "vu": offered[1]})
        again, now = await Extract.get(), await Post.get(id=post.id)
        assert now.plain[again.start : again.stop] == nearest
        assert again.sha256 == digest(nearest)
    else:
        answer = await client.post(f"/extraits/{kept.id}", data={"acte": "garder", "vu": offered[1]})
        assert answer.status_code == 303
        again = await Extract.get()
        assert (again.revision, again.compared_revision, again.sha256) == (1, 2, kept.sha256)
    assert "La contribution a été modifiée depuis." not in (await client.get(address)).text


async def test_the_inbox_shows_the_oldest_first_and_filters(client: AsyncClient, clock: Clock) -> None:
    moderator = await a_moderator()
    _, thread, first = await a_post("Les premiers mots.")
    second = await make_post(thread, "Les deuxièmes mots.")
    group = await make_group("gt-3")
    elsewhere = await make_theme(5, group=group, title="Lieux")
    third = await make_post(await make_thread(elsewhere, "Un autre fil"), "Les troisièmes mots.")
    hidden = await make_post(await make_thread(await make_theme(6)), "Ceux d’un autre groupe.")
    meeting = await Meeting.create(working_group=group, number=2, created_at=NOON)
    await MeetingTag.create(post=second, meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    await MeetingTag.create(post=third, meeting=meeting, state=TagState.WAITING, created_at=NOON)
    await sign_in(client, moderator)

    async def listed(query: str = "") -> list[int]:
        text = (await client.get(f"/a-traiter{query}")).text
        return [int(each) for each in re.findall(r"/contributions/(\d+)/extraire", text)]

    assert await listed() == [first.id, second.id, third.id]
    assert await listed("?theme=5") == [third.id]
    assert await listed(f"?theme=3&fil={thread.id}") == [first.id, second.id]
    assert await listed(f"?reunion={meeting.id}") == [second.id]
    assert await listed("?theme=6") == []
    assert await listed(f"?apres={first.id}") == [second.id, third.id]
    assert "À traiter" in (await client.get("/")).text
    await Treatment.create(post=first, outcome="no follow-up", revision=1, reason="Non", treated_at=NOON)
    assert await listed() == [second.id, third.id]
    await sign_in(client, await make_member("Camille Aubry", role=Role.ADMINISTRATOR))
    assert await listed() == [second.id, third.id, hidden.id]
    await sign_in(client, await make_member())
    assert "À traiter" not in (await client.get("/")).text


async def test_the_inbox_goes_on_after_a_page(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SHOWN", 2)
    _, thread, _ = await a_post()
    for number in range(4):
        await make_post(thread, f"Encore {number}.")
    await sign_in(client, await a_moderator())
    every = [str(each.id) for each in await Post.all().order_by("id")]
    for address in ("/a-traiter", "/a-traiter?theme=3", "/en/a-traiter?theme=3"):
        pages = await turn(client, address, lambda page: re.findall(r"/contributions/(\d+)/extraire", page))
        assert pages == [every[:2], every[2:4], every[4:]]
    assert 'href="/en/a-traiter?theme=3&amp;apres=' in (await client.get("/en/a-traiter?theme=3")).text


PASSAGES = st.lists(
    st.sampled_from(["un *deux* trois", "- a", "- b **c** d", "", "> cité", "1. e f", "# T", "« g »"]), max_size=8
)


@given(PASSAGES, st.data())
def test_any_words_selected_are_exactly_those_kept(lines: list[str], data: st.DataObject) -> None:
    """What `harvest` keeps of a selection, whose bullets and blanks a browser may lose."""
    plain = read("\n".join([*lines, "", "fin."])).plain
    start = data.draw(st.integers(0, len(plain) - 1))
    stop = data.draw(st.integers(start + 1, len(plain)))
    for bullet in re.finditer(r"^(?:•|\d+\.) ", plain, re.MULTILINE):
        # The browser draws bullets: no selection ends inside one.
        stop = bullet.start() if bullet.start() < stop < bullet.end() else stop
    words = plain[start:stop]
    if not re.search(r"[^\W\d]", words):
        return
    theme = ThemeHead(1, 3, "", 1, Schedule(None, None, None, None), 0, 1)
    post = OnePost(
        1, 1, PostKind.CONTRIBUTION, PostState.SHOWN, None, None, "", "", plain, 1, None, PostPlace(1, "", theme)
    )
    mark = mark_words(post, words, near=start)
    kept = quotes.words(plain, mark.start, mark.end)
    assert _letters(kept) == _letters(words)
    assert start <= mark.start < mark.end <= stop


def _letters(text: str) -> str:
    """The letters without blanks or bullets, even a list number cut in two at either end, which is not the author's."""
    return re.sub(r"[\s•]|\A\d*\.|\b\d+(?:\.|\Z)", "", text)
