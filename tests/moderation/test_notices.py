"""Notices through the door: by members in place, by visitors with an address that a link of a mail proves."""

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.moderation import notices
from forum.models.posts import PostKind
from tests.conftest import Clock, visitor
from tests.factories import count, make_post, make_proposal, sign_in
from tests.moderation.steps import (
    Team,
    as_,
    decide,
    hidden,
    mails,
    notify,
    notify_as_visitor,
    words,
)


async def test_a_member_notifies_in_place_and_reads_what_becomes_of_it(app: Starlette, team: Team) -> None:
    async with await as_(app, team.reader) as reader:
        thread = (await reader.get(f"/fils/{team.thread.id}")).text
        assert f'href="/contributions/{team.post.id}/signaler"' in thread
        answer = await notify(reader, team.post.id)
        assert (answer.status_code, answer.headers["location"]) == (303, "/compte/signalements?fait=signalement-recu")
        assert "n’a pas encore décidé" in words((await reader.get("/compte/signalements")).text)
        again = await notify(reader, team.post.id)
        assert again.status_code == 422
        assert "Vous avez déjà signalé ces mots" in words(again.text)
        async with await as_(app, team.first) as moderator:
            assert (await decide(moderator, 1)).status_code == 303
        told = words((await reader.get("/compte/signalements")).text)
        assert "L’équipe de modération a masqué ce que vous avez signalé." in told
        assert "Règle appliquée : contraire à la charte." in told
        assert "Votre signalement a reçu une suite" in words((await reader.get("/notifications")).text)
    async with await as_(app, team.second) as other:
        assert "Vous n’avez rien signalé" in words((await other.get("/compte/signalements")).text)


async def test_a_visitor_confirms_by_mail_and_follows_the_outcome(
    app: Starlette, client: AsyncClient, team: Team, clock: Clock
) -> None:
    answer = await notify_as_visitor(client, team.post.id, clock)
    assert answer.status_code == 200
    assert "une.personne@exemple.org" in answer.text
    assert await count("moderation_case") == 0, "nothing is read before the address is proved"
    link = (await mails("notice"))[0]["token"]
    path = "/moderation/signalements/confirmer"
    for _ in range(2):
        shown = await client.get(f"{path}?jeton={link}")
        assert shown.status_code == 200, "a program that follows links uses none up"
    assert await count("moderation_case") == 0
    assert (await client.get(f"{path}?jeton=aucun")).status_code == 410
    confirmed = await client.post(path, data={"jeton": link})
    assert confirmed.status_code == 303
    follow = confirmed.headers["location"]
    # A second click, on the link or on the button, leads to what becomes of it.
    for again in (await client.get(path, params={"jeton": link}), await client.post(path, data={"jeton": link})):
        assert again.status_code == 303
        assert "n’a pas encore décidé" in words((await client.get(again.headers["location"])).text)
    assert len(await mails("notice_outcome")) == 1
    dead = await client.get(path, params={"jeton": "autre"})
    assert dead.status_code == 410
    assert "Le dernier courriel reçu sur ce signalement mène à la suite donnée." in words(dead.text)
    assert "mon compte" not in words(dead.text)
    assert "n’a pas encore décidé" in words((await client.get(follow)).text)
    assert (await mails("notice_outcome"))[0]["address"] == "une.personne@exemple.org"
    async with await as_(app, team.first) as moderator:
        case = words((await moderator.get("/moderation/dossiers/1")).text)
        assert "une personne sans compte" in case
        assert "exemple.org" not in case, "moderators need no address"
        assert (await decide(moderator, 1, act="no action")).status_code == 303
    told = (await mails("notice_decided"))[0]["token"]
    outcome = words((await client.get(f"/moderation/signalements/suivi?jeton={told}")).text)
    assert "n’est pas intervenue. Raison : Une attaque contre une personne." in outcome


async def test_a_proposal_is_notified_as_a_contribution_is(app: Starlette, team: Team) -> None:
    await team.thread.fetch_related("theme")
    await make_proposal(team.thread.theme, "Interdire les bibliothèques.", author=team.author)  # type: ignore[arg-type]
    async with await as_(app, team.reader) as reader:
        assert 'href="/propositions/T3-001/signaler"' in (await reader.get("/propositions/T3-001")).text
        form = {"regle": "off topic", "explication": "Rien à voir."}
        assert (await reader.post("/propositions/T3-001/signaler", data=form)).status_code == 303
        assert (await reader.get("/propositions/T3-099/signaler")).status_code == 404
    async with await as_(app, team.first) as moderator:
        assert "Proposition T3-001" in words((await moderator.get("/moderation")).text)


