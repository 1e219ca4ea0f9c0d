"""Whoever notified contests that nothing was done, once, and another person answers; visitors by the link of a mail."""

from datetime import timedelta
from html import unescape

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.moderation import complaints
from forum.domain.moderation.notices import forget_notices
from forum.models.posts import Post
from tests.conftest import Clock, visitor
from tests.factories import sign_in
from tests.moderation.steps import UNIQUE, Team, as_, decide, mails, notify, notify_as_visitor, words
from tests.moderation.test_cases import work_off
from tests.test_writes_that_meet import Waits, both

OWN = "/compte/signalements/1/contester"
LINK = "/moderation/signalements/contester"
ANSWER = "/moderation/signalements/1/reclamation"
PLEA = {"explication": "C’est pourtant une insulte, relisez la fin."}
UPHELD = {"issue": "upheld", "explication": "Le mot vise une idée, pas une personne."}


async def left_alone(app: Starlette, team: Team) -> None:
    """Have the contribution notified by a member, and left as it is by the first moderator."""
    async with await as_(app, team.reader) as reader:
        assert (await notify(reader, team.post.id)).status_code == 303
    async with await as_(app, team.first) as moderator:
        assert (await decide(moderator, 1, act="no action")).status_code == 303


async def test_whose_words_they_are_neither_reads_who_notified_nor_answers(app: Starlette, team: Team) -> None:
    await Post.filter(id=team.post.id).update(author_id=team.second.id)
    async with await as_(app, team.reader) as reader, await as_(app, team.second) as own:
        assert (await notify(reader, team.post.id)).status_code == 303
        said = words((await own.get("/moderation/dossiers/1")).text)
        assert "Une insulte." in said
        assert team.reader.name not in said
        assert "une personne sans compte" not in said
        async with await as_(app, team.first) as first:
            assert team.reader.name in words((await first.get("/moderation/dossiers/1")).text)
            assert (await decide(first, 1, act="no action")).status_code == 303
        assert (await reader.post(OWN, data=PLEA)).status_code == 303
        assert await told("contested") == [team.administrator.id]
        assert (await own.get(ANSWER)).status_code == 403
        assert (await own.post(ANSWER, data=UPHELD)).status_code == 403
        assert "une autre personne répond" in words((await own.get("/moderation")).text)
    async with await as_(app, team.administrator) as administrator:
        assert (await administrator.post(ANSWER, data=UPHELD)).status_code == 303


async def by_mail(app: Starlette, team: Team, clock: Clock) -> str:
    """Have a visitor notify it, and nothing done about it; returns the token of the mail that says so."""
    async with visitor(app) as stranger:
        assert (await notify_as_visitor(stranger, team.post.id, clock)).status_code == 200
        (asked,) = await mails("notice")
        sent = await stranger.post("/moderation/signalements/confirmer", data={"jeton": asked["token"]})
        assert sent.status_code == 303
    async with await as_(app, team.first) as moderator:
        assert (await decide(moderator, 1, act="no action")).status_code == 303
    return (await mails("notice_decided"))[-1]["token"]


async def told(event: str) -> list[int]:
    found = await rows("SELECT member_id FROM notification WHERE event = $1 ORDER BY id", event)
    return [each["member_id"] for each in found]


