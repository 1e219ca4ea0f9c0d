"""Hostile lines through every place that shows words: judged by parsers, never by looking for the line itself."""

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from httpx2 import Response
from starlette.applications import Starlette

from forum.database import rows
from forum.errors import Invalid
from forum.models.members import Member
from forum.models.themes import Theme
from forum.text.quotes import MARKER
from forum.text.reading import read
from forum.text.source import clean_line, clean_source
from tests import sinks
from tests.conftest import visitor
from tests.factories import make_post, make_thread
from tests.hostile import hostile_lines
from tests.text.test_reading import PROMISED, leads_somewhere_allowed
from tests.told import all_things
from tests.world import World

# Where people's words are, but for those that ranges count in and what can only be appended to: lines are put there.
COLUMNS = {
    "answer": {"service": 200},
    "case": {},
    "member": {"organisation": 120, "name": 60},
    "merge": {},
    "moderation_decision": {"facts": 500, "statement": 2000},
    "moderation_notice": {"words": 2000},
    "meeting": {"place": 200, "attendance": 2000, "minutes": 2000},
    "obligation": {"words": 500},
    "pending_post": {"title": 200, "source": 2000},
    "proposal": {"wording": 300, "body": 2000, "state_reason": 500},
    "proposal_merge": {"reason": 500},
    "proposal_turn": {"reason": 500},
    "proposal_version": {"wording": 300, "body": 2000, "reason": 500},
    "reception": {"name": 120, "organisation": 200, "channel": 60},
    "guiding_question": {"text": 500},
    "theme": {"title": 200},
    "thread": {"title": 200},
    "thread_turn": {"before": 200, "reason": 500},
    "working_group": {"name": 120},
}


