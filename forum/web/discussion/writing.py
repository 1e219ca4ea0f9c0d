"""What the forms that write a contribution share: a reply, an edit, the first contribution of a thread.

The opening quotes of a contribution are hidden marks, displayed as the quoted words, and the text area holds the
author's own words; quotes further down stay where the author put them, as the line of their mark. A preview shows the
form as it was sent.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from forum.domain.discussion import posts, threads
from forum.domain.discussion.post_writing import Preview
from forum.settings import settings
from forum.text.quotes import MARKER, QuoteMark
from forum.web.plumbing.forms import Form


def asks_to_publish(form: Form) -> bool:
    """Whether the first button was pressed, or Enter, which counts as the first."""
    return form.text("acte") in ("", "publier")


def marks_of(form: Form) -> list[QuoteMark]:
    """Every quote in a form; the domain limits their number."""
    return read_marks(form.raw.get("citation", []))


def read_marks(texts: Iterable[str]) -> list[QuoteMark]:
    found = (MARKER.fullmatch(text.strip()) for text in texts)
    return [QuoteMark(*(int(number) for number in each.groups())) for each in found if each]


def source_of(form: Form) -> str:
    """The whole source: the opening quotes, each on its line, then the author's words."""
    marks = "\n".join(m.marker() for m in marks_of(form))
    own = form.text("source")
    return f"{marks}\n\n{own}" if marks else own


_OPENING_MARKS: Final = re.compile(rf"\A(?:\s*{MARKER.pattern}[^\S\n]*(?:\n|\Z))+")


def fields_of(source: str) -> dict[str, object]:
    """The fields of a form that `source_of` makes this source of: its opening quotes as marks, its author's words."""
    opening = _OPENING_MARKS.match(source)
    marks = MARKER.finditer(opening.group()) if opening else ()
    own = source[opening.end() :].lstrip("\n") if opening else source
    return {"source": own, "citation": [mark.group() for mark in marks]}


async def writing(form: Form, preview: Preview | None = None) -> dict[str, Any]:
    """What the shared parts of these pages show: the quotes of the form, the limit of its length, the preview."""
    return {
        "quoted": await posts.known_quotes(marks_of(form)),
        "limit": settings().limits.post_characters,
        "preview": preview,
        "pieces": threads.pieces_of(preview.draft.reading.html, preview.draft.quoted) if preview else (),
    }
