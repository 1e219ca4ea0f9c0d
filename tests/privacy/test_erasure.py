"""Erasure: somebody who has done everything asks to be erased, and nothing names them any more, anywhere."""

import io
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from httpx2 import AsyncClient
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette

from forum.database import (
    NOTES,
    close_database,
    credentials_of,
    insert_rows,
    is_sqlite,
    open_database,
    row,
    rows,
    transaction,
)
from forum.database import tables as all_tables
from forum.domain import jobs, journal, journal_chain
from forum.domain.mail import WaitingMail
from forum.domain.members.members import create_member
from forum.domain.members.particulars import Particulars
from forum.domain.privacy import personal_data
from forum.domain.privacy.erasure import COLUMNS, TextFate, erase
from forum.domain.privacy.redacted_words import PLAIN_WORDS
from forum.domain.syntheses.snapshots import from_json, sha256, to_json
from forum.errors import NotAllowed, NotFound
from forum.models.answers import Answer, Decision, Obligation
from forum.models.cases import (
    DecisionAct,
    ModerationCase,
    ModerationComplaint,
    ModerationDecision,
    ModerationNotice,
)
from forum.models.credentials import Identity
from forum.models.joining import InvitationBatch
from forum.models.meetings import Meeting
from forum.models.members import Member, Role
from forum.models.moderation import Ground, Moderated
from forum.models.post_drafts import DraftKind, PostDraft
from forum.models.posts import Outcome, PendingPost, Post, Reception, ReceptionOrigin, Treatment
from forum.models.proposals import (
    Distinction,
    Extract,
    Merge,
    Origin,
    Proposal,
    ProposalState,
    ProposalTurn,
    ProposalVersion,
    Turn,
)
from forum.models.syntheses import BlockKind, Synthesis, SynthesisBlock, SynthesisState
from forum.models.themes import Theme
from forum.models.threads import Thread, ThreadAct, ThreadTurn
from forum.models.votes import BallotChange, ExcludedVote
from forum.ranking.tallies import Opinion
from forum.sealing import seal
from forum.settings import Settings, settings
from forum.text import quotes, redaction
from forum.text.folding import sort_key
from forum.text.mentions import handle_key
from forum.text.quotes import QuoteMark
from forum.text.reading import read
from forum.text.redaction import (
    SAID,
    Redacted,
    RedactedPerson,
    Redactor,
    Words,
    as_source,
    is_ordinary,
    redact,
    replaced,
)
from tests.compiled_syntheses import Quick, cast
from tests.conftest import ADDRESS, NOON, Clock, fill_tables, visitor
from tests.document_samples import small_snapshot
from tests.factories import (
    count,
    give_factor,
    make_group,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
    sign_in,
)
from workers import mail, running, workshop
from workers.letters import message_of

NAME = "Éléonore Vasseur-Lévy"
HANDLE = "Éléonore-Vasseur-Lévy"
EMAIL = "eleonore.vl@exemple.fr"
PASSWORD = "quatre mots bien choisis"
TRACES = (sort_key(NAME), sort_key(HANDLE), sort_key(EMAIL))
# As people write a name: decomposed, in capitals, in small letters, with another space.
SPELLINGS = (
    NAME,
    unicodedata.normalize("NFD", NAME),
    NAME.upper(),
    "eleonore  vasseur levy",
    "Éléonore\u00a0Vasseur‑Lévy",
    EMAIL.upper(),
)


async def work_off(clock: Clock) -> None:
    """Run every waiting job, mails included."""
    for _ in range(4):
        for job, _ in await jobs.waiting(clock()):
            await running.run(job, workshop.WORK)


def traces(text: str) -> list[str]:
    said = sort_key(text)
    return [trace for trace in TRACES if trace in said]


def texts_of(value: object) -> Iterator[str]:
    """All the texts in a column's value: itself, the texts of its JSON, the texts of its files."""
    if isinstance(value, memoryview):
        value = bytes(value)
    if not isinstance(value, bytes):
        text = str(value)
        yield text
        yield text.encode().decode("unicode_escape", "replace") if "\\u" in text else ""
        return
    yield value.decode("utf-8", "replace")
    yield re.sub(r"<[^>]+>", "", value.decode("utf-8", "replace"))
    if value.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(value)) as files:
            for name in files.namelist():
                yield name
                yield re.sub(r"<[^>]+>", "", files.read(name).decode("utf-8", "replace"))
    if value.startswith(b"%PDF"):
        yield subprocess.run(["pdftotext", "-", "-"], input=value, capture_output=True, check=True).stdout.decode()


async def tables() -> list[str]:
    return sorted(await all_tables() - {NOTES})


async def columns_of(table: str) -> dict[str, str]:
    """The columns of a table that the database itself names, and their kinds."""
    if is_sqlite():
        return {one["name"]: one["type"] for one in await rows(f"SELECT name, type FROM pragma_table_info('{table}')")}
    found = await rows(
        """SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = $1""",
        table,
    )
    return {one["name"]: one["type"] for one in found}


async def found_in_database(*, without: tuple[str, ...] = ("identification",)) -> list[tuple[str, str, int, str]]:
    """(table, column, id, trace) of whatever still names the person."""
    found = []
    for table in await tables():
        if table in without:
            continue
        for line in await rows(f"SELECT * FROM {table}"):
            for column in await columns_of(table):
                for text in texts_of(line[column]):
                    found += [(table, column, line["id"], trace) for trace in traces(text)]
    return found


@pytest.fixture
def worker_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(running, "clock", clock)
    return clock


class Consultation:
    """The consultation before the erasure."""

    person: int
    other: Member
    open_theme: Theme
    closed_theme: Theme
    open_proposal: Proposal
    closed_proposal: Proposal
    thread: Thread


