"""Contributions received elsewhere: moderators enter them under their author’s name, never as their own words."""

import asyncio
import json
import re
from datetime import date

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.chapters.outlines import outline_of
from forum.domain.privacy.personal_facts import collect
from forum.domain.syntheses.snapshot_queries import freeze
from forum.domain.syntheses.snapshots import OriginCount
from forum.models.meetings import WorkingGroup
from forum.models.members import Member
from forum.models.posts import Post, Reception, ReceptionOrigin
from forum.models.proposals import Proposal
from forum.models.themes import Theme
from forum.models.threads import Thread
from tests.conftest import NOON, visitor
from tests.factories import CONFIRMED, count, make_group, make_member, make_post, make_theme, make_thread, sign_in
from tests.moderation.steps import as_, decide, notify, words

RECEIVED = "/themes/3/contributions-recues"
LETTER = {
    "fil": "1",
    "origine": "letter",
    "date": "2026-11-20",
    "nom": "Odette Lampadaire",
    "organisation": "Amicale des lecteurs",
    "decoupe": "one",
    "source": "Ouvrez la bibliothèque le dimanche.",
}
SHEET = """texte;nom;date;origine
Des livres en gros caractères.;Odette Lampadaire;20/11/2026;courrier
;Sans Mots;20/11/2026;courrier
Un bibliobus.;;31/11/2026;registre en mairie
"""


@pytest.fixture
async def moderator(client: AsyncClient) -> Member:
    """Of the group of theme 3, signed in, where there is a thread with a contribution."""
    group = await make_group("gt-3")
    member = await make_member("Prune Première", moderates=[group])
    thread = await make_thread(await make_theme(3, group=group))
    await make_post(thread, "Écrite ici.", author=await make_member("Ada Auteure"))
    await sign_in(client, member)
    return member


async def shown(client: AsyncClient, form: dict[str, str], file: bytes = b"") -> Response:
    """What the page shows before anything is entered."""
    files = {"fichier": ("fichier", file, "application/octet-stream")} if file else None
    return await client.post(RECEIVED, data=form, files=files)


