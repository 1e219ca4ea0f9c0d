"""Reading sentences again: what a template says in a language, with ordinary spaces, and whether its nouns agree."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from forum.app import build
from forum.settings import Settings

Say: TypeAlias = Callable[[str, str, Mapping[str, object]], str]


@pytest.fixture(scope="module")
def say() -> Say:
    """Render a few words of a template in a language, as pages do."""
    pages = build(Settings()).state.pages

    def rendered(locale: str, source: str, known: Mapping[str, object]) -> str:
        return plain(re.sub(r"<[^>]+>", "", pages._environments[locale].from_string(source).render(known)))

    return rendered


def plain(text: str) -> str:
    return re.sub(r"[\u00a0\u202f\s]+", " ", text).strip()


def number(text: str) -> int:
    return int(text.replace(" ", "").replace("\u2212", "-").replace("+", ""))


def agree(said: str) -> None:
    """A number and its noun agree: zero and one are singular."""
    for many, noun in re.findall(r"(?<![\w-])(\d+) (votants?|votes?|soutiens?|autres?|personnes?)\b", said):
        assert noun.endswith("s") == (int(many) > 1), said
