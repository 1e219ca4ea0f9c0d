"""Mails: each is sent at least once, reveals nothing to others, and survives an unreachable mail server."""

import asyncio
import re
import ssl
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.routing import Route
from structlog.testing import capture_logs

from forum.database import row, rows, transaction
from forum.domain import jobs
from forum.domain.following.news import News, NewsGroup
from forum.domain.jobs import LostLease
from forum.domain.links import HOUR, LENGTHS
from forum.domain.mail import PER_HOUR, Listed, WaitingMail, forget_mails, forgive_mails, may_mail, post_mail
from forum.jobs import JobName
from forum.models.joining import Purpose
from forum.routes import routes
from forum.settings import ROOT, Settings, settings
from tests.conftest import NOON, Clock
from tests.test_logs import Log
from tests.test_logs import log as log
from workers import mail, running
from workers.letters import WIDTH, UnwritableAddress, message_of

pytestmark = pytest.mark.anyio

ADDRESS = "lea.martin@exemple.fr"


def made_news(what: str, **about: Any) -> News:
    """An event with what it is about."""
    nothing: dict[str, Any] = dict.fromkeys(("author", "post", "thread", "reference", "other", "theme", "synthesis"))
    return News(what, NOON, **({"words": "", "thread_title": "", "theme_title": ""} | nothing | about))


WORDS: dict[str, Any] = {
    "name": "Camille Martin",
    "token": "jeton-tres-secret",
    "email": "nouvelle@exemple.fr",
    "what": "added",
    "inviter": "Agnès Lambert",
    "until": "2026-12-01T17:00:00+00:00",
    "reason": "Des propos contraires à la charte.",
    "date": "2026-12-01",
    "provider": "ProConnect",
    "decision": "12",
    "case": "3",
    "theme": "3",
    "title": "Formation et acteurs",
    "rule": "contraire à la charte",
    "new_name": "Camille Martin",
    "organisation": "Médiathèque de Quimper",
    "kind": "addressed",
    "count": 2,
    "more": True,
    "groups": (
        NewsGroup((made_news("reply", post=12, author="Paul Durand", words="Oui.", thread=3, thread_title="Où ?"),)),
        NewsGroup((made_news("answered", reference="T3-001", words="Embaucher.", theme=3),), more=4),
    ),
}
TEMPLATES = sorted(p.stem for p in (ROOT / "templates/mail").glob("*.txt") if not p.name.startswith("_"))


def waiting(
    template: str = "reset", *, address: str = ADDRESS, locale: str = "fr", values: Mapping[str, Any] = WORDS
) -> WaitingMail:
    listed = Listed("addressed", "thread-3", "12-addressed-20271130-0123") if template == "news" else None
    return WaitingMail(7, address, template, locale, values, NOON, listed)


def part(message: EmailMessage, kind: str) -> str:
    """The text ("plain") or the HTML of a mail."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def read(raw: bytes) -> EmailMessage:
    """A mail as its recipient's mail program reads it."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


# What a mail says


@pytest.mark.parametrize(
    ("locale", "hour", "hours", "days"), [("fr", "une heure", "heures", "jours"), ("en", "one hour", "hours", "days")]
)
def test_each_mail_says_how_long_its_link_lasts(
    configured: Settings, locale: str, hour: str, hours: str, days: str
) -> None:
    told = 0
    for purpose, length in LENGTHS.items():
        if purpose.value in TEMPLATES:
            text = part(read(message_of(waiting(purpose.value, locale=locale)).as_bytes()), "plain")
            many = length // HOUR
            words = hour if many == 1 else f"{many} {hours}" if many < 72 else f"{many // 24} {days}"
            assert words in re.sub(r"[\u00a0\u202f]", " ", text), purpose
            told += 1
    assert told == len(LENGTHS)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_each_mail_says_the_same_in_text_and_in_html(configured: Settings, template: str, locale: str) -> None:
    message = read(message_of(waiting(template, locale=locale)).as_bytes())
    text, html = part(message, "plain"), part(message, "html")
    site = configured.site.base_url + ("/en" if locale == "en" else "")
    assert message["Subject"]
    assert "{" not in text + message["Subject"]
    assert f"{site}/donnees-personnelles" in text
    for link in re.findall(r"https?://\S+", text):
        assert link.startswith(f"{site}/")
        assert f'href="{link}"' in html
    assert set(re.findall(r'href="([^"]+)"', html)) == set(re.findall(r"https?://\S+", text))
    assert f'lang="{locale}"' in html
    assert "src=" not in html
    for line in text.splitlines():
        assert len(line) <= WIDTH or line.startswith(site), line
    shown = " ".join(re.sub(r"<style>.*?</style>|<title>.*?</title>|<[^>]+>", " ", html, flags=re.DOTALL).split())
    for paragraph in text.split("\n-- \n")[0].split("\n\n"):
        assert " ".join(paragraph.split("\nhttp")[0].split()).removesuffix(":").strip() in shown


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_mail_has_its_english(configured: Settings, template: str) -> None:
    french, english = (message_of(waiting(template, locale=locale)) for locale in ("fr", "en"))
    assert french["Subject"] != english["Subject"]
    assert english["Content-Language"] == "en"
    assert "Bonjour" in part(french, "plain")
    assert "Hello" in part(english, "plain")
    words = re.sub(r"http\S+", "", part(english, "plain"))
    assert not re.search(r"\b(votre|vous|compte|courriel)\b", words)


