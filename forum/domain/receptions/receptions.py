"""How does a contribution that was received elsewhere, a letter for instance, enter a thread?

A moderator of the group enters it, under the name that its author wishes, with the way and the day that it came. No
member is its author: nobody edits it, nobody is told of answers to it, it is among nobody's own contributions. The
journal keeps who entered it. Several at once are read in `reception_files.py`; all of them are written, or none.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Final

from forum.database import places, row, rows, transaction
from forum.domain import journal
from forum.domain.discussion.post_writing import CheckedPost, prepare, write_post
from forum.domain.discussion.posts import OnePost, PostPlace, read_place, read_post
from forum.domain.discussion.threads import insert_thread
from forum.domain.discussion.withdrawals import make_stale
from forum.domain.search.index import refresh
from forum.domain.signatures import ANONYMOUS, ERASED
from forum.domain.themes.themes import Hold, ThemeHead, find_theme, hold_theme
from forum.errors import Checks, Conflict, Invalid, NotFound
from forum.models.posts import ReceptionOrigin
from forum.models.search import SearchKind
from forum.permissions import Viewer, demand, may_enter_received, may_forget_received, received_in_time
from forum.text.folding import sort_key
from forum.text.source import clean_line
from forum.text.typography import PARIS

LONGEST_NAME: Final = 120
LONGEST_ORGANISATION: Final = 200
LONGEST_CHANNEL: Final = 60

_WAYS: Final = {
    **{sort_key(each.label): each for each in ReceptionOrigin},
    **{each.value: each for each in ReceptionOrigin},
    **dict.fromkeys(("lettre", "courrier postal", "poste"), ReceptionOrigin.LETTER),
    **dict.fromkeys(("email", "e mail", "mel", "courrier electronique"), ReceptionOrigin.MAIL),
    **dict.fromkeys(("ateliers", "reunion", "meeting"), ReceptionOrigin.WORKSHOP),
    **dict.fromkeys(("appel", "appel telephonique", "phone"), ReceptionOrigin.TELEPHONE),
}
_FRENCH_DAY: Final = re.compile(r"([0-3]?[0-9])[/.-]([01]?[0-9])[/.-]([0-9]{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TypedReception:
    """A contribution to enter, as typed. `line` numbers its fields (`ligne-3`, `nom-3`); `twins` is how many with the
    same words and day the moderator was told of."""

    line: int
    words: str
    name: str = ""
    organisation: str = ""
    day: str = ""
    origin: str = ""
    kept: bool = True
    twins: int = 0

    @property
    def on(self) -> date | None:
        """The day, when it can be read."""
        try:
            return day_of(self.day)
        except Invalid:
            return None


@dataclass(frozen=True, slots=True)
class ThreadChoice:
    """A thread that can receive contributions."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class ReceptionDesk:
    """What the form shows: the theme, and its threads that are neither locked nor moved into another one."""

    theme: ThemeHead
    threads: tuple[ThreadChoice, ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """A contribution with the same words, received on the same day: one that was entered before, or else an earlier
    `line` of those to enter."""

    line: int = 0
    post: int = 0
    number: int = 0
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was written: the first of the contributions, and how many they are."""

    post: int
    count: int


@dataclass(frozen=True, slots=True)
class _About:
    name: str
    organisation: str
    day: date
    origin: ReceptionOrigin
    channel: str


@dataclass(frozen=True, slots=True)
class _Checked:
    line: int
    draft: CheckedPost
    about: _About
    twins: int

    @property
    def key(self) -> tuple[str, date]:
        return sort_key(self.draft.reading.plain), self.about.day


async def reception_desk(viewer: Viewer | None, theme_number: int, now: datetime) -> ReceptionDesk:
    """The theme that this moderator may enter contributions in.

    Raises:
        NotFound, SignInRequired, NotAllowed.
    """
    theme = await find_theme(theme_number)
    demand(may_enter_received, viewer, theme.group, theme.schedule, now)
    found = await rows(
        """SELECT id, title FROM thread WHERE theme_id = $1 AND moved_into_id IS NULL AND NOT locked
            ORDER BY last_post_at DESC, id DESC""",
        theme.id,
    )
    return ReceptionDesk(theme, tuple(ThreadChoice(each["id"], each["title"]) for each in found))


def check_place(desk: ReceptionDesk, thread: int | None, title: str) -> str:
    """Where the contributions go: one of the desk's threads or, None, a new one of that title, which is returned clean.

    Raises:
        Invalid: no such thread, or no title.
    """
    if thread is None:
        try:
            return clean_line(title, limit=200)
        except Invalid as problem:
            raise Invalid(problem.message, field="titre", values=problem.values) from None
    if thread not in {each.id for each in desk.threads}:
        raise Invalid("Choisissez un fil de ce thème qui ne soit pas verrouillé.", field="fil")
    return ""


async def check_receptions(desk: ReceptionDesk, typed: Sequence[TypedReception], now: datetime) -> None:
    """Raises InvalidForm: some of these cannot be entered as they are, each problem beside its field."""
    await _checked(desk.theme, typed, now)


async def twins_of(desk: ReceptionDesk, typed: Sequence[TypedReception]) -> dict[int, tuple[Twin, ...]]:
    """For each line that has some, the contributions with the same words and day; those that cannot be read have
    none."""
    readable: list[tuple[int, tuple[str, date]]] = []
    for each in typed:
        try:
            day = day_of(each.day)
            readable.append((each.line, (sort_key((await prepare(each.words)).reading.plain), day)))
        except Invalid:
            continue  # sending the form reports it
    known = await _known(desk.theme, [key for _, key in readable])
    found = {}
    for line, key in readable:
        if twins := known.get(key, []):
            found[line] = tuple(twins)
        known.setdefault(key, []).append(Twin(line=line))
    return found


async def enter(
    viewer: Viewer | None,
    theme_number: int,
    thread: int | None,
    title: str,
    typed: Sequence[TypedReception],
    now: datetime,
) -> Entered:
    """Write these contributions in a thread of the theme or, with None, in a new one of that title; all or none.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotAllowed also once the votes are closed.
        InvalidForm: one cannot be accepted, or there is one with the same words and day that nobody was told of.
    """
    desk = await reception_desk(viewer, theme_number, now)
    title = check_place(desk, thread, title)
    if not typed:
        raise Invalid("Gardez au moins une contribution.", field="lignes")
    checked = await _checked(desk.theme, typed, now)
    async with transaction():
        # Held alone: a double click waits here, then finds that these are entered already.
        theme = await hold_theme(theme_number, Hold.ALONE, now)
        viewer = demand(may_enter_received, viewer, theme.group, theme.schedule, now)
        await _refuse_untold(theme, checked)
        place = await _place(theme, thread, title, now)
        posts = [await _write(viewer, place, each, now) for each in checked]
    return Entered(posts[0], len(posts))


_CORRECTED: Final = "Ce qui est dit de cette contribution a changé entre-temps. Votre saisie est gardée ci-dessous."


async def reception_to_correct(viewer: Viewer | None, post: int, now: datetime) -> tuple[OnePost, TypedReception]:
    """A contribution that was received elsewhere, with what is said of it, for the form that corrects this.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual; NotFound also once its name is erased.
    """
    found = await read_post(post)
    demand(may_forget_received, viewer, found.place.theme.group, now)
    kept = await row(
        "SELECT origin, channel, received_on, name, organisation FROM reception WHERE post_id = $1", found.id
    )
    if kept is None or kept["name"] == ERASED:
        raise NotFound
    return found, TypedReception(
        line=0,
        words=found.source,
        name="" if kept["name"] == ANONYMOUS else kept["name"],
        organisation=kept["organisation"],
        day=kept["received_on"].isoformat(),
        origin=kept["channel"] or ReceptionOrigin(kept["origin"]).label,
    )


def mark_of(said: TypedReception) -> str:
    """A short mark of what is said of a contribution, different as soon as anything of it differs."""
    return sha256(repr((said.name, said.organisation, said.day, said.origin)).encode()).hexdigest()[:16]


async def correct_reception(viewer: Viewer | None, post: int, typed: TypedReception, mark: str, now: datetime) -> None:
    """Correct what a moderator typed of a contribution: the name, the organisation, the day, the way. Its words stay.
    `mark` is that of what the form was filled with.

    Raises:
        NotFound, SignInRequired, NotAllowed: as usual.
        InvalidForm: something cannot be accepted.
        Conflict: somebody corrected it meanwhile, or an erasure took a name out of it.
    """
    async with transaction():
        held = await read_post(post, hold=Hold.ALONE)
        _, before = await reception_to_correct(viewer, post, now)
        if mark_of(before) != mark:
            raise Conflict(_CORRECTED)
        about = _about(typed, held.place.theme, now, "")
        await make_stale(held.place.theme, post=held.id)
        await rows(
            """UPDATE reception SET origin = $2, channel = $3, received_on = $4, name = $5, organisation = $6
                WHERE post_id = $1""",
            *(held.id, about.origin.value, about.channel, about.day, about.name, about.organisation),
        )
        await rows("UPDATE post SET written_at = $2 WHERE id = $1", held.id, _beginning_of(about.day))
        refresh(SearchKind.POST, held.id)
        was = way_of(before.origin)[0].value
        await journal.record(
            demand(may_forget_received, viewer, held.place.theme.group, now),
            "correct_received",
            "post",
            held.id,
            group=held.place.theme.group,
            before=json.dumps({"origin": was, "received_on": before.day}),
            after=json.dumps({"origin": about.origin.value, "received_on": about.day.isoformat()}),
            now=now,
        )


async def _checked(theme: ThemeHead, typed: Sequence[TypedReception], now: datetime) -> list[_Checked]:
    checks, found = Checks(), []
    for each in typed:
        draft = about = None
        with checks.field(f"ligne-{each.line}"):
            draft = await _draft(each.words)
        with checks.field(f"nom-{each.line}"):
            about = _about(each, theme, now, f"-{each.line}")
        if draft and about:
            found.append(_Checked(each.line, draft, about, each.twins))
    checks.done()
    return found


def _about(typed: TypedReception, theme: ThemeHead, now: datetime, end: str) -> _About:
    """What is said of a contribution, checked. Raises InvalidForm: the names of its fields end with `end`."""
    checks = Checks()
    name, organisation, day, way = ANONYMOUS, "", date.min, (ReceptionOrigin.OTHER, "")
    with checks.field(f"nom{end}"):
        name = _name(typed.name)
    with checks.field(f"organisation{end}"):
        if typed.organisation.strip():
            organisation = clean_line(typed.organisation, limit=LONGEST_ORGANISATION)
    with checks.field(f"date{end}"):
        day = day_of(typed.day)
        if not (verdict := received_in_time(day, theme.schedule, now)):
            raise Invalid(verdict.sentence)
    with checks.field(f"origine{end}"):
        way = way_of(typed.origin)
    checks.done()
    return _About(name, organisation, day, *way)


def _name(typed: str) -> str:
    anonymous = sort_key(typed) in ("", "anonyme", "anonymous")
    return ANONYMOUS if anonymous else clean_line(typed, limit=LONGEST_NAME)


async def _draft(words: str) -> CheckedPost:
    try:
        return await prepare(words)
    except Invalid as problem:
        raise Invalid(problem.message, values=problem.values) from None


def day_of(typed: str) -> date:
    """A day as people and spreadsheets write it: 2026-10-03 or 03/10/2026. Raises Invalid."""
    typed = typed.strip()
    if written := _FRENCH_DAY.fullmatch(typed):
        typed = f"{written[3]}-{written[2]:0>2}-{written[1]:0>2}"
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Invalid("Indiquez le jour où la contribution a été reçue, par exemple 03/10/2026.") from None


def way_of(typed: str) -> tuple[ReceptionOrigin, str]:
    """The way by which a contribution came, and the words that say which other way. Raises Invalid."""
    origin = _WAYS.get(sort_key(typed), ReceptionOrigin.OTHER)
    if origin is not ReceptionOrigin.OTHER:
        return origin, ""
    if sort_key(typed) in ("", "other", sort_key(ReceptionOrigin.OTHER.label)):
        raise Invalid("Dites par quelle voie : courrier, courriel, atelier, téléphone, ou une autre en quelques mots.")
    return origin, clean_line(typed, limit=LONGEST_CHANNEL)


async def _known(theme: ThemeHead, keys: Sequence[tuple[str, date]]) -> dict[tuple[str, date], list[Twin]]:
    """The contributions entered in a theme that were received on these days, by their words and day."""
    days = sorted({day for _, day in keys})
    if not days:
        return {}
    found = await rows(
        f"""SELECT p.id, p.number, p.plain, f.title, v.received_on FROM reception v JOIN post p ON p.id = v.post_id
              JOIN thread f ON f.id = p.thread_id
             WHERE f.theme_id = $1 AND v.received_on IN ({places(len(days), after=1)}) ORDER BY p.id""",
        theme.id,
        *days,
    )
    known: dict[tuple[str, date], list[Twin]] = {}
    for each in found:
        twin = Twin(post=each["id"], number=each["number"], thread=each["title"])
        known.setdefault((sort_key(each["plain"]), each["received_on"]), []).append(twin)
    return known


async def _refuse_untold(theme: ThemeHead, checked: Sequence[_Checked]) -> None:
    """Raises InvalidForm: somebody entered one of these since the moderator saw them, or sent them twice."""
    known = await _known(theme, [each.key for each in checked])
    checks, before = Checks(), Counter[tuple[str, date]]()
    for each in checked:
        with checks.field(f"ligne-{each.line}"):
            entered = known.get(each.key, [])
            if len(entered) + before[each.key] > each.twins:
                raise _untold(entered)
        before[each.key] += 1
    checks.done()


def _untold(entered: Sequence[Twin]) -> Invalid:
    if not entered:
        return Invalid(
            "Une ligne qui précède a les mêmes mots et le même jour. Envoyez de nouveau pour garder les deux."
        )
    return Invalid(
        "Ces mots, reçus le même jour, viennent d’être saisis : « {thread} », contribution {number}. Décochez cette "
        "ligne, ou envoyez de nouveau pour les saisir une seconde fois.",
        values={"thread": entered[-1].thread, "number": entered[-1].number},
    )


async def _place(theme: ThemeHead, thread: int | None, title: str, now: datetime) -> PostPlace:
    if thread is None:
        return PostPlace(await insert_thread(theme.id, title, None, now), title, theme)
    place = await read_place(thread)
    if place.theme.id != theme.id:
        raise NotFound
    if place.locked or place.moved_into is not None:
        raise Invalid("L’équipe de modération vient de verrouiller ce fil ou de le réunir à un autre.", field="fil")
    return place


def _beginning_of(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


async def _write(viewer: Viewer, place: PostPlace, checked: _Checked, now: datetime) -> int:
    about = checked.about
    written = await write_post(None, place, checked.draft, now, written_at=_beginning_of(about.day))
    await row(
        """INSERT INTO reception (post_id, origin, channel, received_on, name, organisation)
           VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
        written.id,
        about.origin.value,
        about.channel,
        about.day,
        about.name,
        about.organisation,
    )
    said = {"origin": about.origin.value, "received_on": about.day.isoformat()}
    await journal.record(
        viewer, "enter_received", "post", written.id, group=place.theme.group, after=json.dumps(said), now=now
    )
    return written.id
