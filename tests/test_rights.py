"""The table of `forum/rights.py`, asked over HTTP: each action by each kind of person, as a form and as JSON.

Everybody is asked as a form, one reader of each kind in JSON, which goes through the same door. The allowed and the
refused share their set-up (`tests/world.py`). After each refusal the database is what it was, row for row; what is
hidden answers as what never was, byte for byte; and nobody who only voted is named in any answer.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from starlette.applications import Starlette
from starlette.routing import Route

from forum.database import rows
from forum.domain.legal import charter_version
from forum.domain.sign_in import sessions
from forum.errors import NotAllowed, SignInRequired
from forum.language import catalogue
from forum.models.members import Role
from forum.permissions import Viewer, demand, may_read_synthesis, may_schedule, standings_of
from forum.rights import HELD_BACK, LABELS, MEANINGS, REASONS, TABLE, Action, Cell, Standing, cell_of
from forum.routes import routes
from forum.settings import settings
from tests.conftest import NOON, visitor
from tests.factories import CONFIRMED, make_member, sign_in
from tests.rights import DOCUMENT, document
from tests.world import CODE, NEVER, PASSWORD, READERS, SECRET_VOTER, Guest, Reader, World, changed, fingerprint

Form = Mapping[str, str]
SCHEDULE = {
    "ouverture_des_contributions": "2026-11-13T13:00",
    "cloture_des_contributions": "2026-12-12T18:00",
    "ouverture_des_votes": "2026-11-13T13:00",
    "cloture_des_votes": "2026-12-19T18:00",
    "scelle": "1",
    "motif": "Une semaine de plus",
}
MINUTES = {"source": "Former.", "ligne-1": "Former tous les agents.", "garder-1": "1"}
CLOSED = "Les contributions à ce thème sont closes."
LOCKED = "L’équipe de modération a verrouillé ce fil"
VOTES_CLOSED = "Les votes sur ce thème sont clos."


@dataclass(frozen=True)
class Case:
    """A request, and the action of the table that decides about it.

    `path` names places of the world; `form` None is a page that is read. `first` is an action that the same address
    checks before: what a reader may not know of is hidden before it is refused. `group` is the group that the thing
    belongs to. `refused` is the sentence with which the state of the thing or its schedule refuses people whom the
    table allows; otherwise they get `status`, and the table `changes` is written. `hidden` is the place that answers as
    if it did not exist.
    """

    action: Action
    name: str
    path: str
    form: Form | None = None
    first: Action | None = None
    group: str = "a"
    refused: str = ""
    status: int = 0
    changes: str = ""
    hidden: str = ""
    states: Mapping[str, int] = field(default_factory=dict)
    """Other statuses, by name of reader: for those whom the table allows, but who lack something or already have it."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The JSON equivalent of the form, when it is not simply the form."""

    def __str__(self) -> str:
        return self.name

    def status_for(self, name: str) -> int:
        """The status that a reader allowed by the table gets."""
        if name in self.states:
            return self.states[name]
        return self.status or (200 if self.form is None else 303)

    def cell(self, reader: Reader) -> Cell:
        """What the table says about it for this reader; a bar is a refusal under the default settings."""
        standings = {"a": reader.a, "b": reader.b, "any": reader.a | reader.b}[self.group]
        found = cell_of(self.action, standings)
        if self.first and cell_of(self.first, standings) is not Cell.ALLOWED:
            found = cell_of(self.first, standings)
        return Cell.REFUSED if found is Cell.BARRED else found


