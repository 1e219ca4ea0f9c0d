"""The addresses of pages, by the names of `forum/routes.py`.

Starlette's own `url_path_for` tries every route in turn, which a page with a hundred links pays a hundred times; here a
name leads to its pattern at once. Parameters that are not in the pattern become the query.
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode, urlsplit

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

ENGLISH = "/en"


class RowNumber(IntegerConvertor):
    """`int` of an address: a number that an integer column can hold. An address with a longer one does not exist."""

    regex = "[0-9]{1,9}"


class SmallNumber(IntegerConvertor):
    """`small` of an address: a number that a small integer column can hold (the number of a theme)."""

    regex = "[0-9]{1,4}"


register_url_convertor("int", RowNumber())
register_url_convertor("small", SmallNumber())


class Addresses:
    """Patterns of the routes by name: `addresses.path("fr", "thread", {"thread": 3, "page": 2})`."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        named = [route for route in routes if isinstance(route, Route)]
        self._patterns = {route.name: (route.path_format, frozenset(route.param_convertors)) for route in named}

    def path(self, locale: str, name: str, params: dict[str, object]) -> str:
        """The local path of a page in a language; parameters that are None are left out.

        Raises:
            KeyError: no route has that name, or a part of its path is missing.
        """
        pattern, parts = self._patterns[name]
        prefix = ENGLISH if locale == "en" else ""
        path = prefix + pattern.format_map({part: quote(str(params[part])) for part in parts})
        query = {key: str(value) for key, value in params.items() if key not in parts and value is not None}
        return f"{path}?{urlencode(query)}" if query else path


def local_path(asked: str) -> str:
    """`asked` when it is a path of this site, otherwise empty: we never redirect elsewhere."""
    if not asked.startswith("/") or asked.startswith(("//", "/\\")):
        return ""
    if "\\" in asked or not asked.isprintable():
        return ""
    return asked


def page_before(request: Request) -> str:
    """The page of ours that the reader comes from; empty when the browser does not say, or says something
    unreadable."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if before.netloc != request.headers.get("host"):
        return ""
    return local_path(before.path + (f"?{before.query}" if before.query else ""))
