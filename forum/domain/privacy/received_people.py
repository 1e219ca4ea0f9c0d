"""How is somebody forgotten who has no account: the author of contributions that were received elsewhere?

As an account is erased (`erasure.py`): their words stay, their name and organisation go from them, and the name goes
from everybody's words, in one transaction. A moderator of the group or an administrator does it,
when that person asks.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.database import Row, places, row, rows, transaction
from forum.domain import journal
from forum.domain.leftovers import ask_to_wipe
from forum.domain.privacy.erasure import is_ordinary_name
from forum.domain.privacy.redacted_words import find_strangers, hold_all, take_out, warm_up
from forum.domain.references import storable
from forum.domain.signatures import ERASED, NAMELESS
from forum.errors import Conflict, NotFound
from forum.permissions import Viewer, demand, may_forget_received
from forum.text.folding import sort_key
from forum.text.mentions import handle_key
from forum.text.names import make_handle
from forum.text.redaction import RedactedPerson, Redactor


@dataclass(frozen=True, slots=True)
class ReceivedPost:
    """A contribution that was received under the name, where it is read."""

    id: int
    number: int
    thread: str
    organisation: str


@dataclass(frozen=True, slots=True)
class ReceivedPerson:
    """The name to erase, the contribution that it was asked from, and all that this moderator will take it from."""

    name: str
    post: int
    group: int
    posts: tuple[ReceivedPost, ...]
    elsewhere: bool
    """Another group received contributions under the same name: perhaps of somebody else, theirs stay."""


async def received_person(viewer: Viewer | None, post: int, now: datetime) -> ReceivedPerson:
    """The author of a contribution that was received elsewhere.

    Raises:
        NotFound: no such contribution, not received elsewhere, or without a name (any more).
        SignInRequired, NotAllowed.
    """
    asked = await row(
        """SELECT v.name, t.working_group_id AS group_id FROM reception v JOIN post p ON p.id = v.post_id
             JOIN thread f ON f.id = p.thread_id JOIN theme t ON t.id = f.theme_id WHERE v.post_id = $1""",
        storable(post),
    )
    if asked is None:
        raise NotFound
    viewer = demand(may_forget_received, viewer, asked["group_id"], now)
    if asked["name"] in NAMELESS:
        raise NotFound
    namesakes = [each for each in await rows(_RECEIVED) if sort_key(each["name"]) == sort_key(asked["name"])]
    theirs = [each for each in namesakes if may_forget_received(viewer, each["group_id"], now)]
    return ReceivedPerson(
        asked["name"], post, asked["group_id"], tuple(map(_shown, theirs)), len(theirs) < len(namesakes)
    )


_RECEIVED: Final = """
    SELECT v.name, v.organisation, p.id, p.number, f.title, t.working_group_id AS group_id
      FROM reception v JOIN post p ON p.id = v.post_id JOIN thread f ON f.id = p.thread_id
      JOIN theme t ON t.id = f.theme_id ORDER BY p.id"""


def _shown(found: Row) -> ReceivedPost:
    return ReceivedPost(found["id"], found["number"], found["title"], found["organisation"])


async def erase_received(viewer: Viewer | None, post: int, seen: int | None, now: datetime) -> ReceivedPerson:
    """Take the name of that person from the contributions received under it and from everybody's words; `seen` is how
    many contributions the page showed.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        Conflict: another contribution was entered under that name meanwhile.
    """
    person = await received_person(viewer, post, now)
    redactor, strangers = await _redactor(person), await find_strangers()
    await warm_up(redactor, strangers)
    async with transaction() as tx:
        await hold_all()
        person = await received_person(viewer, post, now)
        if seen != len(person.posts):
            raise Conflict("D’autres contributions viennent d’être saisies sous ce nom. Relisez la liste.")
        posts = [each.id for each in person.posts]
        await rows(
            f"UPDATE reception SET name = $1, organisation = '' WHERE post_id IN ({places(len(posts), after=1)})",
            ERASED,
            *posts,
        )
        await take_out(tx, redactor, strangers, now)
        await journal.record(
            demand(may_forget_received, viewer, person.group, now),
            "erase_received",
            "post",
            post,
            group=person.group,
            after=str(len(posts)),
            now=now,
        )
        await ask_to_wipe(tx, now)
    return person


async def _redactor(person: ReceivedPerson) -> Redactor:
    """What takes the name out of texts, but where somebody else has it too."""
    members = await rows("SELECT name, handle_key FROM member WHERE erased_at IS NULL")
    names = frozenset(sort_key(each["name"]) for each in members)
    about = RedactedPerson(
        name=person.name,
        handles=(),
        ordinary=await is_ordinary_name(person.name),
        shared=sort_key(person.name) in names or person.elsewhere,
        others=names,
    )
    begun = tuple({handle_key(make_handle(name)) for name in about.spellings()})
    namesakes = frozenset(each["handle_key"] for each in members if each["handle_key"].startswith(begun))
    return Redactor(replace(about, namesakes=namesakes))