READ, COMPILE, WRITE_SYNTHESIS = Action.READ, Action.COMPILE, Action.WRITE_SYNTHESIS
KEEP, ADMINISTER = Action.KEEP_ACCOUNT, Action.ADMINISTER
SECURITY, PERSON, INVITATIONS = (
    "/compte/securite",
    "/administration/personnes/{target}",
    "/administration/invitations",
)
PROVED = {"mot_de_passe_actuel": PASSWORD}
# A role that requires a second factor cannot turn it off; a reader without one has no codes.
STAFF = {name: 403 for name, reader in READERS.items() if reader.role is not Role.MEMBER or reader.moderates}
WITHOUT_FACTOR = {name: 404 for name, reader in READERS.items() if not reader.has_factor}
ACCOUNT = [
    Case(KEEP, "see what one signs in with", SECURITY),
    Case(KEEP, "see the form of the password", f"{SECURITY}/mot-de-passe"),
    Case(
        KEEP,
        "change one's password",
        f"{SECURITY}/mot-de-passe",
        {**PROVED, "nouveau_mot_de_passe": "une autre phrase, bien plus longue"},
        changes="member",
    ),
    Case(KEEP, "see the form of the second factor", f"{SECURITY}/double-authentification"),
    # The key comes from the form: none is sent here, and readers with the right are told so.
    Case(KEEP, "set up a second factor", f"{SECURITY}/double-authentification", {"code": CODE}, status=422),
    Case(KEEP, "see the form of the codes", f"{SECURITY}/codes-de-secours", states=WITHOUT_FACTOR),
    Case(
        KEEP,
        "draw other codes",
        f"{SECURITY}/codes-de-secours",
        {**PROVED, "code": CODE},
        status=200,
        changes="recovery_code",
        states=WITHOUT_FACTOR,
    ),
    Case(KEEP, "see the form that turns the factor off", f"{SECURITY}/desactiver", states=STAFF),
    Case(
        KEEP,
        "turn the second factor off",
        f"{SECURITY}/desactiver",
        {**PROVED, "code": CODE},
        changes="second_factor",
        states=STAFF,
    ),
    Case(KEEP, "end one's other sessions", f"{SECURITY}/sessions", {}, changes="session"),
    Case(KEEP, "end all one's sessions", f"{SECURITY}/sessions", {"aussi": "celle-ci"}, changes="session"),
    Case(KEEP, "end a session", f"{SECURITY}/sessions/{{own_session}}", {}, changes="session"),
    Case(KEEP, "see one's profile", "/compte"),
    Case(
        KEEP,
        "change one's profile",
        "/compte",
        {"nom": "{own_name}", "organisation": "Bibliothèque de Lyon", "langue": "fr"},
        changes="member",
    ),
    Case(KEEP, "accept the charter", "/compte/charte", {"version": charter_version()}, changes="member"),
    Case(KEEP, "see the form of the address", "/compte/adresse"),
    Case(
        KEEP,
        "ask for another address",
        "/compte/adresse",
        {**PROVED, "nouvelle_adresse": "ailleurs@exemple.fr"},
        changes="address_change",
    ),
    Case(KEEP, "give another address up", "/compte/adresse/abandonner", {}),
    # A link that does not exist: readers with the right are told so.
    Case(KEEP, "see the form that confirms the address", "/compte/confirmer?jeton=aucun", status=410),
    Case(KEEP, "confirm one's address", "/compte/confirmer", {"jeton": "aucun"}, status=410),
    Case(
        KEEP,
        "ask for the link that confirms it",
        "/compte/confirmer/envoyer",
        {},
        changes="mail",
        states={name: 404 for name in READERS if name != "not confirmed"},
    ),
    Case(KEEP, "see what became of one's contributions", "/compte/contributions"),
    Case(KEEP, "see what is known of oneself", "/compte/donnees"),
    Case(KEEP, "ask for one's archive", "/compte/donnees", {}, changes="archive"),
    Case(KEEP, "download one's archive", "/compte/donnees/archive"),
    Case(KEEP, "follow one's archive", "/api/v1/compte/archive"),
    Case(KEEP, "see the form that erases one's account", "/compte/effacer"),
    Case(KEEP, "erase one's account", "/compte/effacer", {**PROVED, "confirmation": "EFFACER"}, changes="member"),
    # No provider is set up: nothing to link with.
    Case(KEEP, "see the form that links an identity", "/compte/identites/relier", status=404),
    Case(KEEP, "link an identity", "/compte/identites/relier", PROVED, status=404),
    Case(KEEP, "see the form that unlinks one", f"/compte/identites/{NEVER}/retirer", status=404),
    Case(KEEP, "unlink an identity", f"/compte/identites/{NEVER}/retirer", PROVED, status=404),
]
NOT_YET = "L’administration répond une fois les votes clos."
REPLY = {
    "decision": "retenue",
    "motif": "Elle est utile.",
    "service": "Le service",
    "decide_le": "2026-11-23",
    "vu": "0",
}
OWED = "/propositions/{answered}/engagements/{obligation}"
ANSWERS = [
    Case(Action.READ, "read the follow-up of a theme", "/themes/5/suites"),
    Case(Action.ANSWER, "see the form of an answer", "/propositions/{closed_proposal}/repondre"),
    Case(Action.ANSWER, "see it while the votes are open", "/propositions/{proposal}/repondre", refused=NOT_YET),
    Case(Action.ANSWER, "answer", "/propositions/{closed_proposal}/repondre", REPLY, changes="answer"),
    Case(Action.ANSWER, "answer while the votes are open", "/propositions/{proposal}/repondre", REPLY, refused=NOT_YET),
    Case(Action.ANSWER, "see the form of an obligation", "/propositions/{answered}/engagements"),
    Case(
        Action.ANSWER,
        "promise something",
        "/propositions/{answered}/engagements",
        {"engagement-1": "Le faire mieux.", "echeance-1": "2027-01-31"},
        changes="obligation",
    ),
    Case(Action.ANSWER, "see the form that keeps it", f"{OWED}/tenu"),
    Case(
        Action.ANSWER,
        "keep what was promised",
        f"{OWED}/tenu",
        {"tenu_le": "2026-11-23", "realisation": "Fait."},
        changes="obligation",
    ),
    Case(
        Action.ANSWER,
        "say that it is not kept",
        "/propositions/{kept}/engagements/{kept_obligation}/non-tenu",
        {"motif": "Une erreur."},
        changes="obligation",
    ),
    Case(Action.ANSWER, "see the form that puts it off", f"{OWED}/echeance"),
    Case(
        Action.ANSWER,
        "put it off",
        f"{OWED}/echeance",
        {"echeance": "2027-01-31", "motif": "Le marché est infructueux."},
        changes="obligation",
    ),
    Case(Action.ANSWER, "carry a proposal out", "/propositions/{kept}/mise-en-oeuvre", {}, changes="proposal"),
]
ADMINISTRATION = [
    Case(ADMINISTER, "begin to administer", "/administration"),
    Case(Action.OPERATE, "see how the site is", "/administration/etat"),
    Case(Action.OPERATE, "send mails that wait", "/administration/etat/courriels", {}),
    Case(ADMINISTER, "list people", "/administration/personnes"),
    Case(ADMINISTER, "find somebody", "/administration/personnes/adresse", {"adresse": "cible@exemple.fr"}),
    Case(ADMINISTER, "see somebody's account", PERSON),
    Case(Action.READ_ADDRESS, "see somebody's address", f"{PERSON}/adresse", {}, status=200, changes="journal_entry"),
    Case(ADMINISTER, "see the form of rights", f"{PERSON}/droits"),
    Case(
        ADMINISTER,
        "make somebody an agent",
        f"{PERSON}/droits",
        {**PROVED, "role": "agent", "motif": "Nommée"},
        changes="member",
    ),
    Case(
        ADMINISTER,
        "make somebody a moderator",
        f"{PERSON}/droits",
        {**PROVED, "role": "member", "groupes": "{group_a}"},
        changes="moderator",
    ),
    Case(ADMINISTER, "see the form of a suspension", f"{PERSON}/suspension"),
    Case(
        ADMINISTER,
        "suspend somebody",
        f"{PERSON}/suspension",
        {"jusqua": "2026-12-24T12:00", "motif": "Insultes"},
        changes="member",
    ),
    Case(
        ADMINISTER,
        "end a suspension",
        "/administration/personnes/{held}/suspension/lever",
        {"motif": "Erreur"},
        changes="member",
    ),
    Case(ADMINISTER, "see the form that takes a factor away", f"{PERSON}/double-authentification"),
    Case(
        ADMINISTER,
        "take somebody's second factor away",
        f"{PERSON}/double-authentification",
        {"motif": "Téléphone perdu, reconnue au guichet"},
        changes="second_factor",
    ),
    Case(Action.CORRECT_PERSON, "see the form of a name", f"{PERSON}/nom"),
    Case(
        Action.CORRECT_PERSON,
        "correct somebody's name",
        f"{PERSON}/nom",
        {"nom": "Personne Neutre", "regle": "charter", "motif": "Une insulte"},
        changes="member",
    ),
    Case(Action.EXCLUDE_VOTES, "see the form that excludes votes", f"{PERSON}/votes"),
    Case(
        Action.EXCLUDE_VOTES,
        "exclude somebody's votes",
        f"{PERSON}/votes",
        {"theme": "3", "motif": "Un compte frauduleux"},
        changes="excluded_vote",
    ),
    Case(
        Action.EXCLUDE_VOTES,
        "see the form that counts them again",
        "/administration/personnes/{left_out}/votes/3/compter",
    ),
    Case(
        Action.EXCLUDE_VOTES,
        "count somebody's votes again",
        "/administration/personnes/{left_out}/votes/3/compter",
        {"motif": "Une erreur"},
        changes="excluded_vote",
    ),
    Case(ADMINISTER, "send somebody a link", f"{PERSON}/mot-de-passe", {}, changes="link"),
    Case(ADMINISTER, "sign somebody out", f"{PERSON}/sessions", {}, changes="journal_entry"),
    Case(ADMINISTER, "list invitations", INVITATIONS),
    Case(ADMINISTER, "see the form of an invitation", f"{INVITATIONS}/nouvelle"),
    Case(
        ADMINISTER,
        "invite somebody",
        f"{INVITATIONS}/nouvelle",
        {"adresse": "quelquun@exemple.fr", "langue": "fr"},
        changes="invitation",
    ),
    Case(ADMINISTER, "see the form of a list", f"{INVITATIONS}/liste"),
    Case(
        ADMINISTER,
        "read a list",
        f"{INVITATIONS}/liste",
        {"liste": "une@exemple.fr\ndeux@exemple.fr"},
        changes="invitation_batch",
    ),
    Case(ADMINISTER, "read the report of a list", f"{INVITATIONS}/listes/{{batch}}"),
    Case(ADMINISTER, "invite a list", f"{INVITATIONS}/listes/{{batch}}/envoyer", {}, changes="invitation"),
    Case(ADMINISTER, "invite again", f"{INVITATIONS}/{{invited}}/renvoyer", {}, changes="link"),
    Case(ADMINISTER, "take an invitation back", f"{INVITATIONS}/{{invited}}/retirer", {}, changes="invitation"),
]
ARRANGE = Action.ARRANGE_THREADS
SAID = {"motif": "Pour s’y retrouver.", "vu": "0"}
THREADS = [
    Case(ARRANGE, "see the form that renames a thread", "/fils/{thread}/renommer"),
    Case(ARRANGE, "rename a thread", "/fils/{thread}/renommer", {"titre": "Mieux", **SAID}, changes="thread_turn"),
    Case(ARRANGE, "see the form that locks a thread", "/fils/{thread}/verrouiller"),
    Case(ARRANGE, "lock a thread", "/fils/{thread}/verrouiller", SAID, changes="thread_turn"),
    Case(ARRANGE, "see the form that unlocks one", "/fils/{held_thread}/deverrouiller"),
    Case(ARRANGE, "unlock a thread", "/fils/{held_thread}/deverrouiller", SAID, changes="thread_turn"),
    Case(ARRANGE, "see the form that pins a thread", "/fils/{thread}/epingler"),
    Case(ARRANGE, "pin a thread", "/fils/{thread}/epingler", SAID, changes="thread_turn"),
    Case(ARRANGE, "see the form that moves contributions", "/fils/{thread}/deplacer"),
    Case(ARRANGE, "see what a move will do", "/fils/{thread}/deplacer?numeros=1&fil={held_thread}"),
    Case(
        ARRANGE,
        "move a contribution",
        "/fils/{thread}/deplacer",
        {"contributions": "{post}", "fil": "{held_thread}", **SAID},
        changes="moved_post",
    ),
    Case(ARRANGE, "see the form that joins two threads", "/fils/{thread}/reunir"),
    Case(ARRANGE, "join two threads", "/fils/{thread}/reunir", {"fil": "{held_thread}", **SAID}, changes="moved_post"),
    Case(ARRANGE, "see the form that changes the theme of a thread", "/fils/{thread}/changer-de-theme"),
    Case(ARRANGE, "see what another theme changes", "/fils/{thread}/changer-de-theme?theme=7"),
    Case(
        ARRANGE,
        "change the theme of a thread",
        "/fils/{thread}/changer-de-theme",
        {"theme": "7", **SAID},
        changes="thread_turn",
    ),
    Case(ARRANGE, "see the form that undoes a move", "/fils/{left_thread}/deplacements/{moved}/annuler"),
    Case(
        ARRANGE,
        "undo a move",
        "/fils/{left_thread}/deplacements/{moved}/annuler",
        {**SAID, "vu": "1"},
        changes="thread_turn",
    ),
    Case(ARRANGE, "see the form that unpins one", "/fils/{held_thread}/desepingler"),
    Case(ARRANGE, "unpin a thread", "/fils/{held_thread}/desepingler", SAID, changes="thread_turn"),
]
RECEIVE, RECEIVED = Action.ENTER_RECEIVED, "/themes/3/contributions-recues"
LETTER = {
    "fil": "{thread}",
    "acte": "enregistrer",
    "ligne-1": "Ouvrir le dimanche.",
    "garder-1": "1",
    "date-1": NOON.date().isoformat(),
    "origine-1": "courrier",
}
RECEPTIONS = [
    Case(RECEIVE, "see the form of contributions received elsewhere", RECEIVED),
    Case(RECEIVE, "enter a letter", RECEIVED, LETTER, changes="reception"),
    Case(RECEIVE, "see the form that corrects what was typed", "/contributions/{received}/corriger-la-saisie"),
    Case(
        RECEIVE,
        "correct what was typed",
        "/contributions/{received}/corriger-la-saisie",
        {"nom": "Odile", "date": NOON.date().isoformat(), "origine": "courriel"},
        changes="reception",
    ),
    Case(RECEIVE, "see what erasing a name does", "/contributions/{received}/effacer-le-nom"),
    Case(
        RECEIVE,
        "erase the name of somebody without an account",
        "/contributions/{received}/effacer-le-nom",
        {"vu": "1", **CONFIRMED},
        changes="reception",
    ),
]
OWN_PENDING = "/contributions/en-attente/{own_pending}"
PENDING = [
    Case(Action.KEEP_ACCOUNT, "read what one wrote that waits", OWN_PENDING),
    Case(
        Action.EDIT_OWN_POST,
        "change what one wrote that waits",
        OWN_PENDING,
        {"source": "Mieux.", "version": "1"},
        changes="pending_post",
        values={"source": "Mieux.", "version": 1},
    ),
    Case(Action.WITHDRAW_OWN_POST, "take back what waits", OWN_PENDING, {"acte": "retirer"}, changes="pending_post"),
    Case(Action.READ_OTHER_PENDING, "read what waits", "/contributions/en-attente/{pending}", hidden="pending"),
]
HARVEST_OWN, HARVEST_OTHER = Action.HARVEST_OWN_POST, Action.HARVEST_OTHER_POST
KEPT = {"mots": "mots", "nature": "solution"}
NO_FOLLOW_UP = {"acte": "sans-suite", "motif": "Hors du thème", "vu": "1||"}
HARVEST = [
    Case(HARVEST_OTHER, "see what is to be treated", "/a-traiter", group="any"),
    Case(HARVEST_OWN, "see the desk of one's own post", "/contributions/{own_post}/extraire"),
    Case(HARVEST_OWN, "keep words of one's own", "/contributions/{own_post}/extraire", KEPT, changes="extract"),
    Case(HARVEST_OWN, "change what one kept", "/extraits/{own_extract}", {"nature": "exemple"}, changes="extract"),
    Case(HARVEST_OWN, "give up what one kept", "/extraits/{own_extract}", {"acte": "retirer"}, changes="extract"),
    Case(HARVEST_OTHER, "see the desk of somebody's post", "/contributions/{post}/extraire"),
    Case(
        HARVEST_OTHER,
        "keep somebody's words",
        "/contributions/{tagged}/extraire",
        KEPT,
        changes="extract",
    ),
    Case(
        HARVEST_OTHER,
        "keep the words of a post of B",
        "/contributions/{post_b}/extraire",
        {"tout": "1", "nature": "solution"},
        group="b",
        changes="extract",
        values={"tout": True, "nature": "solution"},
    ),
    Case(HARVEST_OTHER, "give up somebody's words", "/extraits/{extract}", {"acte": "retirer"}, changes="extract"),
    Case(HARVEST_OTHER, "treat a post", "/contributions/{post}/traitement", NO_FOLLOW_UP, changes="treatment"),
    Case(
        HARVEST_OTHER,
        "treat a post of B",
        "/contributions/{post_b}/traitement",
        NO_FOLLOW_UP,
        group="b",
        changes="treatment",
    ),
    Case(HARVEST_OTHER, "have a post to treat again", "/contributions/{post}/traitement", {"acte": "reprendre"}),
]
NOTICE = {"regle": "charter", "explication": "Une insulte."}
NO_ACTION = {"mesure": "no action", "motif": "Dans le sujet.", "acte": "apercu"}
KEPT_MINUTES, ANSWER_GIVEN = "/reunions/{meeting}/compte-rendu", "/propositions/{answered}/reponses/1"
CASE, DECISION = "/moderation/dossiers/{case}", "/moderation/decisions/{own_decision}"
NOTIFY, READ_NOTICES, HIDE = Action.NOTIFY, Action.READ_NOTICES, Action.HIDE
# A visitor leaves an address, on a page that was open for some seconds.
WITHOUT_ADDRESS = {"visitor": 422}
MODERATION = [
    Case(READ, "read the figures of moderation", "/moderation/bilan"),
    Case(READ, "take the figures of moderation away", "/moderation/bilan.csv"),
    Case(NOTIFY, "see the form of a notice", "/contributions/{post}/signaler"),
    Case(
        NOTIFY,
        "notify a contribution",
        "/contributions/{post}/signaler",
        NOTICE,
        changes="moderation_notice",
        states=WITHOUT_ADDRESS,
    ),
    Case(NOTIFY, "see the form of a notice of a proposal", "/propositions/{proposal}/signaler"),
    Case(
        NOTIFY,
        "notify a proposal",
        "/propositions/{proposal}/signaler",
        NOTICE,
        changes="moderation_notice",
        states=WITHOUT_ADDRESS,
    ),
    *(
        Case(NOTIFY, f"{does} of {what}", f"{place}/signaler", form, changes=changes, states=states)
        for what, place in (("minutes", KEPT_MINUTES), ("an answer", ANSWER_GIVEN))
        for does, form, changes, states in (
            ("see the form of a notice", None, "", {}),
            ("send a notice", NOTICE, "moderation_notice", WITHOUT_ADDRESS),
        )
    ),
    Case(KEEP, "see what became of one's notices", "/compte/signalements"),
    Case(READ_NOTICES, "see the cases", "/moderation", group="any"),
    Case(READ_NOTICES, "see the signals", "/moderation/signaux", group="any"),
    Case(READ_NOTICES, "see a case", CASE),
    Case(READ_NOTICES, "see a case of B", "/moderation/dossiers/{case_b}", group="b"),
    Case(READ_NOTICES, "take charge of a case", f"{CASE}/prendre", {}, changes="moderation_case"),
    Case(READ_NOTICES, "give a case back", f"{CASE}/rendre", {}),
    Case(HIDE, "see what the author would read", CASE, NO_ACTION, status=200),
    Case(HIDE, "see it in B", "/moderation/dossiers/{case_b}", NO_ACTION, group="b", status=200),
    Case(HIDE, "open a case", "/contributions/{tagged}/dossier", {}, changes="moderation_case"),
    Case(HIDE, "open a case on a proposal", "/propositions/{proposal}/dossier", {}, changes="moderation_case"),
    Case(HIDE, "open a case on minutes", f"{KEPT_MINUTES}/dossier", {}, changes="moderation_case"),
    Case(HIDE, "open a case on an answer", f"{ANSWER_GIVEN}/dossier", {}, changes="moderation_case"),
    Case(Action.READ_OTHER_DECISION, "read a decision", "/moderation/decisions/{decision}", hidden="decision"),
    Case(Action.CONTEST, "read a decision about oneself", DECISION),
    Case(Action.CONTEST, "be led to a decision about oneself", "/contributions/{own_post}/decision", status=303),
    Case(Action.CONTEST, "be led to none about a proposal", "/propositions/{own_proposal}/decision", status=404),
    Case(Action.CONTEST, "be led to none about minutes", f"{KEPT_MINUTES}/decision", status=404),
    Case(Action.CONTEST, "be led to none about an answer", f"{ANSWER_GIVEN}/decision", status=404),
    Case(Action.CONTEST, "see the form that contests", f"{DECISION}/contester"),
    Case(
        Action.CONTEST,
        "contest a decision",
        f"{DECISION}/contester",
        {"explication": "Ce n’est pas une insulte."},
        changes="moderation_complaint",
    ),
    Case(KEEP, "see the form that contests that nothing was done", "/compte/signalements/{own_left}/contester"),
    Case(
        KEEP,
        "contest that nothing was done",
        "/compte/signalements/{own_left}/contester",
        {"explication": "C’est une insulte."},
        changes="moderation_notice",
    ),
    Case(Action.CONTEST_NOTICE, "contest it by a link", "/moderation/signalements/contester?jeton=aucun", status=410),
    Case(
        Action.CONTEST_NOTICE,
        "contest it with a link",
        "/moderation/signalements/contester",
        {"jeton": "aucun", "explication": "C’est une insulte."},
        status=410,
    ),
    Case(
        Action.ANSWER_COMPLAINT,
        "see the form that answers who notified",
        "/moderation/signalements/{contested_notice}/reclamation",
    ),
    Case(
        Action.ANSWER_COMPLAINT,
        "answer who notified",
        "/moderation/signalements/{contested_notice}/reclamation",
        {"issue": "upheld", "explication": "Si."},
        changes="moderation_notice",
    ),
    Case(Action.ANSWER_COMPLAINT, "see the form of an answer", "/moderation/decisions/{contested}/reclamation"),
    Case(
        Action.ANSWER_COMPLAINT,
        "answer a complaint",
        "/moderation/decisions/{contested}/reclamation",
        {"issue": "upheld", "explication": "Si."},
        changes="moderation_complaint",
    ),
]
CASES = [
    Case(READ, "read the home page", "/"),
    Case(READ, "read a theme", "/themes/3"),
    Case(READ, "read the proposals", "/themes/3/propositions"),
    Case(READ, "read a proposal", "/propositions/{proposal}"),
    Case(READ, "read a thread", "/fils/{thread}"),
    Case(READ, "read a thread by an address with its title", "/fils/{thread}-titre", status=301),
    Case(READ, "print a thread", "/fils/{thread}/imprimer"),
    Case(READ, "read a proposal that was judged", "/propositions/{closed_proposal}"),
    Case(READ, "read the results of a vote", "/themes/5/propositions"),
    Case(READ, "take the results of a vote away", "/themes/5/resultats.csv"),
    Case(READ, "read the results by group", "/themes/5/resultats/groupes"),
    Case(READ, "look a contribution up", "/contributions/{post}", status=303),
    Case(READ, "read the versions of a contribution", "/contributions/{post}/historique"),
    Case(READ, "read a version", "/contributions/{post}/revisions/1"),
    Case(READ, "read the list of meetings", "/reunions"),
    Case(READ, "read a meeting", "/reunions/{meeting}"),
    Case(READ, "follow a theme in a feed reader", "/themes/3/flux.atom"),
    Case(READ, "follow a thread in a feed reader", "/fils/{thread}/flux.atom"),
    Case(READ, "go on reading a thread", "/fils/{thread}/reprendre", status=303),
    Case(READ, "follow the meetings in a calendar", "/reunions.ics"),
    Case(READ, "note a meeting in a calendar", "/reunions/{meeting}.ics"),
    Case(READ, "read the list of syntheses", "/syntheses"),
    Case(READ, "read a published synthesis", "/syntheses/{published}"),
    Case(READ, "follow a published synthesis", "/api/v1/syntheses/{published}"),
    Case(READ, "download its frozen data", "/syntheses/{published}/donnees-figees"),
    Case(Action.READ_OWN_BALLOT, "find their own ballots in its data", "/syntheses/{published}/mes-votes"),
    Case(READ, "download its signature", "/syntheses/{published}/signature"),
    Case(READ, "read its document", "/syntheses/{published}/lire"),
    Case(READ, "download its document", "/syntheses/{published}/synthese-T5-v2-2026-11-23.html"),
    Case(Action.READ_WAITING_TAGS, "read a meeting known by a waiting tag", "/reunions/{waiting}", hidden="waiting"),
    Case(Action.CONTRIBUTE, "see the form of a reply", "/fils/{thread}/repondre"),
    Case(Action.CONTRIBUTE, "see whom an @ may mean", "/fils/{thread}/personnes"),
    Case(Action.CONTRIBUTE, "see it when closed", "/fils/{closed_thread}/repondre", refused=CLOSED),
    Case(Action.CONTRIBUTE, "reply", "/fils/{thread}/repondre", {"source": "Une réponse."}, changes="post"),
    Case(
        Action.CONTRIBUTE,
        "look at a reply first",
        "/fils/{thread}/repondre",
        {"source": "Une réponse.", "acte": "apercu"},
        status=200,
    ),
    Case(
        Action.CONTRIBUTE,
        "reply when closed",
        "/fils/{closed_thread}/repondre",
        {"source": "Trop tard."},
        refused=CLOSED,
    ),
    Case(Action.CONTRIBUTE, "choose words to quote", "/contributions/{post}/citer", status=303),
    Case(Action.CONTRIBUTE, "choose them when closed", "/contributions/{closed_post}/citer", refused=CLOSED),
    Case(Action.CONTRIBUTE, "see the form of a thread", "/themes/3/nouveau-fil"),
    Case(
        Action.CONTRIBUTE,
        "open a thread",
        "/themes/3/nouveau-fil",
        {"titre": "Un fil", "source": "Un début."},
        changes="thread",
    ),
    Case(
        Action.CONTRIBUTE,
        "open a thread when closed",
        "/themes/5/nouveau-fil",
        {"titre": "Un fil", "source": "Un début."},
        refused=CLOSED,
    ),
    Case(Action.CONTRIBUTE, "see the form in a locked thread", "/fils/{held_thread}/repondre", refused=LOCKED),
    Case(
        Action.CONTRIBUTE,
        "reply in a locked thread",
        "/fils/{held_thread}/repondre",
        {"source": "Trop tard."},
        refused=LOCKED,
    ),
    *THREADS,
    *RECEPTIONS,
    Case(Action.EDIT_OWN_POST, "see the form of one's words", "/contributions/{own_post}/modifier"),
    Case(
        Action.EDIT_OWN_POST,
        "edit one's own words",
        "/contributions/{own_post}/modifier",
        {"source": "Mieux.", "version": "1"},
        changes="post_revision",
        values={"source": "Mieux.", "version": 1},
    ),
    Case(Action.EDIT_OTHER_POST, "see the form of somebody's words", "/contributions/{post}/modifier"),
    Case(
        Action.EDIT_OTHER_POST,
        "edit somebody's words",
        "/contributions/{post}/modifier",
        {"source": "Pire.", "version": "1"},
    ),
    Case(Action.WITHDRAW_OWN_POST, "see the form that withdraws one's words", "/contributions/{own_post}/retirer"),
    Case(
        Action.WITHDRAW_OWN_POST,
        "withdraw one's words",
        "/contributions/{own_post}/retirer",
        {"confirmation": "1"},
        changes="withheld",
        values={"confirmation": True},
    ),
    Case(
        Action.PUT_POST_BACK,
        "show one's words again",
        "/contributions/{own_post}/retirer",
        {"acte": "remettre"},
    ),
    Case(
        Action.WITHDRAW_OTHER_POST,
        "withdraw somebody's words",
        "/contributions/{post}/retirer",
        {"confirmation": "1"},
        values={"confirmation": True},
    ),
    *PENDING,
    Case(Action.PROPOSE, "see the form of a proposal", "/themes/3/proposer"),
    Case(Action.PROPOSE, "propose", "/themes/3/proposer", {"formulation": "Une idée"}, changes="proposal"),
    Case(Action.PROPOSE, "propose when closed", "/themes/5/proposer", {"formulation": "Une idée"}, refused=CLOSED),
    Case(Action.PROPOSE_FROM_OWN_POST, "see the form on one's own post", "/contributions/{own_post}/proposer"),
    Case(
        Action.PROPOSE_FROM_OWN_POST,
        "propose of one's own post",
        "/contributions/{own_post}/proposer",
        {"formulation": "Une idée"},
        changes="extract",
    ),
    Case(Action.PROPOSE_FROM_OTHER_POST, "see the form on somebody's post", "/contributions/{post}/proposer"),
    Case(
        Action.PROPOSE_FROM_OTHER_POST,
        "propose of somebody's post",
        "/contributions/{post}/proposer",
        {"formulation": "Une idée"},
        changes="extract",
    ),
    Case(
        Action.PROPOSE_FROM_OTHER_POST,
        "propose of a post of B",
        "/contributions/{post_b}/proposer",
        {"formulation": "Une idée"},
        group="b",
        changes="extract",
    ),
    Case(
        Action.PROPOSE_FROM_OTHER_POST,
        "propose of a post after the votes",
        "/contributions/{closed_post}/proposer",
        {"formulation": "Une idée"},
        refused="Les votes de ce thème sont clos : une nouvelle proposition ne pourrait plus être jugée.",
    ),
    *HARVEST,
    Case(KEEP, "see one's drafts", "/compte/brouillons"),
    Case(KEEP, "see a draft of one's own", "/compte/brouillons/{own_draft}", hidden="own_draft"),
    Case(
        Action.PROPOSE,
        "keep a draft",
        "/themes/3/proposer",
        {"formulation": "Une idée", "acte": "brouillon"},
        changes="proposal",
    ),
    Case(
        Action.PROPOSE,
        "submit a draft of one's own",
        "/compte/brouillons/{own_draft}",
        {"formulation": "Une idée"},
        changes="proposal_turn",
    ),
    Case(KEEP, "delete a draft of one's own", "/compte/brouillons/{own_draft}/supprimer", {}, changes="proposal"),
    Case(READ, "read the versions of a proposal", "/propositions/{amended}/versions"),
    Case(READ, "read a version of a proposal", "/propositions/{amended}/versions/1"),
    Case(Action.EDIT_OWN_PROPOSAL, "see the form of one's proposal", "/propositions/{own_proposal}/modifier"),
    Case(
        Action.EDIT_OWN_PROPOSAL,
        "amend one's own proposal",
        "/propositions/{own_proposal}/modifier",
        {"formulation": "Mieux dite", "version": "1", "motif": "Plus clair"},
        changes="proposal_version",
        values={"formulation": "Mieux dite", "version": 1, "motif": "Plus clair"},
    ),
    Case(Action.EDIT_OTHER_PROPOSAL, "see the form of somebody's proposal", "/propositions/{proposal}/modifier"),
    Case(
        Action.EDIT_OTHER_PROPOSAL,
        "amend somebody's proposal",
        "/propositions/{proposal}/modifier",
        {"formulation": "Pire", "version": "1", "motif": "Parce que"},
    ),
    Case(Action.SET_ASIDE, "see the form that sets aside", "/propositions/{proposal}/ecarter"),
    Case(
        Action.SET_ASIDE,
        "set a proposal aside",
        "/propositions/{proposal}/ecarter",
        {"motif": "Hors du sujet"},
        changes="proposal_turn",
    ),
    Case(
        Action.SET_ASIDE,
        "set a judged proposal aside",
        "/propositions/{closed_proposal}/ecarter",
        {"motif": "Hors du sujet"},
        refused="Les votes de ce thème sont clos : la liste jugée ne change plus.",
    ),
    Case(Action.SET_ASIDE, "see the form that takes back", "/propositions/{aside}/reprendre"),
    Case(
        Action.SET_ASIDE,
        "take a proposal back",
        "/propositions/{aside}/reprendre",
        {"motif": "À relire"},
        changes="proposal_turn",
    ),
    Case(Action.SET_ASIDE, "see the form that certifies", "/propositions/{amended}/versions/2/correction"),
    Case(
        Action.SET_ASIDE,
        "certify a correction",
        "/propositions/{amended}/versions/2/correction",
        {"motif": "Une faute"},
        changes="proposal_version",
    ),
    Case(Action.WITHDRAW_OWN_PROPOSAL, "see the form that withdraws", "/propositions/{own_proposal}/retirer"),
    Case(
        Action.WITHDRAW_OWN_PROPOSAL,
        "withdraw one's own proposal",
        "/propositions/{own_proposal}/retirer",
        {"confirmation": "1"},
        changes="proposal",
        values={"confirmation": True},
    ),
    Case(
        Action.WITHDRAW_OTHER_PROPOSAL,
        "withdraw somebody's proposal",
        "/propositions/{proposal}/retirer",
        {"confirmation": "1"},
        values={"confirmation": True},
    ),
    Case(Action.VOTE, "vote", "/propositions/{proposal}/vote", {"avis": "pour"}, changes="ballot"),
    Case(Action.VOTE, "vote on one's own", "/propositions/{own_proposal}/vote", {"avis": "contre"}, changes="ballot"),
    Case(Action.VOTE, "change a vote", "/propositions/{judged}/vote", {"avis": "contre"}, changes="ballot"),
    Case(Action.VOTE, "withdraw a vote", "/propositions/{judged}/vote", {"avis": "retirer"}, changes="ballot"),
    Case(
        Action.VOTE,
        "vote when closed",
        "/propositions/{closed_proposal}/vote",
        {"avis": "pour"},
        refused=VOTES_CLOSED,
    ),
    Case(
        Action.MODERATE,
        "tag a post",
        "/contributions/{post}/reunions",
        {"reunion": "7", "acte": "etiqueter"},
        changes="meeting_tag",
        values={"reunion": 7, "acte": "etiqueter"},
    ),
    Case(
        Action.MODERATE,
        "confirm a tag",
        "/contributions/{post}/reunions",
        {"reunion": "2", "acte": "etiqueter"},
        changes="meeting_tag",
    ),
    Case(
        Action.MODERATE,
        "take a tag off",
        "/contributions/{tagged}/reunions",
        {"reunion": "1", "acte": "retirer"},
        changes="meeting_tag",
    ),
    Case(
        Action.MODERATE,
        "tag a post of B",
        "/contributions/{post_b}/reunions",
        {"reunion": "7", "acte": "etiqueter"},
        group="b",
        changes="meeting_tag",
    ),
    Case(
        Action.MODERATE,
        "enter a meeting",
        "/reunions/nouvelle",
        {"groupe": "{group_a}", "numero": "9", "date": "2019-03-12"},
        changes="meeting",
    ),
    Case(
        Action.MODERATE,
        "enter a meeting of B",
        "/reunions/nouvelle",
        {"groupe": "{group_b}", "numero": "9", "date": "2019-03-12"},
        group="b",
        changes="meeting",
    ),
    Case(Action.MODERATE, "see the form of a meeting", "/reunions/nouvelle", group="any"),
    Case(Action.MODERATE, "see the form that corrects a meeting", "/reunions/{meeting}/modifier"),
    Case(
        Action.MODERATE,
        "correct a meeting",
        "/reunions/{meeting}/modifier",
        {"date": "2019-03-13", "lieu": "Metz", "presents": "Une bibliothèque"},
        changes="meeting",
    ),
    Case(
        Action.MODERATE,
        "correct a meeting of B",
        "/reunions/{meeting_b}/modifier",
        {"date": "2019-03-13", "lieu": "Metz", "presents": "Une bibliothèque"},
        group="b",
        changes="meeting",
    ),
    Case(Action.MODERATE, "see the tags that wait", "/reunions/a-confirmer", group="any"),
    Case(
        Action.MODERATE,
        "confirm tags that wait",
        "/reunions/a-confirmer",
        {"acte": "confirmer", "etiquettes": "{waiting_tag}"},
        changes="meeting_tag",
    ),
    Case(
        Action.MODERATE,
        "create a meeting that tags name",
        "/reunions/a-confirmer",
        {"acte": "creer", "groupe": "{group_a}", "numero": "77", "vu": "{unknown_tag}"},
        changes="meeting",
    ),
    Case(Action.MODERATE, "see what may be tagged in a theme", "/themes/3/etiqueter"),
    Case(
        Action.MODERATE,
        "tag a selection",
        "/themes/3/etiqueter",
        {"acte": "etiqueter", "reunion": "{meeting}", "contributions": "{post}", "propositions": "{proposal}"},
        changes="proposal",
    ),
    Case(
        Action.MODERATE,
        "tag a selection of B",
        "/themes/6/etiqueter",
        {"acte": "etiqueter", "reunion": "{meeting_b}", "contributions": "{post_b}"},
        group="b",
        changes="meeting_tag",
    ),
    Case(Action.MODERATE, "see the form of minutes", "/reunions/{meeting}/compte-rendu"),
    Case(
        Action.MODERATE,
        "look at the lines of minutes",
        "/reunions/{meeting}/compte-rendu",
        {"theme": "3", "source": "- Former"},
        status=200,
    ),
    Case(
        Action.MODERATE,
        "keep minutes",
        "/reunions/{meeting}/compte-rendu",
        {"acte": "garder", "theme": "3", **MINUTES},
        changes="proposal",
    ),
    Case(
        Action.MODERATE,
        "keep minutes of B",
        "/reunions/{meeting_b}/compte-rendu",
        {"acte": "garder", "theme": "6", **MINUTES},
        group="b",
        changes="proposal",
    ),
    Case(READ, "read what is near", "/themes/3/proches?mots=Une+proposition"),
    Case(READ, "read a merged proposal", "/propositions/{merged}/origine"),
    Case(Action.MODERATE, "see the form of a merge", "/propositions/{own_proposal}/fusionner?destination={proposal}"),
    Case(
        Action.MODERATE,
        "merge",
        "/propositions/{own_proposal}/fusionner",
        {"destination": "{proposal}", "motif": "La même demande."},
        changes="proposal_merge",
    ),
    Case(
        Action.MODERATE,
        "merge when closed",
        "/propositions/{closed_proposal}/fusionner",
        {"destination": "{closed_proposal}", "motif": "La même demande."},
        refused="Les votes de ce thème sont clos : on ne fusionne et on ne défusionne plus.",
    ),
    Case(Action.MODERATE, "see the form that undoes a merge", "/propositions/{merged}/defusionner"),
    Case(
        Action.MODERATE,
        "undo a merge",
        "/propositions/{merged}/defusionner",
        {"motif": "Pas la même."},
        changes="proposal_merge",
    ),
    Case(Action.MODERATE, "see near pairs", "/themes/3/doublons"),
    Case(
        Action.MODERATE,
        "tell two proposals apart",
        "/themes/3/doublons",
        {"proposition": "{own_proposal}", "autre": "{proposal}", "acte": "distinguer"},
        changes="distinction",
    ),
    Case(Action.MODERATE, "see near pairs of B", "/themes/6/doublons", group="b"),
    Case(Action.SCHEDULE, "see the form of the schedule", "/themes/3/calendrier"),
    Case(
        Action.SCHEDULE,
        "set the schedule",
        "/themes/3/calendrier",
        SCHEDULE,
        changes="theme",
        values=SCHEDULE | {"scelle": True},
    ),
    Case(
        Action.SCHEDULE,
        "close the votes",
        "/themes/3/clore-les-votes",
        {"motif": "Fin", "confirmation": "1"},
        changes="journal_entry",
    ),
    Case(COMPILE, "read a draft", "/syntheses/{draft}", hidden="draft"),
    Case(COMPILE, "follow a draft", "/api/v1/syntheses/{draft}", hidden="draft"),
    Case(COMPILE, "read the document of a draft", "/syntheses/{draft}/lire", hidden="draft"),
    Case(COMPILE, "download the frozen data of a draft", "/syntheses/{draft}/donnees-figees", hidden="draft"),
    Case(
        COMPILE,
        "download the document of a draft",
        "/syntheses/{draft}/synthese-T3-v1-2026-11-23.html",
        hidden="draft",
    ),
    Case(COMPILE, "ask for a synthesis", "/syntheses/demander", {"theme": "5"}, changes="job", values={"theme": 5}),
    Case(COMPILE, "compile again", "/syntheses/{failed}/recommencer", {}, hidden="failed", changes="job"),
    Case(WRITE_SYNTHESIS, "see what is written in a draft", "/syntheses/{draft}/textes", hidden="draft"),
    Case(WRITE_SYNTHESIS, "open a block of a draft", "/syntheses/{draft}/textes/introduction", hidden="draft"),
    Case(WRITE_SYNTHESIS, "read its versions", "/syntheses/{draft}/textes/introduction/versions", hidden="draft"),
    Case(WRITE_SYNTHESIS, "see what was written in a published one", "/syntheses/{published}/textes"),
    Case(
        WRITE_SYNTHESIS,
        "write in a draft",
        "/syntheses/{draft}/textes/introduction",
        {"source": "Pourquoi.", "version": "0", "acte": "publier"},
        hidden="draft",
        changes="synthesis_block",
    ),
    Case(
        WRITE_SYNTHESIS,
        "write in a published one",
        "/syntheses/{published}/textes/introduction",
        {"source": "Pourquoi.", "version": "0", "acte": "publier"},
        refused="Cette synthèse est déjà publiée. Une synthèse publiée ne change plus.",
    ),
    Case(WRITE_SYNTHESIS, "choose a proposal", "/syntheses/{draft}/textes", {"proposition": "T3-001"}, hidden="draft"),
    Case(WRITE_SYNTHESIS, "compose its documents", "/syntheses/{ready}/composer", {}, hidden="ready", changes="job"),
    Case(Action.PUBLISH, "see how to sign a synthesis", "/syntheses/{published}/signer"),
    Case(
        Action.PUBLISH,
        "sign a synthesis without a file",
        "/syntheses/{published}/signer",
        {},
        status=422,
    ),
    Case(
        WRITE_SYNTHESIS,
        "send to review what is not ready",
        "/syntheses/{ready}/relecture",
        {},
        hidden="ready",
        refused="Il reste des points à régler, ou à passer avec des mots.",
    ),
    Case(
        WRITE_SYNTHESIS,
        "resume writing",
        "/syntheses/{ready}/reprendre",
        {},
        hidden="ready",
        refused="Cette synthèse vient de changer d’état. Rechargez la page.",
    ),
    Case(
        Action.PUBLISH,
        "publish a synthesis",
        "/syntheses/{ready}/publier",
        {"confirmation": "1"},
        first=COMPILE,
        hidden="ready",
        changes="synthesis",
        values={"confirmation": True},
    ),
    Case(
        Action.PUBLISH,
        "publish what is public",
        "/syntheses/{published}/publier",
        {"confirmation": "1"},
        refused="Cette synthèse est déjà publiée. Une synthèse publiée ne change plus.",
    ),
    Case(Action.READ_JOURNAL, "read the journal of a group", "/journal?groupe={group_a}"),
    Case(
        Action.READ_JOURNAL,
        "take the journal of a group away",
        "/journal/export",
        {"groupe": "{group_a}"},
        status=200,
        changes="journal_entry",
    ),
    Case(Action.READ_JOURNAL, "read the journal", "/journal", group="any"),
    Case(Action.READ_JOURNAL, "read the journal of B", "/journal?groupe={group_b}", group="b"),
    Case(
        Action.READ_JOURNAL,
        "take the journal away",
        "/journal/export",
        {},
        group="any",
        status=200,
        changes="journal_entry",
    ),
    *MODERATION,
    *ANSWERS,
    *ACCOUNT,
    *ADMINISTRATION,
    Case(
        Action.KEEP_DRAFTS,
        "keep a draft of a contribution",
        "/fils/{thread}/repondre",
        {"source": "Une idée", "acte": "brouillon", "cle": "une-cle-de-formulaire"},
        changes="post_draft",
    ),
    Case(
        Action.KEEP_DRAFTS,
        "delete a draft of a contribution",
        "/compte/brouillons/contributions/{own_post_draft}/supprimer",
        {},
        changes="post_draft",
    ),
    Case(Action.MARK_READ, "see what one has not read", "/a-lire"),
    Case(
        Action.MARK_READ,
        "say how far one has read",
        "/a-lire/lus",
        {"fil": "{thread}", "lus": "{thread}-1"},
        changes="thread_read",
    ),
    Case(Action.FOLLOW, "see what one follows", "/compte/suivis"),
    Case(
        Action.FOLLOW,
        "choose one's mails",
        "/notifications/courriels",
        {"courriels_adresses": "each day", "courriels_suivis": "no mail"},
        changes="mail_wish",
    ),
    Case(Action.STOP_MAILS, "see what a link ends", "/courriels/arreter?jeton=aucun", status=410),
    Case(Action.STOP_MAILS, "end mails by a link", "/courriels/arreter?jeton=aucun", {}, status=410),
    Case(Action.FOLLOW, "follow a theme", "/themes/3/suivre", {}, changes="follow"),
    Case(Action.FOLLOW, "follow a thread", "/fils/{thread}/suivre", {}, changes="follow"),
    Case(Action.FOLLOW, "follow a proposal", "/propositions/{proposal}/suivre", {}, changes="follow"),
    Case(Action.FOLLOW, "follow a meeting", "/reunions/{meeting}/suivre", {}, changes="follow"),
    Case(Action.READ_NOTIFICATIONS, "read one's notifications", "/notifications"),
    Case(
        Action.READ_NOTIFICATIONS,
        "mark them as read",
        "/notifications/lues",
        {"vues": "{own_notice}"},
        changes="notification",
    ),
]