@pytest.fixture
async def everything(client: AsyncClient, app: Starlette, worker_clock: Clock, rendered_once: None) -> Consultation:
    """A person who wrote, edited, quoted, was quoted and named in every place where that is possible; signed in
    here."""
    world = Consultation()
    group = await make_group("gt-3")
    world.open_theme = await make_theme(3, group=group)
    world.closed_theme = await make_theme(5, contributions="open", votes="closed", group=group)
    made = await create_member(Particulars(NAME, email=EMAIL, password=PASSWORD, organisation="Ville"), now=NOON)
    world.person = made.id
    await make_member(f"Votant {NAME[:3]}")
    world.other = await make_member("Paul Autre", organisation=f"Bureau de {NAME}")
    admin = await make_member("Ada Admin", role=Role.ADMINISTRATOR)
    world.thread = await make_thread(world.closed_theme, f"Ce que dit {NAME}", author=world.other)
    first = await make_post(world.thread, f"Avant tout, {' ; '.join(SPELLINGS)} : former.", author=world.other)
    await sign_in(client, await Member.get(id=world.person))
    path = f"/fils/{world.thread.id}/repondre"
    own = f"Je suis {NAME}, **{NAME.split()[0]}** {NAME.split()[1]} donc.\n\n{{{{citation {first.id}@1 0-30}}}}"
    assert (await client.post(path, data={"source": own})).status_code == 303
    mine = await Post.get(author_id=world.person)
    edited = {"source": f"{own}\n\nEt je signe : {NAME}.", "version": "1"}
    assert (await client.post(f"/contributions/{mine.id}/modifier", data=edited)).status_code == 303
    async with visitor(app) as theirs:
        await sign_in(theirs, world.other)
        mark = f"{{{{citation {mine.id}@1 0-40}}}}"
        answer = {
            "source": f"{mark}\n\n@{HANDLE} a raison, *Éléonore* **Vasseur**-Lévy sait.",
            "reply_to": str(mine.id),
        }
        assert (await theirs.post(path, data=answer)).status_code == 303
        assert (
            await theirs.post(path, data={"source": f"`{NAME}` et [{NAME}](https://x.fr/{HANDLE})"})
        ).status_code == 303
    world.open_proposal = await make_proposal(world.open_theme, f"Écouter {NAME}.", author=world.other)
    body = f"Comme **{NAME}** le dit."
    await rows(
        "UPDATE proposal SET body = $1, body_html = $2, body_plain = $3",
        body,
        read(body).html,
        read(body).plain,
    )
    source = await Extract.create(
        post=first, revision=1, start=0, stop=40, sha256=quotes.digest(first.plain[:40]), member=admin, created_at=NOON
    )
    world.closed_proposal = await make_proposal(world.closed_theme, f"Suivre {NAME.upper()}.", author=world.other)
    await Proposal.filter(id=world.closed_proposal.id).update(extract_id=source.id, origin=Origin.EXTRACT)
    for proposal in (world.open_proposal, world.closed_proposal):
        await cast(proposal, world.person, Opinion.FOR)
        await BallotChange.create(
            proposal=proposal, voter_id=world.person, opinion=Opinion.FOR, proposal_version=1, changed_at=NOON
        )
    await Meeting.create(
        working_group=group,
        number=1,
        place=f"chez {NAME}",
        attendance=f"{NAME}, P. Autre",
        minutes=f"Présents : {NAME}, P. Autre.",
        created_at=NOON,
    )
    draft = await make_proposal(world.open_theme, f"Pas encore dit par {NAME}.", author=await Member.get(id=made.id))
    await Proposal.filter(id=draft.id).update(state=ProposalState.DRAFT, number=-1)
    await name_around(world.closed_proposal, world.open_proposal, mine, made.id)
    async with transaction():
        await journal.record(
            None, "hide", "post", mine.id, group=group.id, before=NAME, after="", reason=f"Demande de {NAME}", now=NOON
        )
    await rows("UPDATE member SET suspended_reason = $1 WHERE id = $2", f"Insultes à @{HANDLE}", world.other.id)
    about: dict[str, Any] = {"theme": world.open_theme, "excluded_at": NOON}
    await ExcludedVote.create(**about, member=world.other, reason=f"Ouvert par {NAME}")
    await ExcludedVote.create(**about, member_id=world.person, reason="Un compte frauduleux.")
    await give_factor(await Member.get(id=world.person))
    await Identity.create(member_id=world.person, issuer="https://idp.fr", subject=EMAIL, created_at=NOON)
    await rows(
        "INSERT INTO sign_up (name, email, password_hash, charter_version, created_at, expires_at, organisation,"
        " profession, territory, locale) VALUES ($1, $2, 'x', 'x', $3, $3, '', '', '', 'fr')",
        NAME,
        EMAIL,
        NOON,
    )
    await rows(
        "INSERT INTO mail (address, template, locale, content, created_at) VALUES ($1, 'reset', 'fr', $2, $3)",
        "x@exemple.fr",
        seal({"name": NAME}),
        NOON,
    )
    for browser, member in ((client, None), (None, world.other)):
        if browser is not None:
            assert (await browser.post("/compte/donnees")).status_code == 303
        elif member is not None:
            async with visitor(app) as theirs:
                await sign_in(theirs, member)
                assert (await theirs.post("/compte/donnees")).status_code == 303
    async with visitor(app) as administrator:
        await sign_in(administrator, admin)
        asked = await administrator.post("/syntheses/demander", data={"theme": "5"})
        assert asked.status_code == 303
        await work_off(worker_clock)
        await write_a_text(1)
        published = await administrator.post("/syntheses/1/publier", data={"confirmation": "1"})
        assert published.status_code == 303
    await rows("UPDATE job SET error = $1 WHERE name = 'compile_synthesis'", f"Mot trop long : {NAME}")
    await rows("UPDATE document SET error = $1 WHERE format = 'csv'", f"Mot trop long : {NAME}")
    return world


async def write_a_text(synthesis: int) -> None:
    words = f"Merci à {NAME}."
    reading = read(words)
    await SynthesisBlock.create(
        synthesis_id=synthesis,
        kind=BlockKind.INTRODUCTION,
        number=1,
        source=words,
        html=reading.html,
        plain=reading.plain,
        written_at=NOON,
    )


