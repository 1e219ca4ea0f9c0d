"""A thread copied as text from a forum page becomes posts, quotes, tags and mentions; nobody's name is invented."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.importing.thread_text import PLACEHOLDER, ParsedPost, ThreadFileError, decode, parse_thread, report
from forum.text.quotes import QuoteMark
from forum.text.reading import read

SEED = Path(__file__).parents[1] / "cases" / "threads" / "formation-et-acteurs.txt"


@pytest.fixture(scope="module")
def seed() -> tuple[ParsedPost, ...]:
    return parse_thread(decode(SEED.read_bytes())).posts


def posts_of(body: str) -> tuple[ParsedPost, ...]:
    return parse_thread(f"Titre\n\n{body}").posts


def test_the_seed_has_ten_posts_and_one_instruction(seed: tuple[ParsedPost, ...]) -> None:
    assert parse_thread(decode(SEED.read_bytes())).title == "Propositions et pistes d’actions"
    assert [post.kind for post in seed] == ["instruction"] + ["contribution"] * 9
    assert [post.line for post in seed] == [5, 17, 24, 28, 32, 36, 40, 44, 52, 60]


def test_the_seed_has_three_tagged_posts_and_one_answer(seed: tuple[ParsedPost, ...]) -> None:
    assert [post.meetings for post in seed] == [(), (), (), (), (1,), (1,), (1,), (), (), ()]
    assert [post.leading_mention for post in seed] == [None] * 9 + ["Aurelien-MOREAU"]


def test_the_seeds_quote_is_recovered_and_names_one_author(seed: tuple[ParsedPost, ...]) -> None:
    assert [index for index, post in enumerate(seed) if post.quote] == [8]
    quote = seed[8].quote
    assert quote is not None
    assert (quote.author_handle, quote.title, quote.quoted_index) == (
        "Malik-Diallo",
        "Propositions et pistes d’actions",
        2,
    )
    assert (quote.start, quote.end) == (0, len(read(seed[2].source).plain))
    assert [post.author for post in seed].count(None) == 9
    assert seed[2].author == "Malik-Diallo"


def test_the_quoting_post_keeps_only_its_own_words(seed: tuple[ParsedPost, ...]) -> None:
    mark = QuoteMark(post=12, revision=1, start=0, end=353)
    reading = read(seed[8].with_quote(mark))
    assert reading.quotes == (mark,)
    assert reading.plain.startswith("Cette démarche implique également")
    assert "périmètre" not in reading.plain


def test_every_word_of_the_seed_is_kept(seed: tuple[ParsedPost, ...]) -> None:
    lines = SEED.read_text("utf-8").replace("• ", "").splitlines()[1:-1]
    quoted = seed[8].quote
    assert quoted is not None
    kept = "\n".join(
        f"@{quoted.author_handle} a dit dans {quoted.title} :\n{post.source}".replace(PLACEHOLDER, quoted.text)
        if post.quote
        else post.source
        for post in seed
    )
    assert kept.replace("* ", "").split() == " ".join(lines).split()


def test_the_seeds_lists_and_line_breaks_are_shown(seed: tuple[ParsedPost, ...]) -> None:
    assert read(seed[0].source).html.count("<li>") == 5
    assert read(seed[1].source).html.count("<br>") == 3
    assert read(seed[7].source).html.count("<p>") == 3


def test_the_report_says_each_post_in_a_line(seed: tuple[ParsedPost, ...]) -> None:
    lines = report(parse_thread(decode(SEED.read_bytes())))
    assert len(lines) == 10
    assert lines[0].startswith("ligne 5 · instruction · « Vous pouvez partager ici vos propositions")
    assert lines[2].endswith("auteur : Malik-Diallo")
    assert "GT réunion 1" in lines[4]
    assert "cite la ligne 24 (@Malik-Diallo)" in lines[8]
    assert "répond à @Aurelien-MOREAU" in lines[9]
    assert sum(line.endswith("auteur non connu") for line in lines) == 9


@pytest.mark.parametrize(
    ("body", "source"),
    [
        ("  • un", "un"),
        ("  •\u00a0un\n    deux", "un\ndeux"),
        ("  • un\n\n\n\n    deux", "un\n\ndeux"),
        ("  • un\n    • deux\n    • trois", "un\n* deux\n* trois"),
        ("  • un\n    • deux\n    trois", "un\n* deux\n\ntrois"),
        ("  • un\n    • deux\n      suite", "un\n* deux\n  suite"),
        ("  • un\n    • deux\n      • trois", "un\n* deux\n  * trois"),
        ("  • • deux", "* deux"),
        ("  • un \n   \n", "un"),
        ("  • un\r\n    deux", "un\ndeux"),
        ("  • un\nLog in to reply", "un"),
        ("  • un\n\nSe connecter pour répondre\n\n", "un"),
        ("  • Tirets - et *étoiles* • [GT réunion 1]", "Tirets - et *étoiles* • [GT réunion 1]"),
    ],
)
def test_a_post_is_its_lines_as_markdown(body: str, source: str) -> None:
    (post,) = posts_of(body)
    assert post.source == source


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "vide"),
        (" \n\n", 1, "vide"),
        ("  • un", 1, "titre"),
        ("\nLog in to reply", 2, "titre"),
        ("Titre", 1, "aucune contribution"),
        ("Titre\n\nLog in to reply", 3, "aucune contribution"),
        ("Titre\nmots", 2, "aucune contribution"),
        ("Titre\n    mots", 2, "aucune contribution"),
        ("Titre\n\n  • un\nmots", 4, "aucune contribution"),
        ("Titre\n\n  • un\n   mots", 4, "aucune contribution"),
        ("Titre\n\n  • un\n  •\n", 4, "vide"),
        ("Titre\n\n  • un\nLog in to reply\n  • deux", 5, "suit la fin"),
        ("Titre\n\n  • un\n    a\x00b", 4, "pas du texte"),
        ("Titre\n\n  • un\n    a\ufffdb", 4, "pas du texte"),
    ],
)
def test_what_does_not_fit_names_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(ThreadFileError, match=reason) as refused:
        parse_thread(text)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"Ligne {line} : ")


@pytest.mark.parametrize(
    ("raw", "line"), [(b"a\nb\xe9", 2), (b"\xff\xfea\x00", 1), (b"a\n\nb\x00", 3), (b"\xef\xbb\xbfa\n\n\xe9", 3)]
)
def test_bytes_that_are_not_utf8_name_their_line(raw: bytes, line: int) -> None:
    with pytest.raises(ThreadFileError) as refused:
        decode(raw)
    assert refused.value.line == line


def test_a_byte_order_mark_is_not_part_of_the_title() -> None:
    assert decode(b"\xef\xbb\xbfTitre \xc3\xa9") == "Titre é"


QUOTING = "  • @Zoé a dit dans Un fil :\n\n    {words}\n\n    Et moi."


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        ("Recruter en CDI", "Recruter  en\n    CDI"),
        ("Recruter\n\n    Former", "Recruter\n\n    Former"),
        ("Il faut\n    • recruter\n    • former", "Il faut\n    • recruter\n    • former"),
        ("[GT réunion 1] Recruter", "[GT réunion 1] Recruter"),
    ],
)
def test_whole_words_of_an_earlier_post_are_its_quote(earlier: str, words: str) -> None:
    first, second = posts_of(f"  • {earlier}\n\n\n{QUOTING.format(words=words)}")
    assert second.quote is not None
    assert (second.quote.quoted_index, second.quote.end) == (0, len(read(first.source).plain))
    assert second.source == f"{PLACEHOLDER}\n\nEt moi."
    assert (first.author, second.meetings) == ("Zoé", ())


@pytest.mark.parametrize(
    "attribution", ["@Zoé a dit :", "@Zoé said in Un fil:", "@Zoé said:", "@Zoé a dit dans Un fil\u00a0:"]
)
def test_attributions_of_both_languages_are_known(attribution: str) -> None:
    first, _ = posts_of(f"  • Recruter\n\n\n  • {attribution}\n\n    Recruter")
    assert first.author == "Zoé"


def test_a_quote_alone_leaves_only_its_placeholder() -> None:
    _, second = posts_of("  • Recruter\n\n\n  • @Zoé a dit :\n    Recruter")
    assert second.source == PLACEHOLDER


def test_unknown_quoted_words_stay_a_quote_and_are_reported() -> None:
    parsed = parse_thread("Titre\n  • Recruter\n" + QUOTING.format(words="Recruter mieux\n    et plus"))
    second = parsed.posts[1]
    assert second.source == "> @Zoé a dit dans Un fil :\n>\n> Recruter mieux\n> et plus\n\nEt moi."
    assert second.quote is not None
    assert second.quote.quoted_index is None
    assert (second.leading_mention, read(second.source).plain) == (None, "Et moi.")
    assert parsed.posts[0].author is None
    assert "non retrouvée" in report(parsed)[1]


def test_an_author_is_not_guessed_between_two_equal_posts() -> None:
    posts = posts_of("  • +1\n  • +1\n" + QUOTING.format(words="+1"))
    assert [post.author for post in posts] == [None, None, None]
    assert posts[2].quote is not None
    assert posts[2].quote.quoted_index is None


def test_an_author_whom_two_quotes_name_differently_stays_unknown() -> None:
    posts = posts_of("  • Recruter\n  • @Zoé a dit :\n    Recruter\n  • @Ana a dit :\n    Recruter")
    assert posts[0].author is None


def test_a_quote_of_a_quoting_post_is_recovered_too() -> None:
    middle = "@Ana a dit :\n\n    Recruter\n\n    Oui."
    posts = posts_of(f"  • Recruter\n  • {middle}\n" + QUOTING.format(words=middle))
    assert posts[2].quote is not None
    assert (posts[2].quote.quoted_index, posts[2].quote.end) == (1, len("Oui."))
    assert [post.author for post in posts] == ["Ana", "Zoé", None]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Titre", "  • ", "    ", "• ", "mots", "\n", "\n\n\n", "@Zoé a dit :", "Log in to reply"])
    )
)
def test_any_file_is_read_or_refused_with_a_line(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        parsed = parse_thread(text)
    except ThreadFileError as error:
        refused: ThreadFileError | None = error
    else:
        refused = None
        assert len(report(parsed)) == len(parsed.posts) > 0
    assert refused is None or 1 <= refused.line <= text.count("\n") + 1
