"""Merging: the union of the voters, the destination's own ballots first, and the exact former tallies once undone."""

from dataclasses import dataclass, field
from itertools import count as numbers

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.database import rows
from forum.domain.members.members import load_viewer
from forum.domain.proposals import merges
from forum.domain.votes import votes
from forum.errors import CahierError, Conflict, Invalid, NotAllowed, NotFound
from forum.models.members import Member
from forum.models.proposals import Proposal, ProposalState
from forum.models.themes import Theme
from forum.permissions import Viewer
from forum.ranking.tallies import Opinion
from tests.conftest import NOON, PATIENCE
from tests.factories import make_group, make_member, make_proposal, make_theme
from tests.votes.test_votes import ballots, replayed

OPINIONS = (Opinion.FOR, Opinion.ABSTAIN, Opinion.AGAINST)


@dataclass
class Place:
    """Theme 3 with some proposals, each by an author of its own, its moderator and some voters."""

    theme: Theme
    moderator: Viewer
    voters: list[Viewer]
    proposals: list[Proposal] = field(default_factory=list)

    @classmethod
    async def make(cls, proposals: int = 3, voters: int = 4, number: int = 3) -> "Place":
        group = await make_group(f"gt-{number}")
        theme = await make_theme(number, group=group)
        moderator = await seen(await make_member(f"Nadia Berthier {number}", moderates=[group]))
        people = [await seen(await make_member(f"Votant {number} {n}")) for n in range(voters)]
        place = cls(theme, moderator, people)
        for n in range(proposals):
            author = await make_member(f"Auteur {number} {n}")
            place.proposals.append(await make_proposal(theme, f"Idée {n}", author=author))
        return place

    def ref(self, proposal: int) -> str:
        return f"T{self.theme.number}-{proposal + 1:03}"

    async def vote(self, voter: int, proposal: int, opinion: Opinion | None) -> None:
        viewer, ref = self.voters[voter], self.ref(proposal)
        await (votes.withdraw_vote(viewer, ref, NOON) if opinion is None else votes.vote(viewer, ref, opinion, NOON))

    async def merge(self, source: int, destination: int) -> None:
        await merges.merge(self.moderator, self.ref(source), self.ref(destination), "La même demande.", NOON)

    async def unmerge(self, source: int) -> None:
        await merges.unmerge(self.moderator, self.ref(source), "Pas tout à fait la même.", NOON)

    async def held(self, proposal: int) -> dict[int, str]:
        """The ballots of a proposal by the place of their voter."""
        found = await rows("SELECT voter_id, opinion FROM ballot WHERE proposal_id = $1", self.proposals[proposal].id)
        place = {viewer.id: n for n, viewer in enumerate(self.voters)}
        return {place[each["voter_id"]]: each["opinion"] for each in found}

    async def roots(self) -> list[int | None]:
        """Which one each proposal leads to."""
        found = await rows("SELECT id, merged_into_id FROM proposal WHERE theme_id = $1 ORDER BY number", self.theme.id)
        place = {each["id"]: n for n, each in enumerate(found)}
        return [None if each["merged_into_id"] is None else place[each["merged_into_id"]] for each in found]


async def seen(member: Member) -> Viewer:
    return await load_viewer(member.id)


async def test_the_destination_has_the_union_and_its_own_ballots_win(database: object) -> None:
    place = await Place.make()
    await place.vote(0, 0, Opinion.FOR)
    await place.vote(1, 0, Opinion.FOR)
    await place.vote(1, 1, Opinion.AGAINST)
    await place.vote(2, 1, Opinion.ABSTAIN)
    await place.merge(0, 1)
    assert await place.held(1) == {0: "pour", 1: "contre", 2: "abstention"}
    assert await place.held(0) == {0: "pour", 1: "pour"}
    assert await place.roots() == [1, None, None]
    assert await ballots() == await replayed()
    await place.unmerge(0)
    assert await place.held(1) == {1: "contre", 2: "abstention"}
    assert await place.held(0) == {0: "pour", 1: "pour"}
    assert await place.roots() == [None, None, None]
    assert await ballots() == await replayed()


