"""The real thread of 2019, worked through as its moderators would, using only the pages. What the product must allow:
P5, P6 and P7 come from the meeting; P3 has contribution 9 as its complement, and its words are not harvested twice; P8;
the three demands of the testimony in contribution 2, one of which joins P6."""

import re
from html import unescape

from httpx2 import AsyncClient, Response

from forum.database import rows
from forum.importing.thread import import_thread
from forum.models.members import Member, Role
from forum.models.themes import Theme
from tests.conftest import NOON, Clock
from tests.factories import make_group, make_member, make_theme, sign_in
from tests.importing.test_layout import SEED

HIRE = "embaucher des MEDIATEURS NUMERIQUES en CDI!"
TRAIN = "Informer nos tutelles mais aussi les organismes de formation tel que le CNFPT"
WORK_TOGETHER = "fortement inciter les médiathèques à travailler avec les opérateurs tels que Pole Emploi, la CAF etc"


class Desk:
    """A moderator at work: what they press, and what they are shown."""

    def __init__(self, client: AsyncClient, posts: dict[int, int]) -> None:
        self.client = client
        self.posts = posts

    async def read(self, address: str) -> str:
        """The words of a page, with ordinary spaces."""
        answer = await self.client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        return re.sub(r"(?:\s|\u00a0|\u202f)+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))

    async def send(self, address: str, **form: str) -> Response:
        answer = await self.client.post(address, data=form)
        assert answer.status_code == 303, f"{address}: {answer.status_code}\n{answer.text}"
        return answer

    async def propose(self, number: int, wording: str, *, words: str = "") -> str:
        """Make a proposal of a contribution, by its place in the thread, or of words of it; returns its reference."""
        answer = await self.send(f"/contributions/{self.posts[number]}/proposer", mots=words, formulation=wording)
        return str(answer.headers["location"]).partition("?")[0].rpartition("/")[2]

    async def harvest(self, number: int, nature: str, *, words: str = "", proposal: str = "") -> None:
        form = {"mots": words} if words else {"tout": "1"}
        await self.send(f"/contributions/{self.posts[number]}/extraire", nature=nature, proposition=proposal, **form)

    async def end(self, number: int, *, reason: str = "") -> None:
        """End the reading of a contribution: treated, or without follow-up for a reason."""
        post = self.posts[number]
        seen = re.search(r'name="vu" value="([^"]+)"', (await self.client.get(f"/contributions/{post}/extraire")).text)
        assert seen
        acte = "sans-suite" if reason else "terminer"
        form = {"motif": reason} if reason else {}
        await self.send(f"/contributions/{post}/traitement", vu=seen[1], acte=acte, **form)


async def test_the_thread_of_2019_becomes_proposals_and_every_contribution_is_read(
    client: AsyncClient, clock: Clock
) -> None:
    group = await make_group("gt-3")
    theme = await make_theme(3, group=group)
    await import_thread(SEED.read_bytes(), theme=3, now=NOON)
    posts = {one["number"]: one["id"] for one in await rows("SELECT id, number FROM post ORDER BY number")}
    moderator = await make_member("Nadia Berthier", moderates=[group])
    await sign_in(client, moderator)
    desk = Desk(client, posts)
    assert "9" in await desk.read("/a-traiter")

    # Meeting 1: its tags are confirmed, its three contributions become proposals that come from it.
    for number in (5, 6, 7):
        await desk.send(f"/contributions/{posts[number]}/reunions", reunion="1", acte="etiqueter")
    p5 = await desk.propose(5, "Faciliter le recrutement en bibliothèques à d’autres filières professionnelles")
    p6 = await desk.propose(6, "Garantir un cadre d’emploi pour les médiateurs numériques")
    p7 = await desk.propose(7, "Rénover et renforcer la place du numérique dans les formations initiales")
    p3 = await desk.propose(3, "Organiser une politique d’accueil informatique dans les médiathèques")
    p8 = await desk.propose(8, "Confier à l’échelon départemental la formation et la mise en réseau des acteurs")
    meeting = (await rows("SELECT id FROM meeting"))[0]["id"]
    told = await desk.read(f"/reunions/{meeting}")
    assert all(reference in told for reference in (p5, p6, p7))
    assert p3 not in told
    assert p8 not in told

    # Contribution 9 quotes the whole of 3, then adds to it: only its own words are the complement.
    await desk.harvest(9, "connaissance", proposal=p3)
    complement = await desk.read(f"/propositions/{p3}")
    assert "cadrer en interne l'intervention des bibliothécaires" in complement
    extracts = await rows(
        """SELECT r.plain, e.start, e.stop FROM extract e
             JOIN post_revision r ON r.post_id = e.post_id AND r.number = e.revision WHERE e.post_id = $1""",
        posts[9],
    )
    assert all("Avec quel périmètre" not in one["plain"][one["start"] : one["stop"]] for one in extracts)
    # Contribution 4 supports it in prose; 10 tells an example.
    await desk.harvest(4, "soutien", proposal=p3)
    await desk.harvest(10, "exemple", proposal=p8)

    # The testimony of contribution 2 holds three demands; the first asks for the same as P6 and joins it.
    hire = await desk.propose(2, "Embaucher des médiateurs numériques en CDI", words=HIRE)
    near = await desk.read(f"/propositions/{hire}/fusionner")
    assert near.index(p6) < len(near)
    await desk.harvest(2, "solution", words=TRAIN, proposal=p7)
    await desk.harvest(2, "solution", words=WORK_TOGETHER)
    await desk.send(
        f"/propositions/{hire}/fusionner",
        destination=p6,
        motif="Les deux demandent des emplois durables de médiateurs numériques.",
    )
    led = await client.get(f"/propositions/{hire}")
    assert led.status_code == 303
    assert p6 in led.headers["location"]
    joined = await desk.read(f"/propositions/{p6}")
    assert "Embaucher des médiateurs numériques en CDI" in joined
    assert HIRE in await desk.read(f"/propositions/{hire}/origine")
    of_testimony = await rows("SELECT id FROM extract WHERE post_id = $1", posts[2])
    assert len(of_testimony) == 3

    # Every contribution is fully read, and nothing waits any more.
    for number in range(2, 11):
        await desk.end(number)
    assert (await rows("SELECT COUNT(*) AS n FROM treatment WHERE outcome = 'treated'"))[0]["n"] == 9
    waiting = (await client.get("/a-traiter")).text
    assert all(f"/contributions/{post}/extraire" not in waiting for post in posts.values())

    # People vote; the votes of merged proposals are counted once, and the results say so.
    for voter, opinion in ((f"Votant Numéro{n}", "pour" if n < 4 else "contre") for n in range(6)):
        await sign_in(client, await make_member(voter))
        for reference in (p3, p6):
            assert (await client.post(f"/propositions/{reference}/vote", data={"avis": opinion})).status_code == 303
    await sign_in(client, await make_member("Un Agent", role=Role.AGENT))
    await desk.send("/themes/3/clore-les-votes", motif="Fin de la consultation.", confirmation="1")
    results = await desk.read("/themes/3/propositions")
    assert "4 pour moins 2 contre : soutien net 2." in results
    assert f"ex æquo avec {p3}" in results or f"ex æquo avec {p6}" in results
    assert (await Theme.get(id=theme.id)).last_proposal_number == 6
    assert await Member.filter(name="Malik-Diallo").count() == 1
