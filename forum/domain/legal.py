"""What must the site publish by law? Pages that the deployer writes: `<legal_dir>/<language>/<page>.md`.

A file is Markdown under TOML front matter (`title`, `updated`) between two +++ lines. `{name}` in it is one of
`_facts`: what the settings know is not written a second time, where it would become outdated. `[[…]]` is a blank that
only the deployer can fill: shown as such in development, refused in production.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from forum.errors import CannotStart, NotFound, plain_reason
from forum.language import LOCALES, catalogue
from forum.settings import settings
from forum.text.reading import read
from forum.text.typography import french, number

PAGES: Final = ("mentions-legales", "donnees-personnelles", "charte", "accessibilite", "cookies")

_FILE = re.compile(r"\+\+\+\n(?P<head>.*?)\n\+\+\+\n(?P<body>.*)", re.DOTALL)
_BLANK = re.compile(r"\[\[[^\[\]]+\]\]")
_FACT = re.compile(r"\{(\w+)\}")
# The text comes below a page's h1, whereas the text pipeline starts at h3, because contributions are below an h2.
_HEADING = re.compile(r"(</?h)([3-6])(?=>)")


@dataclass(frozen=True, slots=True)
class LegalPage:
    """A page as shown; `html` is safe. `blanks` are what the deployer has not filled yet."""

    name: str
    title: str
    html: str
    updated: date
    blanks: tuple[str, ...]


def legal_page(name: str, locale: str) -> LegalPage:
    """A page in a language, as its file is now.

    Raises:
        NotFound: there is no page of that name.
        CannotStart: its file is missing or cannot be read as one.
    """
    if name not in PAGES:
        raise NotFound
    title, updated, body = _file(_path(name, locale))
    words = _filled(body, _facts(locale), _path(name, locale))
    blanks = tuple(dict.fromkeys(_BLANK.findall(title + words)))
    return LegalPage(name, title, _html(french(words) if locale == "fr" else words), updated, blanks)


def charter_version() -> str:
    """The version of the charter that a member accepts: it changes with its words in any language, not with their
    layout."""
    said = [word for locale in LOCALES for word in _file(_path("charte", locale))[2].split()]
    return sha256(" ".join(said).encode()).hexdigest()[:16]


def check_legal_pages() -> None:
    """Check that every page can be shown and, in production, that no blank is left.

    Raises:
        CannotStart: a file is missing or wrong, or a blank is left in production; the sentence names file and blank.
    """
    for locale in LOCALES:
        for name in PAGES:
            page = legal_page(name, locale)
            if page.blanks and settings().site.environment == "production":
                raise CannotStart(
                    f"{_path(name, locale)} : {page.blanks[0]} est à remplir avant d’ouvrir en production"
                )


def blanks_in(folder: Path) -> Iterator[tuple[Path, int, str]]:
    """Every blank that is left in a folder of legal pages, with its file and line, whether or not the rest can be read;
    the words of the blank are empty for a file that is not there."""
    for locale in LOCALES:
        for name in PAGES:
            path = folder / locale / f"{name}.md"
            try:
                words = path.read_text("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                yield path, 0, ""
                continue
            for found in _BLANK.finditer(words):
                yield path, words.count("\n", 0, found.start()) + 1, " ".join(found[0].split())


def _path(name: str, locale: str) -> Path:
    return settings().site.legal_path / locale / f"{name}.md"


def _file(path: Path) -> tuple[str, date, str]:
    """Title, date of the last change and words of a file."""
    try:
        parts = _FILE.fullmatch(path.read_text("utf-8-sig"))
        if parts is None:
            raise CannotStart(f"{path} : le fichier commence par du TOML entre deux lignes +++")
        head = tomllib.loads(parts["head"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise CannotStart(f"{path} : ne peut pas être lu ({plain_reason(problem)})") from problem
    title, updated = head.get("title"), head.get("updated")
    if not isinstance(title, str) or type(updated) is not date or len(head) > 2:
        raise CannotStart(f"{path} : l’en-tête donne title, un texte, et updated, une date")
    return title, updated, parts["body"]


def _facts(locale: str) -> Mapping[str, str]:
    """The settings that the files may refer to."""
    known = settings()
    return {
        "site": known.site.name,
        "address": known.site.base_url,
        "title": known.consultation.title,
        "organiser": known.consultation.organiser,
        "licence": known.consultation.licence,
        "idle_days": number(known.sessions.idle_hours // 24, locale),
        "absolute_days": number(known.sessions.absolute_hours // 24, locale),
        "archive_days": number(known.retention.archive_days, locale),
        "notification_days": number(known.retention.notification_days, locale),
        "inactivity": _inactivity(known.retention.inactive_months, locale),
        "identification": _identification(known.retention.identification_days, locale),
    }


def _inactivity(months: int, locale: str) -> str:
    if not months:
        return _said("Un compte inutilisé n’est pas effacé de lui-même.", locale)
    words = "Après {n} mois sans connexion, vous êtes prévenu deux fois par courriel, puis le compte est effacé."
    return _said(words, locale).format(n=number(months, locale))


def _identification(days: int, locale: str) -> str:
    if not days:
        return _said("Rien n’est conservé de votre identité après l’effacement du compte.", locale)
    words = "Votre identité est conservée {n} jours après l’effacement du compte, chiffrée, pour la seule justice."
    return _said(words, locale).format(n=number(days, locale))


def _said(words: str, locale: str) -> str:
    return catalogue(locale).gettext(words)


def _filled(words: str, facts: Mapping[str, str], path: Path) -> str:
    def fact(found: re.Match[str]) -> str:
        if found[1] not in facts:
            raise CannotStart(f"{path} : {found[0]} n’existe pas ; noms connus : {', '.join(facts)}")
        return facts[found[1]]

    return _FACT.sub(fact, words)


@lru_cache(maxsize=32)  # one for each page and language, with room for files being edited
def _html(words: str) -> str:
    raised = _HEADING.sub(lambda found: found[1] + str(int(found[2]) - 1), read(words, wrapped=True).html)
    return _BLANK.sub(lambda found: f"<mark>{found[0]}</mark>", raised)
