"""A source goes in; safe HTML and the words that a reader sees come out, in bounded time, whatever the source."""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.text.quotes import MOST_QUOTES, QuoteMark
from forum.text.reading import read
from tests.hostile import hostile_lines

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile"

# Repeated here, so that a change of the renderer's own list does not change what is promised.
PROMISED: dict[str, frozenset[str]] = {
    **{tag: frozenset() for tag in ("p", "br", "hr", "em", "strong", "s", "code", "pre", "ul", "blockquote")},
    **{tag: frozenset() for tag in ("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td")},
    "a": frozenset({"href", "rel"}),
    "ol": frozenset({"start"}),
    "li": frozenset({"value"}),
    "span": frozenset({"class"}),
    "cahier-quote": frozenset({"n"}),
}


class Inspector(HTMLParser):
    """Collects what breaks the promise, and the elements seen."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in PROMISED:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name not in PROMISED.get(tag, ()):
                self.faults.append(f"{tag}[{name}]")
            if name == "href" and not leads_somewhere_allowed(value or ""):
                self.faults.append(f"href={value}")

    def handle_comment(self, data: str) -> None:
        self.faults.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.faults.append("declaration")


def leads_somewhere_allowed(href: str) -> bool:
    if any(letter <= " " or letter == "\\" for letter in href):
        return False
    if href.startswith("/"):
        return not href.startswith("//")
    parts = urlsplit(href)
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and "@" not in parts.netloc
    return href.startswith("#") or (parts.scheme == "mailto" and not parts.query)


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


def hostile_cases() -> Iterator[tuple[str, str]]:
    """Each file is a case; those of lines/ are in `tests/hostile.py`."""
    for path in sorted(HOSTILE.glob("*.md")):
        yield path.name, path.read_text("utf-8")


HOSTILE_CASES = [*hostile_cases(), *((f"line {number}", line) for number, line in enumerate(hostile_lines()))]


def test_the_hostile_corpus_is_there() -> None:
    assert len(HOSTILE_CASES) >= 330


@pytest.mark.parametrize("source", [pytest.param(source, id=name) for name, source in HOSTILE_CASES])
def test_hostile_text_stays_within_the_promised_elements(source: str) -> None:
    for text in (source, f"mots {source} mots", f"**{source}**", f"[GT réunion 1] {source}"):
        assert inspect(read(text).html).faults == []


def test_the_inspector_sees_what_it_must_refuse() -> None:
    for html in ("<script>", "<p onclick=x>", "<a href=//evil>", "<a href=javascript:a>", "<!-- a -->", "<!doctype x>"):
        assert inspect(html).faults != []


NESTED_NUMBERS = """<ol>
<li>a
<ol>
<li>b</li>
<li value="4">c</li>
</ol>
</li>
<li value="1">d</li>
</ol>"""


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("un\ndeux", "<p>un<br>\ndeux</p>"),
        ("# Titre", "<h3>Titre</h3>"),
        ("##### Titre", "<h3>Titre</h3>"),
        ("# Un\n\n### Deux\n\n## Trois", "<h3>Un</h3>\n<h4>Deux</h4>\n<h4>Trois</h4>"),
        ("### Un\n\n# Deux\n\n## Trois", "<h3>Un</h3>\n<h3>Deux</h3>\n<h4>Trois</h4>"),
        ("# a\n## b\n### c\n#### d\n##### e", "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>\n<h6>d</h6>\n<h6>e</h6>"),
        ("**fort** et *juste*", "<p><strong>fort</strong> et <em>juste</em></p>"),
        ("~~non~~", "<p><s>non</s></p>"),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("3. a\n5. b\n6. c", '<ol start="3">\n<li>a</li>\n<li value="5">b</li>\n<li>c</li>\n</ol>'),
        ("1. a\n   1. b\n   4. c\n1. d", NESTED_NUMBERS),
        ("a\n---\nb\n--\nc\n===", "<p>a</p>\n<hr>\n<p>b<br>\n--<br>\nc<br>\n===</p>"),
        ("mots\n\n    en retrait *net*", "<p>mots</p>\n<p>en retrait <em>net</em></p>"),
        (
            "> cité\nà moi\n> encore",
            "<blockquote>\n<p>cité</p>\n</blockquote>\n<p>à moi</p>\n<blockquote>\n<p>encore</p>\n</blockquote>",
        ),
        (
            "*a*, **b** : l’*accès*, (*c*), *d*/*e*",
            "<p><em>a</em>, <strong>b</strong> : l’<em>accès</em>, (<em>c</em>), <em>d</em>/<em>e</em></p>",
        ),
        ("_**« a »**_ (**« b »**)", "<p><em><strong>« a »</strong></em> (<strong>« b »</strong>)</p>"),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ('"guillemets" -- et...', "<p>&quot;guillemets&quot; -- et...</p>"),
        ("[ici](/fils/3)", '<p><a href="/fils/3">ici</a></p>'),
        ("[ici](#p3)", '<p><a href="#p3">ici</a></p>'),
        ("[a](https://bnf.fr)", '<p><a href="https://bnf.fr" rel="nofollow ugc noopener">a</a></p>'),
        ("![vue](https://a.fr/v.png)", '<p><a href="https://a.fr/v.png" rel="nofollow ugc noopener">vue</a></p>'),
        ("![](/v.png)", '<p><a href="/v.png">/v.png</a></p>'),
        ("[![vue](/v.png)](/fils/3)", '<p><a href="/fils/3">vue</a></p>'),
        ("[mot]: suite", "<p>[mot]: suite</p>"),
        ("[a](javascript:b)", "<p>[a](javascript:b)</p>"),
        ("", ""),
        ("[GT réunion 1]", ""),
    ],
)
def test_markdown_as_we_speak_it(source: str, html: str) -> None:
    assert read(source).html == html


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("voir https://www.bnf.fr/a_b__c.", "https://www.bnf.fr/a_b__c"),
        ("(https://fr.wikipedia.org/wiki/Lecture_(sens))", "https://fr.wikipedia.org/wiki/Lecture_(sens)"),
        ("« https://bnf.fr »", "https://bnf.fr"),
        ("**https://bnf.fr**", "https://bnf.fr"),
        ("HTTPS://bnf.fr/?a=1&b=2 !", "HTTPS://bnf.fr/?a=1&b=2"),
        ("voir www.bnf.fr, merci", "www.bnf.fr"),
    ],
)
def test_a_bare_address_becomes_a_link_without_the_sentence_around_it(source: str, address: str) -> None:
    reading = read(source)
    assert f">{address.replace('&', '&amp;')}</a>" in reading.html
    assert reading.plain == source.replace("**", "")


@pytest.mark.parametrize("label", ["https://un.fr", "://un.fr"])
def test_an_address_within_a_label_makes_no_second_link(label: str) -> None:
    html = read(f"https[{label}](https://deux.fr)").html
    assert (html.count("<a "), 'https<a href="https://deux.fr"' in html, f">{label}</a>" in html) == (1, True, True)


@pytest.mark.parametrize(
    "source", ["fin.La suite", "numérique.la", "a@www.bnf.fr", "xhttps://bnf.fr", "`https://bnf.fr`"]
)
def test_a_typo_or_code_is_not_an_address(source: str) -> None:
    assert "<a " not in read(source).html


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("un\ndeux\n\ntrois", "un\ndeux\n\ntrois"),
        ("* un\n* **deux**", "• un\n• deux"),
        ("- un\n\n- deux\n\n  suite", "• un\n• deux\nsuite"),
        ("- un\n  - deux", "• un\n• deux"),
        ("3. un\n3. deux", "3. un\n3. deux"),
        ("3. un\n5. deux\n6. trois", "3. un\n5. deux\n6. trois"),
        ("2027.", "2027."),
        ("1. - a\n   - b\n2. c", "1. • a\n• b\n2. c"),
        ("3.\n4. b\n- \n- c", "3.\n4. b\n\n• c"),
        ("avant\n\n- un\n\naprès", "avant\n\n• un\n\naprès"),
        ("* un\n\n1. deux", "• un\n\n1. deux"),
        ("# Titre\nmots", "Titre\n\nmots"),
        ("```\n  a = 1\n```", "  a = 1"),
        ("a `b  c` d", "a b  c d"),
        ("|a|b|\n|-|-|\n|c|d|", "a | b\nc | d"),
        ("|a|b|\n|-|-|\n||d|\n|e||\n|||", "a | b\n| d\ne |"),
        ("|a|b|\n|-|-|\n|c|d|e|\n|f|g|", "a | b\n\n|c|d|e|\n|f|g|"),
        ("|a|b|\n|-|-|\n|c|d|\nmots", "a | b\nc | d\n\nmots"),
        ('[le rapport](/r "page 12") et [ici](/a)', "le rapport « page 12 » et ici"),
        ('![vue](/v.png "de face") [![a](/a "b")](/c "d") https://e.fr', "vue « de face » a « b » « d » https://e.fr"),
        ("il faut ~~supprimer~~ *former*", "il faut ~~supprimer~~ former"),
        ("Former tou*te*s les usager*ère*s et les agent*e*s", "Former tou*te*s les usager*ère*s et les agent*e*s"),
        ("tou**te**s 7*7 et 8*8, 2*(3+4)*5, (a+b)*c et d*(e)", "tou**te**s 7*7 et 8*8, 2*(3+4)*5, (a+b)*c et d*(e)"),
        ("prix* (*) et coût (*), 5€*3 et 6€*3", "prix* (*) et coût (*), 5€*3 et 6€*3"),
        (r"C:\_commun\*.doc et \\bnf\_a\*", r"C:\_commun\*.doc et \\bnf\_a\*"),
        (r"\*là\*, \\ et http:\*", r"*là*, \ et http:*"),
        ("10~~20 et 30~~40", "10~~20 et 30~~40"),
        ("d`accueil et d`orientation", "d`accueil et d`orientation"),
        ("``` Attention : ceci\nest important", "Attention : ceci\nest important"),
        ("Je propose.\nEt le lundi.\n--\nJeanne", "Je propose.\nEt le lundi.\n--\nJeanne"),
        ("    def f(x):\n        pass", "def f(x):\npass"),
        ("Bonjour,\n\n> Malik dit\nEt moi : non.\n> Zoé\n- oui", "Bonjour,\n\nEt moi : non.\n\n• oui"),
        (">50 % des agents\n> 20 % demandent", ">50 % des agents\n> 20 % demandent"),
        ("> 100 000 habitants\n> 3 ans", "> 100 000 habitants\n> 3 ans"),
        ("Les agents :\n>= 20 ans", "Les agents :\n>= 20 ans"),
        ("> 20 % des agents, disait\n> Malik\n\nOui", "Oui"),
        ("> 2 agents sont venus", ""),
        ("+ 5 postes\n+ 2", "+ 5 postes\n+ 2"),
        ("- 20 % de papier", "- 20 % de papier"),
        ("[ici](/a) &amp; \\*là\\*", "ici & *là*"),
        ("mes mots\n\n> les siens\n\nencore", "mes mots\n\nencore"),
        ("> - les siens\n\n- les miens", "• les miens"),
        ("{{citation 1@1 0-5}}\n\nma réponse", "ma réponse"),
        ("[GT réunion 1] Recruter [GT réunion 2]", "Recruter"),
        ("[GT\u200b réunion\u2060 1\ufeff] Recruter [\u00adGT réunion 2]", "Recruter"),
        ("@Malik oui", "@Malik oui"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("> seulement une citation", ""),
    ],
)
def test_plain_words_are_what_the_reader_sees(source: str, plain: str) -> None:
    assert read(source).plain == plain


def test_a_structured_quote_is_an_empty_element_with_its_number() -> None:
    reading = read("{{citation 12@1 0-154}}\nd'accord\n{{citation 13@2 5-9}}")
    assert reading.html == (
        '<cahier-quote n="0"></cahier-quote>\n<p>d\'accord</p>\n<cahier-quote n="1"></cahier-quote>'
    )
    assert reading.quotes == (QuoteMark(12, 1, 0, 154), QuoteMark(13, 2, 5, 9))


def test_a_page_cannot_be_inflated_by_quotes() -> None:
    reading = read("{{citation 1@1 0-20000}}\n" * 500)
    assert len(reading.quotes) == inspect(reading.html).seen.count("cahier-quote") == MOST_QUOTES


@pytest.mark.parametrize(
    "source", ["> " * 40 + "mot", "- " * 40 + "mot", "".join("  " * n + "- mot\n" for n in range(40))]
)
def test_no_word_is_lost_in_deep_nesting(source: str) -> None:
    assert read(source).html.count("mot") == source.count("mot")


def test_a_text_without_rest_keeps_its_words_but_not_its_blocks() -> None:
    reading = read("- mot\n" * 3000)
    assert reading.html.count("- mot") == 3000
    assert "<li>" not in reading.html


@pytest.mark.parametrize("source", ["a|b\n-|-\n" * 900, "a|" * 60 + "\n" + "-|" * 60 + "\n" + "|\n" * 1800])
def test_a_table_of_more_cells_than_people_write_stays_text(source: str) -> None:
    assert "<table>" not in read(source).html


STORMS = [
    *(
        "[",
        "![",
        "[a](",
        "[a](b ",
        "![a](/b) ",
        "[[a](/b)](/c) ",
        "]",
        "(",
        "[a](<b",
        "&amp;",
        "&#1",
        "\\",
        "<",
        "<a@b.fr>",
    ),
    *(
        "*a ",
        "**a*",
        "*a **a ",
        "***x* ",
        "a**b",
        "*_",
        "~~a",
        "`a ",
        "``a `b ",
        "> a\n",
        "- a\n",
        "> - a\n",
        "1) a\n2. b\n",
    ),
    *(
        "a|b\n",
        "a|b\n-|-\na|b|c\n",
        ">5\n",
        "+ a\n",
        "- 5 %\n",
        "a`b",
        "C:\\_",
        "\\\\a ",
        "a*b",
        "(*)",
        "http://",
        "http://[",
        "http://a(",
        "https://a.fr ",
        "www.a ",
        "www.",
        "://",
        "@a ",
        "@a@",
        "@-",
        "a@b.fr ",
    ),
    *(
        "{{citation 1@1 0-5}}\n",
        "{{citation ",
        "[GT réunion 1] ",
        "[GT ",
        "[GT réunion 1]\n\n",
        "```\n",
        "# a\n",
        "a\n=\n",
        "\n",
    ),
]


# Where the work of a reading is done; what measures the tests themselves is elsewhere.
READERS = ("forum", "markdown_it", "mdurl", "bleach", "tinycss2")


@pytest.mark.parametrize("storm", STORMS)
def test_work_grows_no_faster_than_the_text(storm: str) -> None:
    small, large = (work(storm * (length // len(storm))) for length in (1500, 6000))
    assert large < 5 * small + 2000


def work(source: str) -> int:
    """How many Python functions a reading calls: a measure of time that does not depend on the load of the machine."""
    calls = 0

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_globals["__name__"].startswith(READERS)

    sys.setprofile(count)
    try:
        read(source)
    finally:
        sys.setprofile(None)
    return calls


# Lines as people type them who know no Markdown, and those who do; none opens with ">", which is somebody else's words.
LINES = [
    "a|b",
    "-|-",
    "|c|d|e|",
    "``` f g",
    "```",
    "~~~ H",
    "5.",
    "3. i",
    "3. j",
    "1. - 4.",
    "- k",
    "  - 7. l",
    "    m",
    "*n*",
]
LINES += ["# O", "q", "---", "--", "+ 5 r", "- 20 % s", "~~t~~", "u`v", "{w}", "[x]: y", "9) z", "", ""]
PHRASES = st.text(alphabet="aé5 ,'’%€(«»)*_~`+-=|#.:\n", max_size=60)


@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from(LINES), max_size=8).map("\n".join) | PHRASES)
def test_no_letter_of_the_author_is_lost_and_none_is_added(source: str) -> None:
    assert re.findall(r"[^\W_]", read(source).plain) == re.findall(r"[^\W_]", source)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(["tou*te*s", "7*7", "(*)", "l`un", "10~~20", "a_b_c", "é*", "2*(3)*4"]), min_size=1))
def test_signs_inside_words_stay_where_they_are(words: list[str]) -> None:
    assert read(" ".join(words)).plain == " ".join(words)


FRAGMENTS = [
    *(
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "<",
        ">",
        "&",
        "&#",
        ";",
        "*",
        "_",
        "~~",
        "`",
        "```",
        "\n",
        "\n\n",
        "  ",
        "    ",
        "\t",
        "|",
    ),
    *(
        "- ",
        "1. ",
        "> ",
        "# ",
        "---",
        "\\",
        "/",
        "//",
        ":",
        "http://",
        "https://a.fr",
        "www.a.fr",
        "javascript:",
        "@",
        "@Ab-c",
    ),
    *(
        "{{citation 1@1 0-5}}",
        "{{citation",
        "}}",
        "[GT réunion 1]",
        "é",
        "\u0301",
        "\u00a0",
        "\u202e",
        "\x00",
        "\ud800",
        "a",
        '"',
    ),
]
ANY_TEXT = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))


@settings(deadline=None, max_examples=400)
@given(ANY_TEXT)
def test_any_text_can_be_read_and_is_safe(source: str) -> None:
    reading = read(source)
    inspector = inspect(reading.html)
    assert inspector.faults == []
    assert len(reading.quotes) == inspector.seen.count("cahier-quote")
    reading.html.encode("utf-8")
    reading.plain.encode("utf-8")


def test_readings_in_several_threads_do_not_disturb_each_other() -> None:
    sources = [f"@Ana{n} **mot** [a](/{n})\n\n- {n}\n\n{{{{citation {n + 1}@1 0-5}}}}" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, sources)) == [read(source) for source in sources]


def test_a_file_is_wrapped_where_its_editor_wrapped_it_and_people_are_not() -> None:
    source = "laissent de côté : ce\nqu’elles font  \nDéjà\n\n- un\n  lieu"
    assert read(source, wrapped=True).plain == "laissent de côté : ce qu’elles font\nDéjà\n\n• un lieu"
    assert read(source, wrapped=True).html.count("<br") == 1
    assert read(source).html.count("<br") == 3
