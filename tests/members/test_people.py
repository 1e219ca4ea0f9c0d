"""Administrators at work on accounts: finding people, granting and removing rights, suspending, helping."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.members import people
from forum.domain.members.people import Asking
from forum.domain.sign_in import passwords, sessions
from forum.errors import Conflict
from forum.models.meetings import WorkingGroup
from forum.models.members import Member, Role
from forum.permissions import Viewer
from forum.sealing import unseal
from tests.conftest import NOON, PATIENCE, Clock, visitor
from tests.factories import count, make_group, make_member, make_post, make_theme, make_thread, sign_in
from tests.statements import heard
from tests.turning import turn

PASSWORD = "quatre mots pour administrer"
PEOPLE = "/administration/personnes"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare passwords without argon2, which takes a fifth of a second."""
    monkeypatch.setattr(passwords, "matches", lambda password, kept: password == PASSWORD and kept is not None)


@pytest.fixture
async def administrator(client: AsyncClient) -> Member:
    """An administrator, signed in with `client`."""
    found = await make_member("Claire Ferrand", role=Role.ADMINISTRATOR, email="claire@exemple.fr")
    await sign_in(client, found)
    return found


@pytest.fixture
async def camille(administrator: Member) -> Member:
    return await make_member(email="camille@exemple.fr", organisation="Médiathèque de Quimper")


@pytest.fixture
async def group(client: AsyncClient) -> WorkingGroup:
    return await make_group("gt-3", "Formation et acteurs")


async def journal() -> list[tuple[str, int | None, int, str, str, str]]:
    found = await rows("SELECT act, working_group_id, thing_id, before, after, reason FROM journal_entry ORDER BY id")
    return [(r["act"], r["working_group_id"], r["thing_id"], r["before"], r["after"], r["reason"]) for r in found]


def plain(page: str) -> str:
    """A text with ordinary spaces, as people type them."""
    return page.replace("\u202f", " ").replace("\xa0", " ")


async def set_rights(client: AsyncClient, member: Member, role: str, *groups: int, **fields: str) -> Response:
    """Set rights through the form, as it is shown now."""
    path = f"{PEOPLE}/{member.id}/droits"
    seen = re.search(r'name="vu" value="([^"]*)"', (await client.get(path)).text)
    sent = {"role": role, "vu": seen[1] if seen else "", "mot_de_passe_actuel": PASSWORD, **fields}
    return await client.post(path, data=sent | {"groupes": [str(one) for one in groups]})


def names(page: str) -> list[str]:
    return re.findall(r'<a href="/administration/personnes/\d+"><strong>([^<]+)</strong>', page)


# --- the list


async def test_names_are_found_whatever_their_accents_and_case(client: AsyncClient, camille: Member) -> None:
    for name in ("Éloïse Lœuf", "Malik Diallo", "Anne-Sophie d'Été"):
        await make_member(name)
    for typed, expected in {
        "ELOISE loeuf": ["Éloïse Lœuf"],
        "diallo malik": ["Malik Diallo"],
        "@Malik-Diallo": ["Malik Diallo"],
        "d’ete": ["Anne-Sophie d&#39;Été"],
        "éloïse diallo": [],
        "%": [],
        "_": [],
        "!": [],
        "": ["Anne-Sophie d&#39;Été", "Camille Martin", "Claire Ferrand", "Éloïse Lœuf", "Malik Diallo"],
    }.items():
        page = await client.get(PEOPLE, params={"nom": typed})
        assert page.status_code == 200
        assert sorted(names(page.text)) == sorted(expected), typed


