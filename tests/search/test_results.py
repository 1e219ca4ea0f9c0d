"""What is found, in which order, and what is not."""

from datetime import date, timedelta

import pytest

from forum.database import rows
from forum.domain.pages import PageTurn
from forum.domain.search.index import is_complete, is_sound, rebuild
from forum.domain.search.results import SearchFilter, search
from forum.models.answers import Answer, Decision, Fate
from forum.models.meetings import Meeting, MeetingTag, TagState
from forum.models.posts import Post
from forum.models.proposals import ProposalState
from forum.models.search import SearchKind
from forum.models.syntheses import Synthesis, SynthesisState
from forum.models.themes import Theme
from forum.settings import Settings
from tests.conftest import NOON
from tests.factories import make_member, make_post, make_proposal, make_theme, make_thread

NOTHING = SearchFilter()


async def found(typed: str, wanted: SearchFilter = NOTHING) -> list[tuple[SearchKind, int]]:
    """The kinds and numbers of the results of a first page."""
    page = await search(None, "192.0.2.1", typed, wanted)
    return [(each.kind, each.id) for each in page.results.shown]


async def posts(typed: str, wanted: SearchFilter = NOTHING) -> list[int]:
    return [thing for kind, thing in await found(typed, wanted) if kind is SearchKind.POST]


@pytest.fixture
async def theme(database: Settings) -> Theme:
    return await make_theme(3)


async def written(theme: Theme, *words: str, title: str = "Pistes") -> list[Post]:
    thread = await make_thread(theme, title)
    made = [await make_post(thread, each) for each in words]
    await rebuild()
    return made


async def test_folded_words_are_found(theme: Theme) -> None:
    first, second, third = await written(
        theme, "Les MÉDIATEURS NUMÉRIQUES aident.", "Au cœur de l’Élève.", "Selon T3-007 et C-4@2, rien."
    )
    for typed in ("mediateur numerique", "médiatrice", '"mediateurs numeriques"', "numeri", "MÉDIATEURS -absent"):
        assert await posts(typed) == [first.id], typed
    for typed in ("coeur", "cœur", "l'eleve", "ÉLÈVES", '"coeur de l\'eleve"'):
        assert await posts(typed) == [second.id], typed
    for typed in ("T3-007", "t3-007", "C-4@2", "C-4"):
        assert third.id in await posts(typed), typed
    absent = ("embaucher", '"mediateur numerique"', "numer -aider", "T3-0070", "C-44", "me", '"numériques aident les"')
    for typed in absent:
        assert await posts(typed) == [], typed


async def test_titles_come_before_words_and_these_before_quotes(theme: Theme) -> None:
    (quoted,) = await written(theme, "Une bibliothèque.")
    (titled,) = await written(theme, "Autre chose.", title="Bibliothèques de quartier")
    quoting = await make_post(await make_thread(theme, "Fil"), "Comme elle dit.")
    await rows(
        """INSERT INTO quote (post_id, position, quoted_id, revision, start, stop, sha256)
           VALUES ($1, 0, $2, 1, 4, 16, '')""",
        quoting.id,
        quoted.id,
    )
    proposal = await make_proposal(theme, "Ouvrir les bibliothèques.")
    await rebuild()
    assert await found("bibliothèque") == [
        (SearchKind.POST, titled.id),
        (SearchKind.PROPOSAL, proposal.id),
        (SearchKind.POST, quoted.id),
        (SearchKind.POST, quoting.id),
    ]
    page = await search(None, "192.0.2.1", "bibliotheque", NOTHING)
    shown = {each.id: each.excerpt for each in page.results.shown if each.kind is SearchKind.POST}
    said = shown[quoting.id]
    assert said is not None
    assert said.parts == (("Comme elle dit.", False),)


async def test_whole_words_come_before_beginnings(theme: Theme) -> None:
    whole, longer = await written(theme, "L’art vivant.", "Un artisan.")
    assert await posts("art") == [whole.id, longer.id]
    assert await posts("ar") == []


async def test_the_thing_itself_comes_first(theme: Theme) -> None:
    (cited,) = await written(theme, "Former.")
    (citing,) = await written(theme, f"Comme C-{cited.id}@1 le dit.")
    assert await posts(f"C-{cited.id}") == [cited.id, citing.id]
    page = await search(None, "192.0.2.1", f"c-{cited.id}@1", NOTHING)
    assert [(each.id, each.version) for each in page.results.shown] == [(cited.id, 1), (citing.id, None)]
    assert (await search(None, "192.0.2.1", f"c-{cited.id}@9", NOTHING)).results.shown[0].version is None
    proposal = await make_proposal(theme, "Former encore.")
    later = await make_proposal(theme, "Redire T3-001.")
    await rebuild()
    assert await found("T3-001") == [(SearchKind.PROPOSAL, proposal.id), (SearchKind.PROPOSAL, later.id)]


