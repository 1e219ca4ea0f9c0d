"""Decisions through the door: previewed, sent, read by the author, contested, answered by somebody else."""

import re

import pytest
from httpx2 import AsyncClient
from starlette.applications import Starlette

from forum.database import rows
from forum.domain.moderation.decisions import CONTESTABLE
from forum.models.members import Member
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_post, make_proposal, sign_in
from tests.moderation.steps import FACTS, UNIQUE, Team, as_, decide, hidden, mails, notify, words

PAGE = "/moderation/decisions/1"


async def test_the_text_is_read_before_it_is_sent_and_kept_as_it_was_sent(app: Starlette, team: Team) -> None:
    async with await as_(app, team.reader) as reader:
        await notify(reader, team.post.id)
    path, form = "/moderation/dossiers/1", {"mesure": "hide", "regle": "charter", "motif": FACTS}
    async with await as_(app, team.first) as moderator:
        unseen = await moderator.post(path, data=form | {"acte": "envoyer"})
        assert unseen.status_code == 409, "nobody sends a text that they did not read"
        shown = await moderator.post(path, data=form | {"acte": "apercu"})
        mark = re.search(r'name="vu" value="(\w+)"', shown.text)
        assert mark
        changed = await moderator.post(path, data=form | {"acte": "envoyer", "vu": mark[1], "motif": "Autre chose."})
        assert changed.status_code == 409
        assert await count("moderation_decision") == 0
        sent = await moderator.post(path, data=form | {"acte": "envoyer", "vu": mark[1]})
        assert sent.headers["location"].startswith(PAGE)
    kept = (await rows("SELECT statement FROM moderation_decision"))[0]["statement"]
    for paragraph in kept.split("\n\n"):
        assert words(paragraph) in words(shown.text)
    async with await as_(app, team.author) as author:
        read = words((await author.get(PAGE)).text)
    for said in (
        "Votre contribution 2 au fil « Propositions et pistes d’actions » est masquée.",
        "Règle appliquée : ce contenu est contraire à la charte de participation.",
        f"Raison donnée : {FACTS}",
        "L’équipe de modération a lu vos mots à la suite d’un signalement.",
        "Une personne a pris cette décision le 23 novembre 2026. Aucun programme n’y a pris part.",
        "Vous pouvez contester cette décision jusqu’au 25 mai 2027, une fois, sur cette page.",
        "Vous pouvez aussi saisir le tribunal administratif.",
    ):
        assert said in read
    assert UNIQUE in read, "they can still read their own words"
    assert team.first.name not in read, "the team decides, not a name"


