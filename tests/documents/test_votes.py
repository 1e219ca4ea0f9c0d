"""Documents of votes other than opinions: the declared method, its figures and its sentences."""

import json
import re
import subprocess

import pytest

from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import FORMAT, from_json, renewed, to_json
from tests.document_samples import made, ordered_snapshot

# Spaces of every width, tags and line ends read as one space.
_SPACES = re.compile(r"(?:\s|\u00a0|\u202f)+")


def words(sample: str, name: str) -> str:
    """A document as running text."""
    content = made(sample, name)
    if name == "pdf":
        text = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, check=True).stdout
        return _SPACES.sub(" ", text.decode()).replace("»;", "» ;").replace("suit;", "suit ;")
    return _SPACES.sub(" ", re.sub(r"<[^>]+>", " ", content.decode("utf-8")))


@pytest.mark.parametrize("name", ["html", "pdf"])
def test_a_judgment_is_described_by_its_mentions(name: str) -> None:
    text = words("judged", name)
    assert "Jugement majoritaire (M. Balinski et R. Laraki)" in text
    assert "Rang 1 : mention majoritaire « Très bonne » ; sur 6 votants, 3 au" in text
    assert "Rang 2 : mention majoritaire « Bonne »" in text
    assert "soutien net" not in text.lower()
    assert "Wilson" not in text
    assert "Changements en cours de vote" in text


@pytest.mark.parametrize("name", ["html", "pdf"])
def test_an_order_is_described_by_its_duels(name: str) -> None:
    text = words("ordered", name)
    assert "Duels (méthode de Schulze)" in text
    assert "duel gagné contre T3-002, qui suit, 3 à 2" in text


def test_the_data_hold_the_same_as_the_sentences() -> None:
    data = json.loads(made("judged", "json"))
    by_reference = {each["reference"]: each for each in data["proposals"]}
    second = by_reference["T3-002"]
    assert (second["rank"], second["votants"], second["pour"]) == (1, 6, None)
    assert second["said"] == [
        {"opinion": 0, "ballots": 2},
        {"opinion": 3, "ballots": 1},
        {"opinion": 4, "ballots": 3},
    ]
    assert second["other_ranks"] == [{"method": "propositions-phares", "rank": 1}]
    assert by_reference["T3-001"]["pending"] == 2
    merged, aside = by_reference["T3-008"], by_reference["T3-009"]
    assert (merged["state"], merged["other"], merged["rank"]) == ("fusionnée", "T3-001", None)
    assert (aside["state"], aside["state_reason"]) == ("écartée", "Hors du sujet.")
    assert (data["participation"]["merged"], data["participation"]["set_aside"]) == (1, 1)
    assert data["participation"]["avis"] == sum(each["votants"] or 0 for each in by_reference.values())
    assert data["themes"][0]["method"] == "jugement-majoritaire"


def test_a_snapshot_gives_the_same_order_again() -> None:
    snapshot = ordered_snapshot()
    again = from_json(to_json(snapshot))
    assert again == snapshot
    assert outline_of(again) == outline_of(snapshot)


def test_what_an_older_format_wrote_is_read_in_the_layout_of_today() -> None:
    facts = json.loads(to_json(ordered_snapshot()))
    for one in facts["themes"]:
        for name in ("voting", "mentions", "quota", "groups", "picks", "compared", "preferred"):
            del one[name]
    for one in facts["proposals"]:
        for name in ("state_reason", "other", "said", "cells", "pending"):
            del one[name]
    facts |= {"format": 3, "participation": facts["participation"] | {"ballots": 0}}
    renewed_ = json.dumps(renewed(facts), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert from_json(renewed_.encode()).format == FORMAT


def test_what_an_older_format_should_not_have_published_is_not_published_again() -> None:
    """Ranks that counted masked groups; pairs and picks of fewer than twenty voters."""
    facts = json.loads(to_json(ordered_snapshot())) | {"format": 4}
    for one in facts["proposals"]:
        del one["cells"], one["decision"]
    (theme,) = facts["themes"]
    del theme["groups"], theme["picks"]
    orders = {"consensus-professions": [1, 2], "propositions-phares": [2, 1]}
    theme["given"] = [
        {"method": method, "references": ["T3-001", "T3-002"], "ranks": ranks} for method, ranks in orders.items()
    ]
    few = renewed(json.loads(json.dumps(facts)))["themes"][0]
    assert (few["picks"], few["compared"], few["preferred"]) == ([], [], [])
    for one in facts["proposals"]:
        one["said"] = [{"opinion": 1, "ballots": 20}]
    many = renewed(facts)["themes"][0]
    assert (many["picks"], many["compared"]) == (["T3-002", "T3-001"], theme["compared"])
    assert "given" not in many
