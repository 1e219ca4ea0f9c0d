"""What is measured: a theme with open votes, one with closed votes, threads of twenty posts, members.

Written straight into a fresh SQLite file, in the shape that the doors write.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forum.database import rows, transaction
from forum.domain.sign_in import sessions
from forum.models.meetings import WorkingGroup
from forum.models.members import Member, Role
from forum.models.posts import Post, PostRevision
from forum.models.proposals import Extract, Origin, Proposal, ProposalVersion
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.models.votes import Ballot
from forum.ranking.tallies import Opinion
from forum.text.quotes import digest
from forum.text.reading import RENDERER_VERSION, read

POSTS, PROPOSALS, MEMBERS = 20, 40, 32
POSTS_WITH_PROPOSAL = 5
WORDS = (
    "Il faut **former** les équipes à l’accueil numérique, avec des temps d’échange entre établissements.\n\n"
    "- un référent par bibliothèque ;\n- des fiches pratiques ;\n- un réseau départemental.\n\n"
    "Cela existe déjà au coup par coup : nous nous heurtons sans cesse aux mêmes barrières administratives, et les "
    "collègues font de leur mieux, mais forcément moins bien, pour pallier ce manque de compétences. "
    "Voir https://example.org/charte pour une charte de l’accompagnement."
)


@dataclass(frozen=True, slots=True)
class Consultation:
    """Addresses and people. `tokens` are the cookies of members who are signed in, one each."""

    read_thread: int
    written_thread: int
    quotable: int
    quotable_length: int
    open_theme: int
    closed_theme: int
    tokens: tuple[str, ...]


async def fill() -> Consultation:
    """Write the whole consultation; takes a few seconds."""
    now = datetime.now(UTC)
    members = [await _member(n, now) for n in range(MEMBERS)]
    open_theme = await _theme(1, now, votes_close=now + timedelta(days=10))
    closed_theme = await _theme(2, now, votes_close=now - timedelta(hours=1))
    first = await _thread(open_theme, members, now)
    second = await _thread(open_theme, members, now)
    quotable = await Post.get(thread_id=first, number=1)
    for theme in (open_theme, closed_theme):
        await propose(theme, PROPOSALS, members, now)
    await _tie_to_posts(open_theme, first, now)
    return Consultation(
        read_thread=first,
        written_thread=second,
        quotable=quotable.id,
        quotable_length=len(quotable.plain),
        open_theme=open_theme.number,
        closed_theme=closed_theme.number,
        tokens=tuple([await sessions.open_session(member.id, now=now) for member in members]),
    )


async def _member(number: int, now: datetime) -> Member:
    return await Member.create(
        name=f"Membre {number}",
        handle=f"Membre-{number}",
        handle_key=f"membre-{number}",
        role=Role.MEMBER,
        confirmed_at=now,
        created_at=now,
    )


async def _theme(number: int, now: datetime, *, votes_close: datetime) -> Theme:
    group, _ = await WorkingGroup.get_or_create(slug=f"gt-{number}", defaults={"name": f"Groupe {number}"})
    return await Theme.create(
        number=number,
        title=f"Formation et acteurs, {number}",
        introduction="Une introduction.",
        introduction_html="<p>Une introduction.</p>",
        working_group=group,
        contributions_open_at=now - timedelta(days=30),
        contributions_close_at=now + timedelta(days=10),
        votes_open_at=now - timedelta(days=20),
        votes_close_at=votes_close,
    )


async def _thread(theme: Theme, members: list[Member], now: datetime) -> int:
    thread = await Thread.create(
        theme=theme,
        title="Propositions et pistes d’actions",
        posts_count=POSTS,
        last_number=POSTS,
        created_at=now,
        last_post_at=now,
    )
    reading = read(WORDS)
    for number in range(1, POSTS + 1):
        author = members[number % len(members)]
        post = await Post.create(
            thread=thread,
            number=number,
            author=author,
            source=WORDS,
            html=reading.html,
            plain=reading.plain,
            renderer=RENDERER_VERSION,
            created_at=now,
            written_at=now,
        )
        await PostRevision.create(
            post=post,
            number=1,
            source=WORDS,
            html=reading.html,
            plain=reading.plain,
            editor=author,
            created_at=now,
        )
    return thread.id


async def propose(theme: Theme, many: int, members: list[Member], now: datetime) -> None:
    """Proposals, each with the ballot of every member."""
    opinions = tuple(Opinion)
    async with transaction():
        for number in range(1, many + 1):
            wording = f"Proposition {number} : former, recruter et accompagner dans chaque bibliothèque."
            proposal = await Proposal.create(
                theme=theme, number=number, wording=wording, origin=Origin.MEMBER, author=members[0], created_at=now
            )
            await ProposalVersion.create(proposal=proposal, number=1, wording=wording, created_at=now)
            await Ballot.bulk_create(
                Ballot(
                    proposal=proposal,
                    voter=member,
                    opinion=opinions[(number * place) % 3],
                    proposal_version=1,
                    cast_at=now,
                )
                for place, member in enumerate(members)
            )
        await rows("UPDATE theme SET last_proposal_number = $1 WHERE id = $2 RETURNING id", many, theme.id)


async def _tie_to_posts(theme: Theme, thread: int, now: datetime) -> None:
    """The first proposals come from posts of the thread, which then shows how its reader voted on them."""
    for number in range(1, POSTS_WITH_PROPOSAL + 1):
        post = await Post.get(thread_id=thread, number=number)
        extract = await Extract.create(
            post=post, revision=1, start=0, stop=40, sha256=digest(post.plain[:40]), created_at=now
        )
        await Proposal.filter(theme=theme, number=number).update(extract_id=extract.id, origin=Origin.EXTRACT)


async def make_closed_theme(many: int) -> None:
    """Theme 1 with this many proposals, its votes closed: what a compilation is measured on."""
    now = datetime.now(UTC)
    members = [await _member(n, now) for n in range(MEMBERS)]
    theme = await _theme(1, now, votes_close=now - timedelta(hours=1))
    await _thread(theme, members, now)
    await propose(theme, many, members, now)
