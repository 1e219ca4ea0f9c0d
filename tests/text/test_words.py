"""Folding, cleaning, names and typography: the small steps around a text."""

import unicodedata
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.errors import Invalid
from forum.importing.thread_text import parse_thread
from forum.text.characters import legible_text
from forum.text.folding import fold, looks, skeleton, sort_key
from forum.text.line_ends import with_hanging_breaks
from forum.text.mentions import handle_key
from forum.text.minutes import MinutesRow, rows_of
from forum.text.minutes_files import read_minutes
from forum.text.names import claims_house, clean_name, make_handle
from forum.text.reading import read
from forum.text.source import clean_line, clean_source
from forum.text.typography import day, french, moment, number, percent, size


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("MÉDIATEURS NUMÉRIQUES", "mediateurs numeriques"),
        ("Cœur, ŒUVRE, Lætitia", "coeur, oeuvre, laetitia"),
        ("l’été", "l'ete"),
        ("Straße", "strasse"),
        ("ﬁchier n° 2", "fichier n° 2"),
        ("a\u00a0b\u202fc", "a b c"),
        ("e\u0301", "e"),
        ("mé\u00addiathèque", "mediatheque"),
        ("Łódź ØRSTED", "lodz orsted"),
        ("İ", "i"),
        ("rendez\u2011vous, c’est\u2010à\u2011dire", "rendez-vous, c'est-a-dire"),
        ("ASCII `only`", "ascii 'only'"),
    ],
)
def test_fold_keeps_what_a_search_compares(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_search_without_accents_finds_capitals_with_accents() -> None:
    assert fold("mediateur numerique") not in fold("MÉDIATEURS NUMÉRIQUES")  # the plural s stands between the words
    assert fold("mediateurs numerique") in fold("MÉDIATEURS NUMÉRIQUES")


@settings(deadline=None)
@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper().lower()) == fold(text.upper())


def test_sorting_ignores_accents_case_and_quotation_marks() -> None:
    titles = ["Zones", "« Écoles »", "eau", "Étagères", "L’accueil"]
    assert sorted(titles, key=sort_key) == ["eau", "« Écoles »", "Étagères", "L’accueil", "Zones"]


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        ("un\r\ndeux\rtrois", "un\ndeux\ntrois"),
        ("fin \n\n ", "fin"),
        ("a\x08b\x1bc\x7fd\x81", "abcd"),
        ("l\x92\x9cuvre", "l’œuvre"),
        ("\ttab et e\u0301 et “ ” --", "\ttab et e\u0301 et “ ” --"),
        ("  * retrait", "  * retrait"),
    ],
)
def test_a_source_keeps_the_authors_words(raw: str, source: str) -> None:
    assert clean_source(raw, limit=100) == source


@pytest.mark.parametrize("raw", ["", " \n\t ", "\u200b\u00a0", "a\x00b", "a\ud800", "\u0301", "mots" * 26])
def test_a_source_that_cannot_be_kept_is_refused(raw: str) -> None:
    with pytest.raises(Invalid):
        clean_source(raw, limit=100)
    with pytest.raises(Invalid):
        clean_line(raw, limit=100)


def test_the_limit_counts_code_points_and_is_said() -> None:
    assert clean_source("é" * 100 + "\r\n", limit=100) == "é" * 100
    with pytest.raises(Invalid, match="101 caractères, pour 100 au plus"):
        clean_source("é" * 101, limit=100)


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028"])
def test_what_ends_a_line_anywhere_ends_it_in_every_text(sign: str) -> None:
    words = f"Former{sign}les bénévoles"
    assert clean_source(words, limit=100) == legible_text(words) == "Former\nles bénévoles"
    assert clean_line(words, limit=100) == "Former les bénévoles"
    assert "<br" in read(clean_source(words, limit=100)).html
    assert [row.text for row in rows_of(f"- Former{sign}- Ouvrir")] == ["Former", "Ouvrir"]
    assert [line.strip() for line in read_minutes(words.encode()).split("\n")] == ["Former", "les bénévoles"]
    assert parse_thread(f"Titre{sign}{sign}  • Former{sign}  • Ouvrir").posts[1].source == "Ouvrir"


