"""A complaint is read by another person than who decided and who contests; where nobody is left, the pages say so."""

from datetime import timedelta

from starlette.applications import Starlette

from forum.database import rows
from forum.models.members import Member, Moderator, Role
from forum.models.posts import Post
from tests.conftest import NOON
from tests.factories import make_member, make_proposal
from tests.moderation.steps import Team, as_, decide, hidden, words

PAGE = "/moderation/decisions/1"
ANSWER = {"issue": "upheld", "explication": "Elle est juste."}


async def contest(app: Starlette, member: Member) -> str:
    """Contest the first decision; returns what its page says then."""
    async with await as_(app, member) as author:
        sent = await author.post(f"{PAGE}/contester", data={"explication": "Je ne visais personne."})
        assert sent.status_code == 303
        return words((await author.get(PAGE)).text)


async def told() -> set[int]:
    return {each["member_id"] for each in await rows("SELECT member_id FROM notification WHERE event = 'contested'")}


async def test_an_administrator_reads_it_where_nobody_else_moderates_the_group(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    await Moderator.filter(member=team.second).delete()
    assert "personne d’autre ne peut le faire" not in await contest(app, team.author)
    assert await told() == {team.administrator.id}
    async with await as_(app, team.first) as first:
        page = words((await first.get(PAGE)).text)
        assert "Une autre personne que celle qui a décidé doit répondre." in page
        assert "Personne d’autre ne peut répondre" not in page
        assert (await first.post(f"{PAGE}/reclamation", data=ANSWER)).status_code == 403
    async with await as_(app, team.administrator) as administrator:
        assert (await administrator.post(f"{PAGE}/reclamation", data=ANSWER)).status_code == 303


async def test_a_moderator_who_is_suspended_or_gone_is_nobody_who_could_answer(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    await Member.filter(id=team.second.id).update(suspended_until=NOON + timedelta(days=3))
    await contest(app, team.author)
    assert await told() == {team.administrator.id}


async def test_where_nobody_is_left_the_pages_say_what_must_be_done(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    await Moderator.filter(member=team.second).delete()
    await Member.filter(id=team.administrator.id).update(role=Role.MEMBER)
    assert "Pour l’instant, personne d’autre ne peut le faire." in await contest(app, team.author)
    assert await told() == set()
    async with await as_(app, team.first) as first:
        assert "Personne d’autre ne peut répondre" in words((await first.get(PAGE)).text)
    # Somebody is given the right to, and it is all said no more.
    await Member.filter(id=team.administrator.id).update(role=Role.ADMINISTRATOR)
    async with await as_(app, team.first) as first:
        assert "Personne d’autre ne peut répondre" not in words((await first.get(PAGE)).text)


async def test_a_moderator_does_not_answer_their_own_complaint(app: Starlette, team: Team) -> None:
    await Post.filter(id=team.post.id).update(author_id=team.second.id)
    await hidden(app, team)
    await contest(app, team.second)
    assert await told() == {team.administrator.id}, "who decided and who contests are the two moderators"
    async with await as_(app, team.second) as second:
        assert "dossiers attendent" not in words((await second.get("/moderation")).text)
        refused = await second.post(f"{PAGE}/reclamation", data=ANSWER)
        assert refused.status_code == 403
        assert "C’est votre réclamation : une autre personne y répond." in words(refused.text)
        assert "une autre personne répond" in words((await second.get("/moderation")).text)
    third = await make_member("Tom Troisième", role=Role.ADMINISTRATOR)
    async with await as_(app, third) as administrator:
        assert (await administrator.post(f"{PAGE}/reclamation", data=ANSWER)).status_code == 303


async def test_from_the_place_of_hidden_words_their_author_alone_is_led_to_the_decision(
    app: Starlette, team: Team
) -> None:
    await team.thread.fetch_related("theme")
    await make_proposal(team.thread.theme, "Une proposition masquée ensuite.", author=team.author)  # type: ignore[arg-type]
    await hidden(app, team)
    async with await as_(app, team.first) as moderator:
        await moderator.post("/propositions/T3-001/dossier")
        assert (await decide(moderator, 2)).status_code == 303
    places = (
        (f"/fils/{team.thread.id}", f"/contributions/{team.post.id}/decision", 1),
        (f"/contributions/{team.post.id}/historique", f"/contributions/{team.post.id}/decision", 1),
        (f"/contributions/{team.post.id}/revisions/1", f"/contributions/{team.post.id}/decision", 1),
        ("/propositions/T3-001", "/propositions/T3-001/decision", 2),
    )
    async with await as_(app, team.author) as author, await as_(app, team.reader) as reader:
        for place, link, decision in places:
            assert f'href="{link}"' in (await author.get(place)).text, place
            assert link not in (await reader.get(place)).text, place
            led = await author.get(link)
            assert (led.status_code, led.headers["location"]) == (303, f"/moderation/decisions/{decision}")
            assert (await reader.get(link)).status_code == 404


async def test_a_list_with_complaints_alone_does_not_say_that_nothing_waits(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    async with await as_(app, team.second) as second:
        before = words((await second.get("/moderation")).text)
        assert "Aucun dossier n’attend. Les prochains signalements de vos groupes arriveront ici." in before
        await contest(app, team.author)
        after = words((await second.get("/moderation")).text)
        assert "Des réclamations attendent une réponse" in after
        assert "Les prochains signalements" not in after
