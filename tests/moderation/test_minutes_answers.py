"""Kept minutes and official answers: notified, hidden for a reason, contested, shown again; passages taken out."""

import re
from dataclasses import dataclass

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows, tables
from forum.domain import journal_chain
from forum.domain.privacy.erasure import erase
from forum.models.answers import Answer, Decision
from forum.models.meetings import Meeting, WorkingGroup
from forum.models.members import Member, Role
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from tests.conftest import NOON
from tests.factories import count, make_group, make_member, make_proposal, make_theme
from tests.moderation.steps import FACTS, as_, decide, mails, words
from tests.moderation.test_passages import holders

INSULT, NAME = "Quetzalcoatl", "Lovelace"
CASE = "/moderation/dossiers/1"


@dataclass(frozen=True)
class Held:
    """What was said and where, by whom; two moderators, and somebody who reads."""

    page: str
    at: str
    author: Member
    first: Member
    second: Member
    reader: Member
    group: WorkingGroup


@pytest.fixture(params=["minutes", "answer"])
async def held(request: pytest.FixtureRequest, app: Starlette, client: AsyncClient) -> Held:
    """Minutes kept by a moderator, or an answer given by an agent, with a word that must not be read."""
    group = await make_group("gt-3")
    people = {
        "first": await make_member("Prune Première", moderates=[group], email="prune@exemple.fr"),
        "second": await make_member("Sam Second", moderates=[group], email="sam@exemple.fr"),
        "reader": await make_member("Noa Lectrice", email="noa@exemple.fr"),
    }
    if request.param == "minutes":
        await make_theme(3, group=group)
        author = await make_member("Ada Animatrice", moderates=[group], email="ada@exemple.fr")
        meeting = await Meeting.create(working_group=group, number=4, held_on=NOON.date(), created_at=NOON)
        at = f"/reunions/{meeting.id}/compte-rendu"
        async with await as_(app, author) as keeper:
            kept = {"acte": "garder", "theme": "3", "ligne-1": "Former mieux.", "garder-1": "1"}
            assert (
                await keeper.post(at, data=kept | {"source": f"Former mieux.\n{NAME}, {INSULT}, l’a dit."})
            ).status_code == 303
        return Held(f"/reunions/{meeting.id}", at, author, group=group, **people)
    theme = await make_theme(3, group=group, contributions="closed", votes="closed")
    proposal = await make_proposal(theme, "Former mieux.", author=people["reader"])
    author = await make_member("Ada Agente", role=Role.AGENT, email="ada@exemple.fr")
    await Answer.create(
        proposal=proposal,
        number=1,
        decision=Decision.UNDER_STUDY,
        reason=f"Avant {NAME}.",
        service="Le service",
        decided_on=NOON.date(),
        created_at=NOON,
    )
    async with await as_(app, author) as agent:
        reply = {
            "decision": "retenue",
            "motif": f"Selon {NAME}, {INSULT}.",
            "service": "DGMIC",
            "decide_le": "2026-11-20",
        }
        assert (await agent.post("/propositions/T3-001/repondre", data=reply | {"vu": "1"})).status_code == 303
    return Held("/propositions/T3-001", "/propositions/T3-001/reponses/2", author, group=group, **people)


async def open_case(browser: AsyncClient, held: Held) -> Response:
    return await browser.post(f"{held.at}/dossier")


async def fingerprint() -> dict[str, list[dict[str, object]]]:
    """Every row, but for what says that moderators acted, and what makes kept pages stale."""
    passing = {"journal_entry", "journal_head", "notification", "mail", "job", "session", "member", "sqlite_sequence"}
    passing |= {f"moderation_{each}" for each in ("case", "notice", "decision", "complaint")}
    found = {}
    for table in sorted(set(await tables()) - passing):
        some = [dict(each) for each in await rows(f'SELECT * FROM "{table}" ORDER BY 1')]
        found[table] = [{name: value for name, value in each.items() if name != "version"} for each in some]
    return found


async def test_notified_hidden_contested_and_shown_again(app: Starlette, client: AsyncClient, held: Held) -> None:
    notice = {"regle": "charter", "explication": "Une insulte."}
    async with await as_(app, held.reader) as reader:
        page = (await reader.get(held.page)).text
        assert INSULT in page
        assert f"{held.at}/signaler" in page
        assert (await reader.get(f"{held.at}/signaler")).status_code == 200
        assert (await reader.post(f"{held.at}/signaler", data=notice)).status_code == 303
    before = await fingerprint()
    async with await as_(app, held.first) as moderator:
        assert INSULT in (await moderator.get("/moderation")).text
        assert (await decide(moderator, 1)).status_code == 303
        assert INSULT not in (await moderator.get("/journal")).text
        assert "(réponse masquée)" in (await moderator.get("/journal")).text or "compte-rendu" in held.at
    for address in (held.page, f"/en{held.page}"):
        shown = (await client.get(address)).text
        assert INSULT not in shown
        assert f"{held.at}/signaler" not in shown
    assert "masqué" in words((await client.get(held.page)).text)
    gone = words((await client.get(f"{held.at}/signaler")).text)
    assert "a déjà masqué ces mots" in gone
    assert INSULT not in gone
    assert [one["address"] for one in await mails("moderated")] == ["ada@exemple.fr"]
    async with await as_(app, held.author) as author, await as_(app, held.second) as second:
        led = await author.get(f"{held.at}/decision")
        assert led.headers["location"] == "/moderation/decisions/1"
        page = (await author.get(held.page)).text
        assert f"{held.at}/decision" in page
        if "reunions" in held.at:
            assert "Saisir le compte rendu" not in page
        else:
            form = words((await author.get("/propositions/T3-001/repondre")).text)
            assert "ses mots resteront masqués" in form
            assert INSULT not in form
        read = words((await author.get("/moderation/decisions/1")).text)
        for said in (FACTS, INSULT, "Vous pouvez contester cette décision", "Vous et l’équipe de modération"):
            assert said in read
        assert (await author.get("/en/moderation/decisions/1")).status_code == 200
        contest = {"explication": "C’est un animal."}
        assert (await author.post("/moderation/decisions/1/contester", data=contest)).status_code == 303
        reply = {"issue": "reversed", "explication": "En effet."}
        assert (await second.post("/moderation/decisions/1/reclamation", data=reply)).status_code == 303
    assert INSULT in (await client.get(held.page)).text
    assert await fingerprint() == before
    sheet = (await client.get("/moderation/bilan.csv")).content.decode("utf-8-sig").splitlines()
    told = dict(zip(sheet[0].split(";"), sheet[1].split(";"), strict=True))
    kind = "compte rendu" if "reunions" in held.at else "réponse de l’administration"
    assert (told[f"masquages : {kind}"], told["masquages : contribution"]) == ("1", "0")
    assert (await journal_chain.verify()).fault == ""