@pytest.mark.parametrize("sign", ["\v", "\u2028"])
def test_a_line_broken_inside_a_copied_post_continues_it(sign: str) -> None:
    posts = parse_thread(f"Titre\n\n  • Former{sign}les agents\n\n  • Ouvrir").posts
    assert [post.source for post in posts] == ["Former\nles agents", "Ouvrir"]


def test_what_parts_paragraphs_or_words_is_not_deleted() -> None:
    assert clean_source("Former\u2029Ouvrir", limit=100) == "Former\n\nOuvrir"
    assert clean_line("Former\u2029Ouvrir\x1fle soir\x1c.", limit=100) == "Former Ouvrir le soir ."


def test_a_line_has_one_line() -> None:
    assert clean_line("  un\r\n\tdeux\u00a0 trois\u2028 ", limit=30) == "un deux trois"


@pytest.mark.parametrize(
    "name",
    [
        "דוד בן-גוריון",
        "محمد علي",
        "नरेन्द्र मोदी",
        "Malik Diallo",
        "J.-P. Dupont",
        "Anne d’Arc",
        "O'Neil",
        "Nguyễn Văn A",
        "Ольга",
        "Aurélien MOREAU",
        "M.Brun",
    ],
)
def test_names_of_people_are_accepted(name: str) -> None:
    assert clean_name(f"  {name} ") == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "A",
            "x" * 61,
            "-Malik",
            "1234",
            "Malik<b>",
            "Malik_D",
            "@Malik",
            "a/b",
            "Mal\u202eik",
            "Malik\x00",
            "Malik 😀",
        ),
        *(
            "www.exemple.fr",
            "exemple.fr",
            "Malik exemple.com",
            "www exemple",
            "Modération",
            "L’ADMINISTRATEUR",
            "Adm1n",
        ),
        *(
            "Compte effacé",
            "Camille\u200b",
            "Camille\u3164",
            "Cam\u034fille",
            "Z\u0301\u0302\u0303\u0304\u0305algo",
            "Camille \u0301",
        ),
        *("דוד Martin", "Camille\u20dd", "Camille1\u0301", "\ufdfa" * 10, "Camille" + " " * 300),
        *("Ad-min", "A.d.m.i.n", "Admln", "AdmIn", "Ad ministration", "Consigne des organisateurs", "Adꞌmin", "ᎪDMIN"),
        *("ɱodération", "Moderatꙇon", "Ꮇinistre", "O\uff46ficiel", "SUРРORT", "ꓢupport", "Sup\ua4f8port", "Organiser"),
        *("Auteur non connu", "Auteur-non-connu", "Author not known", "Compte effacé", "Anonymous"),
        *("Ministère de la Culture", "Le-Cahier", "М0dérateur", "Mаlik", "Μalik", "Αdmin", "\u0301Malik"),
    ],
)
def test_names_that_mislead_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        clean_name(name)


HOUSE = frozenset({"Agence du numérique", "Bretagne", "GT Formation et acteurs"})


@pytest.mark.parametrize(
    "name",
    ["Agence du numérique", "L’Agence-du-Numerique", "Agence du numérlque Nord", "Bretagne", "GT formation et acteurs"],
)
def test_nobody_takes_the_name_of_the_house(name: str) -> None:
    assert clean_name(name)
    with pytest.raises(Invalid):
        clean_name(name, house=HOUSE)


@pytest.mark.parametrize(
    "name", ["Yves Bretagne", "Agence Martin", "Cécile Formation", "Ali Mall", "Emile Carnet", "Marne"]
)
def test_a_name_that_only_shares_a_word_with_the_house_is_accepted(name: str) -> None:
    assert clean_name(name, house=HOUSE) == name


