"""The document as one page: no script, no second request, its style inside.

The style is one constant text, so that a strict content security policy can name it by its hash.
"""

from typing import Final

from markupsafe import Markup

from forum.documents.files import TEMPLATES
from forum.documents.outline import Outline
from forum.documents.pages import ENVIRONMENT

_STYLE: Final = (TEMPLATES / "page.css").read_text(encoding="utf-8")


def render(outline: Outline) -> bytes:
    """The page, in UTF-8."""
    style = Markup(_STYLE)  # noqa: S704 - a file of ours, not words of anybody; escaping would break its ">"
    return ENVIRONMENT.get_template("page.html").render(outline=outline, style=style).encode("utf-8")
