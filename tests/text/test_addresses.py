"""One mailbox, one spelling; and no address is taken in that cannot be written to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import Invalid
from forum.text.addresses import address_key, clean_address
from forum.text.characters import seen
from workers.letters import _address

UNSEEN = ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200e", "\u202e", "\u2066", "\u00a0", "\x7f", "\ufe0f"]


@pytest.mark.parametrize("sign", UNSEEN)
def test_what_nobody_sees_makes_no_other_mailbox(sign: str) -> None:
    for typed in (f"{sign}anne@exemple.test", f"anne@exemple.test{sign}", f"anne{sign}@exemple.test"):
        if sign != "\u00a0" or not typed.startswith("anne\u00a0"):
            assert clean_address(typed) == "anne@exemple.test"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("mailto:marc@exemple.test", "marc@exemple.test"),
        ("MAILTO:marc%40exemple.test?subject=Bonjour", "marc@exemple.test"),
        ("<lea@exemple.test>", "lea@exemple.test"),
        ("Léa Roux <lea@exemple.test>", "lea@exemple.test"),
        ('"Roux, Léa" <mailto:lea@exemple.test>;', "lea@exemple.test"),
        ("luc@exemple.test,", "luc@exemple.test"),
        ("luc@exemple.test.", "luc@exemple.test"),
        ('="ida@exemple.test"', "ida@exemple.test"),
        ("'eva@exemple.test'", "eva@exemple.test"),
        ("« eva@exemple.test »", "eva@exemple.test"),
        ("eva＠exemple．test", "eva@exemple.test"),
        ("Eva.O'Brien+x@Exemple.TEST", "Eva.O'Brien+x@exemple.test"),
        ("zoe\u0301@Me\u0301diathe\u0300que.fr", "zoé@médiathèque.fr"),
        ("zoé@xn--mdiathque-53af.fr", "zoé@médiathèque.fr"),
    ],
)
def test_what_a_sheet_or_a_mail_program_puts_around_an_address_goes(typed: str, address: str) -> None:
    assert clean_address(typed) == address
    assert address_key(typed) == address.lower()


@pytest.mark.parametrize(
    "typed",
    [
        *("", "personne", "a@b", "@exemple.fr", "a@@exemple.fr", "a b@exemple.fr", "a@exemple.fr b@exemple.fr"),
        *("jo@-exemple.test", "jo@exemple-.test", "jo@exemple..test", "jo@exem_ple.test", "jo@127.0.0.1"),
        *("kim@exemple.invalid", "kim@poste.LOCALHOST"),
        *(".jo..ro@exemple.test", "jo.@exemple.test", "jo,ro@exemple.test", 'j"o@exemple.test', "jo²@exemple.test"),
        *("é" * 33 + "@exemple.test", "a@" + "é" * 70 + ".test", "a@" + "exemple." * 40 + "test", "a\ud800@exemple.fr"),
    ],
)
def test_an_address_that_nobody_can_be_written_to_is_refused_at_the_door(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_address(typed)


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("@.<>\"'=\u200b"), max_size=30).map(
        lambda t: t + "@exemple.fr"
    )
)
def test_what_the_door_takes_the_exit_takes(typed: str) -> None:
    try:
        address = clean_address(typed)
    except Invalid:
        return
    assert clean_address(address) == address == seen(address)
    assert _address(address).addr_spec.endswith("@exemple.fr")
