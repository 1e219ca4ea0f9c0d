"""Take a person's name out of everybody's words, without moving any of them.

Quotes, extracts and documents count code points, so a name is replaced by something of the same length: nothing after
it moves, and no range has to be remapped. The replacement is a word that can be read aloud, then characters that nobody
sees; none means anything to Markdown, HTML or an address. Which texts to redact is the domain's matter
(`erasure.py`).
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape, unescape
from itertools import pairwise

from forum.text.folding import fold, sort_key
from forum.text.mentions import handle_key, without_strangers
from forum.text.quotes import QuoteMark
from forum.text.reading import read

# What replaces a name, and one that is too short for it. Its end is filled with a joiner of no width, so that a reader
# learns nothing from it, not even how long the name was.
_SAID = ("(nom)", "(…)", "…")
_FILLING = "\u2060"
# Between two words of a name: any blank or hyphen, the end of a line, signs of emphasis, a blank in an address.
_BETWEEN = r"(?:%[0-9a-f]{2}|[\W_]){1,4}"
# A name ends where letters and digits do. An underscore ends it too: some spellings of the same words have one there.
_STARTS, _ENDS = r"(?<![^\W_])", r"(?![^\W_])"
_IN_HANDLE = r"[\w\-.'’]"
# All ASCII punctuation inside a line, and what Markdown would drop or interpret at its ends. No letter and no digit: a
# character reference in place of one would end a word too early.
_SIGNS = re.compile(r"\A\s+|\s+\Z|[!-/:-@\[-`{-~]|\t")
_TAG = re.compile(r"(<[^>]*>)")


def in_place_of(length: int) -> str:
    """What replaces a name of that many code points: the same to the eye for every name of five letters or more."""
    said = next((said for said in _SAID if len(said) <= length), "")
    return said + _FILLING * (length - len(said))


@dataclass(frozen=True, slots=True)
class RedactedPerson:
    """The person to find: the names they have here, each as it may be written.

    `ordinary` says that the name is also made of words that people use: it is then taken out only where it is written
    with capitals. Otherwise somebody called "Mise en place" would take those words out of everybody's contributions.
    """

    name: str
    handles: tuple[str, ...]
    email: str | None = None
    ordinary: bool = False
    namesakes: frozenset[str] = frozenset()
    """Keys of other members' handles that begin alike: "Malik-Diallo-2" is not "Malik-Diallo"."""
    shared: bool = False
    """Somebody else has the same name: in free text it is theirs as much."""
    others: frozenset[str] = frozenset()
    """Names of other members, as they are sorted: "Martin Bernard" is not "Bernard Martin", surname first."""

    def spellings(self) -> Iterator[str]:
        """The name as it is, then surname first, wherever the surname begins: lists and minutes write so."""
        words = self.name.split()
        yield self.name
        for place in range(1, len(words)):
            turned = " ".join(words[place:] + words[:place])
            if sort_key(turned) not in self.others:
                yield turned


@dataclass(slots=True)
class Redactor:
    """Takes one person out of texts. Its findings are remembered: reading a text a second time costs nothing."""

    person: RedactedPerson
    _found: dict[str, str] = field(default_factory=dict)
    _free: set[int] = field(default_factory=set)
    _patterns: tuple[tuple[re.Pattern[str], bool], ...] = ()

    def __post_init__(self) -> None:
        about = self.person
        patterns = [(_pattern(handle, after_at=True), False) for handle in about.handles]
        patterns += [(_pattern(handle), False) for handle in about.handles if not about.ordinary and not about.shared]
        if about.email:
            address = re.escape(fold(about.email)).replace("@", "(?:@|%40)")
            patterns.append((re.compile(rf"{_STARTS}(?<![.+-]){address}{_ENDS}(?!-)"), False))
        # One ordinary word, "Pas", would be found at the head of many sentences.
        if not about.shared and not (about.ordinary and len(sort_key(about.name).split()) == 1):
            patterns += [(_pattern(name), about.ordinary) for name in about.spellings()]
        self._patterns = tuple(patterns)

    def clean(self, text: str) -> str:
        """The text without the person, at the same length; unchanged where they are not named."""
        known = self._found.get(text)
        if known is not None or hash(text) in self._free:
            return text if known is None else known
        cleaned = self._cleaned(text)
        if cleaned == text:
            self._free.add(hash(text))
        else:
            self._found[text] = cleaned
        return cleaned

    def clean_html(self, html: str) -> str:
        """HTML without the person, between tags and inside attributes, at the same length; for what is stored, never
        for what is typed."""
        return "".join(self._clean_part(part) for part in _TAG.split(html))

    def _clean_part(self, part: str) -> str:
        words = unescape(part) if not part.startswith("<") else part
        cleaned = self.clean(words)
        if cleaned == words:
            return part
        return cleaned if part.startswith("<") else escape(cleaned, quote=False)

    def names(self, text: str) -> bool:
        return self.clean(text) != text

    def names_in_html(self, html: str) -> bool:
        """Whether the HTML names the person, even with marks in the middle of the name."""
        return self.clean_html(html) != html or self.names(unescape(_TAG.sub("", html)))

    def _cleaned(self, text: str) -> str:
        whole = fold(text)
        if not any(pattern.search(whole) for pattern, _ in self._patterns):
            return text
        folded, places = _folded(text)
        spots = [
            spot
            for pattern, capitals in self._patterns
            for spot in self._spots(pattern, text, folded, places, capitals)
        ]
        for start, stop in sorted(_merged(spots), reverse=True):
            text = text[:start] + in_place_of(stop - start) + text[stop:]
        return text

    def _spots(
        self, pattern: re.Pattern[str], text: str, folded: str, places: list[int], capitals: bool
    ) -> Iterable[tuple[int, int]]:
        for found in pattern.finditer(folded):
            start, stop = places[found.start()], places[found.end() - 1] + 1
            while stop < len(text) and not fold_letter(text[stop]):
                stop += 1  # a mark that belongs to the last letter
            if self._is_somebody_else(text, start, stop) or (capitals and not _is_capital(text[start:stop])):
                continue
            yield (start - 1 if start and text[start - 1] == "@" else start), stop

    def _is_somebody_else(self, text: str, start: int, stop: int) -> bool:
        """Whether the words go on into the handle of another member."""
        whole = re.match(rf"{_IN_HANDLE}*", text[start:])
        said = whole.group().rstrip("-_.'’") if whole else ""
        return len(said) > stop - start and handle_key(said) in self.person.namesakes


