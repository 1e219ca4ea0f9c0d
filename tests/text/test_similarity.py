"""Which texts may ask for the same: on pairs that people judged, on the real thread, and on whatever text."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.importing.thread_text import parse_thread
from forum.text import similarity
from forum.text.reading import read
from forum.text.similarity import LEAST, MOST, Fingerprint, Likeness, fingerprint, likeness, nearest

CASES = Path(__file__).parents[1] / "cases"
LINES = (CASES / "similarity" / "pairs.txt").read_text("utf-8").splitlines()
PAIRS = [tuple(line.split("\t")) for line in LINES if not line.startswith("#")]

# The demands of the second post, as a moderator harvests them.
CONTRACTS = "embaucher des MEDIATEURS NUMERIQUES en CDI"
COURSES = "Les formations de médiateur numérique en médiathèque n'existent pas en tant que telle"
PARTNERS = "fortement inciter les médiathèques à travailler avec les opérateurs tels que Pole Emploi, la CAF etc"


@pytest.fixture(scope="module")
def thread() -> dict[str, str]:
    """The plain words of each post of the real thread by its number from 1, and three extracts of the second."""
    posts = parse_thread((CASES / "threads" / "formation-et-acteurs.txt").read_text("utf-8")).posts
    words = {f"{number:02}": read(post.source).plain for number, post in enumerate(posts, start=1)}
    return words | {"2 contracts": CONTRACTS, "2 courses": COURSES, "2 partners": PARTNERS}


def neighbours(thread: dict[str, str], one: str, *, among: set[str], least: int = LEAST) -> list[str]:
    candidates = {key: fingerprint(thread[key]) for key in among - {one}}
    return [key for key, _ in nearest(fingerprint(thread[one]), candidates, least=least)]


def score(one: str, other: str) -> int:
    return likeness(fingerprint(one), fingerprint(other)).score


def test_judged_pairs_are_found_and_others_are_not() -> None:
    suggested = {(one, other) for _, one, other in PAIRS if score(one, other) >= LEAST}
    alike = {(one, other) for label, one, other in PAIRS if label == "oui"}
    assert len(PAIRS) >= 60
    assert len(alike) >= 30
    assert len(suggested & alike) / len(suggested) >= 0.88  # precision
    assert len(suggested & alike) / len(alike) >= 0.88  # recall


def test_each_judged_pair_is_the_nearest_among_all_others() -> None:
    """What a person sees: the texts of every pair at once, and five of them shown."""
    candidates = {number: fingerprint(other) for number, (_, _, other) in enumerate(PAIRS)}
    shown = {n: [key for key, _ in nearest(fingerprint(one), candidates)] for n, (_, one, _) in enumerate(PAIRS)}
    alike = [number for number, (label, _, _) in enumerate(PAIRS) if label == "oui"]
    assert sum(number in shown[number] for number in alike) / len(alike) >= 0.88
    # Several pairs are about mediators, and are the most similar to one another.
    assert sum(shown[number][:1] == [number] for number in alike) / len(alike) >= 0.6


def test_the_demand_for_contracts_finds_the_meetings_proposal(thread: dict[str, str]) -> None:
    proposals = {"03", "04", "05", "06", "07", "08", "09", "10"}
    assert neighbours(thread, "2 contracts", among=proposals)[0] == "06"
    found = likeness(fingerprint(CONTRACTS), fingerprint(thread["06"]))
    assert found.common == ("MEDIATEURS", "NUMERIQUES")


def test_initial_training_finds_the_missing_courses_first(thread: dict[str, str]) -> None:
    others = {"03", "04", "05", "06", "08", "09", "10", "2 contracts", "2 courses", "2 partners"}
    assert neighbours(thread, "07", among=others)[0] == "2 courses"


def test_recruitment_is_not_the_departments_training(thread: dict[str, str]) -> None:
    everything = set(thread)
    assert "05" not in neighbours(thread, "08", among=everything)
    assert "08" not in neighbours(thread, "05", among=everything)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Médiateurs numériques", "MEDIATRICE NUMERIQUE"),
        ("Former les animateurs", "La formation des animatrices"),
        ("Recruter", "Du recrutement"),
        ("Réseaux départementaux", "réseau départemental"),
        ("Les bibliothèques", "bibliothe\u0300que"),
        ("mé\u00addiathèques", "Il faut une médiathèque !"),
        ("l’équipement", "Équiper"),
    ],
)
def test_number_gender_and_verbal_forms_do_not_count(one: str, other: str) -> None:
    assert score(one, other) == 1000


def test_common_words_are_spelled_as_the_first_text_has_them() -> None:
    one, other = fingerprint("Prêter des LISEUSES aux étudiants"), fingerprint("Un étudiant demande : prêt de liseuse")
    assert likeness(one, other).common == ("Prêter", "LISEUSES", "étudiants")
    assert likeness(other, one).common == ("étudiant", "prêt", "liseuse")


def test_texts_without_a_word_of_their_own_are_near_to_nothing() -> None:
    blank = fingerprint("Il faut que nous le fassions, et vous aussi : « 👍 »".replace("fassions", "fait"))
    assert blank.is_blank
    assert likeness(blank, blank) == Likeness(0, ())
    assert nearest(blank, {1: blank, 2: fingerprint("Wifi")}, least=1) == []


def test_a_few_words_lost_in_a_long_text_are_not_that_text() -> None:
    rng = random.Random(7)
    words = [word for _, one, other in PAIRS for word in f"{one} {other}".split()]
    assert score("Créer un fonds de jeux vidéo", " ".join(rng.choices(words, k=4000))) < LEAST


def test_among_ten_thousand_words_are_spelled_for_what_is_shown_only(monkeypatch: pytest.MonkeyPatch) -> None:
    spelled: list[Fingerprint] = []

    def counted(one: Fingerprint, other: Fingerprint) -> Likeness:
        spelled.append(other)
        return likeness(one, other)

    monkeypatch.setattr(similarity, "likeness", counted)
    candidates = {number: fingerprint(f"Recruter {number} médiateurs numériques") for number in range(10_000)}
    found = nearest(fingerprint("Recruter 12 médiateurs numériques"), candidates)
    assert found[0][0] == 12
    assert len(spelled) == len(found) == MOST


@settings(deadline=None)
@given(st.text(), st.text())
def test_likeness_is_the_same_both_ways(one: str, other: str) -> None:
    there, back = fingerprint(one), fingerprint(other)
    assert likeness(there, back).score == likeness(back, there).score
    assert 0 <= likeness(there, back).score <= 1000
    assert likeness(there, there).score == (0 if there.is_blank else 1000)


@settings(deadline=None)
@given(st.lists(st.sampled_from([other for _, _, other in PAIRS]), max_size=30), st.randoms())
def test_the_nearest_do_not_depend_on_the_order_of_candidates(texts: list[str], rng: random.Random) -> None:
    candidates = [(number, fingerprint(text)) for number, text in enumerate(texts)]
    shuffled = rng.sample(candidates, k=len(candidates))
    sought = fingerprint(CONTRACTS)
    found = nearest(sought, dict(candidates), least=1)
    assert found == nearest(sought, dict(shuffled), least=1)
    assert [(-near.score, key) for key, near in found] == sorted((-near.score, key) for key, near in found)
    assert len(found) <= MOST
