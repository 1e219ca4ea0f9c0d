"""Themes through the door: what their pages say, who sets their windows, what their files may change."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from forum.database import row, rows
from forum.domain.proposals.proposals import read_proposal
from forum.domain.themes.ballots import Rules
from forum.domain.themes.themes import find_theme
from forum.errors import CannotStart
from forum.importing.themes import load_themes, read_folder
from forum.models.members import Role
from forum.models.proposals import ProposalQuestion
from forum.models.themes import GuidingQuestion, Theme, Voting
from forum.settings import ROOT
from forum.web.themes.themes import MOMENTS
from tests.conftest import NOON, Clock
from tests.factories import CONFIRMED, count, make_member, make_proposal, make_theme, make_thread, sign_in
from tests.turning import turn

SCHEDULE = {
    "ouverture_des_contributions": "2026-11-20T09:00",
    "cloture_des_contributions": "2026-12-12T18:00",
    "ouverture_des_votes": "2026-11-25T09:00",
    "cloture_des_votes": "2026-12-19T18:00",
    "scelle": "1",
}


async def test_the_home_page_lists_the_three_themes_of_the_files(client: AsyncClient) -> None:
    await load_themes(ROOT / "themes")
    text = (await client.get("/")).text
    places = [
        text.index(f">{title}</a>")
        for title in ("Rôle et missions des bibliothèques", "Identifier et toucher les publics", "Formation et acteurs")
    ]
    assert places == sorted(places)
    assert "Le calendrier n’est pas encore fixé." in text


async def test_an_empty_consultation_says_what_comes_next(client: AsyncClient) -> None:
    assert "Ils paraîtront ici à l’ouverture de la consultation." in (await client.get("/")).text


async def test_a_theme_shows_its_questions_windows_threads_and_proposals(client: AsyncClient) -> None:
    theme = await make_theme(3)
    await make_thread(theme, "Un fil")
    question = await GuidingQuestion.get(theme_id=theme.id, position=1)
    await make_proposal(theme, questions=[question])
    text = (await client.get("/themes/3")).text
    assert "Quels acteurs\u202f?" in text
    assert "1 proposition y répond." in text
    assert "Aucune proposition n’y répond encore." in text
    assert "Les votes ferment dans 10 jours" in text
    assert "Un fil" in text
    assert "Se connecter pour contribuer" in text


async def test_questions_get_the_spaces_of_french_and_members_words_do_not(client: AsyncClient) -> None:
    theme = await make_theme(3, questions=["Agir : comment ?"])
    question = await GuidingQuestion.get(theme_id=theme.id, position=1)
    await make_proposal(theme, "Former : oui !", questions=[question])
    for path in ("/themes/3", "/propositions/T3-001", "/en/themes/3"):
        assert "Agir\u00a0: comment\u202f?" in (await client.get(path)).text
    assert "Former : oui !" in (await client.get("/propositions/T3-001")).text


@pytest.mark.parametrize("address", ["/themes/4", "/themes/99999", "/themes/4/propositions"])
async def test_a_theme_that_does_not_exist_is_not_found(client: AsyncClient, address: str) -> None:
    await make_theme(3)
    assert (await client.get(address)).status_code == 404


async def test_a_long_list_of_threads_goes_on_from_page_to_page(client: AsyncClient) -> None:
    theme = await make_theme(3)
    for number in range(51):
        await make_thread(theme, f"Fil numéro {number:03}")
    pages = await turn(client, "/themes/3", lambda page: re.findall(r"Fil numéro (\d{3})", page))
    assert pages == [[f"{number:03}" for number in range(50, 0, -1)], ["000"]]
    for wrong in ("12", "x", "-1", "%00", "20261123T120000~", "9" * 30):
        assert "Fil numéro 050" in (await client.get(f"/themes/3?apres={wrong}")).text


async def test_an_agent_sets_the_windows_and_the_journal_keeps_both(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="later")
    await sign_in(client, await make_member(role=Role.AGENT))
    assert "2026-11-13T13:00" in (await client.get("/themes/3/calendrier")).text  # on the clock of Paris
    answer = await client.post("/themes/3/calendrier", data=SCHEDULE | {"motif": "Une semaine de plus"})
    assert answer.status_code == 303
    after = await Theme.get(id=theme.id)
    assert after.votes_close_at is not None
    assert after.votes_close_at.isoformat() == "2026-12-19T17:00:00+00:00"
    assert after.version == theme.version + 1
    entry = await row("SELECT act, before, after, working_group_id FROM journal_entry")
    assert entry is not None
    assert entry["act"] == "set_schedule"
    assert '"votes_close_at": "2026-12-19T17:00:00+00:00"' in entry["after"]
    assert "2026-12-19" not in entry["before"]
    assert entry["working_group_id"] == theme.working_group_id


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cloture_des_votes": "2026-11-20T09:00"}, "La clôture doit venir après l’ouverture."),
        ({"ouverture_des_contributions": ""}, "Indiquez aussi l’ouverture."),
        ({"ouverture_des_votes": "demain"}, "Indiquez un jour et une heure"),
        ({"motif": "x" * 501}, "Ce texte est trop long"),
    ],
)
async def test_windows_that_make_no_sense_are_refused_and_kept(
    client: AsyncClient, change: dict[str, str], sentence: str
) -> None:
    theme = await make_theme(3, votes="later")
    await sign_in(client, await make_member(role=Role.AGENT))
    answer = await client.post("/themes/3/calendrier", data=SCHEDULE | change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="2026-12-12T18:00"' in answer.text
    assert (await Theme.get(id=theme.id)).version == theme.version
    assert await count("journal_entry") == 0


async def a_theme_to_schedule(client: AsyncClient) -> None:
    """A theme without windows, and an agent signed in."""
    await make_theme(3)
    await Theme.all().update(**dict.fromkeys(MOMENTS.values()))
    await sign_in(client, await make_member(role=Role.AGENT))


@pytest.mark.parametrize("field", MOMENTS)
async def test_an_hour_that_comes_twice_is_asked_and_stays_the_one_that_was_meant(
    client: AsyncClient, clock: Clock, field: str
) -> None:
    """25 October 2026, when the clocks of Paris go back at three; the form begins with what was chosen."""
    clock.now = datetime(2026, 10, 1, tzinfo=UTC)
    typed = {
        "ouverture_des_contributions": "2026-10-20T09:00",
        "cloture_des_contributions": "2026-10-30T09:00",
        "ouverture_des_votes": "2026-10-20T09:00",
        "cloture_des_votes": "2026-10-30T09:00",
        "motif": "Annoncé en réunion",
        field: "2026-10-25T02:30",
    }
    await a_theme_to_schedule(client)
    asked = await client.post("/themes/3/calendrier", data=typed)
    assert asked.status_code == 422
    assert "vient deux fois" in asked.text
    assert "25 octobre 2026 à 2\u00a0h\u00a030 (heure d’été)" in asked.text
    options = re.findall(r'<option value="(\w+ \w+)"', asked.text[asked.text.index(f'id="saison-{field}"') :])
    assert options[:2] == [f"{field} ete", f"{field} hiver"]
    for season, hour in (("ete", 0), ("hiver", 1)):
        assert (
            await client.post("/themes/3/calendrier", data={**typed, "saison": f"{field} {season}"})
        ).status_code == 303
        assert getattr(await Theme.get(), MOMENTS[field]) == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        page = (await client.get("/themes/3/calendrier")).text
        assert f'<option value="{field} {season}" selected>' in page


async def test_an_hour_that_does_not_exist_is_asked(client: AsyncClient, clock: Clock) -> None:
    """29 March 2026, when the clocks of Paris go forward at two."""
    clock.now = datetime(2026, 3, 1, tzinfo=UTC)
    typed = {"ouverture_des_contributions": "2026-03-20T09:00", "cloture_des_contributions": "2026-03-29T02:30"}
    await a_theme_to_schedule(client)
    asked = await client.post("/themes/3/calendrier", data=typed)
    assert asked.status_code == 422
    assert "n’existe pas" in asked.text
    for season, hour, shown in (("hiver", 0, "à 1\u00a0h\u00a030"), ("ete", 1, "à 3\u00a0h\u00a030")):
        assert f'<option value="cloture_des_contributions {season}">29 mars 2026 {shown}</option>' in asked.text
        chosen = {**typed, "saison": f"cloture_des_contributions {season}"}
        assert (await client.post("/themes/3/calendrier", data=chosen)).status_code == 303
        assert (await Theme.get()).contributions_close_at == datetime(2026, 3, 29, hour, 30, tzinfo=UTC)


async def test_an_hour_with_its_zone_is_what_it_says(client: AsyncClient, clock: Clock) -> None:
    clock.now = datetime(2026, 10, 1, tzinfo=UTC)
    await a_theme_to_schedule(client)
    typed = {
        "ouverture_des_contributions": "2026-10-20T09:00-04:00",
        "cloture_des_contributions": "2026-10-25T02:30+01:00",
    }
    assert (await client.post("/themes/3/calendrier", data=typed)).status_code == 303
    theme = await Theme.get()
    assert theme.contributions_open_at == datetime(2026, 10, 20, 13, tzinfo=UTC)
    assert theme.contributions_close_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_every_moment_of_a_form_is_asked_by_the_field_that_knows_the_clocks() -> None:
    """So no form guesses: one macro shows such a field, and one method reads it."""
    templates = {path: path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html")}
    assert [path.name for path, text in templates.items() if 'type="datetime-local"' in text] == ["forms.html"]
    shown = {name for text in templates.values() for name in re.findall(r'moment_field\("(\w+)"', text)}
    assert shown == {*MOMENTS, "jusqua"}
    read = [
        path.name for path in (ROOT / "forum/web").rglob("*.py") if "datetime.fromisoformat" in path.read_text("utf-8")
    ]
    assert read == ["forms.py"]


async def test_closing_the_votes_makes_the_results_public_at_once(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    await make_proposal(theme)
    await sign_in(client, await make_member(role=Role.AGENT))
    assert (await client.post("/themes/3/clore-les-votes", data={"motif": "Fin", **CONFIRMED})).status_code == 303
    assert (await Theme.get(id=theme.id)).votes_close_at == clock.now
    assert "Résultats" in (await client.get("/themes/3/propositions")).text
    assert (await row("SELECT reason FROM journal_entry") or {})["reason"] == "Fin"


async def test_closing_the_votes_asks_for_a_confirmation(client: AsyncClient) -> None:
    await make_theme(3)
    await sign_in(client, await make_member(role=Role.AGENT))
    answer = await client.post("/themes/3/clore-les-votes", data={"motif": "Fin"})
    assert answer.status_code == 422
    assert '<p class="error" id="confirmation-error">Cochez la case pour confirmer.</p>' in answer.text
    assert (await find_theme(3)).schedule.votes_are_open(NOON)


async def test_nothing_leads_to_a_new_proposal_once_the_votes_are_closed(client: AsyncClient) -> None:
    await make_theme(3, contributions="open", votes="closed")
    await make_theme(4, contributions="open", votes="open")
    await sign_in(client, await make_member())
    assert "/themes/4/proposer" in (await client.get("/themes/4")).text
    assert "/themes/3/proposer" not in (await client.get("/themes/3")).text


async def test_english_pages_use_english_punctuation(client: AsyncClient) -> None:
    await make_theme(3, questions=["What the organiser asks"])
    await sign_in(client, await make_member())
    for path in ("/en/", "/en/themes/3", "/en/notifications", "/en/connexion"):
        assert not re.search("[ \u00a0\u202f][:;?!](?=[ <])|[«»]", (await client.get(path)).text), path
    assert '<span class="heard">Thème 3\u00a0: </span>' in (await client.get("/")).text
    assert '<span class="heard">Theme 3: </span>' in (await client.get("/en/")).text


async def test_votes_are_closed_once(client: AsyncClient) -> None:
    await make_theme(3, votes="closed")
    await sign_in(client, await make_member(role=Role.AGENT))
    answer = await client.post("/themes/3/clore-les-votes", data=CONFIRMED)
    assert answer.status_code == 409
    assert "déjà clos" in answer.text
    assert await count("journal_entry") == 0


async def test_a_seal_is_not_broken_by_moving_the_votes_into_the_future_first(client: AsyncClient) -> None:
    theme = await make_theme(3, votes="closed", sealed=True)
    voter = await make_member("Valérie Votante")
    proposal = await make_proposal(theme)
    await rows(
        """INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at)
           VALUES ($1, $2, 'pour', 1, $3)""",
        proposal.id,
        voter.id,
        NOON - timedelta(days=2),
    )
    await sign_in(client, await make_member(role=Role.AGENT))
    later = SCHEDULE | {"ouverture_des_votes": "2026-11-30T13:00", "motif": "Nouveau tour"}
    assert (await client.post("/themes/3/calendrier", data=later)).status_code == 303
    unsealed = {name: value for name, value in later.items() if name != "scelle"}
    answer = await client.post("/themes/3/calendrier", data=unsealed)
    assert answer.status_code == 422
    assert "elle ne change plus" in answer.text


async def test_closed_votes_open_again_only_with_a_reason(client: AsyncClient) -> None:
    await make_theme(3, votes="closed")
    await sign_in(client, await make_member(role=Role.AGENT))
    again = SCHEDULE | {"ouverture_des_votes": "2026-11-03T13:00"}
    refused = await client.post("/themes/3/calendrier", data=again)
    assert refused.status_code == 422
    assert "Dites pourquoi vous rouvrez" in refused.text
    assert (await client.post("/themes/3/calendrier", data=again | {"motif": "Panne"})).status_code == 303
    assert (await find_theme(3)).schedule.votes_are_open(NOON)


async def test_the_rule_of_sealing_does_not_change_once_votes_have_begun(client: AsyncClient) -> None:
    await make_theme(3, votes="open", sealed=True)
    await sign_in(client, await make_member(role=Role.AGENT))
    unsealed = {name: value for name, value in SCHEDULE.items() if name != "scelle"}
    answer = await client.post("/themes/3/calendrier", data=unsealed | {"ouverture_des_votes": "2026-11-13T13:00"})
    assert answer.status_code == 422
    assert "elle ne change plus" in answer.text
    assert (await find_theme(3)).schedule.sealed


async def test_a_running_vote_is_not_cut_short_in_the_past(client: AsyncClient) -> None:
    await make_theme(3, votes="open")
    await sign_in(client, await make_member(role=Role.AGENT))
    past = {"ouverture_des_votes": "2026-11-13T13:00", "cloture_des_votes": "2026-11-23T12:00"}
    answer = await client.post("/themes/3/calendrier", data=SCHEDULE | past)
    assert answer.status_code == 422
    assert "utilisez «\u00a0Clore les votes\u00a0»" in answer.text


async def test_windows_are_half_open(client: AsyncClient, clock: Clock) -> None:
    theme = await make_theme(3)
    assert theme.contributions_close_at is not None
    clock.now = theme.contributions_close_at - timedelta(microseconds=1)
    await sign_in(client, await make_member(), now=clock.now)
    assert (await client.get("/themes/3/proposer")).status_code == 200
    clock.now = theme.contributions_close_at
    answer = await client.post("/themes/3/proposer", data={"formulation": "Trop tard"})
    assert answer.status_code == 403
    assert "Les contributions à ce thème sont closes." in answer.text
    assert await count("proposal") == 0


# Files

FILE = """+++
number = 7
title = "Un titre"
questions = ["Une question ?", "Une autre ?"]