async def test_filters_narrow_the_list_and_unknown_ones_do_nothing(
    client: AsyncClient, camille: Member, group: WorkingGroup
) -> None:
    await make_member("Agnès Roux", role=Role.AGENT)
    await make_member("Malik Diallo", moderates=[group])
    await make_member("Sacha Petit", suspended_until=NOON + timedelta(days=3))
    await make_member("Ancien Suspendu", suspended_until=NOON)
    await make_member("Nora Blanc", confirmed=False)
    await make_member("Personne Citée", password_hash=None)
    erased = await make_member("Compte effacé")
    await rows("UPDATE member SET erased_at = $1 WHERE id = $2", NOON, erased.id)
    for asked, expected in {
        "role=agent": ["Agnès Roux"],
        f"groupe={group.id}": ["Malik Diallo"],
        "etat=suspended": ["Sacha Petit"],
        "etat=unconfirmed": ["Nora Blanc"],
        "etat=absent": ["Personne Citée"],
        "etat=erased": ["Compte effacé"],
        "role=agent&etat=suspended": [],
    }.items():
        assert names((await client.get(f"{PEOPLE}?{asked}")).text) == expected, asked
    everybody = names((await client.get(f"{PEOPLE}?role=roi&etat=1&groupe=x&apres=-4")).text)
    assert len(everybody) == 8
    assert "Compte effacé" not in everybody


async def test_fifty_people_are_on_a_page_and_each_one_once(client: AsyncClient, administrator: Member) -> None:
    for number in range(119):
        await make_member(f"Membre {number:03}")
    pages = await turn(client, PEOPLE, names)
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({name for page in pages for name in page}) == 120
    assert [len(page) for page in await turn(client, f"{PEOPLE}?nom=Membre&etat=active", names)] == [50, 50, 19]
    first = await client.get(f"{PEOPLE}?nom=Membre&etat=active")
    assert "119 personnes" in first.text
    assert "nom=Membre" in first.text.split('rel="next"')[0].rsplit("<a ", 1)[1]


async def test_an_email_address_finds_its_owner_and_appears_in_no_url(client: AsyncClient, camille: Member) -> None:
    found = await client.post(f"{PEOPLE}/adresse", data={"adresse": " Camille@Exemple.fr "})
    assert (found.status_code, found.headers["location"]) == (303, f"{PEOPLE}/{camille.id}")
    missed = await client.post(f"{PEOPLE}/adresse", data={"adresse": "camille@exemple"})
    assert missed.status_code == 422
    assert "Aucun membre n’a cette adresse" in missed.text
    assert "camille@exemple.fr" not in (await client.get(f"{PEOPLE}?nom=camille")).text


# --- addresses


async def test_seeing_an_email_address_is_recorded_in_the_journal(client: AsyncClient, camille: Member) -> None:
    assert "camille@exemple.fr" not in (await client.get(f"{PEOPLE}/{camille.id}")).text
    shown = await client.post(f"{PEOPLE}/{camille.id}/adresse")
    assert "camille@exemple.fr" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert await journal() == [("see_address", None, camille.id, "", "", "")]


async def test_an_account_of_nobody_has_no_address_to_see(client: AsyncClient, administrator: Member) -> None:
    cited = await make_member("Personne Citée", password_hash=None)
    assert (await client.post(f"{PEOPLE}/{cited.id}/adresse")).status_code == 404
    assert (await client.post(f"{PEOPLE}/9999/adresse")).status_code == 404
    assert "Personne ne se connecte avec ce compte" in (await client.get(f"{PEOPLE}/{cited.id}")).text
    assert await journal() == []


# --- rights


async def test_a_role_and_groups_are_given_and_taken_and_the_journal_holds_numbers_only(
    client: AsyncClient, camille: Member, group: WorkingGroup
) -> None:
    other = await make_group("gt-6", "Autre groupe")
    assert (await set_rights(client, camille, "agent", group.id, other.id, motif="Elle arrive.")).status_code == 303
    page = (await client.get(f"{PEOPLE}/{camille.id}")).text
    assert "Agent" in page
    assert "Autre groupe, Formation et acteurs" in page
    assert (await set_rights(client, camille, "member", other.id)).status_code == 303
    assert (
        await set_rights(client, camille, "member", other.id)
    ).status_code == 303  # nothing changes, nobody is notified
    assert await journal() == [
        ("set_role", None, camille.id, "member", "agent", "Elle arrive."),
        ("add_moderator", group.id, camille.id, "", "", "Elle arrive."),
        ("add_moderator", other.id, camille.id, "", "", "Elle arrive."),
        ("set_role", None, camille.id, "agent", "member", ""),
        ("remove_moderator", group.id, camille.id, "", "", ""),
    ]


