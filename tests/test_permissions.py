"""Who may do what: one table, role by action, over HTTP, the allowed and the refused with the same set-up.

✓ allowed · L led to sign in · F refused with its sentence · N not found, like what never was. After each refusal the
database is what it was. Everything belongs to group A unless the action says otherwise.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from httpx2 import AsyncClient, Response

from forum.database import rows
from forum.models.meetings import Meeting, MeetingTag, TagState
from forum.models.members import Member, Role
from forum.models.posts import Post
from forum.models.proposals import Proposal
from forum.models.syntheses import Document, Synthesis, SynthesisState
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.models.votes import Ballot
from forum.ranking.tallies import Opinion
from tests.conftest import NOON
from tests.factories import make_group, make_member, make_post, make_proposal, make_theme, make_thread, sign_in

ROLES = ("visitor", "not confirmed", "member", "moderator A", "moderator B", "agent", "administrator", "suspended")

# Everything that a write could change.
TABLES = (
    "ballot",
    "ballot_change",
    "extract",
    "guiding_question",
    "job",
    "journal_entry",
    "meeting",
    "meeting_tag",
    "mention",
    "moderator",
    "notification",
    "post",
    "post_revision",
    "proposal",
    "proposal_question",
    "proposal_version",
    "quote",
    "synthesis",
    "theme",
    "thread",
)


@dataclass(frozen=True)
class World:
    """Group A with an open theme 3, a later one and a closed one; group B with theme 6; the reader's own things."""

    reader: Member | None
    theme: Theme
    closed: Theme
    thread: Thread
    closed_thread: Thread
    post: Post
    own_post: Post
    proposal: Proposal
    own_proposal: Proposal
    meeting: Meeting
    meeting_b: Meeting
    tagged: Post
    judged: Proposal
    failed: Synthesis
    ready: Synthesis
    draft: Synthesis
    published: Synthesis


