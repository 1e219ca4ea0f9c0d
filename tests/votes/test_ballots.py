"""What a ballot may say, what rules a theme may have, what ballots say together: without a database."""

import pytest

from forum.domain.themes.ballots import (
    DEFAULT_MENTIONS,
    LAST_PLACE,
    Count,
    OwnBallot,
    Rules,
    checked_rules,
    read_opinion,
    takes_quota,
)
from forum.domain.votes.booths import progress_of
from forum.domain.votes.rolls import RollEntry
from forum.errors import Invalid, InvalidForm
from forum.models.proposals import ProposalState
from forum.models.themes import Voting
from forum.ranking.tallies import Tally

SAYS = {
    Voting.OPINIONS: ("pour", "abstention", "contre"),
    Voting.APPROVAL: ("pour",),
    Voting.JUDGMENT: ("0", "1", "2"),
    Voting.RANKING: ("1", "2", str(LAST_PLACE)),
}
THREE = ("Faible", "Moyenne", "Forte")


@pytest.mark.parametrize("voting", Voting)
def test_a_ballot_says_what_its_kind_of_voting_knows(voting: Voting) -> None:
    assert [read_opinion(voting, THREE, text) for text in SAYS[voting]] == list(SAYS[voting])


@pytest.mark.parametrize("voting", Voting)
@pytest.mark.parametrize(
    "text", ["", " pour", "Pour", "soutien", "-1", "00", "01", "+1", "1.0", "3 ", "9" * 30, "²", "٢", "[1]", "nul"]
)
def test_anything_else_is_refused_in_a_sentence(voting: Voting, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_opinion(voting, THREE, text)
    assert refused.value.field == "avis"
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("voting", "text"),
    [
        (Voting.JUDGMENT, "3"),
        (Voting.JUDGMENT, "9"),
        (Voting.JUDGMENT, "pour"),
        (Voting.RANKING, "0"),
        (Voting.RANKING, str(LAST_PLACE + 1)),
        (Voting.RANKING, "contre"),
        (Voting.APPROVAL, "contre"),
        (Voting.APPROVAL, "1"),
        (Voting.OPINIONS, "1"),
    ],
)
def test_a_ballot_of_another_kind_is_refused(voting: Voting, text: str) -> None:
    with pytest.raises(Invalid):
        read_opinion(voting, THREE, text)


def test_a_judgment_without_words_gets_the_usual_ones() -> None:
    assert checked_rules("jugement", [], 0) == Rules(Voting.JUDGMENT, DEFAULT_MENTIONS, 0)
    assert checked_rules("jugement", [" Faible ", "", "Moyenne", "Forte"], 0).mentions == THREE
    assert checked_rules("classement", [], 5) == Rules(Voting.RANKING, (), 5)


@pytest.mark.parametrize(
    ("voting", "mentions", "quota", "field"),
    [
        ("tirage", [], 0, "mode_de_vote"),
        ("", [], 0, "mode_de_vote"),
        ("jugement", ["Une", "Deux"], 0, "mentions"),
        ("jugement", list("abcdefgh"), 0, "mentions"),
        ("jugement", ["Bonne", "bonne", "Forte"], 0, "mentions"),
        ("jugement", ["Bonne", "Bon\u200bne", "Forte"], 0, "mentions"),
        ("jugement", ["x" * 41, "Bonne", "Forte"], 0, "mentions"),
        ("soutien", list(THREE), 0, "mentions"),
        ("soutien", [], -1, "quota"),
        ("soutien", [], 1001, "quota"),
        ("jugement", list(THREE), 3, "quota"),
    ],
)
def test_rules_that_make_no_sense_are_refused_beside_their_field(
    voting: str, mentions: list[str], quota: int, field: str
) -> None:
    with pytest.raises(InvalidForm) as refused:
        checked_rules(voting, mentions, quota)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_quota_limits_supports_and_places_only() -> None:
    limited = [(kind, text) for kind, texts in SAYS.items() for text in texts if takes_quota(kind, text)]
    places = [(Voting.RANKING, text) for text in SAYS[Voting.RANKING]]
    assert limited == [(Voting.OPINIONS, "pour"), (Voting.APPROVAL, "pour"), *places]


def test_a_count_is_read_in_the_terms_of_its_kind() -> None:
    assert Count({"pour": 3, "contre": 1}).tally == Tally(for_=3, against=1)
    assert Count({"0": 2, "2": 5}).grades(3) == (2, 0, 5)
    assert Count({"10": 1, "2": 4}, pending=7).places == ((2, 4), (10, 1))
    assert Count({"10": 1, "2": 4}, pending=7).votants == 5


def asked(*substances: int) -> list[RollEntry]:
    return [RollEntry(n, n, substance, ProposalState.OPEN, None, n) for n, substance in enumerate(substances, start=1)]


def test_progress_leads_to_the_first_that_waits_in_the_voters_own_order() -> None:
    come = progress_of(3, Rules(), asked(1, 1, 1), {1: OwnBallot("pour", 1)})
    assert (come.judged, come.total, come.next) == (1, 3, "T3-002")
    done = progress_of(3, Rules(), asked(1, 1), {1: OwnBallot("pour", 1), 2: OwnBallot("contre", 1)})
    assert (done.judged, done.next) == (2, None)


def test_what_changed_since_waits_again() -> None:
    come = progress_of(3, Rules(), asked(1, 2), {1: OwnBallot("pour", 1), 2: OwnBallot("contre", 1)})
    assert (come.judged, come.to_confirm, come.next) == (1, 1, "T3-002")


def test_a_full_quota_asks_for_nothing_more_but_to_confirm() -> None:
    full = {1: OwnBallot("1", 1), 2: OwnBallot("1", 1)}
    rules = Rules(Voting.RANKING, quota=2)
    come = progress_of(3, rules, asked(1, 1, 1), full)
    assert (come.supports, come.next) == (2, None)
    assert [(each.place, each.reference) for each in come.ranked] == [(1, "T3-001"), (1, "T3-002")]
    assert progress_of(3, rules, asked(1, 2, 1), full).next == "T3-002"
