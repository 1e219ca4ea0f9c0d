"""How is typst run? With a template of ours, data as JSON, our own faces, an empty folder, and nothing else.

The PDF and the pictures of the office formats are made through here.
"""

import json
import tempfile
import unicodedata
from functools import cache
from typing import Final

import typst

from forum.documents.facts import Facts
from forum.documents.files import FONTS
from forum.documents.glyphs import covered

MAIN_FACE: Final = "AtkinsonHyperlegible_400Regular.ttf"


def compiler(template: bytes, folder: str, **data: Facts) -> typst.Compiler:
    """A compiler of a template that finds each of `data` under its name in `sys.inputs`, as JSON text, and under
    `main_face` the signs to set in that face.

    `folder` is empty: it is the root of what the template can read, and where it finds no packages.
    """
    return typst.Compiler(
        template,
        root=folder,
        font_paths=_fonts(),
        sys_inputs={"main_face": _main_face()} | {name: json.dumps(facts) for name, facts in data.items()},
        package_path=folder,
        package_cache_path=folder,
    )


def pdf(template: bytes, *, taken_at: int, **data: Facts) -> bytes:
    """A PDF/UA-1 whose only date is `taken_at`, in seconds since 1970."""
    with tempfile.TemporaryDirectory() as folder:
        written = compiler(template, folder, **data).compile(format="pdf", pdf_standards=["ua-1"], timestamp=taken_at)
    if not isinstance(written, bytes):
        raise TypeError("typst gives a PDF as one piece of bytes")
    return written


def pngs(template: bytes, *, dots_per_inch: int, **data: Facts) -> list[bytes]:
    """One PNG for each page."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = compiler(template, folder, **data).compile(format="png", ppi=dots_per_inch)
    return [drawn] if isinstance(drawn, bytes) else list(drawn or [])


@cache
def _fonts() -> typst.Fonts:
    """Read once: only the faces of our folder, so that a document does not depend on the machine that sets it."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


@cache
def _main_face() -> str:
    """A regular expression: all signs but the letters that the face would make of two glyphs, "ễ" of an "ê" and a
    tilde. Each of the two then stands for the whole letter, and readers of the PDF find it twice."""
    drawn = covered(FONTS / MAIN_FACE)
    composed = (chr(code) for code in range(0x80, 0x2000) if code not in drawn)
    return f"[^{''.join(letter for letter in composed if unicodedata.normalize('NFD', letter) != letter)}]"
