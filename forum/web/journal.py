"""/journal: who did what, when and why, in plain words, for those who may read it; also as a sheet to download."""

from collections.abc import AsyncIterator
from datetime import date

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from forum.domain import journal_lines
from forum.domain.journal_lines import JournalFilter, JournalLine
from forum.domain.journal_words import SENTENCES, TITLES, changes, told
from forum.text import sheets, typography
from forum.web.plumbing.doors import button
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn
from forum.web.plumbing.page import page

# The page of each kind of thing: the name of its route, and of the parameter of its path.
PLACES = {
    "theme": ("theme", "number"),
    "thread": ("thread", "thread"),
    "post": ("post", "post"),
    "proposal": ("proposal", "reference"),
    "answer": ("proposal", "reference"),
    "obligation": ("proposal", "reference"),
    "meeting": ("meeting", "meeting"),
    "synthesis": ("synthesis", "synthesis"),
    "member": ("person", "member"),
}
COLUMNS = (
    "ligne",
    "date et heure (Paris)",
    "personne",
    "acte",
    "code de l’acte",
    "objet",
    "numéro de l’objet",
    "nom de l’objet",
    "groupe de travail",
    "avant",
    "après",
    "raison",
    "texte retiré par un effacement",
)


async def show(request: Request) -> Response:
    """The lines that match the filters of the address, newest first."""
    wanted = _asked(request)
    journal = await journal_lines.read_journal(request.state.viewer, wanted, request.state.now, asked_turn(request))
    filters = _filters(wanted)
    context = {
        "journal": journal,
        "filters": filters,
        "lines": [
            (line, changes(line.act, line.before, line.after, request.state.locale)) for line in journal.lines.shown
        ],
        "acts": [(act, SENTENCES.get(act, act)) for act in journal.acts],
        "things": [(thing, TITLES.get(thing, thing)) for thing in journal.things],
        "sentences": SENTENCES,
        "titles": TITLES,
        "places": PLACES,
    }
    return await page(request, "journal/show.html", context)


@button
async def export(request: Request, form: Form) -> Response:
    """Every matching line, as CSV. It is not a link, because exporting the journal is recorded in the journal."""
    wanted = _typed(form)
    viewer, now = request.state.viewer, request.state.now
    last = await journal_lines.note_export(viewer, wanted, now)
    name = f"journal-{now.astimezone(typography.PARIS).date()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = journal_lines.export_lines(viewer, wanted, last, now)
    return StreamingResponse(_sheet(lines), headers=headers, media_type=sheets.MEDIA_TYPE)


async def _sheet(lines: AsyncIterator[JournalLine]) -> AsyncIterator[bytes]:
    yield sheets.head(COLUMNS)
    async for line in lines:
        yield sheets.line(_values(line))


def _values(line: JournalLine) -> tuple[sheets.Value, ...]:
    before, after = told(line.act, line.before, line.after)
    return (
        line.id,
        line.at.astimezone(typography.PARIS).isoformat(" ", "seconds"),
        line.actor or "Le site",
        SENTENCES.get(line.act, line.act),
        line.act,
        TITLES.get(line.thing.kind, line.thing.kind),
        line.thing.id,
        line.thing.name,
        line.group,
        before,
        after,
        line.reason,
        line.is_redacted,
    )


def _asked(request: Request) -> JournalFilter:
    return JournalFilter(
        act=asked_text(request, "acte", limit=60),
        person=asked_text(request, "personne", limit=120).strip(),
        group=asked_integer(request, "groupe", least=1),
        thing=asked_text(request, "objet", limit=40),
        thing_id=asked_integer(request, "numero", least=1),
        since=_day(asked_text(request, "du", limit=10)),
        until=_day(asked_text(request, "au", limit=10)),
    )


def _typed(form: Form) -> JournalFilter:
    """The filters that the export button sends back, from hidden fields that nobody typed."""
    return JournalFilter(
        act=form.text("acte")[:60],
        person=form.text("personne")[:120].strip(),
        group=form.integer("groupe"),
        thing=form.text("objet")[:40],
        thing_id=form.integer("numero"),
        since=form.day("du"),
        until=form.day("au"),
    )


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _filters(wanted: JournalFilter) -> dict[str, object]:
    """The active filters as parameters of an address."""
    named = {
        "acte": wanted.act,
        "personne": wanted.person,
        "groupe": wanted.group,
        "objet": wanted.thing,
        "numero": wanted.thing_id,
        "du": wanted.since,
        "au": wanted.until,
    }
    return {name: value for name, value in named.items() if value not in ("", None)}
