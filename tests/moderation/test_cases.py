"""The list of cases and their charge: oldest first, one person at a time, and the second is told."""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import anyio
import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.domain import jobs
from forum.domain.moderation.cases import CHARGE_LASTS
from forum.models.cases import ModerationCase
from forum.models.members import Member
from forum.models.moderation import Moderated
from tests.conftest import NOON, Clock
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in
from tests.moderation.steps import FACTS, Team, as_, decide, mails, notify, words
from workers import moderation, running, workshop


async def test_several_notices_on_one_thing_are_one_case(app: Starlette, team: Team) -> None:
    async with await as_(app, team.reader) as reader, await as_(app, team.second) as other:
        await notify(reader, team.post.id)
        await notify(other, team.post.id)
        await notify(other, 1, regle="duplicate")
    async with await as_(app, team.first) as moderator:
        listed = words((await moderator.get("/moderation")).text)
        assert "2 dossiers attendent une décision." in listed
        assert "Contraire à la charte (2)" in listed
        assert listed.index("contribution 2 du fil".capitalize()) < listed.index("contribution 1 du fil".capitalize())
        filtered = words((await moderator.get("/moderation?regle=duplicate")).text)
        assert "1 dossier attend" in filtered
        assert "Contribution 1 du fil" in filtered
        assert "Contribution 2 du fil" not in filtered


async def test_a_moderator_reads_the_cases_of_their_groups_and_an_administrator_all(app: Starlette, team: Team) -> None:
    other = await make_group("gt-6", "Autre groupe")
    post = await make_post(await make_thread(await make_theme(6, group=other)), "Ailleurs.")
    async with await as_(app, team.reader) as reader:
        for one in (team.post.id, post.id):
            assert (await notify(reader, one)).status_code == 303
        assert (await reader.get("/moderation")).status_code == 403
    async with await as_(app, team.first) as moderator:
        assert "1 dossier attend" in words((await moderator.get("/moderation")).text)
        assert (await moderator.get("/moderation/dossiers/2")).status_code == 403
        assert (await moderator.get("/moderation/dossiers/99")).status_code == 404
    async with await as_(app, team.administrator) as administrator:
        assert "2 dossiers attendent" in words((await administrator.get("/moderation")).text)
        assert "1 dossier attend" in words((await administrator.get(f"/moderation?groupe={other.id}")).text)


async def test_the_second_who_takes_charge_is_told_who_did(app: Starlette, team: Team, clock: Clock) -> None:
    async with await as_(app, team.reader) as reader:
        await notify(reader, team.post.id)
    async with await as_(app, team.first) as first, await as_(app, team.second) as second:
        for _ in range(2):
            assert (await first.post("/moderation/dossiers/1/prendre")).status_code == 303
        late = await second.post("/moderation/dossiers/1/prendre")
        assert late.status_code == 409
        assert f"{team.first.name} se charge de ce dossier depuis le" in words(late.text)
        form = {"mesure": "no action", "motif": "Rien.", "acte": "apercu"}
        refused = await second.post("/moderation/dossiers/1", data=form)
        assert refused.status_code == 409
        assert team.first.name in refused.text
        assert "1 dossier" in words((await second.get("/moderation?etat=a-une-autre")).text)
        assert "Aucun dossier de cette sorte." in words((await second.get("/moderation?etat=sans-personne")).text)
        assert "1 dossier" in words((await first.get("/moderation?etat=a-moi")).text)
        assert (await first.post("/moderation/dossiers/1/rendre")).status_code == 303
        assert (await second.post("/moderation/dossiers/1/prendre")).status_code == 303
        clock.pass_(hours=CHARGE_LASTS / timedelta(hours=1))
        await sign_in(first, team.first, now=clock())
        assert (await first.post("/moderation/dossiers/1/prendre")).status_code == 303, "a day without a decision"
        assert (await decide(first, 1)).status_code == 303
        assert (await first.post("/moderation/dossiers/1/prendre")).status_code == 409
    assert (await rows("SELECT claimed_by_id FROM moderation_case"))[0]["claimed_by_id"] == team.first.id


async def test_a_moderator_opens_a_case_without_a_notice_but_never_on_their_own_words(
    app: Starlette, team: Team
) -> None:
    own = await make_post(team.thread, "Mes propres mots.", author=team.first)
    async with await as_(app, team.first) as moderator:
        opened = await moderator.post(f"/contributions/{team.post.id}/dossier")
        assert opened.headers["location"] == "/moderation/dossiers/1"
        page = words((await moderator.get("/moderation/dossiers/1")).text)
        assert "Ce dossier est ouvert sans signalement." in page
        assert "Vous vous en chargez." in page
        refused = await moderator.post(f"/contributions/{own.id}/dossier")
        assert refused.status_code == 403
        assert "Ce sont vos mots" in words(refused.text)
    async with await as_(app, team.second) as other:
        assert (await other.post(f"/contributions/{team.post.id}/dossier")).status_code == 409
    async with await as_(app, team.reader) as reader:
        assert (await reader.post(f"/contributions/{team.post.id}/dossier")).status_code == 403
    assert await count("moderation_case") == 1


