"""What the administration answered has one word: every page, sheet, archive and document says exactly that one."""

import csv
import io
import json
import re
from collections.abc import Iterable
from enum import StrEnum

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import transaction
from forum.documents.formats import FORMATS
from forum.domain.chapters.outlines import outline_of
from forum.domain.members.members import load_viewer
from forum.domain.privacy.personal_facts import collect
from forum.domain.proposals.follow_ups import read_follow_up
from forum.domain.proposals.new_answers import KEEPS, Reply, answer
from forum.domain.proposals.obligations import Promise
from forum.domain.syntheses.snapshot_queries import freeze, hold_still, read_introductions
from forum.domain.syntheses.snapshots import renewed
from forum.domain.themes.themes import find_theme
from forum.domain.votes.rolls import read_roll
from forum.language import catalogue
from forum.models.answers import Decision, Fate, fate_of
from forum.models.meetings import Meeting
from forum.models.members import Member
from forum.models.proposals import Proposal, ProposalState
from forum.models.votes import Ballot
from forum.text.labels import Labelled
from forum.text.typography import capital
from tests.conftest import NOON, visitor
from tests.factories import make_member, make_proposal, make_theme, sign_in
from tests.proposals.test_answers import make_agent
from tests.test_labels import seen

REFERENCE = "T3-001"
# Nothing answered; each answer; an answer replaced by each other one; what is retained, then carried out.
LIVES: dict[str, tuple[Decision | None, ...]] = {
    "nothing": (None,),
    **{each.name: (each,) for each in Decision},
    **{f"{one.name} then {other.name}": (one, other) for one in Decision for other in Decision if one is not other},
    **{f"{each.name} and done": (each, None) for each in sorted(KEEPS)},
}


def said(text: str, locale: str = "fr") -> set[str]:
    """The official words in a text, the longest first: "partiellement retenue" does not also say "retenue"."""
    words = {re.sub(r"\s", " ", catalogue(locale).gettext(each.label)).lower() for each in Fate}
    each = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return set(re.findall(rf"(?<![\w-])(?:{each})(?![\w-])", re.sub(r"[\s\u00a0\u202f]+", " ", text).lower()))


def word(fate: Labelled, locale: str = "fr") -> set[str]:
    return {re.sub(r"\s", " ", catalogue(locale).gettext(fate.label)).lower()}


async def answered(life: Iterable[Decision | None]) -> tuple[Fate, Proposal, Member]:
    """A proposal of a closed theme that lived this, through the verbs of the site."""
    theme = await make_theme(3, contributions="closed", votes="closed", quorum=1)
    author = await make_member("Camille Martin")
    proposal = await make_proposal(theme, "Embaucher des médiateurs numériques.", author=author)
    meeting = await Meeting.create(working_group_id=theme.working_group_id, number=1, created_at=NOON)
    await Proposal.filter(id=proposal.id).update(meeting_id=meeting.id)
    await Ballot.create(proposal=proposal, voter=author, opinion="pour", proposal_version=1, cast_at=NOON)
    agent = await load_viewer((await make_agent()).id)
    decision: Decision | None = None
    for number, given in enumerate(life):
        if given is None:
            continue
        decision = given
        promises = [Promise("Le faire.", NOON.date())]
        reply = Reply(given.value, "Une raison.", "Le service", NOON.date(), promises)
        await answer(agent, REFERENCE, reply, number, NOON)
    if decision and tuple(life)[-1] is None:
        await Proposal.filter(id=proposal.id).update(state=ProposalState.DONE)
    proposal = await Proposal.get(id=proposal.id)
    return fate_of(proposal.state, decision), proposal, author


