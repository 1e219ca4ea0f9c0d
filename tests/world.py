"""A small consultation in which every right can be tested, and the people who ask.

Group A has an open theme 3, a closed theme 5 with syntheses, and meetings; group B has theme 6 and a meeting. Each
reader has a contribution, a proposal and a ballot of their own. `places` says where things are: `{post}` in an address.

It is made once for a file of tests; each test that asks for `world` finds it as it was made.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from shutil import copyfile

import pytest

from forum.database import close_database, is_sqlite, open_database, rows, transaction
from forum.domain.members import invitations
from forum.domain.members.members import load_viewer
from forum.domain.sign_in import passwords, sessions
from forum.domain.syntheses.snapshots import FORMAT
from forum.models.answers import Answer, Decision, Obligation
from forum.models.cases import DecisionAct, ModerationCase, ModerationComplaint, ModerationDecision, ModerationNotice
from forum.models.joining import Invitation
from forum.models.meetings import Meeting, MeetingTag, TagState, UnknownTag, WorkingGroup
from forum.models.members import Member, Role
from forum.models.moderation import Ground, Moderated
from forum.models.notifications import Event, Notification
from forum.models.personal_data import Archive
from forum.models.post_drafts import DraftKind, PostDraft
from forum.models.posts import PendingPost, Post, Reception
from forum.models.proposals import Merge, Origin, Proposal, ProposalState, ProposalVersion
from forum.models.syntheses import Document, Signature, Synthesis, SynthesisState
from forum.models.themes import Theme
from forum.models.threads import MovedPost, Thread, ThreadAct, ThreadTurn
from forum.models.votes import Ballot, ExcludedVote
from forum.ranking.tallies import Opinion
from forum.rights import Standing
from forum.sealing import make_key
from forum.settings import settings
from forum.text.names import make_handle
from tests.conftest import NOON, fill_tables
from tests.factories import (
    code_at,
    give_factor,
    make_extract,
    make_group,
    make_member,
    make_post,
    make_proposal,
    make_theme,
    make_thread,
)

# A voter who wrote nothing: their name must not be on any page.
SECRET_VOTER = "Zénobie Discrète"
# Numbers that do not exist.
NEVER = 987654
# The password of every reader, and the code that their application shows at noon.
PASSWORD = "une phrase que seul le lecteur connaît"
CODE = code_at(NOON)


@dataclass(frozen=True)
class Reader:
    """Somebody who asks: their standings in group A and in group B, and how they are made."""

    a: frozenset[Standing]
    b: frozenset[Standing]
    role: Role = Role.MEMBER
    moderates: str = ""
    suspended_until: datetime | None = None
    has_factor: bool = True


def _reader(*standings: Standing, role: Role = Role.MEMBER, moderates: str = "", factor: bool = True) -> Reader:
    """`standings` are those in group A; a moderator of one group is, in the other, a moderator of another group."""
    swapped = {Standing.MODERATOR: Standing.OTHER_MODERATOR, Standing.OTHER_MODERATOR: Standing.MODERATOR}
    here, there = frozenset(standings), frozenset(swapped.get(each, each) for each in standings)
    until = NOON + timedelta(days=9) if Standing.SUSPENDED in here else None
    return Reader(here, there, role, moderates, until, factor)


READERS: Mapping[str, Reader] = {
    "visitor": _reader(Standing.VISITOR),
    "not confirmed": _reader(Standing.UNCONFIRMED),
    "member": _reader(Standing.MEMBER),
    "moderator of A": _reader(Standing.MEMBER, Standing.MODERATOR, moderates="a"),
    "moderator of B": _reader(Standing.MEMBER, Standing.OTHER_MODERATOR, moderates="b"),
    "agent": _reader(Standing.AGENT, role=Role.AGENT),
    "agent who moderates A": _reader(Standing.AGENT, Standing.MODERATOR, role=Role.AGENT, moderates="a"),
    "administrator": _reader(Standing.ADMINISTRATOR, role=Role.ADMINISTRATOR),
    "suspended": _reader(Standing.SUSPENDED),
    "suspended administrator": _reader(Standing.SUSPENDED, role=Role.ADMINISTRATOR),
    "suspended moderator of A": _reader(Standing.SUSPENDED, moderates="a"),
    "agent without second factor": _reader(Standing.WITHOUT_FACTOR, role=Role.AGENT, factor=False),
    "moderator of A without second factor": _reader(Standing.WITHOUT_FACTOR, moderates="a", factor=False),
}


@dataclass(frozen=True)
class Guest:
    """A reader in a world: the member, None for a visitor; the cookie of their session; where their things are."""

    member: Member | None
    token: str
    places: Mapping[str, object]


@dataclass(frozen=True)
class World:
    guests: Mapping[str, Guest]
    """By name of READERS."""
    kept: str
    """Where it is: the address of a SQLite file, or a schema of PostgreSQL."""
    rows: Mapping[str, str]
    """Its fingerprint, before anybody asks for anything."""


SCHEMA = "world"
_KEEP = f"""DO $$ DECLARE one text; BEGIN
              CREATE SCHEMA {SCHEMA};
              FOR one IN SELECT tablename FROM pg_tables
                          WHERE schemaname = 'public' AND tablename NOT LIKE '%migration%' LOOP
                EXECUTE format('CREATE TABLE {SCHEMA}.%1$I AS TABLE public.%1$I', one);
              END LOOP; END $$"""


@pytest.fixture(scope="module")
async def kept_world(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The consultation with every reader signed in; what it seals is read with one key by all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORUM_SECURITY__KEY", make_key())
        if migrated.startswith("sqlite"):
            file = tmp_path_factory.mktemp("world") / "cahier.sqlite3"
            copyfile(migrated.removeprefix("sqlite:///"), file)
            async with _opened(f"sqlite:///{file}"):
                world = World(await make_guests(), f"sqlite:///{file}", await fingerprint())
            yield world
            return
        async with _opened(migrated):
            await fill_tables("")
            world = World(await make_guests(), SCHEMA, await fingerprint())
            await rows(_KEEP)
        yield world
        async with _opened(migrated):
            await rows(f"DROP SCHEMA {SCHEMA} CASCADE")


@asynccontextmanager
async def _opened(address: str) -> AsyncIterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORUM_DATABASE__URL", address)
        settings.cache_clear()
        await open_database(settings())
        yield
        await close_database()
    settings.cache_clear()


@pytest.fixture
def world(kept_world: World) -> World:
    """The consultation, as it was made."""
    return kept_world


async def make_guests() -> dict[str, Guest]:
    """The consultation, with every reader signed in."""
    async with transaction():
        a, b = await make_group("gt-a", "Groupe A"), await make_group("gt-b", "Groupe B")
        places, theme = await _make_things(a, b)
        places |= await _make_people()
        password_hash = await hash_of_password()
        thread = await make_thread(theme, "Le fil des lecteurs")
        guests = {}
        for number, name in enumerate(READERS):
            member = await _make_member(READERS[name], f"Lecture Numéro{number}", {"a": a, "b": b}, password_hash)
            token = await sessions.open_session(member.id, now=NOON, proved_at=NOON) if member else ""
            author = member or await make_member("Auteure Absente")
            post = await make_post(thread, f"Les mots de {author.name}.", author=author)
            own_extract = await make_extract(post, author=author)
            own = await make_proposal(theme, f"La proposition de {author.name}.", author=author)
            judged = await make_proposal(theme, f"Jugée par {author.name}.", author=None)
            draft = await make_draft(theme, number, author)
            if member:
                await _vote(judged.id, member)
            own_places = {
                "own_post": post.id,
                "own_extract": own_extract.id,
                "own_proposal": f"T3-{own.number:03}",
                "judged": f"T3-{judged.number:03}",
                "own_draft": draft.id,
                "own_post_draft": await make_post_draft(author, post),
                "own_notice": await _tell(member, post) if member else NEVER,
                "own_decision": (await _decide(post, author, a)).id,
                "own_left": await _leave(post, author, a) if member else NEVER,
                "own_pending": await make_pending(thread, author),
            }
            own_places |= await _make_elsewhere(member)
            guests[name] = Guest(member, token, places | own_places)
    return guests


_hashes: list[str] = []


async def hash_of_password() -> str:
    """The hash of PASSWORD, computed once: hashing is slow on purpose."""
    if not _hashes:
        _hashes.append(await passwords.hash_password(PASSWORD, asker="tests"))
    return _hashes[0]


async def make_pending(thread: Thread, author: Member, source: str = "Des mots à relire.") -> int:
    """A contribution for that thread which moderators have not read yet."""
    theme = await Theme.get(id=thread.theme_id)
    made = await PendingPost.create(theme=theme, thread=thread, source=source, author=author, created_at=NOON)
    await ModerationCase.create(
        thing=Moderated.PENDING,
        thing_id=made.id,
        open_key=f"pending:{made.id}",
        working_group_id=theme.working_group_id,
        opened_at=NOON,
    )
    return made.id


async def _decide(post: Post, author: Member, group: WorkingGroup) -> ModerationDecision:
    """A decision about a contribution, which its author may contest."""
    case = await ModerationCase.create(
        thing=Moderated.POST, thing_id=post.id, working_group=group, opened_at=NOON, closed_at=NOON
    )
    return await ModerationDecision.create(
        case=case,
        act=DecisionAct.HIDE,
        ground=Ground.CHARTER,
        facts="Une insulte.",
        decided_at=NOON,
        affected=author,
        statement="Votre contribution est masquée.",
        contest_until=NOON + timedelta(days=183),
    )


async def _leave(post: Post, notifier: Member, group: WorkingGroup, *, complaint: str = "") -> int:
    """A notice about which nothing was done; with a `complaint`, whoever notified contests that."""
    case = await ModerationCase.create(
        thing=Moderated.POST, thing_id=post.id, working_group=group, opened_at=NOON, closed_at=NOON
    )
    decision = await ModerationDecision.create(
        case=case, act=DecisionAct.NO_ACTION, facts="Rien à redire.", decided_at=NOON
    )
    notice = await ModerationNotice.create(
        thing=Moderated.POST,
        thing_id=post.id,
        revision=1,
        ground=Ground.CHARTER,
        words="Une insulte.",
        case=case,
        member=notifier,
        created_at=NOON,
        confirmed_at=NOON,
        complaint=complaint,
        complained_at=NOON if complaint else None,
        complained_of=decision if complaint else None,
    )
    return notice.id


async def _make_cases(posts: Mapping[str, Post], a: WorkingGroup, b: WorkingGroup) -> dict[str, object]:
    """An open case of each group, a decision about somebody else's words, and a contested one."""
    other = await Member.get(id=posts["post"].author_id)
    opened = [
        await ModerationCase.create(
            thing=Moderated.POST, thing_id=post.id, open_key=f"post:{post.id}", working_group=group, opened_at=NOON
        )
        for post, group in ((posts["post"], a), (posts["post_b"], b))
    ]
    decision, contested = [await _decide(posts["tagged"], other, a) for _ in range(2)]
    await ModerationComplaint.create(decision=contested, member=other, words="Non.", created_at=NOON)
    contested_notice = await _leave(posts["tagged"], other, a, complaint="Si, relisez.")
    return {
        "case": opened[0].id,
        "case_b": opened[1].id,
        "decision": decision.id,
        "contested": contested.id,
        "contested_notice": contested_notice,
    }


