"""In which encoding is a file? UTF-16 when it says so, else UTF-8, else what Windows editors write in France.

Almost any bytes are letters of Windows-1252. When its words read as no French does ("CrŽer", "lÕŽtŽ" of an old Mac,
"cr‚er" of DOS), the file is refused, with what to do: nobody's words are stored wrong.
"""

import codecs
import re
from typing import Final

from forum.errors import Invalid

_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
# What accents become in another alphabet: letters that are not French, a capital or a sign inside a word.
_MISREAD: Final = re.compile("[ŠŽšžƒˆ‚‡ÃÕÐ]|(?<=[a-zß-öø-ÿ])[À-ÂÄ-ÎÑ-ÔÖØ-ÞŒŸ]|(?<=[^\\W\\d_])[„…‰‹“€—](?=[^\\W\\d_])")
_FRENCH: Final = re.compile("[àâäçéèêëîïôöùûüœæ’«»°€]|(?<![a-zß-öø-ÿ])[ÀÂÇÉÈÊËÎÏÔÙÛÜŒ](?=[^\\W\\d_])")


class NotText(Exception):
    """These bytes are no text in any encoding. The caller, who knows what was asked for, tells people."""


def decoded(content: bytes) -> str:
    """The text of a file, whatever Windows or a spreadsheet wrote it in.

    Raises:
        NotText: it holds bytes that are in no text.
        Invalid: it is a text, in an encoding that cannot be told.
    """
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        if marked:
            raise NotText from None
        text = content.decode("cp1252", errors="replace")
        if _NOT_TEXT.search(text):
            raise NotText from None
        if "\ufffd" in text or len(_MISREAD.findall(text)) > len(_FRENCH.findall(text)):
            raise Invalid(
                "Les accents de ce fichier ne se lisent pas. Enregistrez-le en UTF-8, puis recommencez."
            ) from None
    if _NOT_TEXT.search(text):
        raise NotText
    return text
