"""How is a line of the journal put into words? For its page, its sheet and the archive of somebody's data.

The journal keeps codes, because what is written in it never changes; people read none of them. Lines are read in
`journal_lines.py`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from forum.language import catalogue
from forum.models.answers import Decision
from forum.models.cases import ComplaintOutcome
from forum.models.meetings import TagState
from forum.models.members import Corrected, Role
from forum.models.moderation import Ground
from forum.models.posts import Outcome, ReceptionOrigin
from forum.models.proposals import Nature
from forum.models.themes import Voting
from forum.text import typography
from forum.text.labels import Labelled

# What somebody did, after their name. Where the page itself names the thing, this is only the verb.
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
    "correct_tags": "a corrigé le numéro d’étiquettes de réunion",
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
    "hide": "a masqué des mots",
    "unhide": "a affiché de nouveau des mots masqués",
    "redact_passage": "a masqué un passage, pour toujours",
    "leave_shown": "a décidé de ne pas intervenir",
    "accept_post": "a accepté une contribution en attente",
    "refuse_post": "a refusé une contribution en attente",
    "contest": "a contesté une décision de modération",
    "contest_no_action": "a contesté que rien ne soit fait d’un signalement",
    "answer_notice": "a répondu à la réclamation d’une personne qui a signalé",
    "answer_complaint": "a répondu à une réclamation",
    "withdraw_post": "a retiré sa contribution",
    "put_post_back": "a affiché de nouveau sa contribution",
    "withdraw_proposal": "a retiré sa proposition",
    "set_aside_proposal": "a écarté une proposition",
    "set_aside_ballot": "a laissé hors du compte un bulletin qui n’a pas la forme de son vote",
    "exclude_votes": "a écarté les votes d’une personne sur un thème",
    "count_votes_again": "a compté de nouveau les votes d’une personne sur un thème",
    "take_back_proposal": "a repris une proposition écartée",
    "certify_correction": "a certifié qu’une version ne fait que corriger",
    "uncertify_correction": "a dit qu’une version change finalement le sens",
    "merge": "a fusionné une proposition dans une autre",
    "unmerge": "a défusionné une proposition",
    "tell_apart": "a dit que deux propositions sont différentes",
    "compare_again": "a de nouveau comparé deux propositions",
    "request": "a demandé une synthèse",
    "retry": "a fait recommencer une synthèse",
    "compose": "a fait composer de nouveau une synthèse",
    "review": "a envoyé une synthèse en relecture",
    "resume": "a repris l’écriture d’une synthèse",
    "publish": "a publié une synthèse",
    "sign": "a déposé la signature d’une synthèse",
    "set_role": "a donné un rôle",
    "add_moderator": "a confié la modération d’un groupe",
    "remove_moderator": "a retiré la modération d’un groupe",
    "suspend": "a suspendu un compte",
    "lift_suspension": "a levé une suspension",
    "correct_person": "a corrigé le nom ou l’organisation d’une personne",
    "see_address": "a consulté une adresse électronique",
    "send_reset": "a envoyé un lien pour choisir un mot de passe",
    "set_password": "a donné un nouveau mot de passe",
    "mend_address": "a corrigé l’écriture d’une adresse électronique",
    "close_sessions": "a fermé toutes les sessions d’une personne",
    "remove_second_factor": "a retiré une double authentification",
    "invite": "a invité une personne",
    "invite_again": "a renouvelé une invitation",
    "invite_file": "a invité une liste de personnes",
    "withdraw_invitation": "a retiré une invitation",
    "erase": "a effacé un compte",
    "open_identification": "a ouvert l’identification d’un compte effacé",
    "redact": "a retiré d’une ligne du journal des mots effacés",
    "export_journal": "a exporté le journal",
    "import_thread": "a importé un fil",
    "rename_thread": "a renommé un fil",
    "lock_thread": "a verrouillé un fil",
    "unlock_thread": "a déverrouillé un fil",
    "pin_thread": "a épinglé un fil",
    "unpin_thread": "a désépinglé un fil",
    "enter_received": "a saisi une contribution reçue hors du site",
    "correct_received": "a corrigé ce qui est dit d’une contribution reçue hors du site",
    "erase_received": "a effacé le nom de l’auteur de contributions reçues hors du site",
    "move_posts": "a déplacé des contributions d’un fil à un autre",
    "move_thread": "a déplacé un fil dans un autre thème",
    "move_posts_back": "a remis des contributions dans leur fil",
}
# Kinds of things, and what changes in them.
TITLES = {
    "theme": "un thème",
    "thread": "un fil",
    "post": "une contribution",
    "proposal": "une proposition",
    "pending": "une contribution en attente",
    "ballot": "bulletin",
    "answer": "une réponse de l’administration",
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
    "in_thread": "numéro du fil",
    "proposals": "propositions",
    "unchanged": "inchangées",
    "count": "nombre de personnes",
    "invitations": "numéros des invitations",
    "origin": "voie",
    "received_on": "reçue le",
    "corrected": "corrigé",
    "ground": "règle",
    "act": "acte",
    "thing": "objet",
    "thing_id": "numéro de l’objet",
    "person": "personne",
    "group": "numéro du groupe de travail",
    "since": "du",
    "until": "au",
}

# The enum whose values the codes of an act, or of one of its fields, are.
_KINDS: Final[Mapping[str, type[Labelled]]] = {
    "set_role": Role,
    "answer_proposal": Decision,
    "tag_post": TagState,
    "untag_post": TagState,
    "treat_post": Outcome,
    "reopen_post": Outcome,
    "harvest": Nature,
    "revise_extract": Nature,
    "remove_extract": Nature,
    "reanchor_extract": Nature,
    "keep_extract": Nature,
    "voting": Voting,
    "corrected": Corrected,
    "ground": Ground,
    "origin": ReceptionOrigin,
    "hide": Ground,
    "redact_passage": Ground,
    "refuse_post": Ground,
    "answer_complaint": ComplaintOutcome,
    "answer_notice": ComplaintOutcome,
}
_CODES: Final[Mapping[str, Mapping[str, str]]] = {"act": SENTENCES, "thing": TITLES}
_FILTER: Final = re.compile(r"(\w+)=(.*?)(?= \w+=|\Z)")
_SCOPE: Final = re.compile(r"^(?:all|theme:(\d+))(?= )")


def told(act: str, before: str, after: str) -> tuple[str, str]:
    """The values before and after, each as one text, in French."""
    found = changes(act, before, after, "fr")
    return _joined((name, was) for name, was, _ in found), _joined((name, now) for name, _, now in found)


def _joined(said: Iterable[tuple[str, str]]) -> str:
    return " ; ".join(f"{name} : {value}" if name else value for name, value in said if value)


def changes(act: str, before: str, after: str, locale: str) -> list[tuple[str, str, str]]:
    """What changed, from what to what, in words; for a schedule, only the lines that changed."""
    was, now = _fields(act, before), _fields(act, after)
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    words = catalogue(locale).gettext
    return [
        (
            words(TITLES[name]) if name in TITLES else name,
            _said(act, name, was.get(name), locale),
            _said(act, name, now.get(name), locale),
        )
        for name in names
    ]


def _fields(act: str, text: str) -> dict[str, Any]:
    """A JSON object, or the filters of an export, by its fields; anything else is one field without a name."""
    if act == "export_journal":
        return dict(_FILTER.findall(text))
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if isinstance(read, dict):
        return read
    return {"": text} if text else {}


def _said(act: str, name: str, value: object, locale: str) -> str:
    """A value in words; nothing when it was absent or not fixed."""
    words = catalogue(locale).gettext
    text = str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return words("oui") if value else words("non")
    if name in _CODES:
        return words(_CODES[name].get(text, text))
    if moment := _moment(text):
        return typography.moment(moment, locale)
    if day := _day(text):
        return typography.day(day, locale)
    if act == "request":
        return _SCOPE.sub(lambda scope: _scope(scope[1], locale), text)
    kind = _KINDS.get(name or act)
    return text if kind is None else _with_labels(text, kind, locale)


def _with_labels(text: str, kind: type[Labelled], locale: str) -> str:
    """A text with each code in it replaced by its label."""
    words = catalogue(locale).gettext
    values = "|".join(re.escape(value) for value in sorted(kind, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{values})(?![\w-])", lambda found: words(kind(found[0]).label), text)


def _scope(theme: str | None, locale: str) -> str:
    """What a synthesis covers."""
    words = catalogue(locale).gettext
    return words("Toute la consultation") if theme is None else f"{words('Thème')} {theme}"


def _day(text: str) -> date | None:
    """A day as the journal keeps it; other forms of ISO 8601 are taken for numbers."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-12-12") else None
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """A moment as the journal keeps it, with its zone."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