async def test_what_a_voter_does_after_the_merge_stays_when_it_is_undone(database: object) -> None:
    place = await Place.make()
    for voter in range(3):
        await place.vote(voter, 0, Opinion.FOR)
    await place.merge(0, 1)
    await place.vote(0, 1, Opinion.FOR)  # the same opinion, but now their own
    await place.vote(1, 1, Opinion.AGAINST)
    await place.vote(2, 1, None)
    await place.merge(2, 1)
    assert await place.held(1) == {0: "pour", 1: "contre"}
    await place.unmerge(0)
    assert await place.held(1) == {0: "pour", 1: "contre"}
    assert await place.held(0) == {0: "pour", 1: "pour", 2: "pour"}
    assert await ballots() == await replayed()


async def test_chains_are_flat_and_come_apart_as_they_were(database: object) -> None:
    place = await Place.make()
    for proposal in range(3):
        await place.vote(proposal, proposal, Opinion.FOR)
    await place.vote(3, 0, Opinion.AGAINST)
    await place.merge(0, 1)
    await place.merge(1, 2)
    assert await place.roots() == [2, 2, None]
    assert await place.held(2) == {0: "pour", 1: "pour", 2: "pour", 3: "contre"}
    found = await rows("SELECT DISTINCT carried_from_id FROM ballot WHERE proposal_id = $1", place.proposals[2].id)
    assert {each["carried_from_id"] for each in found} == {None, place.proposals[0].id, place.proposals[1].id}
    await place.unmerge(1)
    assert await place.roots() == [1, None, None]
    assert await place.held(1) == {0: "pour", 1: "pour", 3: "contre"}
    assert await place.held(2) == {2: "pour"}
    await place.merge(1, 2)
    await place.unmerge(0)
    assert await place.roots() == [None, 2, None]
    assert await place.held(2) == {1: "pour", 2: "pour"}
    assert await ballots() == await replayed()


@pytest.mark.parametrize(
    ("destination", "sentence"),
    [
        ("T3-001", "Une proposition ne se fusionne pas avec elle-même."),
        ("T3-002", "T3-002 est déjà fusionnée dans T3-001."),
        ("T3-004", "T3-004 est fusionnée dans T3-003 : choisissez plutôt T3-003."),
        ("T3-005", "T3-005 n’est plus soumise au vote."),
        ("T3-009", "Il n’y a pas de proposition T3-009."),
        ("T4-001", "On ne fusionne que des propositions d’un même thème."),
        ("trois", "Indiquez la référence d’une proposition, par exemple T3-007."),
    ],
)
async def test_a_destination_that_cannot_be_one_is_refused_with_the_reason(
    database: object, destination: str, sentence: str
) -> None:
    place = await Place.make(4)
    await make_proposal(place.theme, "Retirée", state=ProposalState.WITHDRAWN)
    await make_proposal(await make_theme(4), "D’un autre thème")
    await place.merge(1, 0)
    await place.merge(3, 2)
    before = await ballots(), await place.roots()
    for desk in (
        merges.merge(place.moderator, "T3-001", destination, "Raison", NOON),
        merges.merge_desk(place.moderator, "T3-001", destination, NOON),
    ):
        with pytest.raises(Invalid) as refused:
            await desk
        assert (str(refused.value), refused.value.field) == (sentence, "destination")
    assert (await ballots(), await place.roots()) == before


async def test_a_reason_is_needed(database: object) -> None:
    place = await Place.make()
    with pytest.raises(Invalid, match="Dites pourquoi"):
        await merges.merge(place.moderator, "T3-001", "T3-002", " ", NOON)
    await place.merge(0, 1)
    with pytest.raises(Invalid, match="Dites pourquoi"):
        await merges.unmerge(place.moderator, "T3-001", "", NOON)
    assert await place.roots() == [1, None, None]


async def test_nothing_is_merged_or_unmerged_once_the_votes_are_closed(database: object) -> None:
    place = await Place.make()
    await place.merge(0, 1)
    close = place.theme.votes_close_at
    assert close is not None
    for late in (
        merges.merge(place.moderator, "T3-003", "T3-002", "Raison", close),
        merges.unmerge(place.moderator, "T3-001", "Raison", close),
    ):
        with pytest.raises(NotAllowed, match="Les votes de ce thème sont clos"):
            await late
    assert await place.roots() == [1, None, None]


async def test_others_neither_merge_nor_unmerge(database: object) -> None:
    place = await Place.make()
    other = await seen(await make_member("D’un autre groupe", moderates=[await make_group("autre")]))
    author = await load_viewer(place.proposals[0].author_id or 0)
    for viewer in (other, author, place.voters[0]):
        with pytest.raises(NotAllowed):
            await merges.merge(viewer, "T3-001", "T3-002", "Raison", NOON)
    await place.merge(0, 1)
    for viewer in (other, author):
        with pytest.raises(NotAllowed):
            await merges.unmerge(viewer, "T3-001", "Raison", NOON)
    with pytest.raises(NotFound):
        await merges.merge(place.moderator, "T3-099", "T3-001", "Raison", NOON)