async def test_a_member_contests_and_somebody_else_answers(app: Starlette, client: AsyncClient, team: Team) -> None:
    await left_alone(app, team)
    async with await as_(app, team.reader) as reader:
        shown = await reader.get("/compte/signalements")
        assert f'href="{OWN}"' in shown.text
        assert "Contester cette décision jusqu’au 25 mai 2027, une fois" in words(unescape(shown.text))
        assert (await reader.get(OWN)).status_code == 200
        silent = await reader.post(OWN, data={"explication": " "})
        assert silent.status_code == 422
        sent = await reader.post(OWN, data=PLEA)
        assert sent.headers["location"] == "/compte/signalements?fait=reclamation-envoyee"
        again = await reader.post(OWN, data=PLEA)
        assert (again.status_code, "Vous avez déjà contesté" in words(again.text)) == (409, True)
        page = words(unescape((await reader.get("/compte/signalements")).text))
        assert "Vous avez contesté le 23 novembre 2026." in page
        assert OWN not in page
    assert await told("contested") == [team.second.id], "neither who decided nor who notified"
    async with await as_(app, team.first) as first:
        assert "vous avez pris la décision, vous la contestez, ou elle porte sur vos mots" in words(
            (await first.get("/moderation")).text
        )
        page = words((await first.get("/moderation/decisions/1")).text)
        assert PLEA["explication"] in unescape(page)
        assert (await first.get(ANSWER)).status_code == 403
        assert (await first.post(ANSWER, data=UPHELD)).status_code == 403
    async with await as_(app, team.second) as second:
        assert "Réclamations à lire" in words((await second.get("/moderation")).text)
        assert f'href="{ANSWER}"' in (await second.get("/moderation/decisions/1")).text
        assert UNIQUE in unescape((await second.get(ANSWER)).text)
        nothing = await second.post(ANSWER, data={"issue": "", "explication": ""})
        assert nothing.status_code == 422
        sent = await second.post(ANSWER, data=UPHELD)
        assert sent.headers["location"] == "/moderation/decisions/1?fait=reclamation-repondue"
        late = await second.post(ANSWER, data=UPHELD)
        assert (late.status_code, "Cette réclamation a sa réponse." in words(late.text)) == (409, True)
        assert "Réclamations à lire" not in words((await second.get("/moderation")).text)
    assert await told("notice decided") == [team.reader.id, team.reader.id]
    async with await as_(app, team.reader) as reader:
        page = words(unescape((await reader.get("/compte/signalements")).text))
        assert "Décision maintenue." in page
        assert UPHELD["explication"] in page
        assert team.second.name not in page
    # The journal has both acts, and never names who notified.
    acts = await rows("SELECT act, actor_id FROM journal_entry ORDER BY id")
    assert [(each["act"], each["actor_id"]) for each in acts][-2:] == [
        ("contest_no_action", None),
        ("answer_notice", team.second.id),
    ]
    figures = (await client.get("/moderation/bilan.csv")).content.decode("utf-8-sig").splitlines()
    row = dict(zip(figures[0].split(";"), figures[1].split(";"), strict=True))
    assert (row["réclamations"], row["réclamations : décision maintenue"]) == ("1", "1")


async def test_a_visitor_contests_by_the_link_of_their_mail(
    app: Starlette, client: AsyncClient, team: Team, clock: Clock
) -> None:
    token = await by_mail(app, team, clock)
    async with visitor(app) as stranger:
        follow = f"/moderation/signalements/suivi?jeton={token}"
        assert f"{LINK}?jeton={token}" in unescape((await stranger.get(follow)).text)
        assert (await stranger.get(f"{LINK}?jeton={token}")).status_code == 200
        assert (await stranger.get(f"{LINK}?jeton=autre")).status_code == 410
        assert (await stranger.post(LINK, data={"jeton": "autre", **PLEA})).status_code == 410
        sent = await stranger.post(LINK, data={"jeton": token, **PLEA})
        assert sent.headers["location"].startswith("/moderation/signalements/suivi?jeton=")
        again = await stranger.post(LINK, data={"jeton": token, **PLEA})
        assert again.status_code == 409
        page = words(unescape((await stranger.get(follow)).text))
        assert "Une autre personne que celle qui a décidé va vous répondre." in page
    before = len(await mails("notice_decided"))
    async with await as_(app, team.second) as second:
        assert "Visiteur" in words((await second.get("/moderation/decisions/1")).text)
        assert "une.personne@exemple.org" not in (await second.get("/moderation/decisions/1")).text
        assert (await second.post(ANSWER, data=UPHELD)).status_code == 303
    assert len(await mails("notice_decided")) == before + 1
    latest = (await mails("notice_decided"))[-1]
    assert latest["address"] == "une.personne@exemple.org"
    async with visitor(app) as stranger:
        shown = await stranger.get(f"/moderation/signalements/suivi?jeton={latest['token']}")
        assert UPHELD["explication"] in words(unescape(shown.text))


