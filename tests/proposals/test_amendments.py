"""Proposals change: versions with what they changed, ballots that wait, corrections that a moderator certifies."""

import asyncio
import re

import pytest
from httpx2 import AsyncClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from forum.database import rows
from forum.domain.members.members import load_viewer
from forum.domain.proposals import amendments, departures
from forum.domain.themes.proposal_states import STEPS, Step
from forum.errors import CahierError
from forum.models.members import Member, Role
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import GuidingQuestion, Theme
from forum.models.votes import Ballot
from forum.permissions import COUNTING
from forum.ranking.tallies import Opinion
from tests.conftest import NOON, Clock
from tests.factories import count, make_group, make_member, make_proposal, make_theme, sign_in
from tests.proposals.test_departures import a_judged_proposal, a_moderator, journal, told
from tests.world import changed, fingerprint

AMEND = "/propositions/T3-001/modifier"
VERSIONS = "/propositions/T3-001/versions"
PAGE = "/propositions/T3-001"


def typed(version: int, wording: str = "Ouvrir le dimanche", **others: object) -> dict[str, object]:
    return {"version": str(version), "formulation": wording, "motif": "Le samedi est déjà ouvert.", **others}


def certify(version: int) -> str:
    return f"{VERSIONS}/{version}/correction"


async def numbers() -> tuple[int, int]:
    """The version of the proposal, and the first of those that ask for the same thing."""
    found = await Proposal.get(number=1)
    return found.version, found.substance


def unmarked(page: str) -> str:
    """A page without the hidden words that tell screen readers what is removed and added."""
    return re.sub(r'<span class="heard">.*?</span>', "", page)


async def test_an_amendment_under_vote_tells_its_voters_and_says_what_changed(client: AsyncClient) -> None:
    theme, author, voter, _ = await a_judged_proposal()
    await sign_in(client, author)
    assert AMEND in (await client.get(PAGE)).text
    form = (await client.get(AMEND)).text
    assert ">\nOuvrir le samedi</textarea>" in form
    assert 'name="version" value="1"' in form
    version = (await Theme.get(id=theme.id)).version
    answer = await client.post(AMEND, data=typed(1, expose_des_motifs="Pour **ceux** qui travaillent."))
    assert answer.headers["location"] == "/propositions/T3-001?fait=proposition-modifiee"
    assert (await Theme.get(id=theme.id)).version > version
    page = (await client.get(PAGE)).text
    assert "<h1>Ouvrir le dimanche</h1>" in page
    assert "<strong>ceux</strong>" in page
    turn = f'Modifiée par Une Autrice : <a href="{VERSIONS}/2">version 2</a>.'
    assert turn in page.replace("\N{NO-BREAK SPACE}:", " :")
    assert "Comparer les 2 versions" in page
    assert await numbers() == (2, 2)
    assert await told(voter) == ["amended"]
    # True also of who reads it when the votes are closed, or once it is confirmed.
    await sign_in(client, voter)
    notice = (await client.get("/notifications")).text.replace("\N{NO-BREAK SPACE}:", " :")
    assert "T3-001 a changé après votre vote : à confirmer avant la clôture pour qu’il compte" in notice
    assert await told(author) == []
    versions = unmarked((await client.get(VERSIONS)).text)
    assert "Ouvrir le <del>samedi</del><ins>dimanche</ins>" in versions
    assert versions.index("Version 2") < versions.index("Version 1")
    assert "Le samedi est déjà ouvert." in versions
    assert [(each.opinion, each.proposal_version) for each in await Ballot.all()] == [("pour", 1)]


async def test_before_the_vote_words_change_freely_and_no_reason_is_asked(client: AsyncClient) -> None:
    author = await make_member()
    await make_proposal(await make_theme(3, votes="later"), "Ouvrir le samedi", author=author)
    await sign_in(client, author)
    assert (await client.post(AMEND, data=typed(1, motif=""))).status_code == 303
    assert await numbers() == (2, 2)
    assert await count("notification") == 0
    assert "Elle change le sens." in (await client.get(VERSIONS)).text


