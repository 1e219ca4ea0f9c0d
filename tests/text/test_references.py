"""What a text refers to: meetings, people, other posts' words, addresses."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forum.errors import Invalid
from forum.text.links import safe_href
from forum.text.meetings import split_tags, tag_label
from forum.text.mentions import WrittenMention, handle_key
from forum.text.quotes import QuoteMark, digest, locate, words
from forum.text.reading import read


@pytest.mark.parametrize(
    ("source", "rest", "numbers"),
    [
        ("[GT réunion 1] Recruter", "Recruter", (1,)),
        ("Recruter [GT réunion 1]", "Recruter", (1,)),
        ("Recruter (emplois précaires)[GT réunion 1]", "Recruter (emplois précaires)", (1,)),
        ("[gt REUNION 12]\nRecruter", "Recruter", (12,)),
        ("[GT Re\u0301union 1] a", "a", (1,)),
        ("[GT\u00a0réunion\u202f1] a", "a", (1,)),
        ("[ GT  réunion  n° 7 ] a", "a", (7,)),
        ("[GT réunion n°7] a", "a", (7,)),
        ("[GT réunion no 7] a", "a", (7,)),
        ("[GT réunion No. 7] a", "a", (7,)),
        ("[GT réunion 007] a", "a", (7,)),
        ("[GT réunion 999] a", "a", (999,)),
        ("[GT réunion 1] [GT réunion 2] a [GT réunion 3][GT réunion 1]", "a", (1, 2, 3)),
        ("[GT réunion 1]\n\n    code", "    code", (1,)),
        ("\n\n  [GT réunion 1] a", "\n\n  a", (1,)),
        ("a\n\n[GT réunion 1]\n", "a", (1,)),
        ("* a\n* b [GT réunion 1]", "* a\n* b", (1,)),
        ("```\ncode\n```\n[GT réunion 1]", "```\ncode\n```", (1,)),
        ("> cité\n\nmoi [GT réunion 1]", "> cité\n\nmoi", (1,)),
        ("{{citation 1@1 0-5}}\n\n[GT réunion 1] a", "{{citation 1@1 0-5}}\n\na", (1,)),
        ("[GT réunion 1] : a", "a", (1,)),
        ("[GT réunion 1]\u00a0: a", "a", (1,)),
        ("[GT réunion 1] – a", "a", (1,)),
        ("[GT réunion 1], [GT réunion 2] : a", "a", (1, 2)),
        ("[GT réunion 1] -20 %", "-20 %", (1,)),
        ("[GT réunion 1]\n- a", "- a", (1,)),
        ("a [GT réunion 1].", "a.", (1,)),
        ("a ! [GT réunion 1].", "a !", (1,)),
        ("a [GT réunion 1], [GT réunion 2]\u202f!", "a\u202f!", (1, 2)),
        ("[GT réunion 1].", "", (1,)),
        ("a ([GT réunion 1])", "a", (1,)),
        ("a ( [GT réunion 1] ).", "a.", (1,)),
        ("([GT réunion 1]) a", "a", (1,)),
        ("([GT réunion 1]) : a", "a", (1,)),
        ("a (b) ([GT réunion 1]) [GT réunion 2]", "a (b)", (1, 2)),
        ("a (b) [GT réunion 1]", "a (b)", (1,)),
        ("[GT réunion 1] (b) a", "(b) a", (1,)),
        ("> a\n[GT réunion 1]", "> a", (1,)),
        ("\t[GT réunion 1]", "", (1,)),
        ("a\n\n    b [GT réunion 1]", "a\n\n    b", (1,)),
        ("[GT réunion 1]", "", (1,)),
    ],
)
def test_a_tag_at_either_end_is_read_and_taken_off(source: str, rest: str, numbers: tuple[int, ...]) -> None:
    assert split_tags(source) == (rest, numbers)


@pytest.mark.parametrize(
    "source",
    [
        *(
            "",
            "a",
            "a [GT réunion 1] b",
            "[GT réunion 0] a",
            "[GT réunion 1000] a",
            "[GT réunion] a",
            "[GT réunion une] a",
        ),
        *(
            "[GT réunion 1",
            "GT réunion 1]",
            "[GT\nréunion 1] a",
            "[réunion 1] a",
            "[GT réunion ١] a",
            "[GT réunion -1] a",
        ),
        *(
            "`[GT réunion 1]` a",
            "a `[GT réunion 1]`",
            "    [GT réunion 1] a",
            "```\na\n[GT réunion 1]",
        ),
        *("```\n[GT réunion 1]\n```", "> [GT réunion 1] a", "> a [GT réunion 1]"),
        *("[GT réunion 1](https://bnf.fr) a", "a [b [GT réunion 1]](/c)", "a \\[GT réunion 1]"),
        *(
            "a (voir [GT réunion 1])",
            "(b) a (voir b [GT réunion 1])",
            "a]([GT réunion 1])",
            "(a [GT réunion 1] b)",
            "\\([GT réunion 1]) a",
        ),
        *("a ![GT réunion 1](/b)", "- > a [GT réunion 1]", "~~~\na\n~~~~ x\n[GT réunion 1]"),
    ],
)
def test_what_is_not_a_tag_stays_text(source: str) -> None:
    assert split_tags(source) == (source, ())


@settings(deadline=None)
@given(st.text(alphabet="ab [](){}`>*\n\\é@", max_size=40), st.integers(1, 999), st.booleans())
def test_tags_leave_the_rest_unchanged(text: str, number: int, before: bool) -> None:
    text = text.strip()
    assume(text and not text.startswith("("))
    tag = f"[{tag_label(number)}]"
    rest, numbers = split_tags(f"{tag} {text}" if before else f"{text} {tag}")
    if before or numbers:
        assert (rest, numbers) == (text, (number,))
    else:
        assert rest == f"{text} {tag}"
        assert any(mark in text for mark in "`>\\")


def test_the_badge_takes_the_tag_out_of_the_text() -> None:
    reading = read("Garantir un cadre d’emploi (fin des emplois précaires) [GT réunion 1]")
    assert reading.html == "<p>Garantir un cadre d’emploi (fin des emplois précaires)</p>"
    assert reading.meetings == (1,)


@pytest.mark.parametrize(
    ("source", "mentions"),
    [
        ("@Aurelien-MOREAU En Indre-et-Loire", [("Aurelien-MOREAU", True)]),
        ("merci @Zoé.", [("Zoé", False)]),
        ("(@Zoé), @Jean_Paul! **@Ana**", [("Zoé", False), ("Jean_Paul", False), ("Ana", False)]),
        ("@Anne-d’Arc’ et @O'Neil", [("Anne-d’Arc", True), ("O'Neil", False)]),
        ("@J.-P.-Dupont, oui", [("J.-P.-Dupont", True)]),
        ("@Zoe\u0301 oui", [("Zoe\u0301", True)]),
        ("@Zoé @zoe @ZOÉ", [("Zoé", True)]),
        ("- @Zoé", [("Zoé", True)]),
        ("> @Autre\n\n@Zoé", [("Zoé", True)]),
        ("{{citation 1@1 0-5}}\n\n@Zoé oui", [("Zoé", True)]),
        ("[GT réunion 1] @Zoé oui", [("Zoé", True)]),
        ("oui\n@Zoé", [("Zoé", False)]),
        ("# Titre\n\n@Zoé", [("Zoé", False)]),
        ("```\ncode\n```\n@Zoé", [("Zoé", False)]),
        ("`code` @Zoé", [("Zoé", False)]),
        ("![@Non](/b) [@Non](/a) <a@non.fr> `@Non` \\@Non", []),
        ("    @Zoé", [("Zoé", True)]),
        ("> @Non\n@Zoé", [("Zoé", True)]),
        ("> @Non", []),
        ("ecrire@exemple.fr e\u0301@non _@non /@non @@non", []),
        ("@non@exemple.fr", []),
        ("https://exemple.fr/@non", []),
        ("@ @- @' @. @_a", []),
        ("@" + "a" * 67, []),
    ],
)
def test_mentions(source: str, mentions: list[tuple[str, bool]]) -> None:
    reading = read(source)
    assert [(mention.handle, mention.leading) for mention in reading.mentions] == mentions
    assert {f'<span class="mention">@{handle}</span>' in reading.html for handle, _ in mentions} <= {True}
    assert ("mention" in reading.html) == bool(mentions)


def test_a_handle_is_one_whatever_its_case_and_accents() -> None:
    assert handle_key("Aurélien-MOREAU") == handle_key("aurelien-moreau") != handle_key("aurelien-moreau-2")
    assert read("@Zoé").mentions == (WrittenMention("Zoé", leading=True),)


@pytest.mark.parametrize(
    "source",
    [
        *(
            "{{citation 1@1 5-5}}",
            "{{citation 1@1 6-5}}",
            "{{citation 1@1 0-5}",
            "{{ citation 1@1 0-5}}",
            "{{citation 1 0-5}}",
        ),
        *(
            "{{citation 1@1 00-5}}",
            "{{citation ١@1 0-5}}",
            "{{citation ?}}",
            "a {{citation 1@1 0-5}}",
            "{{citation 1@1 0-5}} a",
        ),
        *(
            "```\n{{citation 1@1 0-5}}\n```",
            "> {{citation 1@1 0-5}}",
            "- {{citation 1@1 0-5}}",
        ),
        *("`{{citation 1@1 0-5}}`", "{{CITATION 1@1 0-5}}", "- a\n\n  {{citation 1@1 0-5}}"),
    ],
)
def test_a_malformed_or_misplaced_marker_stays_text(source: str) -> None:
    reading = read(source)
    assert reading.quotes == ()
    assert "citation" in reading.html.lower()
    assert "cahier-quote" not in reading.html


@pytest.mark.parametrize(
    "before", ["", "mots", "    mots", "- un", "> cité", "# Titre", "```\na\n```", "{{citation 2@1 0-1}}"]
)
def test_a_marker_stands_wherever_a_block_may_begin(before: str) -> None:
    mark = QuoteMark(post=12, revision=3, start=0, end=154)
    assert read(f"{before}\n{mark.marker()}\nsuite").quotes[-1] == mark


def test_quoted_words_are_a_range_of_the_plain_text() -> None:
    assert words("Recruter en CDI", 9, 15) == "en CDI"
    assert digest("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (0, 0), (3, 2), (0, 16), (15, 16), (8, 9)])
def test_a_range_outside_the_words_is_refused(start: int, end: int) -> None:
    with pytest.raises(Invalid):
        words("Recruter en CDI", start, end)


@pytest.mark.parametrize(
    ("plain", "wanted", "found"),
    [
        ("Il faut ~~supprimer les postes~~ former.", "les postes", "~~supprimer les postes~~"),
        ("Il faut ~~supprimer~~ les postes", "faut supprimer", "faut ~~supprimer~~"),
        ("Il faut ~~supprimer~~ former.", "former.", "former."),
        ("Coût | Oui\nGain | Non", "Oui Gain", "Oui\nGain"),
        ("Coût | Oui\nGain | Non", "Gain\tNon", "Gain | Non"),
        ("~~a b", "b", "b"),
        ("Voici\n3. • un\n4. deux", "Voici un deux", "Voici\n3. • un\n4. deux"),
    ],
)
def test_words_are_chosen_with_the_signs_that_a_page_draws(plain: str, wanted: str, found: str) -> None:
    spot = locate(plain, wanted)
    assert spot
    assert words(plain, *spot) == found


PLAIN = "Voici :\n\n• l’accueil des « publics »\n• la\u00a0formation\n\nEt l'accueil encore -problématique"


@pytest.mark.parametrize(
    ("wanted", "near", "found"),
    [
        ("l'accueil", 0, "l’accueil"),
        ("l'accueil", len(PLAIN), "l'accueil"),
        ("l’accueil des “publics”", 0, "l’accueil des « publics"),
        ("Voici : l’accueil", 0, "Voici :\n\n• l’accueil"),
        ("publics »\n- la formation", 0, "publics »\n• la\u00a0formation"),
        ("  la formation\r\n\r\nEt ", 0, "la\u00a0formation\n\nEt"),
        ("• la formation", 0, "la\u00a0formation"),
        (") l'accueil", 0, "l’accueil"),
        ("mots absents", 0, None),
        ("ACCUEIL", 0, None),
        ("", 0, None),
        (" \n• ", 0, None),
    ],
)
def test_selected_words_are_found_where_they_stand(wanted: str, near: int, found: str | None) -> None:
    spot = locate(PLAIN, wanted, near=near)
    assert (spot and words(PLAIN, *spot).removesuffix(" »")) == found


@pytest.mark.parametrize(("near", "start"), [(0, 0), (4, 3), (5, 6), (7, 6), (8, 9), (900, 9), (-5, 0)])
def test_of_several_places_the_nearest_is_taken(near: int, start: int) -> None:
    assert locate("oui oui oui oui".replace(" ", ""), "oui", near=near) == (start, start + 3)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="abé ’'«\"\n•-*1.\u00a0\u200b", max_size=60), st.data())
def test_any_selection_of_a_text_is_found_again(plain: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(plain)))
    end = data.draw(st.integers(start, len(plain)))
    spot = locate(plain, plain[start:end], near=start)
    letters = [letter for letter in plain[start:end] if letter in "abé"]
    if spot:
        assert [letter for letter in plain[slice(*spot)] if letter in "abé"] == letters
        assert not plain[spot[0]].isspace()
        assert not plain[spot[1] - 1].isspace()
    else:
        assert not letters


@pytest.mark.parametrize(
    "href",
    [
        *(
            "https://bnf.fr",
            "HTTP://bnf.fr/a?b=c#d",
            "http://localhost:8000/",
            "https://[2001:db8::1]/a",
            "https://été.fr/é",
        ),
        *("#p12", "#", "/", "/fils/3?page=2#p12", "mailto:a.b+c@exemple.fr", "https://xn--t-9fab.fr"),
    ],
)
def test_addresses_that_a_page_may_lead_to(href: str) -> None:
    assert safe_href(href) == href


@pytest.mark.parametrize(
    "href",
    [
        *(
            "",
            "fils/3",
            "?a=b",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            " https://bnf.fr",
        ),
        *(
            "javascript:a",
            "JAVASCRIPT:a",
            "java\nscript:a",
            "data:text/html,a",
            "vbscript:a",
            "file:///a",
            "ftp://a.fr",
        ),
        *(
            "https:",
            "https://",
            "https:bnf.fr",
            "https:/bnf.fr",
            "https:///bnf.fr",
            "https://a@b.fr",
            "https://a:b@c.fr",
        ),
        *("https://b.fr%40evil.example", "https://b.fr:0/", "https://b.fr:99999/", "https://b.fr:x/", "https://[::1/"),
        *(
            "https://-b.fr",
            "https://b..fr",
            "https://b.fr\\@c.fr",
            "https://b.fr\u202e",
            "https://b\u00a0.fr",
            "mailto:",
        ),
        *(
            "mailto:a",
            "mailto:a@b.fr?cc=c@d.fr",
            "mailto:a@b.fr%0a",
            "mailto:a@b.fr,c@d.fr",
            "https://b.fr/" + "a" * 2000,
        ),
    ],
)
def test_addresses_that_no_page_leads_to(href: str) -> None:
    assert safe_href(href) is None