@pytest.mark.parametrize(
    ("organisation", "claims"),
    [
        *[(said, True) for said in ("Équipe de modération", "Administration du site", "AGENCE DU NUMERIQUE", "Admln")],
        *[(said, True) for said in ("L’équipe de l’Agence du numérique et du GT Formation et acteurs", "Οrganisateur")],
        *[(said, True) for said in ("Modérateur du GT", "Modération du groupe de travail", "Moderator, working group")],
        *[
            (said, False)
            for said in (
                "Groupe de travail",
                "Agence du numérique, DRAC Bretagne",
                "Administration pénitentiaire",
                "Le Site",
            )
        ],
        *[
            (said, False)
            for said in ("Préfecture du Rhône", "Médiathèque de Brest", "École nationale d’administration")
        ],
    ],
)
def test_an_organisation_may_be_of_the_house_but_not_claim_to_speak_for_it(organisation: str, claims: bool) -> None:
    assert claims_house(organisation, HOUSE) is claims


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        *[("Nathan", look) for look in ("ΝΑΤΗΑΝ", "ꓠathan", "Nɑthan", "NATHАN", "𝐍athan", "Nathan")],
        *[("Bernard Martin", look) for look in ("Bemard Martin", "BERNARD MARTIN", "Bernarԁ Martin")],
        *[("Lila", look) for look in ("Li1a", "LiIa", "ʟila")],
    ],
)
def test_whatever_looks_like_a_name_is_that_name(name: str, taken: str) -> None:
    assert looks(name) & looks(taken)


def test_names_that_are_told_apart_stay_apart() -> None:
    names = [
        "Malik",
        "Mali",
        "Marie",
        "Maria",
        "Elie",
        "Elle",
        "Bernard",
        "Ольга",
        "Олег",
        "ثابت",
        "بابت",
        "Νίνα",
        "Anne",
    ]
    assert len({look for name in names for look in looks(name)}) >= len(names)
    assert all(not looks(one) & looks(other) for one in names for other in names if one != other)


@given(st.text(max_size=80) | st.text(st.characters(categories=["L", "M", "Zs", "Cf"]), max_size=80))
def test_a_name_that_is_accepted_can_be_seen_and_told_apart(raw: str) -> None:
    try:
        name = clean_name(raw)
    except Invalid:
        return
    assert clean_name(name) == name == unicodedata.normalize("NFC", name).strip()
    assert 2 <= len(name) <= 60
    assert len(handle_key(make_handle(name))) <= 110
    assert not {unicodedata.category(letter) for letter in name} & {"Cf", "Cc", "Cs", "Co", "Me", "Zl", "Zp"}
    assert "@" not in name


@given(st.text(st.characters(categories=["L", "Mn"]), min_size=2, max_size=30))
def test_a_name_is_one_however_it_is_composed_or_written(raw: str) -> None:
    try:
        name = clean_name(raw)
    except Invalid:
        return
    keys = {handle_key(make_handle(unicodedata.normalize(form, name))) for form in ("NFC", "NFD")}
    assert len(keys) == 1
    try:
        decomposed = clean_name(unicodedata.normalize("NFD", raw))
    except Invalid:
        pytest.fail(f"{raw!r} is a name when composed only")
    assert decomposed == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("Malik", "MALIK"), ("Malik", "MaIik"), ("Aurélien", "Aure\u0301lien"), ("Aurélien", "Aurelien")],
        *[("Ольга", "ОЛЬГА"), ("Рас", "Pac"), ("Jean-Paul", "Jean Paul"), ("d’Arc", "d'Arc"), ("Malo", "Mal0")],
    ],
)
def test_look_alike_names_have_one_key(one: str, other: str) -> None:
    assert handle_key(make_handle(one)) == handle_key(make_handle(other))


def test_different_names_have_different_keys() -> None:
    names = ("Emilie", "Emille", "Marnie", "Mamie", "Anne Laure", "Annelaure")
    assert len({handle_key(make_handle(name)) for name in names}) == 6


def test_a_capital_i_passes_for_an_l_only_after_a_small_letter() -> None:
    assert skeleton("MaIik Ida LÉIA") == "malik ida leia"


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Malik Diallo", "Malik-Diallo"),
        ("J.-P. Dupont", "J.-P.-Dupont"),
        ("Anne D.", "Anne-D"),
        ("Zoé d’Arc", "Zoé-d’Arc"),
    ],
)
def test_a_handle_is_the_name_in_one_word(name: str, handle: str) -> None:
    assert make_handle(name) == handle


