"""Which entries have these words? A search as each database asks it of its own index; see `domain/search/index.py`.

What is sought stands in the title, in the thing's own words or in those that it quotes, and is whole words or the
beginning of the last one: each is a tier. A tier holds what it has and no tier above has, so that an entry is found
once, and a page reads the next tier only when the one above is at its end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forum.database import Row, is_sqlite, rows
from forum.domain.search.index import FORMS, STEMS, of_reference
from forum.text.queries import SearchQuery
from forum.text.terms import stem

EVERYTHING: Final = "fe"
"""What every entry is found by."""

PHRASE_LOOKS: Final = 2000
"""Entries with all the words of a phrase that are read for the phrase itself, from one page of results to the next."""

_SAFE: Final = re.compile(r"[^\W_](?:[^\W_]|\u00b7)*\Z")


class Fts5:
    """How SQLite's index is asked. An expression is text; every lexeme is one term, quoted."""

    @staticmethod
    def term(lexeme: str) -> str:
        return f'"{_safe(lexeme)}"'

    @staticmethod
    def beginning(lexeme: str) -> str:
        return f'"{_safe(lexeme)}"*'

    @staticmethod
    def every(parts: Sequence[str]) -> str:
        return f"({' AND '.join(parts)})"

    @staticmethod
    def some(parts: Sequence[str]) -> str:
        return f"({' OR '.join(parts)})"

    @staticmethod
    def but_not(wanted: str, unwanted: Sequence[str]) -> str:
        return f"({wanted} NOT ({' OR '.join(unwanted)}))" if unwanted else wanted


class TsQuery:
    """How PostgreSQL's index is asked, alike."""

    @staticmethod
    def term(lexeme: str) -> str:
        return f"'{_safe(lexeme)}'"

    @staticmethod
    def beginning(lexeme: str) -> str:
        return f"'{_safe(lexeme)}':*"

    @staticmethod
    def every(parts: Sequence[str]) -> str:
        return f"({' & '.join(parts)})"

    @staticmethod
    def some(parts: Sequence[str]) -> str:
        return f"({' | '.join(parts)})"

    @staticmethod
    def but_not(wanted: str, unwanted: Sequence[str]) -> str:
        return f"({wanted} & !({' | '.join(unwanted)}))" if unwanted else wanted


def _safe(lexeme: str) -> str:
    """A lexeme holds letters and digits alone, so it needs no escaping; one that does is a fault of ours."""
    if not _SAFE.match(lexeme):
        raise ValueError(f"no lexeme: {lexeme!r}")
    return lexeme


@dataclass(frozen=True, slots=True)
class Matching:
    """A search: its tiers, the best first, as expressions for the index of this database, the phrases that must be
    there and those that must not; entries numbered from `least` to below `most` alone."""

    tiers: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    least: int = 0
    most: int = 2**63 - 1


def matching(query: SearchQuery, marks: Sequence[Sequence[str]], least: int = 0, most: int = 2**63 - 1) -> Matching:
    """How to find what is asked. `marks`: of each of these, one must be among the lexemes of an entry."""
    say = Fts5 if is_sqlite() else TsQuery
    narrowed = [say.some([say.term(each) for each in one]) for one in marks]
    unwanted = [say.some([say.term(place + stem(form)) for place in STEMS]) for form in query.without]
    for phrase in query.without_phrases:
        if len(phrase) == 1:
            unwanted.append(say.some([say.term(place + phrase[0]) for place in FORMS]))
    above: list[str] = []
    tiers: list[str] = []

    def add(parts: list[str]) -> None:
        wanted = say.every([*parts, *narrowed] or [say.term(EVERYTHING)])
        tiers.append(say.but_not(wanted, [*unwanted, *above]))
        above.append(say.every(parts or [say.term(EVERYTHING)]))

    if query.references:
        add([say.some([say.term(of_reference(_of_thing(form))) for form in query.references])])
    if not (query.words or query.phrases):
        add([])
    else:
        for begins in (False, True) if query.beginning else (False,):
            for far in range(1, len(STEMS) + 1):
                add(_words(say, query, far, begins=begins))
    together, apart = (
        tuple(f" {' '.join(phrase)} " for phrase in phrases if len(phrase) > 1)
        for phrases in (query.phrases, query.without_phrases)
    )
    return Matching(tuple(tiers), together, apart, least, most)


