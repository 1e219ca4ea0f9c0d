"""English is complete: every sentence that people read is translated, with the same blanks to fill."""

import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message

from forum.language import catalogue
from tests.catalogue import english, messages


@pytest.fixture(scope="module")
def said() -> list[Message]:
    """Every sentence that people read."""
    return [message for message in messages() if message.id]


@pytest.fixture(scope="module")
def kept() -> Catalog:
    """The English catalogue."""
    return english()


def forms(message: Message) -> list[str]:
    """A sentence, or its singular and plural."""
    return list(message.id) if isinstance(message.id, list | tuple) else [message.id]


def blanks(words: str | None) -> set[str]:
    """What is filled in: {name} in Python, %(name)s in templates."""
    named = {name for _, name, _, _ in Formatter().parse(re.sub(r"%\(\w+\)s", "", words or "")) if name}
    return named | set(re.findall(r"%\((\w+)\)s", words or ""))


def test_sentences_are_found_in_templates_and_in_refusals(said: list[Message]) -> None:
    words = {form for message in said for form in forms(message)}
    assert "Aller au contenu" in words
    assert "Les votes sur ce thème sont clos." in words
    assert "Votre session est fermée." in words
    assert "Action refusée" in words


def test_each_sentence_has_its_english(said: list[Message], kept: Catalog) -> None:
    """What is missing is added by `make catalogue`, then translated in forum/locale/en/LC_MESSAGES/forum.po."""
    assert [(message.id, wrong) for message in said if (wrong := _what_is_wrong(message, kept.get(message.id)))] == []


def _what_is_wrong(message: Message, kept: Message | None) -> str:
    if kept is None:
        return "not in the catalogue"
    translated = kept.string if isinstance(kept.string, list | tuple) else [kept.string]
    if not all(translated):
        return "not translated"
    known = {name for form in forms(message) for name in blanks(form)}
    if any(blanks(one) - known for one in translated) or blanks(translated[-1]) != blanks(forms(message)[-1]):
        return "other blanks to fill"
    return ""


def test_the_catalogue_holds_no_unused_sentence(said: list[Message], kept: Catalog) -> None:
    used = {tuple(forms(message)) for message in said}
    assert [message.id for message in kept if message.id and tuple(forms(message)) not in used] == []


def test_an_english_page_is_english() -> None:
    assert catalogue("en").gettext("Aller au contenu") != "Aller au contenu"
    assert catalogue("fr").gettext("Aller au contenu") == "Aller au contenu"
