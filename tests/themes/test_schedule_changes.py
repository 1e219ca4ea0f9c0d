"""Announced votes that are moved: with a reason, one notification to the people concerned, and a public notice."""

import re

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.domain.themes.schedule_changes import Move, schedule_changes
from forum.domain.themes.themes import find_theme
from forum.models.members import Role
from forum.models.themes import Theme
from forum.models.votes import Ballot
from tests.conftest import NOON, Clock
from tests.factories import (
    CONFIRMED,
    count,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)

CALENDAR = "/themes/3/calendrier"
# The window of `make_theme`, in Paris time.
SAME = {
    "ouverture_des_contributions": "2026-11-13T13:00",
    "cloture_des_contributions": "2026-12-03T13:00",
    "ouverture_des_votes": "2026-11-13T13:00",
    "cloture_des_votes": "2026-12-03T13:00",
    "scelle": "1",
}
LATER = SAME | {"cloture_des_votes": "2026-12-19T18:00", "motif": "Une semaine de plus pour les petites communes"}


async def told() -> list[tuple[str, str]]:
    """Who was notified of what, by name."""
    found = await rows(
        """SELECT m.name, n.event FROM notification n JOIN member m ON m.id = n.member_id
            WHERE n.theme_id IS NOT NULL ORDER BY m.name, n.id"""
    )
    return [(each["name"], each["event"]) for each in found]


async def populate(theme: Theme) -> None:
    """One who voted, one who proposed, one who contributed, one who did all three, one who did nothing."""
    names = ("A Votante", "B Proposante", "C Contributrice")
    voter, proposer, writer = [await make_member(name) for name in names]
    everything = await make_member("D Partout")
    await make_member("E Nulle Part")
    thread = await make_thread(theme)
    await make_post(thread, author=writer)
    await make_post(thread, author=everything)
    proposal = await make_proposal(theme, author=proposer)
    await make_proposal(theme, "Une autre", author=everything)
    for one in (voter, everything):
        await Ballot.create(proposal=proposal, voter=one, opinion="pour", proposal_version=1, cast_at=NOON)
    elsewhere = await make_theme(4)
    await make_proposal(elsewhere, "Ailleurs", author=await make_member("F Ailleurs"))


EVERYBODY = ("A Votante", "B Proposante", "C Contributrice", "D Partout")


async def test_an_extension_is_notified_once_to_everybody_whom_the_theme_concerns(client: AsyncClient) -> None:
    await populate(await make_theme(3))
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    assert (await client.post(CALENDAR, data=LATER)).status_code == 303
    assert await told() == [(name, "scheduled") for name in EVERYBODY]
    # Sending the same schedule again moves nothing and notifies nobody.
    assert (await client.post(CALENDAR, data=LATER)).status_code == 303
    assert len(await told()) == 4
    assert len(await schedule_changes(await find_theme(3))) == 1


async def test_closing_by_hand_is_notified_once(client: AsyncClient) -> None:
    await populate(await make_theme(3))
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    for status in (303, 409):
        assert (await client.post("/themes/3/clore-les-votes", data=CONFIRMED)).status_code == status
    assert await told() == [(name, "closed") for name in EVERYBODY]


async def test_a_close_by_hand_stays_where_it_is_when_another_date_moves(client: AsyncClient, clock: Clock) -> None:
    await populate(await make_theme(3))
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    clock.pass_(seconds=35)
    assert (await client.post("/themes/3/clore-les-votes", data=CONFIRMED)).status_code == 303
    # The form shows the close by the minute.
    form = (await client.get(CALENDAR)).text
    assert 'value="2026-11-23T13:00"' in form
    longer = SAME | {"cloture_des_votes": "2026-11-23T13:00", "cloture_des_contributions": "2026-12-19T18:00"}
    assert (await client.post(CALENDAR, data=longer)).status_code == 303
    schedule = (await find_theme(3)).schedule
    assert schedule.votes_close_at == clock.now
    assert await told() == [(name, "closed") for name in EVERYBODY]
    # A minute earlier is another moment.
    refused = await client.post(CALENDAR, data=longer | {"cloture_des_votes": "2026-11-23T12:59"})
    assert "Dites pourquoi les votes changent de date" in refused.text


