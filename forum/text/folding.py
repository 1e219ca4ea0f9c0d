"""When are two texts the same words for a person who searches or sorts?

Accents, case, ligatures and the shape of apostrophes and hyphens do not count: "mediateur numerique" finds "MÉDIATEURS
NUMÉRIQUES". Folded text is stored beside the original, so that both databases compare alike. It is never
shown.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

APOSTROPHES = "'’‘‛ʼʹ′´`＇"

# Letters that Unicode does not decompose, although a French keyboard rarely has them.
_UNDECOMPOSED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ß": "ss"}
_LETTERS = str.maketrans(_UNDECOMPOSED | dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys("\u2010\u2011", "-"))

# What a letter is taken for, where a hurried eye goes further than Unicode's table, or the small letter and the capital
# look like different ones: one word for both cases. The second line is of small capitals.
_TAKEN_FOR = dict(zip("авекмнорстухіјѕԁԛԝһӏαβεηικμνορτυχγω01", "abekmhopctyxijsdqwhlabenikmvoptuxywol", strict=True))
_TAKEN_FOR |= dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_CAPITAL_I_FOR_L = re.compile(r"(?<=[^\W\dA-ZÀ-Ý_])I")
_BLANKS = re.compile(r"\s+")
_NOT_SORTED_ON = re.compile(r"[^\w\s]+")


def fold(text: str) -> str:
    """The words without accents, case, ligatures or invisible characters; apostrophes are all U+0027, hyphens
    U+002D. Idempotent."""
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
    return fold(_CAPITAL_I_FOR_L.sub("l", composed)).translate(_look_alikes()[0])


def looks(text: str) -> frozenset[str]:
    """All that a name may be taken for: as `skeleton` has it, and as its capitals look, which may not be as their small
    letters do; "rn" for "m", "1" for "i"."""
    capitals = unicodedata.normalize("NFKD", text).translate(_look_alikes()[1])
    return frozenset(
        skeleton(spelling).replace("rn", "m")
        for spelling in (text, capitals, text.replace("1", "i"), capitals.replace("1", "i"))
    )


@cache
def _look_alikes() -> tuple[dict[int, str], dict[int, str]]:
    """What folded letters are taken for, and what capitals are; from Unicode's table, beside this file."""
    table: dict[str, str] = {}
    for line in Path(__file__).with_name("confusables.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            seen, _, letters = line.partition(" ; ")
            table |= dict.fromkeys(map(_letter, letters.split()), "".join(map(_letter, seen.split())))
    capitals = {letter: seen for letter, seen in table.items() if fold(letter) != letter}
    small = {fold(letter): seen for letter, seen in capitals.items() if seen.isascii() and len(fold(letter)) == 1}
    folded = {letter: seen for letter, seen in table.items() if letter not in capitals} | small | _TAKEN_FOR
    folded = {letter: "".join(folded.get(one, one) for one in seen) for letter, seen in folded.items()}
    return str.maketrans(folded), str.maketrans(capitals)


def _letter(code: str) -> str:
    return chr(int(code, 16))


def _bare(text: str) -> str:
    """One pass of decomposition, case folding and removal of marks; a second one settles the rare chains."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter for letter in unicodedata.normalize("NFKD", decomposed) if not _is_mark(letter))
    return "".join(kept).translate(_LETTERS)


def _is_mark(letter: str) -> bool:
    """Combining marks, and format characters such as the soft hyphen, which nobody types in a search."""
    return not letter.isascii() and unicodedata.category(letter) in _MARKS


_MARKS = frozenset({"Mn", "Mc", "Me", "Cf"})