@pytest.mark.parametrize(
    ("line", "text", "kept"),
    [
        ("Recruter des médiateurs", "Recruter des médiateurs", True),
        ("- Recruter", "Recruter", True),
        ("  • Recruter", "Recruter", True),
        ("*\u00a0Recruter", "Recruter", True),
        ("– Recruter", "Recruter", True),
        ("1. Recruter", "Recruter", True),
        ("12) Recruter", "Recruter", True),
        ("a) Recruter", "Recruter", True),
        ("[GT réunion 1] - Recruter", "Recruter", True),
        ("- [gt reunion n°2] Recruter [GT réunion 1]", "Recruter", True),
        ("-5 % de postes", "-5 % de postes", True),
        ("2019 fut une année", "2019 fut une année", True),
        ("**Recruter**", "**Recruter**", True),
        ("RECRUTER " * 10, ("RECRUTER " * 10).strip(), True),
        ("# Décisions", "Décisions", False),
        ("Décisions :", "Décisions :", False),
        ("PRÉSENTS", "PRÉSENTS", False),
        ("Présents : Nadia Berthier, Karim Haddad", "Présents : Nadia Berthier, Karim Haddad", False),
        ("Étaient présent·e·s : trois personnes", "Étaient présent·e·s : trois personnes", False),
        ("- Excusées : Nadia Berthier", "Excusées : Nadia Berthier", False),
        ("Absents", "Absents", False),
        ("Ordre du jour", "Ordre du jour", False),
        ("Compte rendu de la réunion 2", "Compte rendu de la réunion 2", False),
        ("Compte rendu public des décisions", "Compte rendu public des décisions", True),
        ("La séance est ouverte à 14 h.", "La séance est ouverte à 14 h.", False),
        ("Séance levée à 17 h", "Séance levée à 17 h", False),
        ("Présenter les aides dans chaque commune", "Présenter les aides dans chaque commune", True),
        ("- Recruter des médiateurs ;", "Recruter des médiateurs", True),
        ("- Recruter,", "Recruter", True),
        ("-----", "-----", False),
        ("[GT réunion 1]", "[GT réunion 1]", False),
    ],
)
def test_each_line_of_minutes_is_a_row(line: str, text: str, kept: bool) -> None:
    assert rows_of(f"\n{line}\r\n") == (MinutesRow(2, text, kept),)


@pytest.mark.parametrize(
    "bullet",
    [
        *("•\t", "•", "o\t", "o   ", "§\t", "§ ", "Ø\t", "ü\t", "\uf0b7\t", "\uf0a7 ", "\uf0d8", "\uf0fc\t"),
        *("➢ ", "● ", "→ ", "►", "✓ ", "-", "–\u00a0", "+ ", "☐ ", "[ ] ", "- [x] ", "■ ", "❖ ", "∙ ", "⁃ "),
        *("1/ ", "2- ", "2 - ", "3 – ", "a. ", "b) ", "(c) ", "(4) ", "1° ", "1.2 ", "1.2. ", "iv. ", "5\t", "12.\t"),
        *("-> ", "=> ", "--> ", "->\t", "1°) ", "A/ ", "a/ ", "A) "),
        *("- 1. ", "• – ", "  o\t"),
    ],
)
def test_a_bullet_is_what_programs_and_people_write(bullet: str) -> None:
    assert rows_of(f"Compte rendu\n{bullet}Former les agents")[1:] == (MinutesRow(2, "Former les agents", kept=True),)