def test_every_path_that_a_mail_names_is_an_address_of_the_site() -> None:
    known = {route.path for route in routes() if isinstance(route, Route)}
    named = {
        path
        for file in (ROOT / "templates/mail").iterdir()
        for path in re.findall(r"link\([\"'](/[^\"']*)[\"']", file.read_text("utf-8"))
    }
    assert len(named) > 8
    assert named - known == set()


def test_links_begin_with_the_address_of_the_settings(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SITE__BASE_URL", "https://cahier.exemple.fr")
    settings.cache_clear()
    text = part(message_of(waiting("reset", locale="en")), "plain")
    assert "https://cahier.exemple.fr/en/mot-de-passe/nouveau?jeton=jeton-tres-secret\n" in text


def test_days_and_moments_are_written_in_the_reader_s_language(configured: Settings) -> None:
    said = {
        (template, locale): " ".join(part(message_of(waiting(template, locale=locale)), "plain").split())
        for template in ("suspended", "inactive")
        for locale in ("fr", "en")
    }
    assert "jusqu’au 1er décembre 2026 à 18 h 00" in said["suspended", "fr"]
    assert "until 1 December 2026 at 18:00" in said["suspended", "en"]
    assert "Le 1er décembre 2026, votre compte sera effacé" in said["inactive", "fr"]
    assert "On 1 December 2026 your account will be erased" in said["inactive", "en"]
    endless = part(message_of(waiting("suspended", values=WORDS | {"until": ""})), "plain")
    assert endless.split("\n\n")[1].startswith("Votre compte est suspendu\xa0: vous")


@pytest.mark.parametrize("what", ["added", "replaced", "codes", "removed"])
def test_a_change_of_second_factor_is_named(configured: Settings, what: str) -> None:
    said = {
        kind: part(message_of(waiting("factor_changed", values=WORDS | {"what": kind})), "plain").split("\n\n")[1]
        for kind in ("added", "replaced", "codes", "removed")
    }
    assert len(set(said.values())) == 4
    assert re.search(r"second facteur|codes de secours", " ".join(said[what].split()))


@pytest.mark.parametrize(
    "name",
    [
        "Ève\r\nBcc: tous@exemple.fr\r\n\r\n<b>Bonjour</b>",
        "Ève\nSubject: autre",
        "x" * 10_000,
        "محمد عبد الله",
        "\u202eevil\u202c",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "%(title)s {name}",
        "=?utf-8?q?a=0d=0aBcc:x@exemple.fr?=",
        "-- \nhttps://exemple.com",
    ],
)
def test_a_name_stays_in_its_line_of_the_body(configured: Settings, name: str) -> None:
    """Header injection, markup, templates, direction marks: a name is only text."""
    honest = message_of(waiting("invitation"))
    message = read(message_of(waiting("invitation", values=WORDS | {"name": name, "inviter": name})).as_bytes())
    assert message.keys() == read(honest.as_bytes()).keys()
    assert message["Subject"] == honest["Subject"]
    assert message["To"] == ADDRESS
    text, html = part(message, "plain"), part(message, "html")
    first = " ".join(text.split("\n\n")[0].split())
    assert first.startswith("Bonjour ")
    assert first.endswith(",")
    assert "49" not in first
    apart = re.sub(f"\u2068{re.escape(name)}\u2069", "", " ".join((text + html).split()))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", apart)
    assert "<script" not in html
    assert "<b>" not in html
    assert text.count("\n-- \n") == 1
    if name.isprintable() and not name.startswith("\u202e"):
        assert name in " ".join(text.split())


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("lea@bücher.example", "lea@xn--bcher-kva.example"),
        ("lea@faß.example", "lea@xn--fa-hia.example"),
        ("lea@ÉCOLE.example", "lea@xn--cole-9oa.example"),
        ("zoé@exemple.fr", "zoé@exemple.fr"),
        ("lea@exemple.fr\u200b", "lea@exemple.fr"),
    ],
)
def test_an_address_is_one_reader_and_its_domain_is_in_ascii(configured: Settings, address: str, header: str) -> None:
    message = message_of(waiting(address=address))
    (reader,) = message["To"].addresses
    assert reader.addr_spec == header
    assert f"\r\nTo: {header}\r\n".encode() in message.as_bytes()


