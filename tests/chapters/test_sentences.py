"""Every sentence that is made of figures is true: each is read again here, and its figures are counted from the ballots
by another way than the program's.

The consultations are drawn: the four kinds of voting, no voter and several, votes that wait, quorums, ties, proposals
that left the vote.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import permutations
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.documents.outline import BarChart, Outline, Section, Table
from forum.domain.chapters.outlines import outline_of
from forum.domain.chapters.proposals import rankings_of
from forum.domain.chapters.words import local_day
from forum.domain.syntheses.snapshots import (
    FrozenConsultation,
    FrozenProposal,
    FrozenTheme,
    FrozenWindow,
    Participation,
    Said,
    Snapshot,
    SynthesisKind,
    ThemeCount,
    instant,
    moment_of,
)
from forum.domain.themes.ballots import Rules
from forum.domain.votes.standings import RankedPlace
from forum.models.proposals import Origin, ProposalState
from forum.models.themes import Voting
from forum.ranking.tallies import Tally
from tests.spoken import Say, agree, number, plain, say

__all__ = ["say"]  # a fixture

TAKEN = datetime(2026, 12, 12, 17, 0, 5, tzinfo=UTC)
SCALE = ("À rejeter", "Passable", "Bonne", "Excellente")
IN_FORCE = (ProposalState.OPEN, ProposalState.RETAINED, ProposalState.DONE)
OTHER_STATES = (ProposalState.WITHDRAWN, ProposalState.SET_ASIDE, ProposalState.MERGED)


@dataclass(frozen=True)
class Ballots:
    """A proposal with what each voter says of it; `late` are the voters who judged an older substance."""

    reference: str
    state: ProposalState
    said: Mapping[int, str]
    late: frozenset[int]

    @property
    def counted(self) -> dict[int, str]:
        return {voter: said for voter, said in self.said.items() if voter not in self.late}

    @property
    def pending(self) -> int:
        return len(self.said) - len(self.counted)


@dataclass(frozen=True)
class Vote:
    """A theme as it was voted on."""

    number: int
    voting: Voting
    quorum: int
    quota: int
    sealed: bool
    proposals: tuple[Ballots, ...]
    publishes: bool = True
    """Whether the duels of an order of preference are published."""

    @property
    def duels(self) -> bool:
        return self.voting is Voting.RANKING and self.publishes

    @property
    def in_force(self) -> list[Ballots]:
        return [each for each in self.proposals if each.state in IN_FORCE]

    @property
    def voters(self) -> set[int]:
        return {voter for each in self.in_force for voter in each.counted}

    @cached_property
    def preferred(self) -> dict[tuple[str, str], int]:
        """How many voters put one before the other; what they do not place comes last."""
        return {
            (one.reference, other.reference): sum(
                int(one.counted.get(voter, "99")) < int(other.counted.get(voter, "99")) for voter in self.voters
            )
            for one, other in permutations(self.in_force, 2)
        }

    def prefer(self, one: str, other: str) -> int:
        return self.preferred[one, other]

    def path(self, one: str, other: str, among: Sequence[str]) -> int:
        """The strength of the strongest path from one to another, by widening from link to link until nothing grows."""
        strength = {each: 10**9 if each == one else 0 for each in among}
        before: dict[str, int] = {}
        while strength != before:
            before = dict(strength)
            for x, y in permutations(among, 2):
                votes = self.prefer(x, y)
                if votes > self.prefer(y, x):
                    strength[y] = max(strength[y], min(strength[x], votes))
        return strength[other]


CHOICES = {
    Voting.OPINIONS: ("pour", "contre", "abstention"),
    Voting.APPROVAL: ("pour",),
    Voting.JUDGMENT: tuple("0123"),
    Voting.RANKING: tuple("123"),
}


@st.composite
def votes(draw: st.DrawFn, number: int, kinds: Sequence[Voting] = tuple(Voting), most: int = 5) -> Vote:
    voting = draw(st.sampled_from(kinds))
    voters = draw(st.integers(0, 7))
    proposals = []
    for place in range(draw(st.integers(0, most))):
        said = draw(st.dictionaries(st.integers(1, voters), st.sampled_from(CHOICES[voting]))) if voters else {}
        # Now and then all the votes wait.
        some = st.sets(st.sampled_from(sorted(said))) if said else st.just(set())
        late = frozenset(draw(st.one_of(st.just(set()), st.just(set(said)), some)))
        state = draw(st.sampled_from((ProposalState.OPEN,) * 4 + IN_FORCE + OTHER_STATES))
        proposals.append(Ballots(f"T{number}-{place + 1:03}", state, said, late))
    return Vote(
        number,
        voting,
        quorum=draw(st.sampled_from((0, 0, 1, 2, 4))),
        quota=0 if voting is Voting.JUDGMENT else draw(st.sampled_from((0, 1, 5))),
        sealed=draw(st.booleans()),
        proposals=tuple(proposals),
        publishes=draw(st.booleans()),
    )


consultations = st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True).flatmap(
    lambda numbers: st.tuples(*(votes(number) for number in sorted(numbers)))
)


def snapshot_of(voted: Sequence[Vote]) -> Snapshot:
    return Snapshot(
        consultation=FrozenConsultation("Une consultation", "Un ministère", "Licence", "https://exemple.fr"),
        taken_at="2026-12-12T17:00:05Z",
        kind=SynthesisKind.FINAL,
        themes=tuple(map(_theme, voted)),
        participation=Participation(
            posts=0,
            known_authors=0,
            unknown_author_posts=0,
            replies=0,
            quotes=0,
            voters=len({voter for vote in voted for voter in vote.voters}),
            ballots=sum(len(each.counted) for vote in voted for each in vote.in_force),
            per_theme=tuple(ThemeCount(vote.number, 0, len(vote.proposals)) for vote in voted),
        ),
        engine_version="0.4.0",
        proposals=tuple(_proposal(vote, each) for vote in voted for each in vote.proposals),
    )


def _theme(vote: Vote) -> FrozenTheme:
    names = [each.reference for each in vote.in_force] if vote.duels else []
    return FrozenTheme(
        number=vote.number,
        title=f"Le thème {vote.number}",
        quorum=vote.quorum,
        quota=vote.quota,
        sealed=vote.sealed,
        voting=vote.voting,
        mentions=SCALE if vote.voting is Voting.JUDGMENT else (),
        compared=tuple(names),
        preferred=tuple(tuple(0 if x == y else vote.prefer(x, y) for y in names) for x in names),
    )


def _proposal(vote: Vote, ballots: Ballots) -> FrozenProposal:
    counts = Counter(ballots.counted.values())
    tallied = vote.voting in (Voting.OPINIONS, Voting.APPROVAL)
    return FrozenProposal(
        reference=ballots.reference,
        version=1,
        wording=f"La proposition {ballots.reference}",
        theme=vote.number,
        origin=Origin.MEMBER,
        state=ballots.state,
        tally=Tally(counts["pour"], counts["contre"], counts["abstention"]) if tallied else None,
        said=() if tallied else tuple(Said(int(said), many) for said, many in sorted(counts.items())),
        pending=ballots.pending,
    )


# What the sentences must say


@dataclass(frozen=True)
class Ranked:
    """The ranked proposals of a theme, in the program's order: only which ones they are and what is said of them is
    taken from it."""

    vote: Vote
    ranks: Mapping[str, int]
    sentences: Mapping[str, str] = field(default_factory=dict)

    def key(self, reference: str) -> Any:
        """What orders a proposal, the best first, by the definition of the theme's method."""
        counted = self.of(reference).counted
        said = Counter(counted.values())
        match self.vote.voting:
            case Voting.OPINIONS:
                return -(said["pour"] - said["contre"])
            case Voting.APPROVAL:
                return -said["pour"]
            case Voting.JUDGMENT:
                grades = sorted(map(int, counted.values()))
                return [-grade for grade in _majority_values(grades, self._longest())]
            case Voting.RANKING if not self.vote.publishes:
                return -len(counted)
            case Voting.RANKING:
                names = sorted(self.ranks)
                return sum(
                    self.vote.path(other, reference, names) > self.vote.path(reference, other, names)
                    for other in names
                    if other != reference
                )

    def _longest(self) -> int:
        lengths = [len(self.of(each).counted) for each in self.ranks] or [1]
        longest = 1
        for each in lengths:
            longest = longest * each // _gcd(longest, each) if each else longest
        return longest

    def of(self, reference: str) -> Ballots:
        return next(each for each in self.vote.proposals if each.reference == reference)

    def expected(self) -> dict[str, int]:
        """One more than how many are above; for duels, which leave some pairs undecided, that is what is counted."""
        keys = {reference: self.key(reference) for reference in self.ranks}
        if self.vote.duels:
            return {reference: 1 + above for reference, above in keys.items()}
        return {one: 1 + sum(other < key for other in keys.values()) for one, key in keys.items()}

    def ties(self, reference: str) -> list[str]:
        rank = self.ranks[reference]
        return sorted(other for other, its in self.ranks.items() if its == rank and other != reference)