class Page(HTMLParser):
    """The elements of a page with their attributes, what they lead to, and the words of each contribution."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()
        self.faults: list[str] = []
        self.words: dict[str, list[str]] = {}
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {(tag, ""), *((tag, name) for name, _ in attrs)}
        told = {name: value or "" for name, value in attrs}
        for name, value in told.items():
            if name.startswith("on") or name in ("style", "srcdoc", "ping", "formaction", "background"):
                self.faults.append(f"{tag}[{name}]")
            if name in ("src", "action", "srcset", "poster") or (name == "href" and tag != "a"):
                is_ours = not urlsplit(value).netloc and value.startswith("/") and not value.startswith("//")
                self.faults += [] if is_ours else [f"{tag}[{name}={value}]"]
            if name == "href" and tag == "a" and not leads_somewhere_allowed(value):
                self.faults += [] if value.startswith("?") else [f"a[{name}={value}]"]
        if tag == "article":
            self._in = told.get("id", "")
        if tag == "script" and "src" not in told:
            self.faults.append("script")

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._in = ""

    def handle_data(self, data: str) -> None:
        self.words.setdefault(self._in, []).append(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")


def letters(text: str) -> str:
    """Without digits: the number of an item is in its element."""
    return "".join(re.findall(r"[^\W\d_]", text))


def lines_to_put(limit: int) -> Iterator[str]:
    """Lines as a form would have cleaned them, again and again; those that it refuses are left out."""
    found = []
    for line in hostile_lines():
        try:
            found.append(clean_line(line, limit=10_000)[:limit].strip())
        except Invalid:
            continue
    return cycle(found)


async def put_everywhere() -> None:
    """A hostile line, each time another one, in place of the words of every row."""
    for table, columns in COLUMNS.items():
        for column, limit in columns.items():
            lines = lines_to_put(limit)
            # Columns begin at different lines, so that each kind of line is in many places.
            for _ in range(7 * len(column) + 11 * len(table)):
                next(lines)
            for found in await rows(f'SELECT id FROM "{table}" ORDER BY id'):
                line = next(lines)
                await rows(f'UPDATE "{table}" SET {column} = $2 WHERE id = $1', found["id"], line)
                if (table, column) == ("proposal", "body"):
                    reading = read(line)
                    await rows(
                        "UPDATE proposal SET body_html = $2, body_plain = $3 WHERE id = $1",
                        found["id"],
                        reading.html,
                        reading.plain,
                    )


async def contribute() -> tuple[int, dict[int, str]]:
    """A thread with a contribution for each line that a form accepts; returns it, and their sources."""
    thread = await make_thread(await Theme.get(number=3), "Des lignes")
    author = await Member.all().order_by("id").first()
    sources = {}
    for line in hostile_lines():
        try:
            source = clean_source(line, limit=20_000)
        except Invalid:
            continue
        # A quote alone on its line is structure, which only the domain writes.
        source = f"{source} fin" if MARKER.search(source) else source
        sources[(await make_post(thread, source, author=author)).id] = source
    return thread.id, sources


def faults_of(answer: Response, allowed: set[tuple[str, str]]) -> list[str]:
    """What a parser of its kind finds in an answer that should not be there."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        page = Page(answer.text)
        return [*page.faults, *(f"{tag}[{name}]" for tag, name in page.seen - allowed)]
    if kind == "application/atom+xml":
        feed = ElementTree.fromstring(answer.text)
        inside = [Page(each.text or "") for each in feed.iter("{http://www.w3.org/2005/Atom}content")]
        return [fault for each in inside for fault in each.faults] + [
            f"{tag}[{name}]" for each in inside for tag, name in each.seen if tag not in ("p", "br", "bdi") or name
        ]
    if kind == "text/csv":
        cells = [cell for row in csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";") for cell in row]
        return [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r") or re.match(r"-\D", cell)]
    if kind == "text/calendar":
        unfolded = answer.text.replace("\r\n ", "")
        return [line for line in unfolded.split("\r\n") if line and not re.match(r"[A-Z-]+[;:]", line)]
    if kind == "application/json":
        answer.json()
    return []


async def read_all(app: Starlette, world: World, addresses: list[str]) -> Iterator[tuple[str, str, Response]]:
    found = []
    for reader in ("visitor", "moderator of A", "administrator"):
        async with visitor(app) as browser:
            if token := world.guests[reader].token:
                browser.cookies.set("session", token, domain="127.0.0.1")
            for address in addresses:
                answer = await browser.get(address)
                assert answer.status_code < 500, (reader, address)
                found.append((reader, address, answer))
    return iter(found)


def test_there_are_lines_of_every_kind() -> None:
    assert len(set(hostile_lines())) >= 300


@pytest.mark.slow
async def test_a_hostile_line_is_nothing_but_words_wherever_it_stands(app: Starlette, world: World) -> None:
    things = await all_things(app, world)
    addresses = [each for each, name in sinks.addresses(things).items() if name not in ("static", "set_up_factor")]
    usual: set[tuple[str, str]] = {(tag, name) for tag, names in PROMISED.items() for name in ("", *names)}
    for _, _, answer in await read_all(app, world, addresses):
        if answer.headers.get("content-type", "").startswith("text/html"):
            usual |= Page(answer.text).seen
    usual |= {(tag, "") for tag in ("bdi", "div", "ins", "del")} | {("div", "data-focus")}
    thread, sources = await contribute()
    await put_everywhere()
    await rows("UPDATE theme SET version = version + 1")
    await rows("UPDATE thread SET version = version + 1")
    pages = [f"/fils/{thread}?apres={after}" for after in range(0, len(sources), 20)]
    pages += [f"/fils/{thread}/imprimer", f"/fils/{thread}/imprimer?apres=200", f"/fils/{thread}?vue=reponses"]
    pages += [f"/fils/{thread}/flux.atom", "/themes/3/flux.atom", *(f"/contributions/{one}/citer" for one in sources)]
    said: dict[str, str] = {}
    for reader, address, answer in await read_all(app, world, [*addresses, *pages]):
        assert faults_of(answer, usual) == [], (reader, address)
        if address.startswith(f"/fils/{thread}"):
            said |= {number: letters("".join(words)) for number, words in Page(answer.text).words.items()}
    for post, source in sources.items():
        assert letters(read(source).plain) in said[f"c-{post}"], source
