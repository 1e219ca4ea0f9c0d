"""Every figure is the same in every format: each file is opened with a different library from the one that wrote it."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser

import docx
import odfdo
import pypdf
import pytest

from forum.documents.formats import FORMATS
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.snapshots import Snapshot
from forum.models.proposals import ProposalState
from forum.ranking.tallies import Tally
from tests.document_samples import large_snapshot, small_snapshot


@dataclass(frozen=True)
class Shown:
    """What a reader finds about one ranked proposal."""

    tally: Tally
    net: int
    voters: int
    wilson: str
    wilson_rank: int
    rank: str


class _Words(HTMLParser):
    """The visible words of a page, element by element."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


def words_of_html(content: bytes) -> str:
    parser = _Words()
    parser.feed(content.decode("utf-8"))
    return " ".join(parser.found)


def words_of_pdf(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def words_of_odt(content: bytes) -> str:
    body = odfdo.Document(io.BytesIO(content)).body
    return " ".join(
        str(part) for element in body.get_elements("//text:p|//text:h") for part in element.xpath(".//text()")
    )


def words_of_docx(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


READERS: dict[str, Callable[[bytes], str]] = {
    "html": words_of_html,
    "pdf": words_of_pdf,
    "odt": words_of_odt,
    "docx": words_of_docx,
}

NUMBER = r"([+−]?\d[\d ]*)"
FIGURES = re.compile(
    rf"pour {NUMBER} (?:· )?abstention {NUMBER} (?:· )?contre {NUMBER} "
    rf"Rang (?P<rank>\d[\d ]*(?:ex æquo)?).*?"
    rf"Soutien net {NUMBER} (?:· )?Votants {NUMBER} (?:· )?Borne de Wilson (\d,\d+) (?:· )?Rang selon Wilson (\d+)"
)


def flat(words: str) -> str:
    """Words on one line with plain spaces, since spacing differs between formats."""
    return re.sub(r"\s+", " ", words.replace("\u200b", "")).strip()


def integer(printed: str) -> int:
    return int(printed.replace(" ", "").replace("−", "-"))


def shown_in(words: str, reference: str) -> Shown:
    """What follows the heading of a proposal: its reference, then its meeting, then its figures."""
    starts = [found.end() for found in re.finditer(rf"{reference} ?[,·] (?:GT réunion|hors réunion)", words)]
    assert len(starts) == 1, f"{reference} is not there exactly once"
    found = FIGURES.search(words, starts[0])
    assert found is not None, f"{reference} has no figures"
    for_, abstain, against = (integer(found.group(n)) for n in (1, 2, 3))
    return Shown(
        tally=Tally(for_=for_, against=against, abstain=abstain),
        rank=found.group("rank").strip(),
        net=integer(found.group(5)),
        voters=integer(found.group(6)),
        wilson=found.group(7),
        wilson_rank=integer(found.group(8)),
    )


def files_of(snapshot: Snapshot) -> dict[str, bytes]:
    outline = outline_of(snapshot)
    return {name: known.render(outline) for name, known in FORMATS.items()}


@pytest.fixture(scope="module", params=["small", "large"])
def compiled(request: pytest.FixtureRequest) -> tuple[Snapshot, dict[str, bytes]]:
    snapshot = small_snapshot() if request.param == "small" else large_snapshot(50)
    return snapshot, files_of(snapshot)


def test_all_formats_show_the_tallies_of_the_snapshot(compiled: tuple[Snapshot, dict[str, bytes]]) -> None:
    snapshot, files = compiled
    words = {name: flat(read(files[name])) for name, read in READERS.items()}
    quorum = snapshot.themes[0].quorum
    ranked = 0
    for proposal in snapshot.proposals:
        if proposal.state is ProposalState.WITHDRAWN or proposal.tally is None or proposal.tally.votants < quorum:
            continue
        ranked += 1
        found = {name: shown_in(text, proposal.reference) for name, text in words.items()}
        assert set(found.values()) == {found["html"]}, proposal.reference
        shown = found["html"]
        assert shown.tally == proposal.tally
        assert (shown.net, shown.voters) == (proposal.tally.net, proposal.tally.votants)
    assert ranked >= 3


def test_the_spreadsheet_and_the_data_hold_the_same_figures(compiled: tuple[Snapshot, dict[str, bytes]]) -> None:
    snapshot, files = compiled
    sheet = csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"), newline=""), delimiter=";")
    rows = {row["référence"]: row for row in sheet}
    register = {line["reference"]: line for line in json.loads(files["json"])["proposals"]}
    page = flat(words_of_html(files["html"]))
    assert rows.keys() == register.keys() == {proposal.reference for proposal in snapshot.proposals}
    for proposal in snapshot.proposals:
        row, line, tally = rows[proposal.reference], register[proposal.reference], proposal.tally
        assert tally is not None
        assert [int(row[name]) for name in ("pour", "abstention", "contre", "soutien net")] == [
            tally.for_,
            tally.abstain,
            tally.against,
            tally.net,
        ]
        assert [line[name] for name in ("pour", "abstention", "contre", "soutien_net")] == [
            tally.for_,
            tally.abstain,
            tally.against,
            tally.net,
        ]
        assert (row["rang"], row["borne de Wilson"]) == (str(line["rank"] or ""), line["wilson"] or "")
        assert (row["ex æquo"] == "oui") is line["tied"]
        if line["rank"] is not None:
            shown = shown_in(page, proposal.reference)
            assert shown.rank.split(" ")[0] == str(line["rank"])
            assert ("ex æquo" in shown.rank) is line["tied"]
            assert (shown.voters, shown.wilson_rank) == (line["votants"], line["wilson_rank"])
            assert abs(float(shown.wilson.replace(",", ".")) - float(line["wilson"])) < 0.0006


def test_participation_is_the_same_everywhere(compiled: tuple[Snapshot, dict[str, bytes]]) -> None:
    snapshot, files = compiled
    facts = snapshot.participation
    data = json.loads(files["json"])["participation"]
    read_by_machines = [data[name] for name in ("contributions", "known_authors", "votants", "avis")]
    assert read_by_machines == [facts.posts, facts.known_authors, facts.voters, facts.ballots]
    themes = json.loads(files["json"])["themes"]
    assert sum(theme[opinion] for theme in themes for opinion in ("pour", "abstention", "contre")) == facts.ballots
    for name, read in READERS.items():
        words = flat(read(files[name]))
        for label, value in (
            ("Contributions reçues", facts.posts),
            ("Auteurs connus", facts.known_authors),
            ("Votants", facts.voters),
            ("Votes comptés", facts.ballots),
        ):
            printed = f"{value:,}".replace(",", " ")
            assert f"{label} {printed} " in f"{words} ", (name, label)


def test_the_cover_names_the_same_snapshot_everywhere(compiled: tuple[Snapshot, dict[str, bytes]]) -> None:
    snapshot, files = compiled
    digest = outline_of(snapshot).snapshot_sha256
    for name, read in READERS.items():
        assert digest in read(files[name]), name
    assert json.loads(files["json"])["sha256"] == digest
