"""A search finds the same on both databases: what it must find, by the plainest reading of the same words.

Random consultations of little words that meet often, and random searches of them, always the same ones. Each database
is compared with a reading that asks no index at all, so they agree with each other.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from forum.database import insert_rows, rows
from forum.domain.search.index import number_of, rebuild
from forum.domain.search.matching import entries, matching
from forum.models.search import SearchKind
from forum.settings import Settings
from forum.text.queries import SearchQuery, parse
from forum.text.quotes import digest
from forum.text.terms import forms, stem
from tests.conftest import NOON
from tests.factories import make_theme

WORDS = (
    *("Médiateur", "médiatrices", "numérique", "NUMERIQUES", "élu", "Élus", "élues", "public", "publiques", "cœur"),
    *("coeur", "l’école", "l'Ecole", "écoles", "d’élèves", "qu’il", "art", "artisan", "artiste", "arts", "de", "la"),
    *("des", "et", "vote", "voter", "droit", "rendez-vous", "T3-001", "t3-002", "C-1", "C-2@1", "c-3", "2026", "10"),
    *("travail", "travaux", "foo_bar", "naïve", "Łódź", "привет", "日本", "é", "e", "x", "élu·e·s", "aujourd’hui"),
)
SIGNS = (" ", " ", " ", ", ", ". ", "\n", "\u00a0", " – ")


@dataclass(frozen=True, slots=True)
class Said:
    """A contribution as a person would look through it."""

    id: int
    number: int
    parts: tuple[list[str], list[str], list[str]]


def text(chance: random.Random, most: int) -> str:
    many = chance.randint(1, most)
    return "".join(f"{chance.choice(WORDS)}{chance.choice(SIGNS)}" for _ in range(many)).strip()


def typed(chance: random.Random) -> str:
    """A search: some words of the vocabulary or beginnings of them, phrases, exclusions."""
    asked = []
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        kind = chance.random()
        word = chance.choice(WORDS)
        if kind < 0.5:
            asked.append(word)
        elif kind < 0.65:
            asked.append(word[: chance.randint(1, len(word))])
        elif kind < 0.8:
            asked.append(f'"{word} {chance.choice(WORDS)}"')
        elif kind < 0.9:
            asked.append(f"-{word}")
        else:
            asked.append(f'-"{word} {chance.choice(WORDS)}"')
    return " ".join(asked)


async def write(theme: int, chance: random.Random) -> list[Said]:
    """A consultation of a few threads, in which some quote others, at days that are not in the order of writing."""
    for table in ("quote", "post_revision", "post", "thread", "search_entry"):
        await rows(f"DELETE FROM {table}")
    said: list[Said] = []
    for _ in range(chance.randint(1, 4)):
        title = text(chance, 4)
        (thread,) = await rows(
            """INSERT INTO thread (theme_id, title, posts_count, version, created_at, last_post_at)
               VALUES ($1, $2, 0, 1, $3, $3) RETURNING id""",
            *(theme, title, NOON),
        )
        for number in range(1, chance.randint(2, 5)):
            said.append(await _post(thread["id"], title if number == 1 else "", number, said, chance))
    await rebuild()
    return said


async def _post(thread: int, title: str, number: int, before: Sequence[Said], chance: random.Random) -> Said:
    plain, at = text(chance, 12), NOON - timedelta(seconds=chance.randint(0, 5))
    (made,) = await rows(
        """INSERT INTO post (thread_id, number, kind, source, html, plain, renderer, revision, created_at)
           VALUES ($1, $2, 'contribution', $3, $3, $3, 1, 1, $4) RETURNING id""",
        *(thread, number, plain, at),
    )
    post = made["id"]
    await insert_rows(
        "post_revision (post_id, number, source, html, plain, created_at)", [(post, 1, plain, plain, plain, at)]
    )
    quoted = ""
    if before and chance.random() < 0.3:
        source = chance.choice(before)
        (whole,) = await rows("SELECT plain FROM post WHERE id = $1", source.id)
        quoted = whole["plain"]
        await insert_rows(
            "quote (post_id, position, quoted_id, revision, start, stop, sha256)",
            [(post, 0, source.id, 1, 0, len(quoted), digest(quoted))],
        )
    return Said(post, number_of(at, SearchKind.POST, post), (forms(title), forms(plain), forms(quoted)))


def expected(said: Sequence[Said], query: SearchQuery) -> list[int]:
    """The numbers of what must be found, in their order."""
    ranked = ((tier_of(each, query), each) for each in said)
    found = sorted(((tier, -each.number) for tier, each in ranked if tier is not None))
    return [-number for _, number in found]


def tier_of(one: Said, query: SearchQuery) -> int | None:
    """The best way in which a contribution has what is asked for; None: it has not."""
    everything = {form for part in one.parts for form in part}
    if {stem(form) for form in query.without} & {stem(form) for form in everything}:
        return None
    if any(follow(one, phrase) for phrase in query.without_phrases):
        return None
    if not all(follow(one, phrase) for phrase in query.phrases):
        return None
    if any(f"c·{one.id}" == "·".join(each.split("·")[:2]) for each in query.references):
        return 0
    return next((tier for tier, has in enumerate(ways(one, query), 1) if has), None)


def follow(one: Said, phrase: tuple[str, ...]) -> bool:
    """Whether these words follow each other in one part."""
    return any(tuple(part[start : start + len(phrase)]) == phrase for part in one.parts for start in range(len(part)))


def ways(one: Said, query: SearchQuery) -> Iterator[bool]:
    for begins in (False, True):
        for far in (1, 2, 3):
            seen = {form for part in one.parts[:far] for form in part}
            stems = {stem(form) for form in seen}
            yield all(
                stem(form) in stems
                or (begins and form == query.beginning and any(each.startswith(form) for each in seen))
                for form in query.words
            ) and all(form in seen for phrase in query.phrases for form in phrase)


async def compare(corpora: int, queries: int) -> None:
    theme = await make_theme(3)
    for seed in range(corpora):
        chance = random.Random(seed)
        said = await write(theme.id, chance)
        for _ in range(queries):
            asked = typed(chance)
            query = parse(asked)
            wanted = matching(query, [])
            found = [each["id"] for each in await entries(wanted, None, 100, back=False)]
            assert found == expected(said, query), (seed, asked)
            back = [each["id"] for each in await entries(wanted, None, 100, back=True)]
            assert back == found[::-1], (seed, asked)
            some = await entries(wanted, None, 3, back=False)
            if len(some) == 3:
                last = some[-1]["tier"], some[-1]["id"]
                rest = await entries(wanted, last, 100, back=False)
                assert [each["id"] for each in (*some, *rest)] == found, (seed, asked)


async def test_what_is_found_is_what_must_be(database: Settings) -> None:
    await compare(8, 40)


@pytest.mark.faults
async def test_what_is_found_is_what_must_be_in_many_consultations(database: Settings) -> None:
    await compare(500, 200)