def fields(page: str) -> dict[str, str]:
    """The form of a page as a browser would send it."""
    found = dict(re.findall(r'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"', page))
    unticked = re.findall(r'<input id="(garder-\d+)" name="[^"]+" type="checkbox" value="1">', page)
    found |= {
        name: said.strip()
        for name, said in re.findall(r'<textarea[^>]*\bname="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.S)
    }
    return {name: value for name, value in found.items() if name not in unticked}


async def enter(client: AsyncClient, **more: str) -> Response:
    """Look at a letter, then enter it."""
    page = await shown(client, LETTER | more)
    assert page.status_code == 200, words(page.text)
    return await client.post(RECEIVED, data=fields(page.text) | {"acte": "enregistrer"})


async def test_a_letter_is_read_under_the_name_of_its_author(
    client: AsyncClient, moderator: Member, app: Starlette
) -> None:
    page = await shown(client, LETTER)
    assert "Odette Lampadaire · 20 novembre 2026 · courrier" in words(page.text)
    assert await count("post") == 1
    answer = await client.post(RECEIVED, data=fields(page.text) | {"acte": "enregistrer"})
    assert answer.headers["location"] == "/fils/1?fait=contributions-saisies&ici=2#c-2"
    async with visitor(app) as public:
        read = words((await public.get("/fils/1")).text)
        assert "Odette Lampadaire · Amicale des lecteurs · 20 novembre 2026" in read
        assert "Reçue par courrier le 20 novembre 2026, saisie par l’équipe de modération" in read
        assert "2 contributions. Une d’entre elles a été reçue hors du site." in read.replace(
            "1 d’entre", "Une d’entre"
        )
        assert "Prune" not in read
        for place in ("/", "/themes/3"):
            assert "2 contributions (dont 1 reçue hors du site)" in words((await public.get(place)).text)
    kept = await Reception.get()
    assert (kept.origin, kept.received_on, kept.name) == (
        ReceptionOrigin.LETTER,
        date(2026, 11, 20),
        "Odette Lampadaire",
    )
    line = await row("SELECT actor_id, thing_id, after FROM journal_entry WHERE act = 'enter_received'")
    assert line is not None
    assert (line["actor_id"], line["thing_id"]) == (moderator.id, 2)
    assert json.loads(line["after"]) == {"origin": "letter", "received_on": "2026-11-20"}
    assert "a saisi une contribution reçue hors du site" in (log := words((await client.get("/journal")).text))
    assert "courrier" in log


async def test_it_is_nobodys_own(client: AsyncClient, moderator: Member, app: Starlette) -> None:
    await enter(client)
    assert (await client.get("/contributions/2/modifier")).status_code == 403
    assert (await client.get("/contributions/2/retirer")).status_code == 403
    assert "Ouvrez la bibliothèque" not in (await client.get("/compte/contributions")).text
    assert "Ouvrez la bibliothèque" not in json.dumps(await collect(moderator.id, NOON), ensure_ascii=False)
    async with await as_(app, await make_member("Noa Lectrice")) as reader:
        said = {"source": "Tout à fait d’accord.", "en_reponse_a": "2"}
        assert (await reader.post("/fils/1/repondre", data=said)).status_code == 303
        said = {"source": "{{citation 2@1 0-6}}\n\nOui."}
        assert (await reader.post("/fils/1/repondre", data=said)).status_code == 303
        read = words((await reader.get("/fils/1")).text)
        assert "en réponse à Odette Lampadaire" in read
        assert "Odette Lampadaire a écrit" in read
    assert await count("notification") == 0


async def test_moderators_work_on_it_as_on_any_other(client: AsyncClient, moderator: Member, app: Starlette) -> None:
    await enter(client)
    kept = {"mots": "Ouvrez la bibliothèque", "nature": "solution"}
    assert (await client.post("/contributions/2/extraire", data=kept)).status_code == 303
    proposed = {"mots": "Ouvrez la bibliothèque le dimanche", "formulation": "Ouvrir le dimanche."}
    assert (await client.post("/contributions/2/proposer", data=proposed)).status_code == 303
    made = await Proposal.get()
    assert made.author_id is None
    read = words((await client.get(f"/propositions/T3-{made.number:03}")).text)
    assert "Odette Lampadaire, proposition faite par Prune Première" in read
    move = {"contributions": "2", "titre": "Des lettres", "motif": "Un autre sujet.", "vu": "0"}
    assert (await client.post("/fils/1/deplacer", data=move)).status_code == 303
    assert "Odette Lampadaire" in (await client.get("/fils/2")).text
    async with await as_(app, await make_member("Noa Lectrice")) as reader:
        assert (await notify(reader, 2)).status_code == 303
    assert (await decide(client, 1)).status_code == 303
    async with visitor(app) as public:
        read = (await public.get("/fils/2")).text
        assert "Odette" not in read
        assert "Reçue par courrier" not in read
        assert "dont 1 reçue" not in words((await public.get("/")).text)


async def test_a_table_is_shown_with_its_problems_by_line_and_nothing_is_lost(
    client: AsyncClient, moderator: Member
) -> None:
    form = LETTER | {"decoupe": "table", "source": "", "organisation": ""}
    page = await shown(client, form, SHEET.encode("cp1252"))
    assert page.status_code == 422
    said = words(page.text)
    assert "Écrivez au moins un mot." in said
    assert "Indiquez le jour où la contribution a été reçue, par exemple 03/10/2026." in said
    typed = fields(page.text)
    assert (typed["ligne-2"], typed["ligne-4"]) == ("Des livres en gros caractères.", "Un bibliobus.")
    assert (typed["nom-4"], typed["origine-4"]) == ("", "registre en mairie")
    refused = await client.post(RECEIVED, data=typed | {"acte": "enregistrer"})
    assert refused.status_code == 422
    assert await count("reception") == 0
    mended = typed | {"date-4": "2026-11-19", "acte": "enregistrer"}
    del mended["garder-3"]
    assert (await client.post(RECEIVED, data=mended)).status_code == 303
    kept = await rows("SELECT name, origin, channel, received_on FROM reception ORDER BY id")
    assert [(each["name"], each["origin"], each["channel"], each["received_on"]) for each in kept] == [
        ("Odette Lampadaire", "letter", "", date(2026, 11, 20)),
        ("Anonyme", "other", "registre en mairie", date(2026, 11, 19)),
    ]
    assert "Reçue le 19 novembre 2026 (registre en mairie)" in words((await client.get("/fils/1")).text)


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        ("nom;date\nOdette;20/11/2026", "La première ligne doit nommer les colonnes, dont « texte »."),
        ("texte;message\nUn;deux", "Deux colonnes donnent la même chose : texte."),
        ("texte\nUn;deux", "La ligne 2 compte plus de cases que la première ligne."),
        ('texte\n"Un', "un guillemet ouvert n’est pas refermé"),
        ("texte\n" + "Un.\n" * 151, "Ce texte donne plus de 150 contributions."),
        ("texte", "Aucune contribution n’a été trouvée dans ce texte."),
    ],
)
async def test_a_table_that_cannot_be_read_says_why(
    client: AsyncClient, moderator: Member, sheet: str, sentence: str
) -> None:
    page = await shown(client, LETTER | {"decoupe": "table", "source": sheet})
    assert page.status_code == 422
    assert sentence in words(page.text)
    assert sheet.partition("\n")[0] in words(page.text)


