"""What may be a mobilisation is shown to moderators; of votes only a number, once results are public."""

import re
from datetime import timedelta
from html import unescape

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows, transaction
from forum.domain.moderation.hiding import hide, hold_thing
from forum.models.members import Member
from forum.models.moderation import Ground, Moderated
from forum.models.posts import Post
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.models.votes import Ballot, ExcludedVote
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.moderation.steps import words

PAGE = "/moderation/signaux"
SAID = "Il faut ouvrir les bibliothèques le dimanche pour les personnes qui travaillent la semaine."


class Place:
    """Two groups with a theme and a thread each, and a moderator of the first."""

    theme: Theme
    thread: Thread
    elsewhere: Thread
    people: list[Member]


@pytest.fixture
async def place(client: AsyncClient) -> Place:
    made = Place()
    group = await make_group("gt-3")
    made.theme = await make_theme(3, group=group)
    made.thread = await make_thread(made.theme)
    made.elsewhere = await make_thread(await make_theme(4))
    made.people = [await make_member(f"Personne Numéro{n}") for n in range(8)]
    await sign_in(client, await make_member("Nadia Berthier", moderates=[group]))
    return made


async def read(client: AsyncClient) -> str:
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    return re.sub("</?bdi>", "", unescape(words(answer.text)))


async def test_the_same_words_from_several_people_are_shown_together(client: AsyncClient, place: Place) -> None:
    posts = [
        await make_post(place.thread, SAID, author=place.people[0]),
        await make_post(place.thread, SAID.replace("le dimanche", "le DIMANCHE") + " Merci.", author=place.people[1]),
    ]
    # Twice by one person, something short, something else, and what another group reads.
    await make_post(place.thread, SAID, author=place.people[0])
    for one in place.people[:3]:
        await make_post(place.thread, "Tout à fait d’accord.", author=one)
    await make_post(place.thread, "Former chaque agent d’accueil à la médiation numérique.", author=place.people[3])
    for one in place.people[:4]:
        await make_post(place.elsewhere, f"Ailleurs aussi : {SAID}", author=one)
    page = await read(client)
    assert page.count("disent la même chose.") == 1
    assert "2 personnes disent la même chose." in page
    for post in posts:
        assert f"Contribution {post.number} du fil" in page
    # As long as they are shown.
    async with transaction():
        await hide(await hold_thing(Moderated.POST, posts[1].id, NOON), Ground.CHARTER, NOON)
    assert "disent la même chose." not in await read(client)


async def test_a_proposal_and_a_contribution_may_say_the_same(client: AsyncClient, place: Place) -> None:
    await make_post(place.thread, SAID, author=place.people[0])
    await make_proposal(place.theme, SAID, author=place.people[1])
    page = await read(client)
    assert "2 personnes disent la même chose." in page
    assert "Proposition T3-001" in page
    await Post.all().update(created_at=NOON - timedelta(days=31))
    assert "disent la même chose." not in await read(client)


async def test_an_hour_unlike_the_usual_ones_is_named(client: AsyncClient, place: Place) -> None:
    hour = NOON - timedelta(days=1)

    async def post(many: int, at: object) -> None:
        for n in range(many):
            made = await make_post(place.thread, f"Idée {n}.", author=place.people[n % 8])
            await Post.filter(id=made.id).update(created_at=at)

    await post(9, hour)
    assert "contributions dans l’heure" not in await read(client)
    await post(3, hour + timedelta(minutes=59))
    assert "12 contributions dans l’heure qui commence le 22 novembre 2026 à 13 h 00. Il n’y en avait" in await read(
        client
    )
    await post(3, hour - timedelta(days=10))
    assert "12 contributions dans l’heure qui commence le 22 novembre 2026 à 13 h 00. D’habitude, 3" in await read(
        client
    )
    await post(4, hour - timedelta(days=10))
    assert "contributions dans l’heure" not in await read(client), "twelve are less than four times seven"
    await rows("UPDATE member SET created_at = $1 WHERE id < 8", hour)
    assert "inscriptions dans l’heure" not in await read(client)
    for n in range(10):
        made = await make_member(f"Nouvelle Venue{n}")
        await Member.filter(id=made.id).update(created_at=hour)
    assert "17 inscriptions dans l’heure qui commence le 22 novembre 2026 à 13 h 00." in await read(client)


async def test_new_accounts_that_voted_alike_are_counted_once_results_are_public(
    app: Starlette, client: AsyncClient, clock: Clock, place: Place
) -> None:
    await Theme.filter(id=place.theme.id).update(votes_close_at=NOON + timedelta(hours=1))
    proposals = [await make_proposal(place.theme, f"Proposition {n}") for n in range(3)]
    await Member.filter(id__in=[one.id for one in place.people]).update(created_at=NOON - timedelta(days=2))

    async def vote(who: list[Member], said: list[str]) -> None:
        for one in who:
            for proposal, opinion in zip(proposals, said, strict=False):
                await Ballot.create(
                    proposal=proposal, voter=one, opinion=opinion, proposal_version=1, cast_at=NOON - timedelta(days=1)
                )

    await vote(place.people[:5], ["pour", "contre", "pour"])
    await vote(place.people[5:], ["contre", "pour", "pour"])
    assert "comptes." not in (await read(client)).partition("même façon")[2].partition("dans le même sens.")[2]
    clock.pass_(hours=2)
    page = (await read(client)).partition("dans le même sens.")[2]
    assert "Thème 3, « Formation et acteurs » : 5 comptes." in page
    assert page.count("comptes.") == 1, "three are too few"
    for told in ("pour", "contre", "Personne Numéro", "T3-00"):
        assert told not in page.partition("Cahier, une consultation")[0]
    # An older account, and one whose votes are excluded, are not among them.
    await ExcludedVote.create(theme=place.theme, member=place.people[0], excluded_at=NOON)
    assert ": 5 comptes." not in await read(client)
    await ExcludedVote.all().delete()
    await Member.filter(id=place.people[1].id).update(created_at=NOON - timedelta(days=5))
    assert ": 5 comptes." not in await read(client)
    # Moderators of another group do not read it.
    async with visitor(app) as other:
        await sign_in(other, await make_member("Malik Diallo", moderates=[await make_group("gt-4")]))
        assert "Formation et acteurs" not in await read(other)


async def test_the_page_says_that_there_is_nothing(client: AsyncClient, place: Place) -> None:
    page = await read(client)
    assert page.count("Rien de tel.") == 3
    assert "Aucune ne prouve une fraude" in page
