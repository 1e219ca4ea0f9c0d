"""The journal as its readers see it: who reads what, the filters, the exported sheet."""

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.journal_chain import REDACT
from forum.domain.journal_words import SENTENCES
from forum.domain.moderation.decisions import RECORDED
from forum.models.meetings import WorkingGroup
from forum.models.members import Member, Role
from forum.permissions import Viewer
from forum.settings import ROOT
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_group, make_member, sign_in
from tests.turning import turn


async def note(act: str = "set_role", thing: str = "member", thing_id: int = 1, **said: object) -> None:
    """Write one line; `by` is who did it."""
    actor = said.pop("by", None)
    viewer = None if actor is None else Viewer(actor.id, actor.name, actor.handle)  # type: ignore[attr-defined]
    values = {"group": None, "now": NOON} | said
    async with transaction():
        await journal.record(viewer, act, thing, thing_id, **values)  # type: ignore[arg-type]


@pytest.fixture
async def agent(client: AsyncClient) -> Member:
    """An agent, signed in with `client`."""
    found = await make_member("Anne Duval", role=Role.AGENT)
    await sign_in(client, found)
    return found


@pytest.fixture
async def groups(client: AsyncClient) -> tuple[WorkingGroup, WorkingGroup]:
    return await make_group("gt-a", "Groupe A"), await make_group("gt-b", "Groupe B")


def lines(page: str) -> list[int]:
    """The numbers of the lines that a page shows."""
    return [int(number) for number in re.findall(r'id="ligne-(\d+)"', page)]


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", page.replace("\u202f", " ").replace("\xa0", " "))


async def test_staff_read_all_moderators_their_groups_and_others_nothing(
    app: Starlette, groups: tuple[WorkingGroup, WorkingGroup]
) -> None:
    a, b = groups
    for group in (a.id, b.id, None):
        await note(group=group)
    readers = {
        "agent": (await make_member("Une Agente", role=Role.AGENT), [3, 2, 1]),
        "administrator": (await make_member("Un Administrateur", role=Role.ADMINISTRATOR), [3, 2, 1]),
        "moderator of A": (await make_member("Une Modératrice", moderates=(a,)), [1]),
        "member": (await make_member("Un Membre"), None),
        "visitor": (None, None),
    }
    for name, (member, expected) in readers.items():
        async with visitor(app) as client:
            if member is not None:
                await sign_in(client, member)
            read = await client.get("/journal")
            taken = await client.post("/journal/export")
            elsewhere = await client.get(f"/journal?groupe={b.id}")
        if expected is None:
            assert (read.status_code, taken.status_code, elsewhere.status_code) == (404, 404, 404), name
            continue
        assert lines(read.text)[-len(expected) :] == expected, name
        told = [int(each["ligne"]) for each in table(taken.content)]
        assert [number for number in told if number <= 3] == expected, name
        assert elsewhere.status_code == (200 if 2 in expected else 404), name
        assert ("Groupe B" in read.text) is (2 in expected), name