@pytest.fixture
def worker_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(running, "clock", clock)
    return clock


async def work_off(clock: Clock) -> None:
    """What a worker does at that moment; mails stay."""
    await rows("DELETE FROM job WHERE name = 'send_mail'")
    await moderation.ask()
    for job, _ in await jobs.waiting(clock()):
        await running.run(job, workshop.WORK)


async def test_what_waits_for_two_days_is_called_to_mind_once(app: Starlette, team: Team, worker_clock: Clock) -> None:
    async with await as_(app, team.reader) as reader:
        await notify(reader, team.post.id)
        await notify(reader, 1)
    async with await as_(app, team.first) as moderator:
        assert (await decide(moderator, 2, act="no action")).status_code == 303
    worker_clock.pass_(hours=47)
    await work_off(worker_clock)
    assert await mails("case_waits") == []
    worker_clock.pass_(hours=2)
    for _ in range(2):
        await work_off(worker_clock)
    told = [one["address"] for one in await mails("case_waits")]
    assert told == ["prune@exemple.fr", "sam@exemple.fr"], "both moderators, once, of the case that waits"
    assert {one["case"] for one in await mails("case_waits")} == {"1"}
    async with await as_(app, team.second) as moderator:
        await sign_in(moderator, team.second, now=worker_clock())
        assert "attend depuis plus de 48 heures" in words((await moderator.get("/notifications")).text)
        assert "1 attend depuis plus de 48 heures." in words((await moderator.get("/moderation")).text)


async def test_a_group_without_moderators_reminds_the_administrators(
    app: Starlette, client: AsyncClient, team: Team, worker_clock: Clock
) -> None:
    other = await make_group("gt-6", "Autre groupe")
    post = await make_post(await make_thread(await make_theme(6, group=other)), "Ailleurs.")
    await Member.filter(id=team.administrator.id).update(email="alix@exemple.fr")
    async with await as_(app, team.reader) as reader:
        await notify(reader, post.id)
    worker_clock.pass_(hours=49)
    await work_off(worker_clock)
    assert {one["address"] for one in await mails("case_waits")} == {"alix@exemple.fr"}


async def test_sixty_cases_are_all_reached(app: Starlette, team: Team) -> None:
    for number in range(60):
        post = await make_post(team.thread, f"Contribution {number}.")
        await ModerationCase.create(
            thing=Moderated.POST,
            thing_id=post.id,
            open_key=f"post:{post.id}",
            working_group_id=(await rows("SELECT id FROM working_group"))[0]["id"],
            opened_at=NOON,
        )
    async with await as_(app, team.first) as moderator:
        first = (await moderator.get("/moderation")).text
        assert first.count("/moderation/dossiers/") == 50
        assert (await moderator.get("/moderation?apres=50")).text.count("/moderation/dossiers/") == 10


async def test_of_many_who_act_at_the_same_moment_one_takes_charge_and_one_decides(app: Starlette, team: Team) -> None:
    """Notices that arrive together are one case; it is one person's, and it is decided once."""
    readers = [await make_member(f"Lectrice Numéro{number}") for number in range(8)]
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(await as_(app, reader)) for reader in readers]
        await together([partial(notify, browser, team.post.id) for browser in browsers])
        assert await count("moderation_case") == 1
        assert await count("moderation_notice") == len(readers)
        moderators = [await stack.enter_async_context(await as_(app, one)) for one in (team.first, team.second)]
        claims = [partial(one.post, "/moderation/dossiers/1/prendre") for one in moderators]
        assert sorted(await together(claims)) == [303, 409]
        held = (await rows("SELECT claimed_by_id FROM moderation_case"))[0]["claimed_by_id"]
        holder = moderators[0] if held == team.first.id else moderators[1]
        decided = [partial(_send, holder) for _ in range(4)]
        assert sorted(await together(decided)) == [303, 409, 409, 409]
    assert await count("moderation_decision") == 1


async def _send(client: AsyncClient) -> Response:
    """Send a decision that was read before, as from several windows."""
    form = {"mesure": "hide", "regle": "charter", "motif": FACTS}
    shown = await client.post("/moderation/dossiers/1", data=form | {"acte": "apercu"})
    mark = re.search(r'name="vu" value="(\w+)"', shown.text)
    if mark is None:
        return shown
    return await client.post("/moderation/dossiers/1", data=form | {"acte": "envoyer", "vu": mark[1]})


async def together(sends: Sequence[Callable[[], Awaitable[Response]]]) -> list[int]:
    """The statuses of requests that are sent at the same moment."""
    statuses: list[int] = []

    async def send(one: Callable[[], Awaitable[Response]]) -> None:
        statuses.append((await one()).status_code)

    async with anyio.create_task_group() as tasks:
        for one in sends:
            tasks.start_soon(send, one)
    return statuses
