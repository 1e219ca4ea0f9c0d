"""Sentences of pages that are made of figures or of dates: each is read again and must be true, in every state.

Those that explain a rank are in `tests/chapters/test_sentences.py`, beside those of documents.
"""

import re
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain.proposals.answers import Postponement, ShownObligation
from forum.domain.proposals.history import OtherProposal, ToldTurn
from forum.domain.proposals.own_contributions import OwnExtract
from forum.domain.themes.ballots import Count, OwnBallot, Rules
from forum.domain.votes.booths import progress_of
from forum.domain.votes.rolls import RollEntry
from forum.models.notifications import Event
from forum.models.posts import Outcome
from forum.models.proposals import Nature, ProposalState, Turn
from forum.models.syntheses import SynthesisState
from forum.models.themes import Voting
from forum.permissions import Schedule
from forum.text.typography import PARIS, day, moment
from forum.web.themes.windows import windows
from tests.conftest import NOON
from tests.spoken import Say, agree, plain, say

__all__ = ["say"]  # a fixture

SCALE = ("À rejeter", "Passable", "Bonne")
CHOICES = {
    Voting.OPINIONS: ("pour", "contre", "abstention"),
    Voting.APPROVAL: ("pour",),
    Voting.JUDGMENT: ("0", "1", "2"),
    Voting.RANKING: ("1", "2", "3"),
}
days = st.integers(-40, 40).map(lambda many: NOON.date() + timedelta(days=many))


@settings(max_examples=150)
@given(due_on=days, done_on=st.one_of(st.none(), days), today=days)
def test_an_obligation_says_how_late_it_is(say: Say, due_on: date, done_on: date | None, today: date) -> None:
    late = max(0, ((done_on or today) - due_on).days)
    owed = ShownObligation(1, "Le faire.", due_on, done_on, "", late, ())
    said = say("fr", '{% from "macros/answers.html" import due with context %}{{ due(owed) }}', {"owed": owed})
    if done_on:
        tail = f", avec {late} jour{'s' if late > 1 else ''} de retard." if late else "."
        assert said == f"Tenu le {plain(day(done_on, 'fr'))}{tail}"
    elif late:
        tail = f"l’échéance était le {plain(day(due_on, 'fr'))}."
        assert said == f"En retard de {late} jour{'s' if late > 1 else ''} : {tail}"
        assert due_on < today
    else:
        assert said == f"Échéance le {plain(day(due_on, 'fr'))}."
        assert due_on >= today


@given(before=days, after=days)
def test_a_moved_due_date_says_which_way(say: Say, before: date, after: date) -> None:
    moved = Postponement(NOON, before, after, "Faute de moyens.")
    owed = ShownObligation(1, "Le faire.", after, None, "", 0, (moved,))
    said = say(
        "fr", '{% from "macros/answers.html" import obligation with context %}{{ obligation(owed) }}', {"owed": owed}
    )
    assert ("repoussée du" in said) == (after > before)


moments = st.one_of(st.none(), st.integers(-100, 100).map(lambda many: NOON + timedelta(hours=many * 5, minutes=7)))


@settings(max_examples=200)
@given(opens=moments, closes=moments, kind=st.sampled_from(("votes", "contributions")))
def test_a_window_says_whether_it_is_open_and_until_when(
    say: Say, opens: datetime | None, closes: datetime | None, kind: str
) -> None:
    known = {f"{kind}_open_at": opens, f"{kind}_close_at": closes}
    nothing = dict.fromkeys(f"{each}_{at}_at" for each in ("contributions", "votes") for at in ("open", "close"))
    schedule = Schedule(**(nothing | known), sealed=True)  # type: ignore[arg-type] # moments only
    request = SimpleNamespace(state=SimpleNamespace(now=NOON))
    window = next(each for each in windows(request, schedule) if each.kind == kind)  # type: ignore[arg-type]  # its time
    said = say(
        "fr",
        '{% from "themes/_windows.html" import window_sentence with context %}{{ window_sentence(w) }}',
        {"w": window},
    )
    assert said.startswith(("Les votes" if kind == "votes" else "Les contributions", "Les dates"))
    if opens is None:
        assert "ne sont pas encore fixées" in said
    elif opens > NOON:
        assert f"ouvrent le {plain(moment(opens, 'fr'))}." in said
    elif closes is not None and closes <= NOON:
        assert re.search(r"clo(se)?s depuis le", said)
        assert plain(moment(closes, "fr")) in said
    elif closes is None:
        assert re.search(r"sont ouvert(e)?s\.", said)
    else:
        left = (closes.astimezone(PARIS).date() - NOON.astimezone(PARIS).date()).days
        when = {0: "aujourd’hui", 1: "demain"}.get(left, f"dans {left} jours")
        assert f"ferment {when}, le {plain(moment(closes, 'fr'))}." in said


