"""Mails that come back: what a report says, which address it marks, what leaves meanwhile, how it is mended."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from forum.commands.bounces import note_all, unread
from forum.database import transaction
from forum.domain.mail import WaitingMail, message_id, post_mail
from forum.domain.members.bounces import BounceFate, count_bounced, forget_bounces, note_bounce
from forum.models.members import Bounce, Member
from forum.settings import Settings
from forum.text.bounces import read_bounces
from tests.conftest import NOON, Clock
from tests.factories import count, make_member, sign_in
from tests.workers.test_mail import part, read
from workers import mail as mails
from workers import running

pytestmark = pytest.mark.anyio

ADDRESS = "camille@exemple.fr"
DAY = timedelta(days=1)


def sent(number: int = 7, address: str = ADDRESS) -> str:
    """The Message-ID of a mail of ours."""
    return message_id(WaitingMail(number, address, "reset", "fr", {}, NOON), address, "exemple.fr")


def report(
    status: str = "5.1.1",
    *,
    action: str = "failed",
    original: str | None = None,
    whole: bool = False,
    to: str = ADDRESS,
    kind: str = "delivery-status",
) -> bytes:
    """What a mail server sends back (RFC 3464, appendix A)."""
    original = sent() if original is None else original
    back = f"Message-ID: {original}\r\nTo: {to}\r\nSubject: Bonjour\r\n"
    third = f"message/rfc822\r\n\r\n{back}\r\nBonjour" if whole else f"text/rfc822-headers\r\n\r\n{back}"
    lines = f"""From: MAILER-DAEMON@courrier.exemple.fr
To: cahier@exemple.fr
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="cut"

--cut
Content-Type: text/plain

I could not deliver your message, 5.5.5.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; courrier.exemple.fr

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 unknown

