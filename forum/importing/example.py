"""The example consultation: the real thread of 2019 with invented people, to read, write and vote at once.

The contributions are those of `example/formation-et-acteurs.txt`; the members, the choice of proposals and the ballots
are invented, and every page and document says so. It is loaded once, whole or not at all. No verb of the domain writes
that much, so this module opens the transaction itself: no other door does.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from forum.database import transaction
from forum.domain.discussion import threads
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.proposals.new_proposals import propose_from_post
from forum.domain.sign_in import passwords
from forum.domain.themes.files import open_unscheduled
from forum.domain.votes import votes
from forum.importing.thread import import_thread
from forum.models.members import Role
from forum.permissions import Schedule, Viewer
from forum.ranking.tallies import Opinion

SEED = Path(__file__).parent / "example" / "formation-et-acteurs.txt"
THEME = 3
GROUPS = ("role-et-missions", "publics", "formation-et-acteurs")

# Long enough to try everything without hurry; votes outlast contributions.
CONTRIBUTIONS = timedelta(days=30)
VOTES = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class ExampleAccount:
    """An account to sign in with. The password exists nowhere else in clear."""

    title: str
    name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class _Person:
    title: str
    name: str
    email: str
    role: Role
    organisation: str
    moderates: tuple[str, ...] = ()


# Addresses reserved by RFC 2606: nobody ever receives mail there.
_ACCOUNTS = (
    _Person("membre", "Camille Aubry", "membre@example.org", Role.MEMBER, "Médiathèque municipale"),
    _Person("modératrice", "Nadia Berthier", "moderatrice@example.org", Role.MEMBER, "Bibliothèque", GROUPS),
    _Person("agent", "Hugo Lemaire", "agent@example.org", Role.AGENT, "Ministère"),
    _Person("administratrice", "Inès Castel", "administratrice@example.org", Role.ADMINISTRATOR, "Ministère"),
)

_VOTERS = (
    "Adèle Rivière",
    "Amina Belkacem",
    "Antoine Lacombe",
    "Bérénice Faure",
    "Boris Delmas",
    "Chloé Vasseur",
    "Damien Poirier",
    "Élodie Carpentier",
    "Fatou Sarr",
    "Florent Gaillard",
    "Gaëlle Le Goff",
    "Hélène Marchal",
    "Ismaël Haddad",
    "Jeanne Tessier",
    "Karim Benali",
    "Léa Fontaine",
    "Mathilde Roussel",
    "Noé Charpentier",
    "Océane Picard",
    "Pauline Hébert",
    "Quentin Masson",
    "Rachel Obadia",
    "Sylvain Prévost",
    "Yasmine Cherif",
)
_ORGANISATIONS = (
    "Médiathèque municipale",
    "Bibliothèque départementale",
    "Réseau intercommunal de lecture publique",
    "Bibliothèque universitaire",
)


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A proposal that the moderator makes from words of a post, or from the whole post where none are given. Shares of
    pour and abstention in 100."""

    post: int
    words: str | None
    wording: str
    questions: tuple[int, ...]
    pour: int
    abstention: int


_PROPOSALS = (
    _Proposal(
        2,
        "embaucher des MEDIATEURS NUMERIQUES en CDI",
        "Embaucher des médiateurs numériques en CDI",
        (3,),
        86,
        9,
    ),
    _Proposal(
        2,
        "Informer nos tutelles mais aussi les organismes de formation tel que le CNFPT pour qu'ils se rendent compte "
        "que médiateur numérique n'est plus une option",
        "Faire savoir aux tutelles et aux organismes de formation, tel le CNFPT, que la médiation numérique n’est plus "
        "une option",
        (2, 5),
        68,
        20,
    ),
    _Proposal(
        2,
        "inciter les médiathèques à travailler avec les opérateurs tels que Pole Emploi, la CAF etc "
        "(et réciproquement)",
        "Inciter fortement les médiathèques et les opérateurs (Pôle emploi, CAF…) à travailler ensemble",
        (1,),
        55,
        17,
    ),
    _Proposal(
        3,
        None,
        "Organiser une politique d’accueil informatique dans les médiathèques\u00a0: ce qu’on y traite, ce qu’on n’y "
        "traite pas, vers qui on redirige",
        (1, 2),
        80,
        12,
    ),
    _Proposal(
        5,
        None,
        "Faciliter le recrutement en bibliothèques à d’autres filières professionnelles",
        (1, 3),
        42,
        21,
    ),
    _Proposal(
        6,
        None,
        "Garantir un cadre d’emploi pour les médiateurs numériques (évolution de carrière possible, mettre fin aux "
        "emplois précaires)",
        (3,),
        83,
        13,
    ),
    _Proposal(
        7,
        None,
        "Rénover et renforcer la place du numérique dans les formations initiales",
        (2, 5),
        74,
        14,
    ),
    _Proposal(
        8,
        None,
        "S’appuyer sur l’échelon départemental pour accompagner la formation et la mise en réseau des acteurs",
        (1,),
        35,
        30,
    ),
)

