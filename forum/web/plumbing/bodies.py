"""From the bytes of a request to its fields: the ways in which a form may be sent, whatever it means.

As browsers send it, or as one JSON object whose keys are the fields: a list is a field that was sent several times,
true a ticked box, false and null an unticked one. Numbers stay as they were written. Anything else is refused here: the
rest of the program never meets an object, NaN, or a lone surrogate.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from forum.errors import Invalid, Unreadable

URL_ENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"
# Limits for forms with a file.
MULTIPART = "multipart/form-data"
# The longest form is a page of minutes, with two fields per line; no person sends more.
FIELDS_AT_MOST = 2000
# A form with a file has a few other fields.
PARTS_AT_MOST = 20
# No field of ours has a name half as long; the limit matters because names are repeated in answers.
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Fields:
    """Every value by field, in their order; `lists` are those that were sent as lists, whatever their length."""

    values: dict[str, list[str]] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()


def media_type(request: Request) -> str:
    """The declared media type of the body, without its parameters; a form when there is none."""
    return request.headers.get("content-type", URL_ENCODED).split(";")[0].strip().lower()


def read_url_encoded(body: bytes) -> Fields:
    """The fields of a form. Raises HTTPException 400: it is not UTF-8, or has too many fields."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_AT_MOST)
    except ValueError:
        raise HTTPException(400) from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return Fields(values)


async def read_multipart(request: Request, body: bytes) -> tuple[Fields, dict[str, bytes]]:
    """Fields, and files by the name of their field; the declared name and type of a file are ignored.

    Raises:
        HTTPException: 400, it is cut off, or has more parts than any form of ours.
    """

    # No browser declares a charset here, and the parser would trust any: UTF-7, or half a character in UTF-16.
    if "charset" in request.headers["content-type"].lower():
        raise HTTPException(400)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        request.headers, whole(), max_files=1, max_fields=PARTS_AT_MOST, max_part_size=max(len(body), 1)
    )
    try:
        sent = await parser.parse()
    except MultiPartException:
        raise HTTPException(400) from None
    values: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
        else:
            files[name] = await value.read()
    await sent.close()
    return Fields(values), files


def read_json(body: bytes) -> Fields:
    """Raises:
    Unreadable: it is not JSON (RFC 8259) in UTF-8, names a field twice, or is nested beyond all reading.
    Invalid: it is JSON, but not an object of texts, numbers, true, false, null, and lists of these.
    """
    try:
        # Numbers stay texts: a thousand digits cost nothing, and 1e999 is not infinity.
        found = json.loads(
            body.decode(), parse_int=str, parse_float=str, parse_constant=_refuse_constant, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        raise Unreadable("Le corps de cette demande n’est pas du JSON valide, en UTF-8.") from None
    if not isinstance(found, dict):
        raise Invalid("Envoyez un objet JSON, dont chaque clé est un champ.")
    values = {_name(name): _values(name, value) for name, value in found.items()}
    if sum(map(len, values.values())) > FIELDS_AT_MOST:
        raise HTTPException(400)
    lists = frozenset(name for name, value in found.items() if isinstance(value, list))
    return Fields({name: each for name, each in values.items() if each}, lists)


def _refuse_constant(name: str) -> object:
    """Refuse NaN and infinities, which Python reads although JSON does not have them."""
    raise ValueError(name)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse two values under one name, of which some programs keep the first and others the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("Un champ est donné deux fois dans ce JSON. Pour plusieurs valeurs, envoyez une liste.")
    return found


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME or not _is_text(name):
        raise Unreadable("Un nom de champ de ce JSON n’est pas lisible.")
    return name


def _values(name: str, value: object) -> list[str]:
    typed = [_scalar(name, each) for each in (value if isinstance(value, list) else [value])]
    return [each for each in typed if each is not None]


def _scalar(name: str, value: object) -> str | None:
    """A value as a browser would send it; None is an unticked box."""
    if value is None or value is False:
        return None
    if value is True:
        return "1"
    if not isinstance(value, str):
        raise Invalid("Ce champ attend un texte, un nombre, vrai ou faux, ou une liste de ceux-ci.", field=name)
    if not _is_text(value):
        raise Invalid("Ce texte contient un caractère qui ne peut pas être enregistré.", field=name)
    return value


def _is_text(text: str) -> bool:
    """Whether it has no lone surrogate (\\ud800), which no database takes."""
    return not any("\ud800" <= one <= "\udfff" for one in text)