async def test_the_theme_says_what_was_moved_and_why_and_not_by_whom(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member("Une Agente Discrète", role=Role.AGENT))
    await client.post(CALENDAR, data=LATER)
    client.cookies.clear()
    for address, said in (
        ("/themes/3", "La clôture des votes, prévue le 3 décembre 2026 à 13 h 00, a été reportée au 19 décembre 2026"),
        ("/en/themes/3", "postponed"),
    ):
        page = re.sub(r"\s", " ", (await client.get(address)).text)
        assert said in page
        assert LATER["motif"] in page
        assert "Discrète" not in page


@pytest.mark.parametrize("close", ["2026-12-19T18:00", "2026-11-30T18:00", ""])
async def test_moving_the_end_of_open_votes_asks_for_a_reason(client: AsyncClient, close: str) -> None:
    await populate(await make_theme(3))
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    refused = await client.post(CALENDAR, data=SAME | {"cloture_des_votes": close})
    assert refused.status_code == 422
    assert "Dites pourquoi les votes changent de date" in refused.text
    assert await told() == []
    assert await count("journal_entry") == 0
    assert (await client.post(CALENDAR, data=SAME | {"cloture_des_votes": close, "motif": "Voilà"})).status_code == 303
    assert len(await told()) == 4


async def test_dates_fixed_for_the_first_time_need_no_reason_and_are_no_change(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="unset")
    await make_proposal(theme, author=await make_member())
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    assert (await client.post(CALENDAR, data=SAME)).status_code == 303
    assert await told() == []
    assert await schedule_changes(await find_theme(3)) == ()


async def test_each_move_has_its_sentence(client: AsyncClient, clock: Clock) -> None:
    await make_theme(3)
    await sign_in(client, await make_member("Une Agente", role=Role.AGENT))
    steps = (
        SAME | {"cloture_des_votes": "2026-12-19T18:00", "motif": "Report"},
        SAME | {"cloture_des_votes": "2026-12-10T18:00", "motif": "Avance"},
        SAME | {"cloture_des_votes": "", "motif": "Sans fin"},
        SAME | {"ouverture_des_votes": "2026-11-12T13:00", "cloture_des_votes": "", "motif": "Autre début"},
        SAME | {"ouverture_des_votes": "2026-11-12T13:00"},
    )
    for form in steps:
        assert (await client.post(CALENDAR, data=form)).status_code == 303, form
    assert (await client.post("/themes/3/clore-les-votes", data={**CONFIRMED, "motif": "Fini"})).status_code == 303
    clock.pass_(minutes=2)
    again = SAME | {
        "ouverture_des_votes": "2026-11-12T13:00",
        "cloture_des_votes": "2026-12-24T18:00",
        "motif": "Panne",
    }
    assert (await client.post(CALENDAR, data=again)).status_code == 303
    changes = await schedule_changes(await find_theme(3))
    assert [change.move for change in changes] == [
        Move.POSTPONED,
        Move.ADVANCED,
        Move.UNSET,
        Move.RESCHEDULED,
        Move.CLOSED,
        Move.REOPENED,
    ]
    page = re.sub(r"\s", " ", (await client.get("/themes/3")).text)
    for said in (
        "a été reportée au 19 décembre 2026 à 18 h 00 : Report",
        "a été avancée au 10 décembre 2026 à 18 h 00 : Avance",
        "prévue le 10 décembre 2026 à 18 h 00, n’a plus de date : Sans fin",
        "L’ouverture des votes, prévue le 13 novembre 2026 à 13 h 00, a été déplacée au 12 novembre",
        "Les votes, prévus jusqu’au 3 décembre 2026 à 13 h 00, ont été clos le 23 novembre 2026 à 13 h 00 : Fini",
        "Les votes, clos le 23 novembre 2026 à 13 h 00, ont été rouverts jusqu’au 24 décembre 2026 à 18 h 00 : Panne",
    ):
        assert said in page, said