async def ask(app: Starlette, guest: Guest, case: Case, *, as_json: bool = False, **elsewhere: object) -> Response:
    """Send it as that person's browser does, or as a program with their session; `elsewhere` replaces places."""
    places = {**guest.places, **elsewhere}
    async with visitor(app) as client:
        if guest.token:
            client.cookies.set("session", guest.token)
        path = case.path.format(**places)
        if case.form is None:
            return await client.get(path, headers={"Accept": "application/json"} if as_json else {})
        form = {name: value.format(**places) for name, value in case.form.items()}
        return (
            await client.post(path, json=dict(case.values) or form) if as_json else await client.post(path, data=form)
        )


def says(answer: Response, sentence: str, *, as_json: bool) -> bool:
    """Whether the answer contains a sentence of ours, whose blanks may be filled in."""
    words = catalogue("fr").gettext(sentence)
    start = words.partition("{")[0].removesuffix(".")
    return start in (answer.json()["detail"] if as_json else answer.text) or escape(start) in answer.text


def reason(case: Case, reader: Reader) -> str:
    """The sentence that refuses this person."""
    standing = next(iter(reader.a))
    return HELD_BACK.get(standing) or REASONS[case.action]


def may(case: Case) -> list[str]:
    """The names of the readers whom the table allows."""
    return [name for name, reader in READERS.items() if case.cell(reader) is Cell.ALLOWED]