async def _make_elsewhere(member: Member | None) -> dict[str, object]:
    """Another session of the reader, which they may end, and the archive of their data."""
    if member is None:
        return {"own_session": NEVER, "own_name": ""}
    await Archive.create(
        member=member,
        content=f"archive de {member.id}".encode(),
        sha256="0" * 64,
        asked_at=NOON - timedelta(days=2),
        made_at=NOON - timedelta(days=2),
        expires_at=NOON + timedelta(days=5),
    )
    token = await sessions.open_session(member.id, now=NOON)
    found = await rows("SELECT id FROM session WHERE token_hash = $1", sessions.hashed(token))
    return {"own_session": found[0]["id"], "own_name": member.name}


async def _make_people() -> dict[str, object]:
    """People on whom administrators act: a member with an address and a second factor, a suspended one, people
    invited."""
    target = await make_member("Cible Commune", email="cible@exemple.fr")
    await give_factor(target)
    await sessions.open_session(target.id, now=NOON)
    session = (await rows("SELECT id FROM session WHERE member_id = $1", target.id))[0]["id"]
    held = await make_member("Cible Suspendue", email="suspendue@exemple.fr", suspended_until=NOON + timedelta(days=9))
    invited = await Invitation.create(
        email="invitee@exemple.fr",
        email_key="invitee@exemple.fr",
        created_at=NOON - timedelta(days=1),
        expires_at=NOON + timedelta(days=9),
    )
    host = await make_member("Hôte Des Listes", role=Role.ADMINISTRATOR)
    batch = await invitations.read_pasted(await load_viewer(host.id), "nouvelle@exemple.fr", NOON)
    return {
        "target": target.id,
        "target_session": session,
        "held": held.id,
        "invited": invited.id,
        "batch": batch,
    }


