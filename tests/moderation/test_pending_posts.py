"""First contributions of new members: their author and the moderators read them, nobody else, until one is accepted."""

import asyncio
import json

from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.moderation.reminders import ask_for_reminders
from forum.domain.privacy.erasure import erase
from forum.domain.privacy.personal_facts import collect
from forum.models.cases import ModerationCase, ModerationDecision
from forum.models.members import Role
from forum.models.notifications import Notification
from forum.models.posts import PendingPost, PendingState, Post
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import count, make_group, make_member, make_theme
from tests.moderation.steps import FACTS, Team, as_, decide, mails, words

NEW = "Bonjour @Noa-Lectrice, voici mes premiers mots : xylolatre."
WAITING = "/contributions/en-attente/1"
KEY = "la-cle-d-un-formulaire"


async def write(client: AsyncClient, team: Team, **more: str) -> str:
    """Answer the contribution of the team; returns where that leads."""
    form = {"source": f"{{{{citation {team.post.id}@1 0-8}}}}\n\n{NEW}", "en_reponse_a": str(team.post.id)} | more
    answer = await client.post(f"/fils/{team.thread.id}/repondre", data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_a_first_contribution_waits_then_takes_its_place(app: Starlette, team: Team, holds: None) -> None:
    newcomer = await make_member("Nils Nouveau", email="nils@exemple.fr")
    async with await as_(app, newcomer) as new:
        preview = await new.post(f"/fils/{team.thread.id}/repondre", data={"source": NEW, "acte": "apercu"})
        assert "L’équipe de modération relira votre contribution avant de la publier." in words(preview.text)
        for _ in range(2):
            assert await write(new, team, cle=KEY) == f"{WAITING}?fait=contribution-en-attente", "sent twice, kept once"
        assert "xylolatre" in (await new.get(WAITING)).text
        assert "En attente de relecture" in words((await new.get(f"/fils/{team.thread.id}")).text)
        own = (await new.get("/compte/contributions")).text
        assert "xylolatre" in own
        assert "Vous n’avez encore rien écrit." not in words(own)
        edited = {"source": f"{NEW} Encore.", "version": "1", "acte": "enregistrer"}
        assert (await new.post(WAITING, data=edited)).status_code == 303
        assert (await new.post(WAITING, data=edited)).status_code == 409
    assert (await count("post"), await count("notification")) == (2, 0)
    async with await as_(app, team.reader) as reader, visitor(app) as public:
        for client, refused in ((reader, 404), (public, 303)):
            assert (await client.get(WAITING)).status_code == refused
            assert "xylolatre" not in (await client.get(f"/fils/{team.thread.id}")).text
    async with await as_(app, team.first) as moderator:
        assert "Première contribution à relire" in words(queue := (await moderator.get("/moderation")).text)
        assert "xylolatre" in queue
        assert "Encore." in (await moderator.get("/moderation/dossiers/1")).text
        assert (await decide(moderator, 1, act="accept", ground="", motif="")).status_code == 303
    made = await Post.get(author=newcomer)
    assert (made.reply_to_id, made.written_at, made.number) == (team.post.id, NOON, 3)
    assert made.source.endswith("Encore.")
    assert {(each.member_id, each.event) for each in await Notification.all()} == {
        (team.author.id, "reply"),
        (team.reader.id, "mention"),
        (newcomer.id, "moderated"),
    }
    assert [each["what"] for each in await mails("moderated")] == ["accept"]
    kept = await PendingPost.get()
    assert (kept.state, kept.post_id, kept.source) == (PendingState.ACCEPTED, made.id, "")
    async with await as_(app, newcomer) as new:
        assert (await new.get(WAITING)).headers["location"] == f"/contributions/{made.id}"
        assert "est acceptée" in words((await new.get("/moderation/decisions/1")).text)
        assert "#c-" in await write(new, team, source="Les suivantes ne passent plus par là.")


async def test_a_refused_contribution_is_explained_contested_and_perhaps_published(
    app: Starlette, team: Team, holds: None
) -> None:
    newcomer = await make_member("Nils Nouveau", email="nils@exemple.fr")
    async with await as_(app, newcomer) as new:
        await write(new, team)
    async with await as_(app, team.first) as moderator:
        missing = await moderator.post("/moderation/dossiers/1", data={"mesure": "turn down", "acte": "apercu"})
        assert missing.status_code == 422
        assert "Choisissez la règle que vous appliquez." in words(missing.text)
        assert (await moderator.post("/moderation/dossiers/1", data={"mesure": "hide"})).status_code == 422
        assert (await decide(moderator, 1, act="turn down")).status_code == 303
    assert await count("post") == 2
    async with await as_(app, newcomer) as new:
        said = words((await new.get("/moderation/decisions/1")).text)
        assert "n’est pas publiée" in said
        assert FACTS in said
        assert "xylolatre" in said
        assert "Lire la décision" in words((await new.get(WAITING)).text)
        assert (await new.post(WAITING, data={"source": "Autre.", "version": "1"})).status_code == 409
        contest = {"explication": "Ces mots respectent la charte."}
        assert (await new.post("/moderation/decisions/1/contester", data=contest)).status_code == 303
    async with await as_(app, team.second) as moderator:
        answer = {"issue": "reversed", "explication": "C’est juste."}
        assert (await moderator.post("/moderation/decisions/1/reclamation", data=answer)).status_code == 303
    assert (await Post.get(author=newcomer)).state == "shown"
    assert [each.act for each in await ModerationDecision.all().order_by("id")] == ["turn down", "accept"]
    figures = words((await (client := visitor(app)).get("/moderation/bilan")).text)
    await client.aclose()
    assert "Contributions refusées avant publication" in figures


async def test_sent_or_decided_several_times_at_once_it_is_so_once(app: Starlette, team: Team, holds: None) -> None:
    async with await as_(app, await make_member("Nils Nouveau")) as new, await as_(app, team.first) as moderator:
        places = await asyncio.gather(*(write(new, team, cle=KEY) for _ in range(4)))
        assert set(places) == {f"{WAITING}?fait=contribution-en-attente"}
        assert (await count("pending_post"), await count("moderation_case")) == (1, 1)
        form = {"mesure": "accept", "regle": "", "motif": ""}
        seen = await moderator.post("/moderation/dossiers/1", data=form | {"acte": "apercu"})
        mark = seen.text.split('name="vu" value="')[1].split('"')[0]
        accept = [
            moderator.post("/moderation/dossiers/1", data=form | {"acte": "envoyer", "vu": mark}) for _ in range(2)
        ]
        give_up = [new.post(WAITING, data={"acte": "retirer"}) for _ in range(2)]
        answers = await asyncio.gather(*give_up, *accept)
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    kept = await PendingPost.get()
    assert (await count("post")) == (3 if kept.state is PendingState.ACCEPTED else 2)


async def test_a_first_thread_exists_for_nobody_until_it_is_accepted(app: Starlette, team: Team, holds: None) -> None:
    async with await as_(app, await make_member("Nils Nouveau")) as new:
        form = {"titre": "Xylolatres unis", "source": NEW}
        answer = await new.post("/themes/3/nouveau-fil", data=form)
        assert answer.headers["location"] == f"{WAITING}?fait=contribution-en-attente"
        bad = await new.post(WAITING, data={"titre": "", "source": "", "version": "1"})
        assert bad.status_code == 422
        assert words(bad.text).count("Écrivez au moins un mot.") == 4
        assert (await new.post(WAITING, data=form | {"titre": "Xylolatres", "version": "1"})).status_code == 303
    assert await count("thread") == 1
    async with await as_(app, team.first) as moderator:
        assert (await decide(moderator, 1, act="accept")).status_code == 303
    opened = await Thread.get(title="Xylolatres")
    assert (opened.posts_count, opened.author_id) == (1, (await PendingPost.get()).author_id)


async def test_what_its_author_takes_back_is_forgotten(app: Starlette, team: Team, holds: None) -> None:
    async with await as_(app, await make_member("Nils Nouveau")) as new:
        await write(new, team)
        assert (await new.post(WAITING, data={"acte": "retirer"})).status_code == 303
        assert (await new.post(WAITING, data={"acte": "retirer"})).status_code == 409
        assert "Ses mots sont effacés." in words((await new.get(WAITING)).text)
    assert (await PendingPost.get()).source == ""
    async with await as_(app, team.first) as moderator:
        assert (await moderator.post("/moderation/dossiers/1", data={"mesure": "accept"})).status_code == 409
        assert "Aucun dossier n’attend." in words((await moderator.get("/moderation")).text)


async def test_words_changed_since_the_moderator_read_them_are_not_decided(
    app: Starlette, team: Team, holds: None
) -> None:
    async with await as_(app, await make_member("Nils Nouveau")) as new, await as_(app, team.first) as moderator:
        await write(new, team)
        form = {"mesure": "accept", "regle": "", "motif": ""}
        seen = await moderator.post("/moderation/dossiers/1", data=form | {"acte": "apercu"})
        mark = seen.text.split('name="vu" value="')[1].split('"')[0]
        assert (await new.post(WAITING, data={"source": "Autre chose.", "version": "1"})).status_code == 303
        sent = await moderator.post("/moderation/dossiers/1", data=form | {"acte": "envoyer", "vu": mark})
        assert sent.status_code == 409
    assert await count("post") == 2


async def test_who_is_no_newcomer_is_not_held(app: Starlette, team: Team, holds: None) -> None:
    agent = await make_member("Aude Agent", role=Role.AGENT)
    for member in (team.author, team.first, team.administrator, agent):
        async with await as_(app, member) as client:
            assert "#c-" in await write(client, team)
    other = await make_member("Gaël Groupe", moderates=[await make_group("gt-9", "Autre")])
    async with await as_(app, other) as client:
        assert WAITING in await write(client, team)


async def test_nothing_waits_unless_the_setting_asks(app: Starlette, team: Team) -> None:
    async with await as_(app, await make_member("Nils Nouveau")) as new:
        assert "#c-" in await write(new, team)
    assert await count("pending_post") == 0


async def test_it_waits_like_any_case(app: Starlette, team: Team, holds: None) -> None:
    newcomer = await make_member("Nils Nouveau")
    async with await as_(app, newcomer) as new:
        await write(new, team)
    assert "xylolatre" in json.dumps(await collect(newcomer.id, NOON), ensure_ascii=False)
    assert "xylolatre" not in json.dumps(await collect(team.reader.id, NOON), ensure_ascii=False)
    other = await make_theme(4, group=await make_group("gt-4", "Autre"))
    async with await as_(app, team.administrator) as administrator:
        form = {"theme": "4", "motif": "Un autre sujet.", "vu": "0"}
        moved = await administrator.post(f"/fils/{team.thread.id}/changer-de-theme", data=form)
        assert moved.status_code == 303, moved.text
    case = await ModerationCase.get(thing="pending")
    assert case.working_group_id == other.working_group_id
    await ask_for_reminders(NOON.replace(day=26))
    assert await row("SELECT 1 AS one FROM job WHERE key = $1", f"remind:case:{case.id}") is not None
    await erase(newcomer.id, actor=None, now=NOON)
    kept = await PendingPost.get()
    assert (kept.source, kept.state) == ("", PendingState.GIVEN_UP)
    assert (await ModerationCase.get(id=case.id)).closed_at == NOON
    assert await rows("SELECT id FROM moderation_case WHERE thing = 'pending' AND closed_at IS NULL") == []


async def test_quotes_are_read_as_words_never_as_code(app: Starlette, team: Team, holds: None) -> None:
    newcomer = await make_member("Nils Nouveau")
    async with await as_(app, newcomer) as new:
        await write(new, team)
        own = (await new.get(WAITING)).text
        assert f'name="citation" value="{{{{citation {team.post.id}@1 0-8}}}}"' in own
        area = own.split('<textarea id="source"')[1].split("</textarea>")[0]
        assert NEW in area
        assert "citation" not in area
        assert "Des mots" in own, "the quoted words"
        edited = {"source": f"{NEW} Encore.", "citation": f"{{{{citation {team.post.id}@1 0-8}}}}", "version": "1"}
        assert (await new.post(WAITING, data=edited)).status_code == 303
        for address in (f"/fils/{team.thread.id}", "/compte/contributions"):
            assert "{{" not in (await new.get(address)).text, address
    pending = await PendingPost.get(id=1)
    assert pending.source == f"{{{{citation {team.post.id}@1 0-8}}}}\n\n{NEW} Encore."
    async with await as_(app, team.first) as moderator:
        for address in ("/moderation", "/moderation/dossiers/1"):
            assert "{{" not in (await moderator.get(address)).text, address
        assert (await decide(moderator, 1, act="turn down")).status_code == 303
        assert "{{" not in (await moderator.get("/moderation/decisions/1")).text
    async with await as_(app, newcomer) as new:
        page = (await new.get("/moderation/decisions/1")).text
        assert "{{" not in page
        assert "Des mots" in page, "the quoted words"


async def test_a_first_thread_that_its_author_took_back_was_not_decided(
    app: Starlette, team: Team, holds: None
) -> None:
    async with await as_(app, await make_member("Nils Nouveau")) as new:
        opened = await new.post("/themes/3/nouveau-fil", data={"titre": "Un fil à moi", "source": NEW})
        assert opened.status_code == 303
        assert (await new.post(WAITING, data={"acte": "retirer"})).status_code == 303
    async with await as_(app, team.first) as moderator:
        page = words((await moderator.get("/moderation/dossiers/1")).text)
        assert "« »" not in page
        assert "Décidé le" not in page
        assert "sans décision : son auteur l’a retirée avant la relecture." in page
        assert "personne d’autre ne la voit" not in page
        refused = await moderator.post("/moderation/dossiers/1/prendre", data={})
        assert refused.status_code == 409
        assert "une décision a été prise" not in words(refused.text)


async def test_a_new_member_is_told_before_writing_that_they_are_read_first(
    app: Starlette, team: Team, holds: None
) -> None:
    told = "relit vos premières contributions avant de les publier"
    forms = (f"/fils/{team.thread.id}", f"/fils/{team.thread.id}/repondre", "/themes/3/nouveau-fil")
    async with await as_(app, await make_member("Nils Nouveau")) as new, await as_(app, team.author) as known:
        for address in forms:
            assert told in words((await new.get(address)).text), address
            assert told not in words((await known.get(address)).text), address
    async with visitor(app) as public:
        assert told not in words((await public.get(forms[0])).text)


async def test_a_moderator_is_told_that_what_waits_goes_to_a_locked_thread(
    app: Starlette, team: Team, holds: None
) -> None:
    told = "Le fil a été verrouillé depuis l’envoi"
    async with await as_(app, await make_member("Nils Nouveau")) as new:
        await write(new, team)
    async with await as_(app, team.first) as moderator:
        assert told not in words((await moderator.get("/moderation/dossiers/1")).text)
        lock = {"motif": "Le débat est fini.", "vu": "0"}
        assert (await moderator.post(f"/fils/{team.thread.id}/verrouiller", data=lock)).status_code == 303
        assert told in words((await moderator.get("/moderation/dossiers/1")).text)
        assert (await decide(moderator, 1, act="accept", ground="")).status_code == 303
        assert told not in words((await moderator.get("/moderation/dossiers/1")).text)