def _of_thing(form: str) -> str:
    """The form of a contribution, of one of its versions."""
    return "\u00b7".join(form.split("\u00b7")[:2])


def _words(say: type[Fts5] | type[TsQuery], query: SearchQuery, far: int, *, begins: bool) -> list[str]:
    """Every word, in the first `far` places."""
    found = []
    for form in query.words:
        ways = [say.term(place + stem(form)) for place in STEMS[:far]]
        if begins and form == query.beginning:
            ways += [say.beginning(place + form) for place in FORMS[:far]]
        found.append(say.some(ways))
    for form in dict.fromkeys(form for phrase in query.phrases for form in phrase):
        found.append(say.some([say.term(place + form) for place in FORMS[:far]]))
    return found


async def entries(wanted: Matching, start: tuple[int, int] | None, limit: int, *, back: bool) -> list[Row]:
    """The numbers of entries with their tiers, numbered from the last one up so that a better one is greater: from
    that tier and number on, newest first, or the other way `back`."""
    found: list[Row] = []
    last = len(wanted.tiers)
    for tier in range(1, last + 1) if back else range(last, 0, -1):
        if start and (tier < start[0] if back else tier > start[0]):
            continue
        least, most = wanted.least, wanted.most
        if start and tier == start[0]:
            least, most = (max(least, start[1] + 1), most) if back else (least, min(most, start[1]))
        some = await _of_tier(wanted, wanted.tiers[last - tier], (least, most), limit - len(found), back=back)
        found += [{"tier": tier, "id": each["id"]} for each in some]
        if len(found) >= limit:
            break
    return found


async def how_many(wanted: Matching, limit: int) -> int:
    """How many entries there are, counted up to `limit`."""
    return len(await entries(wanted, None, limit, back=False))


async def _of_tier(wanted: Matching, tier: str, between: tuple[int, int], limit: int, *, back: bool) -> list[Row]:
    number, found = ("rowid", "search_words MATCH $1") if is_sqlite() else ("id", f"lexemes @@ {_literal(tier)}")
    values: list[object] = [tier] if is_sqlite() else []
    direction = "" if back else "DESC"

    def value(one: object) -> str:
        values.append(one)
        return f"${len(values)}"

    inside = f"FROM search_words WHERE {found} AND {number} >= {value(between[0])} AND {number} < {value(between[1])}"
    if wanted.phrases or wanted.without:
        farthest = f"""(SELECT {"MAX" if back else "MIN"}(n.number) FROM (
            SELECT {number} AS number {inside} ORDER BY {number} {direction} LIMIT {PHRASE_LOOKS}) n)"""
        inside += f" AND {number} {'<=' if back else '>='} {farthest}"
    holds = "instr" if is_sqlite() else "strpos"
    for phrases, least in ((wanted.phrases, ">"), (wanted.without, "=")):
        for phrase in phrases:
            inside += f""" AND EXISTS (SELECT 1 FROM search_entry e
                            WHERE e.id = search_words.{number} AND {holds}(e.words, {value(phrase)}) {least} 0)"""
    return await rows(f"SELECT {number} AS id {inside} ORDER BY {number} {direction} LIMIT {limit}", *values)


def _literal(expression: str) -> str:
    """An expression within the statement: PostgreSQL chooses between reading the newest entries and asking its index by
    how frequent these very words are, which it cannot for a parameter. It holds quoted lexemes alone (`_safe`)."""
    return f"$search${expression}$search$::tsquery"