@pytest.mark.parametrize(
    ("windows", "status"),
    [
        ({}, 303),
        ({"contributions": "closed"}, 303),
        ({"contributions": "closed", "votes": "later"}, 403),
        ({"contributions": "later", "votes": "later"}, 403),
        ({"votes": "closed"}, 403),
        ({"contributions": "closed", "votes": "closed"}, 403),
        ({"votes": "unset"}, 303),
    ],
)
async def test_words_change_until_the_votes_close(client: AsyncClient, windows: dict[str, str], status: int) -> None:
    _, author, _, _ = await a_judged_proposal(**windows)
    await sign_in(client, author)
    before = await fingerprint()
    assert (await client.get(AMEND)).status_code == (200 if status == 303 else 403)
    assert (await client.post(AMEND, data=typed(1))).status_code == status
    assert bool(changed(before, await fingerprint())) is (status == 303)
    assert (AMEND in (await client.get(PAGE)).text) is (status == 303)


@pytest.mark.parametrize("state", [state for state in ProposalState if state not in ("open", "draft")])
async def test_what_is_no_longer_put_to_the_vote_keeps_its_words(client: AsyncClient, state: ProposalState) -> None:
    author = await make_member()
    await make_proposal(await make_theme(3), author=author, state=state)
    await sign_in(client, author)
    before = await fingerprint()
    assert (await client.post(AMEND, data=typed(1))).status_code == 403
    assert changed(before, await fingerprint()) == set()


async def test_nobody_changes_somebody_elses_words(client: AsyncClient) -> None:
    """Not even the moderator who made the proposal from a contribution: the words are their author's."""
    _, author, _, proposal = await a_judged_proposal()
    moderator = await a_moderator()
    await rows("UPDATE proposal SET promoter_id = $2 WHERE id = $1", proposal.id, moderator.id)
    for other in (moderator, await make_member("Une Administratrice", role=Role.ADMINISTRATOR)):
        await sign_in(client, other)
        assert (await client.get(AMEND)).status_code == 403
        before = await fingerprint()
        assert (await client.post(AMEND, data=typed(1))).status_code == 403
        assert changed(before, await fingerprint()) == set()
    await rows("UPDATE proposal SET author_id = NULL WHERE id = $1", proposal.id)
    await sign_in(client, author)
    assert (await client.post(AMEND, data=typed(1))).status_code == 403
    await sign_in(client, moderator)
    assert (await client.post(AMEND, data=typed(1))).status_code == 303


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"motif": ""}, "motif"),
        ({"motif": "x" * 501}, "motif"),
        ({"formulation": ""}, "formulation"),
        ({"formulation": "x" * 301}, "formulation"),
        ({"expose_des_motifs": "{{citation 1@1 0-4}}"}, "expose_des_motifs"),
        ({"questions": "9"}, "questions"),
    ],
)
async def test_a_refused_amendment_keeps_what_was_typed(
    client: AsyncClient, changes: dict[str, str], field: str
) -> None:
    _, author, _, _ = await a_judged_proposal()
    await sign_in(client, author)
    before = await fingerprint()
    sent = {"expose_des_motifs": "Mes motifs à garder.", **typed(1), **changes}
    answer = await client.post(AMEND, data=sent)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    for name in ("formulation", "expose_des_motifs", "motif"):
        assert f">\n{sent[name]}</textarea>" in answer.text
    assert changed(before, await fingerprint()) == set()


async def test_two_windows_lose_nothing(client: AsyncClient) -> None:
    """409 with the present words, what the typed ones would change, and the typed ones; then they can be sent."""
    _, author, _, _ = await a_judged_proposal()
    await sign_in(client, author)
    await client.post(AMEND, data=typed(1, "Ouvrir le dimanche matin"))
    late = typed(1, "Ouvrir le lundi matin", expose_des_motifs="Mes motifs", questions=["2"])
    answer = await client.post(AMEND, data=late)
    assert answer.status_code == 409
    page = unmarked(answer.text)
    assert "Le texte enregistré entre-temps" in page
    assert "<strong>Ouvrir le dimanche matin</strong>" in page
    assert "Ouvrir le <del>dimanche</del><ins>lundi</ins> matin" in page
    assert ">\nOuvrir le lundi matin</textarea>" in page
    assert ">\nMes motifs</textarea>" in page
    assert ">\nLe samedi est déjà ouvert.</textarea>" in page
    assert 'value="2" checked' in page
    assert 'name="version" value="2"' in page
    assert await numbers() == (2, 2)
    shown = await client.post(AMEND, data={**late, "version": "2", "remplace": "1", "formulation": ""})
    assert shown.status_code == 422
    assert "Le texte enregistré entre-temps" in shown.text
    assert (await client.post(AMEND, data={**late, "version": "2", "remplace": "1"})).status_code == 303
    assert await numbers() == (3, 3)