def table(content: bytes) -> list[dict[str, str]]:
    """A CSV as a French spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_each_filter_keeps_what_it_names(
    client: AsyncClient, agent: Member, groups: tuple[WorkingGroup, WorkingGroup]
) -> None:
    nadia = await make_member("Nadia Berthier")
    await note("close_votes", "theme", 7, group=groups[0].id)
    await note("set_role", "member", nadia.id, now=NOON + timedelta(days=1))
    await note("tag_post", "post", 3, by=nadia, now=NOON + timedelta(days=2))
    # 23:30 UTC is the next day in Paris.
    await note("publish", "synthesis", 1, now=NOON.replace(hour=23, minute=30) + timedelta(days=2))
    for query, expected in {
        "": [4, 3, 2, 1],
        "acte=close_votes": [1],
        "personne=nadia berthier": [3, 2],
        "personne=@Nadia-Berthier": [3, 2],
        "personne=Personne Inconnue": [],
        f"groupe={groups[0].id}": [1],
        "objet=post": [3],
        f"objet=member&numero={nadia.id}": [2],
        "du=2026-11-24": [4, 3, 2],
        "au=2026-11-24": [2, 1],
        "du=2026-11-26": [4],
        "du=2026-11-25&au=2026-11-25": [3],
        "du=9999-12-31": [],
        "au=9999-12-31": [4, 3, 2, 1],
        "au=0001-01-01": [],
        "du=demain": [4, 3, 2, 1],
        "apres=3": [2, 1],
        "apres=-1": [4, 3, 2, 1],
        "avant=2": [4, 3, 2, 1],
        "avant=99999999999": [4, 3, 2, 1],
    }.items():
        answer = await client.get(f"/journal?{query}")
        assert (answer.status_code, lines(answer.text)) == (200, expected), query


async def test_a_line_says_who_did_what_from_what_to_what_and_why(client: AsyncClient, agent: Member) -> None:
    camille = await make_member("Camille Aubry")
    await note(
        thing_id=camille.id, by=agent, before="member", after="agent", reason="Prend ses <fonctions> en décembre."
    )
    said = plain((await client.get("/journal")).text)
    assert "<strong>Anne Duval</strong> a donné un rôle : Camille Aubry" in said
    assert "de « membre » à « agent »" in said
    assert "Raison : Prend ses &lt;fonctions&gt; en décembre." in said
    assert "23 novembre 2026" in said


async def test_administrators_find_the_page_of_a_person_and_agents_only_the_name(app: Starlette) -> None:
    camille = await make_member("Camille Aubry")
    await note(thing_id=camille.id)
    for role, linked in ((Role.ADMINISTRATOR, True), (Role.AGENT, False)):
        async with visitor(app) as client:
            await sign_in(client, await make_member(f"Personne {role.value}", role=role))
            said = (await client.get("/journal")).text
        assert "Camille Aubry" in said
        assert (f'href="/administration/personnes/{camille.id}"' in said) is linked


async def test_an_erased_person_is_an_erased_account_in_the_oldest_lines(client: AsyncClient, agent: Member) -> None:
    camille = await make_member("Camille Aubry")
    await note("suspend", thing_id=agent.id, by=camille)
    await rows("UPDATE member SET name = 'Compte effacé', erased_at = $2 WHERE id = $1", camille.id, NOON)
    said = (await client.get("/journal")).text
    assert "Compte effacé" in said
    assert "Camille" not in said


async def test_a_long_journal_is_read_page_by_page_without_a_gap(client: AsyncClient, agent: Member) -> None:
    async with transaction():
        for number in range(120):
            await journal.record(None, "publish", "synthesis", number + 1, group=None, now=NOON)
    every = list(range(120, 0, -1))
    assert await turn(client, "/journal?acte=publish", lines) == [every[:50], every[50:100], every[100:]]


async def test_the_exported_sheet_holds_the_filtered_lines_and_runs_nothing(
    client: AsyncClient, agent: Member, clock: Clock
) -> None:
    await note(reason="=CMD()", before="member", after="agent", by=agent)
    await note("publish", "synthesis", 4)
    answer = await client.post("/journal/export", data={"acte": "set_role"})
    assert answer.content.startswith(b"\xef\xbb\xbfligne;")
    assert answer.headers["content-disposition"] == 'attachment; filename="journal-2026-11-23.csv"'
    assert answer.headers["cache-control"] == "no-store"
    (told,) = table(answer.content)
    assert (told["personne"], told["acte"], told["code de l’acte"]) == ("Anne Duval", "a donné un rôle", "set_role")
    assert (told["avant"], told["après"], told["raison"]) == ("membre", "agent", "'=CMD()")
    assert told["date et heure (Paris)"] == "2026-11-23 13:00:00+01:00"


async def test_exporting_the_journal_is_recorded_in_the_journal(client: AsyncClient, agent: Member) -> None:
    await note()
    assert (await client.get("/journal/export")).status_code == 405
    assert await count("journal_entry") == 1
    answer = await client.post("/journal/export", data={"personne": "Camille Aubry", "du": "2026-11-01"})
    assert answer.status_code == 200
    line = await row("SELECT act, actor_id, after FROM journal_entry ORDER BY id DESC LIMIT 1")
    assert line is not None
    assert (line["act"], line["actor_id"]) == ("export_journal", agent.id)
    # No name is in the journal: that person may be erased one day.
    assert line["after"] == "person=… since=2026-11-01"


async def test_a_large_journal_is_exported_whole(client: AsyncClient, agent: Member) -> None:
    async with transaction():
        for number in range(2300):
            await journal.record(None, "publish", "synthesis", number + 1, group=None, now=NOON)
    answer = await client.post("/journal/export", data={"acte": "publish"})
    assert [int(each["ligne"]) for each in table(answer.content)] == list(range(2300, 0, -1))


async def test_a_changed_schedule_says_what_moved_and_nothing_else(client: AsyncClient, agent: Member) -> None:
    before = '{"votes_open_at": null, "votes_close_at": "2026-12-01T17:00:00+00:00", "sealed": true}'
    after = '{"votes_open_at": null, "votes_close_at": "2026-12-02T17:00:00+00:00", "sealed": true}'
    await note("set_schedule", "theme", 1, before=before, after=after)
    said = plain((await client.get("/journal")).text)
    assert "Clôture des votes : de « 1 décembre 2026" in said or "Clôture des votes : de « 1er décembre 2026" in said
    assert "Ouverture des votes" not in said
    assert "sous scellés" not in said


def acts() -> set[str]:
    """Every act that the program records: the names given to `record` and to the functions that call it for others."""
    found: set[str] = set()
    for path in [*(ROOT / "forum").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                found |= set(_act(node))
    return found


def _act(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = {"record": 1, "_record": 1, "_journal": 1, "_set_suspension": 2}.get(name)
    if place is None or len(call.args) <= place:
        return
    for one in ast.walk(call.args[place]):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
        if isinstance(one, ast.Name) and one.id == "REDACT":
            yield REDACT
        if isinstance(one, ast.Name) and one.id == "RECORDED":
            yield from RECORDED.values()


def test_every_act_that_is_recorded_has_its_sentence_and_no_sentence_is_unused() -> None:
    assert acts() == set(SENTENCES)


async def test_the_account_page_leads_to_the_journal_for_those_who_may_read_it(app: Starlette) -> None:
    group = await make_group()
    moderator = await make_member("Une Modératrice", moderates=(group,))
    agent = await make_member("Une Agente", role=Role.AGENT)
    for member, leads in ((moderator, True), (agent, True), (await make_member("Un Membre"), False)):
        async with visitor(app) as client:
            await sign_in(client, member)
            assert ('href="/journal"' in (await client.get("/compte")).text) is leads, member.name
