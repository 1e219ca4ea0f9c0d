"""A meeting corrected through the form: day, place and attendance, by one moderator of its group at a time."""

import json

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row
from forum.models.answers import Answer, Decision
from forum.models.meetings import Meeting
from forum.models.proposals import Proposal, ProposalState
from forum.ranking.tallies import Opinion
from tests.compiled_syntheses import cast
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_proposal, make_theme, sign_in

PRESENT = "Odile  Garnier, BDP de la Moselle\n\n  Malik Diallo\n"
TYPED = {"numero": "1", "date": "2019-03-12", "lieu": "Paris", "presents": PRESENT}


async def enter(client: AsyncClient, number: str = "1") -> int:
    """Enter a meeting as a moderator of group 3, who stays signed in."""
    await sign_in(client, await make_member(f"Nadia {number}", moderates=[await make_group("gt-3")]))
    answer = await client.post("/reunions/nouvelle", data=TYPED | {"numero": number})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[-1].split("?")[0])


async def mark_of(client: AsyncClient, meeting: int) -> str:
    page = (await client.get(f"/reunions/{meeting}/modifier")).text
    return page.partition('name="vu" value="')[2].partition('"')[0]


async def test_attendance_is_shown_to_everybody(app: Starlette, client: AsyncClient) -> None:
    await make_theme(3)
    meeting = await enter(client)
    assert (await Meeting.get()).attendance == "Odile Garnier, BDP de la Moselle\nMalik Diallo"
    async with visitor(app) as other:
        page = (await other.get(f"/reunions/{meeting}")).text
        assert "<li>Odile Garnier, BDP de la Moselle</li><li>Malik Diallo</li>" in page
        assert "Corriger" not in page
    assert "Cette liste est publique" in (await client.get(f"/reunions/{meeting}/modifier")).text


async def test_a_meeting_is_corrected_by_its_group_alone_and_the_journal_names_nobody(
    app: Starlette, client: AsyncClient
) -> None:
    await make_theme(3)
    meeting = await enter(client)
    address = f"/reunions/{meeting}/modifier"
    wanted = {"date": "2019-03-13", "lieu": "Metz", "presents": "Odile Garnier", "numero": "9"}
    async with visitor(app) as other:
        await sign_in(other, await make_member("Une Voisine", moderates=[await make_group("gt-4", "Autre")]))
        assert (await other.post(address, data=wanted)).status_code == 403
        assert (await other.get(address)).status_code == 403
    answer = await client.post(address, data=wanted | {"vu": await mark_of(client, meeting)})
    assert answer.status_code == 303
    now = await Meeting.get()
    assert (now.number, str(now.held_on), now.place, now.attendance) == (1, "2019-03-13", "Metz", "Odile Garnier")
    entry = await row("SELECT before, after FROM journal_entry WHERE act = 'edit_meeting'")
    assert entry is not None
    assert json.loads(entry["before"]) == {"held_on": "2019-03-12", "place": "Paris", "attendance": 2}
    assert json.loads(entry["after"]) == {"held_on": "2019-03-13", "place": "Metz", "attendance": 1}


async def test_what_changes_nothing_leaves_no_line(client: AsyncClient) -> None:
    await make_theme(3)
    meeting = await enter(client)
    lines = await count("journal_entry")
    assert (await client.post(f"/reunions/{meeting}/modifier", data=TYPED)).status_code == 303
    assert await count("journal_entry") == lines


async def test_two_windows_do_not_undo_each_other(client: AsyncClient) -> None:
    await make_theme(3)
    meeting = await enter(client)
    address, seen = f"/reunions/{meeting}/modifier", await mark_of(client, meeting)
    assert (await client.post(address, data=TYPED | {"lieu": "Lyon", "vu": seen})).status_code == 303
    late = await client.post(address, data=TYPED | {"lieu": "Nancy", "vu": seen})
    assert late.status_code == 409
    assert "modifiée entre-temps" in late.text
    assert 'value="Nancy"' in late.text
    assert "12 mars 2019, Lyon" in " ".join(late.text.split()).replace("\xa0", " ")
    assert (await Meeting.get()).place == "Lyon"
    mark = late.text.partition('name="vu" value="')[2].partition('"')[0]
    assert (await client.post(address, data=TYPED | {"lieu": "Nancy", "vu": mark})).status_code == 303
    assert (await Meeting.get()).place == "Nancy"


