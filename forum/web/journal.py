"""/journal: who did what, when and why, in plain words, for those who may read it; the same as a table to take away."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from forum.domain import journal_lines
from forum.domain.journal_lines import Line, Wanted
from forum.language import catalogue
from forum.models.answers import Decision
from forum.models.meetings import TagState
from forum.models.members import Role
from forum.models.posts import Outcome
from forum.text import sheets, typography
from forum.web.plumbing.forms import Form, asked_integer, asked_text, asked_turn, read_form
from forum.web.plumbing.page import page

# What somebody did, after their name. Those of a kind of thing that the page names itself say no more than the verb.
SENTENCES = {
    "set_schedule": "a changé le calendrier",
    "close_votes": "a clos les votes",
    "answer_proposal": "a répondu à une proposition pour l’administration",
    "promise_obligation": "a inscrit un engagement de l’administration",
    "keep_obligation": "a dit qu’un engagement est tenu",
    "reopen_obligation": "a dit qu’un engagement n’est finalement pas tenu",
    "postpone_obligation": "a changé l’échéance d’un engagement",
    "carry_out_proposal": "a dit qu’une proposition est mise en œuvre",
    "create_meeting": "a enregistré une réunion",
    "edit_meeting": "a corrigé une réunion",
    "keep_minutes": "a gardé des lignes d’un compte rendu",
    "tag_post": "a posé ou confirmé une étiquette de réunion",
    "untag_post": "a retiré une étiquette de réunion",
    "confirm_tags": "a confirmé des étiquettes de réunion",
    "refuse_tags": "a refusé des étiquettes de réunion",
    "tag_selection": "a étiqueté une sélection",
    "untag_selection": "a retiré l’étiquette d’une sélection",
    "propose_from_post": "a tiré une proposition des mots d’une autre personne",
    "harvest": "a retenu des mots d’une contribution",
    "revise_extract": "a changé la nature ou la proposition d’un extrait",
    "remove_extract": "a retiré un extrait",
    "reanchor_extract": "a rattaché un extrait à la version actuelle",
    "keep_extract": "a gardé un extrait avec ses mots d’origine",
    "treat_post": "a terminé la lecture d’une contribution",
    "reopen_post": "a repris la lecture d’une contribution",
    "withdraw_proposal": "a retiré sa proposition",
    "set_aside_proposal": "a écarté une proposition",
    "take_back_proposal": "a repris une proposition écartée",
    "certify_correction": "a certifié qu’une version ne fait que corriger",
    "uncertify_correction": "a dit qu’une version change finalement le sens",
    "merge": "a fusionné une proposition dans une autre",
    "unmerge": "a défusionné une proposition",
    "tell_apart": "a dit que deux propositions sont différentes",
    "compare_again": "a de nouveau comparé deux propositions",
    "request": "a demandé une synthèse",
    "retry": "a fait recommencer une synthèse",
    "publish": "a publié une synthèse",
    "set_role": "a donné un rôle",
    "add_moderator": "a confié la modération d’un groupe",
    "remove_moderator": "a retiré la modération d’un groupe",
    "suspend": "a suspendu un compte",
    "lift_suspension": "a levé une suspension",
    "see_address": "a consulté une adresse électronique",
    "send_reset": "a envoyé un lien pour choisir un mot de passe",
    "set_password": "a donné un nouveau mot de passe",
    "close_sessions": "a fermé toutes les sessions d’une personne",
    "remove_second_factor": "a retiré une double authentification",
    "invite": "a invité une personne",
    "invite_again": "a renouvelé une invitation",
    "invite_file": "a invité une liste de personnes",
    "withdraw_invitation": "a retiré une invitation",
    "erase": "a effacé un compte",
    "open_identification": "a ouvert l’identification d’un compte effacé",
    "redact": "a retiré un nom d’une ligne du journal, par un effacement",
    "export_journal": "a exporté le journal",
    "import_thread": "a importé un fil",
}
# Kinds of things, and what changes in them.
TITLES = {
    "theme": "un thème",
    "thread": "un fil",
    "post": "une contribution",
    "proposal": "une proposition",
    "obligation": "un engagement",
    "meeting": "une réunion",
    "synthesis": "une synthèse",
    "member": "une personne",
    "invitation": "une invitation",
    "invitation_batch": "une liste d’invitations",
    "journal": "le journal",
    "journal_entry": "une ligne du journal",
    "contributions_open_at": "ouverture des contributions",
    "contributions_close_at": "clôture des contributions",
    "votes_open_at": "ouverture des votes",
    "votes_close_at": "clôture des votes",
    "sealed": "vote sous scellés",
    "voting": "mode de vote",
    "mentions": "mentions du jugement",
    "quota": "quota de soutiens",
    "held_on": "jour",
    "place": "lieu",
    "attendance": "nombre de présents",
    "meeting_number": "réunion",
    "posts": "contributions",
    "proposals": "propositions",
    "unchanged": "inchangées",
    "count": "nombre de personnes",
    "invitations": "numéros des invitations",
}
LABELS = {
    Role.MEMBER: "membre",
    Role.AGENT: "agent",
    Role.ADMINISTRATOR: "administrateur",
    Decision.RETAINED: "retenue",
    Decision.PARTLY: "partiellement retenue",
    Decision.REJECTED: "non retenue",
    Decision.UNDER_STUDY: "à l’étude",
    TagState.WAITING: "à confirmer",
    TagState.CONFIRMED: "confirmée",
    TagState.REMOVED: "retirée",
    Outcome.TREATED: "traitée",
    Outcome.NO_FOLLOW_UP: "sans suite",
}
_WORDS = {str(member.value): words for member, words in LABELS.items()}

# The page by which a thing is read: the name of its route, and of the part of its path.
PLACES = {
    "theme": ("theme", "number"),
    "thread": ("thread", "thread"),
    "post": ("post", "post"),
    "proposal": ("proposal", "reference"),
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
    """The lines that fit the filters of the address, newest first."""
    wanted = _asked(request)
    journal = await journal_lines.read_journal(request.state.viewer, wanted, request.state.now, asked_turn(request))
    filters = _filters(wanted)
    context = {
        "journal": journal,
        "filters": filters,
        "lines": [(line, _changes(line, request.state.locale)) for line in journal.lines.shown],
        "acts": [(act, SENTENCES.get(act, act)) for act in journal.acts],
        "things": [(thing, TITLES.get(thing, thing)) for thing in journal.things],
        "sentences": SENTENCES,
        "titles": TITLES,
        "places": PLACES,
    }
    return await page(request, "journal/show.html", context)


async def export(request: Request) -> Response:
    """Every line that fits, as CSV. Not a link: taking the journal away is written in the journal."""
    wanted = _typed(await read_form(request))
    viewer, now = request.state.viewer, request.state.now
    last = await journal_lines.note_export(viewer, wanted, now)
    name = f"journal-{now.astimezone(typography.PARIS).date()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = journal_lines.export_lines(viewer, wanted, last, now)
    return StreamingResponse(_sheet(lines), headers=headers, media_type=sheets.MEDIA_TYPE)


async def _sheet(lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    yield sheets.head(COLUMNS)
    async for line in lines:
        yield sheets.line(_values(line))


def _values(line: Line) -> tuple[sheets.Value, ...]:
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
        line.before,
        line.after,
        line.reason,
        line.is_redacted,
    )


def _asked(request: Request) -> Wanted:
    return Wanted(
        act=asked_text(request, "acte", limit=60),
        person=asked_text(request, "personne", limit=120).strip(),
        group=asked_integer(request, "groupe", least=1),
        thing=asked_text(request, "objet", limit=40),
        thing_id=asked_integer(request, "numero", least=1),
        since=_day(asked_text(request, "du", limit=10)),
        until=_day(asked_text(request, "au", limit=10)),
    )


def _typed(form: Form) -> Wanted:
    """The filters of a page as its button sends them back; its hidden fields were never typed."""
    return Wanted(
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


def _filters(wanted: Wanted) -> dict[str, object]:
    """The filters as the parameters of an address, those that ask something."""
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


def _changes(line: Line, locale: str) -> list[tuple[str, str, str]]:
    """What changed, from, to: in words, a schedule by its lines that are not what they were."""
    before, after = _fields(line.before), _fields(line.after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    words = catalogue(locale).gettext
    return [
        (words(TITLES[name]) if name in TITLES else name, _said(before, name, locale), _said(after, name, locale))
        for name in names
    ]


def _fields(text: str) -> dict[str, Any]:
    """A JSON object by its fields; anything else is one field without a name."""
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if isinstance(read, dict):
        return read
    return {"": text} if text else {}


def _said(fields: dict[str, Any], name: str, locale: str) -> str:
    """A value in words; nothing where it was not there, or not fixed."""
    value = fields.get(name)
    if value is None:
        return ""
    words = catalogue(locale).gettext
    if isinstance(value, bool):
        return words("oui") if value else words("non")
    if moment := _moment(str(value)):
        return typography.moment(moment, locale)
    if str(value) in _WORDS:
        return words(_WORDS[str(value)])
    if len(str(value)) == len("2026-12-12") and (day := _day(str(value))):
        return typography.day(day, locale)
    return " ".join(words(_WORDS[part]) if part in _WORDS else part for part in str(value).split(" "))


def _moment(text: str) -> datetime | None:
    """A moment as the journal keeps it, with its zone."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