def _gcd(one: int, other: int) -> int:
    return one if not other else _gcd(other, one % other)


def _majority_values(grades: Sequence[int], length: int) -> list[int]:
    """The grades taken from the lower middle one by one, each ballot as often as it needs for the profiles to have one
    length; a proposal without ballots is below all."""
    if not grades:
        return [-1] * length
    left = sorted(grade for grade in grades for _ in range(length // len(grades)))
    return [left.pop((len(left) - 1) // 2) for _ in range(length)]


def check_figures(said: str, ranked: Ranked, reference: str) -> None:
    """The figures by which a method explains a rank, as documents write them."""
    ballots = ranked.of(reference)
    counts, votants = Counter(ballots.counted.values()), len(ballots.counted)
    assert votants, said  # no rank without a vote
    match ranked.vote.voting:
        case Voting.OPINIONS:
            found = re.fullmatch(
                r"(\d+) pour moins (\d+) contre, soit un soutien net de ([+\u2212-]?\d+), sur (\d+) votants?", said
            )
            assert found, said
            assert [number(each) for each in found.groups()] == [
                counts["pour"],
                counts["contre"],
                counts["pour"] - counts["contre"],
                votants,
            ]
        case Voting.APPROVAL:
            found = re.fullmatch(r"(\d+) soutiens?", said)
            assert found, said
            assert int(found[1]) == votants
        case Voting.JUDGMENT:
            found = re.fullmatch(
                r"mention majoritaire « (.+) » ; sur (\d+) votants?, (\d+) au-dessus et (\d+) au-dessous", said
            )
            assert found, said
            check_mention(found.groups(), ballots)
        case Voting.RANKING:
            if found := re.fullmatch(r"classée par (\d+) votants?", said):
                assert int(found[1]) == votants
                assert not ranked.vote.duels or len(set(ranked.ranks.values())) == 1
            else:
                check_duel(said, ranked, reference)


def check_no_vote(said: str, vote: Vote, ballots: Ballots) -> None:
    assert not ballots.counted
    if ballots.pending:
        found = re.fullmatch(r"aucun vote compté, (\d+) votes? non confirmés? sur une version antérieure", said)
        assert found, said
        assert int(found[1]) == ballots.pending
        assert ("confirmés" in said) == (ballots.pending > 1)
        return
    words = {Voting.APPROVAL: "aucun soutien", Voting.RANKING: "aucun votant ne l’a classée"}
    assert said == words.get(vote.voting, "aucun vote")


def check_mention(said: Sequence[str], ballots: Ballots) -> None:
    """The mention, the voters, those above it, those below."""
    grades = sorted(map(int, ballots.counted.values()))
    majority = grades[(len(grades) - 1) // 2]
    mention, votants, above, below = said
    assert mention == SCALE[majority]
    assert [int(votants), int(above), int(below)] == [
        len(grades),
        sum(grade > majority for grade in grades),
        sum(grade < majority for grade in grades),
    ]


DUEL = re.compile(
    r"duel (gagné contre|perdu contre|à égalité avec) (T\d+-\d+), qui (suit|précède)(?:,| :) (\d+) à (\d+)[.]?(.*)"
)


def check_duel(said: str, ranked: Ranked, reference: str) -> None:
    """The outcome is that of the duel, and the sentence never says the opposite of the rank."""
    found = DUEL.fullmatch(said)
    assert found, said
    outcome, other, place, ours, theirs, rest = found.groups()
    vote, names = ranked.vote, sorted(ranked.ranks)
    assert (int(ours), int(theirs)) == (vote.prefer(reference, other), vote.prefer(other, reference))
    assert (outcome == "gagné contre", outcome == "perdu contre") == (int(ours) > int(theirs), int(ours) < int(theirs))
    mine, its = ranked.ranks[reference], ranked.ranks[other]
    neighbours = sorted(set(ranked.ranks.values()))
    if place == "suit":
        assert its == neighbours[neighbours.index(mine) + 1]
    else:
        assert mine == neighbours[-1]
        assert its == neighbours[-2]
    forth, back = vote.path(reference, other, names), vote.path(other, reference, names)
    rest = rest.strip(" ;.").lower()
    if not rest:
        assert (outcome == "gagné contre") == (place == "suit")
        assert outcome != "à égalité avec"
        assert (forth > back) == (place == "suit")
        assert forth != back
    elif rest.startswith("aucune"):
        assert forth == back
    else:
        ahead = re.fullmatch(r"(elle|t\d+-\d+) passe devant par une suite de duels(?:,| :) (\d+) à (\d+)", rest)
        assert ahead, said
        assert [int(ahead[2]), int(ahead[3])] == sorted((forth, back), reverse=True)
        assert (ahead[1] == "elle") == (forth > back) == (place == "suit")
        assert ahead[1] in ("elle", other.lower())


def check_ranks(ranked: Ranked) -> None:
    assert ranked.ranks == ranked.expected()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(consultations)
def test_the_sentences_of_documents_say_what_the_ballots_say(voted: tuple[Vote, ...]) -> None:
    data = outline_of(snapshot_of(voted)).data
    said = {each.reference: plain(each.explanation) for each in data.proposals}
    ranks = {each.reference: each.rank for each in data.proposals}
    for vote in voted:
        in_force = {each.reference for each in vote.in_force}
        ranked = Ranked(vote, {r: rank for r in sorted(in_force) if (rank := ranks[r]) is not None})
        check_ranks(ranked)
        for ballots in vote.proposals:
            agree(said[ballots.reference])
            if ballots.reference in ranked.ranks:
                check_rank_sentence(said[ballots.reference], ranked, ballots.reference)
            else:
                check_apart(said[ballots.reference], vote, ballots)


def check_rank_sentence(sentence: str, ranked: Ranked, reference: str) -> None:
    found = re.fullmatch(r"Rang (\d+)( ex æquo)?(?:, avec (.+?))? : (.+)\.", sentence)
    assert found, sentence
    rank, tied, others, figures = found.groups()
    ties = ranked.ties(reference)
    assert int(rank) == ranked.ranks[reference]
    assert bool(tied) == bool(others) == bool(ties)
    if others:
        more = re.fullmatch(r"(.+) et (\d+) autres?", others)
        named = (more[1] if more else others).split(", ")
        assert named == ties[: len(named)]
        assert len(named) + (int(more[2]) if more else 0) == len(ties)
    check_figures(figures, ranked, reference)


def check_apart(sentence: str, vote: Vote, ballots: Ballots) -> None:
    """Why a proposal has no rank."""
    if ballots.state not in IN_FORCE:
        opening = {"withdrawn": "Retirée", "set aside": "Écartée", "merged": "Fusionnée"}[ballots.state.value]
        assert sentence.startswith(opening)
        return
    if found := re.fullmatch(r"Sans rang : (.+)\.", sentence):
        check_no_vote(found[1], vote, ballots)
        return
    found = re.fullmatch(
        r"Non classée : (\d+) votants?, pour un seuil de (\d+)(?:, (\d+) votes? non confirmés? sur une version "
        r"antérieure)?\.",
        sentence,
    )
    assert found, sentence
    assert [int(each or 0) for each in found.groups()] == [len(ballots.counted), vote.quorum, ballots.pending]
    assert 0 < len(ballots.counted) < vote.quorum


def test_no_sentence_of_a_duel_says_the_opposite_of_the_rank() -> None:
    """Duels, ties and cycles drawn at random: the strongest paths decide, whatever the duel itself says."""
    drawn, kinds = Random(2026), Counter[str]()
    for _ in range(400):
        vote = _drawn_order(drawn)
        data = outline_of(snapshot_of([vote])).data
        ranked = Ranked(vote, {each.reference: each.rank for each in data.proposals if each.rank is not None})
        check_ranks(ranked)
        for each in data.proposals:
            if each.reference in ranked.ranks:
                sentence = plain(each.explanation)
                check_rank_sentence(sentence, ranked, each.reference)
                kinds[_kind_of_duel(sentence)] += 1
    assert set(kinds) >= {
        f"{outcome} {place}{then}"
        for outcome, place in (("gagné", "suit"), ("perdu", "suit"), ("égalité", "suit"), ("égalité", "précède"))
        for then in ("", " par une suite", " par les autres")
        if (outcome, then) not in {("perdu", ""), ("égalité", ""), ("gagné", " par une suite")}
    }


def _drawn_order(drawn: Random) -> Vote:
    """An order of preference by a few voters, who leave something out now and then."""
    references = [f"T1-{place:03}" for place in range(1, drawn.randint(4, 7))]
    said: dict[str, dict[int, str]] = {reference: {} for reference in references}
    for voter in range(drawn.randint(3, 11)):
        for place, reference in enumerate(drawn.sample(references, len(references)), start=1):
            if drawn.random() < 0.9:
                said[reference][voter] = str(place)
    proposals = (Ballots(each, ProposalState.OPEN, said[each], frozenset()) for each in references)
    return Vote(1, Voting.RANKING, 0, 0, sealed=True, proposals=tuple(proposals))


def _kind_of_duel(sentence: str) -> str:
    found = DUEL.search(sentence)
    if not found:
        return "none"
    then = " par une suite" if "suite de duels" in found[6] else " par les autres" if found[6].strip(" .") else ""
    return f"{found[1].split()[0] if 'à' not in found[1] else 'égalité'} {found[3]}{then}"


def sections_of(outline: Outline) -> Iterator[Section]:
    def inside(section: Section) -> Iterator[Section]:
        yield section
        for each in section.sections:
            yield from inside(each)

    for chapter in outline.chapters:
        yield from inside(chapter)


def named(themes: str) -> list[int]:
    """The themes that "Thème 3" or "Thèmes 1, 3 et 4" names, with the right number of the noun."""
    found = re.fullmatch(r"[Tt]hème(s?) ((?:\d+, )*\d+(?: et \d+)?)", themes)
    assert found, themes
    numbers = [int(each) for each in re.findall(r"\d+", found[2])]
    assert bool(found[1]) == (len(numbers) > 1), themes
    return numbers


def clauses(text: str) -> list[tuple[list[int], str]]:
    """What is said of which themes: "Thème 2 : …" until the next such opening; no theme is named when all are alike."""
    parts = re.split(r"(Thèmes? (?:\d+, )*\d+(?: et \d+)?) : ", text)
    if len(parts) == 1:
        return [([], text)]
    return [(named(one), said) for one, said in zip(parts[1::2], parts[2::2], strict=True)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(consultations)
def test_the_method_says_of_each_theme_what_is_true_of_it(voted: tuple[Vote, ...]) -> None:
    outline = outline_of(snapshot_of(voted))
    rules = next(each for each in sections_of(outline) if each.anchor == "methode-regles")
    said = {each.term: plain("".join(run.text for run in each.description)) for each in rules.blocks[0].entries}  # type: ignore[union-attr]  # definitions
    of = {vote.number: vote for vote in voted}

    def check(entry: str, true_of: Callable[[str, Vote], bool]) -> None:
        found = clauses(said[entry])
        told = [theme for themes, _ in found for theme in themes]
        assert sorted(told) == (sorted(of) if told else []), said[entry]
        for themes, words in found:
            assert all(true_of(words, of[theme]) for theme in themes or of), (entry, words)

    votes_by = {
        Voting.OPINIONS: "un avis par proposition",
        Voting.APPROVAL: "soutient les propositions",
        Voting.JUDGMENT: "donne une mention",
        Voting.RANKING: "donne un rang",
    }
    limits_by = {Voting.OPINIONS: "dit pour", Voting.APPROVAL: "en soutient", Voting.RANKING: "en classe"}
    orders_by = {
        Voting.OPINIONS: "Soutien net",
        Voting.APPROVAL: "Nombre de soutiens",
        Voting.JUDGMENT: "Jugement majoritaire",
        Voting.RANKING: "Duels",
    }
    ranks = {each.reference for each in outline.data.proposals if each.rank is not None}

    def ordered_by(words: str, vote: Vote) -> bool:
        counted = not vote.duels and any(each.reference in ranks for each in vote.in_force)
        unpublished = vote.voting is Voting.RANKING and counted
        return ("Nombre de personnes" if unpublished else orders_by[vote.voting]) in words

    check("Vote", lambda words, vote: votes_by[vote.voting] in words)
    check(
        "Vote", lambda words, vote: (f"{limits_by.get(vote.voting)} au plus {vote.quota}" in words) == bool(vote.quota)
    )
    check("Vote", lambda words, vote: (", ".join(SCALE) in words) == (vote.voting is Voting.JUDGMENT))
    check("Classement", ordered_by)
    check("Secret", lambda words, vote: ("ucun résultat" in words) == vote.sealed)
    quorums = {vote.quorum for vote in voted}
    if quorums == {0}:
        assert said["Seuil"].startswith("Aucun :")
    elif len(quorums) == 1:
        assert said["Seuil"].startswith(f"{voted[0].quorum} votant{'s' if voted[0].quorum > 1 else ''} au moins")
    else:
        each = [f"thème {v.number}, {f'{v.quorum} votant' if v.quorum else 'aucun'}" for v in voted]
        assert all(re.search(rf"{one}s?(?: ;|\.)", said["Seuil"]) for one in each), said["Seuil"]
    agree(said["Seuil"])
    if quorums != {0}:
        assert ("abstentions" in said["Seuil"]) == any(vote.voting is Voting.OPINIONS for vote in voted)
    wilson = said.get("Second classement")
    of_opinions = [vote.number for vote in voted if vote.voting is Voting.OPINIONS]
    assert bool(wilson) == bool(of_opinions)
    if wilson:
        assert clauses(wilson)[0][0] == (of_opinions if len(of_opinions) < len(voted) else [])
    proposals = next(each for each in sections_of(outline) if each.anchor == "propositions")
    lead = plain("".join(run.text for run in proposals.blocks[0].runs))  # type: ignore[union-attr]  # a paragraph
    bars = re.search(r"(?:(Thèmes? [\d, et]+?) : l|L)a barre montre", lead)
    assert bool(bars) == bool(of_opinions)
    if bars:
        assert (named(bars[1]) if bars[1] else list(of)) == of_opinions
    assert ("soutien net" in lead) == (len(of_opinions) == len(voted))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(consultations)
def test_the_participation_counts_every_vote_of_every_theme(voted: tuple[Vote, ...]) -> None:
    outline = outline_of(snapshot_of(voted))
    chapter = next(each for each in outline.chapters if each.anchor == "participation")
    table = chapter.blocks[0]
    assert isinstance(table, Table)
    figures = {plain(row[0].text): number(plain(row[1].text)) for row in table.rows}
    in_force = [each for vote in voted for each in vote.in_force]
    assert figures["Votes comptés"] == sum(len(each.counted) for each in in_force)
    waiting = sum(each.pending for each in in_force)
    assert figures.get("Non compris : votes sur une version antérieure, non confirmés", 0) == waiting
    assert figures["Votants"] == len({voter for vote in voted for voter in vote.voters})
    charts = {chart.anchor: chart for chart in chapter.blocks if isinstance(chart, BarChart)}
    total = {f"Thème {vote.number}": sum(len(each.counted) for each in vote.in_force) for vote in voted}
    if chart := charts.get("votes-par-theme"):
        assert {plain(bar.label): bar.total for bar in chart.bars} == total
    if chart := charts.get("avis-par-theme"):
        of_opinions = [vote for vote in voted if vote.voting is Voting.OPINIONS]
        assert {plain(bar.label): bar.total for bar in chart.bars} == {
            f"Thème {vote.number}": total[f"Thème {vote.number}"] for vote in of_opinions
        }
        partial = re.fullmatch(r"Pour, abstention et contre, (.+) seulement", plain(chart.caption))
        assert bool(partial) == (len(of_opinions) < len(voted))
        if partial:
            assert named(partial[1]) == [vote.number for vote in of_opinions]
    # A figure is never drawn for some themes only, unless another one is drawn for all.
    assert "avis-par-theme" not in charts or "votes-par-theme" in charts or len({v.voting for v in voted}) == 1


windows = st.one_of(
    st.none(),
    st.tuples(st.integers(-60, 60), st.integers(1, 60)).map(
        lambda at: FrozenWindow(instant(TAKEN + timedelta(days=at[0])), instant(TAKEN + timedelta(days=at[0] + at[1])))
    ),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(windows, windows), max_size=3))
def test_the_period_of_the_cover_is_that_of_the_windows(
    opened: list[tuple[FrozenWindow | None, FrozenWindow | None]],
) -> None:
    themes = tuple(
        FrozenTheme(number, f"Le thème {number}", contributions=contributions, votes=voting)
        for number, (contributions, voting) in enumerate(opened, start=1)
    )
    empty = snapshot_of([])
    facts = replace(empty.participation, per_theme=tuple(ThemeCount(theme.number, 0, 0) for theme in themes))
    empty = replace(empty, taken_at=instant(TAKEN), themes=themes, participation=facts)
    said = plain(next(fact.value for fact in outline_of(empty).cover.facts if fact.label == "Période"))
    known = [window for pair in opened for window in pair if window]
    day_of = {instant(TAKEN + timedelta(days=n)): plain(local_day(TAKEN + timedelta(days=n))) for n in range(-61, 121)}
    if not known:
        assert said == "dates non fixées"
        return
    first = min(window.start for window in known)
    writing = any(c and c.start <= instant(TAKEN) < c.end for c, _ in opened)
    if first > instant(TAKEN):
        assert said == f"à partir du {day_of[first]}"
    elif writing:
        assert said == f"depuis le {day_of[first]}, contributions encore ouvertes"
    else:
        over = moment_of(min(max(window.end for window in known), instant(TAKEN + timedelta(seconds=1))))
        last = plain(local_day(over - timedelta(seconds=1)))
        assert said in (f"du {day_of[first]} au {last}", last)
        assert (said == last) == (last == day_of[first])


# The same sentences on pages, in both languages


TIES = '{% from "results/_words.html" import tied_with with context %}{{ tied_with(place) }}'
WHY = '{% from "results/_words.html" import why with context %}{{ why(place, rules, voters) }}'


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(consultations)
def test_the_sentences_of_pages_say_what_the_ballots_say(say: Say, voted: tuple[Vote, ...]) -> None:
    for vote, ranking in zip(voted, rankings_of(snapshot_of(voted)), strict=True):
        ranks = {result.proposal.reference: result.number for result in ranking.results}
        ranked = Ranked(vote, ranks)
        rules = Rules(vote.voting, SCALE if vote.voting is Voting.JUDGMENT else ())
        for result in ranking.results:
            known = {"place": result.place, "rules": rules, "voters": len(vote.voters)}
            french = say("fr", WHY, known)
            agree(french)
            check_why(french, ranked, result.place)
            check_ties(say("fr", TIES, known), ranked, result.place.reference)
            english = say("en", WHY, known)
            assert sorted(re.findall(r"\d+", english)) == sorted(re.findall(r"\d+", french)), (french, english)


def check_ties(said: str, ranked: Ranked, reference: str) -> None:
    ties = ranked.ties(reference)
    if not ties:
        assert not said
        return
    agree(said)
    found = re.fullmatch(r"Rang (\d+) ex æquo avec (.+?)(?: et (\d+) autres?)?\.", said)
    assert found, said
    named = found[2].split(", ")
    assert int(found[1]) == ranked.ranks[reference]
    assert named == ties[: len(named)]
    assert len(named) + int(found[3] or 0) == len(ties)


def check_why(said: str, ranked: Ranked, place: RankedPlace) -> None:
    ballots, vote = ranked.of(place.reference), ranked.vote
    counts, votants = Counter(ballots.counted.values()), len(ballots.counted)
    match vote.voting:
        case Voting.OPINIONS:
            found = re.fullmatch(r"(\d+) pour moins (\d+) contre : soutien net ([\u2212-]?\d+)\.", said)
            assert found, said
            for_, against = counts["pour"], counts["contre"]
            assert [number(each) for each in found.groups()] == [for_, against, for_ - against]
        case Voting.APPROVAL:
            found = re.fullmatch(r"Soutenue par (?:le seul votant|(\d+) des (\d+) votants) du thème\.", said)
            assert found, said
            assert (int(found[1] or 1), int(found[2] or 1)) == (votants, len(vote.voters))
        case Voting.JUDGMENT:
            found = re.fullmatch(
                r"Mention majoritaire « (.+) » : sur (\d+) votants?, (\d+) au-dessus et (\d+) au-dessous\.", said
            )
            assert found, said
            check_mention(found.groups(), ballots)
        case Voting.RANKING:
            if found := re.fullmatch(r"(\d+) personnes? l(?:’a|’ont) classée\.", said):
                assert int(found[1]) == votants
                assert not ranked.vote.duels or len(set(ranked.ranks.values())) == 1
            else:
                check_duel(said[0].lower() + said[1:], ranked, place.reference)