async def test_nobody_decides_about_their_own_and_others_do_not_moderate(app: Starlette, held: Held) -> None:
    async with await as_(app, held.author) as author, await as_(app, held.reader) as reader:
        assert (await open_case(author, held)).status_code == 403
        assert (await open_case(reader, held)).status_code == 403
    assert await count("moderation_case") == 0


async def test_a_passage_leaves_every_version_and_the_journal(app: Starlette, held: Held) -> None:
    async with await as_(app, held.first) as moderator:
        assert (await open_case(moderator, held)).status_code == 303
        form = {"mesure": "redact", "motif": FACTS, "passage": NAME}
        shown = words((await moderator.post(CASE, data=form | {"acte": "apercu"})).text)
        assert ("1 version change." if "reunions" in held.at else "2 versions changent.") in shown
        assert (await decide(moderator, 1, act="redact", passage=NAME)).status_code == 303
    assert await holders(NAME) == set()
    if "reunions" in held.at:
        assert (await Meeting.get()).minutes == f"Former mieux.\n(passage masqué), {INSULT}, l’a dit."
    else:
        reasons = [each.reason for each in await Answer.all().order_by("number")]
        assert reasons == ["Avant (passage masqué).", f"Selon (passage masqué), {INSULT}."]
        # What the proposal says is its author's.
        assert (await Proposal.get()).wording == "Former mieux."
    assert (await journal_chain.verify()).fault == ""
    async with await as_(app, held.author) as author:
        assert "personne ne peut plus le lire, ni le rétablir" in words(
            (await author.get("/moderation/decisions/1")).text
        )


@pytest.mark.parametrize("held", ["minutes"], indirect=True)
async def test_a_form_of_minutes_brings_nothing_back(app: Starlette, held: Held) -> None:
    old = {"acte": "garder", "theme": "3", "source": f"{INSULT} encore.", "ligne-1": "Autre chose.", "garder-1": "1"}
    async with await as_(app, held.author) as keeper, await as_(app, held.first) as moderator:
        mark = re.search(r'name="vu" value="(\w+)"', (await keeper.get(held.at)).text)
        assert mark
        await open_case(moderator, held)
        await decide(moderator, 1, act="redact", passage=NAME)
        stale = await keeper.post(held.at, data=old | {"vu": mark[1]})
        assert stale.status_code == 409
        assert "a changé entre-temps" in words(stale.text)
        assert "Autre chose." in stale.text
        await open_case(moderator, held)
        await decide(moderator, 2)
        assert "rien ne s’y ajoute" in words((await keeper.get(held.at)).text)
        hidden = await keeper.post(held.at, data=old)
        assert hidden.status_code == 409
        assert "Autre chose." in hidden.text
    assert await Proposal.all().count() == 1


async def test_who_kept_or_answered_is_erased_and_moderators_still_decide(app: Starlette, held: Held) -> None:
    await erase(held.author.id, actor=None, now=NOON)
    async with await as_(app, held.first) as moderator:
        await open_case(moderator, held)
        case = words((await moderator.get(CASE)).text)
        assert "Compte effacé" in case
        assert "Ada" not in case
        assert (await decide(moderator, 1)).status_code == 303
    assert await mails("moderated") == []


async def test_minutes_of_an_import_have_no_author(app: Starlette, client: AsyncClient) -> None:
    group = await make_group("gt-3")
    meeting = await Meeting.create(working_group=group, number=4, minutes=f"{INSULT}.", created_at=NOON)
    empty = await Meeting.create(working_group=group, number=5, held_on=NOON.date(), created_at=NOON)
    assert (await client.get(f"/reunions/{empty.id}/compte-rendu/signaler")).status_code == 404
    async with await as_(app, await make_member("Prune Première", moderates=[group])) as moderator:
        await moderator.post(f"/reunions/{meeting.id}/compte-rendu/dossier")
        assert "auteur non connu" in words((await moderator.get(CASE)).text)
        assert (await decide(moderator, 1)).status_code == 303
    assert INSULT not in (await client.get(f"/reunions/{meeting.id}")).text
    assert await Theme.all().count() == 0
