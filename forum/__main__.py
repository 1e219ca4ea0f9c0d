"""The command line: `python -m forum <command>`. What keeps a site alive is in `forum/commands/`."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from forum import server
from forum.commands import bounces, saving, upkeep, verifying
from forum.commands.running import commands, fail, run, run_open, say, say_lines, with_database
from forum.domain.members import members
from forum.domain.members.particulars import Particulars
from forum.domain.privacy import personal_data
from forum.domain.sign_in import passwords, second_factors
from forum.errors import CannotStart, Invalid, NotFound
from forum.importing.example import load_example
from forum.importing.themes import load_themes
from forum.importing.thread import import_thread
from forum.models.members import Role
from forum.schema import migrate
from forum.settings import Settings, settings
from forum.text.addresses import clean_address

__all__ = ["bounces", "commands", "saving", "upkeep", "verifying"]

# The passwords of the example are random; this is where the person at this machine finds them again.
EXAMPLE_ACCOUNTS = "comptes-exemple.json"


@commands.command("serve")
def serve_command(
    example: Annotated[
        bool, typer.Option("--example", help="Migrer, charger les thèmes et l’exemple d’abord.")
    ] = False,
) -> None:
    """Servir le site, avec son ouvrier quand il n’y a pas de Redis."""
    run(_serve, example)


async def _serve(configured: Settings, example: bool) -> None:
    if example:
        await migrate(configured)
        await with_database(configured, lambda: _prepare_example(configured))
    await server.serve(configured, lambda: _announce(configured))


def _announce(configured: Settings) -> None:
    say(f"{configured.site.name} : {configured.site.base_url}")
    if configured.mail.to_files:
        say(f"Courriels écrits, non envoyés : {configured.site.mail_path}", markup=False)
    if configured.site.environment == "development":
        _show_accounts(configured)


async def _prepare_example(configured: Settings) -> None:
    """Themes and, once, the example consultation; the passwords of its accounts stay in the data folder."""
    if configured.site.environment == "production":
        raise CannotStart("site.environment : la production ne prend pas d’exemple, servez sans --example")
    now = datetime.now(UTC)
    await load_themes(configured.site.themes_path)
    accounts = await load_example(now)
    if accounts:
        _keep_accounts(configured, [asdict(account) for account in accounts])


def _keep_accounts(configured: Settings, accounts: list[dict[str, str]]) -> None:
    path = configured.site.data_path / EXAMPLE_ACCOUNTS
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(accounts, file, ensure_ascii=False, indent=1)


def _show_accounts(configured: Settings) -> None:
    path = configured.site.data_path / EXAMPLE_ACCOUNTS
    if not path.exists():
        return
    say("Comptes de l’exemple :")
    for account in json.loads(path.read_text("utf-8")):
        say(f"  {account['title']:<16} {account['email']:<26} {account['password']}", markup=False)


@commands.command("work")
def work_command() -> None:
    """Faire les tâches du site dans un processus à part, quand il a un Redis."""
    # In place of an import: the renderers take longer to import than the site to start, and only this needs them.
    run(import_module("workers.process").work)


@commands.command("load-themes")
def load_themes_command(
    folder: Annotated[
        Path | None, typer.Argument(help="Dossier des fichiers de thèmes ; par défaut site.themes_dir.")
    ] = None,
) -> None:
    """Créer ou mettre à jour les thèmes à partir de leurs fichiers ; le calendrier déjà fixé ne change pas."""
    report = run_open(lambda: load_themes(folder or settings().site.themes_path))
    say_lines(report.lines)


@commands.command("load-example")
def load_example_command() -> None:
    """Charger la consultation d’exemple, une seule fois."""
    run(lambda configured: with_database(configured, lambda: _prepare_example(configured)))
    _show_accounts(settings())


@commands.command("create-user")
def create_user_command(
    name: Annotated[str, typer.Option(help="Nom affiché.", prompt="Nom")],
    email: Annotated[str, typer.Option(help="Adresse électronique.", prompt="Adresse électronique")],
    role: Annotated[Role, typer.Option(help="Rôle.")] = Role.MEMBER,
    organisation: Annotated[str, typer.Option(help="Organisation.")] = "",
    moderates: Annotated[list[str] | None, typer.Option(help="Nom court d’un groupe de travail à modérer.")] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Tirer le mot de passe au hasard et l’afficher.")
    ] = False,
) -> None:
    """Créer un compte ; le mot de passe est demandé deux fois, sans être affiché."""
    password = passwords.generate() if generate else _ask_password()
    member = run_open(
        lambda: members.create_member(
            Particulars(name, organisation, email=email or None, password=password),
            role=role,
            moderates=tuple(moderates or ()),
            now=datetime.now(UTC),
        )
    )
    say(f"Compte créé : {member.name}, identifiant {member.handle}", markup=False)
    if generate:
        say(f"Mot de passe : {password}", markup=False)


@commands.command("set-password")
def set_password_command(
    account: Annotated[str, typer.Argument(help="Identifiant ou adresse électronique.")],
    generate: Annotated[
        bool, typer.Option("--generate", help="Tirer le mot de passe au hasard et l’afficher.")
    ] = False,
) -> None:
    """Donner un nouveau mot de passe à qui a oublié le sien ; ses sessions prennent fin."""
    password = passwords.generate() if generate else _ask_password()
    name = run_open(lambda: members.set_password(account, password, now=datetime.now(UTC)))
    say(f"Mot de passe changé : {name}", markup=False)
    if generate:
        say(f"Mot de passe : {password}", markup=False)


@commands.command("remove-second-factor")
def remove_second_factor_command(
    account: Annotated[str, typer.Argument(help="Identifiant ou adresse électronique.")],
    reason: Annotated[str, typer.Option(help="Ce qui a été vérifié, pour le journal.")] = "",
) -> None:
    """Retirer la double authentification de qui a perdu téléphone et codes ; ses sessions prennent fin."""
    name = run_open(lambda: _remove_second_factor(account, reason))
    say(f"Double authentification retirée : {name}", markup=False)


async def _remove_second_factor(account: str, reason: str) -> str:
    found = await members.find_account(account)
    try:
        await second_factors.remove(None, found["id"], reason=reason, now=datetime.now(UTC))
    except NotFound:
        raise Invalid("Ce compte n’a pas de double authentification.") from None
    return str(found["name"])


def _ask_password() -> str:
    asked: str = typer.prompt("Mot de passe", hide_input=True, confirmation_prompt="Le même mot de passe")
    return asked


@commands.command("send-test-mail")
def send_test_mail_command(
    address: Annotated[str, typer.Argument(help="Adresse électronique qui le reçoit.")],
) -> None:
    """Envoyer un message d’essai, et dire où il est parti."""
    # In place of an import: sending mails belongs to the worker, whose modules are slow to import.
    worker = import_module("workers.mail")
    place = run(lambda configured: worker.send_test(clean_address(address), datetime.now(UTC)))
    say(f"Message d’essai remis à : {place}", markup=False)


@commands.command("open-identification")
def open_identification_command(
    member: Annotated[int, typer.Argument(help="Numéro du compte effacé, tel que dans efface-12.")],
    reason: Annotated[str, typer.Option(help="Qui la demande et à quel titre, pour le journal.")] = "",
) -> None:
    """Dire à qui appartenait un compte effacé, tant que la loi impose de le garder ; écrit au journal."""
    kept = run_open(lambda: personal_data.open_identification(member, reason, datetime.now(UTC)))
    say_lines([f"{name} : {value}" for name, value in kept.items() if value is not None])


@commands.command("import-thread")
def import_thread_command(
    file: Annotated[Path, typer.Argument(help="Fil copié en texte.", exists=True, dir_okay=False)],
    theme: Annotated[int, typer.Option(help="Numéro du thème qui le reçoit.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Dire ce qui serait importé, sans rien écrire.")] = False,
) -> None:
    """Importer un fil copié en texte ; le même fichier deux fois ne change rien."""
    raw = file.read_bytes()
    report = run_open(lambda: import_thread(raw, theme=theme, now=datetime.now(UTC), dry_run=dry_run))
    say_lines(report.lines)


@commands.command("synthesise")
def synthesise_command(
    out: Annotated[Path, typer.Option(help="Dossier qui reçoit les documents.")],
    theme: Annotated[int | None, typer.Option(help="Numéro du thème ; toute la consultation sinon.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Formats, séparés par des virgules.")] = "pdf,odt,csv",
) -> None:
    """Compiler la synthèse sans serveur et écrire ses documents (sans résultats si les votes sont ouverts)."""
    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    compiled = run_open(lambda: _compile(theme, wanted, out))
    if compiled.draft:
        say("Les votes ne sont pas clos : ceci est un document de travail, sans aucun résultat.")
    nature = "le brouillon" if compiled.draft else "la version"
    if not compiled.is_new:
        say(f"Rien n’a changé depuis {nature} {compiled.version}.")
    say_lines([str(path) for path in compiled.files])
    if compiled.problems:
        fail(compiled.problems)


async def _compile(theme: int | None, formats: list[str], out: Path) -> Any:
    # In place of an import: the renderers take longer to import than the site to start, and only this needs them.
    worker = import_module("workers.syntheses")
    with Progress(transient=True) as progress:
        bar = progress.add_task("Compilation")

        def show(done: int, total: int, step: str) -> None:
            progress.update(bar, completed=done, total=total, description=step or "Compilation")

        return await worker.compile_here(theme, formats, out, datetime.now(UTC), show)


if __name__ == "__main__":
    commands()