[working_group]
slug = "gt-sept"
name = "GT Sept"
+++

Une introduction.
"""


def written(folder: Path, text: str = FILE, name: str = "7-theme.md") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('title = "Un titre"', "", "title manque"),
        ('title = "Un titre"', 'titre = "Un titre"', "titre"),
        ('title = "Un titre"', 'title = ""', "title"),
        ("number = 7", 'number = "7"', "number"),
        ("number = 7", "number = 0", "number"),
        ('slug = "gt-sept"', 'slug = "GT Sept"', "working_group.slug"),
        ('questions = ["Une question ?", "Une autre ?"]', "questions = []", "questions"),
        ("number = 7", "number = 7\nvotes_open_at = 2026-11-23T09:00:00", "votes_open_at"),
        (
            "number = 7",
            "number = 7\nvotes_close_at = 2026-11-23T09:00:00Z",
            "votes_close_at : Indiquez aussi l’ouverture.",
        ),
        ("number = 7", 'number = 7\nvoting = "tirage"', "voting : Choisissez soutien"),
        ("number = 7", "number = 7\nvoting = 3", "voting"),
        (
            "number = 7",
            'number = 7\nvoting = "jugement"\nmentions = ["Oui", "Non"]',
            "mentions : Un jugement a de 3 à 7",
        ),
        ("number = 7", 'number = 7\nvoting = "jugement"\nmentions = "Oui"', "mentions"),
        ("number = 7", 'number = 7\nmentions = ["Oui", "Non", "Bof"]', "mentions : Seul un jugement"),
        ("number = 7", "number = 7\nquota = -1", "quota : Indiquez un nombre de 0 à"),
        ("number = 7", 'number = 7\nquota = "5"', "quota"),
        ("number = 7", "number = ", "en-tête"),
        ("Une introduction.", "", "introduction"),
        ("+++\nnumber", "number", "en-tête : le fichier commence par du TOML"),
    ],
)
def test_a_broken_theme_file_is_named_with_its_field_and_reason(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    with pytest.raises(CannotStart, match=r"7-theme\.md : ") as refused:
        read_folder(written(tmp_path, FILE.replace(before, after, 1)))
    assert said in str(refused.value)


def test_a_missing_folder_an_empty_one_and_duplicates_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="n’existe pas"):
        read_folder(tmp_path / "absent")
    with pytest.raises(CannotStart, match="aucun thème"):
        read_folder(tmp_path)
    written(tmp_path, name="a.md")
    with pytest.raises(CannotStart, match=r"b\.md : number : a\.md porte déjà le numéro 7"):
        read_folder(written(tmp_path, name="b.md"))


async def test_loading_twice_changes_nothing(database: object, tmp_path: Path) -> None:
    first = await load_themes(written(tmp_path))
    assert first.lines == ("thème 7 : créé",)
    assert (await load_themes(tmp_path)).lines == ()
    assert (await count("theme"), await count("guiding_question"), await count("working_group")) == (1, 2, 1)


async def test_the_database_owns_the_schedule_after_the_first_load(database: object, tmp_path: Path) -> None:
    dated = FILE.replace("number = 7", "number = 7\ncontributions_open_at = 2026-11-01T09:00:00+01:00")
    await load_themes(written(tmp_path, dated))
    opened = (await find_theme(7)).schedule.contributions_open_at
    assert opened is not None
    assert opened.isoformat() == "2026-11-01T08:00:00+00:00"
    await load_themes(written(tmp_path, dated.replace("11-01", "12-01").replace("Un titre", "Un autre titre")))
    theme = await find_theme(7)
    assert theme.schedule.contributions_open_at == opened
    assert theme.title == "Un autre titre"


async def test_the_rules_of_the_vote_are_those_of_the_first_load(database: object, tmp_path: Path) -> None:
    ruled = FILE.replace("number = 7", 'number = 7\nvoting = "jugement"\nmentions = ["Non", "Bof", "Oui"]')
    await load_themes(written(tmp_path, ruled))
    await load_themes(written(tmp_path, FILE.replace("number = 7", 'number = 7\nvoting = "soutien"\nquota = 3')))
    assert (await find_theme(7)).rules == Rules(Voting.JUDGMENT, ("Non", "Bof", "Oui"), 0)


async def test_a_removed_question_that_has_answers_is_kept_and_reported(database: object, tmp_path: Path) -> None:
    await load_themes(written(tmp_path))
    theme = await Theme.get(number=7)
    question = await GuidingQuestion.get(theme_id=theme.id, position=2)
    await make_proposal(theme, questions=[question])
    report = await load_themes(written(tmp_path, FILE.replace(', "Une autre ?"', "")))
    assert any("la question 2 a quitté le fichier" in line for line in report.lines)
    assert await count("guiding_question") == 2
    await ProposalQuestion.all().delete()
    await load_themes(tmp_path)
    assert await count("guiding_question") == 1


async def test_a_reworded_question_keeps_its_answers(database: object, tmp_path: Path) -> None:
    await load_themes(written(tmp_path))
    theme = await Theme.get(number=7)
    await make_proposal(theme, questions=[await GuidingQuestion.get(theme_id=theme.id, position=2)])
    await load_themes(written(tmp_path, FILE.replace("Une autre ?", "Une autre, mieux dite ?")))
    assert [each.position for each in (await read_proposal(None, "T7-001", NOON)).questions] == [2]
    assert [each["text"] for each in await rows("SELECT text FROM guiding_question ORDER BY position")] == [
        "Une question ?",
        "Une autre, mieux dite ?",
    ]


async def test_a_theme_does_not_change_its_working_group(database: object, tmp_path: Path) -> None:
    await load_themes(written(tmp_path))
    with pytest.raises(CannotStart, match=r"7-theme\.md : working_group\.slug : "):
        await load_themes(written(tmp_path, FILE.replace("gt-sept", "gt-huit")))
    assert await count("working_group") == 1