async def test_an_instruction_and_what_does_not_exist_are_not_notified(client: AsyncClient, team: Team) -> None:
    instruction = await make_post(team.thread, "Consigne.", kind=PostKind.INSTRUCTION)
    for post in (instruction.id, 9999, 2**31):
        assert (await client.get(f"/contributions/{post}/signaler")).status_code == 404
        assert (await notify(client, post)).status_code == 404
    assert f"/contributions/{instruction.id}/signaler" not in (await client.get(f"/fils/{team.thread.id}")).text


@pytest.mark.one_database
async def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    client: AsyncClient, team: Team, clock: Clock
) -> None:
    refused = await notify_as_visitor(client, team.post.id, clock, regle="inconnue", explication="  ")
    assert refused.status_code == 422
    said = words(refused.text)
    assert "Choisissez une raison dans la liste." in said
    assert "Écrivez au moins un mot." in said
    kept = await notify_as_visitor(client, team.post.id, clock, adresse="pas une adresse", explication="Mes mots.")
    assert kept.status_code == 422
    assert "Mes mots." in kept.text
    assert await count("moderation_notice") == 0


async def test_programs_are_refused_in_words_and_people_send_again(
    client: AsyncClient, team: Team, clock: Clock
) -> None:
    filled = await notify_as_visitor(client, team.post.id, clock, site="https://exemple.org")
    assert filled.status_code == 422
    assert "Laissez ce champ vide" in words(filled.text)
    for mark in ("", "forgé"):
        forged = await notify(client, team.post.id, adresse="une.personne@exemple.org", instant=mark)
        assert forged.status_code == 422
        assert "Relisez votre signalement" in words(forged.text)
    assert await count("moderation_notice") == 0
    assert (await notify_as_visitor(client, team.post.id, clock)).status_code == 200


async def test_limits_hold_visitors_members_and_mailboxes(app: Starlette, team: Team, clock: Clock) -> None:
    async with visitor(app) as somebody:
        answers = [(await notify_as_visitor(somebody, team.post.id, clock)).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429], "three mails an hour to one address"
        for number in range(6):
            address = f"personne{number}@exemple.org"
            assert (await notify_as_visitor(somebody, team.post.id, clock, adresse=address)).status_code == 200
        assert (await notify_as_visitor(somebody, team.post.id, clock, adresse="x@exemple.org")).status_code == 429
    posts = [await make_post(team.thread, f"Contribution {number}.") for number in range(notices.PER_HOUR + 1)]
    async with await as_(app, team.reader) as reader:
        answers = [(await notify(reader, post.id)).status_code for post in posts]
    assert answers == [303] * notices.PER_HOUR + [429]


async def test_who_notified_is_read_by_the_moderators_of_the_group_alone(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    async with await as_(app, team.first) as moderator:
        assert team.reader.name in (await moderator.get("/moderation/dossiers/1")).text
    async with await as_(app, team.author) as author:
        seen = [
            await author.get(path) for path in ("/moderation/decisions/1", "/notifications", "/compte/contributions")
        ]
        assert [answer.status_code for answer in seen] == [200, 200, 200]
        assert not any(team.reader.name in answer.text for answer in seen)
        assert (await author.get("/moderation/dossiers/1")).status_code == 403


async def test_what_nobody_confirms_is_forgotten_and_so_is_the_address_in_the_end(
    app: Starlette, client: AsyncClient, team: Team, clock: Clock
) -> None:
    await notify_as_visitor(client, team.post.id, clock)
    await notify_as_visitor(client, team.post.id, clock)
    link = (await mails("notice"))[0]["token"]
    await client.post("/moderation/signalements/confirmer", data={"jeton": link})
    clock.pass_(days=3)
    await notices.forget_notices(clock())
    assert await count("moderation_notice") == 1
    async with await as_(app, team.first) as moderator:
        await sign_in(moderator, team.first, now=clock())
        assert (await decide(moderator, 1)).status_code == 303
    clock.pass_(days=182)
    await notices.forget_notices(clock())
    assert (await rows("SELECT address FROM moderation_notice"))[0]["address"]
    clock.pass_(days=2)
    await notices.forget_notices(clock())
    assert (await rows("SELECT address, words FROM moderation_notice"))[0]["address"] == ""


async def test_the_words_of_what_is_hidden_are_on_no_page_of_its_notice(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    async with await as_(app, team.reader) as reader:
        for path in (f"/contributions/{team.post.id}/signaler", "/compte/signalements", "/notifications"):
            answer = await reader.get(path)
            assert "quetzalcoatl" not in answer.text, path