@pytest.mark.parametrize(
    "words",
    [
        *(
            "M. Diallo demande un budget",
            "2 – 3 agents suffisent",
            "-5 % de postes",
            "2019 fut une année",
            "1.5 million",
        ),
        *(
            "1/2 journée par mois",
            "3-4 ateliers par an",
            "+ 5 % de postes",
            "A. Martin demande un budget",
            "§ 3 du rapport",
        ),
        *("*Former* les agents", "«\u00a0Former\u00a0» les agents", "o tempora", "à l’accueil", "·e·s"),
    ],
)
def test_a_line_that_only_looks_so_has_no_bullet(words: str) -> None:
    assert rows_of(words)[0].text == words


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        # As a reader of PDF gives them.
        (
            "• Former les agents,\navec le CNFPT, dès la rentrée des agents\n2027",
            ["Former les agents, avec le CNFPT, dès la rentrée des agents 2027"],
        ),
        ("• Ouvrir les média-\nthèques", ["Ouvrir les médiathèques"]),
        ("• Ouvrir les média\u00ad\nthèques", ["Ouvrir les médiathèques"]),
        ("• Prendre rendez-\nvous en Seine-\nSaint-Denis", ["Prendre rendez-vous en Seine-Saint-Denis"]),
        ("• Aller en porte-\nà-porte, au rez-\nde-chaussée", ["Aller en porte-à-porte, au rez-de-chaussée"]),
        ("• Un chef-\nd’œuvre, une main-\nd'œuvre", ["Un chef-d’œuvre, une main-d'œuvre"]),
        ("• Ouvrir la média-\nthèque-école, c’est-\nà-dire tard", ["Ouvrir la médiathèque-école, c’est-à-dire tard"]),
        ("• Créer un tiers-\nlieu\n• Ouvrir le tiers-lieu", ["Créer un tiers-lieu", "Ouvrir le tiers-lieu"]),
        ("• Former avec le\nCNFPT\n• Ouvrir", ["Former avec le CNFPT", "Ouvrir"]),
        ("• Former à la\n2\nPage 2 sur 3\nmédiation", ["Former à la médiation", "2", "Page 2 sur 3"]),
        (
            "Le groupe propose aussi que les médiathèques\nouvrent le soir.",
            ["Le groupe propose aussi que les médiathèques ouvrent le soir."],
        ),
        # As people write them.
        ("- Former\n  Les agents aussi\n  - Ouvrir", ["Former Les agents aussi", "Ouvrir"]),
        ("- Former\nUne longue discussion suit.", ["Former", "Une longue discussion suit."]),
        ("- Former.\nouvrir", ["Former.", "ouvrir"]),
        ("- Former\n\nouvrir", ["Former", "ouvrir"]),
        ("- Former [GT réunion 1]\nouvrir", ["Former", "ouvrir"]),
        ("- Former\n[GT réunion 1] ouvrir", ["Former", "ouvrir"]),
        ("[GT réunion 1] - Former\nles agents [GT réunion 1]", ["Former les agents"]),
        ("former les agents ;\nouvrir le soir ;", ["former les agents", "ouvrir le soir"]),
        ("former les agents\nouvrir le soir", ["former les agents", "ouvrir le soir"]),
        ("Former\nouvrir", ["Former", "ouvrir"]),
        ("# Suites\nouvrir", ["Suites", "ouvrir"]),
    ],
)
def test_a_visual_line_is_not_a_statement(lines: str, texts: list[str]) -> None:
    assert [row.text for row in rows_of(lines)] == texts


@pytest.mark.parametrize(
    "words",
    [
        *(
            "30/06/2027",
            "12.3.27",
            "sept. 2027",
            "fin juin 2027",
            "1er mars",
            "d’ici le 3 avril à 14 h",
            "T3 2027",
            "2027",
        ),
        *(
            "2e trimestre 2027",
            "Mi-mars",
            "Mme Martin",
            "M. Diallo et Mme Le Goff",
            "MM. Martin, Diallo",
            "Nadia Berthier",
        ),
        *("Dr J. Petit", "Karim Haddad (CNFPT)", "Échéance", "Pilote", "Page 1 sur 2", "- 3 -", "p. 4", "5/6"),
        *("Compte rendu du 12 mars 2027",),
    ],
)
def test_heads_dates_names_and_numbers_of_pages_come_unticked(words: str) -> None:
    assert [row.kept for row in rows_of(f"{words}\n\nOuvrir le dimanche")] == [False, True]


