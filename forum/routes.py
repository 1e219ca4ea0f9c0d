"""Every address on one page, in the order in which a visitor meets them. The same paths under /en are in English."""

from collections import defaultdict
from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from forum.api import personal_data as archive_progress
from forum.api import syntheses as synthesis_progress
from forum.web import help, home, journal, legal, notifications, search
from forum.web.discussion import feeds, post_drafts, posts, thread_reads, threads
from forum.web.following import follows, mails
from forum.web.harvest import harvest
from forum.web.meetings import meeting_tags, meetings, minutes
from forum.web.members import account, corrections, invitations, joining, people
from forum.web.moderation import cases, decisions, figures, moves, notices, receptions, reviews, signals
from forum.web.moderation import threads as moderated_threads
from forum.web.plumbing import static
from forum.web.plumbing.doors import Door
from forum.web.privacy import personal_data
from forum.web.proposals import (
    amendments,
    answers,
    departures,
    drafts,
    duplicates,
    follow_ups,
    lists,
    merges,
    obligations,
    own_contributions,
    proposals,
)
from forum.web.sign_in import credentials, providers, second_factors, sessions
from forum.web.syntheses import syntheses, writing
from forum.web.themes import themes
from forum.web.upkeep import health, metrics, state
from forum.web.votes import exclusions, results, votes

Shape = tuple[str, int, str]


