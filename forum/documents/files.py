"""Where are the files that the renderers bring with them? Templates and reference documents, and faces."""

from pathlib import Path
from typing import Final

TEMPLATES: Final = Path(__file__).parent / "templates"
FONTS: Final = Path(__file__).parent / "fonts"
