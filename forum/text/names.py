"""Which names may people have, and when do two of them look the same?

A name is shown beside every contribution, so it must not be an address, a role, or the look-alike of somebody else's.
Whether a name or a handle is taken is for the domain to say, by `mentions.handle_key`.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache, lru_cache

from forum.errors import Invalid
from forum.text.characters import IGNORABLE
from forum.text.folding import looks, skeleton

SHORTEST = 2
LONGEST = 60
# Words read as one; no house has a longer name.
LONGEST_RUN = 20
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
# Signs that programs put for those of a keyboard.
_WRITTEN_PLAIN = str.maketrans("\u2010\u2011\u2012\u2013‘´`′", "----’’’’")
_BLANKS = re.compile(r"[\s_]+")
_NOT_IN_HANDLE = re.compile(r"[ ]+")

# Words that would make a reader take a member for the site or for the State. Folded; compared word by word, and run
# together, since "Ad-min" is read as one.
RESERVED = frozenset(
    {
        *("administrateur", "administratrice", "administrateurs", "administratrices", "administration", "admin"),
        *("administrator", "root", "systeme", "system", "webmestre", "webmaster", "support", "postmaster"),
        *("moderateur", "moderatrice", "moderateurs", "moderatrices", "moderation", "moderator"),
        *("organisateur", "organisatrice", "organisateurs", "organisatrices", "organiser", "organizer", "consigne"),
        *("ministere", "ministre", "gouvernement", "prefecture", "officiel", "officielle", "government", "official"),
        *("cahier", "anonyme", "inconnu", "efface"),
        # What the site says in the place of a name, and its English.
        *("auteur non connu", "author not known", "anonymous", "erased"),
    }
)
# What else stands in the name of a team, and says nothing of which.
_SMALL_WORDS = frozenset(
    {
        *("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "of", "the", "and", "team"),
        *("consultation", "equipe", "forum", "gt", "group", "groupe", "plateforme", "site", "travail", "working"),
    }
)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def clean_name(raw: str, *, house: Collection[str] = ()) -> str:
    """The display name to store (NFC, single spaces). Raises Invalid with the sentence that says what is wrong. `house`
    are names that nobody but the site itself goes by."""
    if len(raw) > LONGEST_TYPED:
        raise _length()
    raw = raw.translate(_WRITTEN_PLAIN)
    if sign := next((letter for letter in raw if not letter.isspace() and not _may_stand_in_name(letter)), None):
        raise _misplaced(sign)
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
    if speaks_for(name, frozenset(house)):
        raise Invalid("Ce nom contient un mot réservé à l’administration du site.")
    return name


def speaks_for(name: str, house: frozenset[str]) -> bool:
    """Whether a name holds a reserved word or the name of the house, or is it where that is a single word ("Bretagne"
    may be a group and a family)."""
    wanted = _keys(RESERVED) | {key for key, single in _house(house) if not single}
    whole = {key for key, single in _house(house) if single}
    return any(
        not wanted.isdisjoint(_runs(words)) or _joined(words) in whole for words in map(_words, looks(name)) if words
    )


def claims_house(organisation: str, house: frozenset[str]) -> bool:
    """Whether an organisation is nothing but the house or its roles: "Équipe de modération", the organiser's own name.
    A service of it ("Ministère de la Culture, DRAC Bretagne") is somebody's, and so is any other administration."""
    ours = _keys(RESERVED) | {key for key, _ in _house(house)}
    small = _keys(_SMALL_WORDS)
    for words in map(_words, looks(organisation)):
        left, found = [_alike(word) for word in words], False
        while run := next(((a, b) for a, b in _spans(left) if "".join(left[a:b]) in ours), None):
            left[run[0] : run[1]] = []
            found = True
        if found and small.issuperset(left):
            return True
    return False


def make_handle(name: str) -> str:
    """What others type after @ ("Malik Diallo" -> "Malik-Diallo"). The domain adds a number for namesakes."""
    return _NOT_IN_HANDLE.sub("-", name.strip()).rstrip(_PUNCTUATION)


def _misplaced(sign: str) -> Invalid:
    if not sign.isprintable():
        return Invalid(
            "Un nom se compose de lettres, de chiffres, d’espaces, d’apostrophes, de points et de tirets. Celui-ci "
            "contient un signe qui ne se voit pas : tapez-le au lieu de le coller."
        )
    return Invalid(
        "Un nom se compose de lettres, de chiffres, d’espaces, d’apostrophes, de points et de tirets : "
        "retirez « {sign} ».",
        values={"sign": sign},
    )


def _length() -> Invalid:
    return Invalid(
        "Un nom compte de {shortest} à {longest} caractères.", values={"shortest": SHORTEST, "longest": LONGEST}
    )


def _words(look: str) -> list[str]:
    """The words of what was already read as it looks: a letter that looks like a sign parts two of them."""
    return re.findall(r"[^\W_]+", look)


def _runs(words: Sequence[str]) -> set[str]:
    """What is read where words that follow each other are read as one."""
    return {_joined(words[start:end]) for start, end in _spans(words)}


def _spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the runs of words begin and end, the longest first."""
    last = len(words) + 1
    spans = [(start, end) for start in range(last) for end in range(start + 1, min(start + LONGEST_RUN, last))]
    return sorted(spans, key=lambda span: span[0] - span[1])


def _joined(words: Sequence[str]) -> str:
    return _alike("".join(words))


def _alike(word: str) -> str:
    """A small l, a capital I and an i are one here: "AdmIn" and "Admln" are the same strokes."""
    return word.replace("l", "i")


@cache
def _keys(words: frozenset[str]) -> frozenset[str]:
    return frozenset(_joined(_words(look)) for word in words for look in looks(word))


@lru_cache(maxsize=16)
def _house(names: frozenset[str]) -> frozenset[tuple[str, bool]]:
    """Each name of the house as it is compared, and whether it is a single word."""
    words = [_words(look) for name in names for look in looks(name)]
    return frozenset((_joined(each), len(each) == 1) for each in words if each)


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
