"""Words marked in place: exactly these words, and nothing else in the HTML changes."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.text.highlights import Highlight, marked
from forum.text.reading import read

_MARKED = re.compile(r'<mark class="extract" aria-details="x">(.*?)</mark>', re.DOTALL)


def letters(text: str) -> str:
    return "".join(text.split())


def unmarked(html: str) -> str:
    return re.sub(r"</?mark[^>]*>", "", html)


@pytest.mark.parametrize(
    ("source", "words", "expected"),
    [
        ("Il faut *former* les agents.", "faut former les", ["faut", "former", "les"]),
        ("- un\n- deux\n- trois", "un\n• deux", ["un", "deux"]),
        ("3. un\n4. deux", "4. deux", ["deux"]),
        ("> cité\n\nÀ moi.", "À moi.", ["À moi."]),
        ("Un & deux < trois", "& deux <", ["& deux <"]),
        ("| a | b |\n|--|--|\n| c d | e |", "b\nc d", ["b", "c d"]),
        ("| a | b |\n|--|--|\n|  | e |\n| \\| |\n| f |", "| e\n| |\nf", ["e", "|", "f"]),
        ("3. un\n7. ~~deux~~ trois\n9.\n2. - x", "~~deux~~ trois\n9.\n2. • x", ["deux", "trois", "x"]),
        ("Un\ndeux", "Un\ndeux", ["Un", "deux"]),
        ("- \n- b", "• b", ["b"]),
        ("Voir https://exemple.fr/a?b=1&c=2 et", "https://exemple.fr/a?b=1&c=2 et", ["https://exemple.fr/a?b=1&c=2"]),
    ],
)
def test_words_are_marked_where_they_stand(source: str, words: str, expected: list[str]) -> None:
    reading = read(source)
    start = reading.plain.index(words)
    found = marked(reading.html, reading.plain, [Highlight(start, start + len(words), "x")])
    said = [unescape(one) for one in _MARKED.findall(found)]
    assert said[: len(expected)] == expected
    assert unmarked(found) == reading.html


SOURCES = st.lists(
    st.sampled_from(
        [
            "un *deux* trois",
            "- a",
            "  - b **c**",
            "1. d",
            "7. e",
            "> f",
            "`g  h`",
            "",
            "",
            "# T",
            "| i | j |",
            "|--|--|",
            "[k](https://l.fr)",
            "@Camille-Aubry m",
            "```\nn\n  o\n```",
            "&amp; <b> &eacute;",
            "{{citation 1@1 0-4}}",
            "\xa0p",
            "---",
            "• q",
            "1\\. r",
            "s\u200bt",
            "![u](v.png)",
            "e\u0301",
            "-",
            "> - w",
            "~~x *y*~~ z",
            "||a|",
            "|~~b~~||",
            "1. - 5.",
            "\\| c | \\~~",
            "tou*te*s",
        ]
    ),
    max_size=12,
).map("\n".join)


# Control characters are refused when something is written.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=80)


@given(SOURCES | TEXTS, st.data())
def test_any_words_are_marked_and_nothing_else_changes(source: str, data: st.DataObject) -> None:
    reading = read(source)
    start = data.draw(st.integers(0, len(reading.plain)))
    stop = data.draw(st.integers(start, len(reading.plain)))
    found = marked(reading.html, reading.plain, [Highlight(start, stop, "x")])
    assert unmarked(found) == reading.html
    said = letters("".join(unescape(re.sub(r"<[^>]*>", "", one)) for one in _MARKED.findall(found)))
    # Bullets, bars and strokes are drawn by the browser: the words between them are what is marked.
    assert re.sub(r"[•0-9.|~]", "", said) == re.sub(r"[•0-9.|~]", "", letters(reading.plain[start:stop]))


@given(SOURCES, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_highlights_may_overlap_and_marks_never_cross(source: str, ranges: list[tuple[int, int]]) -> None:
    reading = read(source)
    found = marked(reading.html, reading.plain, [Highlight(a, b, f"n{i}") for i, (a, b) in enumerate(ranges)])
    assert unmarked(found) == reading.html
    for inside in re.findall(r"<mark[^>]*>(.*?)</mark>", found, re.DOTALL):
        assert "<" not in inside


@pytest.mark.parametrize(
    ("html", "plain", "words"),
    [
        ("<p>Il faut <s>supprimer</s> former.</p>", "Il faut supprimer former.", "supprimer former"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td></td></tr></table>", "a\tb\nc\t", "b\nc"),
        ("<ol>\n<li></li>\n<li>un</li>\n<li>\n<ul>\n<li>x</li>\n</ul>\n</li>\n</ol>", "2. un\n• x", "un\n• x"),
    ],
)
def test_posts_of_an_older_version_are_marked_in_the_words_of_their_time(html: str, plain: str, words: str) -> None:
    start = plain.index(words)
    found = marked(html, plain, [Highlight(start, start + len(words), "x")])
    assert letters("".join(_MARKED.findall(found))) == letters(words.replace("•", ""))
    assert unmarked(found) == html


def test_html_of_other_words_is_left_alone() -> None:
    assert marked("<p>autre chose</p>", "des mots", [Highlight(0, 3, "x")]) == "<p>autre chose</p>"
