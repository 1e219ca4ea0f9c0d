"""What a person typed, read once and strictly: only UTF-8, one value where one is meant, within the size limit.

A body is parsed into fields in `bodies.py`.

Meaning is for the domain: here a text is a text, a number a number, and a time is in the time zone of Paris. What
cannot be read raises `Invalid` with its field, and everything typed stays in `values` to be shown again.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from anyio import fail_after
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request

from forum.domain.pages import PageTurn
from forum.domain.throttle import throttle
from forum.errors import Invalid
from forum.text.typography import PARIS, readings
from forum.web.plumbing.bodies import (
    JSON,
    MULTIPART,
    URL_ENCODED,
    Fields,
    media_type,
    read_json,
    read_multipart,
    read_url_encoded,
)
from forum.web.plumbing.fields import WORDS

# Seconds. A form of the largest size takes a few over a slow connection.
SECONDS_TO_SEND = 30
# A file of the largest size takes longer over a slow connection.
SECONDS_TO_UPLOAD = 120
# Bytes of what is sent with a file: fields, names, boundaries.
ROOM_BESIDE_A_FILE = 64 * 1024
# If a body takes longer, its sender's rights are read again.
SLOW = timedelta(seconds=1)
# Length of the key of a page in a list: a name and a number at most.
LONGEST_KEY = 200
# Integers of both databases.
LARGEST = 2**31 - 1


class Typed(dict[str, str]):
    """Values by field; a field that was not sent is empty, so that templates need no check."""

    def __missing__(self, name: str) -> str:
        return ""


class Form:
    """One form. `raw` holds every value by field; `values` the last of each; `problems` a sentence by field, `told` the
    values in these sentences.

    `lists` are the fields that came as a list of JSON: several values, even when it held one; `file` the bytes of the
    file that was chosen, if any.
    """

    def __init__(self, raw: Mapping[str, list[str]], lists: frozenset[str] = frozenset(), file: bytes = b"") -> None:
        self.raw = raw
        self.lists = lists
        self.file = file
        self.values = Typed({name: found[-1] for name, found in raw.items() if found})
        self._problems = Typed()
        self.told: Mapping[str, object] = {}

    @classmethod
    def empty(cls, **initial: object) -> "Form":
        """An empty form with initial values; a list gives a field several."""
        return cls(_typed(initial))

    def with_values(self, **changed: object) -> "Form":
        """A copy of the form with other values in these fields, as when a page shows it again."""
        return Form({**self.raw, **_typed(changed)})

    @property
    def problems(self) -> Typed:
        return self._problems

    @problems.setter
    def problems(self, found: Mapping[str, str]) -> None:
        self._problems = Typed(found)

    def text(self, name: str, default: str = "") -> str:
        """One value, as typed.

        Raises:
            Invalid: the field was sent several times, or holds NUL, which no database column takes.
        """
        found = self.raw.get(name, [])
        if len(found) > 1 or name in self.lists:
            raise Invalid("Ce champ n’attend qu’une seule valeur.", field=name)
        value = found[0] if found else default
        if "\0" in value:
            raise Invalid("Ce texte contient un caractère qui ne peut pas être enregistré.", field=name)
        return value

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may be sent several times."""
        found = list(self.raw.get(name, []))
        if any("\0" in value for value in found):
            raise Invalid("Ce texte contient un caractère qui ne peut pas être enregistré.", field=name)
        return found

    def integer(self, name: str) -> int | None:
        """A whole number from 0, None when left empty."""
        typed = self.text(name).strip()
        if not typed:
            return None
        number = whole_number(typed)
        if number is None:
            raise Invalid("Indiquez un nombre entier.", field=name)
        return number

    def integers(self, name: str) -> list[int]:
        """Whole numbers of a field that may be sent several times (boxes that were ticked)."""
        found = [whole_number(value.strip()) for value in self.texts(name)]
        if any(number is None for number in found):
            raise Invalid("Ce choix n’existe pas.", field=name)
        return [number for number in found if number is not None]

    def moment(self, name: str) -> datetime | None:
        """A day and time typed in the site's time zone, converted to UTC; None when left empty. Where clocks change, an
        hour comes twice or not at all: which of two moments it means is said in the field `saison`.
        """
        typed = self.text(name).strip()
        if not typed:
            return None
        try:
            read = datetime.fromisoformat(typed)
            if read.tzinfo is not None:
                return read.astimezone(UTC)
            found = readings(read)
        except (ValueError, OverflowError):
            raise Invalid("Indiquez un jour et une heure, par exemple 2026-12-12T18:00.", field=name) from None
        said = self.texts("saison")
        meant = [each for season, each in found.items() if len(found) == 1 or f"{name} {season}" in said]
        if len(meant) == 1:
            return meant[0]
        first, second = found.values()
        raise Invalid(
            "Cette heure vient deux fois : {first}, puis {second}. Choisissez laquelle."
            if first.astimezone(PARIS).replace(tzinfo=None, fold=0) == read
            else "Cette heure n’existe pas : les montres avancent d’une heure. Choisissez {first} ou {second}.",
            field=name,
            values={"first": first, "second": second},
        )

    def day(self, name: str) -> date | None:
        """A day, None when left empty."""
        typed = self.text(name).strip()
        if not typed:
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise Invalid("Indiquez un jour, par exemple 2026-12-12.", field=name) from None

    def require_confirmation(self) -> None:
        """An act that cannot be undone needs both its button and a ticked box that says what will happen.

        Raises:
            Invalid: the box was not ticked.
        """
        if not self.checked("confirmation"):
            raise Invalid("Cochez la case pour confirmer.", field="confirmation")

    def checked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.text(name))