async def name_around(proposal: Proposal, other: Proposal, post: Post, person: int) -> None:
    """What moderators and agents write about proposals and contributions, and what the person did as one of them."""
    await Proposal.filter(id=proposal.id).update(state_reason=f"Selon {NAME}")
    await ProposalVersion.filter(proposal_id=proposal.id).update(reason=f"Relu par {NAME}", certifier_id=person)
    await ProposalTurn.create(
        proposal=proposal, turn=Turn.SET_ASIDE, member_id=person, reason=f"Demande de {NAME}", at=NOON
    )
    await Merge.create(
        source=other, destination=proposal, member_id=person, reason=f"Comme {NAME}", merged_at=NOON, undone_at=NOON
    )
    await ThreadTurn.create(
        thread_id=post.thread_id,
        act=ThreadAct.RENAMED,
        before=f"Le fil de {NAME}",
        member_id=person,
        reason=f"Avec {NAME}",
        at=NOON,
    )
    await Distinction.create(one=proposal, other=other, member_id=person, created_at=NOON)
    await Treatment.create(
        post=post, outcome=Outcome.NO_FOLLOW_UP, revision=1, reason=f"Avis de {NAME}", member_id=person, treated_at=NOON
    )
    await _moderate(post, person)
    other_author = await Member.exclude(id=person).first()
    assert other_author is not None
    await PendingPost.create(
        theme_id=proposal.theme_id,
        title=f"Pour {NAME}",
        source=f"Avec {NAME}",
        author=other_author,
        created_at=NOON,
    )
    await PostDraft.create(
        member=other_author,
        kind=DraftKind.OPENING,
        thing=3,
        title=f"Pour {NAME}",
        source=f"Avec {NAME}",
        saved_at=NOON,
    )
    await Reception.create(
        post=post,
        origin=ReceptionOrigin.OTHER,
        channel=f"remise par {NAME}",
        received_on=NOON.date(),
        name=NAME,
        organisation=f"Amis de {NAME}",
    )
    await Answer.create(
        proposal=proposal,
        number=1,
        decision=Decision.RETAINED,
        reason=f"Avec {NAME}",
        service=f"Bureau de {NAME}",
        decided_on=NOON.date(),
        agent_id=person,
        created_at=NOON,
    )
    await Obligation.create(
        proposal=proposal,
        words=f"Recevoir {NAME}",
        due_on=NOON.date(),
        done_on=NOON.date(),
        done_words=f"{NAME} est reçue",
        agent_id=person,
        created_at=NOON,
    )


async def _moderate(post: Post, person: int) -> None:
    """What was notified, decided and contested about their words; they notified, decided and answered too."""
    case = await ModerationCase.create(
        thing=Moderated.POST, thing_id=post.id, working_group_id=1, opened_at=NOON, claimed_by_id=person
    )
    about: dict[str, Any] = {
        "thing": Moderated.POST,
        "thing_id": post.id,
        "revision": 1,
        "ground": Ground.CHARTER,
        "created_at": NOON,
    }
    said: dict[str, Any] = {"words": f"Signé {NAME}", "complaint": f"Relisez, {NAME}", "answer": f"C’est relu, {NAME}"}
    await ModerationNotice.create(case=case, member_id=person, **said, **about)
    await ModerationNotice.create(case=case, address=seal(EMAIL), words="Par une autre voie.", **about)
    await ModerationNotice.create(case=case, address=seal("autre@exemple.fr"), words="Je suis un autre.", **about)
    decision = await ModerationDecision.create(
        case=case,
        act=DecisionAct.HIDE,
        ground=Ground.CHARTER,
        facts=f"Attaque {NAME}",
        decided_by_id=person,
        decided_at=NOON,
        affected_id=person,
        statement=f"Bonjour {NAME}",
    )
    await ModerationComplaint.create(
        decision=decision,
        member_id=person,
        words=f"Je reste {NAME}",
        created_at=NOON,
        answered_by_id=person,
        answer=f"Bien, {NAME}",
    )


async def ask_to_be_forgotten(client: AsyncClient) -> None:
    response = await client.post("/compte/effacer", data={"confirmation": "effacer", "mot_de_passe_actuel": PASSWORD})
    assert response.status_code == 303, response.text


async def test_nothing_names_somebody_who_asked_to_be_forgotten(
    everything: Consultation, client: AsyncClient, app: Starlette, worker_clock: Clock
) -> None:
    before = {(table, column) for table, column, _, _ in await found_in_database()}
    words = {
        (table, column)
        for table, columns in COLUMNS.items()
        for column, fate in columns.items()
        if fate is TextFate.WORDS and column != "sha256"
    }
    unnamed = {
        ("invitation", "organisation"),
        ("journal_entry", "after"),
        ("proposal_version", "body"),
        ("withheld", "words"),
    }
    assert words - before <= unnamed, "the person was not named everywhere where words are"
    assert {"content", "snapshot"} <= {column for _, column in before}
    await ask_to_be_forgotten(client)
    assert await count("document") == 0
    await work_off(worker_clock)
    assert await found_in_database() == []
    documents = await rows("SELECT format, content, error FROM document")
    assert len(documents) == 8
    assert all(one["content"] and not one["error"] for one in documents)
    addresses = await public_addresses()
    async with visitor(app) as one:
        for member in (None, everything.other, await Member.get(name="Ada Admin")):
            if member is not None:
                await sign_in(one, member)
            for address in addresses:
                answer = await one.get(address)
                assert answer.status_code in (200, 303, 403, 404), address
                if address in addresses[:4]:
                    assert answer.status_code == 200, address
                for text in texts_of(answer.content):
                    assert not traces(text), address
    assert [bool(one["address"]) for one in await rows("SELECT address FROM moderation_notice ORDER BY id")] == [
        False,
        False,
        True,
    ], "their address went, that of somebody else stays"
    shown = (await client.get(f"/fils/{everything.thread.id}")).text
    assert "Compte effacé" in shown
    assert "(nom)" in shown
    notice = (await client.get("/syntheses/1")).text
    assert "Des données personnelles ont été retirées de ce document le 23 novembre 2026" in notice.replace("\xa0", " ")


