"""Administrators correct a name or an organisation: the old words are gone everywhere, and the person knows why."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows, transaction
from forum.domain.mail import WaitingMail, post_mail
from forum.models.members import Member, Role
from forum.models.notifications import Event, Notification
from forum.models.posts import Post
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from forum.models.threads import Thread
from forum.sealing import unseal
from tests.conftest import NOON, visitor
from tests.factories import count, make_member, make_post, make_proposal, make_theme, make_thread, sign_in
from tests.workers.test_mail import part
from workers.letters import message_of

INSULT, ORGANISATION = "Gros Patapouf", "Ligue des Malotrus"
REASON = "Le nom est une insulte, et l’association n’existe pas."
TYPED = {"nom": "Participant Bleu", "organisation": "", "regle": "charter", "motif": REASON}


@dataclass(frozen=True)
class Scene:
    """Somebody called by an insult, who wrote, proposed and answered; the one answered; an administrator."""

    person: Member
    reader: Member
    administrator: Member
    theme: Theme
    thread: Thread
    post: Post
    proposal: Proposal

    @property
    def form(self) -> str:
        return f"/administration/personnes/{self.person.id}/nom"


@pytest.fixture
async def scene(app: Starlette) -> Scene:
    person = await make_member(INSULT, email="bleu@exemple.fr", organisation=ORGANISATION)
    reader = await make_member("Léa Martin", email="lea@exemple.fr")
    administrator = await make_member("Claire Ferrand", role=Role.ADMINISTRATOR, email="claire@exemple.fr")
    theme = await make_theme(3)
    thread = await make_thread(theme, author=person)
    await make_post(thread, "Ouvrir le samedi.", author=reader)
    post = await make_post(thread, "Former les bibliothécaires.", author=person)
    proposal = await make_proposal(theme, author=person)
    await Notification.create(member=reader, post=post, event=Event.REPLY, created_at=NOON)
    return Scene(person, reader, administrator, theme, thread, post, proposal)


@pytest.fixture
async def desk(app: Starlette, scene: Scene) -> AsyncIterator[AsyncClient]:
    """The browser of the administrator."""
    async with visitor(app) as client:
        await sign_in(client, scene.administrator)
        yield client


async def correct(desk: AsyncClient, scene: Scene, **typed: str) -> Response:
    """Send the form as it is shown now."""
    seen = re.search(r'name="vu" value="(\w+)"', (await desk.get(scene.form)).text)
    assert seen
    return await desk.post(scene.form, data=TYPED | {"vu": seen[1]} | typed)


async def pages(app: Starlette, scene: Scene) -> Mapping[str, str]:
    """Everything that shows the person, as an administrator, as the reader, as a visitor and as the person read it."""
    thread = f"/fils/{scene.thread.id}"
    proposal = f"/propositions/T3-{scene.proposal.number:03}"
    everywhere: tuple[str, ...] = (
        "/",
        "/themes/3",
        "/themes/3/flux.atom",
        thread,
        f"{thread}/flux.atom",
        f"/en{thread}",
    )
    everywhere += ("/themes/3/propositions", proposal, f"{proposal}/versions", f"/contributions/{scene.post.id}")
    person = f"/administration/personnes/{scene.person.id}"
    staff = (*everywhere, person, f"{person}/nom", "/administration/personnes", "/journal", "/notifications")
    readers: dict[Member | None, tuple[str, ...]] = {
        None: everywhere,
        scene.reader: (*everywhere, "/notifications", f"/contributions/{scene.post.id}/citer"),
        scene.person: (*everywhere, "/compte", "/notifications", "/compte/contributions"),
        scene.administrator: staff,
    }
    found = {}
    for member, addresses in readers.items():
        async with visitor(app) as client:
            if member:
                await sign_in(client, member)
            for address in addresses:
                answer = await client.get(address, follow_redirects=True)
                assert answer.status_code == 200, address
                found[f"{member and member.name} {address}"] = answer.text
            if member is scene.administrator:
                found["export"] = (await client.post("/journal/export", data={})).text
    return found


def naming(said: Mapping[str, str]) -> set[str]:
    """Where the old words are, as a name, as a handle or as an organisation."""
    return {place for place, words in said.items() if re.search("patapouf|malotrus", words, re.IGNORECASE)}


async def mails() -> list[tuple[str, dict[str, str]]]:
    found = await rows("SELECT template, content FROM mail ORDER BY id")
    return [(each["template"], unseal(each["content"])) for each in found]


async def test_the_old_words_are_on_no_page_feed_or_mail_afterwards(
    app: Starlette, desk: AsyncClient, scene: Scene
) -> None:
    async with transaction() as tx:
        await post_mail(tx, "password_changed", "bleu@exemple.fr", locale="fr", now=NOON, name=INSULT)
        await post_mail(tx, "invitation", "autre@exemple.fr", locale="fr", now=NOON, name="", inviter=INSULT)
    before = naming(await pages(app, scene))
    assert {f"None /fils/{scene.thread.id}", "None /themes/3/flux.atom", "Léa Martin /notifications"} <= before
    assert (await correct(desk, scene)).status_code == 303

    after = await pages(app, scene)
    assert naming(after) == set()
    shown = {place for place, words in after.items() if "Participant Bleu" in words}
    assert {each for each in before if not each.startswith(INSULT)} <= shown
    waiting = await mails()
    assert naming({template: json.dumps(said) for template, said in waiting}) == set()
    assert [said.get("inviter") for _, said in waiting] == [None, "Participant Bleu", None]
    tables = ("member", "journal_entry", "notification")
    kept = {table: str([dict(each) for each in await rows(f"SELECT * FROM {table}")]) for table in tables}
    assert naming(kept) == set()
    renamed = await row("SELECT name, handle, handle_key, organisation FROM member WHERE id = $1", scene.person.id)
    assert renamed is not None
    assert tuple(dict(renamed).values()) == ("Participant Bleu", "Participant-Bleu", "participant-bleu", "")


async def test_the_journal_has_the_rule_and_the_reason_and_no_name(desk: AsyncClient, scene: Scene) -> None:
    await correct(desk, scene)
    found = await rows("SELECT act, actor_id, thing, thing_id, before, after, reason FROM journal_entry")
    said = '{"corrected": "both", "ground": "charter"}'
    line = ("correct_person", scene.administrator.id, "member", scene.person.id, "", said, REASON)
    assert [tuple(dict(each).values()) for each in found] == [line]
    page = (await desk.get("/journal")).text
    assert "a corrigé le nom ou l’organisation d’une personne" in page
    assert "nom et organisation" in page
    assert "contraire à la charte" in page


async def test_the_person_reads_what_changed_by_which_rule_why_and_how_to_contest(
    app: Starlette, desk: AsyncClient, scene: Scene
) -> None:
    await correct(desk, scene)
    async with visitor(app) as client:
        await sign_in(client, scene.person)
        assert 'href="/compte#correction"' in (await client.get("/notifications")).text
        account = (await client.get("/compte")).text
    for said in (
        "a corrigé votre nom et votre organisation",
        "contraire à la charte",
        REASON,
        "tribunal administratif",
    ):
        assert said in account, said
    assert "Claire Ferrand" not in account
    [(template, values)] = await mails()
    letter = message_of(WaitingMail(1, "bleu@exemple.fr", template, "fr", values, NOON))
    text = " ".join(part(letter, "plain").replace("\xa0", " ").replace("\u202f", " ").split())
    assert letter["Subject"] == "Votre nom affiché a été corrigé"
    for said in ("Bonjour Participant Bleu,", "Règle appliquée : contraire à la charte.", REASON, "mentions légales"):
        assert said in text, said
    assert "a retiré l’organisation" in text
    assert "Vous pouvez encore changer votre nom" in text
    assert "Claire Ferrand" not in text


async def test_an_organisation_alone_is_corrected(desk: AsyncClient, scene: Scene) -> None:
    answer = await correct(desk, scene, nom=INSULT, organisation="Particulier", motif="Cette association n’existe pas.")
    assert answer.status_code == 303
    person = await Member.get(id=scene.person.id)
    assert (person.name, person.handle, person.organisation) == (INSULT, "Gros-Patapouf", "Particulier")
    [(template, values)] = await mails()
    letter = message_of(WaitingMail(1, "bleu@exemple.fr", template, "en", values, NOON))
    assert letter["Subject"] == "Your displayed organisation was corrected"
    assert "replaced your displayed name" not in part(letter, "plain")


async def test_the_person_may_change_their_name_again(app: Starlette, desk: AsyncClient, scene: Scene) -> None:
    await correct(desk, scene)
    async with visitor(app) as client:
        await sign_in(client, scene.person)
        answer = await client.post("/compte", data={"nom": "Paule Durand", "langue": "fr"})
    assert answer.status_code == 303
    assert (await Member.get(id=scene.person.id)).name == "Paule Durand"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"nom": "Léa  Martin"}, "nom"),
        ({"nom": "administrateur"}, "nom"),
        ({"nom": ""}, "nom"),
        ({"nom": INSULT, "organisation": ORGANISATION}, "nom"),
        ({"regle": ""}, "regle"),
        ({"regle": "off topic"}, "regle"),
        ({"motif": " "}, "motif"),
        ({"motif": "m" * 501}, "motif"),
        ({"motif": "« gros PATAPOUF » est une insulte."}, "motif"),
        ({"motif": "Patapouf est une insulte."}, "motif"),
        ({"motif": "La ligue des malotrus n’existe pas."}, "motif"),
        ({"motif": "Il devient Participant Bleu."}, "motif"),
    ],
)
async def test_a_refusal_says_where_keeps_what_was_typed_and_writes_nothing(
    desk: AsyncClient, scene: Scene, typed: dict[str, str], field: str
) -> None:
    answer = await correct(desk, scene, **typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    if "motif" not in typed:
        assert REASON in answer.text
    person = await Member.get(id=scene.person.id)
    assert (person.name, person.organisation) == (INSULT, ORGANISATION)
    assert [await count(table) for table in ("journal_entry", "mail")] == [0, 0]


async def test_words_that_changed_meanwhile_are_read_again_first(desk: AsyncClient, scene: Scene) -> None:
    seen = re.search(r'name="vu" value="(\w+)"', (await desk.get(scene.form)).text)
    assert seen
    await Member.filter(id=scene.person.id).update(organisation="Une autre")
    refused = await desk.post(scene.form, data=TYPED | {"vu": seen[1]})
    assert refused.status_code == 409
    assert "viennent de changer" in refused.text
    assert "Participant Bleu" in refused.text
    again = re.search(r'name="vu" value="(\w+)"', refused.text)
    assert again
    assert (await desk.post(scene.form, data=TYPED | {"vu": again[1]})).status_code == 303


async def test_nobody_corrects_their_own_name_here_nor_that_of_nobody(desk: AsyncClient, scene: Scene) -> None:
    own = await desk.get(f"/administration/personnes/{scene.administrator.id}/nom")
    assert own.status_code == 403
    assert "changez-le dans votre compte" in own.text
    absent = await make_member("Citée Par Un Texte", password_hash=None)
    for nobody in (absent.id, 999, 2**40):
        assert (await desk.get(f"/administration/personnes/{nobody}/nom")).status_code == 404
        assert (await desk.post(f"/administration/personnes/{nobody}/nom", data=TYPED)).status_code == 404
