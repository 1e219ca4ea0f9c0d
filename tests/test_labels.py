"""No enum value ever reaches a person: every page, sheet, mail, document and archive shows its label instead.

What is read is what a person sees or hears: neither what a form sends, nor classes and addresses, nor data for
programs.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import transaction
from forum.domain import journal
from forum.domain.privacy.personal_facts import collect
from forum.models.meetings import TagState
from forum.models.members import Member, Role
from forum.models.notifications import Event, Notification
from forum.models.posts import Outcome, Post, Treatment
from forum.models.proposals import Nature, Origin, Proposal, ProposalState, ProposalTurn, Turn
from forum.models.themes import Theme, Voting
from forum.models.votes import Ballot
from forum.settings import Settings
from forum.text.labels import Labelled
from tests.conftest import NOON
from tests.document_samples import made
from tests.factories import make_extract, make_member, make_post, make_proposal, make_theme, make_thread
from tests.votes.test_sealed import KINDS, addresses, places, reading
from tests.workers.test_mail import TEMPLATES, part, read, waiting
from tests.world import World
from workers.archives import archive_of
from workers.letters import message_of

# Values that are French words, shown on purpose.
SHOWN = {
    "pour",
    "contre",
    "abstention",
    "instruction",
    "absent",
    "jugement",
    "invitation",
    "consensus",
    "active",
    "exactement",
    "au moins",
    "au plus",
    "organiser",
}
ADDRESS = re.compile(r"https?://\S+")
HEARD = {"aria-label", "title", "alt", "placeholder"}


def enums(kind: type[StrEnum] = StrEnum) -> Iterator[type[StrEnum]]:
    for one in kind.__subclasses__():
        yield one
        yield from enums(one)


def known() -> tuple[set[str], set[str]]:
    """The values of the enums that the database and the results hold, and all their labels."""
    labelled = [each for kind in enums(Labelled) for each in kind]
    stored = [kind for kind in enums() if kind.__module__.startswith(("forum.models.", "forum.ranking."))]
    return {str(each) for kind in stored for each in kind} | set(labelled), {each.label for each in labelled}  # type: ignore[attr-defined]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds labels, the longest first, and what finds raw values."""
    values, labels = known()
    shown = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
    codes = "|".join(re.escape(code) for code in values - labels - SHOWN if re.search(r"\w", code))
    return re.compile(rf"(?<!\w)(?:{shown})(?!\w)", re.IGNORECASE), re.compile(rf"(?<![\w-])(?:{codes})(?![\w-])")


def codes_in(text: str) -> list[str]:
    """The raw values found in a text."""
    labels, codes = _patterns()
    return codes.findall(ADDRESS.sub("…", labels.sub("…", text)))