async def make_world(role: str) -> World:
    a, b = await make_group("gt-a", "Groupe A"), await make_group("gt-b", "Groupe B")
    assert (a.id, b.id) == (1, 2)  # the forms of the table name them
    reader = await make_reader(role)
    other = await make_member("Quelqu’un d’autre")
    theme = await make_theme(3, group=a)
    closed = await make_theme(5, contributions="closed", votes="closed", group=a)
    await make_theme(6, group=b)
    thread, closed_thread = await make_thread(theme), await make_thread(closed)
    meeting, meeting_b = [
        await Meeting.create(working_group=group, number=1, held_on=NOON.date(), created_at=NOON) for group in (a, b)
    ]
    draft, published = [
        await Synthesis.create(
            theme=theme,
            version=version,
            scope="theme:3",
            state=state,
            draft=False,
            snapshot="{}",
            snapshot_sha256="0" * 64,
            requested_at=NOON,
            published_at=NOON if state is SynthesisState.PUBLISHED else None,
        )
        for version, state in ((1, SynthesisState.READY), (2, SynthesisState.PUBLISHED))
    ]
    failed, ready = [
        await Synthesis.create(
            theme=closed,
            version=version,
            scope="theme:5",
            state=state,
            draft=False,
            snapshot="{}",
            snapshot_sha256="0" * 64,
            requested_at=NOON,
        )
        for version, state in ((1, SynthesisState.FAILED), (2, SynthesisState.READY))
    ]
    await make_document(ready)
    await make_document(draft)
    tagged = await make_post(thread, "Des mots d’une réunion.", author=other)
    await MeetingTag.create(post=tagged, meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    own_post = await make_post(thread, "Mes propres mots.", author=reader or other)
    post = await make_post(thread, author=other)
    proposal = await make_proposal(theme, author=other)
    own_proposal = await make_proposal(theme, "La mienne", author=reader or other)
    judged = await make_proposal(theme, "Déjà jugée", author=other)
    if reader is not None:
        await Ballot.create(proposal=judged, voter=reader, opinion=Opinion.FOR, proposal_version=1, cast_at=NOON)
    return World(
        reader=reader,
        theme=theme,
        closed=closed,
        thread=thread,
        closed_thread=closed_thread,
        post=post,
        own_post=own_post,
        proposal=proposal,
        own_proposal=own_proposal,
        tagged=tagged,
        judged=judged,
        failed=failed,
        ready=ready,
        meeting=meeting,
        meeting_b=meeting_b,
        draft=draft,
        published=published,
    )


async def make_document(synthesis: Synthesis) -> None:
    content = b"<!DOCTYPE html>"
    await Document.create(
        synthesis=synthesis,
        format="html",
        media_type="text/html; charset=utf-8",
        content=content,
        sha256="0" * 64,
        size=len(content),
        created_at=NOON,
    )


async def make_reader(role: str) -> Member | None:
    a, b = await make_group("gt-a"), await make_group("gt-b")
    name = "Camille Lecture"
    match role:
        case "visitor":
            return None
        case "not confirmed":
            return await make_member(name, confirmed=False)
        case "moderator A":
            return await make_member(name, moderates=[a])
        case "moderator B":
            return await make_member(name, moderates=[b])
        case "agent":
            return await make_member(name, role=Role.AGENT)
        case "administrator":
            return await make_member(name, role=Role.ADMINISTRATOR)
        case "suspended":
            return await make_member(name, suspended_until=NOON + timedelta(days=9))
    return await make_member(name)


Action = Callable[[AsyncClient, World], Awaitable[Response]]


def get(address: Callable[[World], str]) -> Action:
    return lambda client, world: client.get(address(world))


def post(address: Callable[[World], str], **form: str) -> Action:
    return lambda client, world: client.post(address(world), data=form)


SCHEDULE = {
    "contributions_open_at": "2026-11-13T13:00",
    "contributions_close_at": "2026-12-12T18:00",
    "votes_open_at": "2026-11-13T13:00",
    "votes_close_at": "2026-12-19T18:00",
    "sealed": "1",
}
MINUTES = {"acte": "garder", "source": "Former.", "ligne-1": "Former tous les agents.", "garder-1": "1"}

# One row an action: its name, what is sent, and what each role gets, in the order of ROLES.
TABLE: list[tuple[str, Action, str]] = [
    ("read a theme", get(lambda w: "/themes/3"), "✓✓✓✓✓✓✓✓"),
    ("read the proposals", get(lambda w: "/themes/3/propositions"), "✓✓✓✓✓✓✓✓"),
    ("read a proposal", get(lambda w: "/propositions/T3-001"), "✓✓✓✓✓✓✓✓"),
    ("read a thread", get(lambda w: f"/fils/{w.thread.id}"), "✓✓✓✓✓✓✓✓"),
    ("read a meeting", get(lambda w: f"/reunions/{w.meeting.id}"), "✓✓✓✓✓✓✓✓"),
    ("read a published synthesis", get(lambda w: f"/syntheses/{w.published.id}"), "✓✓✓✓✓✓✓✓"),
    ("read a draft synthesis", get(lambda w: f"/syntheses/{w.draft.id}"), "NNNNN✓✓N"),
    ("follow a draft synthesis", get(lambda w: f"/api/v1/syntheses/{w.draft.id}"), "NNNNN✓✓N"),
    ("reply", post(lambda w: f"/fils/{w.thread.id}/repondre", source="Une réponse."), "LF✓✓✓✓✓F"),
    ("reply when closed", post(lambda w: f"/fils/{w.closed_thread.id}/repondre", source="Trop tard."), "LFFFFFFF"),
    ("open a thread", post(lambda w: "/themes/3/nouveau-fil", title="Un fil", source="Un début."), "LF✓✓✓✓✓F"),
    ("open a thread when closed", post(lambda w: "/themes/5/nouveau-fil", title="Un fil", source="Non."), "LFFFFFFF"),
    ("propose", post(lambda w: "/themes/3/proposer", wording="Une idée"), "LF✓✓✓✓✓F"),
    ("propose when closed", post(lambda w: "/themes/5/proposer", wording="Une idée"), "LFFFFFFF"),
    (
        "edit one's own words",
        post(lambda w: f"/contributions/{w.own_post.id}/modifier", source="Mieux.", revision="1"),
        "LF✓✓✓✓✓F",
    ),
    (
        "edit somebody else's",
        post(lambda w: f"/contributions/{w.post.id}/modifier", source="Pire.", revision="1"),
        "LFFFFFFF",
    ),
    ("withdraw one's own proposal", post(lambda w: "/propositions/T3-002/retirer", confirmation="1"), "LF✓✓✓✓✓F"),
    ("withdraw somebody else's", post(lambda w: "/propositions/T3-001/retirer", confirmation="1"), "LFFFFFFF"),
    ("propose of a post", post(lambda w: f"/contributions/{w.post.id}/proposer", wording="Une idée"), "LFF✓FF✓F"),
    (
        "propose of one's own post",
        post(lambda w: f"/contributions/{w.own_post.id}/proposer", wording="Une idée"),
        "LF✓✓✓✓✓F",
    ),
    ("tag a post", post(lambda w: f"/contributions/{w.post.id}/reunions", numero="2", acte="etiqueter"), "LFF✓FF✓F"),
    (
        "untag a post",
        post(lambda w: f"/contributions/{w.tagged.id}/reunions", numero="1", acte="retirer"),
        "LFF✓FF✓F",
    ),
    ("choose words to quote", get(lambda w: f"/contributions/{w.post.id}/citer"), "LF✓✓✓✓✓F"),
    ("enter a meeting", post(lambda w: "/reunions/nouvelle", groupe="1", numero="9", date="2019-03-12"), "LFF✓FF✓F"),
    ("keep minutes", post(lambda w: f"/reunions/{w.meeting.id}/compte-rendu", theme="3", **MINUTES), "LFF✓FF✓F"),
    ("vote", post(lambda w: "/propositions/T3-001/vote", avis="pour"), "LF✓✓✓FFF"),
    ("vote on one's own", post(lambda w: "/propositions/T3-002/vote", avis="contre"), "LF✓✓✓FFF"),
    ("change a vote", post(lambda w: "/propositions/T3-003/vote", avis="contre"), "LF✓✓✓FFF"),
    ("withdraw a vote", post(lambda w: "/propositions/T3-003/vote", avis="retirer"), "LF✓✓✓FFF"),
    ("set the schedule", post(lambda w: "/themes/3/calendrier", **SCHEDULE), "LFFFF✓✓F"),
    ("close the votes", post(lambda w: "/themes/3/clore-les-votes", reason="Fin", confirmation="1"), "LFFFF✓✓F"),
    ("read the document of a draft", get(lambda w: f"/syntheses/{w.draft.id}/lire"), "NNNNN✓✓N"),
    (
        "download the document of a draft",
        get(lambda w: f"/syntheses/{w.draft.id}/synthese-T3-v1-2026-11-23.html"),
        "NNNNN✓✓N",
    ),
    ("publish a synthesis", post(lambda w: f"/syntheses/{w.ready.id}/publier", confirmation="1"), "NNNNN✓✓N"),
    ("compile again what failed", post(lambda w: f"/syntheses/{w.failed.id}/recommencer"), "NNNNN✓✓N"),
    ("ask for a synthesis", post(lambda w: "/syntheses/demander", theme="5"), "NNNNN✓✓N"),
]

EXPECTED = {"✓": (200, 303), "L": (303, 403), "F": (403,), "N": (404,)}
CASES = [
    pytest.param(role, send, symbol, id=f"{role}: {action}: {symbol}")
    for action, send, symbols in TABLE
    for role, symbol in zip(ROLES, symbols, strict=True)
]


async def everything_stored() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that a write could change."""
    return {
        table: [tuple(dict(each).values()) for each in await rows(f"SELECT * FROM {table} ORDER BY id")]
        for table in TABLES
    }


@pytest.mark.parametrize(("role", "send", "symbol"), CASES)
async def test_each_role_may_do_what_the_table_says(client: AsyncClient, role: str, send: Action, symbol: str) -> None:
    world = await make_world(role)
    if world.reader is not None:
        await sign_in(client, world.reader)
    before = await everything_stored()
    answer = await send(client, world)
    assert answer.status_code in EXPECTED[symbol], answer.text
    if symbol == "✓":
        assert "/connexion" not in answer.headers.get("location", "")
        assert answer.request.method == "GET" or await everything_stored() != before
        return
    assert await everything_stored() == before
    if symbol == "L":
        assert "/connexion" in answer.headers.get("location", answer.text)


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(get(lambda w: f"/reunions/{w.meeting_b.id}/compte-rendu"), id="the minutes of B"),
        pytest.param(
            post(lambda w: f"/reunions/{w.meeting_b.id}/compte-rendu", theme="6", **MINUTES), id="minutes in B"
        ),
        pytest.param(
            post(lambda w: "/reunions/nouvelle", groupe="2", numero="9", date="2019-03-12"), id="a meeting of B"
        ),
    ],
)
async def test_a_moderator_of_a_does_nothing_in_b(client: AsyncClient, send: Action) -> None:
    world = await make_world("moderator A")
    assert world.reader is not None
    await sign_in(client, world.reader)
    before = await everything_stored()
    assert (await send(client, world)).status_code == 403
    assert await everything_stored() == before


async def test_a_theme_of_b_does_not_exist_in_the_minutes_of_a(client: AsyncClient) -> None:
    world = await make_world("moderator A")
    assert world.reader is not None
    await sign_in(client, world.reader)
    before = await everything_stored()
    address = f"/reunions/{world.meeting.id}/compte-rendu"
    ours_and_none = [await client.post(address, data={"theme": number, **MINUTES}) for number in ("6", "99")]
    assert [answer.status_code for answer in ours_and_none] == [422, 422]
    assert "Choisissez un thème du groupe" in ours_and_none[0].text
    assert await everything_stored() == before


@pytest.mark.parametrize(
    "address",
    [
        "/contributions/{}/proposer",
        "/contributions/{}/reunions",
        "/propositions/T3-{:03}/vote",
        "/reunions/{}/compte-rendu",
        "/themes/{}/calendrier",
    ],
)
async def test_what_does_not_exist_is_not_found_for_those_who_may(client: AsyncClient, address: str) -> None:
    world = await make_world("moderator A")
    assert world.reader is not None
    await sign_in(client, world.reader)
    for number in (999, 2**31, 2**63, 10**30):
        answer = await client.post(address.format(number), data={"numero": "1", "avis": "pour", "wording": "x"})
        assert answer.status_code == 404, (address, number)


async def test_a_lost_right_is_lost_from_the_next_request_on(client: AsyncClient) -> None:
    world = await make_world("moderator A")
    assert world.reader is not None
    await sign_in(client, world.reader)
    address = f"/contributions/{world.post.id}/reunions"
    assert (await client.post(address, data={"numero": "2", "acte": "etiqueter"})).status_code == 303
    await rows("DELETE FROM moderator")
    assert (await client.post(address, data={"numero": "3", "acte": "etiqueter"})).status_code == 403


async def test_extra_fields_of_a_form_change_nothing(client: AsyncClient) -> None:
    """No mass assignment: what a form may set is listed, not what it may not."""
    world = await make_world("member")
    assert world.reader is not None
    await sign_in(client, world.reader)
    smuggled = {"author_id": "1", "state": "withdrawn", "theme_id": "6", "number": "77", "origin": "meeting"}
    await client.post("/themes/3/proposer", data={"wording": "Une idée", **smuggled})
    made = await Proposal.get(wording="Une idée")
    assert (made.author_id, made.state, made.number, made.origin) == (world.reader.id, "open", 4, "member")
