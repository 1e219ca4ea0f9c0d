"""Differences between two versions of a text: nothing lost, described as people would, whatever the texts."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.text.differences import Difference, differences

SIGNS = {"same": " ", "removed": "-", "added": "+"}
texts = st.text(alphabet="ab, .\n’e\u0301é👍", max_size=60) | st.text(max_size=60)


def told(old: str, new: str) -> list[str]:
    return [SIGNS[one.kind] + one.words for one in differences(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("Former", "Former", [" Former"]),
        ("", "Former", ["+Former"]),
        ("Former", "", ["-Former"]),
        ("Former des agents", "Former les élus", [" Former ", "-des agents", "+les élus"]),
        ("Former les agents", "Former tous les agents", [" Former ", "+tous ", " les agents"]),
        ("Former, équiper", "Former chacun, bien équiper", [" Former", "+ chacun", " ,", "+ bien", "  équiper"]),
        ("Un cadre.", "Un cadre !", [" Un cadre", "-.", "+ !"]),
        ("agents formés", "agente formée", ["-agents formés", "+agente formée"]),
        ("oui bien\n\nnon", "si fait\n\nsi", ["-oui bien", "+si fait", " \n\n", "-non", "+si"]),
        ("médiathe\u0300que", "médiatheque", ["-médiathe\u0300que", "+médiatheque"]),
    ],
)
def test_differences_are_said_word_by_word(old: str, new: str, expected: list[str]) -> None:
    assert told(old, new) == expected


@settings(deadline=None)
@given(texts, texts)
def test_the_pieces_give_both_texts_back(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(one.words for one in pieces if one.kind != "added") == old
    assert "".join(one.words for one in pieces if one.kind != "removed") == new
    assert all(one.words for one in pieces)


@settings(deadline=None)
@given(texts, texts)
def test_kinds_alternate_and_what_was_removed_comes_first(old: str, new: str) -> None:
    kinds = [one.kind for one in differences(old, new)]
    neighbours = set(pairwise(kinds))
    assert neighbours <= {
        *(("same", "removed"), ("same", "added"), ("removed", "same"), ("added", "same"), ("removed", "added"))
    }


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert differences(text, text) == ((Difference("same", text),) if text else ())


@settings(deadline=None)
@given(st.lists(st.sampled_from(["un", "deux", "trois"])), st.text(alphabet="zyx", min_size=1), st.integers(0, 20))
def test_one_word_added_is_one_addition(words: list[str], added: str, at: int) -> None:
    new = [*words[:at], added, *words[at:]]
    changes = [one for one in differences(" ".join(words), " ".join(new)) if one.kind != "same"]
    assert [one.kind for one in changes] == ["added"]
    assert changes[0].words.strip() == added


@pytest.mark.parametrize("length", [20_000, 60_000])
@pytest.mark.parametrize("seed", range(3))
def test_hostile_texts_are_compared_too(length: int, seed: int) -> None:
    """Texts of punctuation alone: as many units as characters, in no common order. Without a bound they would take a
    gigabyte."""
    rng = random.Random(seed)
    old, new = ("".join(rng.choices("!?.,;:", k=length)) for _ in range(2))
    pieces = differences(old, new)
    assert "".join(one.words for one in pieces if one.kind != "added") == old
    assert "".join(one.words for one in pieces if one.kind != "removed") == new
    if length > 20_000:
        assert len([one for one in pieces if one.kind != "same"]) == 2
