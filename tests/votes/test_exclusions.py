"""Votes of a fraudulent account count nowhere; nobody sees what they said, and no difference of figures tells it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows, transaction
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshot_queries import freeze, read_introductions
from forum.domain.syntheses.snapshots import from_json, to_json
from forum.models.members import Member, Role
from forum.models.themes import Theme, Voting
from forum.models.votes import ExcludedVote
from forum.ranking.published import may_add_back
from tests.conftest import NOON, Clock, visitor
from tests.factories import make_member, sign_in
from tests.moderation.steps import mails, words
from tests.votes.test_releases import reopen
from tests.votes.test_results import PAGE, SHEET, cast, make_vote, make_voters, table

WHY = "Le même appareil a ouvert ces comptes le même soir."


@pytest.fixture
async def administrator(client: AsyncClient) -> Member:
    made = await make_member("Alix Admin", role=Role.ADMINISTRATOR)
    await sign_in(client, made)
    return made


async def open_vote(voting: Voting = Voting.OPINIONS) -> Theme:
    """A sealed vote that closes in an hour."""
    theme = await make_vote(voting)
    await Theme.filter(id=theme.id).update(votes_close_at=NOON + timedelta(hours=1))
    return await Theme.get(id=theme.id)


async def exclude(client: AsyncClient, voter: Member, theme: int = 3, reason: str = WHY) -> Response:
    address = f"/administration/personnes/{voter.id}/votes"
    assert (await client.get(address)).status_code == 200
    return await client.post(address, data={"theme": str(theme), "motif": reason})


async def count_again(client: AsyncClient, voter: Member, reason: str = "Une erreur.") -> Response:
    address = f"/administration/personnes/{voter.id}/votes/3/compter"
    assert (await client.get(address)).status_code == 200
    return await client.post(address, data={"motif": reason})


def plain(answer: Response) -> str:
    return re.sub("</?bdi>", "", unescape(words(answer.text)))


async def test_excluded_votes_count_nowhere_and_may_be_counted_again_until_the_close(
    app: Starlette, client: AsyncClient, clock: Clock, administrator: Member
) -> None:
    theme = await open_vote()
    voters = await make_voters(4)
    await cast(theme, voters, {"Former": ["pour", "pour", "contre", "pour"], "Ouvrir": ["contre", "pour"]})
    assert (await exclude(client, voters[0])).status_code == 303
    assert (await exclude(client, voters[1])).status_code == 303
    assert (await count_again(client, voters[1])).status_code == 303
    async with visitor(app) as browser:
        # A ballot that comes later is left out too, and its owner is still free to cast it.
        await sign_in(browser, voters[0])
        assert (await browser.post("/propositions/T3-002/vote", data={"avis": "pour"})).status_code == 303
    before = plain(await client.get(PAGE))
    assert "écarté" not in before, "nothing is told before the close"
    clock.pass_(hours=2)
    lines = table(await client.get(SHEET))
    assert [(each["référence"], each["pour"], each["contre"]) for each in lines] == [
        ("T3-001", "2", "1"),
        ("T3-002", "1", "0"),
    ]
    assert not [name for name in lines[0] if "écartés" in name], "one person's ballots are the difference"
    page = plain(await client.get(PAGE))
    assert "Les votes de 1 personne sont écartés" in page
    assert "1 personne est concernée. 2 votes sont écartés." in page
    own = plain(await client.get("/propositions/T3-001"))
    assert "Les votes de 1 personne sont écartés des résultats du thème : ces chiffres ne les comptent pas." in own
    assert "Votants 3" in page
    assert "Avec ces votes" not in page
    async with transaction():
        frozen = await freeze(theme.id, clock.now, await read_introductions())
    assert (frozen.themes[0].excluded_voters, frozen.themes[0].excluded_ballots) == (1, 2)
    assert {each.with_excluded for each in frozen.proposals} == {None}
    said = str(outline_of(frozen))
    assert "Votes écartés" in said
    assert "Chiffres sans et avec" not in said
    assert from_json(to_json(frozen)) == frozen


@pytest.mark.parametrize(
    ("voting", "left_out", "printed"),
    [
        (
            Voting.OPINIONS,
            ["pour", "pour", "pour", "contre", "contre"],
            ["2 pour, 0 abstention, 2 contre", "5 pour, 0 abstention, 4 contre"],
        ),
        (Voting.OPINIONS, ["pour", "pour", "pour", "pour", "contre"], []),
        (Voting.OPINIONS, ["pour", "pour", "contre", "contre"], []),
        (Voting.APPROVAL, ["pour", "pour", "", "", ""], ["2 soutiens", "4 soutiens"]),
        (Voting.APPROVAL, ["pour", "pour", "pour", "pour", ""], []),
    ],
)
async def test_totals_with_them_are_published_only_where_the_difference_tells_nobody_s_vote(
    client: AsyncClient,
    clock: Clock,
    administrator: Member,
    voting: Voting,
    left_out: list[str],
    printed: list[str],
) -> None:
    theme = await open_vote(voting)
    voters = await make_voters(4 + len(left_out))
    counted = ["pour", "pour", "contre", "contre"] if voting is Voting.OPINIONS else ["pour", "pour", "", ""]
    # Everybody votes on the other proposal, all in the same way.
    await cast(theme, voters, {"Former": [*counted, *left_out], "Ouvrir": ["pour"] * len(voters)})
    for voter in voters[4:]:
        assert (await exclude(client, voter)).status_code == 303
    clock.pass_(hours=2)
    page = plain(await client.get(PAGE))
    rows_of = re.findall(r"T3-00\d (?:\d+ pour, .*? contre|\d+ soutiens?) (?:\d+ pour, .*? contre|\d+ soutiens?)", page)
    assert rows_of == ([f"T3-001 {printed[0]} {printed[1]}"] if printed else [])
    line = table(await client.get(SHEET))
    former = next(each for each in line if each["référence"] == "T3-001")
    other = next(each for each in line if each["référence"] == "T3-002")
    name = ("pour" if voting is Voting.OPINIONS else "soutiens") + ", avec les votes écartés"
    assert (former.get(name), other.get(name)) == ((printed[1].split()[0], "") if printed else (None, None))
    async with transaction():
        frozen = await freeze(theme.id, clock.now, await read_introductions())
    added = {each.reference: each.with_excluded for each in frozen.proposals}
    assert added["T3-002"] is None
    assert (added["T3-001"] is not None) is bool(printed)
    assert ("Chiffres sans et avec" in str(outline_of(frozen))) is bool(printed)
    assert from_json(to_json(frozen)) == frozen


@pytest.mark.parametrize(
    ("answers", "published"),
    [([], False), ([4], False), ([3, 2], True), ([4, 1], False), ([5], False), ([2, 2], False), ([3, 1, 1], True)],
)
def test_a_difference_is_published_like_a_cell(answers: list[int], published: bool) -> None:
    assert may_add_back(answers) is published


@pytest.mark.parametrize("voting", [Voting.JUDGMENT, Voting.RANKING])
async def test_other_kinds_of_voting_say_how_many_only(
    client: AsyncClient, clock: Clock, administrator: Member, voting: Voting
) -> None:
    theme = await open_vote(voting)
    voters = await make_voters(7)
    await cast(theme, voters, {"Former": ["1", "2", "1", "1", "2", "2", "1"]})
    for voter in voters[2:]:
        assert (await exclude(client, voter)).status_code == 303
    clock.pass_(hours=2)
    page = plain(await client.get(PAGE))
    assert "5 personnes sont concernées. 5 votes sont écartés." in page
    assert "leur différence dirait des votes" in page
    assert "Avec ces votes" not in page


async def test_nothing_changes_once_a_result_is_public(
    app: Starlette, client: AsyncClient, clock: Clock, administrator: Member
) -> None:
    theme = await open_vote()
    voters = await make_voters(3)
    await cast(theme, voters, {"Former": ["pour", "contre", "pour"]})
    assert (await exclude(client, voters[0])).status_code == 303
    clock.pass_(hours=2)
    before = table(await client.get(SHEET))
    late = await client.post(f"/administration/personnes/{voters[1].id}/votes", data={"theme": "3", "motif": WHY})
    assert (late.status_code, "Des résultats du thème 3 sont publics" in plain(late)) == (422, True)
    again = await client.post(f"/administration/personnes/{voters[0].id}/votes/3/compter", data={"motif": WHY})
    assert (again.status_code, "Des résultats du thème 3 sont publics" in plain(again)) == (422, True)
    assert "Aucun autre thème ne s’y prête" in plain(
        await client.get(f"/administration/personnes/{voters[1].id}/votes")
    )
    await reopen(app, clock)
    late = await client.post(f"/administration/personnes/{voters[1].id}/votes", data={"theme": "3", "motif": WHY})
    assert late.status_code == 422
    clock.pass_(hours=2)
    assert table(await client.get(SHEET)) == before
    await Theme.filter(id=theme.id).update(sealed=False, votes_close_at=clock.now + timedelta(hours=1))
    await rows("DELETE FROM published_release")
    shown = await client.post(f"/administration/personnes/{voters[1].id}/votes", data={"theme": "3", "motif": WHY})
    assert shown.status_code == 422


async def test_the_person_is_told_why_and_the_journal_has_both_acts(
    app: Starlette, client: AsyncClient, administrator: Member
) -> None:
    theme = await open_vote()
    voter = await make_member("Ada Votante", email="ada@exemple.fr")
    await cast(theme, [voter], {"Former": ["pour"]})
    assert (await exclude(client, voter)).status_code == 303
    (mail,) = await mails("votes_excluded")
    assert (mail["address"], mail["reason"], mail["theme"]) == ("ada@exemple.fr", WHY, "3")
    async with visitor(app) as browser:
        await sign_in(browser, voter)
        page = plain(await browser.get("/compte"))
        assert "vos votes sur le thème 3" in page
        assert WHY in page
        archive = await browser.post("/compte/donnees", data={})
        assert archive.status_code == 303
    assert (await count_again(client, voter)).status_code == 303
    assert (await mails("votes_counted"))[0]["reason"] == "Une erreur."
    async with visitor(app) as browser:
        await sign_in(browser, voter)
        assert "vos votes sur le thème 3" not in plain(await browser.get("/compte"))
    entries = await rows("SELECT act, thing_id, after, reason, working_group_id FROM journal_entry ORDER BY id")
    assert [(each["act"], each["thing_id"], each["after"], each["reason"]) for each in entries] == [
        ("exclude_votes", voter.id, '{"theme": 3}', WHY),
        ("count_votes_again", voter.id, '{"theme": 3}', "Une erreur."),
    ]
    assert {each["working_group_id"] for each in entries} == {None}
    page = plain(await client.get("/journal"))
    assert "a écarté les votes d’une personne sur un thème" in page


async def test_what_is_missing_is_refused_beside_its_field(client: AsyncClient, administrator: Member) -> None:
    await open_vote()
    voter = await make_member("Ada Votante")
    address = f"/administration/personnes/{voter.id}/votes"
    for form, said in (
        ({"theme": "", "motif": WHY}, "Choisissez un thème dans la liste."),
        ({"theme": "77", "motif": WHY}, "Choisissez un thème dans la liste."),
        ({"theme": "99999999", "motif": WHY}, "Choisissez un thème dans la liste."),
        ({"theme": "x", "motif": WHY}, "nombre entier"),
        ({"theme": "3", "motif": " "}, "Dites pourquoi"),
    ):
        answer = await client.post(address, data=form)
        assert (answer.status_code, said in plain(answer)) == (422, True)
    assert await ExcludedVote.all().count() == 0
    assert (await exclude(client, voter)).status_code == 303
    twice = await exclude(client, voter)
    assert (twice.status_code, "déjà écartés" in plain(twice)) == (409, True)
    assert (await client.post(f"{address}/3/compter", data={"motif": WHY})).status_code == 303
    again = await client.post(f"{address}/3/compter", data={"motif": WHY})
    assert (again.status_code, "comptent déjà" in plain(again)) == (409, True)
    assert (await client.get(f"/administration/personnes/{voter.id}/votes/5/compter")).status_code == 404
    assert (await client.get("/administration/personnes/9999/votes")).status_code == 404
    own = await client.get(f"/administration/personnes/{administrator.id}/votes")
    assert (own.status_code, "Ce sont vos votes" in plain(own)) == (403, True)


async def test_whether_somebody_voted_is_not_told_to_the_administrator(
    client: AsyncClient, administrator: Member
) -> None:
    theme = await open_vote()
    voted, silent = await make_voters(2)
    await cast(theme, [voted], {"Former": ["pour"]})
    pages = [
        plain(await client.get(f"/administration/personnes/{each.id}/votes")).replace(each.name, "X")
        for each in (voted, silent)
    ]
    assert pages[0] == pages[1].replace(f"/{silent.id}/", f"/{voted.id}/")
