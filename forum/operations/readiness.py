"""What keeps this site from opening in production? Everything at once, in the names that the environment uses."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from forum.database import close_database, open_database
from forum.domain.legal import blanks_in
from forum.domain.members.members import has_examples
from forum.domain.upkeep.seals import try_key
from forum.errors import CahierError
from forum.settings import Settings, reasons, variable, wanted_temporary
from forum.storage import TOLD, StorageFault, Trouble, temporary_folder, trouble_in


async def lacking() -> list[str]:
    """Each refusal of a start in production, as lines to read; none when it would start."""
    try:
        # What production asks is asked below, all of it, rather than by the refusal of the settings themselves.
        configured = Settings(site={"environment": "development"})
    except ValidationError as problem:
        return [*_unreadable(problem)]
    return [
        *(line for one in configured.lacks() for line in (f"{variable(one.setting)} {one.reason} :", f"  {one.line}")),
        *await _in_database(configured),
        *_on_temporary_files(),
        *_on_legal_pages(configured),
    ]


def _unreadable(problem: ValidationError) -> Iterator[str]:
    """Settings that are none, each by the name of its variable; nothing else can be asked before they are mended."""
    for error, told in zip(problem.errors(), reasons(problem).split(" ; "), strict=False):
        yield f"{variable('.'.join(map(str, error['loc'])))} : {told}"


async def _in_database(configured: Settings) -> list[str]:
    try:
        await open_database(configured)
        if await has_examples():
            return ["La base contient les membres inventés de l’exemple : donnez-en une autre (FORUM_DATABASE__URL)."]
        # The key is that of the settings, which are refused as long as they lack anything in production.
        return [] if [*configured.lacks()] else [*(await try_key()).lines()]
    except StorageFault as fault:
        return [fault.told]
    except CahierError as problem:
        return [str(problem)]
    finally:
        await close_database()


def _on_temporary_files() -> Iterator[str]:
    """Documents are laid out, and files that people send are read, in a folder that must take them."""
    folder, wanted = temporary_folder(), wanted_temporary()
    if folder is None:
        yield TOLD[Trouble.NO_TEMPORARY]
    elif wanted and folder != Path(wanted).absolute():
        yield f"TMPDIR={wanted} : ce dossier ne peut pas être écrit, les fichiers temporaires iraient dans {folder}"
    elif trouble := trouble_in(folder):
        yield f"{TOLD[trouble].format(place=folder)} (fichiers temporaires : TMPDIR)"


def _on_legal_pages(configured: Settings) -> Iterator[str]:
    blanks = [*blanks_in(configured.site.legal_path)]
    if blanks:
        yield f"Pages légales : {len(blanks)} blancs à remplir, dans votre copie du dossier legal :"
        yield "  FORUM_SITE__LEGAL_DIR=/etc/cahier/legal"
    for path, line, words in blanks:
        yield f"  {path}:{line} {words}" if words else f"  {path} : ne peut pas être lu"
