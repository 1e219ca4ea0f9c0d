"""Words that run to the left, beside ours: wherever they are shown, they turn nothing but themselves."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette

from forum.database import rows
from forum.settings import Settings
from forum.text.directions import isolate, turns, without_turns
from forum.web.plumbing.isolation import Isolation, set_apart
from tests.votes.test_sealed import addresses, places, reading
from tests.workers.test_mail import TEMPLATES, WORDS, part, waiting
from tests.world import World
from workers.letters import message_of

HEBREW = "דוד כהן"
# As in a title that somebody copied from elsewhere: an override that is never closed.
TURNED = f"{HEBREW} \u202e"
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
# What people call themselves or their things, and say of them in one line.
LINES = {
    "member": ("name", "organisation", "suspended_reason"),
    "thread": ("title",),
    "thread_turn": ("before", "reason"),
    "proposal": ("wording", "state_reason"),
    "proposal_version": ("wording", "reason"),
    "proposal_merge": ("reason",),
    "proposal_turn": ("reason",),
    "meeting": ("place",),
    "answer": ("service", "reason"),
    "obligation": ("words", "done_words"),
    "invitation": ("name", "organisation"),
    "treatment": ("reason",),
    "working_group": ("name",),
    "theme": ("title",),
}


class Lines(HTMLParser):
    """The lines of a page in which words that run to the left stand beside ours, not set apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.bare: list[str] = []
        self._around: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._around.append((tag, ("dir", "auto") in attributes))

    def handle_endtag(self, tag: str) -> None:
        while self._around and self._around.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        if turns(text) and not self._is_apart(text):
            self.bare.append(" ".join([*(tag for tag, _ in self._around[-2:]), text.strip()]))

    def _is_apart(self, text: str) -> bool:
        tags = {tag for tag, _ in self._around}
        if tags & {"textarea", "script"} or any(apart for _, apart in self._around):
            return True
        if "bdi" in tags:
            return "\u202e" not in text
        return not turns(re.sub("\u2068[^\u2066-\u2069]*\u2069", "", text))


@pytest.mark.slow
@pytest.mark.one_database
async def test_no_page_lets_the_words_of_people_turn_ours(app: Starlette, world: World) -> None:
    for table, columns in LINES.items():
        said = ", ".join(f"{column} = CASE WHEN {column} = '' THEN '' ELSE $1 END" for column in columns)
        await rows(f"UPDATE {table} SET {said}", HEBREW if table == "member" else TURNED)
    app.state.kept = type(app.state.kept)()
    wanted = list(addresses(await places(world)))
    found: set[str] = set()
    seen = 0
    async with reading(app, world) as clients:
        for name in ("visitor", "member", "moderator of A", "administrator"):
            for address in wanted:
                answer = await clients[name].get(address)
                if answer.headers.get("content-type", "").startswith("text/html") and HEBREW in answer.text:
                    seen += 1
                    found.update(f"{address}: {line}" for line in Lines(answer.text).bare)
    assert seen > 50
    assert sorted(found) == []


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_no_mail_lets_the_words_of_people_turn_ours(configured: Settings, template: str, locale: str) -> None:
    said = {name: TURNED if name in ("name", "inviter", "reason", "provider") else word for name, word in WORDS.items()}
    message = message_of(waiting(template, locale=locale, values=said))
    for text in (str(message["Subject"]), part(message, "plain"), part(message, "html")):
        assert not turns(re.sub(f"\u2068{HEBREW}\u2069", "", " ".join(text.split())))


@given(st.text(st.sampled_from("a ד\u202e\u202c\u2066\u2067\u2068\u2069"), max_size=12))
def test_nothing_within_ends_what_sets_it_apart(words: str) -> None:
    apart = isolate(words)
    assert apart == words if not turns(words) else apart[0] + apart[-1] == "\u2068\u2069"
    depth = 0
    for letter in without_turns(words):
        depth += (letter in "\u2066\u2067\u2068") - (letter == "\u2069")
        assert depth >= 0
        assert letter not in "\u202c\u202e"
    assert depth == 0


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("<p>{{ name }}</p>", "<p><bdi>דוד</bdi></p>"),
        ("<p>{{ 'Léa' if False else name -}} </p>", "<p><bdi>דוד</bdi></p>"),
        ('<p title="{{ name }}">{{ "Léa" }}</p>', '<p title="דוד">Léa</p>'),
        ('<a{% if name > "A" %} rel="{{ name }}"{% endif %}>{# > #}{{ name }}</a>', '<a rel="דוד"><bdi>דוד</bdi></a>'),
        ("<title>{{ name }}</title>", "<title>\u2068דוד\u2069</title>"),
        ("{% block title %}{{ name }}{% endblock %}", "\u2068דוד\u2069"),
        ("<textarea>{{ name }}</textarea>{{ name|safe }}", "<textarea>דוד</textarea>דוד"),
        ("{{ _('Bonjour %(name)s', name=name) }}", "Bonjour \u2068דוד\u2069"),
        ("{% trans name=name %}Bonjour {{ name }}{% endtrans %}", "Bonjour \u2068דוד\u2069"),
    ],
)
def test_what_a_template_writes_is_set_apart_where_it_stands(template: str, page: str) -> None:
    environment = Environment(
        loader=DictLoader({"page.html": template}), autoescape=True, extensions=["jinja2.ext.i18n", Isolation]
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined] # added by the extension
    set_apart(environment, {})
    assert environment.get_template("page.html").render(name="דוד") == page
    plain = re.sub("</?bdi>|[\u2068\u2069]", "", page).replace("דוד", "Léa")
    assert environment.get_template("page.html").render(name="Léa") == plain
