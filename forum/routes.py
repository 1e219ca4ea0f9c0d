"""Every address on one page, in the order in which a visitor meets them. The same paths under /en are in English."""

from starlette.routing import BaseRoute, Route

from forum.api import personal_data as archive_progress
from forum.api import syntheses as synthesis_progress
from forum.web import help, home, journal, legal, notifications
from forum.web.discussion import posts, threads
from forum.web.harvest import harvest
from forum.web.meetings import meeting_tags, meetings, minutes
from forum.web.members import account, invitations, joining, people
from forum.web.plumbing import static
from forum.web.privacy import personal_data
from forum.web.proposals import (
    amendments,
    answers,
    departures,
    drafts,
    duplicates,
    follow_ups,
    merges,
    obligations,
    own_contributions,
    proposals,
)
from forum.web.sign_in import credentials, providers, second_factors, sessions
from forum.web.syntheses import syntheses
from forum.web.themes import themes
from forum.web.upkeep import health
from forum.web.votes import results, votes


def routes() -> list[BaseRoute]:
    """The table. A name never changes once published: templates and redirects use it."""
    return [
        Route("/", home.show, name="home"),
        # Themes
        Route("/themes/{number:small}", themes.show, name="theme"),
        Route("/themes/{number:small}/propositions", proposals.index, name="theme_proposals"),
        Route("/themes/{number:small}/proposer", proposals.propose, name="propose", methods=["GET", "POST"]),
        Route("/themes/{number:small}/proches", duplicates.near, name="near_proposals"),
        Route("/themes/{number:small}/doublons", duplicates.queue, name="duplicates", methods=["GET", "POST"]),
        Route("/themes/{number:small}/calendrier", themes.schedule, name="theme_schedule", methods=["GET", "POST"]),
        Route("/themes/{number:small}/clore-les-votes", themes.close_votes, name="close_votes", methods=["POST"]),
        Route("/themes/{number:small}/etiqueter", meeting_tags.select, name="tag_selection", methods=["GET", "POST"]),
        Route("/themes/{number:small}/resultats/groupes", results.by_group, name="results_by_group"),
        Route("/themes/{number:small}/resultats.csv", results.register, name="results_sheet"),
        Route("/themes/{number:small}/suites", follow_ups.show, name="follow_up"),
        Route("/themes/{number:small}/nouveau-fil", threads.open_new, name="new_thread", methods=["GET", "POST"]),
        # Threads and contributions
        Route("/fils/{thread:int}", threads.show, name="thread"),
        Route("/fils/{thread:int}/repondre", posts.reply, name="reply", methods=["GET", "POST"]),
        Route("/contributions/{post:int}", posts.look_up, name="post"),
        Route("/contributions/{post:int}/modifier", posts.edit, name="edit_post", methods=["GET", "POST"]),
        Route("/contributions/{post:int}/historique", posts.history, name="post_history"),
        Route("/contributions/{post:int}/revisions/{revision:int}", posts.revision, name="post_revision"),
        Route("/contributions/{post:int}/citer", posts.quote, name="quote_post"),
        Route("/contributions/{post:int}/reunions", meeting_tags.tag, name="tag_post", methods=["POST"]),
        Route(
            "/contributions/{post:int}/proposer",
            proposals.propose_from_post,
            name="propose_from_post",
            methods=["GET", "POST"],
        ),
        # Harvest
        Route("/a-traiter", harvest.waiting, name="inbox"),
        Route("/contributions/{post:int}/extraire", harvest.keep, name="harvest", methods=["GET", "POST"]),
        Route("/contributions/{post:int}/traitement", harvest.treat, name="treat_post", methods=["POST"]),
        Route("/extraits/{extract:int}", harvest.change, name="change_extract", methods=["POST"]),
        # Proposals and votes
        Route("/propositions/{reference}", proposals.show, name="proposal"),
        Route("/propositions/{reference}/vote", votes.cast, name="vote", methods=["POST"]),
        Route("/propositions/{reference}/versions", amendments.versions, name="proposal_versions"),
        Route(
            "/propositions/{reference}/versions/{version:int}/correction",
            amendments.certify,
            name="certify_version",
            methods=["GET", "POST"],
        ),
        Route("/propositions/{reference}/modifier", amendments.amend, name="amend_proposal", methods=["GET", "POST"]),
        Route(
            "/propositions/{reference}/retirer", departures.withdraw, name="withdraw_proposal", methods=["GET", "POST"]
        ),
        Route(
            "/propositions/{reference}/ecarter",
            departures.set_aside,
            name="set_aside_proposal",
            methods=["GET", "POST"],
        ),
        Route(
            "/propositions/{reference}/reprendre",
            departures.take_back,
            name="take_back_proposal",
            methods=["GET", "POST"],
        ),
        Route("/propositions/{reference}/origine", merges.origin, name="merged_proposal"),
        Route("/propositions/{reference}/fusionner", merges.merge, name="merge_proposal", methods=["GET", "POST"]),
        Route(
            "/propositions/{reference}/defusionner", merges.unmerge, name="unmerge_proposal", methods=["GET", "POST"]
        ),
        # Answers
        Route("/propositions/{reference}/repondre", answers.answer, name="answer_proposal", methods=["GET", "POST"]),
        Route("/propositions/{reference}/engagements", obligations.promise, name="promise", methods=["GET", "POST"]),
        Route(
            "/propositions/{reference}/engagements/{obligation:int}/tenu",
            obligations.keep,
            name="keep_obligation",
            methods=["GET", "POST"],
        ),
        Route(
            "/propositions/{reference}/engagements/{obligation:int}/non-tenu",
            obligations.reopen,
            name="reopen_obligation",
            methods=["POST"],
        ),
        Route(
            "/propositions/{reference}/engagements/{obligation:int}/echeance",
            obligations.postpone,
            name="postpone_obligation",
            methods=["GET", "POST"],
        ),
        Route(
            "/propositions/{reference}/mise-en-oeuvre",
            obligations.carry_out,
            name="carry_out_proposal",
            methods=["POST"],
        ),
        # Meetings
        Route("/reunions", meetings.index, name="meetings"),
        Route("/reunions.ics", meetings.calendar_of_all, name="meetings_calendar"),
        Route("/reunions/nouvelle", meetings.create, name="new_meeting", methods=["GET", "POST"]),
        Route("/reunions/a-confirmer", meeting_tags.queue, name="waiting_tags", methods=["GET", "POST"]),
        Route("/reunions/{meeting:int}.ics", meetings.calendar_of_one, name="meeting_calendar"),
        Route("/reunions/{meeting:int}", meetings.show, name="meeting"),
        Route("/reunions/{meeting:int}/modifier", meetings.edit, name="edit_meeting", methods=["GET", "POST"]),
        Route("/reunions/{meeting:int}/compte-rendu", minutes.enter, name="minutes", methods=["GET", "POST"]),
        # Syntheses
        Route("/syntheses", syntheses.index, name="syntheses"),
        Route("/syntheses/demander", syntheses.ask, name="request_synthesis", methods=["POST"]),
        Route("/syntheses/{synthesis:int}", syntheses.show, name="synthesis"),
        Route("/syntheses/{synthesis:int}/publier", syntheses.publish, name="publish_synthesis", methods=["POST"]),
        Route("/syntheses/{synthesis:int}/recommencer", syntheses.retry, name="retry_synthesis", methods=["POST"]),
        Route("/syntheses/{synthesis:int}/lire", syntheses.read, name="read_synthesis"),
        Route("/syntheses/{synthesis:int}/{filename}", syntheses.download, name="document"),
        Route("/api/v1/syntheses/{synthesis:int}", synthesis_progress.show, name="api_synthesis"),
        # People
        Route("/notifications", notifications.show, name="notifications"),
        Route("/notifications/lues", notifications.read_all, name="read_notifications", methods=["POST"]),
        Route("/inscription", joining.sign_up, name="sign_up", methods=["GET", "POST"]),
        Route("/inscription/confirmer", joining.confirm, name="confirm_sign_up", methods=["GET", "POST"]),
        Route("/invitation", invitations.accept, name="accept_invitation", methods=["GET", "POST"]),
        Route("/mot-de-passe-oublie", joining.forgotten, name="forgotten_password", methods=["GET", "POST"]),
        Route("/mot-de-passe/nouveau", joining.new_password, name="new_password", methods=["GET", "POST"]),
        Route("/connexion", sessions.sign_in, name="sign_in", methods=["GET"]),
        Route("/connexion", sessions.sign_in, name="sign_in_with_password", methods=["POST"]),
        Route("/connexion/code", sessions.code, name="sign_in_code", methods=["GET", "POST"]),
        Route("/deconnexion", sessions.sign_out, name="sign_out", methods=["POST"]),
        Route("/connexion/fournisseur", providers.leave, name="provider", methods=["POST"]),
        Route("/connexion/retour", providers.come_back, name="provider_return"),
        Route("/connexion/premiere-fois", providers.join_first_time, name="first_time", methods=["GET"]),
        Route("/connexion/premiere-fois", providers.join_first_time, name="join_first_time", methods=["POST"]),
        Route("/connexion/premiere-fois/relier", providers.link_first_time, name="link_first_time", methods=["POST"]),
        Route("/deconnexion/retour", providers.signed_out, name="provider_signed_out"),
        Route("/compte", account.show, name="account", methods=["GET", "POST"]),
        Route("/compte/brouillons", drafts.index, name="drafts"),
        Route("/compte/brouillons/{draft:int}", drafts.show, name="draft", methods=["GET", "POST"]),
        Route("/compte/brouillons/{draft:int}/supprimer", drafts.delete, name="delete_draft", methods=["POST"]),
        Route("/compte/charte", account.accept_charter, name="accept_charter", methods=["POST"]),
        Route("/compte/confirmer", account.confirm_address, name="confirm_address", methods=["GET", "POST"]),
        Route("/compte/confirmer/envoyer", account.send_confirmation, name="send_confirmation", methods=["POST"]),
        Route("/compte/adresse", account.change_address, name="address", methods=["GET", "POST"]),
        Route("/compte/adresse/ancienne", account.agree_from_old, name="old_address", methods=["GET", "POST"]),
        Route("/compte/adresse/nouvelle", account.agree_from_new, name="new_address", methods=["GET", "POST"]),
        Route("/compte/adresse/abandonner", account.give_up_address, name="give_up_address", methods=["POST"]),
        Route("/compte/identites/relier", providers.link, name="link_identity", methods=["GET", "POST"]),
        Route(
            "/compte/identites/{identity:int}/retirer",
            providers.unlink,
            name="unlink_identity",
            methods=["GET", "POST"],
        ),
        Route("/compte/securite", credentials.show, name="security"),
        Route(
            "/compte/securite/mot-de-passe",
            credentials.change_password,
            name="change_password",
            methods=["GET", "POST"],
        ),
        Route(
            "/compte/securite/double-authentification",
            second_factors.set_up,
            name="set_up_factor",
            methods=["GET", "POST"],
        ),
        Route(
            "/compte/securite/codes-de-secours",
            second_factors.renew_codes,
            name="renew_codes",
            methods=["GET", "POST"],
        ),
        Route(
            "/compte/securite/desactiver",
            second_factors.turn_off,
            name="turn_factor_off",
            methods=["GET", "POST"],
        ),
        Route("/compte/securite/sessions", sessions.revoke_all, name="revoke_sessions", methods=["POST"]),
        Route("/compte/securite/sessions/{session:int}", sessions.revoke, name="revoke_session", methods=["POST"]),
        # Administration
        Route("/administration", people.hub, name="administration"),
        Route("/administration/personnes", people.index, name="people"),
        Route("/administration/personnes/adresse", people.find, name="find_person", methods=["POST"]),
        Route("/administration/personnes/{member:int}", people.show, name="person"),
        Route(
            "/administration/personnes/{member:int}/adresse",
            people.see_address,
            name="person_address",
            methods=["POST"],
        ),
        Route(
            "/administration/personnes/{member:int}/droits",
            people.rights,
            name="person_rights",
            methods=["GET", "POST"],
        ),
        Route(
            "/administration/personnes/{member:int}/suspension",
            people.suspend,
            name="person_suspension",
            methods=["GET", "POST"],
        ),
        Route(
            "/administration/personnes/{member:int}/suspension/lever",
            people.lift,
            name="lift_suspension",
            methods=["POST"],
        ),
        Route(
            "/administration/personnes/{member:int}/double-authentification",
            people.remove_factor,
            name="person_factor",
            methods=["GET", "POST"],
        ),
        Route(
            "/administration/personnes/{member:int}/mot-de-passe",
            people.send_reset,
            name="person_reset",
            methods=["POST"],
        ),
        Route(
            "/administration/personnes/{member:int}/sessions",
            people.close_sessions,
            name="person_sessions",
            methods=["POST"],
        ),
        Route("/administration/invitations", invitations.index, name="invitations"),
        Route("/administration/invitations/nouvelle", invitations.invite, name="invite", methods=["GET", "POST"]),
        Route(
            "/administration/invitations/liste", invitations.read_file, name="invitation_file", methods=["GET", "POST"]
        ),
        Route("/administration/invitations/listes/{batch:int}", invitations.report, name="invitation_batch"),
        Route(
            "/administration/invitations/listes/{batch:int}/envoyer",
            invitations.send,
            name="send_invitations",
            methods=["POST"],
        ),
        Route(
            "/administration/invitations/{invitation:int}/renvoyer",
            invitations.invite_again,
            name="invite_again",
            methods=["POST"],
        ),
        Route(
            "/administration/invitations/{invitation:int}/retirer",
            invitations.withdraw,
            name="withdraw_invitation",
            methods=["POST"],
        ),
        Route("/compte/contributions", own_contributions.show, name="own_contributions"),
        Route("/compte/donnees", personal_data.show, name="own_data", methods=["GET"]),
        Route("/compte/donnees", personal_data.show, name="ask_for_archive", methods=["POST"]),
        Route("/compte/donnees/archive", personal_data.download, name="own_archive"),
        Route("/api/v1/compte/archive", archive_progress.show, name="api_own_archive"),
        Route("/compte/effacer", personal_data.erase, name="erase_account", methods=["GET", "POST"]),
        Route("/journal", journal.show, name="journal"),
        Route("/journal/export", journal.export, name="export_journal", methods=["POST"]),
        # The site
        Route("/aide", help.show, name="help"),
        Route("/aide/droits", help.rights, name="help_rights"),
        Route("/mentions-legales", legal.show, name="legal_notice"),
        Route("/donnees-personnelles", legal.show, name="privacy"),
        Route("/charte", legal.show, name="charter"),
        Route("/accessibilite", legal.show, name="accessibility"),
        Route("/cookies", legal.show, name="cookies"),
        Route("/sante/vivant", health.live, name="live"),
        Route("/sante/pret", health.ready, name="ready"),
        Route("/static/{path:path}", static.show, name="static"),
    ]