async def test_the_notes_of_a_workshop_are_a_contribution_a_line(client: AsyncClient, moderator: Member) -> None:
    notes = "Atelier du 20 novembre\n- Ouvrir le dimanche.\n- Prêter des tablettes.\n"
    form = LETTER | {"decoupe": "lines", "source": "", "origine": "workshop", "fil": "", "titre": "Atelier de Lens"}
    page = await shown(client, form, notes.encode())
    assert (await client.post(RECEIVED, data=fields(page.text) | {"acte": "enregistrer"})).status_code == 303
    thread = await Thread.get(title="Atelier de Lens")
    assert thread.author_id is None
    assert [each.source for each in await Post.filter(thread=thread).order_by("number")] == [
        "Ouvrir le dimanche.",
        "Prêter des tablettes.",
    ]
    assert "Recueillie dans un atelier le 20 novembre 2026" in words((await client.get(f"/fils/{thread.id}")).text)


async def test_the_same_words_of_the_same_day_are_told_and_entered_twice_only_on_purpose(
    client: AsyncClient, moderator: Member
) -> None:
    first = await shown(client, LETTER)
    sent = fields(first.text) | {"acte": "enregistrer"}
    assert (await client.post(RECEIVED, data=sent)).status_code == 303
    again = await client.post(RECEIVED, data=sent)
    assert again.status_code == 422
    assert "viennent d’être saisis : « Propositions et pistes d’actions », contribution 2" in words(again.text)
    assert await count("reception") == 1
    told = await shown(client, LETTER)
    assert "Mêmes mots, même jour : Propositions et pistes d’actions, contribution 2" in words(told.text)
    assert "garder-1" not in fields(told.text)
    nothing = await client.post(RECEIVED, data=fields(told.text) | {"acte": "enregistrer"})
    assert "Gardez au moins une contribution." in words(nothing.text)
    wanted = fields(told.text) | {"garder-1": "1", "acte": "enregistrer"}
    assert (await client.post(RECEIVED, data=wanted)).status_code == 303
    assert await count("reception") == 2
    twice = "texte\nUn bibliobus.\nUn  bibliobus !\n"
    page = await shown(client, LETTER | {"decoupe": "table", "source": twice})
    assert "Mêmes mots, même jour : ligne 2" in words(page.text)
    assert {"garder-2", "garder-3"} & fields(page.text).keys() == {"garder-2"}