async def test_the_author_is_told_and_nobody_else_reads_the_decision(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    told = await mails("moderated")
    assert [(one["address"], one["what"], one["reason"], one["decision"]) for one in told] == [
        ("ada@exemple.fr", "hide", FACTS, "1")
    ]
    async with await as_(app, team.author) as author:
        assert f'href="{PAGE}"' in (await author.get("/notifications")).text
        assert (await author.get(PAGE)).status_code == 200
        assert (await author.get(f"/en{PAGE}")).status_code == 200
    async with visitor(app) as somebody:
        signed_out = await somebody.get(PAGE)
        assert signed_out.headers["location"] == f"/connexion?suite={PAGE.replace('/', '%2F')}", "not a 404"
    async with await as_(app, team.reader) as reader:
        assert (await reader.get(PAGE)).status_code == 404
        assert (await reader.post(f"{PAGE}/contester", data={"explication": "Non."})).status_code == 404
    async with await as_(app, team.second) as moderator:
        seen = (await moderator.get(PAGE)).text
        assert team.first.name in seen
        assert team.author.name in seen
        assert f'action="/contributions/{team.post.id}/dossier"' in seen, "what is hidden can be looked at again"
        refused = await moderator.post(f"{PAGE}/contester", data={"explication": "Pour elle."})
        assert refused.status_code == 403
        assert "Seule la personne dont les mots sont en cause" in words(refused.text)


async def test_a_suspended_author_reads_and_contests(app: Starlette, team: Team) -> None:
    await hidden(app, team)
    await Member.filter(id=team.author.id).update(suspended_until=NOON + CONTESTABLE)
    async with await as_(app, team.author) as author:
        assert "Contester cette décision" in words((await author.get(PAGE)).text)
        sent = await author.post(f"{PAGE}/contester", data={"explication": "C’était une citation."})
        assert sent.status_code == 303


async def test_another_person_answers_and_what_was_wrong_is_shown_again(
    app: Starlette, client: AsyncClient, team: Team
) -> None:
    await hidden(app, team)
    assert "quetzalcoatl" not in (await client.get(f"/fils/{team.thread.id}")).text
    async with await as_(app, team.author) as author, await as_(app, team.first) as first:
        assert (await author.post(f"{PAGE}/contester", data={"explication": " "})).status_code == 422
        form = {"explication": "C’était une citation."}
        assert (await author.post(f"{PAGE}/contester", data=form)).status_code == 303
        assert (await author.post(f"{PAGE}/contester", data=form)).status_code == 409, "once"
        assert "C’était une citation." in (await author.get(PAGE)).text
        reply = {"issue": "reversed", "explication": "Vous avez raison."}
        for method in ("get", "post"):
            own = await getattr(first, method)(f"{PAGE}/reclamation", **({"data": reply} if method == "post" else {}))
            assert own.status_code == 403
            assert "Vous avez pris cette décision" in words(own.text)
        assert "une autre personne répond" in words((await first.get("/moderation")).text)
        async with await as_(app, team.second) as second:
            assert "réclamation à lire" in words((await second.get("/notifications")).text)
            assert f'href="{PAGE}"' in (await second.get("/moderation")).text
            assert (await second.post(f"{PAGE}/reclamation", data=reply | {"issue": "?"})).status_code == 422
            assert (await second.post(f"{PAGE}/reclamation", data=reply)).status_code == 303
            assert (await second.post(f"{PAGE}/reclamation", data=reply)).status_code == 409
        answered = words((await author.get(PAGE)).text)
        assert "Décision annulée." in answered
        assert "Vous avez raison." in answered
        assert team.second.name not in answered
        assert "Votre réclamation a reçu une réponse" in words((await author.get("/notifications")).text)
    assert [one["address"] for one in await mails("reconsidered")] == ["ada@exemple.fr"]
    assert "quetzalcoatl" in (await client.get(f"/fils/{team.thread.id}")).text
    acts = [one["act"] for one in await rows("SELECT act FROM journal_entry ORDER BY id")]
    assert acts == ["hide", "contest", "answer_complaint", "unhide"]


async def test_a_decision_that_is_upheld_changes_nothing(app: Starlette, client: AsyncClient, team: Team) -> None:
    await hidden(app, team)
    async with await as_(app, team.author) as author, await as_(app, team.administrator) as administrator:
        await author.post(f"{PAGE}/contester", data={"explication": "Non."})
        reply = {"issue": "upheld", "explication": "La règle est claire."}
        assert (await administrator.post(f"{PAGE}/reclamation", data=reply)).status_code == 303
        read = words((await author.get(PAGE)).text)
        assert "Décision maintenue." in read
        assert "Vous pouvez encore saisir le tribunal administratif." in read
    assert "quetzalcoatl" not in (await client.get(f"/fils/{team.thread.id}")).text


async def test_after_six_months_a_decision_stands(app: Starlette, team: Team, clock: Clock) -> None:
    await hidden(app, team)
    clock.now += CONTESTABLE
    async with await as_(app, team.author) as author:
        await sign_in(author, team.author, now=clock())
        late = await author.post(f"{PAGE}/contester", data={"explication": "Trop tard."})
        assert late.status_code == 403
        assert "Le délai de six mois" in words(late.text)
        assert "Contester cette décision" not in words((await author.get(PAGE)).text)


async def test_hidden_then_shown_again_by_another_case(app: Starlette, client: AsyncClient, team: Team) -> None:
    await hidden(app, team)
    async with await as_(app, team.second) as moderator:
        assert (await moderator.post(f"/contributions/{team.post.id}/dossier")).status_code == 303
        page = words((await moderator.get("/moderation/dossiers/2")).text)
        assert "Afficher de nouveau" in page
        assert UNIQUE in page, "moderators decide about words that they can read"
        assert (await decide(moderator, 2, act="unhide")).status_code == 303
    assert "quetzalcoatl" in (await client.get(f"/fils/{team.thread.id}")).text
    async with await as_(app, team.author) as author:
        assert "est de nouveau affichée, telle qu’elle était." in words(
            (await author.get("/moderation/decisions/2")).text
        )
        refused = await author.post("/moderation/decisions/2/contester", data={"explication": "Pourquoi ?"})
        assert refused.status_code == 403


async def test_a_proposal_is_hidden_with_its_words_and_its_owner_is_told(
    app: Starlette, client: AsyncClient, team: Team
) -> None:
    await team.thread.fetch_related("theme")
    await make_proposal(team.thread.theme, f"Proposer {UNIQUE}", author=team.author)  # type: ignore[arg-type]
    async with await as_(app, team.first) as moderator:
        await moderator.post("/propositions/T3-001/dossier")
        assert (await decide(moderator, 1, ground="illegal")).status_code == 303
    assert "quetzalcoatl" not in (await client.get("/themes/3/propositions")).text
    async with await as_(app, team.author) as author:
        read = words((await author.get(PAGE)).text)
    assert "Votre proposition T3-001 est masquée." in read
    assert "la loi interdit de publier ce contenu" in read
    assert "d’elle-même, sans signalement" in read


async def test_the_title_of_a_thread_goes_with_what_opened_it(app: Starlette, client: AsyncClient, team: Team) -> None:
    async with await as_(app, team.first) as moderator:
        await moderator.post("/contributions/1/dossier")
        assert "Masquer aussi le titre du fil" in words((await moderator.get("/moderation/dossiers/1")).text)
        assert (await decide(moderator, 1, titre_aussi="1")).status_code == 303
    assert "Propositions et pistes d’actions" not in (await client.get("/themes/3")).text


@pytest.mark.one_database
async def test_what_a_decision_lacks_is_said_beside_its_field(app: Starlette, team: Team) -> None:
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{team.post.id}/dossier")
        refused = await moderator.post("/moderation/dossiers/1", data={"acte": "apercu", "motif": ""})
        said = words(refused.text)
        assert refused.status_code == 422
        assert "Choisissez ce que vous décidez." in said
        assert "Donnez la raison en quelques mots" in said
        refused = await moderator.post("/moderation/dossiers/1", data={"acte": "apercu", "mesure": "hide"})
        assert "Choisissez la règle que vous appliquez." in words(refused.text)
        shown_again = {"acte": "apercu", "mesure": "unhide", "motif": "Rien."}
        assert (await moderator.post("/moderation/dossiers/1", data=shown_again)).status_code == 422


async def test_two_who_decide_at_once_decide_once(app: Starlette, team: Team) -> None:
    async with await as_(app, team.reader) as reader:
        await notify(reader, team.post.id)
    async with await as_(app, team.first) as first, await as_(app, team.administrator) as administrator:
        assert (await decide(first, 1, act="no action")).status_code == 303
        path, form = "/moderation/dossiers/1", {"mesure": "hide", "regle": "charter", "motif": FACTS}
        for act in ("apercu", "envoyer"):
            late = await administrator.post(path, data=form | {"acte": act, "vu": "0"})
            assert late.status_code == 409
            assert "Ce dossier est clos" in words(late.text)
    assert await count("moderation_decision") == 1


async def test_words_without_a_known_author_are_decided_about_too(app: Starlette, team: Team) -> None:
    orphan = await make_post(team.thread, "Sans auteur.")
    async with await as_(app, team.first) as moderator:
        await moderator.post(f"/contributions/{orphan.id}/dossier")
        assert (await decide(moderator, 1)).status_code == 303
        assert "auteur non connu" in words((await moderator.get(PAGE)).text)
    assert await mails("moderated") == []


async def test_the_figures_say_what_was_done_and_name_nobody(app: Starlette, client: AsyncClient, team: Team) -> None:
    assert "Rien n’a encore été signalé ni décidé." in words((await client.get("/moderation/bilan")).text)
    await hidden(app, team)
    async with await as_(app, team.author) as author, await as_(app, team.second) as second:
        await author.post(f"{PAGE}/contester", data={"explication": "Non."})
        await second.post(f"{PAGE}/reclamation", data={"issue": "reversed", "explication": "Si."})
    page = (await client.get("/moderation/bilan")).text
    for member in (team.author, team.first, team.second, team.reader):
        assert member.name not in page
    cells = [int(one) for one in re.findall(r'<td class="number-cell">(\d+)</td>', page)]
    hidden_by, notified_by = [1, 0, 0, 1, 0, 0], [1, 0, 0, 1, 0, 0]
    passages, shown_again, left, complaints, upheld, reversed_ = 0, 1, 0, 1, 0, 1
    kinds = [1, 0, 0, 0]  # contributions, proposals, minutes, answers
    assert cells == [*notified_by, *hidden_by, *kinds, passages, shown_again, left, complaints, upheld, reversed_]
    sheet = (await client.get("/moderation/bilan.csv")).content.decode("utf-8-sig").splitlines()
    told = dict(zip(sheet[0].split(";"), sheet[1].split(";"), strict=True))
    assert told["mois"] == "2026-11"
    assert told["signalements"] == told["masquages : contraire à la charte"] == "1"
    assert told["réclamations : décision annulée"] == "1"
