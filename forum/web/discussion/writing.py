"""What the forms that write a contribution share: a reply, an edit, the first contribution of a thread.

The opening quotes of a contribution are hidden marks, displayed as the quoted words, and the text area holds the
author's own words; quotes further down stay where the author put them, as the line of their mark. A preview shows the
form as it was sent.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.domain.discussion import post_drafts, posts, threads
from forum.domain.discussion.post_drafts import DraftPlace, KeptDraft
from forum.domain.discussion.post_writing import Preview
from forum.domain.discussion.sent_forms import Sending, known_key, new_key
from forum.settings import settings
from forum.text.differences import differences
from forum.text.quotes import MARKER, QuoteMark
from forum.web.plumbing.forms import Form


def asks_to_publish(form: Form) -> bool:
    """Whether the first button was pressed, or Enter, which counts as the first."""
    return form.text("acte") in ("", "publier")


def asks_to_save(form: Form) -> bool:
    """Whether the words are to be kept as a draft; `citer`: to add a quote next."""
    return form.text("acte") in ("brouillon", "citer")


_DRAFT_MARK: Final = re.compile(r"([0-9]{1,9})@([0-9]{1,9})", re.ASCII)


def sending_of(form: Form) -> Sending:
    """What the form says of itself."""
    shown = _DRAFT_MARK.fullmatch(form.text("brouillon"))
    draft, version = (int(shown[1]), int(shown[2])) if shown else (0, 0)
    return Sending(known_key(form.text("cle")), draft, version)


def begun_form(draft: KeptDraft | None, **initial: object) -> Form:
    """A form that was not sent yet: with a key of its own and the words of the draft, if there is one."""
    typed = {"titre": draft.title, **fields_of(draft.source), "brouillon": draft.mark} if draft else {}
    return Form.empty(**{**initial, **typed, "cle": new_key()})


def newer_of(draft: KeptDraft | None) -> dict[str, object]:
    """What a form knows once another window was quicker: it may then replace the draft, or publish once more."""
    return {"cle": new_key(), "brouillon": draft.mark if draft else "", "remplace": "brouillon"}


async def draft_beside(draft: KeptDraft | None, form: Form | None) -> dict[str, Any]:
    """The draft of another window and what the form changes of it, once they have met."""
    if form is None or draft is None or form.values["remplace"] != "brouillon":
        return {"beside": None}
    typed = source_of(form)
    return {"beside": draft, "changed": await run_sync(differences, draft.source, typed)}


async def save(request: Request, place: DraftPlace, form: Form, *, title: str = "", base: int = 0) -> Response | None:
    """Keep the words of a form as a draft. The answer for a script; for people the door leads where it wants."""
    viewer, now = request.state.viewer, request.state.now
    kept = await post_drafts.save_draft(viewer, place, title, source_of(form), sending_of(form), now, base=base)
    if request.headers.get("x-fragment") != "brouillon":
        return None
    return JSONResponse({"brouillon": kept.mark}, headers={"Cache-Control": "no-store"})


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
