"""The main commands, as the person at the machine sees them: what they print and leave behind, and their exit
status."""

import csv
import re
import sqlite3
from pathlib import Path
from shutil import copytree

import pytest

from forum.importing.example import SEED
from forum.importing.themes import read_chapter
from forum.settings import ROOT
from tests.test_start import command, command_by_itself, environment, fill, machine, on_a_fresh_machine

pytestmark = pytest.mark.slow

__all__ = ["environment", "machine"]  # fixtures


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a machine with the tables and the themes, made once."""
    made = on_a_fresh_machine(tmp_path_factory.mktemp("furnished"))
    fill(made)
    assert command(made, "load-themes").returncode == 0
    return Path(made["FORUM_SITE__DATA_DIR"])


@pytest.fixture
def consultation(environment: dict[str, str], furnished: Path) -> dict[str, str]:
    """A machine with the tables and the themes."""
    copytree(furnished, environment["FORUM_SITE__DATA_DIR"])
    return environment


def stored(machine: dict[str, str], query: str) -> int:
    with sqlite3.connect(Path(machine["FORUM_SITE__DATA_DIR"]) / "cahier.sqlite3") as database:
        return int(database.execute(query).fetchone()[0])


def test_a_thread_is_imported_line_by_line_once(consultation: dict[str, str]) -> None:
    arguments = ["import-thread", str(SEED), "--theme", "3"]
    dry = command(consultation, *arguments, "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert dry.stdout.splitlines()[-1] == "10 contributions à importer. Rien n’a été écrit (essai)."
    assert stored(consultation, "SELECT COUNT(*) FROM post") == 0
    done = command(consultation, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:10] == dry.stdout.splitlines()[:10]
    assert lines[0].startswith("ligne 5 · instruction")
    assert lines[8].startswith("ligne 52 · ")
    assert sum("GT réunion 1" in line for line in lines[:10]) == 3
    assert lines[-1] == "10 contributions importées."
    assert stored(consultation, "SELECT COUNT(*) FROM post") == 10
    again = command(consultation, *arguments)
    assert again.returncode == 0
    assert again.stdout.splitlines()[-1] == "Déjà importé : rien n’a changé."
    assert stored(consultation, "SELECT COUNT(*) FROM post") == 10


def test_a_dry_run_finds_the_conflict_that_an_import_would_find(consultation: dict[str, str], tmp_path: Path) -> None:
    assert command(consultation, "import-thread", str(SEED), "--theme", "3").returncode == 0
    changed = tmp_path / "changed.txt"
    changed.write_text(SEED.read_text("utf-8").replace("MEDIATEURS", "ANIMATEURS"), "utf-8")
    for arguments in ([], ["--dry-run"]):
        refused = command(consultation, "import-thread", str(changed), "--theme", "3", *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "diffère de celle qui a déjà été importée" in refused.stderr


def test_a_theme_that_does_not_exist_is_reported(consultation: dict[str, str]) -> None:
    for arguments in ([], ["--dry-run"]):
        refused = command(consultation, "import-thread", str(SEED), "--theme", "99", *arguments)
        assert (refused.returncode, refused.stderr) == (1, "Le thème 99 n’existe pas.\n")


def test_a_forgotten_password_is_replaced(consultation: dict[str, str]) -> None:
    person = ["create-user", "--name", "Agnès Lambert", "--email", "agnes@exemple.fr", "--generate"]
    assert command(consultation, *person).returncode == 0
    hashes = "SELECT COUNT(DISTINCT password_hash) FROM member WHERE password_hash = '{}'"
    with sqlite3.connect(Path(consultation["FORUM_SITE__DATA_DIR"]) / "cahier.sqlite3") as database:
        before = database.execute("SELECT password_hash FROM member").fetchone()[0]
    done = command(consultation, "set-password", "agnes@exemple.fr", "--generate")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Mot de passe changé : Agnès Lambert" in done.stdout
    assert stored(consultation, hashes.format(before)) == 0
    refused = command(consultation, "set-password", "personne", "--generate")
    assert refused.stderr == "Aucun compte ne porte cet identifiant ni cette adresse.\n"


def test_a_lost_second_factor_is_removed_from_the_command_line(consultation: dict[str, str]) -> None:
    person = ["create-user", "--name", "Agnès Lambert", "--email", "agnes@exemple.fr", "--generate"]
    assert command(consultation, *person).returncode == 0
    with sqlite3.connect(Path(consultation["FORUM_SITE__DATA_DIR"]) / "cahier.sqlite3") as database:
        database.execute(
            "INSERT INTO second_factor (member_id, secret, last_step, created_at) VALUES (1, '', 0, '2026-11-23')"
        )
        database.execute("INSERT INTO recovery_code (member_id, code_hash) VALUES (1, 'x')")
    done = command(consultation, "remove-second-factor", "@agnes-lambert", "--reason", "Vue en personne.")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Double authentification retirée : Agnès Lambert\n"
    left = "SELECT (SELECT COUNT(*) FROM second_factor) + (SELECT COUNT(*) FROM recovery_code)"
    assert stored(consultation, left) == 0
    line = "act = 'remove_second_factor' AND actor_id IS NULL AND thing_id = 1 AND reason = 'Vue en personne.'"
    assert stored(consultation, f"SELECT COUNT(*) FROM journal_entry WHERE {line}") == 1
    assert stored(consultation, "SELECT COUNT(*) FROM mail WHERE template = 'factor_changed'") == 1
    again = command(consultation, "remove-second-factor", "agnes@exemple.fr")
    assert (again.returncode, again.stderr) == (1, "Ce compte n’a pas de double authentification.\n")


def test_the_journal_is_verified_from_the_command_line(consultation: dict[str, str]) -> None:
    empty = command(consultation, "verify-journal")
    assert (empty.returncode, empty.stdout.splitlines()[0]) == (0, "Journal intact : 0 lignes.")
    for name in ("Agnès Lambert", "Bruno Morel"):
        made = command(
            consultation,
            "create-user",
            "--name",
            name,
            "--role",
            "agent",
            "--email",
            f"{name[0]}@exemple.fr",
            "--generate",
        )
        assert made.returncode == 0, made.stderr
    whole = command(consultation, "verify-journal")
    assert (whole.returncode, whole.stdout.splitlines()[0]) == (0, "Journal intact : 2 lignes.")
    (kept,) = re.findall(r"[0-9a-f]{64}", whole.stdout)
    assert command(consultation, "verify-journal", "--expect", kept.upper(), "--entries", "2").returncode == 0
    elsewhere = command(consultation, "verify-journal", "--expect", "0" * 64)
    assert (elsewhere.returncode, elsewhere.stdout) == (1, "")
    assert "ne contient plus l’empreinte gardée" in elsewhere.stderr
    assert command(consultation, "verify-journal", "--entries", "2").stderr == "--entries va avec --expect\n"
    with sqlite3.connect(Path(consultation["FORUM_SITE__DATA_DIR"]) / "cahier.sqlite3") as database:
        with pytest.raises(sqlite3.IntegrityError, match="the journal is only added to"):
            database.execute("UPDATE journal_entry SET act = 'publish' WHERE id = 1")
        database.execute("DROP TRIGGER journal_entry_kept")
        database.execute("UPDATE journal_entry SET act = 'publish' WHERE id = 1")
    broken = command(consultation, "verify-journal")
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.splitlines()[0] == "Journal altéré : la ligne 1 a été changée ou ajoutée."


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"Titre\n\n  \xe2\x80\xa2 un\nLog in to reply\n  \xe2\x80\xa2 deux", 5), (b"Titre\n\n  \xe9", 3), (b"", 1)],
)
def test_a_file_that_cannot_be_read_names_its_line(
    consultation: dict[str, str], tmp_path: Path, content: bytes, line: int
) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_bytes(content)
    for arguments in ([], ["--dry-run"]):
        refused = command(consultation, "import-thread", str(broken), "--theme", "3", *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.count("\n") == 1
        assert f"igne {line} " in refused.stderr
    assert stored(consultation, "SELECT COUNT(*) FROM thread") == 0


def test_a_synthesis_is_made_from_the_shell_without_a_server(machine: dict[str, str], tmp_path: Path) -> None:
    assert command(machine, "load-example").returncode == 0
    out = tmp_path / "out"
    arguments = ["synthesise", "--theme", "3", "--format", "html,csv", "--out", str(out)]
    # A terminal, however narrow, shows the bar; a file does not.
    made = command_by_itself(machine | {"FORCE_COLOR": "1", "COLUMNS": "100", "TERM": "xterm"}, *arguments)
    assert made.returncode == 0, made.stderr
    assert "Compilation" in made.stdout
    assert "%" in made.stdout
    assert "document de travail, sans aucun résultat" in made.stdout
    files = sorted(out.iterdir())
    assert [path.suffix for path in files] == [".csv", ".html"]
    assert all(path.name in made.stdout for path in files)
    register = list(csv.reader(files[0].read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert sum(bool(line) and line[0].startswith("T3-0") for line in register) == 8
    before = {path: path.read_bytes() for path in files}
    again = command_by_itself(machine, *arguments)
    assert again.returncode == 0
    assert "Rien n’a changé depuis le brouillon 1." in again.stdout
    assert {path: path.read_bytes() for path in sorted(out.iterdir())} == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--theme", "9"], "Ce thème n’existe pas."),
        (["--theme", "3", "--format", "pdf,xls"], "Format inconnu : xls"),
        (["--theme", "3", "--out", "/proc/nulle/part"], "/proc/nulle/part"),
    ],
)
def test_a_synthesis_that_cannot_be_made_says_why_in_one_line(
    consultation: dict[str, str], tmp_path: Path, arguments: list[str], word: str
) -> None:
    refused = command(consultation, "synthesise", "--out", str(tmp_path / "out"), *arguments)
    assert (refused.returncode, refused.stdout.strip()) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert word in refused.stderr.replace("\u202f", " ").replace("\xa0", " ")


def test_the_third_theme_asks_word_for_word_what_the_thread_asks() -> None:
    """The file of the theme was copied from the thread: title and questions are the same to the letter."""
    lines = [line.strip() for line in SEED.read_text("utf-8").splitlines()]
    (title,) = (line.removeprefix("Thème 3 : ") for line in lines if line.startswith("Thème 3 : "))
    asked = [line.removeprefix("• ") for line in lines if line.startswith("• ") and line.endswith("?")][:5]
    assert len(asked) == 5
    (file,) = (ROOT / "themes").glob("3-*.md")
    theme = read_chapter(file)
    assert (theme.title, list(theme.questions)) == (title, asked)


def test_a_test_mail_says_where_it_went(environment: dict[str, str]) -> None:
    written = command(environment, "send-test-mail", "lea@exemple.fr")
    assert (written.returncode, written.stderr) == (0, "")
    path = Path(written.stdout.partition(" : ")[2].strip())
    assert path.parent == Path(environment["FORUM_SITE__DATA_DIR"]) / "mail"
    assert b"\r\nTo: lea@exemple.fr\r\n" in path.read_bytes()


@pytest.mark.parametrize(
    ("changed", "address", "reason"),
    [
        (
            {"FORUM_MAIL__URL": "smtp://127.0.0.1:1"},
            "lea@exemple.fr",
            "Le serveur de courrier ne répond pas (connexion",
        ),
        ({}, "lea", "Indiquez une adresse électronique"),
    ],
)
def test_a_test_mail_that_is_not_sent_says_why_in_one_line(
    environment: dict[str, str], changed: dict[str, str], address: str, reason: str
) -> None:
    refused = command(environment | changed, "send-test-mail", address)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(reason)
    assert refused.stderr.count("\n") == 1


def test_the_state_of_the_site_is_said_in_lines(consultation: dict[str, str]) -> None:
    said = command(consultation, "status", "--send-mails")
    assert (said.returncode, said.stderr) == (0, "")
    sent, condition, *lacks, first, room, copy, tasks, mails, refused = said.stdout.splitlines()
    assert sent == "Courriels qui partent tout de suite : 0"
    assert re.fullmatch(r"Cahier [\d.]+, Python 3[\d.]+, SQLite 3[\d.]+, schéma \d{4}_\w+", first)
    # No process serves: the state says so.
    assert condition == "État : dégradé"
    assert lacks
    assert all(each.startswith("  ") for each in lacks)
    assert copy == "Dernière sauvegarde : aucune (python -m forum backup FICHIER)"
    assert re.fullmatch(r"Base de données : \S+\s[kMG]o ; disque : \S+\s[MG]o libres sur \S+\s[MG]o", room)
    assert tasks == "Tâches : 0 en attente, 0 en cours, 0 en échec"
    assert mails == "Courriels : 0 en attente, 0 en cours, 0 en échec"
    assert refused == "Adresses que les serveurs de courrier refusent : 0"


def test_mails_that_come_back_are_read(consultation: dict[str, str], tmp_path: Path) -> None:
    said = command(consultation, "read-bounces", typed="Subject: Bonjour\n\nMerci !")
    assert said.stdout == "Adresses marquées : 0 ; premiers refus notés : 0 ; sans effet : 1\n"
    for name in ("cur", "new", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    said = command(consultation, "read-bounces", str(tmp_path / "box"))
    assert (said.returncode, said.stdout) == (
        *(0, "Adresses marquées : 0 ; premiers refus notés : 0 ; sans effet : 0\n"),
    )
