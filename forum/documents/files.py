"""Where are the files that the renderers bring with them? Templates, reference documents and fonts."""

from pathlib import Path
from typing import Final

TEMPLATES: Final = Path(__file__).parent / "templates"
FONTS: Final = Path(__file__).parent / "fonts"