async def public_addresses() -> list[str]:
    posts = await rows("SELECT id, thread_id, revision FROM post ORDER BY id")
    addresses = ["/", "/themes/3", "/themes/5", "/syntheses/1"]
    addresses += [f"/fils/{one['thread_id']}" for one in posts[:1]]
    for one in posts:
        addresses += [f"/contributions/{one['id']}/historique", f"/contributions/{one['id']}/citer"]
        addresses += [f"/contributions/{one['id']}/revisions/{n}" for n in range(1, one["revision"] + 1)]
    addresses += ["/themes/3/propositions", "/themes/5/propositions", "/propositions/T3-001", "/propositions/T5-001"]
    addresses += ["/reunions", "/reunions/1", "/reunions/1/compte-rendu", "/syntheses", "/syntheses/1/lire"]
    addresses += ["/notifications", "/compte/donnees", "/compte/donnees/archive", "/journal", "/journal/export.csv"]
    made = await rows("SELECT format FROM document")
    addresses += [f"/syntheses/1/synthese-T5-v1-2026-11-23.{one['format']}" for one in made]
    return addresses


@pytest.mark.sqlite_only
async def test_no_byte_of_any_file_names_them_once_their_last_mail_left(
    everything: Consultation, client: AsyncClient, worker_clock: Clock, tmp_path: Path
) -> None:
    """Neither a page of the database that was freed, nor its log of writes, nor a mail that was written to a file."""
    await work_off(worker_clock)
    await rows("PRAGMA wal_checkpoint(PASSIVE)")
    assert {"cahier.sqlite3", "cahier.sqlite3-wal"} <= {path.name for path in files_that_name_them(tmp_path)}
    assert any(path.suffix == ".eml" for path in files_that_name_them(tmp_path))
    mails = settings().site.mail_path
    theirs = mails / "20261123-120000-77-reset.eml"
    theirs.write_bytes(message_of(WaitingMail(77, "paul@exemple.fr", "test", "fr", {}, NOON)).as_bytes())
    await ask_to_be_forgotten(client)
    await work_off(worker_clock)
    assert files_that_name_them(tmp_path) == []
    assert theirs.exists()


def files_that_name_them(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in found if any(traces(text) for text in texts_of_file(path))]


