"""The title of a thread that goes with the contribution that opened it: the journal does not tell it meanwhile."""

from starlette.applications import Starlette

from forum.domain import journal_chain
from forum.domain.privacy import personal_facts
from forum.models.members import Role
from forum.models.posts import Post
from tests.conftest import NOON, Clock
from tests.factories import make_member
from tests.moderation.steps import Team, as_, decide


async def test_the_journal_masks_the_titles_of_a_thread_while_they_are_masked(
    app: Starlette, team: Team, clock: Clock
) -> None:
    first = await Post.get(thread_id=team.thread.id, number=1)
    agent = await make_member("Anne Agente", role=Role.AGENT)
    async with await as_(app, team.first) as moderator, await as_(app, agent) as staff:

        async def rename(seen: int, title: str) -> None:
            form = {"titre": title, "motif": f"Plus clair : {title}.", "vu": str(seen)}
            assert (await moderator.post(f"/fils/{team.thread.id}/renommer", data=form)).status_code == 303

        async def said() -> list[str]:
            pages = [await one.get("/journal") for one in (moderator, staff)]
            archive = await personal_facts.collect(team.first.id, NOON)
            exported = await staff.post("/journal/export")
            return [
                *(one.text for one in pages),
                (await staff.get("/en/journal")).text,
                exported.text,
                str(archive["journal"]),
                (await moderator.get(f"/fils/{team.thread.id}")).text,
            ]

        await rename(0, "TITRESECRET2")
        await rename(1, "Un titre convenable")
        for text in await said():
            assert "TITRESECRET2" in text
        assert (await moderator.post(f"/contributions/{first.id}/dossier")).status_code == 303
        assert (await decide(moderator, 1, titre_aussi="1")).status_code == 303
        clock.pass_(minutes=1)
        await rename(3, "Un autre titre")
        masked = await said()
        for text in masked:
            assert "TITRESECRET2" not in text
            assert "Un titre convenable" not in text
            assert "Un autre titre" in text
        assert "(titre masqué)" in masked[0]
        assert "(hidden title)" in masked[2]
        await moderator.post(f"/contributions/{first.id}/dossier")
        assert (await decide(moderator, 2, act="unhide")).status_code == 303
        for text in await said():
            assert "TITRESECRET2" in text
    assert (await journal_chain.verify()).fault == ""


async def test_the_text_of_an_earlier_decision_does_not_tell_a_title_that_is_masked(app: Starlette, team: Team) -> None:
    first = await Post.get(thread_id=team.thread.id, number=1)
    opener = await make_member("Otto Ouvreur")
    await Post.filter(id=first.id).update(author_id=opener.id)
    async with (
        await as_(app, team.first) as moderator,
        await as_(app, team.author) as author,
        await as_(app, opener) as own,
    ):
        await moderator.post(f"/contributions/{team.post.id}/dossier")
        assert (await decide(moderator, 1)).status_code == 303
        told = [(author, "/moderation/decisions/1"), (author, "/en/moderation/decisions/1")]
        told.append((moderator, "/moderation/decisions/1"))
        for reader, page in told:
            assert team.thread.title in (await reader.get(page)).text
        await moderator.post(f"/contributions/{first.id}/dossier")
        assert (await decide(moderator, 2, titre_aussi="1")).status_code == 303
        for reader, page in told:
            text = (await reader.get(page)).text
            assert team.thread.title not in text
            assert "(titre masqué)" in text
        assert team.thread.title in (await own.get("/moderation/decisions/2")).text
        await moderator.post(f"/contributions/{first.id}/dossier")
        assert (await decide(moderator, 3, act="unhide")).status_code == 303
        for reader, page in told:
            assert team.thread.title in (await reader.get(page)).text
