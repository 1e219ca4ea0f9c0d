"""Which words does a search compare, and which does it take for others?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.text.terms import EMPTY_WORDS, LONGEST, forms, is_reference, stem


def stems(text: str) -> list[str]:
    return [stem(form) for form in forms(text)]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("mediateur numerique", "MÉDIATEURS NUMÉRIQUES"),
        ("mediateur numerique", "médiateurs numériques"),
        ("médiatrice", "médiateurs"),
        ("coeur", "cœur"),
        ("ex aequo", "ex æquo"),
        ("l'eleve", "l’Élève"),
        ("élève", "l'élève"),
        ("qu'il", "qu’il"),
        ("elu", "élus"),
        ("élue", "Élues"),
        ("public", "publiques"),
        ("publique", "publics"),
        ("emploi", "emplois"),
        ("travail", "travaux"),
        ("national", "nationaux"),
        ("lectrice", "lecteurs"),
        ("travailleuse", "travailleurs"),
        ("vote", "voter"),
        ("sante", "santé"),
        ("10 000", "10\u202f000"),
        ("service public", "service\u00a0public"),
        ("accueil", "accu\u00adeil"),
        ("e\u0301cole", "école"),
        ("T3-007", "t3-007"),
        ("T3-007", "T3\u2011007"),
        ("ﬁnance", "finances"),
    ],
)
def test_two_spellings_are_the_same_words(typed: str, written: str) -> None:
    assert stems(typed) == stems(written)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("embaucher", "recruter"),  # synonyms
        ("numerik", "numérique"),  # mistakes
        ("élu", "élection"),  # words of one family that French made apart
        ("bibliothèque", "bibliothécaire"),
        ("gratuit", "payant"),
        ("école", "collège"),
        ("T3-007", "T3-0070"),
        ("T1-1007", "T11-007"),
        ("C-12", "C-123"),
        ("C-12@1", "C-12@2"),
    ],
)
def test_what_is_not_taken_for_the_same(typed: str, written: str) -> None:
    assert not set(stems(typed)) & set(stems(written)) or set(stems(typed)) - set(stems(written))


def test_what_is_found_too() -> None:
    """What folding and stemming cost, said rather than hidden: these are one word for a search."""
    assert stem("marche") == stem(forms("marché")[0])
    assert stem("employes") == stem("employ")
    assert stem("former") == stem(forms("formé")[0])


def test_words_are_cut_at_what_is_neither_letter_nor_digit() -> None:
    assert forms("Rendez-vous aujourd’hui : 25 % d’élu·e·s, foo_bar@exemple.fr (2e).") == [
        "rendez",
        "vous",
        "aujourd",
        "hui",
        "25",
        "elu",
        "e",
        "s",
        "foo",
        "bar",
        "exemple",
        "fr",
        "2e",
    ]
    assert forms("") == forms(" – … ' \u200b") == []


def test_references_are_words() -> None:
    assert forms("voir T3-007, C-123@2 et c-4.") == ["voir", "t3·007", "c·123", "c·123·2", "et", "c·4"]
    found = forms("T3-007 et lot3-007, vitamine-C-12x")
    assert [form for form in found if is_reference(form)] == ["t3·007"]
    assert forms("T3 007") == ["t3", "007"]


def test_a_word_without_end_is_compared_by_its_beginning() -> None:
    assert forms("x" * 5000) == ["x" * LONGEST]


@given(st.text(max_size=200))
def test_forms_are_stable_words(text: str) -> None:
    """Words of words are the same words, so that what is typed finds what it was copied from."""
    found = forms(text)
    assert all(form and not set(form) & set(" \t\n\0'\"_-@") for form in found)
    plain = [form for form in found if not is_reference(form)]
    assert all(len(form) <= LONGEST for form in plain)
    assert all(stem(form) for form in found)


def test_no_word_of_grammar_has_a_mark() -> None:
    assert all(forms(word) == [word] for word in EMPTY_WORDS)
