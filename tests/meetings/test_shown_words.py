"""Minutes are read as LibreOffice shows them: its words and its lines, of small documents of every kind.

What it shows is taken from its PDF, since its export of plain text also writes hidden text and both halves of a change,
and no boxes. The export has the lines, which a PDF does not tell from each other in a table.
"""

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from forum.text.minutes_files import read_minutes
from tests import services
from tests.meetings.office_samples import SAMPLES, Sample

MARKS = {"-", "##"}
# Why the export of plain text has other lines, where the PDF has the same words.
EXPORTED_OTHERWISE = {
    "hidden text is written": (
        *("hidden items are counted, removed ends are not", "hidden by the style of everything", "hidden run"),
        *("hidden by a style of characters and what is based on it", "hidden by a style of paragraphs, shown by a run"),
        *("hidden paragraph", "words behind a merged cell", "odt hidden span", "odt hidden by a style of the document"),
        *("odt hidden paragraph, shown span", "odt shown span in a hidden one", "odt hidden section"),
        *("odt section hidden by a condition", "odt hidden fields"),
    ),
    "both halves of a change are written": (
        *("deleted words", "deleted end of a paragraph", "deleted paragraph", "moved words", "deleted row"),
    ),
    "boxes are not written": ("text box", "old text box", "grouped boxes", "odt text box", "odt words in a shape"),
    "what a field works out is written apart": (
        *("a choice of an old form", "a field in the code of a field", "odt prompt and what was typed"),
    ),
    "a tab to the margin begins a line": ("tabs",),
}
WHY_EXPORTED = {name: why for why, names in EXPORTED_OTHERWISE.items() for name in names}


@dataclass(frozen=True, slots=True)
class Made:
    """What LibreOffice makes of a sample: the words of its PDF, the lines of its plain text."""

    printed: Counter[str]
    exported: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """What LibreOffice makes of each sample, all in one run a format."""
    soffice = services.office()
    if soffice is None and os.environ.get("CI") == "true":
        pytest.fail("no soffice with pdftotext")
    if soffice is None:
        pytest.skip("no soffice with pdftotext")
    folder = tmp_path_factory.mktemp("shown")
    for number, sample in enumerate(SAMPLES):
        kind = "odt" if sample.name.startswith("odt ") else "docx"
        (folder / f"{number}.{kind}").write_bytes(sample.content)
    files = sorted(str(path) for path in folder.iterdir())
    for kind in ("pdf", "txt:Text (encoded):UTF8"):
        profile = f"-env:UserInstallation=file://{folder}/profile"
        convert = [soffice, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), *files]
        subprocess.run(convert, check=True, capture_output=True)
    return {
        sample.name: Made(
            words(_text_of(folder / f"{number}.pdf")),
            lines((folder / f"{number}.txt").read_text("utf-8-sig").split("\n")),
        )
        for number, sample in enumerate(SAMPLES)
    }


def _text_of(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", str(pdf), "-"], check=True, capture_output=True, text=True).stdout


def words(text: str) -> Counter[str]:
    """The words of a text, whatever their order: boxes and notes are elsewhere on the page."""
    found = re.split(r"\s+", text.replace("\u2011", "-").replace("•", " "))
    return Counter(word for word in found if word and word not in MARKS)


def lines(text: list[str]) -> list[str]:
    """The lines that say something, without bullets, marks of headings and blanks around."""
    said = (re.sub(r"\A\s*(?:[-•◦#]+\s+)*", "", line.replace("\u00ad", "").replace("\u2011", "-")) for line in text)
    return [" ".join(line.split()) for line in said if line.strip()]


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_file_gives_the_lines_that_its_reader_sees(sample: Sample) -> None:
    assert read_minutes(sample.content).split("\n") == sample.lines


def test_the_samples_are_many_and_each_difference_has_a_reason() -> None:
    names = {sample.name for sample in SAMPLES}
    assert len(SAMPLES) == len(names) >= 40
    assert set(WHY_EXPORTED) <= names
    assert all(bool(sample.shown) == bool(sample.why) for sample in SAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_libreoffice_shows_the_same_words(sample: Sample, made: dict[str, Made]) -> None:
    assert made[sample.name].printed == words(sample.shown or " ".join(sample.lines))


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_libreoffice_exports_the_same_lines(sample: Sample, made: dict[str, Made]) -> None:
    if sample.name in WHY_EXPORTED:
        assert made[sample.name].exported != lines(sample.lines), "the reason holds no more"
    elif not sample.why:
        assert made[sample.name].exported == lines(sample.lines)
