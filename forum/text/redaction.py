"""Take a person's name out of everybody's words, and say where everything else is now.

What takes the place of a name is the same for every name, so that nobody can learn its length, by counting in the data
either. What stands after it moves: quotes, extracts and documents count code points, so each text that changed comes
with the map of its places (`Redacted`). Which texts to redact, and which ranges to move, is the domain's matter
(`privacy/redacted_words.py`).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape, unescape
from itertools import pairwise
from typing import ClassVar

from forum.text.folding import fold, sort_key
from forum.text.mentions import handle_key, without_strangers
from forum.text.quotes import MARKER, QuoteMark
from forum.text.reading import read

SAID = "(nom)"
"""What takes the place of a name: it can be read aloud, and none of it means anything to Markdown, HTML or an
address."""
PASSAGE_SAID = "(passage masqué)"
"""What takes the place of a passage that moderators hide."""

# Until 0.4 it had the length of the name, made up with ellipses or with signs that nobody sees. Some of it people write
# too, "(retiré)", "(…)" or "(……)", for names of eight letters, three or four: nobody can tell which are whose.
_FILLED = re.compile(
    r"\((?:donnée personnelle retirée|nom propre retiré|nom retiré)…*\)|\((?:retiré|nom)…+\)|\((?:nom|…)\)\u2060+"
)
# A range of a contribution in the middle of words: a mark that quotes nothing where it stands, or an address of ours.
_POINTED = re.compile(
    r"citation(?:[ +]|%20)(?P<post>\d{1,9})(?:@|%40)(?P<revision>\d{1,9})(?P<range>(?:[ +]|%20)\d{1,9}-\d{1,9})"
    r"|contributions/(?P<post_>\d{1,9})/revisions/(?P<revision_>\d{1,9})(?P<range_>\?de=\d{1,9}&(?:amp;)?a=\d{1,9})",
    re.ASCII,
)
_MARK_LINE = re.compile(r"^([^\S\n]*\{\{citation [0-9@ -]+\}\}[^\S\n]*)$", re.MULTILINE)
# Between two words of a name: any blank or hyphen, the end of a line, signs of emphasis, a blank in an address.
_BETWEEN = r"(?:%[0-9a-f]{2}|[\W_]){1,4}"
# A name ends where letters and digits do. An underscore ends it too: some spellings of the same words have one there.
_STARTS, _ENDS = r"(?<![^\W_])", r"(?![^\W_])"
_IN_HANDLE = r"[\w\-.'’]"
# All ASCII punctuation inside a line, and what Markdown would drop or interpret at its ends. No letter and no digit: a
# character reference in place of one would end a word too early.
_SIGNS = re.compile(r"\A\s+|\s+\Z|[!-/:-@\[-`{-~]|\t")
_TAG = re.compile(r"(<[^>]*>)")


Spot = tuple[int, int, str]
"""Where something was taken out, half-open, and what stands there now."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text in which some spots, in order and apart, were replaced; and where each place of the former text is now."""

    text: str
    spots: tuple[Spot, ...] = ()

    def moved(self, start: int, stop: int) -> tuple[int, int]:
        """The range of the same words: what it shares with a spot becomes the whole of what stands there now."""
        return self._place(start, ends=False), self._place(stop, ends=True)

    def _place(self, place: int, *, ends: bool) -> int:
        shift = 0
        for start, stop, said in self.spots:
            if place <= start:
                break
            if place < stop:
                return start + shift + (len(said) if ends else 0)
            shift += len(said) - (stop - start)
        return place + shift


def replaced(text: str, spots: Iterable[Spot]) -> Redacted:
    """The text with something else at each of these spots, which are in order and apart."""
    spots = tuple(spots)
    parts, done = [], 0
    for start, stop, said in spots:
        parts += [text[done:start], said]
        done = stop
    return Redacted("".join([*parts, text[done:]]), spots)


