"""The commands that save a site, and bring it back, to another database or to a newer version."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forum import __version__
from forum.commands.running import commands, fail, run, say, say_lines, with_database
from forum.database import known_migrations
from forum.importing.themes import load_themes, read_folder
from forum.operations import backups, moves, restores
from forum.operations.upgrades import KEPT, keep_latest_backups, place_for_backup, upgrade
from forum.settings import Settings, settings


@commands.command("backup")
def backup_command(
    place: Annotated[
        Path, typer.Argument(help="Fichier à écrire, qui n’existe pas encore ; ou dossier, où il portera sa date.")
    ],
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Dans un dossier : combien garder de sauvegardes datées.")
    ] = None,
) -> None:
    """Sauvegarder le site pendant qu’il tourne : base, pages légales et thèmes, dans un fichier.

    Ne copiez jamais le fichier de la base vous-même : les dernières écritures sont à côté, dans son -wal. À l’essai,
    une copie du fichier d’un site en marche a perdu 31 contributions sur 31, pourtant confirmées à leurs auteurs, et
    PRAGMA integrity_check la disait bonne.

    SQLite est sauvegardé par VACUUM INTO, PostgreSQL par le pg_dump de la version du serveur. La sauvegarde est
    aussitôt restaurée à l’essai (dans un dossier, ou dans une base d’un moment sur le même serveur, ce qui demande le
    droit CREATEDB) et comparée : intégrité, lignes de chaque table, documents, journal. Le fichier n’apparaît qu’après.
    """
    now = datetime.now(UTC)
    file = backups.dated(place, now) if place.is_dir() else place
    if keep and file == place:
        fail([f"--keep va avec un dossier, et {place} n’en est pas un"])
    made, concerns = run(backups.back_up, file, now)
    say(f"Sauvegarde écrite, restaurée à l’essai et trouvée entière : {file}", markup=False)
    say_lines(f"Supprimée : {one}" for one in (backups.keep_latest(place, keep) if keep else ()))
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
    restored = run(lambda configured: restores.restore(configured, file, datetime.now(UTC), replace=replace))
    say_lines(restored.lines())


@commands.command("move-to")
def move_to_command(
    url: Annotated[str, typer.Argument(help="Base PostgreSQL vide : postgres://utilisateur@serveur:5432/base.")],
) -> None:
    """Passer de SQLite à PostgreSQL : mêmes numéros, mêmes voix, mêmes mots de passe, mêmes empreintes.

    Le site et son ouvrier doivent être arrêtés. Tout est copié dans une seule transaction, puis compté et comparé des
    deux côtés ; le fichier SQLite ne change pas.

    Un mot de passe dans l’adresse se lirait dans la liste des processus : laissez-le à PGPASSWORD, à PGPASSFILE ou à
    ~/.pgpass, qui servent aussi quand FORUM_DATABASE__URL n’en a pas.
    """
    moved, concerns = run(moves.move, url, datetime.now(UTC))
    say("Tout est dans PostgreSQL, et chaque table y a les mêmes lignes et la même empreinte.")
    say_lines(concerns)
    say_lines(backups.contents(moved))
    say("Servez-le désormais par FORUM_DATABASE__URL, et ne servez plus le fichier SQLite, qui ne suit pas.")


@commands.command("upgrade")
def upgrade_command(
    backup: Annotated[
        Path | None, typer.Option("--backup", help="Fichier de la sauvegarde ; par défaut dans site.data_dir/backups.")
    ] = None,
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="Ne pas sauvegarder : un échec serait alors sans retour.")
    ] = False,
) -> None:
    """Passer le site à cette version du programme : sauvegarder, migrer, charger les thèmes, refaire ce qui a changé.

    Le site et son ouvrier doivent être arrêtés. La sauvegarde est d’abord restaurée et migrée à l’essai : si cela
    échoue, rien n’a été changé. Une base plus récente que le programme est refusée. Sans --backup, les cinq dernières
    sauvegardes de mises à niveau restent dans site.data_dir/backups.
    """
    now = datetime.now(UTC)
    if without_backup and backup:
        fail(["--without-backup ne va pas avec --backup"])
    done = run(lambda configured: _upgrade(configured, backup, now, saves=not without_backup))
    say_lines(done)


async def _upgrade(configured: Settings, backup: Path | None, now: datetime, *, saves: bool) -> list[str]:
    read_folder(configured.site.themes_path)
    file = (backup or place_for_backup(configured, now)) if saves else None
    done = await upgrade(configured, file, now)
    themes = await with_database(configured, lambda: load_themes(configured.site.themes_path))
    gone = keep_latest_backups(configured) if saves and backup is None else ()
    return [
        f"Sauvegarde, restaurée et migrée à l’essai : {file}" if file else "Pas de sauvegarde.",
        f"Base {'migrée' if done.migrated else 'déjà à jour'} : {max(known_migrations())}.",
        *done.lines,
        *themes.lines,
        *(f"Supprimée, au-delà des {KEPT} dernières : {one}" for one in gone),
        f"Le site est celui de Cahier {__version__} : redémarrez-le.",
    ]