@pytest.mark.parametrize("case", [case for case in CASES if case.form is None and may(case)], ids=str)
async def test_people_with_the_right_read(app: Starlette, world: World, case: Case) -> None:
    for name in may(case):
        answer = await ask(app, world.guests[name], case)
        assert answer.status_code == (403 if case.refused else case.status_for(name)), (name, answer.text)
        assert "/connexion" not in answer.headers.get("location", "")
        assert not case.refused or says(answer, case.refused, as_json=False)
        assert changed(world.rows, await fingerprint()) == set(), name
        assert_no_voter_is_named(answer, case)


def writes() -> Iterator[tuple[Case, str, str]]:
    """Each form by all who may, and in JSON by the first of them whom nothing else holds back: that one shows what a
    second database makes of the act, whoever does it."""
    for case in CASES:
        if case.form is not None:
            names = sorted(may(case), key=case.states.__contains__)
            yield from ((case, name, "form") for name in names)
            yield from ((case, name, "json") for name in names[:1])


@pytest.mark.parametrize(
    ("case", "name", "kind"),
    [pytest.param(*one, marks=pytest.mark.one_database if one[2] == "form" else ()) for one in writes()],
    ids=str,
)
async def test_people_with_the_right_write(app: Starlette, world: World, case: Case, name: str, kind: str) -> None:
    as_json = kind == "json"
    answer = await ask(app, world.guests[name], case, as_json=as_json)
    moved = changed(world.rows, await fingerprint())
    assert_no_voter_is_named(answer, case)
    if case.refused:
        assert answer.status_code in (403, 409), answer.text
        assert says(answer, case.refused, as_json=as_json), answer.text
        assert moved == set()
        return
    assert answer.status_code == case.status_for(name), answer.text
    assert "/connexion" not in answer.headers.get("location", "")
    written = bool(case.changes) and name not in case.states
    assert case.changes in moved if written else moved == set()


