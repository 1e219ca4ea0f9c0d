"""Where do templates become text? The one Jinja environment of the documents, with autoescape always on.

Templates are files of ours; no part of an outline is ever compiled as a template. The page that people read is made in
`html`, the one that pandoc reads in `office`.
"""

from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forum.documents.charts import longest, spans
from forum.documents.files import TEMPLATES


def _kind_of(block: object) -> str:
    """Name of a block's class, by which templates choose their macro."""
    return type(block).__name__


ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals.update(kind_of=_kind_of, longest=longest, spans=spans)