async def test_a_right_that_was_taken_is_lost_at_the_next_request(
    app: Starlette, client: AsyncClient, administrator: Member
) -> None:
    agent = await make_member("Agnès Roux", role=Role.AGENT)
    theme = await make_theme()
    async with visitor(app) as hers:
        await sign_in(hers, agent)
        assert (await hers.get(f"/themes/{theme.number}/calendrier")).status_code == 200
        await set_rights(client, agent, "member")
        assert (await hers.get(f"/themes/{theme.number}/calendrier")).status_code == 403
        assert (await hers.get("/notifications")).status_code == 200  # still signed in


async def test_whoever_speaks_for_the_house_is_told_beside_their_words(
    app: Starlette, client: AsyncClient, camille: Member, group: WorkingGroup
) -> None:
    thread = await make_thread(await make_theme(3, group=group))
    await make_post(thread, "Ouvrir le dimanche.", author=camille)
    roles = ("Organisateur", "Équipe de modération", "Administration du site")

    async def shown() -> list[str]:
        async with visitor(app) as anybody:
            page = (await anybody.get(f"/fils/{thread.id}")).text
        return [role for role in roles if f'<span class="kind">{role}</span>' in page]

    assert await shown() == []
    for role, groups, told in (("agent", (), 0), ("member", (group.id,), 1), ("administrator", (), 2)):
        await set_rights(client, camille, role, *groups)
        assert await shown() == [roles[told]]
    await set_rights(client, camille, "member")
    assert await shown() == []


@pytest.mark.parametrize("password", ["", "ce n’est pas le bon"])
async def test_rights_are_given_by_whoever_gives_the_password_again(
    client: AsyncClient, camille: Member, password: str
) -> None:
    refused = await set_rights(client, camille, "administrator", mot_de_passe_actuel=password, motif="Parce que.")
    assert refused.status_code == 422
    assert "mot de passe actuel" in refused.text
    assert "Parce que." in refused.text
    assert password not in refused.text or not password
    assert (await row("SELECT role FROM member WHERE id = $1", camille.id) or {})["role"] == "member"
    assert await journal() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "roi"},
        {"role": ""},
        {"role": "agent", "groupes": "9999"},
        {"role": "agent", "groupes": "x"},
        {"role": ["agent", "member"]},
        {"role": "agent", "motif": "x" * 501},
        {"role": "agent", "motif": "a\0b"},
    ],
)
async def test_a_role_or_group_that_does_not_exist_is_refused(
    client: AsyncClient, camille: Member, fields: dict[str, str | list[str]]
) -> None:
    sent = {"mot_de_passe_actuel": PASSWORD, **fields}
    assert (await client.post(f"{PEOPLE}/{camille.id}/droits", data=sent)).status_code == 422
    assert await journal() == []


async def test_nobody_changes_their_own_rights(client: AsyncClient, administrator: Member) -> None:
    path = f"{PEOPLE}/{administrator.id}"
    demoted = await set_rights(client, administrator, "member")
    suspended = await client.post(f"{path}/suspension", data={"jusqua": "2026-12-01T12:00", "motif": "Moi."})
    factor = await client.post(f"{path}/double-authentification", data={"motif": "Perdu."})
    assert [demoted.status_code, suspended.status_code, factor.status_code] == [422, 422, 422]
    assert "vos droits ne peuvent être changés que par un autre" in (await client.get(path)).text
    assert await journal() == []