class Seen(HTMLParser):
    """The visible words of a page, and those only for screen readers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.aside = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.aside += tag in {"script", "style", "template"}
        self.words += [value for name, value in attrs if name in HEARD and value]

    def handle_endtag(self, tag: str) -> None:
        self.aside -= tag in {"script", "style", "template"}

    def handle_data(self, data: str) -> None:
        if not self.aside:
            self.words.append(data)


def seen(page: str) -> str:
    return " \n".join(Seen(page).words)


async def make_every_value(world: World) -> None:
    """Make something of each value, in an open theme and in themes of each kind of voting whose votes are over."""
    theme, author = await Theme.get(number=3), world.guests["member"].member
    assert author is not None
    thread = await make_thread(theme, "Le fil des valeurs", author=author)
    posts = [await make_post(thread, f"Former {number}.", author=author) for number in range(len(Nature))]
    made = [await make_proposal(theme, f"Valeur {n}.", author=author) for n in range(len(Turn))]
    for post, nature in zip(posts, Nature, strict=True):
        await make_extract(post, author=author, nature=nature, proposal=made[0])
    for post, outcome in zip(posts[: len(Outcome)], Outcome, strict=True):
        await Treatment.create(post=post, outcome=outcome, revision=1, reason="Lu.", member=author, treated_at=NOON)
    for number, turn in enumerate(Turn):
        await ProposalTurn.create(proposal=made[number], turn=turn, member=author, at=NOON)
    for proposal, state in zip(made[1:], set(ProposalState) - {ProposalState.MERGED}, strict=False):
        await Proposal.filter(id=proposal.id).update(state=state, state_reason="Dite.")
    for proposal, origin in zip(made[8:], Origin, strict=False):
        await Proposal.filter(id=proposal.id).update(origin=origin)
    for number, event in enumerate(Event):
        about: dict[str, Any] = (
            {"post": posts[number]} if event in (Event.QUOTE, Event.REPLY, Event.MENTION) else {"proposal": made[0]}
        )
        about = {"theme": theme} if event in (Event.SCHEDULED, Event.CLOSED) else about
        await Notification.create(member=author, event=event, key=str(number), created_at=NOON, **about)
    await _make_closed_votes(author)
    await _make_journal(author, posts[0], theme)


async def _make_closed_votes(author: Member) -> None:
    voters = [author, *[await make_member(f"Votant Numéro{number}") for number in range(12)]]
    for number, (voting, (_, choices)) in enumerate(KINDS.items(), start=20):
        theme = await make_theme(number, contributions="closed", votes="closed")
        mentions = "Faible\nMoyenne\nForte" if voting is Voting.JUDGMENT else ""
        await Theme.filter(id=theme.id).update(voting=voting, mentions=mentions)
        proposals = [await make_proposal(theme, words) for words in ("Former.", "Recruter.", "Accueillir.")]
        await Proposal.filter(id=proposals[1].id).update(state=ProposalState.RETAINED)
        for place, (proposal, voter) in enumerate(product(proposals, voters)):
            opinion = choices[place % len(choices)]
            await Ballot.create(
                proposal=proposal, voter=voter, opinion=opinion, proposal_version=1, cast_at=NOON, profession="Élue"
            )


async def _make_journal(author: Member, post: Post, theme: Theme) -> None:
    """Write a line for each act whose codes are kept."""
    moments = dict.fromkeys(("contributions_open_at", "contributions_close_at", "votes_open_at", "votes_close_at"))
    schedule = [json.dumps(moments | {"voting": voting, "sealed": True}) for voting in Voting]
    lines = [
        *[("set_role", "member", author.id, role.value) for role in Role],
        *[("tag_post", "post", post.id, f"1 {state}") for state in TagState],
        *[("treat_post", "post", post.id, outcome.value) for outcome in Outcome],
        *[("harvest", "post", post.id, f"1:0-6 {nature} T3-001") for nature in Nature],
        *[("set_schedule", "theme", theme.id, after) for after in schedule],
        ("answer_proposal", "proposal", 1, "etude"),
        ("answer_proposal", "proposal", 1, "partiellement"),
        ("request", "theme", theme.id, "theme:3 brouillon 1"),
        ("export_journal", "journal", 0, "act=set_role person=… thing=member thing_id=4 since=2026-11-01"),
    ]
    async with transaction():
        for act, thing, number, after in lines:
            before = json.dumps(moments) if act == "set_schedule" else ""
            await journal.record(
                None, act, thing, number, group=theme.working_group_id, before=before, after=after, now=NOON
            )


@pytest.fixture
async def world(app: Starlette, kept_world: World) -> World:
    await make_every_value(kept_world)
    return kept_world


def test_codes_are_found_where_they_stand() -> None:
    assert codes_in(seen('<p class="open">La proposition est open, <b>set aside</b>, à l’etude</p>')) == [
        "open",
        "set aside",
        "etude",
    ]
    assert codes_in("Pour, en vigueur, partiellement retenue, agent, mention") == []


@pytest.mark.one_database
@pytest.mark.slow
async def test_no_page_nor_sheet_shows_a_code(app: Starlette, world: World) -> None:
    found, read_by = {}, 0
    wanted = list(addresses(await places(world)))
    async with reading(app, world) as clients:
        for reader, client in clients.items():
            for address in wanted:
                answer = await client.get(address)
                assert answer.status_code < 500, address
                kind = answer.headers.get("content-type", "")
                if answer.status_code != 200 or not kind.startswith("text/"):
                    continue
                read_by += 1
                text = seen(answer.text) if kind.startswith("text/html") else answer.text
                if codes := codes_in(text):
                    found[reader, address] = sorted(set(codes))
        sheet = await clients["agent"].post("/journal/export")
    assert read_by > 300
    assert found == {}
    assert sheet.status_code == 200
    assert codes_in(sheet.text) == []


async def test_no_archive_shows_a_code(client: AsyncClient, world: World) -> None:
    for guest in world.guests.values():
        if guest.member:
            with zipfile.ZipFile(io.BytesIO(archive_of(await collect(guest.member.id, NOON)))) as files:
                assert codes_in(seen(files.read("donnees.html").decode())) == []
                assert codes_in(files.read("donnees.json").decode()) == []


@pytest.mark.parametrize("sample", ["small", "judged", "draft"])
def test_no_document_shows_a_code(sample: str) -> None:
    assert codes_in(seen(made(sample, "html").decode())) == []
    assert codes_in(made(sample, "csv").decode()) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_mail_shows_a_code(configured: Settings, template: str) -> None:
    message = read(message_of(waiting(template)).as_bytes())
    assert codes_in(f"{message['Subject']} {part(message, 'plain')} {seen(part(message, 'html'))}") == []