async def test_a_letter_sent_twice_at_once_is_entered_once(client: AsyncClient, moderator: Member) -> None:
    page = await shown(client, LETTER)
    sent = fields(page.text) | {"acte": "enregistrer"}
    answers = await asyncio.gather(*(client.post(RECEIVED, data=sent) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    assert (await count("reception"), await count("post")) == (1, 2)


async def test_what_came_in_time_enters_until_the_votes_close(client: AsyncClient, moderator: Member) -> None:
    theme = await Theme.get(number=3)
    for changed, day, sentence in (
        ({}, "2027-01-01", "Ce jour est à venir."),
        ({}, "2025-01-01", "n’étaient pas encore ouvertes ce jour-là"),
        ({"contributions_close_at": NOON.replace(day=20)}, "2026-11-21", "étaient closes ce jour-là"),
    ):
        await Theme.filter(id=theme.id).update(**changed)
        page = await shown(client, LETTER | {"date": day})
        assert page.status_code == 422
        assert sentence in words(page.text)
        assert "Ouvrez la bibliothèque le dimanche." in page.text
    assert (await enter(client)).status_code == 303  # on the very day of the close
    await Theme.filter(id=theme.id).update(votes_close_at=NOON)
    assert (await client.get(RECEIVED)).status_code == 403
    assert "Les votes de ce thème sont clos" in (await client.post(RECEIVED, data=LETTER)).text
    assert await count("reception") == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"fil": ""}, "Écrivez au moins un mot."),
        ({"fil": "99"}, "Choisissez un fil de ce thème"),
        ({"fil": "x"}, "Indiquez un nombre entier."),
        ({"source": ""}, "Écrivez au moins un mot."),
        ({"origine": "", "voie": ""}, "Dites par quelle voie"),
        ({"date": ""}, "Indiquez le jour où la contribution a été reçue"),
        ({"decoupe": "autre"}, "Ce choix n’existe pas."),
        ({"nom": "x" * 121}, "121 caractères"),
        ({"source": "> rien de plus"}, "Ajoutez vos mots"),
    ],
)
async def test_what_cannot_be_entered_is_said_beside_its_field(
    client: AsyncClient, moderator: Member, more: dict[str, str], sentence: str
) -> None:
    page = await shown(client, LETTER | more)
    assert page.status_code == 422
    assert sentence in words(page.text)
    assert await count("reception") == 0


async def test_a_thread_locked_meanwhile_receives_nothing(client: AsyncClient, moderator: Member) -> None:
    page = await shown(client, LETTER)
    await Thread.filter(id=1).update(locked=True)
    answer = await client.post(RECEIVED, data=fields(page.text) | {"acte": "enregistrer"})
    assert answer.status_code == 422
    assert "Ouvrez la bibliothèque le dimanche." in answer.text
    assert await count("reception") == 0


async def test_a_synthesis_counts_them_apart(client: AsyncClient, moderator: Member) -> None:
    await enter(client)
    await enter(client, source="Un bibliobus.", origine="workshop")
    snapshot = await freeze(None, NOON, {"Une introduction.": "Une introduction."})
    facts = snapshot.participation
    assert facts.received == (OriginCount(ReceptionOrigin.LETTER, 1), OriginCount(ReceptionOrigin.WORKSHOP, 1))
    assert (facts.posts, facts.known_authors, facts.unknown_author_posts) == (3, 1, 0)
    outline = outline_of(snapshot)
    said = words(str(outline).replace("\\xa0", " ").replace("\\u202f", " "))
    assert "2 contributions parmi les autres : courrier 1, atelier 1." in said
    assert "dont reçues hors du site" in said
    assert "Odette" not in said


