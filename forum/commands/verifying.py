"""The command that verifies a synthesis from its archive: as anybody would, then against this server."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forum.commands.running import commands, fail, run_open, say
from forum.domain.syntheses.verification import differences_here
from forum.verification.verifier import Verification


@commands.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(help="Archive de vérification d’une synthèse (.verification.zip).")],
    alone: Annotated[bool, typer.Option("--alone", help="Sans la base : comme le ferait n’importe qui.")] = False,
) -> None:
    """Vérifier une synthèse : empreintes, totaux, rangs, puis ce que seul le serveur sait. 1 si quelque chose diffère.

    Le programme publié avec elle fait la première moitié ; ici s’y ajoutent les fichiers gardés, les propositions
    phares, les groupes et les duels, recalculés d’après les votes eux-mêmes.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        fail([f"{file} n’est pas une archive ZIP que l’on puisse lire."])
    done = Verification(parts)
    lines = list(done.found)
    if not alone:
        lines += run_open(lambda: differences_here(parts, done.digest, datetime.now(UTC)))
    say(f"Données figées : {done.digest}", markup=False)
    if lines:
        fail(lines)
    say("Tout concorde." if alone else "Tout concorde, ici aussi.")
