"""The data of a document, CSV and JSON: no cell is a formula, no number a float, each field is explained."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from forum.documents.formats import FORMATS
from forum.domain.chapters.outlines import outline_of
from tests.document_samples import POLICY, made, small_snapshot


def test_no_cell_of_the_spreadsheet_can_be_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(made("hostile", "csv").decode("utf-8-sig"), newline=""), delimiter=";"))
    for row in rows[1:]:
        for cell in row:
            assert not re.match(r"\s*[=+@]|\s*-(?!\d+$)", cell), cell[:20]


def cells_of(wording: str) -> set[str]:
    """The cells of the register for a wording, however it came into the outline."""
    outline = outline_of(small_snapshot())
    proposals = tuple(replace(proposal, wording=wording) for proposal in outline.data.proposals)
    text = FORMATS["csv"].render(replace(outline, data=replace(outline.data, proposals=proposals))).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    return {row[6] for row in rows[1:]}


UNSEEN = (
    *(" ", "\u00a0", "\u2003", "\u202f", "\u3000"),  # spaces
    *("\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"),  # hyphens, joiners and zero-width spaces
    *("\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"),  # direction marks
    *("\u034f", "\u115f", "\u17b4", "\u180b", "\u3164", "\ufe0f", "\uffa0", "\ufff0", "\U000e0001", "\U000e0100"),
    *("\x00", "\x0b", "\x1f", "\x7f", "\x85", "\x9f", "\u2028"),  # controls and line ends
)


@pytest.mark.parametrize("sign", "=+-@＝＋－＠﹦﹢﹣﹫")
def test_what_a_spreadsheet_takes_for_a_formula_stands_behind_an_apostrophe(sign: str) -> None:
    for before in ("", *UNSEEN, "".join(UNSEEN)):
        assert cells_of(f"{before}{sign}1+1") == {f"'{before}{sign}1+1"}, ascii(before)


@pytest.mark.parametrize("end", "\t\r\n")
def test_a_text_that_begins_with_a_tab_or_an_end_of_line_stands_behind_an_apostrophe(end: str) -> None:
    for before in ("", *UNSEEN):
        assert cells_of(f"{before}{end}Former") == {f"'{before}{end}Former"}, ascii(before)


@pytest.mark.parametrize("words", ["Former = apprendre", "« = »", "1+1", "\u00adFormer", " Former", "É-mail", ""])
def test_other_texts_of_the_spreadsheet_are_left_as_they_are(words: str) -> None:
    assert cells_of(words) == {words}


def test_the_spreadsheet_opens_in_a_french_excel() -> None:
    content = made("small", "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 6
    assert rows[4][14] == "-2"  # a negative number stays a number


def refuse_a_float(text: str) -> float:
    raise AssertionError(f"a float: {text}")


def test_the_data_are_one_line_without_floats() -> None:
    document = json.loads(made("large", "json"), parse_float=refuse_a_float)
    assert len(document["proposals"]) == 50
    assert b"\n" not in made("large", "json")
    assert json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == made(
        "large", "json"
    )


def paths_of(thing: object, before: str = "") -> set[str]:
    """Every path of a JSON value, such as "proposals[].source.words"."""
    if isinstance(thing, list):
        return set().union(*(paths_of(part, f"{before}[]") for part in thing))
    if not isinstance(thing, dict):
        return set()
    inner = {f"{before}.{name}".lstrip("."): value for name, value in thing.items()}
    return inner.keys() | set().union(*(paths_of(value, path) for path, value in inner.items()))


def test_the_dictionary_of_the_data_says_what_each_field_means_and_no_other() -> None:
    document = json.loads(made("large", "json"))
    dictionary = document.pop("dictionnaire")
    judged = json.loads(made("judged", "json"))
    assert paths_of(document) | paths_of(judged) - {"dictionnaire"} >= dictionary.keys()
    assert paths_of(document) <= dictionary.keys()
    assert all(meaning.endswith(".") for meaning in dictionary.values())
    for sample in ("empty", "draft"):
        other = json.loads(made(sample, "json"))
        assert other.pop("dictionnaire") == dictionary
        assert paths_of(other) <= dictionary.keys()


def test_the_data_lead_from_a_proposal_to_its_exact_words() -> None:
    document = json.loads(made("small", "json"))
    proposal = document["proposals"][2]
    assert (proposal["reference"], proposal["state"], proposal["rank"], proposal["tied"]) == (
        "T3-003",
        "en vigueur",
        2,
        True,
    )
    assert (proposal["questions"], proposal["meeting"]) == ([1, 2], None)
    assert proposal["source"] == {
        "id": "C-3@1",
        "contribution": 3,
        "revision": 1,
        "start": 0,
        "end": len(POLICY),
        "words": POLICY,
        "url": f"https://forum.example.org/contributions/3/revisions/1?de=0&a={len(POLICY)}",
    }
    assert proposal["url"] == "https://forum.example.org/propositions/T3-003/versions/2"
    assert [question["position"] for question in document["unanswered_questions"]] == [4, 5]
    assert not any("author" in one for one in (*document["proposals"], *document["verbatims"]))
    assert document["themes"][0]["votes_window"] == {"start": "2026-11-14T23:00:00Z", "end": "2026-12-12T17:00:00Z"}
