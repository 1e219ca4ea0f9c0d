"""How is a formula of an office file read in a line? "10 %", "m^2", "(a+b)/2", "√2": Word's OMML, and MathML."""

from typing import Final
from xml.etree.ElementTree import Element

_LETTERS: Final = {"m.t", "math.mi", "math.mn", "math.mo", "math.mtext", "math.ms"}
_NOT_READ: Final = {"math.annotation", "math.annotation-xml", "w.del", "w.rPr", "m.degHide"}
# What stands between the two parts of each.
_BETWEEN: Final = {"m.f": "/", "math.mfrac": "/", "m.sSup": "^", "math.msup": "^", "m.sSub": "_", "math.msub": "_"}
_ROOTS: Final = {"m.rad", "math.msqrt", "math.mroot"}


def formula_words(element: Element) -> str:
    """The formula in one line."""
    if element.tag in _NOT_READ:
        return ""
    if element.tag in _LETTERS:
        return element.text or ""
    words = [said for said in map(formula_words, element) if said]
    if element.tag in _BETWEEN and len(words) == 2:
        return _BETWEEN[element.tag].join(map(_grouped, words))
    if element.tag in _ROOTS and words:
        return f"√{_grouped(words[-1] if element.tag == 'm.rad' else words[0])}"
    return "".join(words)


def _grouped(words: str) -> str:
    return words if words.isalnum() else f"({words})"
