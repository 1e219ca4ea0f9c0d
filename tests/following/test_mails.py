"""Mails about news: one for several things, as their reader wishes, with nothing that is no longer there."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.domain import jobs, mail
from forum.domain.following import digests
from forum.domain.following.news import TOLD, NewsGroup
from forum.domain.following.wishes import next_due, stop_token
from forum.domain.mail import Listed, WaitingMail
from forum.domain.notifications import tell_of_proposal, tell_of_theme
from forum.domain.privacy.erasure import erase
from forum.models.following import Follow, MailKind, MailWish, Pace
from forum.models.members import Member
from forum.models.notifications import Event, Notification
from forum.models.posts import Post, PostState
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.sealing import unseal
from forum.settings import Settings, settings
from tests.conftest import NOON, Clock
from tests.factories import count, make_member, make_post, make_proposal, make_thread, sign_in
from tests.factories import thread as thread
from tests.statements import heard
from tests.workers.test_mail import made_news, part, read
from workers import running, workshop
from workers.letters import message_of

pytestmark = pytest.mark.anyio

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Clock:
    """The time of the workers."""
    monkeypatch.setattr(running, "clock", clock)
    return clock


@pytest.fixture
async def reader(client: AsyncClient) -> Member:
    """Somebody who may be mailed."""
    return await make_member("Camille Martin", email="camille@exemple.fr")


async def work(clock: Clock) -> None:
    """What workers do in a minute: look for what is due, then do it, mails included."""
    await digests.ask_for_letters(clock())
    for _ in range(3):
        for job, _ in await jobs.waiting(clock()):
            await running.run(job, workshop.WORK)


def sent() -> list[EmailMessage]:
    """The mails that left, in order."""
    folder = settings().site.mail_path
    return [read(path.read_bytes()) for path in sorted(folder.glob("*.eml"), key=_number)] if folder.exists() else []


def _number(path: object) -> int:
    return int(str(path).rsplit("-", 2)[1])


def words_of(message: EmailMessage) -> str:
    """Its text, on one line."""
    return re.sub(r"\s+", " ", part(message, "plain"))


async def answer(client: AsyncClient, thread: Thread, post: Post, words: str, author: str = "Paul Durand") -> int:
    """Somebody answers a contribution; returns their own."""
    known = await Member.get_or_none(name=author)
    await sign_in(client, known or await make_member(author))
    form = {"source": words, "en_reponse_a": str(post.id)}
    assert (await client.post(f"/fils/{thread.id}/repondre", data=form)).status_code == 303
    return (await Post.all().order_by("-id"))[0].id


async def test_an_answer_is_mailed_at_once_with_who_where_the_first_words_and_one_link(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    mine = await make_post(thread, "Mes mots.", author=reader)
    theirs = await answer(client, thread, mine, "Oui, " + "et encore oui, " * 30)
    await work(now)
    assert sent() == [], "it waits for what follows, and for its author to mend it"
    now.pass_(minutes=3)
    await work(now)
    (message,) = sent()
    assert message["To"] == "camille@exemple.fr"
    assert message["Subject"] == "Une réponse à votre contribution"
    said = words_of(message)
    assert "Propositions et pistes d’actions (thème 3)" in said
    assert "Paul Durand vous répond : « Oui, et encore oui," in said.replace("\u00a0", " ")
    assert "…" in said
    body = part(message, "plain").split("\n-- \n")[0]
    assert re.findall(r"https?://\S+", body) == [f"http://127.0.0.1:8000/contributions/{theirs}"]
    now.pass_(minutes=9)
    await work(now)
    assert len(sent()) == 1
    assert await count("mail") == 0


async def test_several_things_are_one_mail_grouped_by_thread(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    other = await make_thread(await Theme.get(number=3), "Un autre fil")
    here, there = await make_post(thread, "Mes mots.", author=reader), await make_post(other, "Ici.", author=reader)
    for place, post, words in ((thread, here, "Un."), (other, there, "Deux."), (thread, here, "Trois.")):
        await answer(client, place, post, words)
    proposal = await make_proposal(await Theme.get(number=3), "Embaucher.", author=reader)
    await tell_of_proposal(proposal.id, Event.ANSWERED, {reader.id}, NOON, key=1, actor=None)
    now.pass_(minutes=3)
    await work(now)
    (message,) = sent()
    assert message["Subject"] == "4 nouveautés pour vous"
    said = words_of(message)
    assert said.index("Un.") < said.index("Trois.") < said.index("Un autre fil") < said.index("Deux.")
    assert "L’administration a répondu à la proposition. « Embaucher. »" in said.replace("\u00a0", " ")


async def test_mail_programs_can_sort_thread_and_end_these_mails(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    mine = await make_post(thread, "Mes mots.", author=reader)
    for _ in range(2):
        await answer(client, thread, mine, f"Oui {_}.")
        now.pass_(minutes=3)
        await work(now)
    first, second = sent()
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == f"<thread-{thread.id}.addressed@127.0.0.1>"
    assert first["In-Reply-To"] == first["References"]
    assert first["List-Id"] == "<addressed.127.0.0.1>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://127.0.0.1:8000/courriels/arreter\?jeton=[0-9a-z-]+>", first["List-Unsubscribe"])
    html = part(first, "html")
    assert "src=" not in html, "nothing is fetched, so nobody knows who reads"


async def test_a_waiting_mail_holds_no_word(client: AsyncClient, now: Clock, reader: Member, thread: Thread) -> None:
    mine = await make_post(thread, "Mes mots.", author=reader)
    await answer(client, thread, mine, "Zyzomys.")
    now.pass_(minutes=3)
    await digests.post_addressed(now())
    (waiting,) = await rows("SELECT * FROM mail")
    assert "camille" not in str(dict(waiting))
    assert unseal(waiting["content"]).keys() == {"kind", "member", "told"}


Undo = Callable[[Member, Post], Awaitable[object]]


async def _hide(reader: Member, post: Post) -> None:
    await Post.filter(id=post.id).update(state=PostState.HIDDEN)


async def _withdraw(reader: Member, post: Post) -> None:
    await Post.filter(id=post.id).update(state=PostState.WITHDRAWN)


async def _suspend(reader: Member, post: Post) -> None:
    await Member.filter(id=reader.id).update(suspended_until=NOON + DAY)


async def _unconfirm(reader: Member, post: Post) -> None:
    await Member.filter(id=reader.id).update(confirmed_at=None)


async def _erase(reader: Member, post: Post) -> None:
    await erase(reader.id, actor=None, now=NOON)


async def _refuse(reader: Member, post: Post) -> None:
    await MailWish.create(member=reader, kind=MailKind.ADDRESSED, pace=Pace.NEVER, since=NOON, due_at=NOON)


async def _read(reader: Member, post: Post) -> None:
    await Notification.filter(member=reader).update(read_at=NOON)


@pytest.mark.parametrize("when", ["before it is asked for", "while it waits"])
@pytest.mark.parametrize("undo", [_hide, _withdraw, _suspend, _unconfirm, _erase, _refuse, _read])
async def test_what_ends_before_the_mail_leaves_is_not_mailed(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread, undo: Undo, when: str
) -> None:
    mine = await make_post(thread, "Mes mots.", author=reader)
    theirs = await answer(client, thread, mine, "Oui.")
    now.pass_(minutes=3)
    if when == "while it waits":
        await digests.post_addressed(now())
        assert await count("mail") == 1
    await undo(reader, await Post.get(id=theirs))
    await work(now)
    assert sent() == []
    assert await count("mail") == 0


async def test_what_has_a_mail_of_its_own_is_not_mailed_twice(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    await Notification.create(member=reader, event=Event.CORRECTED, key="a", created_at=NOON)
    now.pass_(minutes=3)
    await work(now)
    assert sent() == []
    assert (await Notification.get()).mailed_at is not None


async def test_who_wants_one_a_day_has_one_in_the_morning(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    await sign_in(client, reader)
    form = {"courriels_adresses": "each day", "courriels_suivis": "no mail"}
    answered = await client.post("/notifications/courriels", data=form)
    assert answered.headers["location"] == "/notifications?fait=courriels-choisis#courriels"
    page = (await client.get("/notifications")).text
    assert '<option value="each day" selected>Une fois par jour' in page
    assert '<option value="no mail" selected>Jamais' in page
    mine = await make_post(thread, "Mes mots.", author=reader)
    for hours in (1, 6, 12):
        await answer(client, thread, mine, f"Après {hours} heures.")
        now.pass_(hours=hours)
        await work(now)
    (message,) = sent()
    assert now().astimezone(PARIS).hour >= 7
    assert message["Subject"] == "3 nouveautés pour vous"
    refused = await client.post("/notifications/courriels", data={**form, "courriels_suivis": "sans cesse"})
    assert refused.status_code == 422


async def follow(reader: Member, pace: Pace, since: datetime = NOON, **thing: object) -> MailWish:
    """Let somebody follow something at a pace."""
    await Follow.create(member=reader, created_at=since - DAY, **thing)  # type: ignore[arg-type]
    due = next_due(pace, since)
    return await MailWish.create(member=reader, kind=MailKind.FOLLOWED, pace=pace, since=since, due_at=due)


async def test_what_is_followed_is_told_once_a_week_unless_nothing_is_new(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    await sign_in(client, reader)
    await client.post(f"/fils/{thread.id}/suivre", data={})
    wish = await MailWish.get()
    assert (wish.pace, wish.since, wish.due_at) == (Pace.WEEKLY, NOON, datetime(2026, 11, 30, 6, tzinfo=UTC))
    author = await make_member("Paul Durand")
    for number in range(5):
        post = await make_post(thread, f"Idée {number}.", author=author)
        await Post.filter(id=post.id).update(created_at=NOON + (number + 1) * DAY)
    for _ in range(8):
        now.pass_(hours=23)
        await work(now)
    (message,) = sent()
    assert message["Subject"] == "7 nouveautés dans ce que vous suivez"
    said = words_of(message).replace("\u00a0", " ")
    assert "Paul Durand : « Idée 0. »" in said
    assert "et 2 autres" in said
    assert "Les votes se terminent le 3 décembre 2026 à 13 h 00." in said, "a week before"
    assert message["List-Id"] == "<followed.127.0.0.1>"
    for _ in range(8):
        now.pass_(hours=23)
        await work(now)
    assert len(sent()) == 1, "nothing new, no mail"


async def test_news_of_what_is_followed_are_judged_when_the_mail_leaves(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    await follow(reader, Pace.AT_ONCE, since=NOON - 2 * MINUTE, thread=thread)
    post = await make_post(thread, "Zyzomys.", author=await make_member("Paul Durand"))
    now.pass_(minutes=12)
    await digests.post_followed(now())
    assert await count("mail") == 1
    await Post.filter(id=post.id).update(state=PostState.HIDDEN)
    await work(now)
    assert sent() == []
    await Post.filter(id=post.id).update(state=PostState.SHOWN)
    now.pass_(minutes=12)
    await work(now)
    assert sent() == [], "its window is over"


async def test_two_workers_post_each_letter_once(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    others = [await make_member(f"Lectrice {each}", email=f"l{each}@exemple.fr") for each in range(4)]
    for each in (reader, *others):
        await follow(each, Pace.DAILY, thread=thread)
    author = await make_member("Paul Durand")
    await make_post(thread, "Une idée.", author=author)
    await rows("UPDATE post SET created_at = $1", NOON + MINUTE)
    theme = await Theme.get(number=3)
    await tell_of_theme(theme.id, Event.SCHEDULED, {each.id for each in others}, NOON, key="a", actor=None)
    now.pass_(days=1)
    await asyncio.gather(*(post(now()) for post in (digests.post_followed, digests.post_addressed) * 3))
    posted = [unseal(each["content"]) for each in await rows("SELECT content FROM mail")]
    assert sorted((each["kind"], int(each["member"])) for each in posted) == sorted(
        [("followed", each.id) for each in (reader, *others)] + [("addressed", each.id) for each in others]
    )


@pytest.mark.parametrize("post", [digests.post_followed, digests.post_addressed])
async def test_a_worker_that_is_killed_leaves_all_or_nothing(
    client: AsyncClient,
    now: Clock,
    reader: Member,
    thread: Thread,
    monkeypatch: pytest.MonkeyPatch,
    post: Callable[[datetime], Awaitable[bool]],
) -> None:
    """Between the window and the mail, or before the end of the transaction: another one posts it, once."""
    await follow(reader, Pace.DAILY, thread=thread)
    await make_post(thread, "Une idée.", author=await make_member("Paul Durand"))
    await rows("UPDATE post SET created_at = $1", NOON + MINUTE)
    await tell_of_theme(thread.theme_id, Event.SCHEDULED, {reader.id}, NOON, key="a", actor=None)
    now.pass_(days=1)

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    async def posts_and_dies(*given: object) -> None:
        await posted(*given)  # type: ignore[arg-type]
        raise asyncio.CancelledError

    posted = mail.post_mails
    for death in (dies, posts_and_dies):
        with monkeypatch.context() as dying:
            dying.setattr(digests, "post_mails", death)
            with pytest.raises(asyncio.CancelledError):
                await post(now())
        assert await count("mail") == 0
    assert await post(now())
    assert await count("mail") == 1
    assert not await post(now())
    assert await count("mail") == 1


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2027, 3, 27, 12, tzinfo=UTC), 23), (datetime(2026, 10, 24, 12, tzinfo=UTC), 25)],
    ids=["spring", "autumn"],
)
async def test_a_change_of_hour_gives_one_mail_each_local_day(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread, day: datetime, hours: int
) -> None:
    now.now = day
    wish = await follow(reader, Pace.DAILY, since=day, thread=thread)
    author, mornings = await make_member("Paul Durand"), []
    for hour in range(4 * 24):
        post = await make_post(thread, f"Idée {hour}.", author=author)
        await Post.filter(id=post.id).update(created_at=now())
        now.pass_(hours=1)
        before = len(sent())
        await work(now)
        if len(sent()) > before:
            mornings.append(now().astimezone(PARIS))
    assert [each.hour for each in mornings] == [7, 7, 7, 7]
    assert len({each.date() for each in mornings}) == 4
    passed = mornings[1].astimezone(UTC) - mornings[0].astimezone(UTC)
    assert passed == DAY
    assert mornings[0].astimezone(UTC) - (wish.due_at - DAY) == DAY
    eve = datetime.combine(day.astimezone(PARIS).date(), mornings[0].timetz(), PARIS)
    assert mornings[0].astimezone(UTC) - eve.astimezone(UTC) == timedelta(hours=hours)


async def test_a_clock_that_goes_back_gives_no_second_mail(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    await follow(reader, Pace.DAILY, thread=thread)
    await make_post(thread, "Une idée.", author=await make_member("Paul Durand"))
    await rows("UPDATE post SET created_at = $1", NOON + MINUTE)
    now.pass_(hours=19)
    await work(now)
    for hours in (-2, 1, 1, 1):
        now.pass_(hours=hours)
        await work(now)
    assert len(sent()) == 1


async def test_a_publication_costs_the_same_whoever_follows(client: AsyncClient, thread: Thread) -> None:
    costs = []
    await sign_in(client, await make_member("Paul Durand"))
    for followers in (0, 50):
        for each in range(followers):
            await Follow.create(member=await make_member(f"Lectrice {each}"), thread=thread, created_at=NOON)
        with heard() as statements:
            form = {"source": f"Une idée {followers}."}
            assert (await client.post(f"/fils/{thread.id}/repondre", data=form)).status_code == 303
        costs.append(len(statements))
    assert costs[0] == costs[1]


async def test_a_morning_and_a_monday_are_those_of_paris() -> None:
    sunday = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)  # Monday, half past midnight
    assert next_due(Pace.WEEKLY, sunday) == datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert next_due(Pace.WEEKLY, datetime(2026, 11, 30, 6, tzinfo=UTC)) == datetime(2026, 12, 7, 6, tzinfo=UTC)
    assert next_due(Pace.DAILY, datetime(2026, 11, 30, 5, 59, tzinfo=UTC)) == datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert next_due(Pace.DAILY, datetime(2026, 7, 1, 5, tzinfo=UTC)) == datetime(2026, 7, 2, 5, tzinfo=UTC)


# The link that ends them


@pytest.mark.parametrize("kind", list(MailKind))
async def test_looking_at_the_link_changes_nothing_and_one_post_ends_these_mails(
    client: AsyncClient, now: Clock, reader: Member, kind: MailKind
) -> None:
    address = f"/courriels/arreter?jeton={stop_token(reader.id, kind, NOON)}"
    page = await client.get(address)
    assert page.status_code == 200
    assert f'<form method="post" action="{address}">' in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert await count("mail_wish") == 0
    for _ in range(2):
        answer = await client.post(address, data=ONE_CLICK)
        assert (answer.status_code, answer.history) == (200, [])
        assert "set-cookie" not in answer.headers
    wish = await MailWish.get()
    assert (wish.member_id, wish.kind, wish.pace) == (reader.id, kind, Pace.NEVER)
    assert "C’est fait" in (await client.get(address)).text


async def test_a_program_may_send_it_from_anywhere_in_either_form(client: AsyncClient, reader: Member) -> None:
    """A mail program has no session, and a page of another site uses none: the token alone counts."""
    other = await make_member("Odile Garde")
    await sign_in(client, other)
    address = f"/courriels/arreter?jeton={stop_token(reader.id, MailKind.FOLLOWED, NOON)}"
    for more in ({"origin": "https://mail.exemple.com"}, {"sec-fetch-site": "cross-site"}, {}):
        answer = await client.post(address, headers=more, data=ONE_CLICK)
        assert answer.status_code == 200, answer.text
        parts = {name: (None, value) for name, value in ONE_CLICK.items()}
        assert (await client.post(address, headers=more, files=parts)).status_code == 200
        assert "Odile" not in answer.text
    assert (await MailWish.get()).member_id == reader.id
    elsewhere = await client.post("/notifications/lues", headers={"sec-fetch-site": "cross-site"}, data={})
    assert elsewhere.status_code == 403


@pytest.mark.parametrize("spoil", ["member", "kind", "until", "mark", "nothing", "a year"])
async def test_a_link_that_is_not_ours_or_too_old_ends_nothing(
    client: AsyncClient, now: Clock, reader: Member, spoil: str
) -> None:
    token = stop_token(reader.id, MailKind.FOLLOWED, NOON)
    member, kind, until, mark = token.split("-")
    spoilt = {
        "member": f"{reader.id + 1}-{kind}-{until}-{mark}",
        "kind": f"{member}-addressed-{until}-{mark}",
        "until": f"{member}-{kind}-20990101-{mark}",
        "mark": f"{member}-{kind}-{until}-{'0' * 32}",
        "nothing": "",
        "a year": token,
    }[spoil]
    if spoil == "a year":
        now.pass_(days=365)
        assert (await client.get(f"/courriels/arreter?jeton={token}")).status_code == 200
        now.pass_(days=1)
    for method in ("GET", "POST"):
        assert (await client.request(method, f"/courriels/arreter?jeton={spoilt}")).status_code == 410
    assert await count("mail_wish") == 0


async def test_erasing_an_account_leaves_no_follow_and_no_wish_and_its_links_end_nothing(
    client: AsyncClient, now: Clock, reader: Member, thread: Thread
) -> None:
    await follow(reader, Pace.DAILY, thread=thread)
    token = stop_token(reader.id, MailKind.FOLLOWED, NOON)
    await erase(reader.id, actor=None, now=NOON)
    assert (await count("follow"), await count("mail_wish")) == (0, 0)
    assert (await client.post(f"/courriels/arreter?jeton={token}", data=ONE_CLICK)).status_code == 200
    assert await count("mail_wish") == 0


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_each_event_has_its_sentence_in_a_mail(configured: Settings, locale: str) -> None:
    """Of what is addressed to somebody, and of what they follow; what has a mail of its own apart."""
    turns = {*TOLD, "new post", "votes open", "votes close", "contributions close", "published synthesis"}
    for kind, events in (("addressed", set(Event) - set(digests.WITH_A_MAIL)), ("followed", turns)):
        said = []
        for event in sorted(events):
            about = {"thread": 1, "thread_title": "Un fil"} if "post" in event else {"theme": 3, "theme_title": "Un"}
            values = {"name": "Camille", "kind": kind, "count": 1, "more": False, "token": "x"}
            values["groups"] = (NewsGroup((made_news(event, **about),)),)
            letter = WaitingMail(1, "c@exemple.fr", "news", locale, values, NOON, Listed(kind, "x", "x"))
            lines = part(message_of(letter), "plain").split("\n-- \n")[0].split("\n\n")
            said.append(lines[2 if kind == "addressed" else 3])
            assert re.search(r"[a-z]{3}", said[-1]), event
        assert len({each for each in said if "fil" not in each}) > len(events) / 2