async def test_an_impossible_correction_is_refused_and_kept(client: AsyncClient) -> None:
    await make_theme(3)
    meeting = await enter(client)
    wrong = {"date": "2019-02-30", "lieu": "Nancy", "presents": "x" * 20_001}
    answer = await client.post(f"/reunions/{meeting}/modifier", data=wrong)
    assert answer.status_code == 422
    assert 'id="date-error"' in answer.text
    assert 'value="Nancy"' in answer.text
    answer = await client.post(f"/reunions/{meeting}/modifier", data=wrong | {"date": "2019-03-01"})
    assert 'id="presents-error"' in answer.text
    assert (await Meeting.get()).place == "Paris"


async def test_a_meeting_leads_to_the_neighbours_that_its_reader_may_know_of(
    app: Starlette, client: AsyncClient
) -> None:
    await make_theme(3)
    first, third = await enter(client, "1"), await enter(client, "3")
    unknown = await Meeting.create(working_group=await make_group("gt-3"), number=2, created_at=NOON)
    async with visitor(app) as other:
        page = (await other.get(f"/reunions/{first}")).text
        assert f'href="/reunions/{third}" rel="next"' in page
        assert 'rel="prev"' not in page
        assert f"/reunions/{unknown.id}" not in page
        assert f'href="/reunions/{first}" rel="prev"' in (await other.get(f"/reunions/{third}")).text


async def test_a_meeting_tells_what_became_of_its_proposals(client: AsyncClient) -> None:
    closed = await make_theme(3, votes="closed")
    meeting = await enter(client)
    first = await make_proposal(closed, "Former les agents")
    states = {
        "Embaucher": ProposalState.RETAINED,
        "Équiper": ProposalState.SET_ASIDE,
        "Recruter": ProposalState.MERGED,
        "Brouillon secret": ProposalState.DRAFT,
    }
    for wording, state in states.items():
        await make_proposal(closed, wording, state=state)
    await Proposal.all().update(meeting_id=meeting)
    await Proposal.filter(state=ProposalState.MERGED).update(merged_into_id=first.id)
    await Answer.create(
        proposal=await Proposal.get(wording="Embaucher"),
        number=1,
        decision=Decision.PARTLY,
        reason="Il en faut.",
        service="Le service",
        decided_on=NOON.date(),
        created_at=NOON,
    )
    voter = await make_member()
    for voted in (first, await Proposal.get(wording="Embaucher")):
        await cast(voted, voter.id, Opinion.FOR)
    page = " ".join((await client.get(f"/reunions/{meeting}")).text.split())
    assert "<small>Rang 1</small>" in page
    assert "Partiellement retenue · Rang" in page
    assert "Écartée" in page
    assert 'Fusionnée dans <a href="/propositions/T3-001">T3-001</a>' in page
    assert "Brouillon secret" not in page


async def test_no_rank_is_shown_before_the_close(client: AsyncClient) -> None:
    theme = await make_theme(3)
    meeting = await enter(client)
    await make_proposal(theme)
    await Proposal.all().update(meeting_id=meeting)
    page = (await client.get(f"/reunions/{meeting}")).text
    assert "T3-001" in page
    assert "Rang" not in page


async def test_meetings_with_a_day_are_followed_in_a_calendar(app: Starlette, client: AsyncClient) -> None:
    await make_theme(3)
    meeting = await enter(client)
    undated = await Meeting.create(working_group=await make_group("gt-3"), number=2, minutes="Dit.", created_at=NOON)
    async with visitor(app) as other:
        assert 'href="/reunions.ics"' in (await other.get("/reunions")).text
        every = await other.get("/reunions.ics")
        assert every.headers["content-type"] == "text/calendar; charset=utf-8"
        assert every.text.count("BEGIN:VEVENT") == 1
        assert "DTSTART;VALUE=DATE:20190312" in every.text
        assert f"URL:http://127.0.0.1:8000/reunions/{meeting}\r\n" in every.text
        assert "Garnier" not in every.text
        one = await other.get(f"/reunions/{meeting}.ics")
        assert f"UID:reunion-{meeting}@127.0.0.1:8000" in one.text
        assert (await other.get(f"/reunions/{undated.id}.ics")).status_code == 404
        assert "/en/reunions/" in (await other.get(f"/en/reunions/{meeting}.ics")).text
