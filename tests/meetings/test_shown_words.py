"""Minutes are read as LibreOffice shows them: the words that it prints of small documents of every kind.

Its own export of plain text writes hidden text and both halves of a change, so what it shows is taken from its PDF.
"""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from forum.text.minutes_files import read_minutes
from tests import services
from tests.meetings.office_samples import SAMPLES, Sample

MARKS = {"-", "##"}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What LibreOffice prints of each sample."""
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
    profile = f"-env:UserInstallation=file://{folder}/profile"
    convert = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *files]
    subprocess.run(convert, check=True, capture_output=True)
    return {sample.name: _text_of(folder / f"{number}.pdf") for number, sample in enumerate(SAMPLES)}


def _text_of(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", str(pdf), "-"], check=True, capture_output=True, text=True).stdout


def words(text: str) -> Counter[str]:
    """The words of a text, whatever their order: boxes and notes are elsewhere on the page."""
    return Counter(
        word for word in re.split(r"\s+", text.replace("\u2011", "-").replace("•", " ")) if word and word not in MARKS
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_file_gives_the_lines_that_its_reader_sees(sample: Sample) -> None:
    assert read_minutes(sample.content).split("\n") == sample.lines


def test_the_samples_are_many() -> None:
    assert len(SAMPLES) == len({sample.name for sample in SAMPLES}) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_libreoffice_shows_the_same_words(sample: Sample, printed: dict[str, str]) -> None:
    assert bool(sample.shown) == bool(sample.why)
    assert words(printed[sample.name]) == words(sample.shown or " ".join(sample.lines))
