"""Lines that somebody could type, or paste, to break a page, a sheet, a feed, a mail or a reader's eyes."""

from pathlib import Path

FOLDER = Path(__file__).parent / "cases" / "hostile" / "lines"


def hostile_lines() -> list[str]:
    """Every line of the files, as typed; those of `escaped.txt` have what no editor shows as Python writes it."""
    files = [*sorted(FOLDER.glob("*.md")), FOLDER / "escaped.txt"]
    lines = [(path, line) for path in files for line in path.read_text("utf-8").split("\n") if line]
    return [_meant(line) if path.suffix == ".txt" else line for path, line in lines]


def _meant(line: str) -> str:
    return line.encode("ascii", "backslashreplace").decode("unicode_escape")
