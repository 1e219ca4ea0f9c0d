"""How does pandoc make an office document of an outline? From one HTML page, in its sandbox, with our reference file.

Pandoc's `html` reader knows no scripting and no file inclusion; the page has every word escaped and its pictures
inside. What the formats need beyond pandoc (words of pictures, page numbers in the contents, rows that stay whole) is
written by `odt` and `docx` into the parts that come back. A change of pandoc that would leave one of these out is an
error, not a poorer document.
"""

import base64
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

import pypandoc

from forum.documents.files import TEMPLATES
from forum.documents.missing import MissingRenderer
from forum.documents.outline import Outline
from forum.documents.pages import ENVIRONMENT
from forum.documents.pictures import key_of, pictures_of
from forum.documents.zips import parts_of

LONGEST_RUN: Final = 300
"""Seconds after which pandoc is stopped: five hundred proposals take two."""

MOST_MEMORY: Final = "2G"

RUNNING_TITLE: Final = "Titre courant"
"""The placeholder of the reference documents, which each document's running title replaces."""


@dataclass(frozen=True, slots=True)
class ContentsStyles:
    """What a format calls the styles of its table of contents."""

    heading: str
    first: str
    second: str


def parts_by_pandoc(outline: Outline, extension: str, contents: ContentsStyles) -> dict[str, bytes]:
    """The files of an office document as pandoc makes them. RuntimeError with pandoc's message when it fails;
    MissingRenderer when there is no pandoc."""
    page = ENVIRONMENT.get_template("office.html").render(
        outline=outline, contents=contents, pictures=pictures_of(outline), key_of=key_of, base64=_base64
    )
    reference = TEMPLATES / f"reference.{extension}"
    limits = ["+RTS", f"-M{MOST_MEMORY}", "-RTS"]
    options = ["--sandbox", "--from=html", f"--to={extension}", f"--reference-doc={reference}", "--output=-"]
    command = [_pandoc(extension), *options, *limits]
    made = subprocess.run(command, input=page.encode("utf-8"), capture_output=True, timeout=LONGEST_RUN)  # noqa: S603 - no part of it was typed by people
    if made.returncode:
        raise RuntimeError(f"pandoc could not make the {extension}: {made.stderr.decode('utf-8', 'replace').strip()}")
    return parts_of(made.stdout)


def _pandoc(extension: str) -> str:
    """The path of the program: the package can be installed without it."""
    try:
        return str(pypandoc.get_pandoc_path())
    except OSError as error:
        raise MissingRenderer("pypandoc-binary", extension.upper()) from error


def entitled(xml: str, outline: Outline) -> str:
    """The properties of a file, with the full title, which says what it covers, as in the PDF."""
    title = escape(f"{outline.cover.title}, {outline.cover.subtitle}".replace("\n", " "))
    return rewritten(r"(?<=<dc:title>).*?(?=</dc:title>)", lambda _: title, xml, times=1)


def headed(xml: str, outline: Outline) -> str:
    """The head of each page, with the document's running title in place of the reference document's placeholder."""
    title = escape(outline.furniture.running_title.replace("\n", " "))
    return rewritten(RUNNING_TITLE, lambda _: title, xml, times=1)


def rewritten(
    pattern: str, replacement: str | Callable[[re.Match[str]], str], xml: str, *, times: int | None = None
) -> str:
    """`re.sub` that insists: ValueError unless something matched, or exactly `times` things."""
    done, count = re.subn(pattern, replacement, xml, flags=re.DOTALL)
    if (times is None and not count) or (times is not None and count != times):
        raise ValueError(f"pandoc's XML has changed: {pattern!r} matched {count} times")
    return done


def _base64(png: bytes) -> str:
    return base64.b64encode(png).decode("ascii")