Changes = Mapping[tuple[int, int], Redacted]
"""The plain words that change, by post and revision."""


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
class Cleaner(ABC):
    """Takes something out of texts. Its findings are remembered: reading a text a second time costs nothing."""

    said: ClassVar[str] = SAID
    """What takes the place of what is sought."""
    changes: Changes = field(default_factory=dict, init=False)
    """What changes in the words that marks and addresses point into."""
    _found: dict[str, Redacted] = field(default_factory=dict, init=False)
    _free: set[int] = field(default_factory=set, init=False)
    _rewritten: dict["Words", "Words"] = field(default_factory=dict, init=False)
    _kept: set[int] = field(default_factory=set, init=False)

    @abstractmethod
    def spots(self, text: str) -> Iterable[tuple[int, int]]:
        """Where what is sought stands, half-open."""

    def of(self, thing: str, key: object) -> "Cleaner":
        """What cleans the words of this row, or of what frozen data names so; of a name, everybody's words alike."""
        return self

    def learn(self, changes: Changes) -> bool:
        """Take note of the contributions whose words change; whether that was news."""
        if changes == self.changes:
            return False
        self.changes = changes
        self._found = {text: found for text, found in self._found.items() if not _POINTED.search(text)}
        self._rewritten.clear()
        self._kept.clear()
        return True

    def find(self, text: str) -> Redacted:
        """The text without what is sought, and how it changed; ranges that would now show other words lead to the
        whole contribution."""
        if (known := self._found.get(text)) is not None:
            return known
        if hash(text) in self._free:
            return Redacted(text)
        spots = [(start, stop, self.said) for start, stop in _merged(self.spots(text))]
        points = _POINTED.search(text) is not None
        if not spots and not points:
            self._free.add(hash(text))
            return Redacted(text)
        if points:
            apart = (each for each in self._pointed(text) if not any(each[0] < b and a < each[1] for a, b, _ in spots))
            spots = sorted([*spots, *apart])
        self._found[text] = replaced(text, spots)
        return self._found[text]

    def _pointed(self, text: str) -> Iterator[Spot]:
        for found in _POINTED.finditer(text):
            end = "" if found["post"] else "_"
            if (int(found[f"post{end}"]), int(found[f"revision{end}"])) in self.changes:
                yield *found.span(f"range{end}"), ""

    def clean(self, text: str) -> str:
        """The text without what is sought; unchanged where there is none of it."""
        return self.find(text).text

    def clean_html(self, html: str) -> str:
        """HTML without what is sought, between tags and inside attributes; for what is stored, never for what is
        typed."""
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
        """Whether what is sought is in the HTML, even with marks in the middle of it."""
        return self.clean_html(html) != html or self.names(unescape(_TAG.sub("", html)))

    def quoted_in(self, source: str) -> bool:
        """Whether a source quotes words that change."""
        return any((int(mark[1]), int(mark[2])) in self.changes for mark in MARKER.finditer(source))

    def moved(self, mark: QuoteMark) -> QuoteMark:
        """The quote of the same words."""
        change = self.changes.get((mark.post, mark.revision))
        return QuoteMark(mark.post, mark.revision, *change.moved(mark.start, mark.end)) if change else mark

    def redact(self, words: "Words", strangers: Collection[str] = ()) -> "Words":
        """A contribution without what is sought, its quotes moved; see `redact`."""
        if hash(words) in self._kept:
            return words
        if words not in self._rewritten:
            after = redact(words, self, strangers)
            if after == words:
                self._kept.add(hash(words))
                return words
            self._rewritten[words] = after
        return self._rewritten[words]


@dataclass(slots=True)
class FillingCleaner(Cleaner):
    """Makes what replaced names until 0.4, and told their length, what replaces them now."""

    def spots(self, text: str) -> Iterable[tuple[int, int]]:
        return [found.span() for found in _FILLED.finditer(text)]


@dataclass(slots=True)
class Redactor(Cleaner):
    """Takes one person out of texts."""

    person: RedactedPerson
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

    def spots(self, text: str) -> Iterable[tuple[int, int]]:
        whole = fold(text)
        if not any(pattern.search(whole) for pattern, _ in self._patterns):
            return []
        folded, places = _folded(text)
        return [
            spot
            for pattern, capitals in self._patterns
            for spot in self._spots(pattern, text, folded, places, capitals)
            if _is_apart(spot, text, SAID)  # somebody may be called "Nom": what replaces names is not theirs
        ]

    def _spots(
        self, pattern: re.Pattern[str], text: str, folded: str, places: list[int], capitals: bool
    ) -> Iterable[tuple[int, int]]:
        for start, stop in _matches(pattern, text, folded, places):
            if self._is_somebody_else(text, start, stop) or (capitals and not _is_capital(text[start:stop])):
                continue
            yield (start - 1 if start and text[start - 1] == "@" else start), stop

    def _is_somebody_else(self, text: str, start: int, stop: int) -> bool:
        """Whether the words go on into the handle of another member."""
        whole = re.match(rf"{_IN_HANDLE}*", text[start:])
        said = whole.group().rstrip("-_.'’") if whole else ""
        return len(said) > stop - start and handle_key(said) in self.person.namesakes