def _typed(values: Mapping[str, object]) -> dict[str, list[str]]:
    """Values as a browser would send them; None is an absent field."""
    return {
        name: [str(each) for each in (value if isinstance(value, list) else [value])]
        for name, value in values.items()
        if value is not None
    }


def whole_number(typed: str) -> int | None:
    """The number that some text is, None when it is anything else."""
    if not (typed.isascii() and typed.isdecimal()) or len(typed) > 10:
        return None
    number = int(typed)
    return number if number <= LARGEST else None


_LINE = re.compile(r"(?:ligne|engagement)-[0-9]{1,6}", re.ASCII)


def written_in(form: Form | None) -> list[str]:
    """What somebody wrote in a form, the longest first; the lines of minutes are one text."""
    if form is None:
        return []
    lines = "\n".join(value for name, value in form.values.items() if _LINE.fullmatch(name))
    written = [value for name, value in form.values.items() if name in WORDS]
    return sorted((words for words in (lines, *written) if words.strip()), key=len, reverse=True)


def left_out(form: Form, shown: str) -> list[str]:
    """What somebody wrote in a form that no field of the page holds which answers it, as HTML: the present state of
    things leaves no place for it."""
    return [
        words
        for words in written_in(form)
        if f">\n{escape(words)}</textarea>" not in shown and f'value="{escape(words)}"' not in shown
    ]


async def read_form(request: Request, *, upload: int = 0) -> Form:
    """The form of a request, kept in `request.state.form` so that a later refusal can show the words again.

    With `upload` it may hold a file of at most that many bytes, as the field `fichier`.

    Raises:
        HTTPException: 413 too large, 408 too slow, 415 neither a form nor JSON, 400 not UTF-8.
        Unreadable, Invalid: it is not JSON, or not an object of simple values.
        TooMany: a member sends too many of them; checked once the words are kept.
    """
    if upload and media_type(request) == MULTIPART:
        return await _read_upload(request, upload)
    limits: Any = request.app.state.settings.limits
    ways: dict[str, tuple[int, Callable[[bytes], Fields]]] = {
        URL_ENCODED: (limits.form_bytes, read_url_encoded),
        JSON: (limits.json_bytes, read_json),
    }
    if (way := ways.get(media_type(request))) is None:
        raise HTTPException(415)
    limit, read = way
    body = await _received(request, limit, SECONDS_TO_SEND)
    return await _kept(request, read(body))


async def _read_upload(request: Request, limit: int) -> Form:
    body = await _received(request, limit + ROOM_BESIDE_A_FILE, SECONDS_TO_UPLOAD)
    fields, files = await read_multipart(request, body)
    content = files.get("fichier", b"")
    form = await _kept(request, fields, content)
    if len(content) > limit:
        raise HTTPException(413)
    return form


async def _received(request: Request, limit: int, seconds: float) -> bytes:
    """The body, and its sender with their rights at the time when it has arrived."""
    try:
        with fail_after(seconds):
            body = await _read_body(request, limit)
    except TimeoutError:
        raise HTTPException(408) from None
    # A form is judged when it has arrived: a slow body must not count as sent before the close, nor use a right that
    # was lost meanwhile.
    asked, request.state.now = request.state.now, request.app.state.clock()
    if request.state.now - asked >= SLOW and request.state.token:
        request.state.viewer = await request.app.state.viewer_of(request.state.token, now=request.state.now)
    return body


async def _kept(request: Request, fields: Fields, file: bytes = b"") -> Form:
    """Keep the form for this request, and count one more write of its sender."""
    request.state.form = Form(fields.values, fields.lists, file)
    if request.state.viewer is not None:
        await throttle().count_write(request.state.viewer.id)
    form: Form = request.state.form
    return form


async def _read_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413)
    return bytes(body)


def asked_text(request: Request, name: str, default: str = "", *, limit: int = 2000) -> str:
    """A value from the address: truncated, never refused; NUL and anything not UTF-8 are dropped."""
    value = request.query_params.get(name, default)[:limit]
    return value.replace("\0", "").replace("\N{REPLACEMENT CHARACTER}", "")


def asked_integer(request: Request, name: str, default: int | None = None, *, least: int = 0) -> int | None:
    """A whole number from the address, `default` when it is anything else (page=-1, page=abc)."""
    number = whole_number(request.query_params.get(name, ""))
    return default if number is None or number < least else number


def asked_turn(request: Request) -> PageTurn:
    """The page of a list that the address asks for: after a key (?apres=), before one (?avant=), or the first. Kept in
    `request.state.turn`, so that the link to the other language leads to the same page."""
    after, before = (asked_text(request, name, limit=LONGEST_KEY) for name in ("apres", "avant"))
    request.state.turn = PageTurn(after or before, back=not after)
    turn: PageTurn = request.state.turn
    return turn


def turned(turn: PageTurn) -> dict[str, Any]:
    """A turn of pages as parameters of an address."""
    return {"avant" if turn.back else "apres": turn.key or None}
