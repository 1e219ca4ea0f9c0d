"""What somebody asks of a search, and what is shown of a text that was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.text.queries import LONGEST_EXCERPT, MOST_WORDS, SearchQuery, excerpt, marked, parse


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", SearchQuery()),
        (" - \" « '", SearchQuery()),
        ("médiateurs", SearchQuery(("mediateurs",), beginning="mediateurs")),
        ("la formation des Agents", SearchQuery(("formation", "agents"), beginning="agents")),
        ("l’école", SearchQuery(("ecole",), beginning="ecole")),
        ("de l'", SearchQuery(phrases=(("de",), ("l",)))),
        ("aux", SearchQuery(phrases=(("aux",),))),
        ("ÂG", SearchQuery(("ag",))),
        ("« droit de vote » local", SearchQuery(("local",), (("droit", "de", "vote"),), beginning="local")),
        ('local "droit de vote', SearchQuery(("local",), (("droit", "de", "vote"),))),
        ('"élus"', SearchQuery(phrases=(("elus",),))),
        ("école -privée", SearchQuery(("ecole",), without=("privee",))),
        ("école −privée –payante", SearchQuery(("ecole",), without=("privee", "payante"))),
        ('-"droit de vote" -rendez-vous', SearchQuery(without_phrases=(("droit", "de", "vote"), ("rendez", "vous")))),
        ("-la -T3-007", SearchQuery(without=("t3·007",), without_phrases=(("la",),))),
        ("rendez-vous", SearchQuery(("rendez",))),
        ("T3-007", SearchQuery(("t3·007",))),
        ("c-123@2", SearchQuery(("c·123·2",))),
        ("vote vote VOTE", SearchQuery(("vote",), beginning="vote")),
        ("OR AND NOT * ( ) ^ : NEAR", SearchQuery(("or", "and", "not", "near"), beginning="near")),
    ],
)
def test_what_is_typed_means_something(typed: str, meant: SearchQuery) -> None:
    assert parse(typed) == meant


def test_only_references_are_references() -> None:
    assert parse("T3-007 C-12").references == ("t3·007", "c·12")
    assert parse("T3-007 médiation").references == ()
    assert parse("médiation").references == ()


def test_too_many_words_are_said() -> None:
    found = parse(" ".join(f"mot{number}" for number in range(40)))
    assert len(found.words) == MOST_WORDS
    assert found.is_cut
    assert not parse("mot").is_cut


@given(st.text(max_size=120))
def test_anything_may_be_typed(typed: str) -> None:
    found = parse(typed)
    assert len(found.words) + sum(map(len, found.phrases)) + sum(map(len, found.without_phrases)) <= MOST_WORDS
    excerpt(typed, found)


def test_an_excerpt_shows_the_first_word_that_was_asked_for() -> None:
    text = "Des mots. " * 60 + "Les Médiatrices numériques aident. " + "Et puis. " * 60
    found = excerpt(text, parse("mediateur"))
    words = "".join(part for part, _ in found.parts)
    assert [part for part, is_mark in found.parts if is_mark] == ["Médiatrices"]
    assert found.begins_before
    assert found.goes_on
    assert len(words) <= LONGEST_EXCERPT
    assert not words.startswith(" ")
    assert words in " ".join(text.split())


def test_an_excerpt_without_any_is_the_beginning() -> None:
    found = excerpt("Court.\n\nEt clair.", parse("absent"))
    assert found.parts == (("Court. Et clair.", False),)
    assert not found.begins_before
    assert not found.goes_on


@given(st.text(max_size=900), st.sampled_from(["vote", "a", '"le vote"', "T3-007"]))
def test_an_excerpt_is_a_piece_of_the_text(text: str, typed: str) -> None:
    found = excerpt(text, parse(typed))
    assert "".join(part for part, _ in found.parts) in " ".join(text.split())


def test_marks_of_a_title() -> None:
    query = parse('T3-007 "les élus" vot')
    assert [part for part, mark in marked("Votes des élus, selon T3-007 : élu", query) if mark] == [
        "Votes",
        "élus",
        "T3-007",
    ]
