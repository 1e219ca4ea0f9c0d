"""Invitations: one by one, by file, accepted; files as spreadsheets write them, and files that are not lists."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.database import row, rows
from forum.domain.members import invitations
from forum.domain.members.invitation_files import Guest, GuestList, guests_in, read_guests
from forum.domain.sign_in import passwords
from forum.domain.upkeep.identifiers import mend_identifiers
from forum.errors import Invalid
from forum.models.joining import Invitation
from forum.models.members import Member, Role
from forum.sealing import unseal
from tests.conftest import NOON, Clock, visitor
from tests.factories import count, make_member, sign_in
from tests.turning import turn
from workers import mail, running

PAGE = "/administration/invitations"
FILE = f"{PAGE}/liste"
SHEET = """\
Nom;Adresse e-mail;Organisation;Langue
Éloïse Lœuf;eloise@exemple.fr;Médiathèque de Quimper;français
Malik Diallo;Malik@Exemple.fr;;anglais
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip argon2, which takes a fifth of a second."""
    monkeypatch.setattr(passwords, "matches", lambda password, kept: False)


@pytest.fixture
async def administrator(client: AsyncClient) -> Member:
    """An administrator, signed in with `client`."""
    found = await make_member("Claire Ferrand", role=Role.ADMINISTRATOR, email="claire@exemple.fr")
    await sign_in(client, found)
    return found


async def upload(client: AsyncClient, content: bytes | str, **fields: str) -> Response:
    body = content.encode() if isinstance(content, str) else content
    return await client.post(FILE, files={"fichier": ("liste.csv", body, "text/csv")}, data=fields)


async def report(client: AsyncClient, content: bytes | str) -> str:
    """Upload a readable file; returns the address of its report."""
    answer = await upload(client, content)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def send(client: AsyncClient, content: bytes | str) -> str:
    """Upload a file, then send; returns the page that says what was sent."""
    address = await report(client, content)
    assert (await client.post(f"{address}/envoyer")).status_code == 303
    return plain((await client.get(address)).text)


async def mails() -> list[dict[str, Any]]:
    found = await rows("SELECT address, template, locale, content FROM mail ORDER BY id")
    return [{**unseal(one["content"]), "address": one["address"], "locale": one["locale"]} for one in found]


async def journal() -> list[tuple[str, str, str]]:
    found = await rows("SELECT act, thing, after FROM journal_entry ORDER BY id")
    return [(one["act"], one["thing"], one["after"]) for one in found]


def plain(page: str) -> str:
    return page.replace("\u202f", " ").replace("\xa0", " ")


# --- reading files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_sheet_is_read_as_spreadsheets_write_it(encoding: str, sign: str, end: str) -> None:
    content = SHEET.replace(";", sign).replace("\n", end).encode(encoding)
    assert read_guests(content).guests == (
        Guest(2, "eloise@exemple.fr", "Éloïse Lœuf", "Médiathèque de Quimper"),
        Guest(3, "Malik@exemple.fr", "Malik Diallo", locale="en"),
    )


@pytest.mark.parametrize("end", ["\f", "\x85", "\u2028", "\u2029"])
def test_what_ends_a_line_ends_it_in_a_sheet(end: str) -> None:
    guests = guests_in(f"adresse;nom{end}anne@exemple.fr;Anne\vDupré{end}zoe@exemple.fr;Zoé Lœuf").guests
    assert [(guest.email, guest.name) for guest in guests] == [
        ("anne@exemple.fr", "Anne Dupré"),
        ("zoe@exemple.fr", "Zoé Lœuf"),
    ]


def test_an_old_mac_is_asked_for_utf_8() -> None:
    with pytest.raises(Invalid, match="Enregistrez-le en UTF-8"):
        read_guests("adresse;nom\rrene@exemple.fr;René Dupré\r".encode("mac_roman"))


def test_columns_come_in_any_order_in_both_languages_and_unknown_ones_are_told() -> None:
    sheet = (
        "Territory,Téléphone,First name,Organization,Last name,E-MAIL ADDRESS,Language,Job\n"
        'Bretagne,0600,Éloïse,"Bibliothèque ""Les Halles"", Quimper",Lœuf,eloise@exemple.fr,English,bibliothecaire\n'
    )
    listed = guests_in(sheet)
    assert listed.guests == (
        Guest(
            2,
            "eloise@exemple.fr",
            "Éloïse Lœuf",
            'Bibliothèque "Les Halles", Quimper',
            "Bibliothécaire",
            "Bretagne",
            "en",
        ),
    )
    assert listed.passed_over == ("Téléphone",)


def test_a_bare_list_of_addresses_needs_no_names_of_columns() -> None:
    two = (Guest(2, "a@exemple.fr"), Guest(4, "b@exemple.fr"))
    for end in ("", ";", ";;;", "; "):
        assert guests_in(f"\n a@exemple.fr {end}\n\nb@exemple.fr{end}\n") == GuestList(two)
    told = guests_in("a@exemple.fr;\nb@exemple.fr;Martin\n")
    assert told.passed_over == ("n° 2",)


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_by_which_excel_says_its_separator_is_passed_over(first: str) -> None:
    assert guests_in(f"{first}\nadresse;nom\na@exemple.fr;Anne, dite Nana Martin\n").guests[0].number == 3
    assert guests_in(f"{first}\nadresse;nom\na@exemple.fr;Anne Martin\n").guests[0].name == "Anne Martin"


@pytest.mark.parametrize(
    "head", ["Mél", "Mel.", "Adresse de messagerie", "Courriel professionnel", "Adresse mél", "E-mail"]
)
def test_a_column_of_addresses_is_known_as_people_call_it(head: str) -> None:
    listed = guests_in(f"Nom et prénom;{head};Bureau;\nMARTIN Anne;a@exemple.fr;12;\n")
    assert listed == GuestList((Guest(2, "a@exemple.fr", "MARTIN Anne"),), ("Bureau",))


@pytest.mark.parametrize(
    ("written", "name", "organisation"),
    [
        ("MARTIN Anne (DRAC Bretagne)", "MARTIN Anne", "DRAC Bretagne"),
        ('"Martin, Luc"', "Luc Martin", ""),
        ("Jean‑Luc Petit", "Jean-Luc Petit", ""),
        ("Mme.Roux", "Roux", ""),
        ("M. Brun", "Brun", ""),
        ("Madame Mireille Mme", "Mireille Mme", ""),
        ("M.Brun", "M.Brun", ""),
    ],
)
def test_a_name_is_read_as_directories_write_it(written: str, name: str, organisation: str) -> None:
    assert guests_in(f"adresse;nom\na@exemple.fr;{written}\n").guests == (Guest(2, "a@exemple.fr", name, organisation),)


def test_the_sign_that_a_name_cannot_have_is_told() -> None:
    (guest,) = guests_in("adresse;nom\na@exemple.fr;Anne & Luc\n").guests
    assert str(guest.problems[0]).endswith("retirez « & ».")


async def test_the_report_tells_the_columns_that_were_passed_over(client: AsyncClient, administrator: Member) -> None:
    address = await report(client, "adresse;Bureau;Étage;Vide\na@exemple.fr;12;;\nb@exemple.fr;;3;\n")
    told = "Ces colonnes n’ont pas été lues : Bureau, Étage."
    assert told in plain((await client.get(address)).text)
    await client.post(f"{address}/envoyer")
    assert told in plain((await client.get(address)).text)


def test_what_is_wrong_with_a_line_is_said_of_that_line() -> None:
    sheet = (
        "adresse;nom;profession;langue\n"
        "a@exemple.fr;Administrateur;;\n"
        "pas une adresse;Jean;;\n"
        ";Jean;;\n"
        "b@exemple.fr;<script>;Sorcier;de\n"
        "c@exemple.fr;Jean;;;surplus\n"
        "d@exemple.fr;Jean\n"
        "e@exemple.fr\n"
        f"a@{'İ' * 240}.fr\n"  # 244 letters, and twice as many when small
    )
    found = {guest.number: [problem.field for problem in guest.problems] for guest in guests_in(sheet).guests}
    assert found == {
        2: ["nom"],
        3: ["adresse"],
        4: ["adresse"],
        5: ["nom", "profession", "langue"],
        6: [None],
        7: [],
        8: [],
        9: ["adresse"],
    }


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "vide"),
    "blanks": (b" \r\n\r\n \t", "vide"),
    "mark only": (b"\xef\xbb\xbf", "vide"),
    "heads only": (b"adresse;nom\n", "personne à inviter"),
    "NUL": (b"adresse\na@exemple.fr\0\n", "pas un texte"),
    "binary": (bytes(range(256)) * 20, "pas un texte"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(500), "pas un texte"),
    "half of UTF-16": ("adresse\na@exemple.fr\n".encode("utf-16")[:-1], "pas un texte"),
    "UTF-16 without mark": ("adresse\na@exemple.fr\n".encode("utf-16-le"), "pas un texte"),
    "xlsx": (b"PK\x03\x04" + bytes(500), "classeur"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "classeur"),
    "a line of 1 MB": (b"adresse\n" + b"x" * 1_000_000, "démesurées"),
    "a head of 1 MB": (b"x" * 1_000_000 + b"\na@exemple.fr", "démesurées"),
    "10,000 columns": (b"adresse;" * 10_000 + b"\n", "plus de 50 colonnes"),
    "10,000 cells": (b"adresse\n" + b"x;" * 10_000, "plus de 50 colonnes"),
    "unbalanced quotes": (b'adresse;nom\na@exemple.fr;"Jean\nb@exemple.fr;Luc\n', "ligne 2, un guillemet"),
    "quotes in a cell": (b'adresse;nom\na@exemple.fr;"Jean"Luc\n', "À partir de la ligne 2, un guillemet"),
    "1 MB of quotes": (b"adresse\n" + b'"' * 1_000_001, "guillemet|démesurées"),
    "no address": (b"nom;organisation\nJean;BnF\n", "dont « adresse »"),
    "two addresses": (b"adresse;courriel\na@exemple.fr;b@exemple.fr\n", "même chose : adresse"),
    "5,001 lines": (b"adresse\n" + b"a@exemple.fr\n" * 5001, "plus de 5 ?000 lignes"),
}  # fmt: skip


@pytest.mark.one_database
@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_list_is_refused_in_a_sentence(client: AsyncClient, administrator: Member, name: str) -> None:
    content, words = HOSTILE[name]
    began = time.process_time()
    answer = await upload(client, content)
    assert time.process_time() - began < 3
    assert answer.status_code == 422, answer.text
    said = re.search(r'<p class="error" id="fichier-error">(.*?)</p>', plain(answer.text))
    assert said
    assert re.search(words, said[1])
    assert await count("invitation_batch") == 0


async def test_a_file_that_is_too_large_is_stopped_on_its_way(client: AsyncClient, administrator: Member) -> None:
    assert (await upload(client, b"adresse\n" + b"a@exemple.fr\n" * 170_000)).status_code == 413
    seen = 0

    async def endless() -> Any:
        nonlocal seen
        while True:
            seen += 65_536
            yield b"x" * 65_536

    answer = await client.post(FILE, content=endless(), headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413
    assert seen < 3_000_000


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x; charset=utf-7",
            b'--x\r\nContent-Disposition: form-data; name="liste"\r\n\r\n+2AA-\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="liste"\r\n\r\na\r\n' * 30 + b"--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="fichier"; filename="a"\r\n\r\na\r\n' * 2 + b"--x--\r\n",
        ),
    ],
)
async def test_a_truncated_or_overfull_form_is_refused(
    client: AsyncClient, administrator: Member, kind: str, body: bytes
) -> None:
    answer = await client.post(FILE, content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert await count("invitation_batch") == 0


async def test_a_list_may_be_pasted_but_not_beside_a_file(client: AsyncClient, administrator: Member) -> None:
    pasted = await client.post(FILE, files={"fichier": ("", b"")}, data={"liste": "a@exemple.fr\nb@exemple.fr"})
    assert pasted.status_code == 303
    assert "2 invitations à envoyer" in plain((await client.get(pasted.headers["location"])).text)
    both = await upload(client, SHEET, liste="a@exemple.fr")
    assert both.status_code == 422
    assert "a@exemple.fr" in both.text
    nothing = await client.post(FILE, files={"fichier": ("", b"")}, data={"liste": "  "})
    assert nothing.status_code == 422
    twice = await client.post(FILE, data={"liste": ["a@exemple.fr", "b@exemple.fr"]}, files={"fichier": ("", b"")})
    assert twice.status_code == 422


# --- the report, then sending


async def test_nothing_is_sent_before_the_report_is_confirmed(client: AsyncClient, administrator: Member) -> None:
    address = await report(client, SHEET)
    page = await client.get(address)
    assert "2 invitations à envoyer" in plain(page.text)
    assert page.headers["cache-control"] == "no-store"
    assert [await count(table) for table in ("invitation", "link", "mail", "job", "journal_entry")] == [0] * 5
    kept = await row("SELECT lines FROM invitation_batch")
    assert kept is not None
    assert "exemple.fr" not in kept["lines"]
    assert (await client.post(f"{address}/envoyer")).headers["location"] == address
    assert "2 invitations sont parties le 23 novembre 2026" in plain((await client.get(address)).text)
    sent = await mails()
    assert [(one["address"], one["locale"], one["name"], one["inviter"]) for one in sent] == [
        ("eloise@exemple.fr", "fr", "Éloïse Lœuf", "Claire Ferrand"),
        ("Malik@exemple.fr", "en", "Malik Diallo", "Claire Ferrand"),
    ]
    assert len({one["token"] for one in sent}) == 2
    assert await journal() == [("invite_file", "invitation_batch", '{"count": 2, "invitations": "1-2"}')]


async def test_a_file_sent_twice_sends_nothing_twice(client: AsyncClient, administrator: Member) -> None:
    address = await report(client, SHEET)
    for _ in range(2):
        assert (await client.post(f"{address}/envoyer")).status_code == 303
    assert await count("mail") == 2
    again = plain((await client.get(await report(client, SHEET.upper().encode("cp1252")))).text)
    assert "2 personnes déjà invitées" in again
    assert "Il n’y a rien à envoyer" in again
    early = await report(client, SHEET + "Nora Blanc;nora@exemple.fr;;\n")
    late = await report(client, SHEET + "Nora Blanc;nora@exemple.fr;;\n")
    await client.post(f"{early}/envoyer")
    await client.post(f"{late}/envoyer")
    assert [one["address"] for one in await mails()] == ["eloise@exemple.fr", "Malik@exemple.fr", "nora@exemple.fr"]
    assert "0 invitation est partie" in plain((await client.get(late)).text)


async def test_the_report_says_why_a_line_is_not_sent(client: AsyncClient, administrator: Member) -> None:
    await make_member("Nora Blanc", email="nora@exemple.fr")
    await send(client, "adresse\ninvitee@exemple.fr\n")
    sheet = (
        "adresse;nom\nbon@exemple.fr;Jean Bon\nnora@exemple.fr;\nBON@exemple.fr;\ninvitee@exemple.fr;\n"
        "pas une adresse;<b>Jean</b>\n"
    )
    page = plain((await client.get(await report(client, sheet))).text)
    for said in (
        "1 invitation à envoyer",
        "1 ligne à corriger",
        "1 ligne en double",
        "1 personne déjà membre",
        "1 personne déjà invitée",
        "Cette adresse est déjà à la ligne 2.",
        "Cette personne est déjà membre.",
        "Indiquez une adresse électronique",
        "Un nom se compose de lettres",
    ):
        assert said in page, said
    assert "<b>Jean" not in page
    assert page.index("Indiquez une adresse") < page.index("déjà à la ligne 2") < page.index("est déjà membre")


async def test_people_who_joined_after_the_report_are_not_invited(client: AsyncClient, administrator: Member) -> None:
    address = await report(client, SHEET)
    await make_member("Malik Diallo", email="malik@exemple.fr")
    await client.post(f"{address}/envoyer")
    assert [one["address"] for one in await mails()] == ["eloise@exemple.fr"]


async def test_every_line_of_a_report_is_on_one_of_its_pages(client: AsyncClient, administrator: Member) -> None:
    """Two hundred to a page: the wrong ones first, then those to send."""
    wrong, right = [f"pas une adresse {n}" for n in range(210)], [f"p{n}@exemple.fr" for n in range(215)]
    address = await report(client, "adresse\n" + "".join(f"{line}\n" for line in [*right, *wrong]))
    pages = await turn(client, address, lambda page: re.findall(r"p\d+@exemple\.fr|pas une adresse \d+", page))
    assert [each for page in pages for each in page] == [*wrong, *right]
    assert [len(page) for page in pages] == [200, 200, 25]
    assert (await client.get(f"{address}?apres=999999")).status_code == 200


async def test_invitations_in_one_state_are_listed_by_fifty(client: AsyncClient, administrator: Member) -> None:
    await send(client, "adresse\n" + "".join(f"p{n}@exemple.fr\n" for n in range(60)))
    for address in (PAGE, f"/en{PAGE}?etat=waiting"):
        pages = await turn(client, address, lambda page: re.findall(r"<strong>(p\d+)@", page))
        assert pages == [[f"p{n}" for n in range(59, 9, -1)], [f"p{n}" for n in range(9, -1, -1)]]


async def test_an_address_that_got_three_mails_in_this_hour_waits(client: AsyncClient, administrator: Member) -> None:
    for _ in range(3):
        await client.post(f"{PAGE}/nouvelle", data={"adresse": "eloise@exemple.fr"})
        found = await row("SELECT id FROM invitation")
        assert found is not None
        await client.post(f"{PAGE}/{found['id']}/retirer")
    page = await send(client, SHEET)
    assert "1 invitation est partie" in page
    assert [one["address"] for one in await mails()][3:] == ["Malik@exemple.fr"]


async def test_five_thousand_people_are_invited_in_seconds(client: AsyncClient, administrator: Member) -> None:
    lines = (f"p{n}@exemple.fr;Personne {n};Médiathèque numéro {n};Bibliothécaire;fr\n" for n in range(5000))
    content = ("adresse;nom;organisation;profession;langue\n" + "".join(lines)).encode("cp1252")
    steps: dict[str, float] = {}
    began = time.process_time()
    address = await report(client, content)
    steps["read"] = time.process_time() - began
    assert "5 000 invitations à envoyer" in plain((await client.get(address)).text)
    steps["report"] = time.process_time() - began - steps["read"]
    began = time.process_time()
    assert (await client.post(f"{address}/envoyer")).status_code == 303
    steps["sent"] = time.process_time() - began
    print({name: round(seconds, 2) for name, seconds in steps.items()})
    assert [await count(table) for table in ("invitation", "link", "mail", "job")] == [5000] * 4
    assert await journal() == [("invite_file", "invitation_batch", '{"count": 5000, "invitations": "1-5000"}')]
    assert max(steps.values()) < 20  # two or three on an idle machine; one statement per line would take far longer
    began = time.process_time()
    assert "5 000 personnes déjà invitées" in plain((await client.get(await report(client, content))).text)
    assert time.process_time() - began < 20


# --- one by one


async def test_one_person_is_invited_by_the_form(client: AsyncClient, administrator: Member) -> None:
    typed = {"adresse": "Nora@exemple.fr", "nom": "Nora Blanc", "organisation": "BnF", "langue": "en"}
    assert (await client.post(f"{PAGE}/nouvelle", data=typed)).status_code == 303
    assert [(one["address"], one["locale"], one["name"]) for one in await mails()] == [
        ("Nora@exemple.fr", "en", "Nora Blanc")
    ]
    again = await client.post(f"{PAGE}/nouvelle", data=typed | {"adresse": "nora@EXEMPLE.fr"})
    assert again.status_code == 422
    assert "encore valable" in again.text
    member = await client.post(f"{PAGE}/nouvelle", data={"adresse": "claire@exemple.fr"})
    assert "celle d’un membre" in member.text
    wrong = await client.post(f"{PAGE}/nouvelle", data=typed | {"adresse": "x", "nom": "Ministre", "langue": "de"})
    assert wrong.status_code == 422
    assert len(re.findall(r'class="error" id="(adresse|nom|langue)-error"', wrong.text)) == 3
    assert 'value="Ministre"' in wrong.text
    assert await journal() == [("invite", "invitation", "")]


async def test_an_expired_invitation_starts_again(client: AsyncClient, administrator: Member, clock: Clock) -> None:
    await send(client, SHEET)
    clock.pass_(days=14)
    await sign_in(client, administrator, now=clock.now)
    page = (await client.get(f"{PAGE}?etat=expired")).text
    assert "eloise@exemple.fr" in page
    report_page = plain((await client.get(await report(client, SHEET))).text)
    assert "dont 2 à des personnes dont l’invitation a expiré" in report_page
    first = await row("SELECT id FROM invitation ORDER BY id LIMIT 1")
    assert first is not None
    assert (await client.post(f"{PAGE}/{first['id']}/renvoyer")).status_code == 303
    await send(client, SHEET)
    assert [one["address"] for one in await mails()][2:] == ["eloise@exemple.fr", "Malik@exemple.fr"]
    assert await count("invitation") == 2
    alive = await row("SELECT COUNT(*) AS n FROM link WHERE expires_at > $1", clock.now)
    assert alive is not None
    assert alive["n"] == 2


async def test_files_are_deleted_after_a_week_and_invitations_a_month_after_their_end(
    client: AsyncClient, administrator: Member
) -> None:
    await send(client, SHEET)
    steps = [
        (timedelta(days=7), (1, 2)),
        (timedelta(days=7, seconds=1), (0, 2)),
        (timedelta(days=44, seconds=1), (0, 0)),
    ]
    for after, expected in [(timedelta(days=6), (1, 2)), *steps[1:]]:
        for _ in range(2):
            await invitations.purge(NOON + after)
        assert (await count("invitation_batch"), await count("invitation")) == expected


async def test_only_administrators_invite(app: Starlette, client: AsyncClient, administrator: Member) -> None:
    address = await report(client, SHEET)
    agent = await make_member("Agnès Roux", role=Role.AGENT)
    async with visitor(app) as other:
        for status in (303, 403):
            for page in (PAGE, f"{PAGE}/nouvelle", FILE, address):
                assert (await other.get(page)).status_code == status, page
            await sign_in(other, agent)
        assert (await upload(other, SHEET)).status_code == 403
        assert (await other.post(f"{address}/envoyer")).status_code == 403
        assert (await other.post(f"{PAGE}/nouvelle", data={"adresse": "a@exemple.fr"})).status_code == 403
    assert await count("mail") == 0
    assert (await client.get(f"{PAGE}/listes/99")).status_code == 404


# --- accepting


NEW_PASSWORD = "quatre mots pour accepter"
FILLED = {"nom": "Éloïse Lœuf", "mot_de_passe": NEW_PASSWORD, "organisation": "BnF", "charte": "1"}


@pytest.fixture
async def token(client: AsyncClient, administrator: Member) -> str:
    """The token of the mail to Éloïse."""
    await send(client, SHEET)
    return str((await mails())[0]["token"])


async def test_the_form_starts_with_the_details_of_the_invitation(app: Starlette, token: str) -> None:
    async with visitor(app) as hers:
        page = await hers.get("/invitation", params={"jeton": token})
        assert page.status_code == 200
        assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
        for value in ("Éloïse Lœuf", "Médiathèque de Quimper", "eloise@exemple.fr", token):
            assert f'value="{value}"' in page.text, value
        assert "Claire Ferrand vous invite" in page.text
        assert "set-cookie" not in page.headers
    assert await count("member") == 1  # opening the link does not use it up
    assert await count("link") == 2


async def test_whoever_accepts_is_a_confirmed_member_and_the_invitation_forgets_them(
    app: Starlette, client: AsyncClient, token: str
) -> None:
    async with visitor(app) as hers:
        accepted = await hers.post("/invitation", data={**FILLED, "jeton": token, "role": "administrator"})
        assert accepted.status_code == 303
        assert accepted.headers["location"].startswith("/compte")
        assert "Éloïse Lœuf" in (await hers.get("/compte")).text
        again = await hers.post("/invitation", data={**FILLED, "jeton": token, "nom": "Une Autre"})
        assert again.status_code == 410
    member = await row("SELECT * FROM member WHERE email_key = 'eloise@exemple.fr'")
    assert member is not None
    assert (member["name"], member["organisation"], member["role"]) == ("Éloïse Lœuf", "BnF", "member")
    assert member["confirmed_at"] is not None
    assert member["charter_version"]
    kept = await row("SELECT * FROM invitation ORDER BY id LIMIT 1")
    assert kept is not None
    assert (kept["email"], kept["email_key"], kept["name"], kept["member_id"]) == (None, None, "", member["id"])
    listed = (await client.get(f"{PAGE}?etat=accepted")).text
    assert "Éloïse Lœuf" in listed
    assert "eloise@" not in listed
    assert "1 personne déjà membre" in plain((await client.get(await report(client, SHEET))).text)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("nom", "Ministre", "réservé"),
        ("nom", "CLAIRE FERRAND", "déjà porté"),
        ("nom", "C1aire Ferrand", "déjà porté"),
        ("nom", "a\u202eb", "se compose de lettres"),
        ("mot_de_passe", "court", "au moins"),
        ("mot_de_passe", "quatre mots " * 100, "au plus|trop facile"),
        ("mot_de_passe", "Éloïse Lœuf", "trop facile|au moins"),
        ("profession", "Sorcier", "liste"),
        ("territoire", "Mordor", "liste"),
        ("organisation", "x" * 121, "trop long"),
        ("charte", "", "charte"),
    ],
)
async def test_what_is_refused_leaves_the_link_good(
    app: Starlette, token: str, field: str, value: str, words: str
) -> None:
    async with visitor(app) as hers:
        refused = await hers.post("/invitation", data={**FILLED, "jeton": token, field: value})
        assert refused.status_code == 422
        said = re.search(rf'id="{field}-error">(.*?)</p>', refused.text)
        assert said
        assert re.search(words, said[1])
        assert NEW_PASSWORD not in refused.text
        assert await count("member") == 1
        assert (await hers.post("/invitation", data={**FILLED, "jeton": token})).status_code == 303


async def test_a_link_that_was_withdrawn_renewed_or_has_ended_opens_nothing(
    app: Starlette, client: AsyncClient, token: str, clock: Clock
) -> None:
    first, second = [one["id"] for one in await rows("SELECT id FROM invitation ORDER BY id")]
    other = str((await mails())[1]["token"])
    async with visitor(app) as hers:
        assert (await client.post(f"{PAGE}/{second}/retirer")).status_code == 303
        assert (await hers.get("/invitation", params={"jeton": other})).status_code == 410
        assert (await client.post(f"{PAGE}/{first}/renvoyer")).status_code == 303
        assert (await hers.get("/invitation", params={"jeton": token})).status_code == 410
        new = str((await mails())[2]["token"])
        assert (await hers.get("/invitation", params={"jeton": new})).status_code == 200
        clock.pass_(days=14)
        for way in (hers.get("/invitation", params={"jeton": new}), hers.post("/invitation", data={"jeton": new})):
            assert (await way).status_code == 410
        for wrong in ("", "x", "\0", "é" * 5000):
            assert (await hers.post("/invitation", data={"jeton": wrong})).status_code in (410, 422), wrong
    assert await count("member") == 1


async def test_an_address_that_joined_meanwhile_is_led_to_sign_in(app: Starlette, token: str) -> None:
    await make_member("Éloïse Autrement", email="Eloise@exemple.fr")
    async with visitor(app) as hers:
        page = await hers.get("/invitation", params={"jeton": token})
        assert "a déjà un compte" in page.text
        assert "mot_de_passe" not in page.text
        sent = await hers.post("/invitation", data={**FILLED, "jeton": token})
        assert sent.status_code in (200, 422)
    assert await count("member") == 2


async def test_an_invitation_of_a_member_can_neither_be_renewed_nor_withdrawn(
    client: AsyncClient, administrator: Member, token: str
) -> None:
    await make_member("Éloïse Autrement", email="eloise@exemple.fr")
    first = await row("SELECT id FROM invitation ORDER BY id LIMIT 1")
    assert first is not None
    for act in ("renvoyer", "retirer"):
        assert (await client.post(f"{PAGE}/{first['id']}/{act}")).status_code == 409
        assert (await client.post(f"{PAGE}/9999/{act}")).status_code == 404
    assert len(await mails()) == 2


# --- mails that never arrive


async def test_an_invitation_that_a_mail_server_refuses_says_so_and_may_be_sent_again(
    client: AsyncClient, administrator: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(waiting: object) -> str:
        raise mail.MailRefused("Le serveur de courrier refuse ce courriel ({code}).", values={"code": "550 5.1.1"})

    monkeypatch.setattr(mail, "deliver", refuse)
    monkeypatch.setattr(running, "clock", clock)
    await send(client, SHEET)
    (job,) = await rows("SELECT id FROM job WHERE name = 'send_mail' ORDER BY id LIMIT 1")
    await running.run(job["id"], mail.WORK)
    assert "eloise@exemple.fr" not in (await client.get(f"{PAGE}?etat=waiting")).text
    page = plain((await client.get(f"{PAGE}?etat=undelivered")).text)
    assert "Refusées (1)" in page
    assert "En attente (1)" in page
    assert "eloise@exemple.fr" in page
    assert "Le courriel n’a pas pu être remis. Le serveur de courrier refuse ce courriel (550 5.1.1)." in page
    again = await report(client, SHEET)
    assert "1 invitation à envoyer" in plain((await client.get(again)).text)
    await client.post(f"{again}/envoyer")
    assert "En attente (2)" in plain((await client.get(PAGE)).text)
    assert [one["address"] for one in await mails()] == ["Malik@exemple.fr", "eloise@exemple.fr"]


CASES = {
    "adresse;nom\r\nanne@exemple.test;Anne Martin\r\nanne@exemple.test\u200b;Anne Martin\r\n"
    "\u200bzoe@exemple.test;Zoé Petit\r\n": "2 invitations à envoyer",
    "adresse\nmailto:marc@exemple.test\n<lea@exemple.test>\nluc@exemple.test,\n"
    "'eva@exemple.test'\njo@-exemple.test\n": "4 invitations à envoyer",
}


@pytest.mark.parametrize("sheet", CASES)
async def test_one_mailbox_is_invited_once_and_an_impossible_one_never(
    client: AsyncClient, administrator: Member, sheet: str
) -> None:
    assert CASES[sheet] in plain((await client.get(await report(client, sheet))).text)


async def test_both_spellings_of_a_mailbox_kept_before_are_told_and_never_merged(
    client: AsyncClient, administrator: Member
) -> None:
    await make_member("Anne Martin", email="anne@exemple.fr")
    await make_member("Anne Martin Deux", email="anne@exemple.fr\u200b")
    await make_member("Bruno Morel", email="\u2060bruno@exemple.fr")
    await make_member("Luc Petit", email="claire@exemple.fr\u00ad", confirmed=False)
    await make_member("Zoé Roux", email="zoe@-exemple.fr")
    await Invitation.create(
        email="\ufeffnora@exemple.fr", email_key="\ufeffnora@exemple.fr", created_at=NOON, expires_at=NOON
    )
    mended = await mend_identifiers(NOON)
    assert (mended.changed, mended.alike, mended.impossible) == (
        3,
        (("Anne-Martin-Deux", "Anne-Martin"),),
        ("Zoé-Roux",),
    )
    assert [one["email_key"] for one in await rows("SELECT email_key FROM member ORDER BY id")] == [
        *("claire@exemple.fr", "anne@exemple.fr", "anne@exemple.fr\u200b", "bruno@exemple.fr", None, "zoe@-exemple.fr"),
    ]
    assert (await rows("SELECT email_key FROM invitation"))[0]["email_key"] == "nora@exemple.fr"
    assert (await mend_identifiers(NOON)).changed == 0
    assert "@Anne-Martin-Deux et @Anne-Martin" in " ".join(mended.lines())


async def test_handles_are_compared_by_what_is_known_today_of_look_alikes(database: object) -> None:
    anne, other = await make_member("Anne Martin"), await make_member("ʙruno Morel")
    twin = await make_member("Une autre")
    await rows("UPDATE member SET handle = 'ᴀnne-Martin', handle_key = 'ᴀnne-martin' WHERE id = $1", twin.id)
    await rows("UPDATE member SET handle_key = 'ʙruno-morel' WHERE id = $1", other.id)
    mended = await mend_identifiers(NOON)
    assert mended.mistaken == ("ᴀnne-Martin",)
    keys = {one["id"]: one["handle_key"] for one in await rows("SELECT id, handle_key FROM member")}
    assert keys == {anne.id: "anne-martin", other.id: "bruno-morel", twin.id: "ᴀnne-martin"}