async def test_the_name_of_somebody_without_an_account_is_erased_everywhere(
    client: AsyncClient, moderator: Member, app: Starlette
) -> None:
    await enter(client)
    await enter(client, source="Un bibliobus.", nom="odette LAMPADAIRE")
    await enter(client, source="Sans nom.", nom="")
    await make_post(await Thread.get(id=1), "Comme le dit Odette Lampadaire, ouvrons.", author=moderator)
    other = await make_group("gt-4", "Autre")
    await make_theme(4, group=other)
    page = words((await client.get("/contributions/2/effacer-le-nom")).text)
    assert "contribution 2 · Amicale des lecteurs" in page
    assert "contribution 3" in page
    assert (await client.get("/contributions/4/effacer-le-nom")).status_code == 404
    assert (await client.get("/contributions/1/effacer-le-nom")).status_code == 404
    async with await as_(app, await make_member("Sam Second", moderates=[other])) as stranger:
        assert (await stranger.get("/contributions/2/effacer-le-nom")).status_code == 403
    form = CONFIRMED | {"vu": "2"}
    assert (await client.post("/contributions/2/effacer-le-nom", data=form | {"vu": "1"})).status_code == 409
    assert (await client.post("/contributions/2/effacer-le-nom", data={"vu": "2"})).status_code == 422
    answer = await client.post("/contributions/2/effacer-le-nom", data=form)
    assert answer.headers["location"] == "/fils/1?fait=nom-efface&ici=2#c-2"
    read = words((await client.get("/fils/1")).text)
    assert "Odette" not in read
    assert read.count("Nom effacé ·") == 2
    assert "Comme le dit (nom), ouvrons." in read
    assert "Ouvrez la bibliothèque le dimanche." in read
    assert await row("SELECT 1 AS one FROM journal_entry WHERE before || after || reason LIKE '%Odette%'") is None
    assert (await client.get("/contributions/2/effacer-le-nom")).status_code == 404


async def test_what_was_typed_wrong_is_corrected_and_the_words_stay(
    client: AsyncClient, moderator: Member, app: Starlette
) -> None:
    await enter(client)
    async with await as_(app, await make_member("Noa Lectrice")) as reader:
        said = {"source": "{{citation 2@1 0-6}}\n\nOui."}
        assert (await reader.post("/fils/1/repondre", data=said)).status_code == 303
        assert "Odette Lampadaire a écrit" in words((await reader.get("/fils/1")).text)
        address = "/contributions/2/corriger-la-saisie"
        form = (await client.get(address)).text
        assert all(value in form for value in ("Odette Lampadaire", "2026-11-20", "courrier", "Amicale des lecteurs"))
        wrong = await client.post(address, data={"nom": "Odile Lampadaire", "date": "2030-01-01", "origine": ""})
        assert wrong.status_code == 422
        assert "Ce jour est à venir." in words(wrong.text)
        assert "Dites par quelle voie" in words(wrong.text)
        assert "Odile Lampadaire" in wrong.text
        right = {"nom": "Odile Lampadaire", "organisation": "", "date": "2026-11-19", "origine": "registre en mairie"}
        answer = await client.post(address, data=right)
        assert answer.headers["location"] == "/fils/1?fait=reception-corrigee&ici=2#c-2"
        read = words((await reader.get("/fils/1")).text)
        assert "Odile Lampadaire · 19 novembre 2026" in read
        assert "Reçue le 19 novembre 2026 (registre en mairie)" in read
        assert "Odile Lampadaire a écrit" in read
        assert "Odette" not in read
        assert (await Post.get(id=2)).source == LETTER["source"]
    line = await row("SELECT before, after FROM journal_entry WHERE act = 'correct_received'")
    assert line is not None
    assert json.loads(line["before"]) == {"origin": "letter", "received_on": "2026-11-20"}
    assert json.loads(line["after"]) == {"origin": "other", "received_on": "2026-11-19"}
    assert (await client.get("/contributions/1/corriger-la-saisie")).status_code == 404
    await Reception.filter(post_id=2).update(name="Nom effacé")
    assert (await client.get(address)).status_code == 404


async def test_the_same_name_elsewhere_is_left_to_those_who_received_it(
    client: AsyncClient, moderator: Member, app: Starlette
) -> None:
    await enter(client)
    other: WorkingGroup = await make_group("gt-4", "Autre")
    theirs = await make_post(
        await make_thread(await make_theme(4, group=other), "Ailleurs"), "Odette Lampadaire dixit."
    )
    await Reception.create(post=theirs, origin="mail", received_on=NOON.date(), name="Odette Lampadaire")
    assert "Un autre groupe de travail a reçu" in (await client.get("/contributions/2/effacer-le-nom")).text
    assert (await client.post("/contributions/2/effacer-le-nom", data=CONFIRMED | {"vu": "1"})).status_code == 303
    assert [each.name for each in await Reception.all().order_by("id")] == ["Nom effacé", "Odette Lampadaire"]
    assert (await Post.get(id=theirs.id)).source == "Odette Lampadaire dixit."
