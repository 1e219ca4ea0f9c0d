"""When are two texts the same words for a person who searches or sorts?

Accents, case, ligatures and the shape of apostrophes do not count: "mediateur numerique" finds "MÉDIATEURS
NUMÉRIQUES". Folded text is stored beside the original, so that both databases compare alike. It is never
shown.
"""

import re
import unicodedata

APOSTROPHES = "'’‘‛ʼʹ′´`＇"

# Letters that Unicode does not decompose, although a French keyboard rarely has them.
_UNDECOMPOSED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ß": "ss"}
_LETTERS = str.maketrans(_UNDECOMPOSED | dict.fromkeys(APOSTROPHES, "'"))

# Cyrillic and Greek small letters that pass for Latin ones in a name (the usual ones of Unicode's confusables.txt), and
# the two digits that do.
_CONFUSABLES = str.maketrans("авекмнорстухіјѕԁԛԝһӏαβεηικμνορτυχγω01", "abekmhopctyxijsdqwhlabenikmvoptuxywol")
_CAPITAL_I_FOR_L = re.compile(r"(?<=[^\W\dA-ZÀ-Ý_])I")
_BLANKS = re.compile(r"\s+")
_NOT_SORTED_ON = re.compile(r"[^\w\s]+")


def fold(text: str) -> str:
    """The words without accents, case, ligatures or invisible characters; apostrophes are all U+0027. Idempotent."""
    if text.isascii():
        return text.lower().replace("`", "'")
    return _bare(_bare(text.translate(_LETTERS)))


def sort_key(text: str) -> str:
    """The words as they are read aloud: folded, without punctuation or repeated blanks. Compares names and sorts
    lists."""
    return _BLANKS.sub(" ", _NOT_SORTED_ON.sub(" ", fold(text))).strip()


def skeleton(text: str) -> str:
    """Folded further, so that two spellings which look alike on screen give one key ("MaIik" and "Malik")."""
    composed = unicodedata.normalize("NFC", text)
    return fold(_CAPITAL_I_FOR_L.sub("l", composed)).translate(_CONFUSABLES)


def _bare(text: str) -> str:
    """One pass of decomposition, case folding and removal of marks; a second one settles the rare chains."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter for letter in unicodedata.normalize("NFKD", decomposed) if not _is_mark(letter))
    return "".join(kept).translate(_LETTERS)


def _is_mark(letter: str) -> bool:
    """Combining marks, and format characters such as the soft hyphen, which nobody types in a search."""
    return not letter.isascii() and unicodedata.category(letter) in _MARKS


_MARKS = frozenset({"Mn", "Mc", "Me", "Cf"})
