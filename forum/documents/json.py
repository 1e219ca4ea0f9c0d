"""The document as data: its dataset and what each field means, in canonical JSON, with the figures of all formats."""

import dataclasses
import json
from typing import Final

from forum.documents.dataset import dictionary
from forum.documents.outline import Outline

LAYOUT: Final = 3
"""Number of this file's layout; raised when a field changes its meaning or is removed."""


def render(outline: Outline) -> bytes:
    """One line of JSON: sorted keys, UTF-8, no float."""
    meanings = dictionary() | {"layout": "Numéro de la disposition de ce fichier."}
    document = dataclasses.asdict(outline.data) | {"layout": LAYOUT, "dictionnaire": meanings}
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