--cut
Content-Type: {third}
--cut--
"""
    return re.sub("\r?\n", "\r\n", lines).encode()


async def noted(*reports: bytes, days: float = 0) -> list[BounceFate]:
    return [await note_bounce(each, NOON + days * DAY) for raw in reports for each in read_bounces(raw)]


@pytest.fixture
async def member(database: Settings) -> Member:
    return await make_member("Camille Martin", email=ADDRESS)


async def marked() -> bool:
    return await count_bounced() == 1


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("status", ["5.1.1", "5.2.2", "5.7.1", "5.0.0"])
async def test_a_refusal_for_good_marks_the_address(member: Member, status: str, whole: bool) -> None:
    assert await noted(report(status, whole=whole)) == [BounceFate.MARKED]
    assert (await Member.get(id=member.id)).bounced_at == NOON
    assert await noted(report(status, whole=whole)) == [BounceFate.LEFT], "read twice, it counts once"
    assert await count("bounce") == 1


async def test_two_mails_refused_for_now_within_a_week_mark_it(member: Member) -> None:
    assert await noted(report("4.4.1", action="delayed")) == [BounceFate.NOTED]
    assert await noted(report("4.4.7"), days=1) == [BounceFate.LEFT], "the same mail, refused again"
    assert await noted(report("4.2.2", original=sent(8)), days=8) == [BounceFate.NOTED], "a week later"
    assert not await marked()
    assert await noted(report("4.2.2", original=sent(9)), days=9) == [BounceFate.MARKED]
    assert await marked()


async def test_a_mail_refused_for_now_then_for_good_marks_it(member: Member) -> None:
    assert await noted(report("4.4.1", action="delayed"), report("5.4.7")) == [BounceFate.NOTED, BounceFate.MARKED]


@pytest.mark.parametrize(
    "raw",
    [
        report(original=""),
        report(original="<7.20261123120000000000.0123456789abcdef0123456789abcdef@exemple.fr>"),
        report(original=sent(address="autre@exemple.fr")),
        report(original="<1@exemple.com>"),
    ],
    ids=["no mail", "made up", "to somebody else", "another site’s"],
)
async def test_a_report_on_no_mail_of_ours_marks_nobody(member: Member, raw: bytes) -> None:
    """Otherwise whoever writes to the address of the site would silence its members."""
    assert await noted(raw) == [BounceFate.LEFT]
    assert not await marked()


@pytest.mark.parametrize(
    "raw",
    [
        report("2.0.0", action="delivered"),
        report("5.1.1", action="relayed"),
        report("5.1.1", action="delayed"),
        report("5"),
        report("cinq"),
        report(kind="disposition-notification"),
        b"Subject: Absence\r\n\r\nJe suis absente jusqu'au 550 5.1.1.",
        b"",
        b"\xff\x00" * 40,
    ],
)
async def test_nothing_is_guessed(member: Member, raw: bytes) -> None:
    assert await noted(raw) == []
    assert not await marked()


@given(st.binary(max_size=200), st.integers(0, 900))
def test_what_is_cut_or_garbled_is_read_without_a_fault(garbage: bytes, place: int) -> None:
    raw = report()
    for each in (raw[:place], raw[:place] + garbage + raw[place:], garbage):
        read_bounces(each)


async def test_an_address_with_a_domain_of_other_letters_is_known(database: Settings) -> None:
    await make_member("Camille Martin", email="lea@bücher.example")
    address = "lea@xn--bcher-kva.example"
    assert await noted(report(original=sent(address=address), to=address)) == [BounceFate.MARKED]


async def test_no_mail_leaves_but_those_that_mend_it(
    client: AsyncClient, member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    monkeypatch.setattr(running, "clock", clock)
    await noted(report())
    for template in ("password_changed", "confirm"):
        async with transaction() as tx:
            await post_mail(tx, template, ADDRESS, locale="fr", now=NOON, name="Camille", token="jeton")
    for job in (1, 2):
        await running.run(job, mails.WORK)
    (left,) = database.site.mail_path.glob("*.eml")
    assert left.name.endswith("-confirm.eml")
    assert await count("mail") == 0


async def test_the_member_sees_it_and_mends_it(
    client: AsyncClient, member: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    monkeypatch.setattr(running, "clock", clock)
    await sign_in(client, member)
    for page in ("/compte", "/notifications"):
        assert "les serveurs de courrier refusent" not in (await client.get(page)).text
    assert (await client.post("/compte/confirmer/envoyer", data={})).status_code == 404
    await noted(report())
    for page in ("/compte", "/notifications"):
        said = (await client.get(page)).text
        assert "Depuis le 23 novembre 2026, les serveurs de courrier refusent" in said
    assert (await client.post("/compte/confirmer/envoyer", data={})).status_code == 303
    await running.run(1, mails.WORK)
    (left,) = database.site.mail_path.glob("*.eml")
    link = re.search(r"http\S+jeton=\S+", part(read(left.read_bytes()), "plain"))
    assert link
    assert (await client.post("/compte/confirmer", data={"jeton": link[0].partition("=")[2]})).status_code == 303
    assert not await marked()
    assert (await Member.get(id=member.id)).confirmed_at == member.confirmed_at
    assert await noted(report()) == [BounceFate.LEFT], "the old report counts no more"
    assert await noted(report("4.2.2", original=sent(8))) == [BounceFate.NOTED]


async def test_what_was_noted_is_forgotten_after_a_month(member: Member) -> None:
    await noted(report("4.2.2"))
    await forget_bounces(NOON + 29 * DAY)
    assert await Bounce.all().count() == 1
    await forget_bounces(NOON + 30 * DAY)
    assert await Bounce.all().count() == 0


def _box(folder: Path, *messages: bytes) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for place, each in enumerate(messages):
        (folder / "new" / f"{place}.courrier").write_bytes(each)
    return folder


async def test_the_messages_of_a_box_are_read_once(member: Member, tmp_path: Path) -> None:
    box = _box(tmp_path / "box", report(), "Subject: Été\r\n\r\nMerci !".encode())
    assert sorted(await note_all(unread(box), NOON)) == [BounceFate.LEFT, BounceFate.MARKED]
    assert not list((box / "new").iterdir())
    assert len(list((box / "cur").iterdir())) == 2
    assert await note_all(unread(box), NOON) == []