async def test_when_it_was_wrong_the_case_is_open_again_with_its_notices(
    app: Starlette, client: AsyncClient, team: Team
) -> None:
    await left_alone(app, team)
    async with await as_(app, team.reader) as reader, await as_(app, team.second) as second:
        assert (await reader.post(OWN, data=PLEA)).status_code == 303
        sent = await second.post(ANSWER, data={"issue": "reversed", "explication": "Vous avez raison."})
        assert sent.status_code == 303
        (case,) = await rows("SELECT id FROM moderation_case WHERE closed_at IS NULL")
        assert "Une insulte." in words((await second.get(f"/moderation/dossiers/{case['id']}")).text)
        page = words((await reader.get("/compte/signalements")).text)
        assert "L’équipe de modération n’a pas encore décidé." in unescape(page)
        assert (await decide(second, case["id"])).status_code == 303
        page = words(unescape((await reader.get("/compte/signalements")).text))
        assert "a masqué ce que vous avez signalé" in page
        # Once: nothing is contested a second time.
        assert "/contester" not in page
    assert UNIQUE not in (await client.get(f"/fils/{team.thread.id}")).text


async def test_what_was_done_is_not_contested_nor_by_somebody_else_nor_too_late(
    app: Starlette, team: Team, clock: Clock
) -> None:
    async with await as_(app, team.reader) as reader:
        await notify(reader, team.post.id)
        early = await reader.get(OWN)
        assert (early.status_code, "n’est pas intervenue" in words(unescape(early.text))) == (403, True)
    async with await as_(app, team.first) as moderator:
        assert (await decide(moderator, 1)).status_code == 303
    async with await as_(app, team.reader) as reader:
        assert (await reader.post(OWN, data=PLEA)).status_code == 403
        assert (await reader.get("/compte/signalements/77/contester")).status_code == 404
    await rows("UPDATE moderation_decision SET act = 'no action'")
    async with await as_(app, team.author) as author:
        assert (await author.get(OWN)).status_code == 404
        assert (await author.post(OWN, data=PLEA)).status_code == 404
    async with visitor(app) as stranger:
        assert (await stranger.get(OWN)).status_code == 303
    clock.pass_(days=184)
    async with visitor(app) as reader:
        await sign_in(reader, team.reader, now=clock.now)
        late = await reader.post(OWN, data=PLEA)
        assert (late.status_code, "six mois" in words(late.text)) == (403, True)
        assert "/contester" not in (await reader.get("/compte/signalements")).text


async def test_the_address_of_a_visitor_is_kept_until_they_are_answered(
    app: Starlette, team: Team, clock: Clock
) -> None:
    token = await by_mail(app, team, clock)
    async with visitor(app) as stranger:
        assert (await stranger.post(LINK, data={"jeton": token, **PLEA})).status_code == 303
    later = clock.now + timedelta(days=184)
    await forget_notices(later)
    assert (await rows("SELECT address FROM moderation_notice"))[0]["address"]
    async with await as_(app, team.second) as second:
        assert (await second.post(ANSWER, data=UPHELD)).status_code == 303
    await forget_notices(later)
    assert (await rows("SELECT address FROM moderation_notice"))[0]["address"] == ""


async def test_two_answers_at_once_are_one(app: Starlette, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await left_alone(app, team)
    async with await as_(app, team.reader) as reader:
        assert (await reader.post(OWN, data=PLEA)).status_code == 303
    waits = Waits(monkeypatch, complaints, "tell_notifier")
    async with await as_(app, team.second) as second, await as_(app, team.administrator) as administrator:
        first, other = await both(
            lambda one, _: one.post(ANSWER, data=UPHELD),
            second,
            waits,
            lambda one, _: one.post(ANSWER, data={"issue": "reversed", "explication": "Si."}),
            administrator,
        )
    assert (first, other.status_code) == (303, 409)
    assert [each["outcome"] for each in await rows("SELECT outcome FROM moderation_notice")] == ["upheld"]


async def test_who_may_answer_is_reminded_after_two_days(app: Starlette, team: Team, worker_clock: Clock) -> None:
    await left_alone(app, team)
    async with await as_(app, team.reader) as reader:
        assert (await reader.post(OWN, data=PLEA)).status_code == 303
    worker_clock.pass_(hours=49)
    for _ in range(2):
        await work_off(worker_clock)
    assert [one["address"] for one in await mails("case_waits")] == ["sam@exemple.fr"]
    async with visitor(app) as second:
        await sign_in(second, team.second, now=worker_clock())
        assert "Modération (1)" in words((await second.get("/moderation")).text)
