"""Every address on one page, in the order in which a visitor meets them. The same paths under /en are in English."""

from starlette.routing import BaseRoute, Route

from forum.api import syntheses as synthesis_progress
from forum.web import (
    credentials,
    health,
    help,
    home,
    legal,
    meetings,
    notifications,
    posts,
    proposals,
    providers,
    second_factor,
    session,
    static,
    syntheses,
    themes,
    threads,
    votes,
)


def routes() -> list[BaseRoute]:
    """The table. A name never changes once published: templates and redirects use it."""
    return [
        Route("/", home.show, name="home"),
        # Themes
        Route("/themes/{number:small}", themes.show, name="theme"),
        Route("/themes/{number:small}/propositions", proposals.index, name="theme_proposals"),
        Route("/themes/{number:small}/proposer", proposals.propose, name="propose", methods=["GET", "POST"]),
        Route("/themes/{number:small}/calendrier", themes.schedule, name="theme_schedule", methods=["GET", "POST"]),
        Route("/themes/{number:small}/clore-les-votes", themes.close_votes, name="close_votes", methods=["POST"]),
        Route("/themes/{number:small}/nouveau-fil", threads.open_new, name="new_thread", methods=["GET", "POST"]),
        # Threads and contributions
        Route("/fils/{thread:int}", threads.show, name="thread"),
        Route("/fils/{thread:int}/repondre", posts.reply, name="reply", methods=["GET", "POST"]),
        Route("/contributions/{post:int}", posts.look_up, name="post"),
        Route("/contributions/{post:int}/modifier", posts.edit, name="edit_post", methods=["GET", "POST"]),
        Route("/contributions/{post:int}/historique", posts.history, name="post_history"),
        Route("/contributions/{post:int}/revisions/{revision:int}", posts.revision, name="post_revision"),
        Route("/contributions/{post:int}/citer", posts.quote, name="quote_post"),
        Route("/contributions/{post:int}/reunions", meetings.tag, name="tag_post", methods=["POST"]),
        Route(
            "/contributions/{post:int}/proposer",
            proposals.propose_from_post,
            name="propose_from_post",
            methods=["GET", "POST"],
        ),
        # Proposals and votes
        Route("/propositions/{reference}", proposals.show, name="proposal"),
        Route("/propositions/{reference}/vote", votes.cast, name="vote", methods=["POST"]),
        Route("/propositions/{reference}/retirer", proposals.withdraw, name="withdraw_proposal", methods=["POST"]),
        # Meetings
        Route("/reunions", meetings.index, name="meetings"),
        Route("/reunions/nouvelle", meetings.create, name="new_meeting", methods=["GET", "POST"]),
        Route("/reunions/{meeting:int}", meetings.show, name="meeting"),
        Route("/reunions/{meeting:int}/compte-rendu", meetings.enter_minutes, name="minutes", methods=["GET", "POST"]),
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
        Route("/connexion", session.show, name="sign_in", methods=["GET"]),
        Route("/connexion", session.sign_in, name="sign_in_with_password", methods=["POST"]),
        Route("/connexion/code", session.code, name="sign_in_code", methods=["GET", "POST"]),
        Route("/deconnexion", session.sign_out, name="sign_out", methods=["POST"]),
        Route("/connexion/fournisseur", providers.leave, name="provider", methods=["POST"]),
        Route("/connexion/retour", providers.come_back, name="provider_return"),
        Route("/connexion/premiere-fois", providers.first_time, name="first_time"),
        Route("/connexion/premiere-fois/relier", providers.link_first_time, name="link_first_time", methods=["POST"]),
        Route("/deconnexion/retour", providers.signed_out, name="provider_signed_out"),
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
            second_factor.set_up,
            name="set_up_factor",
            methods=["GET", "POST"],
        ),
        Route(
            "/compte/securite/codes-de-secours",
            second_factor.renew_codes,
            name="renew_codes",
            methods=["GET", "POST"],
        ),
        Route(
            "/compte/securite/desactiver",
            second_factor.turn_off,
            name="turn_factor_off",
            methods=["GET", "POST"],
        ),
        Route("/compte/securite/sessions", session.revoke_all, name="revoke_sessions", methods=["POST"]),
        Route("/compte/securite/sessions/{session:int}", session.revoke, name="revoke_session", methods=["POST"]),
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