@dataclass(frozen=True, slots=True)
class Words:
    """A contribution, or what goes with a proposal: its source, and what was made of it."""

    source: str
    html: str
    plain: str


def redact(words: Words, redactor: Redactor, strangers: Collection[str] = ()) -> Words:
    """Words without the person; `plain` keeps its length, and source and HTML still agree with it.

    `strangers` are the keys of handles that belong to no member. Where Markdown stood in the middle of a name, so that
    the source without it would say something else or still name the person, the source is written again from the plain
    words.
    """
    plain, source = redactor.clean(words.plain), redactor.clean(words.source)
    if plain == words.plain and source == words.source and not redactor.names_in_html(words.html):
        return words
    reading = read(source)
    if reading.plain != plain or redactor.names_in_html(reading.html):
        source = as_source(plain, read(words.source).quotes)
        reading = read(source)
    return Words(source, redactor.clean_html(without_strangers(reading.html, strangers)), plain)


def as_source(plain: str, quotes: Iterable[QuoteMark]) -> str:
    """Markdown that reads as these very words, with these quotes before them."""
    paragraphs = re.split(r"\n\n(?=\S)", plain)
    return "\n\n".join([*(mark.marker() for mark in quotes), *map(_as_paragraph, paragraphs)])


def _as_paragraph(words: str) -> str:
    """Plain words in which whatever Markdown could interpret, or drop at the end of a line, is a character
    reference."""
    lines = [_SIGNS.sub(_as_references, line) for line in words.split("\n")]
    written = lines[0]
    for before, line in pairwise(lines):
        written += ("\n" if before and line else "&#10;") + line
    return written


def _as_references(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(one)};" for one in found.group())


def _pattern(name: str, *, after_at: bool = False) -> re.Pattern[str]:
    """A name or a handle in folded words, at word boundaries."""
    words = re.findall(r"\w+", fold(name).replace("_", " "))
    return re.compile(("(?<=@)" if after_at else _STARTS) + _BETWEEN.join(map(re.escape, words)) + _ENDS)


def is_ordinary(name: str, texts: Iterable[str]) -> bool:
    """Whether each word of a name is one that people write in small letters, apart from the name itself."""
    wanted = set(sort_key(name).split())
    whole = _pattern(name)
    for text in texts:
        if not wanted:
            return True
        folded = fold(text)
        if not any(word in folded for word in wanted):
            continue
        # Case is lost by folding: words are looked for in the text, each folded alone.
        alone = whole.sub(" ", folded)
        small = {fold(word) for word in re.findall(r"\w+", text) if word[:1].islower()}
        wanted -= {word for word in wanted & small if re.search(rf"{_STARTS}{re.escape(word)}{_ENDS}", alone)}
    return not wanted


def _is_capital(words: str) -> bool:
    return all(word[:1].isupper() or not word[:1].isalpha() for word in re.findall(r"\w+", words))


def _merged(spots: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spots):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


def _folded(text: str) -> tuple[str, list[int]]:
    """The text letter by letter folded, and where each folded letter stands in it."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in fold_letter(letter):
            letters.append(one)
            places.append(place)
    return "".join(letters), places


@lru_cache(maxsize=4096)
def fold_letter(letter: str) -> str:
    return fold(letter)
