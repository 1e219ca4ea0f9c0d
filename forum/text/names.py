"""Which names may people have, and when do two of them look the same?

A name is shown beside every contribution, so it must not be an address, a role, or the look-alike of somebody else's.
Whether a name or a handle is taken is for the domain to say, by `mentions.handle_key`.
"""

import re
import unicodedata

from forum.errors import Invalid
from forum.text.characters import IGNORABLE
from forum.text.folding import skeleton

SHORTEST = 2
LONGEST = 60
# Counted before it is composed and its blanks are joined; anything longer is not a name, and is refused unread.
LONGEST_TYPED = 4 * LONGEST
# Folded, a few letters become several (a ligature, an Arabic formula eighteen); the column of a handle's key has room
# for a number behind it.
LONGEST_KEY = 110
# Vietnamese, vocalised Hebrew and Indic letters need no more, once composed.
MARKS_ON_A_LETTER = 3

_PUNCTUATION = " '’.-"
_ADDRESS = re.compile(r"(?:^|\W)www\b|[^\W\d_]{2,}\.[^\W\d_]{2,}", re.IGNORECASE)
# Letters and marks without a picture, by which one name would pass for another: joiner, Hangul fillers, inherent Khmer
# vowels, Mongolian and other variation selectors.
_UNSEEN = re.compile(f"[{IGNORABLE}]")
_BLANKS = re.compile(r"[\s_]+")
_NOT_IN_HANDLE = re.compile(r"[ ]+")

# Words that would make a reader take a member for the site or for the State. Folded; compared word by word.
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
            "efface",
        ),
    }
)
_RESERVED_KEYS = frozenset(skeleton(word) for word in RESERVED)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def clean_name(raw: str) -> str:
    """The display name to store (NFC, single spaces). Raises Invalid with the sentence that says what is wrong."""
    if not all(letter.isspace() or _may_stand_in_name(letter) for letter in raw):
        raise Invalid("Un nom se compose de lettres, de chiffres, d’espaces, d’apostrophes, de points et de tirets.")
    if len(raw) > LONGEST_TYPED:
        raise _length()
    name = _BLANKS.sub(" ", unicodedata.normalize("NFC", raw)).strip()
    if not SHORTEST <= len(name) <= LONGEST or len(skeleton(name)) > LONGEST_KEY:
        raise _length()
    if not name[0].isalnum() or not any(letter.isalpha() for letter in name):
        raise Invalid("Un nom commence par une lettre ou un chiffre, et contient au moins une lettre.")
    if _is_overloaded(name):
        raise Invalid("Un nom porte au plus trois accents ou signes sur une même lettre.")
    if _ADDRESS.search(name):
        raise Invalid("Un nom ne contient pas d’adresse de site.")
    if _mixes_scripts(name) or _mixes_directions(name):
        raise Invalid("Un nom s’écrit dans un seul alphabet.")
    # "Adm1n" is read with an i, "Ma1ik" with an l.
    if not _RESERVED_KEYS.isdisjoint(_words(name) + _words(name.replace("1", "i"))):
        raise Invalid("Ce nom contient un mot réservé à l’administration du site.")
    return name


def make_handle(name: str) -> str:
    """What others type after @ ("Malik Diallo" -> "Malik-Diallo"). The domain adds a number for namesakes."""
    return _NOT_IN_HANDLE.sub("-", name.strip()).rstrip(_PUNCTUATION)


def _length() -> Invalid:
    return Invalid(
        "Un nom compte de {shortest} à {longest} caractères.", values={"shortest": SHORTEST, "longest": LONGEST}
    )


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", skeleton(unicodedata.normalize("NFC", name)))


def _may_stand_in_name(letter: str) -> bool:
    if _UNSEEN.match(letter):
        return False
    category = unicodedata.category(letter)
    return letter in _PUNCTUATION or category[0] == "L" or category in ("Mn", "Mc", "Nd")


def _is_overloaded(name: str) -> bool:
    """Whether marks are piled up, hiding the lines above and below ("zalgo"), or belong to no letter."""
    room = 0
    for letter in name:
        if unicodedata.category(letter) in ("Mn", "Mc"):
            room -= 1
            if room < 0:
                return True
        else:
            room = MARKS_ON_A_LETTER if letter.isalpha() else 0
    return False


def _mixes_scripts(name: str) -> bool:
    """Whether one name mixes letters of two alphabets that resemble each other: a disguise, never a person's name."""
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}
    return len(scripts.intersection(_SCRIPTS)) > 1


def _mixes_directions(name: str) -> bool:
    """Whether letters run both to the right and to the left: what comes first on the page is not what was typed
    first."""
    directions = {unicodedata.bidirectional(letter) for letter in name if letter.isalpha()}
    return "L" in directions and not directions.isdisjoint({"R", "AL"})