async def test_two_administrators_who_demote_each_other_leave_one(client: AsyncClient, administrator: Member) -> None:
    other = await make_member("Denis Roy", role=Role.ADMINISTRATOR, password_hash=None)
    await rows("UPDATE member SET password_hash = NULL, email_key = email WHERE id = $1", administrator.id)
    await rows("UPDATE member SET email = 'denis@exemple.fr', email_key = 'denis@exemple.fr' WHERE id = $1", other.id)

    async def demotes(one: Member, another: Member) -> bool:
        viewer = Viewer(id=one.id, name=one.name, handle=one.handle, role=Role.ADMINISTRATOR)
        asking = Asking(viewer, await proved(one), "", "administrator  ")
        try:
            async with asyncio.timeout(PATIENCE):
                await people.set_rights(asking, another.id, Role.MEMBER, (), "", NOON)
        except Conflict:
            return False
        return True

    ended = await asyncio.gather(demotes(administrator, other), demotes(other, administrator))
    assert sorted(ended) == [False, True]
    left = await row("SELECT COUNT(*) AS n FROM member WHERE role = 'administrator'")
    assert left is not None
    assert left["n"] == 1


async def proved(member: Member) -> str:
    return await sessions.open_session(member.id, now=NOON, proved_at=NOON)


async def test_of_two_administrators_at_once_the_second_is_told_what_changed(
    client: AsyncClient, camille: Member, group: WorkingGroup
) -> None:
    path = f"{PEOPLE}/{camille.id}/droits"
    opened = await client.get(path)
    seen = re.search(r'name="vu" value="([^"]*)"', opened.text)
    assert seen
    assert (await set_rights(client, camille, "agent", group.id)).status_code == 303
    late = {"role": "administrator", "vu": seen[1], "mot_de_passe_actuel": PASSWORD, "motif": "Je la remplace."}
    second = await client.post(path, data=late)
    assert second.status_code == 409
    assert "Camille Martin : Agent" in plain(second.text)
    assert "Modère : Formation et acteurs" in plain(second.text)
    assert "Je la remplace." in second.text
    assert re.search(r'value="administrator" required checked', second.text)
    now_seen = re.search(r'name="vu" value="([^"]*)"', second.text)
    assert now_seen
    assert (await client.post(path, data=late | {"vu": now_seen[1]})).status_code == 303
    assert [act for act, *_ in await journal()] == ["set_role", "add_moderator", "set_role", "remove_moderator"]


async def test_rights_lock_themes_before_members_as_a_correction_and_an_erasure_do(
    client: AsyncClient, camille: Member, group: WorkingGroup
) -> None:
    await make_theme(3, group=group)
    with heard() as said:
        assert (await set_rights(client, camille, "agent")).status_code == 303
    locks = [each for each in said if each.startswith("UPDATE theme") or "SELECT id, role, suspended_until" in each]
    assert [each.startswith("UPDATE theme") for each in locks] == [True, False]


@pytest.mark.parametrize("who", ["cited", "erased"])
async def test_an_account_of_nobody_gets_no_rights(client: AsyncClient, administrator: Member, who: str) -> None:
    member = await make_member("Personne Citée", password_hash=None)
    if who == "erased":
        await rows("UPDATE member SET erased_at = $1 WHERE id = $2", NOON, member.id)
    expected = 404 if who == "erased" else 422
    assert (await set_rights(client, member, "agent")).status_code == expected
    suspension = {"jusqua": "2026-12-01T12:00", "motif": "Absent."}
    assert (await client.post(f"{PEOPLE}/{member.id}/suspension", data=suspension)).status_code == expected
    assert (await client.post(f"{PEOPLE}/{member.id}/mot-de-passe")).status_code == 404
    assert await journal() == []


# --- suspension


async def suspend(client: AsyncClient, member: Member, until: str, reason: str = "Insultes répétées.") -> Response:
    return await client.post(f"{PEOPLE}/{member.id}/suspension", data={"jusqua": until, "motif": reason})


