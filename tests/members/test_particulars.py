"""One check of a person: whichever way somebody comes in, one fault gets one sentence, in the order of the form."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette

from forum.domain.links import make_link
from forum.domain.members import identities, members
from forum.domain.members.invitation_files import clean_guest
from forum.domain.members.particulars import Particulars, clean_particulars
from forum.errors import Checks, InvalidForm
from forum.models.joining import Invitation, Purpose
from tests.conftest import NOON, visitor
from tests.factories import count, make_member, sign_in
from tests.members.test_identities import SOMEBODY

LATER = NOON + timedelta(days=30)
WRONG = {
    "nom": "Claire Ferrand",
    "adresse": "personne",
    "mot_de_passe": "court",
    "organisation": "x" * 121,
    "profession": "Sorcier",
    "territoire": "Mordor",
    "langue": "fr",
}
SAID = {
    "nom": "Ce nom est déjà porté par un autre membre. Ajoutez une initiale ou un second prénom.",
    "adresse": "Indiquez une adresse électronique, par exemple prenom.nom@exemple.fr.",
    "mot_de_passe": "Un mot de passe compte au moins 12 caractères.",
    "organisation": "Ce texte est trop long : 121 caractères, pour 120 au plus.",
    "profession": "« Sorcier » n’est pas dans la liste.",
    "territoire": "« Mordor » n’est pas dans la liste.",
    "charte": "Acceptez la charte pour ouvrir un compte.",
}


def summary(answer: Response) -> dict[str, str]:
    """What the top of a refused form says, field by field."""
    assert answer.status_code == 422
    top = answer.text.partition('class="error-summary"')[2].partition("</ul>")[0].replace("\u00a0", " ")
    return dict(re.findall(r'<a href="#(\w+)">(.*?)</a>', top.replace("\u202f", " ")))


async def test_every_way_in_refuses_in_the_same_words_and_order(app: Starlette, client: AsyncClient) -> None:
    claire = await make_member("Claire Ferrand", email="claire@exemple.fr")
    invitation = await Invitation.create(
        email="e@exemple.fr", email_key="e@exemple.fr", inviter=claire, created_at=NOON, expires_at=LATER
    )
    token = await make_link(Purpose.INVITATION, invitation.id, NOON)
    async with visitor(app) as one:
        assert summary(await one.post("/inscription", data=WRONG)) == SAID
        accepted = await one.post("/invitation", data={**WRONG, "jeton": token})
        assert summary(accepted) == {name: words for name, words in SAID.items() if name != "adresse"}
    await sign_in(client, await make_member("Camille Martin"))
    asked = {"nom", "organisation", "profession", "territoire"}
    assert summary(await client.post("/compte", data=WRONG)) == {n: words for n, words in SAID.items() if n in asked}
    assert await count("member") == 2


async def test_people_who_come_by_a_provider_a_file_or_the_command_line_read_the_same_sentences(
    database: object,
) -> None:
    await make_member("Claire Ferrand")
    typed = Particulars(
        WRONG["nom"],
        WRONG["organisation"],
        WRONG["profession"],
        WRONG["territoire"],
        email=WRONG["adresse"],
        password=WRONG["mot_de_passe"],
        accepts_charter=False,
    )
    with pytest.raises(InvalidForm) as by_provider:
        await identities.join(
            SOMEBODY, typed=replace(typed, password=None), cookie="", address="", device="", locale="fr", now=NOON
        )
    with pytest.raises(InvalidForm) as by_file:
        clean_guest(replace(typed, password=None, accepts_charter=None), language="fr")
    with pytest.raises(InvalidForm) as by_command:
        await members.create_member(replace(typed, accepts_charter=None), now=NOON)

    for refusal, missing in (
        (by_provider, {"adresse", "mot_de_passe"}),
        (by_file, {"nom", "mot_de_passe", "charte"}),
        (by_command, {"nom", "charte"}),
    ):
        said = {one.field: str(one) for one in refusal.value.problems}
        assert said == {name: words for name, words in SAID.items() if name not in missing}
        assert list(said) == [name for name in SAID if name in said]


def test_a_value_of_a_list_is_meant_whatever_its_accents_and_may_outlive_its_list() -> None:
    checks = Checks()
    known = Particulars("Ministre", profession="Maréchal-ferrant")
    typed = Particulars("Ministre", profession="bibliothecaire", territory="BRETAGNE")
    assert clean_particulars(checks, typed, known=known).profession == "Bibliothécaire"
    assert clean_particulars(checks, typed, known=known).territory == "Bretagne"
    assert clean_particulars(checks, replace(typed, profession="Maréchal-ferrant"), known=known).profession
    checks.done()
    clean_particulars(checks, replace(typed, profession="Maréchal-ferrant"))
    with pytest.raises(InvalidForm) as refusal:
        checks.done()
    assert [one.field for one in refusal.value.problems] == ["nom", "profession"]