# Of 100 members, how many have an opinion on a given proposal: not everybody votes on everything.
_TURNOUT = 82


async def load_example(now: datetime) -> tuple[ExampleAccount, ...]:
    """Load the example into the loaded themes, unless it is already there; returns the accounts that it created.

    Raises:
        NotFound, Invalid, Conflict: the themes are not those of this repository.
    """
    if await members.has_examples():
        return ()
    made = [await _account(person) for person in _ACCOUNTS]
    async with transaction():
        await open_unscheduled(Schedule(now, now + CONTRIBUTIONS, now, now + VOTES))
        opened = {
            person.title: await _open(person, kept, now) for person, (_, kept) in zip(_ACCOUNTS, made, strict=True)
        }
        imported = await import_thread(SEED.read_bytes(), theme=THEME, now=now)
        assert imported.written is not None
        moderator = await members.load_viewer(opened["modératrice"])
        references = await _propose(moderator, imported.written.thread, now)
        await _vote(references, now)
    return tuple(account for account, _ in made)


async def _account(person: _Person) -> tuple[ExampleAccount, str]:
    """An account with a random password, and its hash, made before the lock is taken: four hashes take a second."""
    password = secrets.token_urlsafe(12)
    kept = await passwords.hash_password(password, asker=passwords.OUR_OWN)
    return ExampleAccount(person.title, person.name, person.email, password), kept


async def _open(person: _Person, kept: str, now: datetime) -> int:
    made = await members.create_member(
        Particulars(person.name, person.organisation, email=person.email),
        role=person.role,
        password_hash=kept,
        moderates=person.moderates,
        example=True,
        now=now,
    )
    return made.id


async def _propose(moderator: Viewer, thread: int, now: datetime) -> list[str]:
    """Write the proposals of the example; returns their references."""
    page = await threads.read_thread(await threads.thread_state(thread), 1, now)
    posts = {post.number: post.id for post in page.posts}
    return [
        await propose_from_post(moderator, posts[each.post], each.words, each.wording, each.questions, now)
        for each in _PROPOSALS
    ]


async def _vote(references: list[str], now: datetime) -> None:
    """Write the ballots of the invented members: always the same ones."""
    for i, name in enumerate(_VOTERS):
        organisation = _ORGANISATIONS[i % len(_ORGANISATIONS)]
        member = await members.create_member(Particulars(name, organisation), example=True, now=now)
        voter = await members.load_viewer(member.id)
        for proposal, reference in zip(_PROPOSALS, references, strict=True):
            opinion = _opinion(name, proposal, reference)
            if opinion is not None:
                await votes.vote(voter, reference, opinion, now)


def _opinion(name: str, proposal: _Proposal, reference: str) -> Opinion | None:
    """What this person thinks of that proposal, drawn by a hash of both; None: they do not vote on it."""
    drawn = sha256(f"{name}|{reference}".encode()).digest()
    if drawn[0] * 100 // 256 >= _TURNOUT:
        return None
    share = drawn[1] * 100 // 256
    if share < proposal.pour:
        return Opinion.FOR
    return Opinion.ABSTAIN if share < proposal.pour + proposal.abstention else Opinion.AGAINST
