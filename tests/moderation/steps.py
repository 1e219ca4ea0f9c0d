"""What the tests of moderation have in common: the people, and one step of each form."""

import re
from dataclasses import dataclass

from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import rows
from forum.models.members import Member
from forum.models.posts import Post
from forum.models.threads import Thread
from forum.sealing import unseal
from tests.conftest import Clock, visitor
from tests.factories import sign_in

UNIQUE = "Des mots que personne ne doit lire : quetzalcoatl."
FACTS = "Une attaque contre une personne."


@dataclass(frozen=True)
class Team:
    """A thread with a contribution that breaks a rule, its author, two moderators, an administrator and a reader."""

    thread: Thread
    post: Post
    author: Member
    first: Member
    second: Member
    administrator: Member
    reader: Member


async def as_(app: Starlette, member: Member) -> AsyncClient:
    """A browser of that member."""
    client = visitor(app)
    await sign_in(client, member)
    return client


async def notify(client: AsyncClient, post: int, **more: str) -> Response:
    """Send a notice of a contribution, as a member does."""
    form = {"regle": "charter", "explication": "Une insulte."} | more
    return await client.post(f"/contributions/{post}/signaler", data=form)


async def notify_as_visitor(client: AsyncClient, post: int, clock: Clock, **more: str) -> Response:
    """Send a notice of a contribution without an account: the form is open for a minute."""
    shown = (await client.get(f"/contributions/{post}/signaler")).text
    mark = re.search(r'name="instant" value="([^"]+)"', shown)
    assert mark, shown
    clock.pass_(minutes=1)
    return await notify(client, post, **({"adresse": "une.personne@exemple.org", "instant": mark[1]} | more))


async def mails(template: str) -> list[dict[str, str]]:
    """The waiting mails of a kind: their addresses and what fills them."""
    found = await rows("SELECT address, content FROM mail WHERE template = $1 ORDER BY id", template)
    return [{"address": one["address"], **unseal(one["content"])} for one in found]


async def decide(
    client: AsyncClient, case: int, *, act: str = "hide", ground: str = "charter", **more: str
) -> Response:
    """Look at the text, then send the decision as it was shown."""
    path, form = f"/moderation/dossiers/{case}", {"mesure": act, "regle": ground, "motif": FACTS} | more
    shown = await client.post(path, data=form | {"acte": "apercu"})
    assert shown.status_code == 200, shown.text
    mark = re.search(r'name="vu" value="(\w+)"', shown.text)
    assert mark, shown.text
    return await client.post(path, data=form | {"acte": "envoyer", "vu": mark[1]})


async def hidden(app: Starlette, team: Team) -> int:
    """Have the contribution notified and hidden by the first moderator; returns the decision."""
    async with await as_(app, team.reader) as reader:
        assert (await notify(reader, team.post.id)).status_code == 303
    async with await as_(app, team.first) as moderator:
        answer = await decide(moderator, 1)
        assert answer.status_code == 303, answer.text
    return int((await rows("SELECT MAX(id) AS id FROM moderation_decision"))[0]["id"])


def words(page: str) -> str:
    """The visible words of a page, on one line."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'")
