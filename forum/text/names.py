"""Which names may people carry, and when are two of them the same to the eye?

A name is shown beside every contribution, so it must not be an address, a role, or somebody else's
look-alike. Whether a name or a handle is taken is the domain's question, asked by `mentions.handle_key`.
"""

import re
import unicodedata

from forum.errors import Invalid
from forum.text.folding import skeleton

SHORTEST = 2
LONGEST = 60

_PUNCTUATION = " '’.-"
_ADDRESS = re.compile(r"(?:^|\W)www\b|[^\W\d_]{2,}\.[^\W\d_]{2,}", re.IGNORECASE)
_BLANKS = re.compile(r"[\s_]+")
_NOT_IN_HANDLE = re.compile(r"[ ]+")

# Words by which a reader would take a member for the house or for the State. Folded; compared word by word.
RESERVED = frozenset(
    {
        *(
            "administrateur",
            "administratrice",
            "administrateurs",
            "administration",
            "admin",
            "root",
            "systeme",
            "system",
        ),
        *("moderateur", "moderatrice", "moderateurs", "moderation", "moderator", "webmestre", "webmaster", "support"),
        *(
            "ministere",
            "ministre",
            "gouvernement",
            "prefecture",
            "officiel",
            "officielle",
            "cahier",
            "anonyme",
            "inconnu",
        ),
    }
)
_RESERVED_KEYS = frozenset(skeleton(word) for word in RESERVED)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def clean_name(raw: str) -> str:
    """The display name to store (NFC, single spaces). Raises Invalid with the sentence that says what is wrong."""
    if not all(letter.isspace() or _may_stand_in_name(letter) for letter in raw):
        raise Invalid("Un nom se compose de lettres, de chiffres, d’espaces, d’apostrophes, de points et de tirets.")
    name = _BLANKS.sub(" ", unicodedata.normalize("NFC", raw)).strip()
    if not SHORTEST <= len(name) <= LONGEST:
        raise Invalid(
            "Un nom compte de {shortest} à {longest} caractères.", values={"shortest": SHORTEST, "longest": LONGEST}
        )
    if not name[0].isalnum() or not any(letter.isalpha() for letter in name):
        raise Invalid("Un nom commence par une lettre ou un chiffre, et contient au moins une lettre.")
    if _ADDRESS.search(name):
        raise Invalid("Un nom ne contient pas d’adresse de site.")
    if _mixes_scripts(name):
        raise Invalid("Un nom s’écrit dans un seul alphabet.")
    # "Adm1n" is read with an i, "Ma1ik" with an l.
    if not _RESERVED_KEYS.isdisjoint(_words(name) + _words(name.replace("1", "i"))):
        raise Invalid("Ce nom contient un mot réservé à l’administration du site.")
    return name


def make_handle(name: str) -> str:
    """What others type after @ ("Malik Diallo" -> "Malik-Diallo"). The domain adds a number for namesakes."""
    return _NOT_IN_HANDLE.sub("-", name.strip()).rstrip(_PUNCTUATION)


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", skeleton(unicodedata.normalize("NFC", name)))


def _may_stand_in_name(letter: str) -> bool:
    return letter in _PUNCTUATION or unicodedata.category(letter)[0] in "LM" or unicodedata.category(letter) == "Nd"


def _mixes_scripts(name: str) -> bool:
    """Letters of two alphabets that resemble each other, in one name: a disguise, never a person's name."""
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}
    return len(scripts.intersection(_SCRIPTS)) > 1
