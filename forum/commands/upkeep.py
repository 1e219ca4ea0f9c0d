"""The commands that keep a site alive: its tables, its key, its backup and its return."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forum.commands.running import commands, fail, in_loop, or_exit, run, run_open, say, say_lines
from forum.domain.journal_chain import NotedChain, verify
from forum.domain.upkeep.fillings import mend_fillings
from forum.domain.upkeep.identifiers import mend_identifiers
from forum.domain.upkeep.misshapen import note_misshapen
from forum.domain.upkeep.saved import Saved
from forum.domain.upkeep.state import Queue, SiteState, Troubled, send_waiting_mails, state
from forum.operations import backups, moves, readiness, restores
from forum.schema import migrate
from forum.sealing import make_key
from forum.settings import settings
from forum.text.typography import moment, size


@commands.command("migrate")
def migrate_command() -> None:
    """Créer les tables ou les mettre à jour (une seule fois à la fois, avant de servir)."""
    run(migrate)
    mended = run_open(lambda: mend_identifiers(datetime.now(UTC)))
    hidden = run_open(lambda: mend_fillings(datetime.now(UTC)))
    misshapen = run_open(lambda: note_misshapen(datetime.now(UTC)))
    say("La base de données est à jour.")
    say_lines(mended.lines())
    if hidden:
        say("Ce qui remplace les noms effacés n’en dit plus la longueur. Les documents concernés seront refaits.")
    say_lines(misshapen)


@commands.command("make-key")
def make_key_command() -> None:
    """Tirer au hasard une clé pour security.key (FORUM_SECURITY__KEY)."""
    say(make_key(), markup=False)


@commands.command("check")
def check_command() -> None:
    """Dire d’un coup tout ce qui empêcherait le site d’ouvrir en production, avec la ligne à ajouter.

    Les variables sont lues comme le site les lirait ; rien n’est écrit. Le code de retour est 1 s’il manque quelque
    chose.
    """
    lines = or_exit(lambda: in_loop(readiness.lacking()))
    if lines:
        say_lines(lines)
        fail(["Le site n’ouvrirait pas en production."])
    say("Rien ne manque : le site ouvrirait en production (FORUM_SITE__ENVIRONMENT=production).")


@commands.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="Fichier à écrire, qui n’existe pas encore (site-2026-12-01.tar.gz).")],
) -> None:
    """Sauvegarder le site pendant qu’il tourne : base, pages légales et thèmes, dans un fichier.

    Ne copiez jamais le fichier de la base vous-même : les dernières écritures sont à côté, dans son -wal. À l’essai,
    une copie du fichier d’un site en marche a perdu 31 contributions sur 31, pourtant confirmées à leurs auteurs, et
    PRAGMA integrity_check la disait bonne.

    SQLite est sauvegardé par VACUUM INTO, PostgreSQL par le pg_dump de la version du serveur. La sauvegarde est
    aussitôt restaurée à l’essai (dans un dossier, ou dans une base d’un moment sur le même serveur, ce qui demande le
    droit CREATEDB) et comparée : intégrité, lignes de chaque table, documents, journal. Le fichier n’apparaît qu’après.
    """
    made, concerns = run(backups.back_up, file, datetime.now(UTC))
    say(f"Sauvegarde écrite, restaurée à l’essai et trouvée entière : {file}", markup=False)
    say_lines(concerns)
    say_lines(backups.contents(made))
    say_lines(backups.kept_elsewhere(settings(), made))


@commands.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="Fichier écrit par backup.", exists=True, dir_okay=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remplacer la base qui est en place, sans retour possible.")
    ] = False,
) -> None:
    """Rendre un site tel que sa sauvegarde l’a gardé ; le site et son ouvrier doivent être arrêtés.

    Une sauvegarde plus ancienne que le programme est migrée, une plus récente est refusée. La clé (FORUM_SECURITY__KEY)
    n’est pas dans la sauvegarde : remettez la même.
    """
    restored = run(lambda configured: restores.restore(configured, file, replace=replace))
    say_lines(restored.lines())


@commands.command("status")
def status_command(
    send_mails: Annotated[
        bool, typer.Option("--send-mails", help="Envoyer tout de suite les courriels qui attendent un nouvel essai.")
    ] = False,
) -> None:
    """Dire comment va le site : versions, tâches et courriels qui attendent ou ont échoué, place, sauvegarde."""
    now = datetime.now(UTC)
    if send_mails:
        say(f"Courriels qui partent tout de suite : {run_open(lambda: send_waiting_mails(now))}")
    say_lines(_status(run_open(lambda: state(now))))


def _status(found: SiteState) -> Iterator[str]:
    yield f"État : {found.health.condition.label}"
    yield from (f"  {one.part.label} : {one.said}" for one in found.health.lacks)
    told = found.versions
    yield f"Cahier {told.program}, Python {told.python}, {told.database}, schéma {told.schema}"
    room = found.room
    database, free, total = (size(each, "fr") for each in (room.database, room.free, room.total))
    yield f"Base de données : {database} ; disque : {free} libres sur {total}"
    yield _last_backup(found.saved)
    yield from _queue("Tâches", found.jobs)
    yield from _queue("Courriels", found.mails)


def _last_backup(saved: Saved | None) -> str:
    if saved is None:
        return "Dernière sauvegarde : aucune (python -m forum backup FICHIER)"
    return f"Dernière sauvegarde : le {moment(saved.made_at, 'fr')}, {size(saved.size, 'fr')}"


def _queue(heading: str, queue: Queue) -> Iterator[str]:
    since = f", la plus ancienne attente depuis le {moment(queue.late_since, 'fr')}" if queue.late_since else ""
    counts = f"{queue.waiting} en attente, {queue.running} en cours, {queue.failed} en échec"
    yield f"{heading} : {counts}{since}"
    for one in queue.put_off:
        yield f"  à retenter le {moment(one.latest, 'fr')}, {_alike(one)}"
    for one in queue.given_up:
        yield f"  abandonné le {moment(one.latest, 'fr')}, {_alike(one)}"


def _alike(one: Troubled) -> str:
    return f"{one.job.label}, {one.count} fois : {one.reason}"


@commands.command("verify-journal")
def verify_journal_command(
    expect: Annotated[
        str, typer.Option("--expect", help="La dernière empreinte qui a été gardée ailleurs.", metavar="EMPREINTE")
    ] = "",
    entries: Annotated[
        int | None, typer.Option("--entries", help="Combien de lignes le journal comptait alors.", min=0)
    ] = None,
) -> None:
    """Dire si une ligne du journal a été changée, retirée ou ajoutée ; donne la dernière empreinte."""
    if entries is not None and not expect:
        fail(["--entries va avec --expect"])
    found = run_open(lambda: verify(NotedChain(expect.lower(), entries) if expect else None))
    if found.fault:
        fail([f"Journal altéré : {found.fault}.", f"Les {found.entries} lignes lues jusque-là sont intactes."])
    say(f"Journal intact : {found.entries} lignes.")
    if found.redacted:
        say(f"{found.redacted} lignes ont des textes retirés par un effacement.")
    say(f"Dernière empreinte, à garder hors de ce serveur : {found.chain or 'aucune'}", markup=False)


@commands.command("move-to")
def move_to_command(
    url: Annotated[str, typer.Argument(help="Base PostgreSQL vide : postgres://utilisateur@serveur:5432/base.")],
) -> None:
    """Passer de SQLite à PostgreSQL : mêmes numéros, mêmes voix, mêmes mots de passe, mêmes empreintes.

    Le site et son ouvrier doivent être arrêtés. Tout est copié dans une seule transaction, puis compté et comparé des
    deux côtés ; le fichier SQLite ne change pas.
    """
    moved, concerns = run(moves.move, url, datetime.now(UTC))
    say("Tout est dans PostgreSQL, et chaque table y a les mêmes lignes et la même empreinte.")
    say_lines(concerns)
    say_lines(backups.contents(moved))
    say("Servez-le désormais par FORUM_DATABASE__URL, et ne servez plus le fichier SQLite, qui ne suit pas.")