@pytest.mark.parametrize(
    "address",
    [
        *("lea@exemple.fr\r\nBcc: x@exemple.fr", "lea", "lea@exe mple.fr", "@", "a,b@exemple.fr", "lea>@exemple.fr"),
        *("lea@exemple.fr, x@exemple.fr", "lea@-exemple.fr"),
    ],
)
def test_what_is_no_address_enters_no_header(configured: Settings, address: str) -> None:
    with pytest.raises(UnwritableAddress):
        message_of(waiting(address=address))


def test_a_mail_says_that_a_machine_sent_it(configured: Settings) -> None:
    """RFC 3834: no automatic reply answers it."""
    message = message_of(waiting())
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOON
    assert message["Message-ID"] == message_of(waiting())["Message-ID"]
    assert message["Message-ID"] != message_of(WaitingMail(8, ADDRESS, "reset", "fr", WORDS, NOON))["Message-ID"]


# A mail server


@dataclass
class Postbox:
    """A mail server: what it accepted, and how it answers."""

    mails: list[Envelope] = field(default_factory=list)
    visits: int = 0
    answer: str = "250 OK"
    after_data: str = "250 OK"
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[bytes] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer.format(address=address)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.after_data.startswith("250"):
            self.mails.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.after_data

    def messages(self) -> list[EmailMessage]:
        return [read(one.content) for one in self.mails if isinstance(one.content, bytes)]

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, way: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.signed_in.append(given.password)
        return AuthResult(success=given == LoginPassword(b"cahier@exemple.fr", b"p@ss:\xc3\xa9"))


Configure = Callable[..., None]