@pytest.mark.parametrize("undo", [False, True])
async def test_of_two_moderators_at_once_the_second_is_told(database: object, undo: bool) -> None:
    place = await Place.make(4)
    if undo:
        await place.merge(0, 1)
    refused: list[CahierError] = []

    async def act(destination: int) -> None:
        try:
            await (place.unmerge(0) if undo else place.merge(0, destination))
        except Conflict as conflict:
            refused.append(conflict)

    async with anyio.create_task_group() as both:
        for destination in (1, 2):
            both.start_soon(act, destination)
    assert len(refused) == 1
    assert len(await rows("SELECT id FROM proposal_merge WHERE undone_at IS NULL")) == (0 if undo else 1)


async def test_everybody_concerned_is_told_once_and_the_turns_and_the_journal_say_it(database: object) -> None:
    place = await Place.make()
    await place.vote(0, 0, Opinion.FOR)
    await place.vote(0, 1, Opinion.FOR)
    await place.vote(1, 1, Opinion.FOR)
    await place.merge(0, 1)
    told = await rows("SELECT member_id, event, proposal_id FROM notification")
    concerned = {place.proposals[0].author_id, place.proposals[1].author_id, place.voters[0].id, place.voters[1].id}
    assert len(told) == 4
    assert {each["member_id"] for each in told} == concerned
    assert {(each["event"], each["proposal_id"]) for each in told} == {("merged", place.proposals[1].id)}
    await place.unmerge(0)
    told = await rows("SELECT member_id, proposal_id FROM notification WHERE event = 'unmerged'")
    assert len(told) == 4
    assert {each["proposal_id"] for each in told} == {place.proposals[0].id}
    turns = await rows("SELECT proposal_id, turn, other_id, reason FROM proposal_turn ORDER BY id")
    first, second = place.proposals[0].id, place.proposals[1].id
    assert [(each["proposal_id"], each["turn"], each["other_id"]) for each in turns] == [
        (first, "merged", second),
        (second, "received", first),
        (first, "unmerged", second),
        (second, "gave back", first),
    ]
    lines = await rows("SELECT act, thing_id, before, after, reason FROM journal_entry ORDER BY id")
    assert [(each["act"], each["thing_id"], each["before"], each["after"]) for each in lines] == [
        ("merge", first, "", "T3-002"),
        ("unmerge", first, "T3-002", ""),
    ]
    assert all(each["reason"] for each in (*turns, *lines))


async def amend(proposal: Proposal) -> None:
    """Change what a proposal asks for: ballots on the earlier version wait to be confirmed."""
    await rows("UPDATE proposal SET version = version + 1, substance = version + 1 WHERE id = $1", proposal.id)


async def test_a_ballot_that_waits_to_be_confirmed_is_not_carried(database: object) -> None:
    place = await Place.make()
    await place.vote(0, 0, Opinion.FOR)
    await amend(place.proposals[0])
    await place.vote(1, 0, Opinion.FOR)
    await place.merge(0, 1)
    assert await place.held(1) == {1: "pour"}


async def test_a_carried_ballot_waits_too_when_the_destination_changes(database: object) -> None:
    """Another merge does not confirm it as a side effect."""
    place = await Place.make()
    await place.vote(0, 0, Opinion.FOR)
    await place.merge(0, 1)
    await amend(place.proposals[1])
    await place.merge(2, 1)
    found = await rows("SELECT proposal_version FROM ballot WHERE proposal_id = $1", place.proposals[1].id)
    assert [each["proposal_version"] for each in found] == [1]


async def test_ten_thousand_voters_are_carried_in_a_moment(database: object) -> None:
    place = await Place.make(2, 0)
    await rows(
        """
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        INSERT INTO member (name, handle, handle_key, role, organisation, locale, suspended_reason, example, created_at)
        SELECT 'Votant', 'v' || n, 'v' || n, 'member', '', 'fr', '', FALSE, $1 FROM n""",
        NOON,
    )
    for n, proposal in enumerate(place.proposals):
        await rows(
            """
            INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at)
            SELECT $1, id, 'pour', 1, $2 FROM member WHERE name = 'Votant' AND id % 3 <> $3""",
            proposal.id,
            NOON,
            n,
        )
    before = await ballots()
    with anyio.fail_after(PATIENCE):
        await place.merge(0, 1)
        assert len(await rows("SELECT id FROM ballot WHERE proposal_id = $1", place.proposals[1].id)) == 10000
        await place.unmerge(0)
    assert await ballots() == before