async def test_every_kind_is_found_and_narrowed(theme: Theme) -> None:
    member = await make_member("Zoé Écrivaine")
    thread = await make_thread(theme, "Ateliers")
    post = await make_post(thread, "Un mot commun.", author=member)
    meeting = await Meeting.create(
        working_group_id=theme.working_group_id,
        number=4,
        held_on=date(2026, 10, 1),
        place="Salle commune",
        minutes="Il fut dit un mot commun.",
        created_at=NOON,
    )
    await MeetingTag.create(post=post, meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    proposal = await make_proposal(theme, "Un mot commun.", author=member, state=ProposalState.RETAINED)
    answer = await Answer.create(
        proposal=proposal,
        number=1,
        decision=Decision.RETAINED,
        reason="D’un commun accord.",
        service="Le service",
        decided_on=date(2026, 11, 1),
        created_at=NOON,
    )
    synthesis = await Synthesis.create(
        theme=theme,
        version=1,
        scope="theme:3",
        state=SynthesisState.PUBLISHED,
        draft=False,
        snapshot="{}",
        snapshot_sha256="",
        requested_at=NOON,
        published_at=NOON,
    )
    other = await make_post(await make_thread(await make_theme(5), "Ailleurs"), "Un mot commun.")
    await rebuild()
    of = {
        SearchKind.POST: {post.id, other.id},
        SearchKind.PROPOSAL: {proposal.id},
        SearchKind.MEETING: {meeting.id},
        SearchKind.MINUTES: {meeting.id},
        SearchKind.ANSWER: {answer.id},
    }
    assert set(await found("commun")) == {(kind, thing) for kind, things in of.items() for thing in things}
    assert await found("synthèse formation") == [(SearchKind.SYNTHESIS, synthesis.id)]
    for kind, things in of.items():
        assert {thing for _, thing in await found("commun", SearchFilter(kind=kind))} == things
    assert (SearchKind.POST, other.id) not in await found("commun", SearchFilter(theme=3))
    assert await found("commun", SearchFilter(theme=5)) == [(SearchKind.POST, other.id)]
    assert {kind for kind, _ in await found("commun", SearchFilter(theme=3))} == set(of)
    assert set(await found("commun", SearchFilter(meeting=meeting.id))) == {
        (SearchKind.POST, post.id),
        (SearchKind.MEETING, meeting.id),
        (SearchKind.MINUTES, meeting.id),
    }
    both = [(SearchKind.PROPOSAL, proposal.id), (SearchKind.POST, post.id)]
    for author in ("Zoé Écrivaine", "zoe ecrivaine", "@Zoé-Écrivaine", member.handle):
        assert await found("", SearchFilter(author=author)) == both, author
    assert await found("", SearchFilter(author="Personne")) == []
    assert await found("", SearchFilter(fate=Fate.RETAINED)) == [(SearchKind.PROPOSAL, proposal.id)]
    assert await found("", SearchFilter(fate=Fate.OPEN)) == []
    days = SearchFilter(since=date(2026, 10, 1), until=date(2026, 10, 1))
    assert {kind for kind, _ in await found("commun", days)} == {SearchKind.MEETING, SearchKind.MINUTES}
    assert await found("commun", SearchFilter(since=date(2027, 1, 1))) == []
    assert await found("commun", SearchFilter(theme=99_999, until=date.max, since=date.min)) == []


async def test_the_newest_come_first_and_pages_are_stable(theme: Theme) -> None:
    thread = await make_thread(theme, "Long fil")
    made = [
        await make_post(thread, "Encore un mot.", written_at=NOON - timedelta(days=each % 7, hours=each))
        for each in range(45)
    ]
    await rebuild()
    order = [each.id for each in sorted(made, key=lambda one: (one.written_at, one.id), reverse=True)]
    seen: list[int] = []
    turn = PageTurn()
    for _ in range(3):
        page = await search(None, "192.0.2.1", "mot", NOTHING, turn)
        seen += [each.id for each in page.results.shown]
        assert page.count == 45
        turn = PageTurn(page.results.next or "")
    assert seen == order
    back = await search(None, "192.0.2.1", "mot", NOTHING, PageTurn(page.results.previous or "", back=True))
    assert [each.id for each in back.results.shown] == order[20:40]


async def test_what_nobody_reads_is_not_found(theme: Theme) -> None:
    thread = await make_thread(theme, "Fil")
    post = await make_post(thread, "Un secret.")
    await rows("UPDATE post SET state = 'hidden' WHERE id = $1", post.id)
    for state in (ProposalState.DRAFT, ProposalState.HIDDEN):
        await make_proposal(theme, "Un secret.", state=state)
    await Meeting.create(working_group_id=theme.working_group_id, number=9, place="Un secret", created_at=NOON)
    await rebuild()
    assert await found("secret") == []


async def test_anything_may_be_asked(theme: Theme) -> None:
    await written(theme, "Un mot.")
    strange = (
        '"',
        "-",
        "a OR b",
        "NEAR(a b)",
        "*",
        "':*",
        "$search$",
        "\\",
        "x" * 500,
        "mot -mot",
        "-autre",
        "é" * 90,
    )
    for typed in strange:
        await search(None, "192.0.2.1", typed, SearchFilter(kind=SearchKind.POST))
    page = await search(None, "192.0.2.1", " ", NOTHING)
    assert not page.is_asked


async def test_the_index_says_whether_it_is_whole(theme: Theme) -> None:
    await written(theme, "Un mot.")
    assert await is_complete()
    assert await is_sound()
    await make_proposal(theme, "Oubliée.")
    assert not await is_complete()
    assert await rebuild() == 2
    await rows("UPDATE post SET state = 'withdrawn'")
    assert not await is_complete()
    await rebuild()
    assert await is_complete()