async def test_a_suspended_person_reads_and_is_told_until_when_and_why(
    app: Starlette, client: AsyncClient, camille: Member, clock: Clock
) -> None:
    thread = await make_thread(await make_theme())
    async with visitor(app) as hers:
        await sign_in(hers, camille)
        assert (await suspend(client, camille, "2026-11-23T18:00")).status_code == 303
        page = await hers.get(f"/fils/{thread.id}")
        said = "Votre compte est suspendu jusqu’au 23 novembre 2026 à 18 h 00. Raison : Insultes répétées."
        assert said in plain(page.text)
        refused = await hers.post(f"/fils/{thread.id}/repondre", data={"source": "Je réponds."})
        assert refused.status_code == 403
        assert said in plain(refused.text)
        english = await hers.get(f"/en/fils/{thread.id}")
        assert "until 23 November 2026 at 18:00" in english.text
        clock.now = NOON + timedelta(hours=5) - timedelta(seconds=1)
        assert (await hers.post(f"/fils/{thread.id}/repondre", data={"source": "Trop tôt."})).status_code == 403
        clock.now = NOON + timedelta(hours=5)  # 18 h in Paris: the end is excluded
        assert (await hers.post(f"/fils/{thread.id}/repondre", data={"source": "Me revoici."})).status_code == 303


async def test_a_suspension_ends_at_the_hour_that_was_meant_of_two(client: AsyncClient, camille: Member) -> None:
    """31 October 2027, when clocks go back; both languages say which of the two it is."""
    asked = await suspend(client, camille, "2027-10-31T02:30")
    assert asked.status_code == 422
    assert "vient deux fois" in asked.text
    typed = {"jusqua": "2027-10-31T02:30", "motif": "Insultes.", "saison": "jusqua hiver"}
    assert (await client.post(f"{PEOPLE}/{camille.id}/suspension", data=typed)).status_code == 303
    assert (await Member.get(id=camille.id)).suspended_until == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert "31 octobre 2027 à 2 h 30 (heure d’hiver)" in plain((await client.get(f"{PEOPLE}/{camille.id}")).text)
    assert "31 October 2027 at 02:30 (winter time)" in (await client.get(f"/en{PEOPLE}/{camille.id}")).text


async def test_a_suspension_is_mailed_with_its_end_and_its_reason(client: AsyncClient, camille: Member) -> None:
    await suspend(client, camille, "2026-12-01T12:00")
    mail = await row("SELECT address, template, locale, content FROM mail")
    assert mail is not None
    assert (mail["address"], mail["template"], mail["locale"]) == ("camille@exemple.fr", "suspended", "fr")
    assert unseal(mail["content"]) == {
        "name": "Camille Martin",
        "until": "2026-12-01T11:00:00+00:00",
        "reason": "Insultes répétées.",
    }
    assert await journal() == [
        ("suspend", None, camille.id, "", "2026-12-01T11:00:00+00:00", "Insultes répétées."),
    ]


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        ("", "Insultes."),
        ("2026-11-23T13:00", "Insultes."),  # noon in UTC: now
        ("2027-11-25T13:00", "Insultes."),
        ("9999-12-31T23:59", "Insultes."),
        ("demain", "Insultes."),
        ("2026-12-01T12:00", "   "),
        ("2026-12-01T12:00", "x" * 501),
    ],
)
async def test_a_suspension_has_an_end_within_a_year_and_a_reason(
    client: AsyncClient, camille: Member, until: str, reason: str
) -> None:
    refused = await suspend(client, camille, until, reason)
    assert refused.status_code == 422
    assert await journal() == []
    assert await count("mail") == 0


async def test_a_suspension_is_lifted_once(app: Starlette, client: AsyncClient, camille: Member) -> None:
    thread = await make_thread(await make_theme())
    await suspend(client, camille, "2026-12-01T12:00")
    lifting = f"{PEOPLE}/{camille.id}/suspension/lever"
    assert (await client.post(lifting, data={"motif": "Excuses reçues."})).status_code == 303
    assert (await client.post(lifting, data={"motif": "Encore."})).status_code == 409
    async with visitor(app) as hers:
        await sign_in(hers, camille)
        assert (await hers.post(f"/fils/{thread.id}/repondre", data={"source": "Merci."})).status_code == 303
    assert (await journal())[-1] == (
        "lift_suspension", None, camille.id, "2026-12-01T11:00:00+00:00", "", "Excuses reçues."
    )  # fmt: skip
    kept = await row("SELECT suspended_reason FROM member WHERE id = $1", camille.id)
    assert kept is not None
    assert kept["suspended_reason"] == ""