@pytest.fixture
def configure(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Set `[mail]`: a port of this machine, and other options."""
    monkeypatch.setattr(mail, "rests_until", 0.0)

    def put(port: int, user: str = "", **more: str) -> None:
        values = {"url": f"smtp://{user}127.0.0.1:{port}", "starttls": "false", "sender": "cahier@exemple.fr"} | more
        for name, value in values.items():
            monkeypatch.setenv(f"FORUM_MAIL__{name.upper()}", value)
        settings.cache_clear()

    return put


@asynccontextmanager
async def mail_server(box: Postbox, port: int = 0, **ways: object) -> AsyncIterator[int]:
    """A mail server on this machine, until the end of the block."""

    def visit() -> SMTP:
        box.visits += 1
        return SMTP(box, hostname="courrier.exemple.fr", **({"enable_SMTPUTF8": True} | ways))  # type: ignore[arg-type]

    server = await asyncio.get_running_loop().create_server(visit, "127.0.0.1", port)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.fixture
async def box(configure: Configure) -> AsyncIterator[Postbox]:
    """A mail server that the site sends to."""
    one = Postbox()
    async with mail_server(one) as port:
        configure(port)
        yield one


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Clock:
    """The time of the workers."""
    monkeypatch.setattr(running, "clock", clock)
    return clock


async def post(template: str = "reset", address: str = ADDRESS, **values: str) -> int:
    """Write a mail that waits; returns its job."""
    said = {name: value for name, value in WORDS.items() if isinstance(value, str)}
    async with transaction() as tx:
        await post_mail(tx, template, address, locale="fr", now=NOON, **(said | values))
    return int((await rows("SELECT id FROM job ORDER BY id DESC"))[0]["id"])


async def work(job: int) -> dict[str, object]:
    """Let a worker take the job; returns what became of it."""
    await running.run(job, mail.WORK)
    found = await row("SELECT state, tries, error, run_after, subject FROM job WHERE id = $1", job)
    assert found is not None
    return dict(found)


async def left() -> int:
    return len(await rows("SELECT id FROM mail"))


async def test_a_mail_is_sent_once_and_its_row_is_deleted(database: Settings, now: Clock, box: Postbox) -> None:
    job = await post()
    assert (await work(job))["state"] == "done"
    await work(job)
    (message,) = box.messages()
    assert box.mails[0].rcpt_tos == [ADDRESS]
    assert box.mails[0].mail_from == "cahier@exemple.fr"
    assert message["Subject"] == "Choisissez un nouveau mot de passe"
    assert await left() == 0


async def test_the_link_that_ends_mails_travels_as_it_is(
    configured: Settings, monkeypatch: pytest.MonkeyPatch, box: Postbox
) -> None:
    """However long: in an encoded header no mail program would find it."""
    monkeypatch.setenv("FORUM_SITE__BASE_URL", f"https://{'consultation.' * 8}exemple.fr")
    settings.cache_clear()
    await mail.deliver(waiting("news", locale="en"))
    raw = box.mails[0].content
    assert isinstance(raw, bytes)
    link = f"<{settings().site.base_url}/en/courriels/arreter?jeton=12-addressed-20271130-0123>"
    headers = raw.splitlines()
    assert f"List-Unsubscribe: {link}".encode() in headers
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"} & set(message_of(waiting()).keys())


async def test_a_mail_waits_for_a_server_that_is_away_for_a_day(
    database: Settings, now: Clock, configure: Configure
) -> None:
    box = Postbox()
    async with mail_server(box) as port:
        configure(port)
    job = await post("password_changed")
    pauses = []
    while now.now < NOON + timedelta(days=1):
        mail.rests_until = 0.0
        found = await work(job)
        assert found["state"] == "queued"
        assert "connexion" in str(found["error"])
        later = datetime.fromisoformat(str(found["run_after"])).astimezone(UTC)
        pauses.append(later - now.now)
        now.now = later
    assert pauses[0] == timedelta(seconds=2)
    assert max(pauses) == timedelta(minutes=15)
    mail.rests_until = 0.0
    async with mail_server(box, port):
        assert (await work(job))["state"] == "done"
    assert len(box.mails) == 1
    assert await left() == 0


async def test_a_mail_whose_link_has_ended_is_no_longer_sent(database: Settings, now: Clock, box: Postbox) -> None:
    lost, found = await post("reset"), await post("sign_up")
    now.pass_(hours=1)
    assert (await work(lost))["state"] == "failed"
    assert (await work(found))["state"] == "done"
    assert [one["Subject"] for one in box.messages()] == ["Confirmez votre adresse"]
    assert await left() == 0


async def test_patience_ends_after_two_days(database: Settings, now: Clock, configure: Configure) -> None:
    async with mail_server(Postbox()) as port:
        configure(port)
    job = await post()
    await rows("UPDATE job SET tries = $2 WHERE id = $1", job, mail.TRIES - 1)
    assert (await work(job))["state"] == "failed"
    assert await left() == 0
    assert timedelta(days=2) <= mail.LONGEST_PAUSE * (mail.TRIES - 9) + timedelta(seconds=1022)


async def test_a_silent_server_is_left_alone_by_the_mails_that_follow(
    database: Settings, now: Clock, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise thousands of invitations, each waiting for it in turn, would delay a synthesis."""
    calls: list[str] = []

    async def silent(message: EmailMessage, known: Settings) -> None:
        calls.append(message["To"])
        raise TimeoutError

    monkeypatch.setattr(mail, "talk", silent)
    configure(25)
    for _ in range(3):
        assert (await work(await post()))["state"] == "queued"
    assert len(calls) == 1
    monkeypatch.setattr(mail, "rests_until", mail.rests_until - mail.REST)
    await work(await post())
    assert len(calls) == 2


async def test_a_server_that_is_away_is_one_line_without_a_traceback(
    database: Settings, now: Clock, configure: Configure, log: Log
) -> None:
    """However many mails wait for it, and in whatever words each says so."""
    async with mail_server(Postbox()) as port:
        configure(port)
    for pause in (0.0, mail.REST, 0.0):
        mail.rests_until = monotonic() + pause
        assert (await work(await post()))["state"] == "queued"
    (line,) = log.lines
    assert (line["event"], line["fault"], line["level"]) == ("job waits", "MailServerAway", "warning")
    assert "connexion refusée" in line["reason"]
    assert ADDRESS not in log.stream.getvalue()


@pytest.mark.parametrize(("answer", "code"), [("550 5.1.1 <{address}>: unknown here", "550 5.1.1"), ("553 no", "553")])
async def test_a_recipient_refused_for_good_is_forgotten_and_named_nowhere(
    database: Settings, now: Clock, box: Postbox, answer: str, code: str
) -> None:
    box.answer = answer
    job = await post()
    with capture_logs() as logs:
        found = await work(job)
    assert found["state"] == "failed"
    assert code in str(found["error"])
    assert await left() == 0
    assert [one["event"] for one in logs] == ["mail given up"]
    assert "lea" not in f"{logs} {found}"


async def test_a_mail_sealed_under_a_lost_key_ends_by_being_given_up(database: Settings, now: Clock) -> None:
    job = await post()
    await rows("UPDATE mail SET content = 'sous une clé perdue'")
    await rows("UPDATE job SET tries = $1", mail.TRIES - 1)
    assert (await work(job))["state"] == "failed"
    assert await left() == 0


@pytest.mark.parametrize("answers", [{"answer": "451 4.7.1 <{address}> later"}, {"after_data": "452 4.3.1 full"}])
async def test_a_server_that_says_later_is_asked_later(
    database: Settings, now: Clock, box: Postbox, answers: dict[str, str]
) -> None:
    for name, value in answers.items():
        setattr(box, name, value)
    job = await post()
    with capture_logs() as logs:
        found = await work(job)
    assert found["state"] == "queued"
    assert "lea" not in f"{logs} {found}"
    box.answer = box.after_data = "250 OK"
    now.pass_(seconds=3)
    assert (await work(job))["state"] == "done"
    assert len(box.mails) == 1


async def test_a_copy_sent_after_a_worker_was_killed_has_the_same_message_id(
    database: Settings, now: Clock, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await post()

    async def killed(claim: object, moment: datetime) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(mail, "finish_mail", killed)
        with pytest.raises(asyncio.CancelledError):
            await running.run(job, mail.WORK)
    assert (await work(job))["state"] == "done"
    first, second = box.messages()
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_worker_that_lost_its_lease_deletes_nothing(database: Settings, now: Clock, box: Postbox) -> None:
    job = await post()
    claim = await jobs.take(job, now(), lease=timedelta(seconds=20))
    assert claim is not None
    [silent] = await jobs.held()
    assert await jobs.take(job, now(), lease=timedelta(seconds=20), silent=silent)
    with pytest.raises(LostLease):
        await mail.send_mail(claim)
    assert await left() == 1


async def test_a_mail_to_an_erased_address_never_leaves(database: Settings, now: Clock, box: Postbox) -> None:
    job, other = await post(address="Lea.Martin@exemple.fr"), await post(address="autre@exemple.fr")
    async with transaction():
        await forget_mails(ADDRESS)
    assert (await work(job))["state"] == "done"
    assert box.mails == []
    assert (await work(other))["state"] == "done"
    assert box.mails[0].rcpt_tos == ["autre@exemple.fr"]


async def test_an_address_that_breaks_a_header_is_refused_for_good(
    database: Settings, now: Clock, box: Postbox
) -> None:
    job = await post(address="lea@exemple.fr\r\nBcc: x@exemple.fr")
    assert (await work(job))["state"] == "failed"
    assert await left() == 0
    assert box.visits == 0


async def test_a_mail_that_cannot_be_made_is_kept_for_whoever_repairs_it(
    database: Settings, now: Clock, box: Postbox
) -> None:
    job = await post("inactive", date="demain")
    found = await work(job)
    assert found["state"] == "queued"
    assert "isoformat" in str(found["error"])
    assert await left() == 1


async def test_accents_before_the_at_sign_need_a_server_that_knows_them(
    database: Settings, now: Clock, configure: Configure
) -> None:
    for known, state in ((True, "done"), (False, "failed")):
        box = Postbox()
        async with mail_server(box, enable_SMTPUTF8=known) as port:
            configure(port)
            assert (await work(await post(address="zoé@bücher.example")))["state"] == state
        assert [one.rcpt_tos for one in box.mails] == ([["zoé@xn--bcher-kva.example"]] if known else [])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine that it signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


async def test_the_password_and_the_mail_travel_encrypted_or_not_at_all(
    database: Settings,
    now: Clock,
    configure: Configure,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    box = Postbox()
    user = "cahier%40exemple.fr:p%40ss%3A%C3%A9@"
    async with mail_server(box, authenticator=box.sign_in, auth_require_tls=False) as port:
        configure(port, user, starttls="true")
        job = await post()
        assert (await work(job))["state"] == "queued"  # the server offers no encryption
    async with mail_server(box, tls_context=tls, authenticator=box.sign_in, auth_require_tls=True) as port:
        configure(port, user, starttls="true")
        mail.rests_until = 0.0
        now.pass_(seconds=10)
        assert (await work(job))["state"] == "queued"  # a certificate that no authority signed
        assert (box.mails, box.signed_in) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        mail.rests_until = 0.0
        now.pass_(seconds=10)
        assert (await work(job))["state"] == "done"
    assert box.encrypted == [True]
    assert box.signed_in == [b"p@ss:\xc3\xa9"]


# Without a mail server


async def test_without_a_server_mails_are_files_for_their_owner_alone(database: Settings, now: Clock) -> None:
    assert (await work(await post()))["state"] == "done"
    folder = database.site.data_path / "mail"
    (file,) = folder.iterdir()
    assert file.name == "20261123-120000-1-reset.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    message = read(file.read_bytes())
    assert message["To"] == ADDRESS
    assert "jeton-tres-secret" in part(message, "plain")
    await mail.deliver(WaitingMail(1, ADDRESS, "reset", "fr", WORDS, NOON))
    assert [one.name for one in folder.iterdir()] == [file.name]


async def test_a_folder_that_cannot_be_written_keeps_the_mail(database: Settings, now: Clock) -> None:
    database.site.data_path.mkdir(parents=True, exist_ok=True)
    (database.site.data_path / "mail").write_text("un fichier est à cette place")
    job = await post()
    assert (await work(job))["state"] == "queued"
    (database.site.data_path / "mail").unlink()
    now.pass_(seconds=3)
    assert (await work(job))["state"] == "done"


# How many


async def test_an_address_gets_three_mails_of_a_kind_an_hour_however_it_is_written(database: Settings) -> None:
    written = (ADDRESS, ADDRESS.upper(), ADDRESS, ADDRESS)
    assert [await may_mail(Purpose.RESET, one) for one in written] == [True, True, True, False]
    assert await may_mail(Purpose.RESET, "autre@exemple.fr")
    assert await may_mail(Purpose.INVITATION, ADDRESS)
    await forgive_mails(Purpose.RESET, ADDRESS)
    assert await may_mail(Purpose.RESET, ADDRESS)


async def test_a_hundred_requests_at_once_give_three_mails(database: Settings) -> None:
    with capture_logs() as logs:
        assert sum(await asyncio.gather(*(may_mail(Purpose.RESET, ADDRESS) for _ in range(100)))) == PER_HOUR
    assert len(logs) == 97
    assert "lea" not in str(logs)


async def test_a_waiting_mail_reveals_nothing_to_whoever_reads_the_table(database: Settings) -> None:
    await post()
    (found,) = await rows("SELECT * FROM mail")
    assert "jeton" not in str(dict(found))
    assert "Camille" not in str(dict(found))


async def test_a_mail_is_rolled_back_with_the_write_that_wanted_it(database: Settings) -> None:
    async def post_then_break() -> None:
        async with transaction() as tx:
            await post_mail(tx, "reset", ADDRESS, locale="fr", now=NOON, name="Camille Martin")
            raise LookupError

    with pytest.raises(LookupError):
        await post_then_break()
    assert await left() == 0
    assert await rows("SELECT id FROM job WHERE name = $1", JobName.SEND_MAIL.value) == []
