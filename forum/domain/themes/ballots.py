"""What may a ballot say in each kind of voting, and what do many of them say together? Pure.

A support is "pour" or no ballot at all; an opinion is "pour", "abstention" or "contre"; a mention is its place on the
scale of the theme, "0" for the worst; a place in an order is "1" for the first, equal places allowed. Who may vote and
when is in `permissions.py`; ballots are written and counted in `votes.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from forum.errors import Checks, Invalid
from forum.models.themes import Voting
from forum.ranking.tallies import Opinion, Tally
from forum.text.folding import fold
from forum.text.source import clean_line

# M. Balinski and R. Laraki, Majority Judgment (2011): people reliably distinguish five to seven words.
DEFAULT_MENTIONS = LABELS = (
    "À rejeter",
    "Insuffisante",
    "Passable",
    "Assez bonne",
    "Bonne",
    "Très bonne",
    "Excellente",
)
"""From the worst to the best."""
FEWEST_MENTIONS, MOST_MENTIONS = 3, 7
LONGEST_MENTION = 40
# Nobody carefully orders more than that; the others can have equal places.
LAST_PLACE = 20
LARGEST_QUOTA = 1000

TALLIED = frozenset({Voting.APPROVAL, Voting.OPINIONS})
"""The kinds whose ballots are counted as a `Tally`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How people vote in a theme. `mentions` are for a judgment only; `quota` 0: all proposals may be supported."""

    voting: Voting = Voting.OPINIONS
    mentions: tuple[str, ...] = ()
    quota: int = 0


@dataclass(frozen=True, slots=True)
class OwnBallot:
    """What a person's ballot says about a proposal, and about which version."""

    opinion: str
    version: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many ballots on one proposal say what; `pending` ones judge an older substance, wait to be confirmed, and are
    not in these."""

    ballots: Mapping[str, int] = field(default_factory=dict)
    pending: int = 0

    @property
    def votants(self) -> int:
        return sum(self.ballots.values())

    @property
    def tally(self) -> Tally:
        """The tally of supports or of opinions."""
        return Tally(
            for_=self.ballots.get(Opinion.FOR, 0),
            against=self.ballots.get(Opinion.AGAINST, 0),
            abstain=self.ballots.get(Opinion.ABSTAIN, 0),
        )

    def grades(self, mentions: int) -> tuple[int, ...]:
        """For a judgment: the number of ballots for each mention, the worst first."""
        return tuple(self.ballots.get(str(grade), 0) for grade in range(mentions))

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """For an order: each place that somebody gave, from the first, with its number of ballots."""
        return tuple(sorted((int(place), ballots) for place, ballots in self.ballots.items()))


def read_opinion(voting: Voting, mentions: Sequence[str], text: str) -> str:
    """What a ballot of this kind of voting says, as it is stored.

    Raises:
        Invalid: it is not a ballot of this kind.
    """
    if voting is Voting.OPINIONS and text in tuple(Opinion):
        return str(text)
    if voting is Voting.APPROVAL and text == Opinion.FOR:
        return Opinion.FOR.value
    if voting is Voting.JUDGMENT and text in map(str, range(len(mentions))):
        return text
    if voting is Voting.RANKING and text in map(str, range(1, LAST_PLACE + 1)):
        return text
    raise Invalid(_WANTED[voting], field="avis", values={"last": LAST_PLACE})


_MENTIONS = f"""CASE t.mentions WHEN '' THEN {len(DEFAULT_MENTIONS)}
    ELSE LENGTH(t.mentions) - LENGTH(REPLACE(t.mentions, '\n', '')) + 1 END"""


def _among(words: Iterable[object]) -> str:
    return f"b.opinion IN ({', '.join(repr(str(word)) for word in words)})"


WELL_FORMED: Final = f"""CASE t.voting
    WHEN '{Voting.OPINIONS.value}' THEN {_among(each.value for each in Opinion)}
    WHEN '{Voting.APPROVAL.value}' THEN {_among([Opinion.FOR.value])}
    WHEN '{Voting.RANKING.value}' THEN {_among(range(1, LAST_PLACE + 1))}
    WHEN '{Voting.JUDGMENT.value}' THEN {_among(range(MOST_MENTIONS))} AND b.opinion < CAST({_MENTIONS} AS VARCHAR(10))
    END"""
"""SQL for whether a ballot `b` is one that the kind of vote of its theme `t` knows, as `read_opinion` reads it. The
database takes no other; one that it holds all the same is counted nowhere, so that it blocks no result."""

COUNTABLE: Final = f"""({WELL_FORMED}) AND NOT EXISTS (
        SELECT 1 FROM excluded_vote xv WHERE xv.theme_id = t.id AND xv.member_id = b.voter_id)"""
"""SQL for whether a ballot `b` on a proposal of the theme `t` may be counted: it has a known form, and the votes of its
voter there are not excluded."""

_WANTED: Final[Mapping[Voting, str]] = {
    Voting.OPINIONS: "Choisissez pour, abstention ou contre.",
    Voting.APPROVAL: "Ici, on soutient une proposition ou on ne dit rien : choisissez pour.",
    Voting.JUDGMENT: "Choisissez une des mentions.",
    Voting.RANKING: "Choisissez une place, de 1 à {last}.",
}


def opinion_words(voting: Voting, mentions: Sequence[str], opinion: str) -> str:
    """A stored ballot in French words; `mentions` are its scale. One of no known form is told as it is."""
    try:
        read_opinion(voting, mentions, opinion)
    except Invalid:
        return opinion
    match voting:
        case Voting.JUDGMENT:
            return mentions[int(opinion)]
        case Voting.RANKING:
            return f"rang {opinion}"
        case Voting.APPROVAL:
            return voting.label
        case Voting.OPINIONS:
            return opinion


def takes_quota(voting: Voting, opinion: str) -> bool:
    """Whether a quota limits this ballot: a support, or a place in an order."""
    return voting is Voting.RANKING or (voting in TALLIED and opinion == Opinion.FOR)


def scale(voting: Voting, mentions: Sequence[str]) -> tuple[str, ...]:
    """The mentions of a judgment, from the worst to the best; the usual ones when none are given."""
    return (tuple(mentions) or DEFAULT_MENTIONS) if voting is Voting.JUDGMENT else ()


def checked_rules(voting: str, mentions: Sequence[str], quota: int) -> Rules:
    """The rules that an agent or a file asks for.

    Raises:
        InvalidForm: names `mode_de_vote`, `mentions`, `quota`.
    """
    checks = Checks()
    kind = Voting.OPINIONS
    with checks.field("mode_de_vote"):
        kind = _kind(voting)
    written: tuple[str, ...] = ()
    with checks.field("mentions"):
        written = _mentions(kind, [clean_line(each, limit=LONGEST_MENTION) for each in mentions if each.strip()])
    with checks.field("quota"):
        if not 0 <= quota <= LARGEST_QUOTA:
            raise Invalid("Indiquez un nombre de 0 à {most}.", values={"most": LARGEST_QUOTA})
        if quota and kind is Voting.JUDGMENT:
            raise Invalid("Un jugement majoritaire n’a pas de quota : chaque proposition reçoit sa mention.")
    checks.done()
    return Rules(kind, written, quota)


def _kind(voting: str) -> Voting:
    if voting not in tuple(Voting):
        raise Invalid("Choisissez soutien, pour-contre, jugement ou classement.")
    return Voting(voting)


def _mentions(kind: Voting, given: list[str]) -> tuple[str, ...]:
    if kind is not Voting.JUDGMENT:
        if given:
            raise Invalid("Seul un jugement majoritaire a des mentions.")
        return ()
    if not given:
        return DEFAULT_MENTIONS
    if not FEWEST_MENTIONS <= len(given) <= MOST_MENTIONS:
        raise Invalid("Un jugement a de 3 à 7 mentions, de la pire à la meilleure.")
    if len({fold(each) for each in given}) != len(given):
        raise Invalid("Deux mentions sont les mêmes.")
    return tuple(given)
