"""What stood for a name told its length, until 0.4: it is mended as the database is migrated."""

import pytest

from forum.database import row, rows
from forum.domain import journal_chain
from forum.domain.upkeep.fillings import mend_fillings
from forum.models.members import Member
from forum.models.posts import Post, PostRevision
from forum.models.proposals import Extract
from forum.text.quotes import QuoteMark, digest
from forum.text.reading import read
from forum.text.redaction import FillingCleaner
from tests.conftest import NOON
from tests.factories import make_member, make_post, make_proposal, make_theme, make_thread

FORMER = [
    *("(donnée personnelle retirée)", "(donnée personnelle retirée……)", "(nom propre retiré…)", "(nom retiré)"),
    *("(retiré…)", "(nom…)", "(nom)\u2060\u2060\u2060", "(…)\u2060"),
]
PEOPLES = ["(…)", "(……)", "…", "(retiré)", "(nom)", "(son nom)", "(nom retiré de la liste)", "(donnée)"]


@pytest.mark.parametrize("said", FORMER)
async def test_a_replacement_of_the_length_of_a_name_is_mended_with_what_counts_in_it(
    database: object, said: str
) -> None:
    await Member.filter(id=(await make_member("Compte effacé")).id).update(erased_at=NOON)
    theme = await make_theme(3)
    thread = await make_thread(theme, f"Ce que dit {said}")
    post = await make_post(thread, f"Comme **{said}** le dit, former coûte.")
    start = post.plain.index("former")
    quoting = await make_post(thread, f"{QuoteMark(post.id, 1, start, start + 6).marker()}\n\nVoilà.")
    extract = await Extract.create(
        post=post, revision=1, start=8, stop=start + 6, sha256=digest(post.plain[8 : start + 6]), created_at=NOON
    )
    proposal = await make_proposal(theme, f"Suivre {said}.")
    assert await mend_fillings(NOON)
    for kept in (await Post.get(id=post.id), await PostRevision.get(post_id=post.id)):
        assert kept.plain == "Comme (nom) le dit, former coûte."
        assert (kept.source, read(kept.source).html) == ("Comme **(nom)** le dit, former coûte.", kept.html)
    for again in (await Post.get(id=quoting.id), await PostRevision.get(post_id=quoting.id)):
        (mark,) = read(again.source).quotes
        assert "Comme (nom) le dit, former coûte."[mark.start : mark.end] == "former"
    await extract.refresh_from_db()
    assert (extract.start, extract.stop, extract.sha256) == (6, 26, digest("(nom) le dit, former"))
    await proposal.refresh_from_db()
    assert proposal.wording == "Suivre (nom)."
    assert (await rows("SELECT title FROM thread"))[0]["title"] == "Ce que dit (nom)"
    assert (await journal_chain.verify()).fault == ""
    assert not await mend_fillings(NOON)


@pytest.mark.parametrize("said", PEOPLES)
async def test_what_people_may_have_written_stays(database: object, said: str) -> None:
    assert FillingCleaner().clean(f"Comme {said} le dit") == f"Comme {said} le dit"


async def test_where_nobody_was_erased_words_are_their_authors(database: object) -> None:
    post = await make_post(await make_thread(await make_theme(3)), "Le (nom retiré) du dossier.")
    assert not await mend_fillings(NOON)
    found = await row("SELECT plain FROM post WHERE id = $1", post.id)
    assert found is not None
    assert found["plain"] == post.plain