class Shelves(BaseRoute):
    """All the addresses as one route. Starlette asks each in turn whether it is meant, which costs a page as much as a
    query; here only those of the path's shape are asked, in the order of the table: its first part, how many parts it
    has, and its last part, where that is fixed. `scope["route"]` is the name by which the log and the counts of
    requests know an address."""

    def __init__(self, table: Sequence[Route]) -> None:
        shapes = {one.path: _shape(one.path) for one in table}
        open_ended = {path: (first, many, "") for path, (first, many, last) in shapes.items() if "{" in last}
        shapes |= open_ended
        self._deep = {shapes[one.path][0]: [one] for one in table if ":path}" in one.path}
        near = defaultdict(list)
        for one in table:
            near[shapes[one.path][:2]].append(one)
        self._shelves = {
            shape: [one for one in near[shape[:2]] if shapes[one.path][2] in (shape[2], "")]
            for shape in shapes.values()
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path, method = scope["path"], scope["method"]
        shape = first, many, _ = _shape(path)
        shelf = self._shelves.get(shape) or self._shelves.get((first, many, "")) or self._deep.get(first) or ()
        other: tuple[Match, Scope] = (Match.NONE, {})
        for one in shelf:
            if (found := one.path_regex.match(path)) is not None:
                parts = {name: one.param_convertors[name].convert(typed) for name, typed in found.groupdict().items()}
                meant = {"endpoint": one.endpoint, "path_params": parts, "place": one}
                if method in (one.methods or ()):
                    return Match.FULL, meant
                if other[0] is Match.NONE:
                    other = Match.PARTIAL, meant
        return other

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        place: Route = scope["place"]
        scope["route"] = place.name
        await place.handle(scope, receive, send)


def _shape(path: str) -> Shape:
    end = path.find("/", 1)
    return path[1:end] if end > 0 else path[1:], path.count("/"), path[path.rfind("/") + 1 :]


def page(path: str, door: Door, name: str) -> Route:
    """An address to read."""
    return Route(path, door, name=name)


def form(path: str, door: Door, name: str) -> Route:
    """An address to read and to send to: a form and its answer."""
    return Route(path, door, name=name, methods=["GET", "POST"])


def act(path: str, door: Door, name: str) -> Route:
    """An address to send to: a button, or a form that stands on another page."""
    return Route(path, door, name=name, methods=["POST"])


# A name never changes once published: templates and redirects use it.
THEMES = (
    page("/", home.show, "home"),
    page("/themes/{number:small}", themes.show, "theme"),
    form("/themes/{number:small}/calendrier", themes.schedule, "theme_schedule"),
    act("/themes/{number:small}/clore-les-votes", themes.close_votes, "close_votes"),
    act("/themes/{number:small}/suivre", follows.follow_theme, "follow_theme"),
)
DISCUSSION = (
    form("/themes/{number:small}/nouveau-fil", threads.open_new, "new_thread"),
    page("/themes/{number:small}/flux.atom", feeds.of_theme, "theme_feed"),
    form("/themes/{number:small}/contributions-recues", receptions.enter, "enter_received"),
    page("/fils/{thread:int}", threads.show, "thread"),
    page("/fils/{thread:int}-{title}", threads.show_titled, "titled_thread"),
    page("/fils/{thread:int}/imprimer", threads.printed, "print_thread"),
    page("/fils/{thread:int}/flux.atom", feeds.of_thread, "thread_feed"),
    page("/fils/{thread:int}/reprendre", thread_reads.resume, "resume_thread"),
    page("/recherche", search.show, "search"),
    page("/a-lire", thread_reads.unread, "unread"),
    act("/a-lire/lus", thread_reads.read, "read_threads"),
    act("/fils/{thread:int}/suivre", follows.follow_thread, "follow_thread"),
    form("/fils/{thread:int}/repondre", posts.reply, "reply"),
    page("/fils/{thread:int}/personnes", posts.people, "thread_people"),
    form("/fils/{thread:int}/renommer", moderated_threads.rename, "rename_thread"),
    form("/fils/{thread:int}/verrouiller", moderated_threads.lock, "lock_thread"),
    form("/fils/{thread:int}/deverrouiller", moderated_threads.unlock, "unlock_thread"),
    form("/fils/{thread:int}/epingler", moderated_threads.pin, "pin_thread"),
    form("/fils/{thread:int}/desepingler", moderated_threads.unpin, "unpin_thread"),
    form("/fils/{thread:int}/deplacer", moves.move, "move_posts"),
    form("/fils/{thread:int}/reunir", moves.join, "join_thread"),
    form("/fils/{thread:int}/changer-de-theme", moves.change_theme, "change_theme"),
    form("/fils/{thread:int}/deplacements/{turn:int}/annuler", moves.undo, "undo_move"),
    form("/contributions/en-attente/{pending:int}", reviews.show, "pending_post"),
    page("/contributions/{post:int}", posts.look_up, "post"),
    form("/contributions/{post:int}/modifier", posts.edit, "edit_post"),
    form("/contributions/{post:int}/retirer", posts.withdraw, "withdraw_post"),
    form("/contributions/{post:int}/corriger-la-saisie", receptions.correct, "correct_reception"),
    form("/contributions/{post:int}/effacer-le-nom", receptions.erase, "erase_received"),
    page("/contributions/{post:int}/historique", posts.history, "post_history"),
    page("/contributions/{post:int}/revisions/{revision:int}", posts.revision, "post_revision"),
    page("/contributions/{post:int}/citer", posts.quote, "quote_post"),
)
PROPOSALS = (
    page("/themes/{number:small}/propositions", lists.index, "theme_proposals"),
    form("/themes/{number:small}/proposer", proposals.propose, "propose"),
    page("/themes/{number:small}/proches", duplicates.near, "near_proposals"),
    form("/themes/{number:small}/doublons", duplicates.queue, "duplicates"),
    page("/themes/{number:small}/suites", follow_ups.show, "follow_up"),
    form("/contributions/{post:int}/proposer", proposals.propose_from_post, "propose_from_post"),
    page("/propositions/{reference}", proposals.show, "proposal"),
    act("/propositions/{reference}/suivre", follows.follow_proposal, "follow_proposal"),
    page("/propositions/{reference}/versions", amendments.versions, "proposal_versions"),
    page("/propositions/{reference}/versions/{version:int}", amendments.version, "proposal_version"),
    form("/propositions/{reference}/versions/{version:int}/correction", amendments.certify, "certify_version"),
    form("/propositions/{reference}/modifier", amendments.amend, "amend_proposal"),
    form("/propositions/{reference}/retirer", departures.withdraw, "withdraw_proposal"),
    form("/propositions/{reference}/ecarter", departures.set_aside, "set_aside_proposal"),
    form("/propositions/{reference}/reprendre", departures.take_back, "take_back_proposal"),
    page("/propositions/{reference}/origine", merges.origin, "merged_proposal"),
    form("/propositions/{reference}/fusionner", merges.merge, "merge_proposal"),
    form("/propositions/{reference}/defusionner", merges.unmerge, "unmerge_proposal"),
    form("/propositions/{reference}/repondre", answers.answer, "answer_proposal"),
    form("/propositions/{reference}/engagements", obligations.promise, "promise"),
    form("/propositions/{reference}/engagements/{obligation:int}/tenu", obligations.keep, "keep_obligation"),
    act("/propositions/{reference}/engagements/{obligation:int}/non-tenu", obligations.reopen, "reopen_obligation"),
    form(
        "/propositions/{reference}/engagements/{obligation:int}/echeance", obligations.postpone, "postpone_obligation"
    ),
    act("/propositions/{reference}/mise-en-oeuvre", obligations.carry_out, "carry_out_proposal"),
    page("/compte/brouillons", drafts.index, "drafts"),
    act("/compte/brouillons/contributions/{draft:int}/supprimer", post_drafts.discard, "discard_post_draft"),
    form("/compte/brouillons/{draft:int}", drafts.show, "draft"),
    act("/compte/brouillons/{draft:int}/supprimer", drafts.delete, "delete_draft"),
    page("/compte/contributions", own_contributions.show, "own_contributions"),
)
VOTES = (
    page("/themes/{number:small}/resultats/groupes", results.by_group, "results_by_group"),
    page("/themes/{number:small}/resultats.csv", results.register, "results_sheet"),
    act("/propositions/{reference}/vote", votes.cast, "vote"),
)
HARVEST = (
    page("/a-traiter", harvest.waiting, "inbox"),
    form("/contributions/{post:int}/extraire", harvest.keep, "harvest"),
    act("/contributions/{post:int}/traitement", harvest.treat, "treat_post"),
    act("/extraits/{extract:int}", harvest.change, "change_extract"),
)
MEETINGS = (
    form("/themes/{number:small}/etiqueter", meeting_tags.select, "tag_selection"),
    act("/contributions/{post:int}/reunions", meeting_tags.tag, "tag_post"),
    page("/reunions", meetings.index, "meetings"),
    page("/reunions.ics", meetings.calendar_of_all, "meetings_calendar"),
    form("/reunions/nouvelle", meetings.create, "new_meeting"),
    form("/reunions/a-confirmer", meeting_tags.queue, "waiting_tags"),
    page("/reunions/{meeting:int}.ics", meetings.calendar_of_one, "meeting_calendar"),
    page("/reunions/{meeting:int}", meetings.show, "meeting"),
    act("/reunions/{meeting:int}/suivre", follows.follow_meeting, "follow_meeting"),
    form("/reunions/{meeting:int}/modifier", meetings.edit, "edit_meeting"),
    form("/reunions/{meeting:int}/compte-rendu", minutes.enter, "minutes"),
)
MODERATION = (
    form("/contributions/{post:int}/signaler", notices.notify_post, "notify_post"),
    act("/contributions/{post:int}/dossier", cases.open_on_post, "open_case_on_post"),
    page("/contributions/{post:int}/decision", decisions.about_post, "post_decision"),
    page("/propositions/{reference}/decision", decisions.about_proposal, "proposal_decision"),
    form("/propositions/{reference}/signaler", notices.notify_proposal, "notify_proposal"),
    act("/propositions/{reference}/dossier", cases.open_on_proposal, "open_case_on_proposal"),
    form("/reunions/{meeting:int}/compte-rendu/signaler", notices.notify_minutes, "notify_minutes"),
    act("/reunions/{meeting:int}/compte-rendu/dossier", cases.open_on_minutes, "open_case_on_minutes"),
    page("/reunions/{meeting:int}/compte-rendu/decision", decisions.about_minutes, "minutes_decision"),
    form("/propositions/{reference}/reponses/{answer:int}/signaler", notices.notify_answer, "notify_answer"),
    act("/propositions/{reference}/reponses/{answer:int}/dossier", cases.open_on_answer, "open_case_on_answer"),
    page("/propositions/{reference}/reponses/{answer:int}/decision", decisions.about_answer, "answer_decision"),
    form("/moderation/signalements/confirmer", notices.confirm, "confirm_notice"),
    page("/moderation/signalements/suivi", notices.follow, "follow_notice"),
    form("/moderation/signalements/contester", notices.contest_by_link, "contest_notice"),
    form("/moderation/signalements/{notice:int}/reclamation", decisions.answer_notice, "answer_notice"),
    form("/compte/signalements/{notice:int}/contester", notices.contest_own, "contest_own_notice"),
    page("/compte/signalements", notices.own, "own_notices"),
    page("/moderation", cases.waiting, "moderation"),
    form("/moderation/dossiers/{case:int}", cases.decide, "moderation_case"),
    act("/moderation/dossiers/{case:int}/prendre", cases.claim, "claim_case"),
    act("/moderation/dossiers/{case:int}/rendre", cases.give_back, "give_case_back"),
    page("/moderation/decisions/{decision:int}", decisions.show, "moderation_decision"),
    form("/moderation/decisions/{decision:int}/contester", decisions.contest, "contest_decision"),
    form("/moderation/decisions/{decision:int}/reclamation", decisions.answer, "answer_complaint"),
    page("/moderation/signaux", signals.show, "moderation_signals"),
    page("/moderation/bilan", figures.show, "moderation_figures"),
    page("/moderation/bilan.csv", figures.sheet, "moderation_sheet"),
)
SYNTHESES = (
    page("/syntheses", syntheses.index, "syntheses"),
    act("/syntheses/demander", syntheses.ask, "request_synthesis"),
    page("/syntheses/{synthesis:int}", syntheses.show, "synthesis"),
    act("/syntheses/{synthesis:int}/publier", syntheses.publish, "publish_synthesis"),
    act("/syntheses/{synthesis:int}/recommencer", syntheses.retry, "retry_synthesis"),
    act("/syntheses/{synthesis:int}/relecture", writing.send_to_review, "review_synthesis"),
    act("/syntheses/{synthesis:int}/reprendre", writing.resume, "resume_synthesis"),
    act("/syntheses/{synthesis:int}/composer", syntheses.compose, "compose_synthesis"),
    form("/syntheses/{synthesis:int}/textes", writing.desk, "synthesis_texts"),
    form("/syntheses/{synthesis:int}/textes/{block}", writing.write, "synthesis_text"),
    page("/syntheses/{synthesis:int}/textes/{block}/versions", writing.versions, "synthesis_text_versions"),
    page("/syntheses/{synthesis:int}/lire", syntheses.read, "read_synthesis"),
    page("/syntheses/{synthesis:int}/donnees-figees", syntheses.download_data, "frozen_data"),
    form("/syntheses/{synthesis:int}/signer", syntheses.sign, "sign_synthesis"),
    page("/syntheses/{synthesis:int}/signature", syntheses.download_signature, "signature"),
    page("/syntheses/{synthesis:int}/mes-votes", syntheses.own_ballots, "own_ballots"),
    page("/syntheses/{synthesis:int}/{filename}", syntheses.download, "document"),
    page("/api/v1/syntheses/{synthesis:int}", synthesis_progress.show, "api_synthesis"),
)
SIGN_IN = (
    page("/connexion", sessions.sign_in, "sign_in"),
    act("/connexion", sessions.sign_in, "sign_in_with_password"),
    form("/connexion/code", sessions.code, "sign_in_code"),
    act("/deconnexion", sessions.sign_out, "sign_out"),
    act("/connexion/fournisseur", providers.leave, "provider"),
    page("/connexion/retour", providers.come_back, "provider_return"),
    page("/connexion/premiere-fois", providers.join_first_time, "first_time"),
    act("/connexion/premiere-fois", providers.join_first_time, "join_first_time"),
    act("/connexion/premiere-fois/relier", providers.link_first_time, "link_first_time"),
    page("/deconnexion/retour", providers.signed_out, "provider_signed_out"),
    form("/compte/identites/relier", providers.link, "link_identity"),
    form("/compte/identites/{identity:int}/retirer", providers.unlink, "unlink_identity"),
    page("/compte/securite", credentials.show, "security"),
    form("/compte/securite/mot-de-passe", credentials.change_password, "change_password"),
    form("/compte/securite/double-authentification", second_factors.set_up, "set_up_factor"),
    form("/compte/securite/codes-de-secours", second_factors.renew_codes, "renew_codes"),
    form("/compte/securite/desactiver", second_factors.turn_off, "turn_factor_off"),
    act("/compte/securite/sessions", sessions.revoke_all, "revoke_sessions"),
    act("/compte/securite/sessions/{session:int}", sessions.revoke, "revoke_session"),
)
MEMBERS = (
    page("/notifications", notifications.show, "notifications"),
    act("/notifications/lues", notifications.read_all, "read_notifications"),
    page("/compte/suivis", follows.index, "follows"),
    act("/notifications/courriels", mails.choose, "choose_mails"),
    form("/courriels/arreter", mails.stop, "stop_mails"),
    form("/inscription", joining.sign_up, "sign_up"),
    form("/inscription/confirmer", joining.confirm, "confirm_sign_up"),
    form("/invitation", invitations.accept, "accept_invitation"),
    form("/mot-de-passe-oublie", joining.forgotten, "forgotten_password"),
    form("/mot-de-passe/nouveau", joining.new_password, "new_password"),
    form("/compte", account.show, "account"),
    act("/compte/charte", account.accept_charter, "accept_charter"),
    form("/compte/confirmer", account.confirm_address, "confirm_address"),
    act("/compte/confirmer/envoyer", account.send_confirmation, "send_confirmation"),
    form("/compte/adresse", account.change_address, "address"),
    form("/compte/adresse/ancienne", account.agree_from_old, "old_address"),
    form("/compte/adresse/nouvelle", account.agree_from_new, "new_address"),
    act("/compte/adresse/abandonner", account.give_up_address, "give_up_address"),
    page("/administration", people.hub, "administration"),
    page("/administration/etat", state.show, "site_state"),
    act("/administration/etat/courriels", state.send_mails, "send_waiting_mails"),
    page("/administration/personnes", people.index, "people"),
    act("/administration/personnes/adresse", people.find, "find_person"),
    page("/administration/personnes/{member:int}", people.show, "person"),
    act("/administration/personnes/{member:int}/adresse", people.see_address, "person_address"),
    form("/administration/personnes/{member:int}/droits", people.rights, "person_rights"),
    form("/administration/personnes/{member:int}/nom", corrections.correct, "person_correction"),
    form("/administration/personnes/{member:int}/suspension", people.suspend, "person_suspension"),
    act("/administration/personnes/{member:int}/suspension/lever", people.lift, "lift_suspension"),
    form("/administration/personnes/{member:int}/double-authentification", people.remove_factor, "person_factor"),
    form("/administration/personnes/{member:int}/votes", exclusions.exclude, "person_votes"),
    form(
        "/administration/personnes/{member:int}/votes/{number:small}/compter",
        exclusions.count_again,
        "count_votes_again",
    ),
    act("/administration/personnes/{member:int}/mot-de-passe", people.send_reset, "person_reset"),
    act("/administration/personnes/{member:int}/sessions", people.close_sessions, "person_sessions"),
    page("/administration/invitations", invitations.index, "invitations"),
    form("/administration/invitations/nouvelle", invitations.invite, "invite"),
    form("/administration/invitations/liste", invitations.read_file, "invitation_file"),
    page("/administration/invitations/listes/{batch:int}", invitations.report, "invitation_batch"),
    act("/administration/invitations/listes/{batch:int}/envoyer", invitations.send, "send_invitations"),
    act("/administration/invitations/{invitation:int}/renvoyer", invitations.invite_again, "invite_again"),
    act("/administration/invitations/{invitation:int}/retirer", invitations.withdraw, "withdraw_invitation"),
)
PRIVACY = (
    page("/compte/donnees", personal_data.show, "own_data"),
    act("/compte/donnees", personal_data.show, "ask_for_archive"),
    page("/api/v1/compte/archive", archive_progress.show, "api_own_archive"),
    page("/compte/donnees/archive", personal_data.download, "own_archive"),
    form("/compte/effacer", personal_data.erase, "erase_account"),
)
SITE = (
    page("/journal", journal.show, "journal"),
    act("/journal/export", journal.export, "export_journal"),
    page("/aide", help.show, "help"),
    page("/aide/droits", help.rights, "help_rights"),
    page("/aide/verifier", help.verify, "help_verify"),
    page("/aide/verifier/{filename}", help.verifying_file, "verifying_file"),
    page("/mentions-legales", legal.show, "legal_notice"),
    page("/donnees-personnelles", legal.show, "privacy"),
    page("/charte", legal.show, "charter"),
    page("/accessibilite", legal.show, "accessibility"),
    page("/cookies", legal.show, "cookies"),
    page("/metriques", metrics.show, "metrics"),
    page("/sante/vivant", health.live, "live"),
    page("/sante/pret", health.ready, "ready"),
    page("/static/{path:path}", static.show, "static"),
)


def routes() -> list[Route]:
    """The whole table."""
    return [
        *THEMES,
        *DISCUSSION,
        *PROPOSALS,
        *VOTES,
        *HARVEST,
        *MEETINGS,
        *MODERATION,
        *SYNTHESES,
        *SIGN_IN,
        *MEMBERS,
        *PRIVACY,
        *SITE,
    ]