@st.composite
def booths(draw: st.DrawFn) -> tuple[Rules, list[RollEntry], dict[int, OwnBallot]]:
    """Proposals put to the vote and somebody's ballots, some of them on an older substance."""
    voting = draw(st.sampled_from(list(Voting)))
    quota = 0 if voting is Voting.JUDGMENT else draw(st.sampled_from((0, 1, 3)))
    asked = [
        RollEntry(n, n, draw(st.integers(1, 2)), ProposalState.OPEN, None, n)
        for n in range(1, draw(st.integers(0, 5)) + 1)
    ]
    own = {
        each.id: OwnBallot(draw(st.sampled_from(CHOICES[voting])), draw(st.integers(1, 2)))
        for each in asked
        if draw(st.booleans())
    }
    return Rules(voting, SCALE if voting is Voting.JUDGMENT else (), quota), asked, own


@settings(max_examples=200)
@given(booths())
def test_the_progress_says_what_is_done_and_what_waits(
    say: Say, booth: tuple[Rules, list[RollEntry], dict[int, OwnBallot]]
) -> None:
    rules, asked, own = booth
    progress = progress_of(3, rules, asked, own)
    said = say("fr", '{% include "votes/_progress.html" %}', {"progress": progress})
    agree(said)
    waiting = [each for each in asked if each.id in own and own[each.id].version < each.substance]
    missing = [each for each in asked if each.id not in own]
    supports = sum(rules.voting is Voting.RANKING or each.opinion == "pour" for each in own.values())
    found = re.search(r"(\d+) à confirmer", said)
    assert int(found[1] if found else 0) == len(waiting)
    if found := re.search(r"(\d+) propositions? soutenues? sur (\d+)", said):
        assert (int(found[1]), int(found[2])) == (supports, len(asked))
        assert ("propositions soutenues" in said) == (supports > 1)
    elif found := re.search(r"(\d+) (?:soutiens?|propositions? classées?) sur (\d+)", said):
        assert (int(found[1]), int(found[2])) == (supports, rules.quota)
    if rules.voting is Voting.APPROVAL:
        assert found, said
    if found := re.search(r"(\d+) sur (\d+) propositions jugées", said):
        assert (int(found[1]), int(found[2])) == (len(own) - len(waiting), len(asked))
    if "Vous avez tout jugé." in said:
        assert asked
        assert not waiting
        assert not missing