REFUSED = [case for case in CASES if len(may(case)) < len(READERS)]


@pytest.mark.one_database
@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_people_without_the_right_change_nothing(app: Starlette, world: World, case: Case) -> None:
    """All readers whom the table refuses, one after the other in one world, which is unchanged after each of them."""
    asked_in_json: set[Cell] = set()
    for name, reader in READERS.items():
        cell = case.cell(reader)
        if cell is Cell.ALLOWED:
            continue
        await assert_refused(app, world, case, name, as_json=False)
        if cell not in asked_in_json:
            asked_in_json.add(cell)
            await assert_refused(app, world, case, name, as_json=True)


async def assert_refused(app: Starlette, world: World, case: Case, name: str, *, as_json: bool) -> None:
    reader, guest = READERS[name], world.guests[name]
    answer, cell = await ask(app, guest, case, as_json=as_json), case.cell(reader)
    assert changed(world.rows, await fingerprint()) == set(), name
    assert_no_voter_is_named(answer, case)
    if cell is Cell.HIDDEN:
        await assert_like_what_never_was(app, guest, case, answer, as_json=as_json)
    elif cell is Cell.SIGN_IN:
        assert_leads_to_sign_in(answer, case, as_json=as_json)
    else:
        assert answer.status_code == 403, (name, answer.text)
        assert says(answer, reason(case, reader), as_json=as_json), (name, answer.text)


