"""Every page is audited in a real browser: an address without a scene is a page that was never checked."""

import re

from starlette.routing import Match, Route

from forum.routes import Shelves, routes
from tests.browser.scenes import CLOSED, OPEN, Scene

# Addresses without a page: redirects, downloads, and those for machines.
NO_PAGE = {
    "post",
    "post_decision",
    "proposal_decision",
    "minutes_decision",
    "answer_decision",
    "document",
    "frozen_data",
    "verifying_file",
    "signature",
    "own_archive",
    "api_synthesis",
    "api_own_archive",
    "live",
    "metrics",
    "ready",
    "static",
    "meetings_calendar",
    "meeting_calendar",
    "results_sheet",
    "theme_feed",
    "thread_feed",
    "resume_thread",
    "titled_thread",
    "thread_people",
    "moderation_sheet",
}
# Pages of a site that has a provider of identities: tests/browser/test_providers.py looks at them.
BY_A_PROVIDER = {"provider_return", "provider_signed_out", "first_time", "link_identity", "unlink_identity"}
# Pages of somebody who has a second factor: tests/browser/test_second_factor.py looks at them.
WITH_A_FACTOR = {"sign_in_code", "renew_codes", "turn_factor_off"}

READ = [route for route in routes() if isinstance(route, Route) and "GET" in (route.methods or ())]


def name_of(scene: Scene) -> str | None:
    """The route that answers a scene: the first that matches, as in the application."""
    path = re.sub(r"\{\w+\}", "1", scene.path.partition("?")[0])
    return next((route.name for route in READ if route.path_regex.fullmatch(path)), None)


def test_every_page_has_its_scene() -> None:
    seen = {name_of(scene) for scene in (*OPEN, *CLOSED)}
    assert {route.name for route in READ} - NO_PAGE - BY_A_PROVIDER - WITH_A_FACTOR <= seen


def test_what_has_no_page_has_no_scene() -> None:
    """So that the lists above stay true."""
    assert {route.name for route in READ} >= NO_PAGE | BY_A_PROVIDER | WITH_A_FACTOR
    assert not {name_of(scene) for scene in (*OPEN, *CLOSED)} & NO_PAGE


def test_a_scene_is_an_address_of_the_site_or_says_that_it_is_not() -> None:
    assert [scene.path for scene in (*OPEN, *CLOSED) if name_of(scene) is None and scene.status != 404] == []


SAMPLES = ("1", "12", "T3-001", "x.pdf", "1.ics", "nouvelle", "resultats.csv", "a/b", "", "{x}")


async def test_an_address_is_found_as_if_each_were_asked_in_turn() -> None:
    """Every path of the table with all kinds of parts, cut and lengthened, by every method."""
    paths = {re.sub(r"\{[^}]+\}", part, one.path) for one in routes() for part in SAMPLES}
    paths |= (
        {"*"}
        | {path + more for path in paths for more in ("/", "/1", "/modifier", "x")}
        | {path[:-1] for path in paths}
    )
    table, shelves = routes(), Shelves(routes())
    found = set()
    for path in sorted(paths):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            scope = {"type": "http", "path": path, "method": method}
            asked = [(*one.matches(scope), one) for one in table]
            first = [each for wanted in (Match.FULL, Match.PARTIAL) for each in asked if each[0] is wanted][:1]
            match, parts = shelves.matches(scope)
            if not first:
                assert (match, parts) == (Match.NONE, {}), (method, path)
                continue
            assert (match, parts.pop("place"), parts) == (first[0][0], first[0][2], first[0][1]), (method, path)
            found.add((first[0][2].name, match))
    assert {name for name, _ in found} == {one.name for one in routes()}