async def test_a_suspended_administrator_no_longer_administers(
    app: Starlette, client: AsyncClient, administrator: Member
) -> None:
    other = await make_member("Denis Roy", role=Role.ADMINISTRATOR, email="denis@exemple.fr")
    async with visitor(app) as his:
        await sign_in(his, other)
        assert (await his.get(PEOPLE)).status_code == 200
        await suspend(client, other, "2026-12-01T12:00")
        assert (await his.get(PEOPLE)).status_code == 403
        assert (await his.post(f"{PEOPLE}/{administrator.id}/adresse")).status_code == 404


# --- helping


async def test_a_lost_second_factor_is_removed_with_a_reason(client: AsyncClient, administrator: Member) -> None:
    agent = await make_member("Agnès Roux", role=Role.AGENT, email="agnes@exemple.fr")
    path = f"{PEOPLE}/{agent.id}/double-authentification"
    assert (await client.post(path, data={"motif": " "})).status_code == 422
    assert await count("second_factor") == 2
    assert (await client.post(path, data={"motif": "Vue dans son bureau."})).status_code == 303
    assert await count("second_factor") == 1
    assert (await client.post(path, data={"motif": "Encore."})).status_code == 404
    assert [(act, thing) for act, _, thing, *_ in await journal()] == [("remove_second_factor", agent.id)]


async def test_a_link_for_a_new_password_goes_to_its_owner_only(client: AsyncClient, camille: Member) -> None:
    path = f"{PEOPLE}/{camille.id}/mot-de-passe"
    assert (await client.post(path)).status_code == 303
    mail = await row("SELECT address, template, content FROM mail")
    assert mail is not None
    assert (mail["address"], mail["template"]) == ("camille@exemple.fr", "reset")
    token = unseal(mail["content"])["token"]
    assert token not in (await client.get(f"{PEOPLE}/{camille.id}")).text
    for _ in range(2):
        await client.post(path)
    assert (await client.post(path)).status_code == 429
    assert await count("mail") == 3
    assert await count("link") == 1  # only the last link works


async def test_an_administrator_signs_somebody_out_everywhere(
    app: Starlette, client: AsyncClient, administrator: Member, camille: Member
) -> None:
    path = f"{PEOPLE}/{camille.id}/sessions"
    async with visitor(app) as one, visitor(app) as two:
        for browser in (one, two):
            await sign_in(browser, camille)
            assert (await browser.get("/notifications")).status_code == 200
        assert (await one.post(f"{PEOPLE}/{administrator.id}/sessions")).status_code == 403
        assert (await client.post(path)).status_code == 303
        assert [(await browser.get("/notifications")).status_code for browser in (one, two)] == [303, 303]
    assert (await client.get("/administration")).status_code == 200
    assert [(act, thing) for act, _, thing, *_ in await journal()] == [("close_sessions", camille.id)]
    assert (await client.post(f"{PEOPLE}/9999/sessions")).status_code == 404


async def test_only_administrators_see_these_pages(app: Starlette, client: AsyncClient, camille: Member) -> None:
    pages = ["/administration", PEOPLE, *(f"{PEOPLE}/{camille.id}{end}" for end in ("", "/droits", "/suspension"))]
    agent = await make_member("Agnès Roux", role=Role.AGENT)
    async with visitor(app) as other:
        assert {(await other.get(page)).status_code for page in pages} == {303}
        await sign_in(other, agent)
        assert {(await other.get(page)).status_code for page in pages} == {403}
    assert {(await client.get(page)).status_code for page in pages} == {200}
    assert (await client.get(f"{PEOPLE}/9999")).status_code == 404