async def test_many_windows_at_once_make_one_version(client: AsyncClient) -> None:
    _, author, voter, _ = await a_judged_proposal()
    await sign_in(client, author)
    answers = await asyncio.gather(*(client.post(AMEND, data=typed(1, f"Ouvrir le jour {n}")) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409, 409]
    assert await numbers() == (2, 2)
    assert await count("proposal_version") == 2
    same = await asyncio.gather(*(client.post(AMEND, data=typed(2, "La même chose")) for _ in range(6)))
    assert {answer.status_code for answer in same} == {303}
    assert await numbers() == (3, 3)
    assert await told(voter) == ["amended", "amended"]


async def test_the_same_words_make_no_version_and_questions_change_without_one(client: AsyncClient) -> None:
    theme, author, voter, proposal = await a_judged_proposal()
    await sign_in(client, author)
    before = await fingerprint()
    assert (await client.post(AMEND, data=typed(1, "Ouvrir le samedi", motif=""))).status_code == 303
    assert changed(before, await fingerprint()) == set()
    version = (await Theme.get(id=theme.id)).version
    answer = await client.post(AMEND, data=typed(1, "Ouvrir le samedi", motif="", questions=["1", "2"]))
    assert answer.headers["location"].endswith("fait=questions-enregistrees")
    assert await numbers() == (1, 1)
    assert await count("proposal_question") == 2
    assert (await Theme.get(id=theme.id)).version > version
    await client.post(AMEND, data=typed(1, "Ouvrir le samedi", motif="", questions=["2"]))
    second = await GuidingQuestion.get(theme_id=theme.id, position=2)
    answered = await rows("SELECT question_id FROM proposal_question WHERE proposal_id = $1", proposal.id)
    assert [each["question_id"] for each in answered] == [second.id]
    assert await told(voter) == []


async def test_a_certified_correction_makes_earlier_ballots_count_again(client: AsyncClient, clock: Clock) -> None:
    _, author, voter, proposal = await a_judged_proposal()
    moderator = await a_moderator()
    await sign_in(client, author)
    await client.post(AMEND, data=typed(1))
    late = await make_member("Une Votante tardive")
    await Ballot.create(proposal=proposal, voter=late, opinion=Opinion.AGAINST, proposal_version=2, cast_at=NOON)
    assert certify(2) not in (await client.get(VERSIONS)).text
    await sign_in(client, moderator)
    assert certify(2) in (await client.get(VERSIONS)).text
    assert "<ins>dimanche</ins>" in unmarked((await client.get(certify(2))).text)
    clock.pass_(minutes=1)
    answer = await client.post(certify(2), data={"motif": "Un mot corrigé.", "acte": "certifier"})
    assert answer.headers["location"] == f"{VERSIONS}?fait=correction-certifiee"
    assert await numbers() == (2, 1)
    # The voters whose ballot counts again are notified, and nobody else.
    assert await told(voter) == ["amended", "certified"]
    assert await told(late) == []
    page = (await client.get(PAGE)).text
    assert "certifie que la version 2 ne fait que corriger" in page
    assert moderator.name not in page.partition("<main")[2]
    assert "Correction certifiée par l’animation du groupe" in (await client.get(VERSIONS)).text
    before = await fingerprint()
    assert (await client.post(certify(2), data={"motif": "Encore."})).status_code == 303  # changes nothing
    assert changed(before, await fingerprint()) == set()
    clock.pass_(minutes=1)
    assert (await client.post(certify(2), data={"motif": "Le jour change.", "acte": "annuler"})).status_code == 303
    assert await numbers() == (2, 2)
    assert await told(voter) == ["amended", "certified", "amended"]
    assert await told(late) == []
    assert await journal() == [
        ("certify_correction", "Un mot corrigé."),
        ("uncertify_correction", "Le jour change."),
    ]


async def test_what_asks_for_the_same_thing_begins_at_the_newest_version_that_nobody_certified(
    client: AsyncClient,
) -> None:
    _, author, _, _ = await a_judged_proposal()
    await sign_in(client, author)
    for version in (1, 2, 3):
        await client.post(AMEND, data=typed(version, f"Version {version + 1}"))
    assert await numbers() == (4, 4)
    await sign_in(client, await a_moderator())
    expected = [((2,), 4), ((2, 4), 3), ((2, 3, 4), 1)]
    done: set[int] = set()
    for certified, substance in expected:
        for version in sorted(set(certified) - done):
            await client.post(certify(version), data={"motif": "Une faute."})
        done |= set(certified)
        assert await numbers() == (4, substance)
    await client.post(certify(2), data={"motif": "Pas seulement.", "acte": "annuler"})
    assert await numbers() == (4, 2)
    await sign_in(client, author)
    await client.post(AMEND, data=typed(4, "Version 5"))
    assert await numbers() == (5, 5)


@pytest.mark.parametrize(
    ("who", "version", "status"),
    [
        ("visitor", 2, 403),
        ("author", 2, 403),
        ("other group", 2, 403),
        ("agent", 2, 403),
        ("administrator", 2, 303),
        ("administrator", 1, 404),
        ("administrator", 3, 404),
        ("administrator", 99999999999, 404),
    ],
)
async def test_moderators_certify_and_others_do_not(client: AsyncClient, who: str, version: int, status: int) -> None:
    _, author, _, _ = await a_judged_proposal()
    await sign_in(client, author)
    await client.post(AMEND, data=typed(1))
    people: dict[str, Member] = {
        "author": author,
        "other group": await make_member("Un Voisin", moderates=[await make_group("gt-9")]),
        "agent": await make_member("Une Agente", role=Role.AGENT),
        "administrator": await make_member("Une Administratrice", role=Role.ADMINISTRATOR),
    }
    client.cookies.clear()
    if who in people:
        await sign_in(client, people[who])
    before = await fingerprint()
    assert (await client.post(certify(version), data={"motif": "Une faute."})).status_code == status
    assert bool(changed(before, await fingerprint())) is (status == 303)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMINISTRATOR])
