"""Which files can a document be, and what does each one need? This is the only list of formats.

A format's module is loaded when the first document of that format is made, and not before: a renderer that is not
installed then costs its own format and no other, and the web process never carries one.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from forum.documents.missing import MissingRenderer
from forum.documents.outline import Outline
from forum.text.sheets import MEDIA_TYPE

__all__ = ["FORMATS", "Format", "MissingRenderer"]


class _Renderer(Protocol):
    def render(self, outline: Outline) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that a document can be."""

    name: str
    """The name that people read, such as "PDF"."""
    media_type: str
    extension: str
    render: Callable[[Outline], bytes]
    """Raises MissingRenderer when a package is missing; any other error is a fault."""
    package: str
    """What makes it, as pip names it; empty when Python alone does."""


# The third-party modules that renderers import, and the packages that bring them.
_PACKAGES: Final = {"jinja2": "jinja2", "markupsafe": "jinja2", "typst": "typst", "pypandoc": "pypandoc-binary"}


def _loaded_at_need(module: str, name: str) -> Callable[[Outline], bytes]:
    def render(outline: Outline) -> bytes:
        try:
            renderer = cast(_Renderer, importlib.import_module(f"forum.documents.{module}"))
        except ModuleNotFoundError as error:
            package = _PACKAGES.get((error.name or "").partition(".")[0])
            if package is None:  # not a missing renderer: something of ours is broken
                raise
            raise MissingRenderer(package, name) from error
        return renderer.render(outline)

    return render


def _format(extension: str, media_type: str, package: str = "") -> Format:
    name = extension.upper()
    return Format(name, media_type, extension, _loaded_at_need(extension, name), package)


_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FORMATS: Final[dict[str, Format]] = {
    known.extension: known
    for known in (
        _format("html", "text/html; charset=utf-8", "jinja2"),
        _format("pdf", "application/pdf", "typst"),
        _format("odt", "application/vnd.oasis.opendocument.text", "pypandoc-binary"),
        _format("docx", _WORD, "pypandoc-binary"),
        _format("csv", MEDIA_TYPE),
        _format("json", "application/json"),
    )
}
"""By extension, which is also the name of the renderer's module, in the order in which they are offered."""
