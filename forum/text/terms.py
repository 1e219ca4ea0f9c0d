"""Which words does a search compare? The one function for what is kept and for what is asked, on both databases.

A text is folded, cut at what is neither letter nor digit, and loses its elisions: its words are `forms`, which phrases
and beginnings are compared by. A form has one `stem`, common to its number and gender and to nearby words, which is
what a word typed alone finds. Synonyms are not known, nor what spelling mistakes mean.

References are words: T3-007 is one, C-12@2 is two, C-12 and itself.
"""

import re
from functools import lru_cache
from threading import Lock
from typing import Final

from snowballstemmer import stemmer

from forum.text.folding import fold

VERSION: Final = 1
"""Raised when the same text no longer gives the same words: what was kept is then made again."""

LONGEST: Final = 48
"""Characters of a word that are compared."""

POINT: Final = "\u00b7"
"""What joins the numbers of a reference: no word has it."""

_ELIDED: Final = re.compile(r"(?<![^\W_])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu)'(?=[^\W_])")
_WORD: Final = re.compile(
    r"(?<![^\W_])(?:t[1-9][0-9]{0,4}-[0-9]{3,9}|c-[1-9][0-9]{0,9}(?:@[1-9][0-9]{0,9})?)(?![^\W_])|[^\W_]+"
)

# In nearly every text, and nobody looks for them.
_GRAMMAR: Final = """
    a ai ait as au aux avec c ca ce ces cet cette d dans de des du elle elles en es est et eu il ils j je l la le les
    leur leurs lui m ma me mes moi mon n ne nos notre nous on ou par pas pour qu que qui s sa se ses si son sont sur t
    ta te tes toi ton tu un une vos votre vous y
"""
EMPTY_WORDS: Final = frozenset(_GRAMMAR.split())
"""Words of grammar, folded."""

# What no stemmer joins, each form with the one that it is taken for; a row is the word, then its other forms.
_ROWS: Final = """
    elu elus elue elues
    public publique publiques
    laic laique laiques
    emploi emplois
    loi lois
    delai delais
    essai essais
    envoi envois
    tournoi tournois
    travail travaux
    bail baux
    oeil yeux
    travailleur travailleuse travailleuses
    chercheur chercheuse chercheuses
    chomeur chomeuse chomeuses
    employeur employeuse employeuses
    coiffeur coiffeuse coiffeuses
    entraineur entraineuse entraineuses
    serveur serveuse serveuses
    vendeur vendeuse vendeuses
    danseur danseuse danseuses
    sauveteur sauveteuse sauveteuses
"""
_VARIANTS: Final = {other: first for first, *others in map(str.split, _ROWS.split("\n")[1:-1]) for other in others}
_FEMININE: Final = re.compile(r"(?<=[a-z]{3})trices?\Z")

_french: Final = stemmer("french")
_alone: Final = Lock()


def forms(text: str) -> list[str]:
    """The words of a text in their order, folded: letters and digits, with `POINT` in a reference."""
    found = []
    for word in _WORD.findall(_ELIDED.sub(" ", fold(text))):
        if "-" not in word:
            found.append(word[:LONGEST])
            continue
        reference, at, version = word.replace("-", POINT).partition("@")
        found.append(reference)
        if at:
            found.append(f"{reference}{POINT}{version}")
    return found


@lru_cache(maxsize=65_536)
def stem(form: str) -> str:
    """What a form has in common with its plural, its feminine and nearby words: `stem("employes") == "employ"`."""
    if POINT in form or not form.isascii() or not form.isalpha():
        return form
    form = _FEMININE.sub("teur", _VARIANTS.get(form, form))
    with _alone:  # the library keeps the word that it is at
        return str(_french.stemWord(form))


def is_reference(form: str) -> bool:
    """Whether it stands for a proposal or a contribution."""
    return POINT in form