async def _make_member(
    reader: Reader, name: str, groups: Mapping[str, WorkingGroup], password_hash: str
) -> Member | None:
    if Standing.VISITOR in reader.a:
        return None
    moderated = [groups[reader.moderates]] if reader.moderates else []
    member = await make_member(
        name,
        email=f"{make_handle(name).lower()}@exemple.fr",
        password_hash=password_hash,
        role=reader.role,
        moderates=moderated,
        confirmed=Standing.UNCONFIRMED not in reader.a,
        suspended_until=reader.suspended_until,
        factor=False,
    )
    if reader.has_factor:
        await give_factor(member)
    return member


async def _make_things(a: WorkingGroup, b: WorkingGroup) -> tuple[dict[str, object], Theme]:
    other = await make_member("Quelqu’un d’autre")
    theme = await make_theme(3, group=a)
    closed = await make_theme(5, contributions="closed", votes="closed", group=a)
    theme_b = await make_theme(6, group=b)
    await make_theme(7, group=a, title="Un autre thème du groupe")
    left_out = await make_member("Voix Écartée", email="ecartee@exemple.fr")
    await ExcludedVote.create(theme=theme, member=left_out, reason="Un compte frauduleux.", excluded_at=NOON)
    thread, closed_thread, thread_b = await make_thread(theme), await make_thread(closed), await make_thread(theme_b)
    held_thread = await make_thread(theme, "Un fil verrouillé et épinglé")
    await Thread.filter(id=held_thread.id).update(locked=True, pinned=True)
    left_thread, moved = await _make_move(theme)
    said = "Ce qui s’est dit."
    meeting = await Meeting.create(working_group=a, number=1, held_on=NOON.date(), minutes=said, created_at=NOON)
    meeting_b = await Meeting.create(working_group=b, number=1, held_on=NOON.date(), created_at=NOON)
    waiting = await Meeting.create(working_group=a, number=2, created_at=NOON)
    post, closed_post = await make_post(thread, author=other), await make_post(closed_thread, author=other)
    post_b = await make_post(thread_b, author=other)
    tagged = await make_post(thread, "Des mots d’une réunion.", author=other)
    await MeetingTag.create(post=tagged, meeting=meeting, state=TagState.CONFIRMED, created_at=NOON)
    waiting_tag = await MeetingTag.create(post=post, meeting=waiting, state=TagState.WAITING, created_at=NOON)
    unknown_tag = await UnknownTag.create(post=post, number=77, state=TagState.WAITING, created_at=NOON)
    received = await make_post(thread, "Des mots venus par la poste.")
    await Reception.create(post=received, origin="letter", received_on=NOON.date(), name="Odette Lampadaire")
    proposal = await make_proposal(theme, author=other)
    closed_proposal = await make_proposal(closed, author=other)
    aside = await make_proposal(theme, "Écartée.", author=other, state=ProposalState.SET_ASIDE)
    amended = await make_proposal(theme, "Amendée.", author=other)
    await Proposal.filter(id=amended.id).update(version=2, substance=2)
    await ProposalVersion.create(proposal=amended, number=2, wording="Amendée.", editor=other, created_at=NOON)
    merged = await make_proposal(theme, "Une proposition fusionnée.", author=other, state=ProposalState.MERGED)
    await Proposal.filter(id=merged.id).update(merged_into_id=proposal.id)
    await Merge.create(source=merged, destination=proposal, reason="La même.", merged_at=NOON)
    extract = await make_extract(tagged, author=other)
    secret = await make_member(SECRET_VOTER)
    await _vote(proposal.id, secret)
    await _vote(closed_proposal.id, secret)
    await Ballot.filter(voter_id=secret.id).update(profession="Bibliothécaire")
    await _vote_by_groups(closed_proposal.id)
    made = await _make_syntheses(theme, closed) | await _make_answers(closed)
    made |= await _make_cases({"post": post, "post_b": post_b, "tagged": tagged}, a, b)
    return {
        "thread": thread.id,
        "closed_thread": closed_thread.id,
        "held_thread": held_thread.id,
        "left_thread": left_thread,
        "moved": moved,
        "post": post.id,
        "closed_post": closed_post.id,
        "post_b": post_b.id,
        "received": received.id,
        "pending": await make_pending(thread, other),
        "tagged": tagged.id,
        "extract": extract.id,
        "meeting": meeting.id,
        "meeting_b": meeting_b.id,
        "waiting": waiting.id,
        "waiting_tag": waiting_tag.id,
        "unknown_tag": unknown_tag.id,
        "proposal": f"T3-{proposal.number:03}",
        "merged": f"T3-{merged.number:03}",
        "closed_proposal": f"T5-{closed_proposal.number:03}",
        "aside": f"T3-{aside.number:03}",
        "amended": f"T3-{amended.number:03}",
        "left_out": left_out.id,
        "group_a": a.id,
        "group_b": b.id,
        "other": other.id,
        **made,
    }, theme