@dataclass(slots=True)
class PointingCleaner(Cleaner):
    """Takes nothing out: marks and addresses that point into words that change still lead to the same ones."""

    def spots(self, text: str) -> Iterable[tuple[int, int]]:
        return ()


@dataclass(slots=True)
class PassageCleaner(Cleaner):
    """Takes one passage out of the words of one thing, however its letters are written and whatever stands between its
    words. The words of others stay: they have their own authors, who would have to be told."""

    said: ClassVar[str] = PASSAGE_SAID
    passage: str
    own: Collection[tuple[str, object]]
    """The rows of the thing, by table and number, and its names in frozen data."""
    _pattern: re.Pattern[str] = field(init=False)
    _elsewhere: PointingCleaner = field(default_factory=PointingCleaner, init=False)

    def __post_init__(self) -> None:
        self._pattern = _pattern(self.passage, between=r"[\W_]+")

    def of(self, thing: str, key: object) -> Cleaner:
        return self if (thing, key) in self.own else self._elsewhere

    def learn(self, changes: Changes) -> bool:
        self._elsewhere.learn(changes)
        return Cleaner.learn(self, changes)

    def spots(self, text: str) -> Iterable[tuple[int, int]]:
        if not self._pattern.search(fold(text)):
            return []
        found = _matches(self._pattern, text, *_folded(text))
        return [spot for spot in found if _is_apart(spot, text, self.said)]


@dataclass(frozen=True, slots=True)
class Words:
    """A contribution, or what goes with a proposal: its source, and what was made of it."""

    source: str
    html: str
    plain: str


def redact(words: Words, cleaner: Cleaner, strangers: Collection[str] = ()) -> Words:
    """Words without what is sought; source and HTML still agree with the plain words, and quotes show what they showed.

    `strangers` are the keys of handles that belong to no member. Where Markdown stood in the middle of a name, so that
    the source without it would say something else or still name the person, the source is written again from the plain
    words.
    """
    marks = read(words.source).quotes if cleaner.quoted_in(words.source) else ()
    moved = {mark.marker(): cleaner.moved(mark).marker() for mark in marks}
    parts = _MARK_LINE.split(words.source) if moved else [words.source]
    source = "".join(
        part.replace(part.strip(), moved[part.strip()]) if part.strip() in moved else cleaner.clean(part)
        for part in parts
    )
    plain = cleaner.clean(words.plain)
    touched = plain != words.plain or any(cleaner.names(part) for part in parts if part.strip() not in moved)
    if not touched and not cleaner.names_in_html(words.html):
        return Words(source, words.html, words.plain)
    reading = read(source)
    quotes = tuple(map(cleaner.moved, read(words.source).quotes)) if MARKER.search(words.source) else ()
    if reading.plain != plain or reading.quotes != quotes or cleaner.names_in_html(reading.html):
        source = as_source(plain, quotes)
        reading = read(source)
    return Words(source, cleaner.clean_html(without_strangers(reading.html, strangers)), plain)


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


def has_words(passage: str) -> bool:
    """Whether there is a letter or a digit to look for."""
    return re.search(r"[^\W_]", fold(passage)) is not None


def _pattern(said: str, *, after_at: bool = False, between: str = _BETWEEN) -> re.Pattern[str]:
    """A name, a handle or a passage in folded words, at word boundaries."""
    words = re.findall(r"\w+", fold(said).replace("_", " "))
    return re.compile(("(?<=@)" if after_at else _STARTS) + between.join(map(re.escape, words)) + _ENDS)


def _matches(pattern: re.Pattern[str], text: str, folded: str, places: list[int]) -> Iterator[tuple[int, int]]:
    """Where a pattern of folded words stands in the text itself."""
    for found in pattern.finditer(folded):
        start, stop = places[found.start()], places[found.end() - 1] + 1
        while stop < len(text) and not fold_letter(text[stop]):
            stop += 1  # a mark that belongs to the last letter
        yield start, stop


def _is_apart(spot: tuple[int, int], text: str, said: str) -> bool:
    """Whether a spot touches nothing that already replaces something."""
    return not any(spot[0] < each.end() and each.start() < spot[1] for each in re.finditer(re.escape(said), text))


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