def test_a_long_text_without_sense_is_read_at_once() -> None:
    for words in (
        "- a\n" + "a-\n" * 20_000,
        "A " * 30_000,
        "Mme A, " * 8_000,
        "1.1." * 15_000,
        "fin " * 15_000,
        "-\u00ad" * 30_000,
    ):
        assert rows_of(words)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "- ", "• ", "12. ", "  ", "# ", "➢"]),
            st.lists(st.sampled_from(["Former", "les", "agents", "média-", "Rendez-vous", "2027", "fin.", "(note)"])),
            st.sampled_from(["\n", "\r\n", "\v", "\f", "\u2028", "-\n", "\u00ad\n", "\n\n"]),
        )
    )
)
def test_no_letter_of_the_minutes_is_lost(lines: list[tuple[str, list[str], str]]) -> None:
    written = "".join(f"{bullet}{' '.join(words)}{end}" for bullet, words, end in lines)
    said = "".join(row.text for row in rows_of(with_hanging_breaks(written)))
    assert [each for each in said if each.isalpha()] == [each for each in written if each.isalpha()]


def test_rows_keep_the_numbers_of_their_lines() -> None:
    assert [row.line for row in rows_of("un\r\n\r\ndeux\n \ntrois")] == [1, 3, 5]
    assert rows_of(" \n") == ()


def test_where_some_lines_have_a_bullet_only_they_are_kept() -> None:
    source = (
        "Compte rendu du groupe\n- Former\nUne longue discussion suit.\n2) Recruter\n# Divers\n- Absents : personne"
    )
    assert [row.text for row in rows_of(source) if row.kept] == ["Former", "Recruter"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (number(1234567, "fr"), "1\u202f234\u202f567"),
        (number(-1234, "fr"), "−1\u202f234"),
        (number(-3, "en"), "−3"),
        (number(1234.5, "en"), "1,234.5"),
        (percent(Fraction(1, 3), "fr"), "33,3\u202f%"),
        (percent(Fraction(1, 2), "en"), "50%"),
        (percent(Fraction(1, 2000), "fr"), "0\u202f%"),
        (percent(1.0, "fr"), "100\u202f%"),
        (size(0, "fr"), "0\u00a0ko"),
        (size(49_152, "en"), "49.2\u00a0kB"),
        (size(700_000, "fr"), "700\u00a0ko"),
        (size(1_000_000, "fr"), "1\u00a0Mo"),
        (size(999_000_000, "en"), "999\u00a0MB"),
        (size(79_964_300_000, "fr"), "80\u00a0Go"),
        (day(date(2026, 12, 12), "fr"), "12 décembre 2026"),
        (day(date(2026, 12, 1), "fr"), "1er décembre 2026"),
        (day(date(2026, 12, 1), "en"), "1 December 2026"),
        (moment(datetime(2026, 12, 12, 17, 0, tzinfo=UTC), "fr"), "12 décembre 2026 à 18\u00a0h\u00a000"),
        (moment(datetime(2026, 12, 12, 17, 5, tzinfo=UTC), "en"), "12 December 2026 at 18:05"),
        (moment(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "fr"), "1er juillet 2026 à 0\u00a0h\u00a030"),
    ],
)
def test_numbers_and_dates_follow_the_readers_customs(written: str, expected: str) -> None:
    assert written == expected


def test_a_moment_without_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        moment(datetime(2026, 12, 12), "fr")


def test_our_french_never_leaves_a_sign_alone_on_a_line() -> None:
    assert french("Est-ce prêt ? Oui ; voici : « rien » !") == (
        "Est-ce prêt\u202f? Oui\u202f; voici\u00a0: «\u00a0rien\u00a0»\u202f!"
    )
    assert french("contribution n° {number}, n° 2 ou N° 3, un n° à part") == (
        "contribution n°\u00a0{number}, n°\u00a02 ou N°\u00a03, un n° à part"
    )
    assert french("à 95 % de confiance, et %(name)s") == "à 95\u202f% de confiance, et %(name)s"
    assert french("à 18:00, https://a.fr/?b") == "à 18:00, https://a.fr/?b"