def assert_no_voter_is_named(answer: Response, case: Case) -> None:
    """Somebody who only voted is named to nobody, before and after the close; administrators see who has an account."""
    assert case.action is Action.ADMINISTER or SECRET_VOTER not in answer.text


async def assert_like_what_never_was(
    app: Starlette, guest: Guest, case: Case, answer: Response, *, as_json: bool
) -> None:
    assert answer.status_code == 404, answer.text
    if not case.hidden:
        return
    never = await ask(app, guest, case, as_json=as_json, **{case.hidden: NEVER})
    assert seen(answer, guest.places[case.hidden]) == seen(never, NEVER)


def seen(answer: Response, number: object) -> tuple[int, dict[str, str], str]:
    """Everything in the answer, except the address of the request and its number."""
    path = str(answer.request.url.path)
    headers = {k: v for k, v in answer.headers.items() if k not in {"x-request-id", "content-length"}}
    return answer.status_code, headers, answer.text.replace(path, path.replace(f"/{number}", "/N"))


def assert_leads_to_sign_in(answer: Response, case: Case, *, as_json: bool) -> None:
    if as_json or case.path.startswith("/api/"):
        assert (answer.status_code, answer.json()["detail"]) == (403, "Connectez-vous pour continuer.")
    elif case.form is None:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/connexion?suite=")
    else:
        assert answer.status_code == 403
        assert 'href="/connexion"' in answer.text


