"""Extracts found again in posts that their authors changed; never elsewhere, and in bounded time."""

import random
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forum.text.anchors import MOST_CHANGED, Anchor, reanchor, still_there, to_whole_words
from forum.text.quotes import digest

POST = (
    "Nos tutelles doivent comprendre qu'il faut dorénavant embaucher des MEDIATEURS NUMERIQUES en CDI! Quitte à "
    "prioriser sur ces compétences avant celles de bibliothécaires-gestionaires de collections!\n\nA Metz, nous avions "
    "un contrat-aidé qui était médiateur numérique : son travail était très apprécié du public.\n\n• Informer nos "
    "tutelles\n• mais aussi les organismes de formation tel que le CNFPT"
)
DEMAND = "embaucher des MEDIATEURS NUMERIQUES en CDI"
PLACE = POST.index(DEMAND)

words = st.text(alphabet="abcdéfgh", min_size=1, max_size=8)
sentences = st.lists(words, min_size=1, max_size=12).map(" ".join)


def test_words_that_stayed_where_they_were_are_still_there() -> None:
    assert still_there(DEMAND, PLACE, POST + " Merci.")
    assert not still_there(DEMAND, PLACE, "Bonjour, " + POST)


def test_an_anchor_gives_what_an_extract_keeps() -> None:
    found = reanchor(DEMAND, PLACE, "Bonjour, " + POST)
    assert found == Anchor(PLACE + 9, PLACE + 9 + len(DEMAND), True, DEMAND)
    assert found.digest == digest(DEMAND)


@settings(deadline=None)
@given(sentences, sentences, sentences, sentences)
def test_words_moved_by_what_is_written_around_are_found_exactly(
    before: str, extract: str, added: str, after: str
) -> None:
    old = f"{before}. {extract}. {after}"
    start = len(before) + 2
    for new in (f"{added} {old}", f"{old} {added}", f"{before}. {added}. {extract}.\n\n{added}"):
        found = reanchor(extract, start, new)
        assert found is not None
        assert found.exact
        assert new[found.start : found.stop] == found.words == extract


@given(sentences)
def test_of_several_places_the_nearest_to_the_old_one_is_taken(extract: str) -> None:
    plain = f"{extract}! zz {extract}! zz {extract}!"
    step = len(extract) + 5
    for start, expected in ((0, 0), (step + 1, step), (len(plain), 2 * step)):
        found = reanchor(extract, start, plain)
        assert found is not None
        assert abs(found.start - start) <= abs(expected - start)


@settings(deadline=None)
@given(st.randoms(), st.sampled_from(["replace", "drop", "double"]))
def test_typing_mistakes_put_right_are_found(rng: random.Random, how: str) -> None:
    spots = sorted(rng.sample(range(4, len(DEMAND) - 6), k=len(DEMAND) // MOST_CHANGED // 2), reverse=True)
    edited = DEMAND
    for spot in spots:
        letter = edited[spot]
        edited = edited[:spot] + {"replace": "z", "drop": "", "double": letter * 2}[how] + edited[spot + 1 :]
    assume(edited != DEMAND)
    new = "Chers collègues ! " + POST.replace(DEMAND, edited)
    found = reanchor(DEMAND, PLACE, new)
    assert found is not None
    assert not found.exact
    assert new[found.start : found.stop] == found.words == edited


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("embaucher des MEDIATEURS NUMERIQUES en CDI", "embaucher des médiateurs NUMÉRIQUES en CDI"),
        ("bibliothécaires-gestionaires de collections", "bibliothécaires-gestionnaires de collections"),
        ("nous avions un contrat-aidé", "nous avions un contrat aidé"),
        (
            "• Informer nos tutelles\n• mais aussi les organismes",
            "1. Informer nos tutelles\n2. mais aussi les organismes",
        ),
        ("son travail était très apprécié du public", "son travail était apprécié du public"),
    ],
)
def test_small_corrections_are_found_whole(old: str, new: str) -> None:
    assert old in POST
    found = reanchor(old, POST.index(old), "Ajout.\n\n" + POST.replace(old, new))
    assert found is not None
    assert found.words.removeprefix("1. ") == new.removeprefix("1. ")
    assert not found.exact


@pytest.mark.parametrize(
    "new",
    [
        "",
        "CDI",
        "Message retiré par son auteur.",
        "Importance d'installer des dispositifs pérennes en effet sur ce sujet car le besoin va demeurer.",
        "L'échelon départemental peut être un territoire privilégié pour accompagner la formation et la mise en réseau "
        "des acteurs de l'inclusion numérique, dans une logique de transversalité.",
    ],
)
def test_words_that_are_gone_are_not_found_elsewhere(new: str) -> None:
    assert reanchor(DEMAND, PLACE, new) is None


@given(sentences, st.text(alphabet="ijklmnop .,\n", max_size=200))
def test_a_text_changed_throughout_has_no_place_for_them(extract: str, new: str) -> None:
    assume(len(extract.replace(" ", "")) > len(extract) // MOST_CHANGED + 1)
    assert reanchor(extract, 0, new) is None


PIECES = [("art", "Un article"), ("art", "quart"), ("   ", "a   b"), ("é", "ee\u0301")]


@pytest.mark.parametrize(("extract", "plain"), PIECES)
def test_a_piece_of_another_word_is_not_the_word(extract: str, plain: str) -> None:
    assert reanchor(extract, 0, plain) is None


@given(st.text(alphabet="ab \n’.e\u0301", max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_a_range_of_whole_words_stays_one(plain: str, one: int, other: int) -> None:
    start, stop = sorted((min(one, len(plain)), min(other, len(plain))))
    found = to_whole_words(plain, start, stop)
    if found:
        assert plain[slice(*found)].strip() == plain[slice(*found)] != ""
        assert to_whole_words(plain, *found) == found


def steps(extract: str, plain: str) -> int:
    """The number of lines executed in the module, which does not depend on the load of the machine."""
    count = 0

    def tracer(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.endswith("anchors.py"):
            return None
        count += event == "line"
        return tracer

    measuring = sys.gettrace()
    sys.settrace(tracer)
    try:
        reanchor(extract, len(plain) // 2, plain)
    finally:
        sys.settrace(measuring)
    return count


@pytest.mark.parametrize("unit", ["a", "a ", "ab ", "é’ "])
def test_hostile_repetitions_take_linear_time(unit: str) -> None:
    """A post has 20 000 letters: each of the three searches reads each letter a fixed number of times."""
    plain = (unit * 20_000)[:20_000]
    for extract in (plain[:10_000], plain[:9_000] + "zzz", "z" + plain[:15_000] + "b"):
        assert steps(extract, plain) < 40 * (len(plain) + len(extract))


def test_words_that_are_struck_out_now_are_offered_with_what_strikes_them_out() -> None:
    post = "Bonjour. ~~Ouvrir le dimanche~~ Former les agents."
    assert reanchor("Ouvrir le dimanche", 9, post) == Anchor(9, 31, False, "~~Ouvrir le dimanche~~")
    assert reanchor("Former les agents", 28, post) == Anchor(32, 49, True, "Former les agents")