async def test_four_eyes_look_at_a_correction(client: AsyncClient, role: Role) -> None:
    """Nobody certifies their own version, whatever their role."""
    author = await make_member(role=role, moderates=[await make_group("gt-3")])
    await make_proposal(await make_theme(3), author=author)
    await sign_in(client, author)
    await client.post(AMEND, data=typed(1))
    answer = await client.post(certify(2), data={"motif": "Une faute."})
    assert answer.status_code == 403
    assert "un autre modérateur dit" in answer.text
    await sign_in(client, await a_moderator())
    assert (await client.post(certify(2), data={"motif": ""})).status_code == 422
    assert (await client.post(certify(2), data={"motif": "Une faute."})).status_code == 303


async def test_nothing_is_certified_of_what_left_the_vote(client: AsyncClient) -> None:
    _, author, _, proposal = await a_judged_proposal()
    await sign_in(client, author)
    await client.post(AMEND, data=typed(1))
    await sign_in(client, await a_moderator())
    await Proposal.filter(id=proposal.id).update(state=ProposalState.WITHDRAWN)
    answer = await client.post(certify(2), data={"motif": "Une faute."})
    assert answer.status_code == 403
    assert "elle ne change plus." in answer.text
    await Proposal.filter(id=proposal.id).update(state=ProposalState.OPEN)
    assert (await client.post(certify(2), data={"motif": "Une faute."})).status_code == 303


async def test_the_versions_that_a_public_tally_judged_are_said_after_the_close_only(
    client: AsyncClient, clock: Clock
) -> None:
    theme, author, _, _ = await a_judged_proposal()
    await sign_in(client, author)
    await client.post(AMEND, data=typed(1))
    judged = "Le décompte compte les votes portés sur elle."
    client.cookies.clear()
    assert (await client.get(VERSIONS)).text.count(judged) == 0
    assert theme.votes_close_at is not None
    clock.now = theme.votes_close_at + COUNTING
    page = (await client.get(VERSIONS)).text
    assert page.count(judged) == 1
    assert page.index("Version 2") < page.index(judged) < page.index("Version 1")
    await sign_in(client, await a_moderator(), now=clock.now)
    assert (await client.post(certify(2), data={"motif": "Trop tard."})).status_code == 403
    assert (await client.get("/propositions/T3-002/versions")).status_code == 404