def texts_of_file(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    if path.suffix != ".eml":
        yield from texts_of(content)
        yield content.decode("utf-8", "ignore")
        return
    message = message_from_bytes(content, policy=policy.default)
    yield from map(str, message.values())
    yield from (str(part.get_content()) for part in message.walk() if not part.is_multipart())


@pytest.mark.sqlite_only
async def test_what_was_deleted_is_wiped_again_once_the_farewell_has_left(
    database: object, worker_clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    has_a_mail_server(monkeypatch)
    member = await make_member(NAME, email=EMAIL)
    await erase(member.id, actor=None, now=NOON)
    with monkeypatch.context() as broken:
        broken.setattr(mail, "deliver", AsyncMock(side_effect=mail.MailServerAway("Pas cette fois.")))
        await work_off(worker_clock)
    assert files_that_name_them(tmp_path)
    worker_clock.pass_(hours=1)
    monkeypatch.setattr(mail, "deliver", AsyncMock())
    await work_off(worker_clock)
    assert files_that_name_them(tmp_path) == []


def has_a_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_MAIL__URL", "smtps://courrier.exemple.fr")
    settings.cache_clear()


async def test_quotes_and_extracts_still_show_the_words_at_their_place(
    everything: Consultation, client: AsyncClient
) -> None:
    await ask_to_be_forgotten(client)
    plain = {(r["post_id"], r["number"]): r["plain"] for r in await rows("SELECT * FROM post_revision")}
    pointing = [
        *await rows("SELECT quoted_id AS post_id, revision, start, stop, sha256 FROM quote"),
        *await rows("SELECT post_id, revision, start, stop, sha256 FROM extract"),
    ]
    assert len(pointing) == 3
    for one in pointing:
        words = quotes.words(plain[one["post_id"], one["revision"]], one["start"], one["stop"])
        assert quotes.digest(words) == one["sha256"]
    for one in await rows("SELECT source, html, plain FROM post_revision"):
        assert read(one["source"]).plain == one["plain"]
    for one in await rows(
        "SELECT p.source, p.html, r.html AS same FROM post p JOIN post_revision r"
        " ON r.post_id = p.id AND r.number = p.revision"
    ):
        assert one["html"] == one["same"]


async def begin_again(database: Settings, beginning: str) -> None:
    """A database as at the beginning of the test."""
    if is_sqlite():
        await close_database()
        shutil.copyfile(beginning.removeprefix("sqlite:///"), credentials_of(database)["file_path"])
        await open_database(database)
    else:
        await fill_tables(beginning)


async def told_about(name: str, app: Starlette, clock: Clock) -> Iterator[str]:
    """All that the site keeps and shows after somebody of this name, cited wherever a range can be, is erased."""
    group = await make_group("gt-3")
    theme = await make_theme(3, contributions="open", votes="closed", group=group)
    paul = await make_member("Paul Autre")
    admin = await make_member("Ada Admin", role=Role.ADMINISTRATOR)
    gone = await make_member(name, email=EMAIL)
    thread = await make_thread(theme, f"Ce que dit {name}", author=paul)
    said = f"Comme **{name}** le dit, former coûte. @{gone.handle} le [répète](https://x.fr/{gone.handle}) partout."
    post = await make_post(thread, said, author=paul)
    start = post.plain.index(name)
    places = [(0, len(post.plain)), (start + 1, start + len(name) + 8), (start, start + 1)]
    places += [(place, place + 6) for place in (post.plain.index("former"), post.plain.index("répète"))]
    marks = [QuoteMark(post.id, 1, *place) for place in places]
    async with visitor(app) as browser:
        await sign_in(browser, paul)
        quoting = "\n\n".join([*(mark.marker() for mark in marks), f"- {marks[0].marker()}", "Voilà."])
        address = f"Voir {ADDRESS}/contributions/{post.id}/revisions/1?de={start}&a={places[0][1]}."
        for source in (quoting, address):
            assert (await browser.post(f"/fils/{thread.id}/repondre", data={"source": source})).status_code == 303
        edited = {"source": f"Bonjour. {said}", "version": "1"}
        assert (await browser.post(f"/contributions/{post.id}/modifier", data=edited)).status_code == 303
        await sign_in(browser, admin)
        for words in ("former", "Bonjour", "partout"):
            typed = {"mots": words, "nature": "solution"}
            assert (await browser.post(f"/contributions/{post.id}/extraire", data=typed)).status_code == 303
        for mark in marks:
            digest = quotes.digest(post.plain[mark.start : mark.end])
            extract = await Extract.create(
                post=post, revision=1, start=mark.start, stop=mark.end, sha256=digest, member=admin, created_at=NOON
            )
            proposal = await make_proposal(theme, f"Suivre {name}.", author=paul)
            await Proposal.filter(id=proposal.id).update(extract_id=extract.id, origin=Origin.EXTRACT)
        assert (await browser.post("/syntheses/demander", data={"theme": "3"})).status_code == 303
        await work_off(clock)
        await erase(gone.id, actor=None, now=NOON)
        await work_off(clock)
        shown = [f"/fils/{thread.id}", f"/contributions/{post.id}/revisions/1", "/propositions/T3-002"]
        shown += ["/themes/3/propositions", f"/contributions/{post.id}/extraire", "/syntheses/1"]
        pages = [(await browser.get(address)).text for address in shown]
    random = {"salt", "words_digest", "chain", "password_hash", "handle_key"}
    kept = [
        f"{table}.{column} {line['id']}: {line[column]}"
        for table in await tables()
        if table not in ("session", "second_factor", "mail", "link", "journal_head")
        for line in await rows(f"SELECT * FROM {table} ORDER BY id")
        for column in sorted((await columns_of(table)).keys() - random)
    ]
    return iter([*kept, *pages])


@pytest.mark.usefixtures("same_keys")
async def test_nothing_that_is_left_tells_how_long_a_name_was(
    app: Starlette, database: Settings, beginning: str, worker_clock: Clock, quick: Quick
) -> None:
    told: list[list[str]] = []
    for name in ("Zy", "Ngo Li", "Maximilienne Vandenberghe-Castelnau"):
        if told:
            await begin_again(database, beginning)
        told.append(list(await told_about(name, app, worker_clock)))
    assert "Comme (nom) le dit" in " ".join(told[0])
    for other in told[1:]:
        assert [pair for pair in zip(told[0], other, strict=True) if pair[0] != pair[1]] == []
    plain = {(r["post_id"], r["number"]): r["plain"] for r in await rows("SELECT * FROM post_revision")}
    extracts = await rows("SELECT post_id, revision, start, stop FROM extract ORDER BY id")
    words = [plain[one["post_id"], one["revision"]][one["start"] : one["stop"]] for one in extracts]
    assert words[:5] == ["former", "Bonjour", "partout", plain[1, 1], "(nom) le dit,"]
    assert words[5:] == ["(nom)", "former", "répète"]
    quoting = await Post.get(id=2)
    read_again = [plain[mark.post, mark.revision][mark.start : mark.end] for mark in read(quoting.source).quotes]
    assert read_again == words[3:]
    kept = json.loads((await Synthesis.get()).snapshot)
    for one in [each["source"] for each in kept["proposals"]]:
        assert plain[one["post"], one["revision"]][one["start"] : one["end"]] == one["words"]
    assert "?de=" not in (await Post.get(id=3)).plain
    noted = await rows("SELECT after FROM journal_entry WHERE act = 'harvest' ORDER BY id")
    assert [each["after"].split()[0] for each in noted[:1]] == [
        f"2:{plain[1, 2].index('former')}-{plain[1, 2].index('former') + 6}"
    ]


async def test_a_text_grows_no_longer_than_its_column(database: object) -> None:
    member, theme = await make_member("Zy"), await make_theme(3)
    proposal = await make_proposal(theme, ("Zy " * 100).strip())
    await erase(member.id, actor=None, now=NOON)
    await proposal.refresh_from_db()
    assert len(proposal.wording) == 300
    assert proposal.wording.startswith("(nom) (nom)")
    assert proposal.wording.endswith("…")


async def test_ballots_of_open_votes_are_withdrawn_those_of_closed_votes_stay(
    everything: Consultation, client: AsyncClient
) -> None:
    versions = {r["id"]: r["version"] for r in await rows("SELECT id, version FROM theme")}
    await ask_to_be_forgotten(client)
    left = await rows("SELECT proposal_id FROM ballot WHERE voter_id = $1", everything.person)
    assert [one["proposal_id"] for one in left] == [everything.closed_proposal.id]
    changes = await rows(
        "SELECT opinion FROM ballot_change WHERE proposal_id = $1 ORDER BY id", everything.open_proposal.id
    )
    assert [one["opinion"] for one in changes] == ["pour", None]
    assert all(r["version"] > versions[r["id"]] for r in await rows("SELECT id, version FROM theme"))


@pytest.mark.parametrize("published", ["sealed is off", "closed once"])
async def test_a_published_total_does_not_fall_by_the_ballots_of_an_erased_account(
    everything: Consultation, client: AsyncClient, published: str
) -> None:
    """Anybody who reads the total before and after would know what the erased person had voted."""
    proposal = everything.open_proposal
    if published == "closed once":
        await insert_rows("published_release (theme_id, closed_at, cells)", [(proposal.theme_id, NOON, "{}")])
    else:
        await Theme.filter(id=proposal.theme_id).update(sealed=False)
    await ask_to_be_forgotten(client)
    left = await rows("SELECT proposal_id FROM ballot WHERE voter_id = $1", everything.person)
    assert {one["proposal_id"] for one in left} == {proposal.id, everything.closed_proposal.id}


async def test_what_was_theirs_alone_is_gone_and_what_they_wrote_stays(
    everything: Consultation, client: AsyncClient
) -> None:
    posts = await count("post")
    await ask_to_be_forgotten(client)
    for table in ("session", "second_factor", "identity", "notification", "mention", "archive"):
        assert await rows(f"SELECT id FROM {table} WHERE member_id = $1", everything.person) == [], table
    assert await count("post") == posts
    left = await Member.get(id=everything.person)
    assert (left.name, left.handle, left.email, left.password_hash) == (
        "Compte effacé",
        f"efface-{everything.person}",
        None,
        None,
    )
    assert (await client.get("/compte/donnees")).status_code == 303
    line = await row("SELECT act, thing_id, before, after FROM journal_entry ORDER BY id DESC LIMIT 1")
    assert line is not None
    assert (line["act"], line["thing_id"], line["before"], line["after"]) == ("erase", everything.person, "", "")
    redacted = await row("SELECT redacted_at, reason FROM journal_entry WHERE act = 'hide'")
    assert redacted is not None
    assert redacted["redacted_at"] is not None
    assert redacted["reason"].startswith("Demande de (nom")
    assert (await journal_chain.verify()).fault == ""


async def test_old_documents_are_not_served_until_they_are_made_again(
    everything: Consultation, client: AsyncClient, app: Starlette, worker_clock: Clock
) -> None:
    address = "/syntheses/1/synthese-T5-v1-2026-11-23.pdf"
    async with visitor(app) as public:
        assert (await public.get(address)).status_code == 200
        await ask_to_be_forgotten(client)
        assert (await public.get(address)).status_code == 404
        page = (await public.get("/syntheses/1")).text
        assert "Les fichiers sont en cours de reconstitution" in page
        await work_off(worker_clock)
        assert (await public.get(address)).status_code == 200
        assert "reconstitution" not in (await public.get("/syntheses/1")).text


async def test_documents_made_from_the_words_of_before_are_refused(
    everything: Consultation, client: AsyncClient, worker_clock: Clock
) -> None:
    """A worker read the name before it was taken out, and brings it back afterwards."""
    await rows("DELETE FROM document")
    await rows("UPDATE synthesis SET state = 'requested', published_at = NULL")
    await rows("UPDATE job SET state = 'queued' WHERE name = 'compile_synthesis'")
    found = await row("SELECT id FROM job WHERE name = 'compile_synthesis'")
    assert found is not None
    claim = await jobs.take(found["id"], worker_clock(), lease=timedelta(seconds=20))
    assert claim is not None
    await ask_to_be_forgotten(client)
    with pytest.raises(jobs.LostLease):
        await jobs.finish(claim, worker_clock())
    assert await jobs.take(found["id"], worker_clock(), lease=timedelta(seconds=20)) is not None


async def test_the_last_administrator_is_not_erased(client: AsyncClient) -> None:
    last = await make_member("Ada Admin", role=Role.ADMINISTRATOR)
    await sign_in(client, last)
    assert "dernier administrateur" in (await client.get("/compte/effacer")).text
    with pytest.raises(NotAllowed):
        await erase(last.id, actor=None, now=NOON)
    await make_member("Basile Admin", role=Role.ADMINISTRATOR)
    await erase(last.id, actor=None, now=NOON)


@pytest.mark.parametrize(
    ("typed", "password", "status"),
    [
        ("", PASSWORD, 422),
        ("oui", PASSWORD, 422),
        ("effacer", "pas le bon mot", 422),
        ("@eleonore-vasseur-levy", PASSWORD, 303),
    ],
)
async def test_erasing_needs_a_typed_word_and_a_proof(
    client: AsyncClient, typed: str, password: str, status: int
) -> None:
    made = await create_member(Particulars(NAME, email=EMAIL, password=PASSWORD), now=NOON)
    await sign_in(client, await Member.get(id=made.id))
    answer = await client.post("/compte/effacer", data={"confirmation": typed, "mot_de_passe_actuel": password})
    assert answer.status_code == status
    assert password not in answer.text
    assert ((await Member.get(id=made.id)).erased_at is not None) == (status == 303)


async def test_the_identification_is_sealed_opened_with_a_reason_and_purged(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await make_member(NAME, email=EMAIL)
    monkeypatch.setenv("FORUM_RETENTION__IDENTIFICATION_DAYS", "1825")
    settings.cache_clear()
    await erase(member.id, actor=None, now=NOON)
    kept = await row("SELECT sealed FROM identification")
    assert kept is not None
    assert not traces(kept["sealed"])
    opened = await personal_data.open_identification(member.id, "Réquisition du 23 novembre", NOON)
    assert (opened["name"], opened["email"]) == (NAME, EMAIL)
    line = await row("SELECT act, reason FROM journal_entry ORDER BY id DESC LIMIT 1")
    assert line is not None
    assert (line["act"], line["reason"]) == ("open_identification", "Réquisition du 23 novembre")
    await personal_data.forget_identifications(NOON + timedelta(days=1824))
    assert await count("identification") == 1
    await personal_data.forget_identifications(NOON + timedelta(days=1825))
    assert await count("identification") == 0


async def test_somebody_elses_namesake_and_everyday_words_are_left_alone(client: AsyncClient) -> None:
    thread = await make_thread(await make_theme(3))
    words = "La mise en place coûte. Mise En Place a raison ; @Mise-en-Place-2 aussi, @Mise-en-Place non."
    first = await make_member("Mise en Place")
    second = await make_member("Marie Durand")
    await Member.filter(id=second.id).update(handle="Mise-en-Place-2", handle_key=handle_key("Mise-en-Place-2"))
    author = await make_member("Paul Autre")
    post = await make_post(thread, words, author=author)
    await make_post(thread, "On met en place une mise de fonds, sur la place.", author=author)
    await erase(first.id, actor=None, now=NOON)
    said = (await Post.get(id=post.id)).plain
    assert said == "La mise en place coûte. (nom) a raison ; @Mise-en-Place-2 aussi, (nom) non."


async def test_a_synthesis_published_with_its_authors_names_loses_them(database: object) -> None:
    """Until format 3, documents named their authors: such a published synthesis names people in no other way."""
    member = await make_member(NAME, email=EMAIL)
    facts = json.loads(to_json(small_snapshot()))
    old = facts | {
        "format": 2,
        "verbatims": [one | {"author": NAME} for one in facts["verbatims"]],
        "proposals": [one | {"author": None} for one in facts["proposals"]],
    }
    synthesis = await Synthesis.create(
        version=1,
        scope="all",
        state=SynthesisState.PUBLISHED,
        draft=False,
        snapshot=json.dumps(old, ensure_ascii=False),
        snapshot_sha256="x",
        requested_at=NOON,
        published_at=NOON,
    )
    await erase(member.id, actor=None, now=NOON)
    await synthesis.refresh_from_db()
    assert from_json(synthesis.snapshot.encode()) == small_snapshot()
    assert synthesis.snapshot_sha256 == sha256(small_snapshot())
    assert (synthesis.state, synthesis.redacted_at) == (SynthesisState.PUBLISHED, NOON)


async def test_a_mail_under_a_lost_key_goes_and_one_about_others_stays_as_it_is(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_a_mail_server(monkeypatch)
    member = await make_member(NAME, email=EMAIL)
    await rows(
        "INSERT INTO mail (address, template, locale, content, created_at) VALUES ('a@b.fr', 'reset', 'fr', 'x', $1)",
        NOON,
    )
    others = seal({"name": "Un Autre"})
    await rows(
        "INSERT INTO mail (address, template, locale, content, created_at) VALUES ('c@d.fr', 'invited', 'fr', $1, $2)",
        others,
        NOON,
    )
    await erase(member.id, actor=None, now=NOON)
    found = {one["template"]: one["content"] for one in await rows("SELECT template, content FROM mail")}
    assert found.keys() == {"invited", "erased"}
    assert found["invited"] == others


async def test_a_file_of_addresses_that_holds_theirs_goes_and_that_of_others_stays(database: object) -> None:
    member, admin = await make_member(NAME, email=EMAIL), await make_member("Ada Admin", role=Role.ADMINISTRATOR)
    kept = await InvitationBatch.create(member=admin, lines=seal([{"email": "x@exemple.fr"}]), created_at=NOON)
    for lines in (seal([{"email": EMAIL.upper()}]), "under a key that is lost"):
        await InvitationBatch.create(member=admin, lines=lines, created_at=NOON)
    await erase(member.id, actor=None, now=NOON)
    assert [one.id for one in await InvitationBatch.all()] == [kept.id]


async def test_who_comes_back_meanwhile_stays_and_who_is_erased_is_so_once(database: object) -> None:
    member = await make_member(NAME, email=EMAIL)
    await Member.filter(id=member.id).update(active_at=NOON)
    with pytest.raises(NotFound):
        await erase(member.id, actor=None, now=NOON, unless_active_after=NOON - timedelta(seconds=1))
    assert (await Member.get(id=member.id)).name == NAME
    await erase(member.id, actor=None, now=NOON, unless_active_after=NOON)
    assert (await Member.get(id=member.id)).name == "Compte effacé"
    with pytest.raises(NotFound):
        await erase(member.id, actor=None, now=NOON)


# Every text of the schema


async def test_every_text_of_the_schema_has_its_fate(database: object) -> None:
    """A name may stay in any column that is added: this test asks what happens to it."""
    kinds = ("TEXT", "CHAR", "BLOB", "JSON", "BYTEA")
    schema = {
        table: {name for name, kind in (await columns_of(table)).items() if any(one in kind.upper() for one in kinds)}
        for table in await tables()
    }
    assert {table: set(columns) for table, columns in COLUMNS.items()} == schema
    for table, columns in PLAIN_WORDS.items():
        assert all(COLUMNS[table][column] is TextFate.WORDS for column in columns)


# Texts


@pytest.mark.parametrize("said", ["Diallo Malik", "DIALLO, Malik", "diallo malik", "Diallo-Malik", "Diallo **Malik**"])
def test_a_name_written_surname_first_goes_too(said: str) -> None:
    redactor = Redactor(PERSON)
    assert not {"Diallo", "Malik", "diallo", "malik"} & set(re.findall(r"\w+", redactor.clean(f"Présents : {said}.")))
    assert Redactor(replace(PERSON, others=frozenset({"diallo malik"}))).clean(said) == said
    le_goff = Redactor(RedactedPerson("Marie Le Goff", ("Marie-Le-Goff",)))
    assert le_goff.clean("LE GOFF Marie, Goff Marie Le").count("(nom)") == 2
    assert le_goff.clean("Marie et Le Goff") == "Marie et Le Goff"


@given(
    st.lists(st.text("aé \u0301𝒳", max_size=4), min_size=1, max_size=5), st.integers(1, 6), st.integers(1, 6), st.data()
)
def test_a_range_shows_the_words_it_showed_and_what_replaced_a_name_whole(
    parts: list[str], length: int, other: int, data: st.DataObject
) -> None:
    def with_names(name: str) -> tuple[Redacted, list[int]]:
        """The text with a name between its parts, and where each code point of the parts stands in it, and its end."""
        text, spots, places = parts[0], [], list(range(len(parts[0]) + 1))
        for part in parts[1:]:
            spots.append((len(text), len(text) + len(name), SAID))
            text += name
            places += range(len(text), len(text) + len(part) + 1)
            text += part
        return replaced(text, spots), places

    change, places = with_names("N" * length)
    former = "".join(parts)
    text = change.text
    assert text == SAID.join(parts)
    whole = parts[0] + "".join("N" * length + part for part in parts[1:])
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    shown = text[slice(*change.moved(start, stop))]
    names = [(a, b) for a, b, _ in change.spots if a < stop and start < b]
    start, stop = min([start, *(a for a, _ in names)]), max([stop, *(b for _, b in names)])
    assert shown == whole[start:stop].replace("N" * length, SAID)
    # Somebody else's name there gives the same places.
    again, others = with_names("N" * other)
    ends = data.draw(st.lists(st.sampled_from(range(len(former) + len(parts))), min_size=2, max_size=2).map(sorted))
    assert change.moved(*(places[end] for end in ends)) == again.moved(*(others[end] for end in ends))


def test_what_replaces_a_name_is_nobodys() -> None:
    redactor = Redactor(RedactedPerson("Nom Diallo", ("Nom",)))
    assert redactor.clean("@Nom et NOM DIALLO") == "(nom) et (nom)"
    assert redactor.clean("(nom) et (nom) Diallo") == "(nom) et (nom) Diallo"


PERSON = RedactedPerson("Malik Diallo", ("Malik-Diallo",), "malik.diallo@exemple.fr")
NAMINGS = ["Malik Diallo", "@Malik-Diallo", "malik **diallo**", "MALIK DIALLO", "malik.diallo@exemple.fr", "Diallo"]
SIGNS = ["\n", "\n\n", "* ", "1. ", "> ", "`", "**", "_", " ", "  \n", "# ", "| a | b |\n|---|---|\n", "\t", "\\"]
LINES = ["{{citation 1@1 0-4}}\n\n", "```\nMalik Diallo\n```\n"]
OTHERS = ["[lien](https://x.fr/Malik-Diallo)", "e\u0301", "œuvre", "1", "%20", "****", "&nbsp;", "> > "]
HALVES = ["Malik", "M&#97;lik", "Diallo", "https://x.fr/Malik%20Diallo", "malik.diallo%40exemple.fr"]
PIECES = st.sampled_from([*NAMINGS, *SIGNS, *LINES, *OTHERS, *HALVES])


@given(st.lists(PIECES, max_size=25).map("".join))
@example("Malik Diallo_malik **diallo**Malik Diallo")  # the name ends here, in one spelling of the words or in all
@example("1Malik Diallo malik **diallo**")
@example("> _malik.diallo@exemple.fr_")
@example("> M&#97;lik **Diallo**")  # words of a quote are not the author's, but may still name the person
@example("> Malik ****Diallo")
def test_a_text_names_nobody_any_more_and_its_source_says_the_same(source: str) -> None:
    before = read(source)
    redactor = Redactor(PERSON)
    after = redact(Words(source, before.html, before.plain), redactor)
    assert not redactor.names(after.plain)
    assert not redactor.names(after.source)
    assert not redactor.names_in_html(after.html)
    assert not redactor.names(re.sub(r"<[^>]+>", "", after.html))
    again = read(after.source)
    assert again.plain == after.plain
    assert not redactor.names_in_html(again.html)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_quotes_in_a_source_move_with_the_words_that_they_show(source: str) -> None:
    before = read(source)
    redactor = Redactor(PERSON)
    redactor.learn({(1, 1): replaced("Malik Diallo dit", [(0, 12, SAID)])})
    after = redact(Words(source, before.html, before.plain), redactor)
    again = read(after.source)
    assert [mark.marker() for mark in before.quotes] == ["{{citation 1@1 0-4}}"] * len(before.quotes)
    assert [mark.marker() for mark in again.quotes] == ["{{citation 1@1 0-5}}"] * len(before.quotes)
    assert again.plain == after.plain
    assert "citation 1@1 0-" not in after.plain


def test_a_quote_that_moves_leaves_the_rest_of_a_source_as_it_was_written() -> None:
    source = "[GT réunion 1]\n{{citation 1@1 13-16}}\n\nIl *dit* oui.\n\n```\n{{citation 2@1 0-4}}\n```"
    before = read(source)
    redactor = Redactor(PERSON)
    redactor.learn({(1, 1): replaced("Malik Diallo dit", [(0, 12, SAID)])})
    after = redact(Words(source, before.html, before.plain), redactor)
    assert after == Words(source.replace("13-16", "6-9"), before.html, before.plain)


def test_no_text_is_read_again_while_nobody_else_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = ("**Malik Diallo** dit", "{{citation 1@1 13-16}}\n\nOui.", "{{citation 2@1 0-4}}\n\nOui.")
    every = [Words(source, read(source).html, read(source).plain) for source in sources]
    redactor = Redactor(PERSON)
    changes = {(1, 1): replaced("Malik Diallo dit", [(0, 12, SAID)])}
    assert redactor.learn(changes)
    before = [redactor.redact(words) for words in every]
    assert [one.source for one in before] == ["**(nom)** dit", "{{citation 1@1 6-9}}\n\nOui.", sources[2]]
    assert not redactor.learn(dict(changes))
    monkeypatch.setattr(redaction, "read", None)
    assert [redactor.redact(words) for words in every] == before


@pytest.mark.parametrize(
    "words",
    [
        "Malik Diallo_",
        "dossier_Malik_Diallo_2",
        "_malik.diallo@exemple.fr_",
        "https://x.fr/?qui=Malik%20Diallo",
        "mailto:malik.diallo%40exemple.fr",
    ],
)
def test_a_name_is_found_beside_punctuation(words: str) -> None:
    assert Redactor(PERSON).names(words)


@pytest.mark.parametrize("words", ["Malik Diallos", "1Malik Diallo", "@Malik-Dialloux"])
def test_a_longer_word_is_somebody_else(words: str) -> None:
    assert not Redactor(PERSON).names(words)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_rewritten_words_read_as_themselves(source: str) -> None:
    plain = read(source).plain
    assert read(as_source(plain, ())).plain == plain


@pytest.mark.parametrize(
    ("source", "html", "plain"),
    [
        ("~~Malik Diallo~~ a *dit* oui", "<p><s>Malik Diallo</s> a <em>dit</em> oui</p>", "Malik Diallo a dit oui"),
        ("3. Malik Diallo\n5. oui", '<ol start="3"><li>Malik Diallo</li><li>oui</li></ol>', "3. Malik Diallo\n4. oui"),
        ("|a|Malik Diallo|\n|-|-|", "<table><tr><th>a</th><th>Malik Diallo</th></tr></table>", "a\tMalik Diallo"),
    ],
)
def test_words_of_an_older_version_keep_their_places(source: str, html: str, plain: str) -> None:
    """Extracts and quotes count in the plain words of the time when a contribution was written."""
    after = redact(Words(source, html, plain), Redactor(PERSON))
    assert after.plain == plain.replace("Malik Diallo", SAID)
    assert "Diallo" not in after.source + after.html + after.plain
    assert read(after.source).plain.split() == after.plain.split()


def test_a_name_is_ordinary_when_each_of_its_words_is() -> None:
    texts = ["la mise en place du truc", "une mise de fonds, en somme, sur la place"]
    assert is_ordinary("Mise en Place", texts)
    assert not is_ordinary("Malik Diallo", ["malik diallo est venu", "Malik, Diallo"])