def section(page: str, opening: str) -> str:
    """The visible words of the element that begins with this, up to the end of its article, section, list item or
    paragraph."""
    start = page.index(opening)
    kind = re.match(r"<(\w+)", opening)
    assert kind is not None
    return seen(page[start : page.index(f"</{kind[1]}>", start)])


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
async def test_every_page_and_sheet_says_the_answer_itself(
    app: Starlette, client: AsyncClient, life: tuple[Decision | None, ...]
) -> None:
    fate, proposal, author = await answered(life)
    await sign_in(client, author)
    for locale, root in (("fr", ""), ("en", "/en")):
        told = set() if fate is Fate.OPEN else word(fate, locale)  # what is simply open needs no word
        async with visitor(app) as other:
            results = (await other.get(f"{root}/themes/3/propositions")).text
            page = (await other.get(f"{root}/propositions/{REFERENCE}")).text
            meeting = (await other.get(f"{root}/reunions/{proposal.meeting_id}")).text
        assert said(section(results, f'<article class="result noted" id="{REFERENCE}"'), locale) == told
        assert said(section(meeting, '<ul class="listing">'), locale) == told
        own = (await client.get(f"{root}/compte/contributions")).text
        assert said(section(own, '<article class="fate-told"'), locale) == told
        if told:
            assert said(section(page, '<p class="decision"'), locale) == told
    async with visitor(app) as other:
        sheet = (await other.get("/themes/3/resultats.csv")).content.decode("utf-8-sig")
    assert [each["état"] for each in csv.DictReader(io.StringIO(sheet), delimiter=";")] == [fate.label]
    archive = await collect(author.id, NOON)
    assert [each["etat"] for each in archive["propositions"]] == [fate.label]


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
async def test_every_document_says_the_answer_itself(client: AsyncClient, life: tuple[Decision | None, ...]) -> None:
    fate, _, _ = await answered(life)
    introductions = await read_introductions()
    async with transaction():
        await hold_still()
        snapshot = await freeze(None, NOON, introductions)
    outline = outline_of(snapshot)
    assert [each.state for each in outline.data.proposals] == [fate.label]
    data = json.loads(FORMATS["json"].render(outline))
    assert [each["state"] for each in data["proposals"]] == [fate.label]
    sheet = FORMATS["csv"].render(outline).decode("utf-8-sig")
    assert fate.label in sheet
    assert said(sheet) == word(fate)


@pytest.mark.parametrize("decision", Decision)
async def test_the_page_of_a_theme_puts_each_proposal_under_its_answer(client: AsyncClient, decision: Decision) -> None:
    await answered((decision,))
    follow_up = await read_follow_up(None, await read_roll(await find_theme(3), NOON), NOON)
    assert {each.name: len(found) for each, found in follow_up.answered.items() if found} == {decision.name: 1}
    page = (await client.get("/themes/3/suites")).text
    headings = re.findall(r"<h2 id=\"decision-\d\">\s*(.*?)\s*</h2>", page)
    assert headings == [capital(decision.heading.label)]
    assert dict(re.findall(r"<dt>\s*(.*?)\s*</dt>\s*<dd>(\d+)</dd>", page)) == {
        **{capital(each.heading.label): str(int(each is decision)) for each in Decision},
        "Sans réponse": "0",
    }


def test_every_answer_has_its_own_words() -> None:
    for decision in Decision:
        assert fate_of(ProposalState.OPEN, decision).label == decision.label
        assert decision.heading.label in (decision.label, f"{decision.label.replace('retenue', 'retenues')}")
    for decision in KEEPS:
        assert fate_of(ProposalState.DONE, decision).label == f"{decision.label}, mise en œuvre"
    assert len({each.label for each in Fate}) == len(Fate)
    assert all(fate_of(state, decision) for state in ProposalState for decision in (None, *Decision))


def test_what_left_the_vote_says_so_whatever_was_answered_before() -> None:
    for state in (ProposalState.MERGED, ProposalState.WITHDRAWN, ProposalState.SET_ASIDE, ProposalState.DRAFT):
        assert {fate_of(state, decision) for decision in (None, *Decision)} == {Fate[state.name]}


def test_the_coarser_state_has_no_word_of_its_own() -> None:
    """A state says "retained" of two different answers: only a fate can be shown to people."""
    assert issubclass(ProposalState, StrEnum)
    assert not issubclass(ProposalState, Labelled)


def test_data_frozen_without_the_answer_do_not_claim_to_know_it() -> None:
    old = {"format": 4, "verbatims": [], "themes": [], "participation": {}, "proposals": [{"state": "retained"}]}
    proposal = renewed(old)["proposals"][0]
    assert proposal["decision"] is None
    assert fate_of(ProposalState(proposal["state"]), proposal["decision"]).label == "retenue, en tout ou en partie"


async def test_the_help_names_the_four_answers(client: AsyncClient) -> None:
    assert said((await client.get("/aide")).text) >= {each.label for each in Decision}