async def test_agents_vote_where_the_setting_opens_it(
    app: Starlette, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    barred = [name for name, reader in READERS.items() if cell_of(Action.VOTE, reader.a) is Cell.BARRED]
    assert set(barred) == {"agent", "agent who moderates A", "administrator"}
    monkeypatch.setenv("FORUM_VOTES__AGENTS_MAY_VOTE", "true")
    settings.cache_clear()
    vote = Case(Action.VOTE, "vote", "/propositions/{proposal}/vote", {"avis": "pour"})
    for name in barred:
        assert (await ask(app, world.guests[name], vote)).status_code == 303, name


# What nobody may see


async def test_nobody_sees_the_tally_of_a_sealed_vote_before_its_close(app: Starlette, world: World) -> None:
    """The pages of the closed theme do show a tally, so the words looked for are the right ones."""
    assert set(TABLE[Action.READ_SEALED_TALLIES].values()) == {Cell.HIDDEN}
    tally = re.compile(r'class="tally"|Soutien net|class="results"')
    for name, guest in world.guests.items():
        for path in ("/propositions/{proposal}", "/themes/3/propositions", "/fils/{thread}", "/themes/3"):
            assert not tally.search((await ask(app, guest, Case(READ, "", path))).text), (name, path)
        for path in ("/propositions/{closed_proposal}", "/themes/5/propositions"):
            assert tally.search((await ask(app, guest, Case(READ, "", path))).text), (name, path)


def test_nobody_is_told_who_voted_what() -> None:
    """As every answer above shows; these are the pages of a vote before and after its close."""
    assert set(TABLE[Action.READ_OTHER_BALLOTS].values()) == {Cell.HIDDEN}
    pages = {"/propositions/{proposal}", "/themes/3/propositions"}
    assert {case.path for case in CASES} >= pages | {"/propositions/{closed_proposal}", "/themes/5/propositions"}


async def test_members_see_their_own_ballot_and_no_other(app: Starlette, world: World) -> None:
    own = "Vous avez voté :"
    for name, guest in world.guests.items():
        cell = cell_of(Action.READ_OWN_BALLOT, READERS[name].a)
        page = html_words((await ask(app, guest, Case(READ, "", "/propositions/{judged}"))).text)
        assert (own in page) is (cell is Cell.ALLOWED), name
        assert own not in html_words((await ask(app, guest, Case(READ, "", "/propositions/{proposal}"))).text), name


def html_words(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text)


async def test_a_tag_that_waits_is_seen_by_those_who_may_confirm_it(app: Starlette, world: World) -> None:
    """On the thread, with its form, and in the list of meetings: suspended moderators see neither."""
    for name, guest in world.guests.items():
        sees = cell_of(Action.READ_WAITING_TAGS, READERS[name].a) is Cell.ALLOWED
        thread = (await ask(app, guest, Case(READ, "", "/fils/{thread}"))).text
        assert ("(à confirmer)" in thread) is sees, name
        confirms = cell_of(Action.MODERATE, READERS[name].a) is Cell.ALLOWED
        assert ("/reunions" + '" ' in thread or 'value="etiqueter"' in thread) is confirms, name
        meetings = (await ask(app, guest, Case(READ, "", "/reunions"))).text
        assert (f'href="/reunions/{guest.places["waiting"]}"' in meetings) is sees, name


async def test_lists_show_no_synthesis_that_is_not_public(app: Starlette, world: World) -> None:
    for name, guest in world.guests.items():
        sees = cell_of(COMPILE, READERS[name].a) is Cell.ALLOWED
        listed = (await ask(app, guest, Case(READ, "", "/syntheses"))).text
        assert f'href="/syntheses/{guest.places["published"]}"' in listed
        for hidden in ("draft", "ready", "failed"):
            assert (f'href="/syntheses/{guest.places[hidden]}"' in listed) is sees, (name, hidden)


# What is lost, what is not ours, what was not asked for


TAG = Case(Action.MODERATE, "", "/contributions/{post}/reunions", {"reunion": "7", "acte": "etiqueter"})
PLAN = Case(Action.SCHEDULE, "", "/themes/3/calendrier", SCHEDULE)


@pytest.mark.parametrize(
    ("name", "case", "statement", "status"),
    [
        ("moderator of A", TAG, "DELETE FROM moderator WHERE member_id = $1", 403),
        ("moderator of A", TAG, "UPDATE member SET suspended_until = '2027-01-01' WHERE id = $1", 403),
        ("moderator of A", TAG, "UPDATE member SET confirmed_at = NULL WHERE id = $1", 403),
        ("moderator of A", TAG, "DELETE FROM second_factor WHERE member_id = $1", 403),
        ("moderator of A", TAG, "DELETE FROM session WHERE member_id = $1", 403),
        ("agent", PLAN, "UPDATE member SET role = 'member' WHERE id = $1", 403),
        ("administrator", PLAN, "UPDATE member SET role = 'member' WHERE id = $1", 403),
        ("agent", Case(COMPILE, "", "/syntheses/{draft}"), "UPDATE member SET role = 'member' WHERE id = $1", 404),
        ("agent", Case(COMPILE, "", "/syntheses/{draft}/lire"), "DELETE FROM session WHERE member_id = $1", 404),
    ],
)
async def test_a_lost_right_is_lost_from_the_next_request_on(
    app: Starlette, world: World, name: str, case: Case, statement: str, status: int
) -> None:
    guest = world.guests[name]
    assert guest.member is not None
    assert (await ask(app, guest, case)).status_code == case.status_for(name)
    await rows(statement, guest.member.id)
    before = await fingerprint()
    assert (await ask(app, guest, case)).status_code == status
    assert changed(before, await fingerprint()) == set()


async def test_a_theme_of_b_does_not_exist_in_the_minutes_of_a(app: Starlette, world: World) -> None:
    guest = world.guests["moderator of A"]
    answers = []
    for number in ("6", "99"):
        form = {"acte": "garder", "theme": number, **MINUTES}
        answers.append(await ask(app, guest, Case(Action.MODERATE, "", "/reunions/{meeting}/compte-rendu", form)))
    assert [answer.status_code for answer in answers] == [422, 422]
    assert "Choisissez un thème du groupe" in answers[0].text
    assert answers[0].text.replace('"6"', '"99"') == answers[1].text
    assert changed(world.rows, await fingerprint()) == set()


@pytest.mark.parametrize(
    "path",
    [
        "/contributions/{n}/proposer",
        "/contributions/{n}/modifier",
        "/contributions/{n}/reunions",
        "/fils/{n}/repondre",
        "/propositions/T3-{n}/vote",
        "/propositions/T3-{n}/retirer",
        "/reunions/{n}/compte-rendu",
        "/reunions/{n}/modifier",
        "/themes/{n}/etiqueter",
        "/themes/{n}/calendrier",
        "/syntheses/{n}/publier",
        "/syntheses/{n}/composer",
        "/syntheses/{n}/textes",
        "/syntheses/{n}/textes/introduction",
        "/compte/securite/sessions/{n}",
        "/contributions/{n}/signaler",
        "/contributions/{n}/dossier",
        "/moderation/dossiers/{n}",
        "/moderation/dossiers/{n}/prendre",
        "/moderation/dossiers/{n}/rendre",
        "/moderation/decisions/{n}/contester",
        "/moderation/decisions/{n}/reclamation",
        "/moderation/signalements/{n}/reclamation",
        "/compte/signalements/{n}/contester",
        "/administration/personnes/{n}/adresse",
        "/administration/personnes/{n}/droits",
        "/administration/personnes/{n}/nom",
        "/administration/personnes/{n}/suspension",
        "/administration/personnes/{n}/suspension/lever",
        "/administration/personnes/{n}/double-authentification",
        "/administration/personnes/{n}/mot-de-passe",
        "/administration/invitations/listes/{n}/envoyer",
        "/administration/invitations/{n}/renvoyer",
        "/administration/invitations/{n}/retirer",
    ],
)
async def test_what_does_not_exist_is_not_found_for_those_who_may(client: AsyncClient, path: str) -> None:
    await sign_in(client, await make_member("Tout Pouvoir", role=READERS["administrator"].role))
    form = {
        "numero": "1",
        "reunion": "1",
        "avis": "pour",
        "formulation": "x",
        "source": "x",
        "confirmation": "1",
        "motif": "x",
        "role": "agent",
    }
    for number in (999, 2**31, 2**63, 10**30):
        assert (await client.post(path.format(n=number), data=form)).status_code == 404, number
        assert (await client.post(path.format(n=number), json=form)).status_code == 404, number


SMUGGLED = {
    "author_id": "1",
    "author": "1",
    "state": "withdrawn",
    "theme_id": "6",
    "number": "77",
    "origin": "meeting",
    "role": "administrator",
    "member_id": "1",
    "id": "1",
    "version": "9",
    "kind": "instruction",
    "group": "2",
}


async def test_members_download_only_their_own_archive(app: Starlette, world: World) -> None:
    archive = Case(KEEP, "", "/compte/donnees/archive")
    for name, guest in world.guests.items():
        if guest.member:
            assert (await ask(app, guest, archive)).content == f"archive de {guest.member.id}".encode(), name


@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
async def test_nobody_ends_somebody_elses_session(app: Starlette, world: World, as_json: bool) -> None:
    theirs = Case(KEEP, "", f"{SECURITY}/sessions/{{target_session}}", {}, hidden="target_session")
    for name, guest in world.guests.items():
        if guest.token:
            answer = await ask(app, guest, theirs, as_json=as_json)
            await assert_like_what_never_was(app, guest, theirs, answer, as_json=as_json)
            assert changed(world.rows, await fingerprint()) == set(), name


@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
async def test_extra_fields_change_nothing(app: Starlette, world: World, as_json: bool) -> None:
    """No mass assignment: a form sets only what it asks for. With or without extra fields the same rows are written."""
    guest = world.guests["member"]
    written: list[dict[str, object]] = []
    for smuggled in ({}, SMUGGLED):
        case = Case(Action.PROPOSE, "", "/themes/3/proposer", {"formulation": f"Une idée {len(written)}", **smuggled})
        assert (await ask(app, guest, case, as_json=as_json)).status_code == 303
        found = (await rows("SELECT * FROM proposal ORDER BY id DESC LIMIT 1"))[0]
        written.append({k: v for k, v in dict(found).items() if k not in {"id", "number", "wording"}})
    assert written[0] == written[1]
    assert (await rows("SELECT role FROM member WHERE id = $1", guest.member.id if guest.member else 0))[0][
        "role"
    ] == "member"


# Nothing is forgotten

ROUTES = [route for route in routes() if isinstance(route, Route)]
# What anybody may send: signing in or joining itself.
OPEN_WRITES = {"sign_in_with_password", "sign_in_code", "sign_out", "provider", "link_first_time", "join_first_time"}
# What people do with the link of a mail, or to get one: the mailbox is the proof, not the session.
BY_MAIL = {
    "sign_up",
    "confirm_sign_up",
    "accept_invitation",
    "forgotten_password",
    "new_password",
    "old_address",
    "new_address",
    "confirm_notice",
}
# What anybody may read beside the cases above.
OPEN_PAGES = {
    "search",
    "help",
    "help_rights",
    "help_verify",
    "verifying_file",
    "legal_notice",
    "privacy",
    "charter",
    "accessibility",
    "cookies",
    "live",
    "metrics",
    "ready",
    "static",
    "sign_in",
    "sign_in_code",
    "provider_return",
    "first_time",
    "provider_signed_out",
    "follow_notice",
}


def covered(method: str) -> Iterator[str]:
    """The names of the routes that a case of the table covers, with that method."""
    for case in CASES:
        if (case.form is None) is (method == "GET"):
            path = re.sub(r"\{\w+\}", "1", case.path).partition("?")[0]
            matching = (r for r in ROUTES if r.path_regex.fullmatch(path) and method in (r.methods or ()))
            yield next(matching).name


@pytest.mark.parametrize(("method", "opened"), [("POST", OPEN_WRITES | BY_MAIL), ("GET", OPEN_PAGES | BY_MAIL)])
def test_every_address_is_in_the_table_or_open_to_all(method: str, opened: set[str]) -> None:
    """A new address fails here until a row of the table covers it, and with it every check above."""
    known = {route.name for route in ROUTES if method in (route.methods or ())}
    asked = set(covered(method))
    assert known - asked - opened == set()
    assert opened <= known
    assert not opened & asked


def test_no_address_takes_another_unsafe_method() -> None:
    assert {method for route in ROUTES for method in route.methods or ()} <= {"GET", "HEAD", "POST"}


def test_every_row_is_asked() -> None:
    asked_apart = {Action.READ_SEALED_TALLIES, Action.READ_OTHER_BALLOTS, Action.READ_OWN_BALLOT}
    assert {case.action for case in CASES} | asked_apart == set(Action)


def test_every_standing_has_its_reader() -> None:
    assert {standing for reader in READERS.values() for standing in reader.a} == set(Standing)


# The table itself


def test_the_table_says_something_of_everything() -> None:
    assert list(TABLE) == list(Action)
    assert all(list(cells) == list(Standing) for cells in TABLE.values())
    assert set(LABELS) == {*Action, *Standing, *Cell}
    assert set(MEANINGS) == set(Cell)


def test_every_refusal_has_its_sentence_and_no_sentence_is_unused() -> None:
    by_role = {Cell.REFUSED, Cell.BARRED}
    refusing = {
        action for action, cells in TABLE.items() if by_role & {c for s, c in cells.items() if s not in HELD_BACK}
    }
    assert refusing == set(REASONS)


def test_only_visitors_are_asked_to_sign_in() -> None:
    for action, cells in TABLE.items():
        assert {standing for standing, cell in cells.items() if cell is Cell.SIGN_IN} <= {Standing.VISITOR}, action


def test_a_demand_returns_who_acts_and_refuses_the_others() -> None:
    member, agent = Viewer(1, "Anne", "anne"), Viewer(2, "Bruno", "bruno", Role.AGENT)
    assert demand(may_schedule, agent, NOON) is agent
    with pytest.raises(NotAllowed, match=REASONS[Action.SCHEDULE]):
        demand(may_schedule, member, NOON)
    with pytest.raises(SignInRequired):
        demand(may_schedule, None, NOON)
    assert may_read_synthesis(None, True, NOON), "visitors read what is published"
    with pytest.raises(SignInRequired):  # but no visitor acts
        demand(may_read_synthesis, None, True, NOON)


def test_people_with_a_restricted_account_change_nothing_but_that_account() -> None:
    for standing in HELD_BACK:
        allowed = {action for action, cells in TABLE.items() if cells[standing] is Cell.ALLOWED}
        assert allowed == {
            # It protects, and publishes nothing.
            Action.WITHDRAW_OWN_POST,
            Action.READ,
            Action.READ_OWN_BALLOT,
            Action.READ_NOTIFICATIONS,
            Action.MARK_READ,
            Action.KEEP_DRAFTS,
            Action.FOLLOW,
            Action.STOP_MAILS,
            Action.KEEP_ACCOUNT,
            Action.NOTIFY,
            Action.CONTEST,
            Action.CONTEST_NOTICE,
        }


def test_of_several_standings_the_best_counts_but_a_bar_holds() -> None:
    both = (Standing.AGENT, Standing.MODERATOR)
    assert cell_of(Action.MODERATE, both) is Cell.ALLOWED
    assert cell_of(Action.SCHEDULE, both) is Cell.ALLOWED
    assert cell_of(Action.COMPILE, (Standing.MEMBER, Standing.MODERATOR)) is Cell.HIDDEN
    assert cell_of(Action.VOTE, both) is Cell.BARRED


@pytest.mark.parametrize("name", READERS)
async def test_standings_are_those_of_the_person_in_the_database(database: object, world: World, name: str) -> None:
    reader, guest = READERS[name], world.guests[name]
    viewer: Viewer | None = await sessions.viewer_of(guest.token, now=NOON) if guest.token else None
    for group, expected in (("group_a", reader.a), ("group_b", reader.b)):
        number = guest.places[group]
        assert isinstance(number, int)
        assert set(standings_of(viewer, number, NOON)) == expected


def test_the_documentation_shows_this_table() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run `make rights`"


@pytest.mark.parametrize("locale", ["fr", "en"])
async def test_the_help_shows_this_table(client: AsyncClient, locale: str) -> None:
    page = (await client.get("/aide/droits" if locale == "fr" else "/en/aide/droits")).text
    said = catalogue(locale).gettext
    assert page.count('<th scope="row">') == len(Action)
    assert page.count('<th scope="col">') == len(Standing) + 1
    cells = [html_words(one).strip() for one in re.findall(r"<td>\s*(?:<b>)?(.*?)(?:</b>)?\s*</td>", page, re.DOTALL)]
    assert cells == [said(LABELS[cell]) for row in TABLE.values() for cell in row.values()]
    for action in Action:
        assert escape(said(LABELS[action]), quote=False).replace("'", "&#39;") in page