# Any sequence, against a model that computes each ballot by itself


@dataclass
class Model:
    """The ballots of each proposal, by the literal rule; a ballot is (opinion, version)."""

    own: dict[tuple[int, int], tuple[str, int]] = field(default_factory=dict)
    withdrawn: set[tuple[int, int]] = field(default_factory=set)
    version: list[int] = field(default_factory=lambda: [1] * 5)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    """(source, destination, version of the destination) of the merges in force, in their order."""

    def is_open(self, proposal: int) -> bool:
        return all(source != proposal for source, _, _ in self.merged)

    def held(self, proposal: int, voter: int) -> tuple[str, int] | None:
        if (proposal, voter) in self.own:
            return self.own[proposal, voter]
        if (proposal, voter) in self.withdrawn:
            return None
        for source, destination, version in self.merged:
            found = self.held(source, voter) if destination == proposal else None
            if found is not None and found[1] >= self.version[source]:
                return found[0], version
        return None

    def vote(self, voter: int, proposal: int, opinion: str | None) -> None:
        if opinion is not None:
            self.own[proposal, voter] = opinion, self.version[proposal]
            self.withdrawn.discard((proposal, voter))
        elif self.held(proposal, voter) is not None:
            self.own.pop((proposal, voter), None)
            self.withdrawn.add((proposal, voter))


proposals, voters = st.integers(0, 4), st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("vote"), voters, proposals, st.sampled_from([*OPINIONS, None])),
    st.tuples(st.just("merge"), proposals, proposals),
    st.tuples(st.just("unmerge"), proposals),
    st.tuples(st.just("amend"), proposals),
)
_theme_numbers = numbers(100)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=8, max_size=30))
async def test_any_sequence_of_votes_merges_and_unmerges(database: object, steps: list[tuple[object, ...]]) -> None:
    place, model = await Place.make(5, 3, next(_theme_numbers)), Model()
    for step in steps:
        try:
            await take(place, step)
        except (Invalid, Conflict, NotAllowed):
            assert not foresee(model, step), step
        else:
            assert foresee(model, step), step
        await compare(place, model)
    while model.merged:
        source = model.merged.pop()[0]
        await place.unmerge(source)
        await compare(place, model)
    assert await ballots() == await replayed()


async def take(place: Place, step: tuple[object, ...]) -> None:
    match step:
        case ("vote", int(voter), int(proposal), opinion):
            assert opinion is None or isinstance(opinion, Opinion)
            await place.vote(voter, proposal, opinion)
        case ("merge", int(source), int(destination)):
            await place.merge(source, destination)
        case ("unmerge", int(source)):
            await place.unmerge(source)
        case ("amend", int(proposal)):
            if (await place.roots())[proposal] is not None:
                raise Conflict("")
            await amend(place.proposals[proposal])


def foresee(model: Model, step: tuple[object, ...]) -> bool:
    """Apply an act to the model; False when it must be refused."""
    match step:
        case ("vote", int(voter), int(proposal), opinion) if model.is_open(proposal):
            model.vote(voter, proposal, None if opinion is None else str(opinion))
        case ("merge", int(source), int(destination)) if (
            source != destination and model.is_open(source) and model.is_open(destination)
        ):
            model.merged.append((source, destination, model.version[destination]))
        case ("unmerge", int(source)) if not model.is_open(source):
            model.merged = [each for each in model.merged if each[0] != source]
        case ("amend", int(proposal)) if model.is_open(proposal):
            model.version[proposal] += 1
        case _:
            return False
    return True


async def compare(place: Place, model: Model) -> None:
    found = await rows(
        """
        SELECT p.number, b.voter_id, b.opinion, b.proposal_version
          FROM ballot b JOIN proposal p ON p.id = b.proposal_id WHERE p.theme_id = $1""",
        place.theme.id,
    )
    where = {viewer.id: n for n, viewer in enumerate(place.voters)}
    held = {
        (each["number"] - 1, where[each["voter_id"]]): (each["opinion"], each["proposal_version"]) for each in found
    }
    reckoned = {(p, v): model.held(p, v) for p in range(5) for v in range(3)}
    assert held == {key: ballot for key, ballot in reckoned.items() if ballot is not None}