async def _make_move(theme: Theme) -> tuple[int, int]:
    """A thread that a contribution was moved out of, and the act that did it."""
    left, other = await make_thread(theme, "Un fil quitté"), await make_thread(theme, "Un fil rejoint")
    await make_post(left, "Restée.")
    post = await make_post(other, "Déplacée.")
    turn = await ThreadTurn.create(thread=left, act=ThreadAct.MOVED, other=other, reason="Hors sujet.", at=NOON)
    await MovedPost.create(turn=turn, post=post, number_before=2, number_after=1)
    await Thread.filter(id=left.id).update(last_number=2, turns=1)
    await Thread.filter(id=other.id).update(turns=1)
    return left.id, turn.id


async def make_draft(theme: Theme, number: int, author: Member) -> Proposal:
    """A proposal that only its author knows of."""
    return await Proposal.create(
        theme=theme,
        number=-1 - number,
        wording="Pas encore dite.",
        state=ProposalState.DRAFT,
        origin=Origin.MEMBER,
        author=author,
        created_at=NOON,
    )


async def make_post_draft(author: Member, post: Post) -> int:
    """An answer to that contribution, which only its author knows of."""
    made = await PostDraft.create(
        member=author, kind=DraftKind.ANSWER, thing=post.id, title="", source="Pas encore dite.", saved_at=NOON
    )
    return made.id