async def test_hostile_words_stay_words_among_versions(client: AsyncClient) -> None:
    _, author, _, _ = await a_judged_proposal()
    await sign_in(client, author)
    evil = '<script>alert(1)</script>" onclick="x'
    await client.post(AMEND, data=typed(1, evil, body=evil, reason=evil))
    for address in (PAGE, VERSIONS, AMEND):
        text = (await client.get(address)).text
        assert "<script>alert" not in text
        assert "script" in text


# The states of a proposal


def test_no_step_leads_out_of_the_states_that_it_may_leave() -> None:
    """The state machine as it is declared: a draft can only be submitted, and nothing becomes a draft again."""
    assert {step for step, (before, _) in STEPS.items() if ProposalState.DRAFT in before} == {Step.SUBMIT}
    assert ProposalState.DRAFT not in {after for _, after in STEPS.values()}
    withdrawn = {step for step, (before, _) in STEPS.items() if ProposalState.WITHDRAWN in before}
    assert withdrawn == set()


ACTS = st.lists(st.sampled_from(["amend", "set aside", "take back", "withdraw", "certify", "uncertify"]), max_size=12)


@given(acts=ACTS)
@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_is_done_the_states_and_versions_stay_coherent(client: AsyncClient, acts: list[str]) -> None:
    """Random acts, allowed or not: the page shows each one that was done, and no ballot is lost."""
    number = int((await rows("SELECT COALESCE(MAX(number), 0) + 1 AS n FROM theme"))[0]["n"])
    theme = await make_theme(number, group=await make_group("gt-3"))
    author, moderator = await make_member(f"Autrice {number}"), await a_moderator(f"Modératrice {number}")
    voter = await make_member(f"Votant {number}")
    proposal = await make_proposal(theme, "Version 1", author=author)
    await Ballot.create(proposal=proposal, voter=voter, opinion=Opinion.FOR, proposal_version=1, cast_at=NOON)
    writer, animator = await load_viewer(author.id), await load_viewer(moderator.id)
    ref = f"T{number}-001"
    expected, turns, seen = ProposalState.OPEN, 0, await _standing(proposal.id)
    for act in acts:
        version = (await Proposal.get(id=proposal.id)).version
        step = {"set aside": Step.SET_ASIDE, "take back": Step.TAKE_BACK, "withdraw": Step.WITHDRAW}.get(act)
        try:
            if act == "amend":
                await amendments.amend(writer, ref, f"Version {version + 1}", "", [], "Mieux.", version, NOON)
            elif act == "set aside":
                await departures.set_aside(animator, ref, "Hors sujet.", NOON)
            elif act == "take back":
                await departures.take_back(animator, ref, "Finalement.", NOON)
            elif act == "withdraw":
                await departures.withdraw_proposal(writer, ref, NOON)
            else:
                decide = amendments.certify if act == "certify" else amendments.uncertify
                await decide(animator, ref, version, "Une faute.", NOON)
        except CahierError:
            assert step is None or expected not in STEPS[step][0]
            assert await _standing(proposal.id) == seen
        else:
            assert step is None or expected in STEPS[step][0] or (act, expected) == ("withdraw", "withdrawn")
            expected = STEPS[step][1] if step else expected
        stands = await _standing(proposal.id)
        turns += stands != seen
        seen = stands
        found = await Proposal.get(id=proposal.id)
        assert found.state == expected
        assert [number for number, _ in stands[1]] == list(range(1, found.version + 1))
        assert found.substance == max(number for number, substantive in stands[1] if substantive)
    ballots = await rows("SELECT opinion FROM ballot WHERE proposal_id = $1", proposal.id)
    assert [each["opinion"] for each in ballots] == ["pour"]
    told_turns = await rows("SELECT COUNT(*) AS n FROM proposal_turn WHERE proposal_id = $1", proposal.id)
    assert told_turns[0]["n"] == turns


async def _standing(proposal: int) -> tuple[str, list[tuple[int, bool]]]:
    """The state of a proposal, and which of its versions change what it asks."""
    versions = await rows(
        "SELECT number, substantive FROM proposal_version WHERE proposal_id = $1 ORDER BY number", proposal
    )
    state = (await rows("SELECT state FROM proposal WHERE id = $1", proposal))[0]["state"]
    return state, [(each["number"], each["substantive"]) for each in versions]
