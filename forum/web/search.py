"""/recherche: what was said, by its words. The whole search is the address of its page."""

from datetime import date
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.search.results import LONGEST_QUERY, SearchFilter, search
from forum.language import LOCALES
from forum.models.answers import Fate
from forum.models.search import SearchKind
from forum.web.plumbing.callers import place_of
from forum.web.plumbing.forms import asked_integer, asked_text, asked_turn, turned
from forum.web.plumbing.page import page, pages

# What may have become of a proposal that everybody reads, of those that no data of former versions bring.
FATES = tuple(fate for fate in Fate if fate not in (Fate.DRAFT, Fate.HIDDEN, Fate.KEPT))


async def show(request: Request) -> Response:
    """A page of results or, when nothing is asked for, how to search."""
    typed, wanted = asked_text(request, "mots", limit=LONGEST_QUERY).strip(), _asked(request)
    found = await search(request.state.viewer, place_of(request), typed, wanted, asked_turn(request))
    context = {
        "typed": typed,
        "found": found,
        "filters": _filters(wanted),
        "kinds": tuple(SearchKind),
        "fates": FATES,
        "other_locale_url": _in_other_language(request, {"mots": typed or None} | _filters(wanted)),
    }
    response = await page(request, "search/show.html", context)
    # No other engine keeps what is found here: it would outlive what is hidden or erased.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _asked(request: Request) -> SearchFilter:
    return SearchFilter(
        kind=_one_of(SearchKind, asked_text(request, "quoi", limit=20)),
        theme=asked_integer(request, "theme", least=1),
        meeting=asked_integer(request, "reunion", least=1),
        author=asked_text(request, "personne", limit=120).strip(),
        fate=_one_of(Fate, asked_text(request, "etat", limit=30)),
        since=_day(asked_text(request, "du", limit=10)),
        until=_day(asked_text(request, "au", limit=10)),
    )


def _in_other_language(request: Request, asked: dict[str, object]) -> str:
    """The address of this search in the other language, on the same page of its results."""
    other = next(each for each in LOCALES if each != request.state.locale)
    return pages(request).addresses.path(other, "search", asked | turned(request.state.turn))


Choice = TypeVar("Choice", SearchKind, Fate)


def _one_of(choices: type[Choice], typed: str) -> Choice | None:
    return next((each for each in choices if each == typed), None)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _filters(wanted: SearchFilter) -> dict[str, object]:
    """The filters in force, as parameters of an address."""
    named = {
        "quoi": wanted.kind,
        "theme": wanted.theme,
        "reunion": wanted.meeting,
        "personne": wanted.author,
        "etat": wanted.fate,
        "du": wanted.since,
        "au": wanted.until,
    }
    return {name: value for name, value in named.items() if value not in ("", None)}