async def _make_answers(closed: Theme) -> dict[str, object]:
    """In the closed theme, an answered proposal with an open obligation, and one whose obligations are all done."""
    owed, kept = [
        await make_proposal(closed, wording, state=ProposalState.RETAINED) for wording in ("Promise.", "Tenue.")
    ]
    obligations = []
    for proposal, done_on in ((owed, None), (kept, NOON.date())):
        await Answer.create(
            proposal=proposal,
            number=1,
            decision=Decision.RETAINED,
            reason="Elle est utile.",
            service="Le service",
            decided_on=NOON.date(),
            created_at=NOON,
        )
        obligations.append(
            await Obligation.create(
                proposal=proposal, words="Le faire.", due_on=NOON.date(), done_on=done_on, created_at=NOON
            )
        )
    return {
        "answered": f"T5-{owed.number:03}",
        "obligation": obligations[0].id,
        "kept_obligation": obligations[1].id,
        "kept": f"T5-{kept.number:03}",
    }


async def _vote(proposal: int, voter: Member) -> None:
    await Ballot.create(proposal_id=proposal, voter=voter, opinion=Opinion.FOR, proposal_version=1, cast_at=NOON)


async def _vote_by_groups(proposal: int) -> None:
    """Enough people of two groups, divided enough, for what groups say to be published."""
    for number in range(12):
        voter = await make_member(f"Électrice {number}")
        opinion = Opinion.FOR if number % 4 < 2 else Opinion.AGAINST
        profession = "Bibliothécaire" if number % 2 else "Autre"
        await Ballot.create(
            proposal_id=proposal, voter=voter, opinion=opinion, proposal_version=1, cast_at=NOON, profession=profession
        )


