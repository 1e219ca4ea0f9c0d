"""What tests need, made in one line each, directly in the tables, as the forms would have written it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import pyotp
import pytest
from httpx2 import AsyncClient

from forum.database import rows
from forum.domain.sign_in import sessions
from forum.models.credentials import SecondFactor
from forum.models.meetings import WorkingGroup
from forum.models.members import Member, Moderator, Role
from forum.models.posts import Mention, Post, PostKind, PostRevision
from forum.models.proposals import Extract, Nature, Origin, Proposal, ProposalQuestion, ProposalState, ProposalVersion
from forum.models.themes import GuidingQuestion, Theme
from forum.models.threads import Thread
from forum.sealing import seal
from forum.text.mentions import handle_key
from forum.text.names import make_handle
from forum.text.quotes import digest
from forum.text.reading import RENDERER_VERSION, read
from tests.conftest import NOON

# What a form sends when its box is ticked ("Je confirme…").
CONFIRMED = {"confirmation": "1"}
# The secret that every second factor in tests shares with the site.
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

Window = Literal["open", "closed", "later", "unset"]


async def make_group(slug: str = "gt-3", name: str = "Formation et acteurs") -> WorkingGroup:
    """The working group with that slug, made if needed."""
    found, _ = await WorkingGroup.get_or_create(slug=slug, defaults={"name": name})
    return found


async def make_member(
    name: str = "Camille Martin",
    *,
    role: Role = Role.MEMBER,
    moderates: Sequence[WorkingGroup] = (),
    email: str | None = None,
    organisation: str = "",
    confirmed: bool = True,
    suspended_until: datetime | None = None,
    password_hash: str | None = "un mot de passe que personne ne connaît",
    example: bool = False,
    factor: bool = True,
) -> Member:
    """A member, whose password is never typed: see `sign_in`. With None they are only named by an imported text.

    Roles that require a second factor get one, whose codes `code_at` gives, unless `factor` is false.
    """
    handle = make_handle(name)
    member = await Member.create(
        name=name,
        handle=handle,
        handle_key=handle_key(handle),
        email=email,
        email_key=email.lower() if email else None,
        password_hash=password_hash,
        role=role,
        organisation=organisation,
        confirmed_at=NOON - timedelta(days=30) if confirmed else None,
        suspended_until=suspended_until,
        example=example,
        created_at=NOON - timedelta(days=30),
    )
    for group in moderates:
        await Moderator.create(member=member, working_group=group)
    if factor and (moderates or role is not Role.MEMBER):
        await give_factor(member)
    return member


async def give_factor(member: Member, *, secret: str = SECRET) -> None:
    """Give a member a second factor, without recovery codes."""
    await SecondFactor.create(member=member, secret=seal(secret), created_at=NOON - timedelta(days=30))


def code_at(now: datetime, *, secret: str = SECRET) -> str:
    """The code that the application shows at that time."""
    return pyotp.TOTP(secret).at(now)


def window(state: Window) -> tuple[datetime | None, datetime | None]:
    """Opening and close of a window that is open, closed or still to come at noon."""
    day = timedelta(days=1)
    return {
        "open": (NOON - 10 * day, NOON + 10 * day),
        "closed": (NOON - 20 * day, NOON - day),
        "later": (NOON + day, NOON + 20 * day),
        "unset": (None, None),
    }[state]


async def make_theme(
    number: int = 3,
    *,
    contributions: Window = "open",
    votes: Window = "open",
    sealed: bool = True,
    quorum: int = 0,
    group: WorkingGroup | None = None,
    title: str = "Formation et acteurs",
    questions: Sequence[str] = ("Quels acteurs ?", "Quelles formations ?"),
) -> Theme:
    """A theme of a working group (`gt-<number>` by default)."""
    theme = await Theme.create(
        number=number,
        title=title,
        introduction="Une introduction.",
        introduction_html="<p>Une introduction.</p>",
        working_group=group or await make_group(f"gt-{number}"),
        contributions_open_at=window(contributions)[0],
        contributions_close_at=window(contributions)[1],
        votes_open_at=window(votes)[0],
        votes_close_at=window(votes)[1],
        sealed=sealed,
        quorum=quorum,
    )
    for position, text in enumerate(questions, start=1):
        await GuidingQuestion.create(theme=theme, position=position, text=text)
    return theme


async def make_thread(
    theme: Theme, title: str = "Propositions et pistes d’actions", *, author: Member | None = None
) -> Thread:
    """A thread without any post yet."""
    return await Thread.create(theme=theme, title=title, author=author, created_at=NOON, last_post_at=NOON)


@pytest.fixture
async def thread(client: AsyncClient) -> Thread:
    """A thread of theme 3 without any post yet, while contributions are open."""
    return await make_thread(await make_theme(3))


async def make_post(
    thread: Thread,
    source: str = "Former les bibliothécaires.",
    *,
    author: Member | None = None,
    kind: PostKind = PostKind.CONTRIBUTION,
    reply_to: Post | None = None,
    written_at: datetime | None = NOON,
) -> Post:
    """A contribution with its first revision and its mentions. Quotes and meeting tags are made by the domain."""
    reading = read(source)
    thread.posts_count += 1
    thread.last_number += 1
    await thread.save(update_fields=["posts_count", "last_number"])
    post = await Post.create(
        thread=thread,
        number=thread.last_number,
        kind=kind,
        author=author,
        reply_to=reply_to,
        renderer=RENDERER_VERSION,
        created_at=NOON,
        written_at=written_at,
        source=source,
        html=reading.html,
        plain=reading.plain,
    )
    await PostRevision.create(
        post=post,
        number=1,
        source=source,
        html=reading.html,
        plain=reading.plain,
        editor=author,
        created_at=NOON,
    )
    for mention in reading.mentions:
        key = handle_key(mention.handle)
        named = await Member.get_or_none(handle_key=key)
        await Mention.create(post=post, handle=mention.handle, handle_key=key, is_leading=mention.leading, member=named)
    return post


async def make_extract(
    post: Post, *, author: Member | None = None, nature: Nature = Nature.SOLUTION, proposal: Proposal | None = None
) -> Extract:
    """The first word of a contribution, kept by `author`."""
    word = post.plain.split()[0]
    return await Extract.create(
        post=post,
        revision=post.revision,
        start=post.plain.index(word),
        stop=post.plain.index(word) + len(word),
        sha256=digest(word),
        nature=nature,
        proposal=proposal,
        member=author,
        created_at=NOON,
    )


async def make_proposal(
    theme: Theme,
    wording: str = "Embaucher des médiateurs numériques.",
    *,
    author: Member | None = None,
    state: ProposalState = ProposalState.OPEN,
    questions: Sequence[GuidingQuestion] = (),
) -> Proposal:
    """A proposal with its first version and the next reference of its theme."""
    theme.last_proposal_number += 1
    await theme.save(update_fields=["last_proposal_number"])
    proposal = await Proposal.create(
        theme=theme,
        number=theme.last_proposal_number,
        wording=wording,
        state=state,
        origin=Origin.MEMBER,
        author=author,
        promoter=author,
        created_at=NOON,
    )
    await ProposalVersion.create(proposal=proposal, number=1, wording=wording, editor=author, created_at=NOON)
    for question in questions:
        await ProposalQuestion.create(proposal=proposal, question=question)
    await rows("UPDATE theme SET version = version + 1 WHERE id = $1", theme.id)
    return proposal


async def sign_in(client: AsyncClient, member: Member, *, now: datetime = NOON) -> None:
    """Sign the member in with this browser, without a password."""
    token = await sessions.open_session(member.id, now=now)
    client.cookies.set("session", token, domain="127.0.0.1")


async def count(table: str) -> int:
    """How many rows a table has, to check that a refused write changes nothing."""
    return int((await rows(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"])  # names come from tests