@settings(max_examples=200)
@given(
    voting=st.sampled_from(list(Voting)),
    pending=st.integers(0, 3),
    counts=st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_a_count_says_each_figure_and_what_does_not_count(
    say: Say, voting: Voting, pending: int, counts: list[int]
) -> None:
    ballots = {said: many for said, many in zip(CHOICES[voting], counts, strict=False) if many}
    line = SimpleNamespace(
        rules=Rules(voting, SCALE if voting is Voting.JUDGMENT else ()), count=Count(ballots, pending)
    )
    said = say("fr", '{% from "macros/vote.html" import count_of with context %}{{ count_of(line) }}', {"line": line})
    agree(said)
    found = re.search(r"(\d+) votes? ne compte(?:nt)? pas : ils? portai(?:en)?t sur une version antérieure\.", said)
    assert int(found[1] if found else 0) == pending
    match voting:
        case Voting.OPINIONS:
            figures = [("Pour", "pour"), ("Abstention", "abstention"), ("Contre", "contre")]
        case Voting.APPROVAL:
            figures = [("Soutiens", "pour")]
        case Voting.JUDGMENT:
            figures = [(word, str(grade)) for grade, word in enumerate(SCALE)]
        case Voting.RANKING:
            figures = [(f"Rang {place} :", place) for place in ballots]
            assert ("Personne ne l’a classée." in said) == (not ballots and not pending)
            assert ("Aucun vote ne compte" in said) == (not ballots and pending > 0)
    for word, stored in figures:
        assert re.search(rf"{re.escape(word)} {ballots.get(stored, 0)}(?!\d)", said), (word, said)


@pytest.mark.parametrize("voting", list(Voting))
@pytest.mark.parametrize("votes_are_open", [True, False])
@pytest.mark.parametrize("to_confirm", [True, False])
def test_ones_own_vote_is_said_to_count_or_not(
    say: Say, voting: Voting, votes_are_open: bool, to_confirm: bool
) -> None:
    line = SimpleNamespace(
        rules=Rules(voting, SCALE if voting is Voting.JUDGMENT else ()),
        own=CHOICES[voting][0],
        to_confirm=to_confirm,
        may_vote=votes_are_open,
    )
    said = say("fr", '{% from "macros/vote.html" import own_vote with context %}{{ own_vote(line) }}', {"line": line})
    assert ("Ce vote ne compte pas" in said) == (to_confirm and not votes_are_open)


# A state has its own words, and never those of another one.


def distinct(said: dict[str, str]) -> bool:
    return all(said.values()) and len(set(said.values())) == len(said)


def test_each_turn_of_a_proposal_has_its_own_sentence(say: Say) -> None:
    said = {}
    for turn in Turn:
        told = ToldTurn(turn, NOON, "Une Autrice", OtherProposal("T3-002", "Une autre"), 2, "")
        line = SimpleNamespace(reference="T3-001", version=1)
        known = {"proposal": SimpleNamespace(history=(told,), origin="member", line=line)}
        said[turn.value] = say("fr", '{% include "proposals/_history.html" %}', known)
    assert distinct(said), said


def test_each_event_has_its_own_notice(say: Say) -> None:
    kinds = dict.fromkeys((Event.QUOTE, Event.REPLY, Event.MENTION), "post")
    kinds |= dict.fromkeys((Event.SCHEDULED, Event.CLOSED), "theme") | {Event.CORRECTED: "account"}
    decided = (Event.MODERATED, Event.NOTICE_DECIDED, Event.CASE_WAITS, Event.CONTESTED, Event.RECONSIDERED)
    kinds |= dict.fromkeys(decided, "moderation")
    kinds |= dict.fromkeys((event for event in Event if event.value.startswith(("thread ", "posts "))), "thread")
    said = {}
    for event in Event:
        kind = kinds.get(event, "proposal")
        notice = SimpleNamespace(
            event=event,
            created_at=NOON,
            post=1,
            author="Quelqu’un",
            thread_title="Un fil",
            reference="T3-001",
            theme=3,
            theme_title="Un thème",
            thread=1,
            decision=1,
            case=1,
        )
        said[event.value] = say("fr", f'{{% include "notifications/_{kind}.html" %}}', {"notice": notice})
    assert distinct(said), said
    # What happened may be undone, and the notice is still read: it tells of the past.
    present = re.compile(r"T3-001 est |n’est plus|est (?:fusionnée|tenu)|attend que|sont clos")
    assert [sentence for sentence in said.values() if present.search(sentence)] == []


def test_each_state_of_a_synthesis_has_its_own_words(say: Say) -> None:
    words = '{% from "syntheses/_name.html" import standing with context %}{{ standing(line) }}'
    lines: dict[str, dict[str, object]] = {
        "under way": {"state": SynthesisState.COMPILING},
        "failed": {"state": SynthesisState.FAILED},
        "draft": {"state": SynthesisState.READY, "draft": True},
        "ready": {"state": SynthesisState.READY},
        "review": {"state": SynthesisState.REVIEW},
        "published": {"state": SynthesisState.PUBLISHED},
        "replaced": {
            "state": SynthesisState.REPLACED,
            "replaced_by": SimpleNamespace(id=2, version=3, published_at=NOON),
        },
    }
    usual: dict[str, object] = {"draft": False, "published_at": NOON, "replaced_by": None}
    said = {name: say("fr", words, {"line": SimpleNamespace(**(usual | line))}) for name, line in lines.items()}
    assert distinct(said), said
    assert {each["state"] for each in lines.values()} | {"requested"} == {each.value for each in SynthesisState}


def test_each_outcome_of_a_reading_has_its_own_sentence(say: Say) -> None:
    """Not read, begun, read with extracts, left without follow-up: of one's own contribution."""
    usual: dict[str, object] = {
        "id": 1,
        "written_at": NOON,
        "thread_title": "Un fil",
        "excerpt": "Former.",
        "kind": "contribution",
        "aside": None,
        "outcome": None,
        "reason": "",
        "treated_at": NOON,
        "edited_since": False,
        "extracts": (),
        "proposals": (),
    }
    extract = OwnExtract(1, 0, 3, "For", Nature.SOLUTION, None)
    posts: dict[str, dict[str, object]] = {
        "not read": {},
        "begun": {"extracts": (extract,)},
        "instruction": {"kind": "instruction"},
        **{outcome.value: {"outcome": outcome} for outcome in Outcome},
    }
    said = {
        name: say("fr", '{% include "own_contributions/_post.html" %}', {"post": SimpleNamespace(**(usual | post))})
        for name, post in posts.items()
    }
    assert distinct(said), said
