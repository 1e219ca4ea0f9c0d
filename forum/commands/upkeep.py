"""The commands that keep a site alive: its tables, its key, what it lacks, how it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from forum.commands.running import commands, fail, in_loop, or_exit, run, run_open, say, say_lines
from forum.domain.journal_chain import NotedChain, verify
from forum.domain.search.index import rebuild
from forum.domain.upkeep.saved import Saved
from forum.domain.upkeep.state import Queue, SiteState, Troubled, send_waiting_mails, state
from forum.domain.upkeep.text_passes import TextsRead
from forum.operations import readiness
from forum.operations.newest import bring_up_to_date
from forum.sealing import make_key
from forum.text.typography import moment, size


@commands.command("migrate")
def migrate_command() -> None:
    """Créer les tables ou les mettre à jour (une seule fois à la fois, avant de servir)."""
    mended = run(bring_up_to_date, datetime.now(UTC))
    say("La base de données est à jour.")
    say_lines(mended)


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
    yield from _texts(found.texts)
    yield from _queue("Tâches", found.jobs)
    yield from _queue("Courriels", found.mails)
    yield f"Adresses que les serveurs de courrier refusent : {found.bounced}"


def _last_backup(saved: Saved | None) -> str:
    if saved is None:
        return "Dernière sauvegarde : aucune (python -m forum backup FICHIER)"
    return f"Dernière sauvegarde : le {moment(saved.made_at, 'fr')}, {size(saved.size, 'fr')}"


def _texts(read: TextsRead | None) -> Iterator[str]:
    if read is not None:
        when = f"le {moment(read.finished_at, 'fr')}" if read.finished_at else "en cours"
        yield (
            f"Textes relus par la version {read.version} du rendu ({when}) : {read.read} versions relues, "
            f"{read.changed} affichées autrement, {read.kept} gardées telles quelles"
        )


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


@commands.command("rebuild-search")
def rebuild_search_command() -> None:
    """Refaire l’index de la recherche à partir de ce qui est écrit ; le site peut rester ouvert."""
    entries = run_open(rebuild)
    say(f"Index de la recherche refait : {entries} textes.")


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