async def _tell(member: Member, post: Post) -> int:
    notice = await Notification.create(member=member, post=post, event=Event.MENTION, created_at=NOON)
    return notice.id


async def _make_syntheses(theme: Theme, closed: Theme) -> dict[str, object]:
    """A draft for the open theme; for the closed one a failed, a published and an unpublished synthesis."""
    draft = await _make_synthesis(theme, 1, SynthesisState.READY)
    failed = await _make_synthesis(closed, 1, SynthesisState.FAILED)
    published = await _make_synthesis(closed, 2, SynthesisState.PUBLISHED)
    ready = await _make_synthesis(closed, 3, SynthesisState.READY)
    return {"draft": draft, "failed": failed, "published": published, "ready": ready}


async def _make_synthesis(theme: Theme, version: int, state: SynthesisState) -> int:
    made = await Synthesis.create(
        theme=theme,
        version=version,
        scope=f"theme:{theme.number}",
        state=state,
        draft=False,
        snapshot=f'{{"format":{FORMAT},"kind":"final"}}',
        snapshot_sha256="0" * 64,
        requested_at=NOON,
        published_at=NOON if state is SynthesisState.PUBLISHED else None,
    )
    if state is not SynthesisState.FAILED:
        await Document.create(
            synthesis=made,
            format="html",
            media_type="text/html; charset=utf-8",
            content=b"<!DOCTYPE html>",
            sha256="0" * 64,
            size=15,
            created_at=NOON,
        )
    if state is SynthesisState.PUBLISHED:
        await _sign(made)
    return made.id


async def _sign(synthesis: Synthesis) -> None:
    """Give a synthesis its hashes and their signature; no test asks OpenSSL about this one."""
    await Document.create(
        synthesis=synthesis,
        format="txt",
        media_type="text/plain; charset=utf-8",
        content=b"0",
        sha256="1" * 64,
        size=1,
        created_at=NOON,
    )
    await Signature.create(
        synthesis=synthesis,
        content=b"0",
        sha256="2" * 64,
        signed="1" * 64,
        signer="Ministère",
        issuer="Autorité",
        fingerprint="3" * 64,
        deposited_at=NOON,
    )


# What reading alone may change: when a session was last used, and that the site tried whether it can write.
_PASSING = {"session": {"seen_at"}, "sign_of_life": {"id", "who", "at"}}


async def fingerprint() -> dict[str, str]:
    """Every row of every table, as it is stored, except what reading alone may change."""
    return {each["name"]: each["stored"] or "" for each in await rows(await _everything())}


_statements: list[str] = []


async def _everything() -> str:
    """The statement that reads all tables at once, written once."""
    if not _statements:
        columns = await rows(_COLUMNS_IN_SQLITE if is_sqlite() else _COLUMNS_IN_POSTGRES)
        tables: dict[str, list[str]] = {}
        for each in columns:
            if each["name"] not in _PASSING.get(each["place"], set()):
                tables.setdefault(each["place"], []).append(f'"{each["name"]}"')
        _statements.append(" UNION ALL ".join(_all_rows(table, names) for table, names in tables.items()))
    return _statements[0]


_COLUMNS_IN_SQLITE = """SELECT place.name AS place, kept.name AS name FROM sqlite_master AS place
                          JOIN pragma_table_info(place.name) AS kept
                         WHERE place.type = 'table' AND place.name NOT LIKE 'sqlite_%'
                           AND place.name NOT GLOB 'search_words*'"""
_COLUMNS_IN_POSTGRES = """SELECT table_name::text AS place, column_name::text AS name FROM information_schema.columns
                           WHERE table_schema = 'public' AND table_name <> 'search_words' ORDER BY ordinal_position"""


def _all_rows(table: str, columns: list[str]) -> str:
    gather, row = (
        ("group_concat", " || ',' || ".join(f"quote({name})" for name in columns))
        if is_sqlite()
        else ("string_agg", f"ROW({', '.join(columns)})::text")
    )
    return (
        f"SELECT '{table}' AS name, {gather}(one, ';') AS stored"
        f' FROM (SELECT {row} AS one FROM "{table}" ORDER BY 1) AS each_row'
    )


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """The tables whose rows are no longer the same."""
    return {table for table in before if before[table] != after[table]}
