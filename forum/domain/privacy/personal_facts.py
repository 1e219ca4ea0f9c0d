"""What does the site know of one person? One table describes it: each part of the archive, its query, its keys.

It says no more about others than public pages do, and never an address; of votes, only the person's own.
`tests/privacy/test_personal_facts.py` holds the table against the schema: a column that names a member, or says
something about one, is either read here or listed there as an exception.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from forum.database import rows
from forum.domain.journal_words import SENTENCES, TITLES, told
from forum.domain.proposals.answers import decision_column, fate_from
from forum.domain.references import reference
from forum.domain.signatures import signed
from forum.domain.themes.ballots import opinion_words, scale
from forum.domain.withheld import journal_words, range_of
from forum.models.answers import Decision
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.following import MailKind, Pace
from forum.models.meetings import TagState
from forum.models.members import Role
from forum.models.moderation import Ground
from forum.models.notifications import Event
from forum.models.post_drafts import DraftKind
from forum.models.posts import Outcome, PendingState, PostState
from forum.models.proposals import Nature, Origin, ProposalState, Turn
from forum.models.syntheses import BlockKind
from forum.models.themes import Voting
from forum.models.threads import ThreadAct
from forum.settings import settings
from forum.text.labels import Labelled

Facts = dict[str, Any]
"""What JSON holds; keys and values are French words, since the person reads them."""

Key: TypeAlias = "str | tuple[str, ...] | ArchivePart"
"""The content of a key: a column, an address (the first whose columns are known), or rows that belong to the row."""


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """Rows about the member $1, and the keys under which their columns are told; the key "" means that value alone.

    `is_one`: there is one row at most. `of`: in a part of rows, the column that says of which row (its `id`).
    """

    query: str
    keys: Mapping[str, Key]
    is_one: bool = False
    of: str = ""


_KINDS: Final[Mapping[str, type[Labelled]]] = {
    "role": Role,
    "nature": Nature,
    "origin": Origin,
    "tag_state": TagState,
    "event": Event,
    "turn": Turn,
    "post_state": PostState,
    "pending_state": PendingState,
    "draft_kind": DraftKind,
    "outcome": Outcome,
    "decision": Decision,
    "ground": Ground,
    "moderation": DecisionAct,
    "complaint_outcome": ComplaintOutcome,
    "thread_act": ThreadAct,
    "block": BlockKind,
    "mail_kind": MailKind,
    "pace": Pace,
}
"""Columns that hold a value of an enum, shown by its label."""
_DRAFT: Final = ProposalState.DRAFT.value
_POST: Final = "/contributions/{post_id}"
_REVISION: Final = "/contributions/{post_id}/revisions/{revision}"
_PROPOSAL: Final = "/propositions/{reference}"
_DECISION: Final = "/moderation/decisions/{decision_id}"
_VERSION: Final = "/propositions/{reference}/versions/{version}"
_BEFORE, _AFTER, _REASON = journal_words("x")
_OF_PROPOSAL: Final = "JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id"
_OF_CASE: Final = """LEFT JOIN answer wa ON c.thing = 'answer' AND wa.id = c.thing_id
             LEFT JOIN proposal p ON p.id = COALESCE(wa.proposal_id, CASE WHEN c.thing = 'proposal' THEN c.thing_id END)
             LEFT JOIN theme t ON t.id = p.theme_id"""
_THING: Final = """CASE WHEN c.thing = 'post' THEN c.thing_id END AS post_id, p.number, t.number AS theme,
                   CASE WHEN c.thing = 'meeting' THEN c.thing_id END AS meeting_id, wa.number AS answer_number"""
_THINGS: Final = (_POST, "/propositions/{reference}#reponse-{answer_number}", _PROPOSAL, "/reunions/{meeting_id}")
_QUOTES: Final = f"""
    SELECT q.post_id, q.quoted_id, q.revision, {range_of("r", "q", "o")} AS words,
           CASE WHEN o.state = 'shown' THEN {signed("o.id", "a")} END AS author,
           CASE WHEN p.state = 'shown' THEN {signed("p.id", "m")} END AS quoting
      FROM quote q JOIN post p ON p.id = q.post_id JOIN post o ON o.id = q.quoted_id
      JOIN post_revision r ON r.post_id = q.quoted_id AND r.number = q.revision
      LEFT JOIN member a ON a.id = o.author_id LEFT JOIN member m ON m.id = p.author_id"""
_ASIDE: Final[Mapping[str, Key]] = {"regle": "ground", "masquee_le": "hidden_at", "retiree_le": "withdrawn_at"}
_QUOTE: Final[Mapping[str, Key]] = {
    "dans": _POST,
    "par": "quoting",
    "citee": "/contributions/{quoted_id}/revisions/{revision}",
    "auteur": "author",
    "version": "revision",
    "mots": "words",
}

PARTS: Final[Mapping[str, ArchivePart]] = {
    "compte": ArchivePart(
        """SELECT m.id, m.name, m.handle, m.email, (COALESCE(m.password_hash, '') <> '')::bool AS has_password, m.role,
                  m.organisation, m.profession, m.territory, m.locale, m.charter_version, m.charter_accepted_at,
                  m.created_at, m.confirmed_at, m.bounced_at, m.active_at, m.warnings, m.warned_at, m.suspended_until,
                  m.suspended_reason, m.example AS is_example FROM member m WHERE m.id = $1""",
        {
            "numero": "id",
            "nom": "name",
            "identifiant": "handle",
            "adresse": "email",
            "mot_de_passe": "has_password",
            "role": "role",
            "organisation": "organisation",
            "profession": "profession",
            "territoire": "territory",
            "langue": "locale",
            "charte_version": "charter_version",
            "charte_acceptee_le": "charter_accepted_at",
            "cree_le": "created_at",
            "adresse_confirmee_le": "confirmed_at",
            "adresse_refusee_le": "bounced_at",
            "dernier_jour_d_activite": "active_at",
            "messages_d_inactivite": "warnings",
            "dernier_message_d_inactivite_le": "warned_at",
            "suspendu_jusqu_au": "suspended_until",
            "motif_de_suspension": "suspended_reason",
            "compte_fictif": "is_example",
        },
        is_one=True,
    ),
    "connexion": ArchivePart(
        """SELECT m.id, f.created_at AS factor_at,
                  (SELECT COUNT(*) FROM recovery_code c WHERE c.member_id = $1) AS codes
             FROM member m LEFT JOIN second_factor f ON f.member_id = $1 WHERE m.id = $1""",
        {
            "double_authentification_depuis": "factor_at",
            "codes_de_secours_restants": "codes",
            "identites": ArchivePart(
                """SELECT i.member_id, i.issuer, i.subject, i.created_at FROM identity i
                    WHERE i.member_id = $1 ORDER BY i.id""",
                {"fournisseur": "issuer", "identifiant": "subject", "reliee_le": "created_at"},
                of="member_id",
            ),
            "sessions": ArchivePart(
                """SELECT s.member_id, s.device, s.issuer, s.created_at, s.seen_at, s.expires_at FROM session s
                    WHERE s.member_id = $1 ORDER BY s.id""",
                {
                    "appareil": "device",
                    "fournisseur": "issuer",
                    "ouverte_le": "created_at",
                    "vue_le": "seen_at",
                    "expire_le": "expires_at",
                },
                of="member_id",
            ),
        },
        is_one=True,
    ),
    "changement_d_adresse": ArchivePart(
        """SELECT x.email, x.created_at, x.old_confirmed_at, x.new_confirmed_at FROM address_change x
            WHERE x.member_id = $1""",
        {
            "adresse": "email",
            "demande_le": "created_at",
            "ancienne_confirmee_le": "old_confirmed_at",
            "nouvelle_confirmee_le": "new_confirmed_at",
        },
        is_one=True,
    ),
    "groupes_animes": ArchivePart(
        """SELECT g.name FROM moderator x JOIN working_group g ON g.id = x.working_group_id
            WHERE x.member_id = $1 ORDER BY g.name""",
        {"": "name"},
    ),
    # The invitations sent, without their recipients, and the one that the account comes from.
    "invitations": ArchivePart(
        """SELECT COALESCE(x.member_id = $1, FALSE)::bool AS is_received, x.created_at, x.accepted_at FROM invitation x
            WHERE x.inviter_id = $1 OR x.member_id = $1 ORDER BY x.id""",
        {"recue": "is_received", "envoyee_le": "created_at", "acceptee_le": "accepted_at"},
    ),
    "fils": ArchivePart(
        "SELECT x.id, x.title, x.created_at FROM thread x WHERE x.author_id = $1 ORDER BY x.id",
        {"fil": "title", "ouvert_le": "created_at", "lien": "/fils/{id}"},
    ),
    "contributions": ArchivePart(
        """SELECT p.id, p.number, p.state AS post_state, p.reply_to_id, p.created_at, p.written_at, p.edited_at, t.title
             FROM post p JOIN thread t ON t.id = p.thread_id WHERE p.author_id = $1 ORDER BY p.id""",
        {
            "fil": "title",
            "place": "number",
            "etat": "post_state",
            "reponse_a": "/contributions/{reply_to_id}",
            "ecrite_le": "written_at",
            "enregistree_le": "created_at",
            "modifiee_le": "edited_at",
            "lien": "/contributions/{id}",
            "versions": ArchivePart(
                """SELECT r.post_id, r.number, r.source, r.plain, r.created_at
                     FROM post_revision r JOIN post p ON p.id = r.post_id
                    WHERE p.author_id = $1 OR r.editor_id = $1 ORDER BY r.post_id, r.number""",
                {"version": "number", "le": "created_at", "source": "source", "texte": "plain"},
                of="post_id",
            ),
        },
    ),
    # Of what is hidden or withdrawn the tables hold no words, which are still theirs.
    "contributions_non_affichees": ArchivePart(
        """SELECT p.id AS post_id, k.words AS kept, k.ground, k.hidden_at, k.withdrawn_at FROM withheld k
             JOIN post p ON p.id = k.row_id AND k.table_name = 'post' WHERE p.author_id = $1 ORDER BY p.id""",
        {"de": _POST, **_ASIDE, "source": "source", "texte": "plain"},
    ),
    "contributions_en_attente": ArchivePart(
        """SELECT x.id, COALESCE(f.title, x.title) AS title, x.state AS pending_state, x.source, x.reply_to_id,
                  x.created_at, x.edited_at, x.post_id
             FROM pending_post x LEFT JOIN thread f ON f.id = x.thread_id WHERE x.author_id = $1 ORDER BY x.id""",
        {
            "fil": "title",
            "etat": "pending_state",
            "reponse_a": "/contributions/{reply_to_id}",
            "envoyee_le": "created_at",
            "modifiee_le": "edited_at",
            "texte": "source",
            "lien": "/contributions/en-attente/{id}",
            "publiee": "/contributions/{post_id}",
        },
    ),
    "brouillons_de_contributions": ArchivePart(
        """SELECT x.kind AS draft_kind, CASE WHEN x.kind = 'in thread' THEN x.thing END AS thread_id,
                  CASE WHEN x.kind IN ('answer to post', 'edit of post') THEN x.thing END AS post_id,
                  CASE WHEN x.kind = 'new thread' THEN x.thing END AS theme_number, x.title, x.source, x.saved_at
             FROM post_draft x WHERE x.member_id = $1 ORDER BY x.id""",
        {
            "genre": "draft_kind",
            "dans": ("/fils/{thread_id}", _POST, "/themes/{theme_number}"),
            "titre": "title",
            "texte": "source",
            "enregistre_le": "saved_at",
        },
    ),
    "propositions_non_affichees": ArchivePart(
        """SELECT t.number AS theme, p.number, k.words AS kept, k.ground, k.hidden_at, k.withdrawn_at FROM withheld k
             JOIN proposal p ON p.id = k.row_id AND k.table_name = 'proposal' JOIN theme t ON t.id = p.theme_id
            WHERE p.author_id = $1 OR p.promoter_id = $1 ORDER BY p.id""",
        {"de": _PROPOSAL, **_ASIDE, "formulation": "wording", "texte": "body"},
    ),
    "citations_faites": ArchivePart(f"{_QUOTES} WHERE p.author_id = $1 ORDER BY q.id", _QUOTE),
    "citations_de_mes_mots": ArchivePart(f"{_QUOTES} WHERE o.author_id = $1 ORDER BY q.id", _QUOTE),
    "mentions_de_moi": ArchivePart(
        f"""SELECT x.post_id, '@' || x.handle AS handle, {signed("p.id", "a")} AS name, p.written_at FROM mention x
             JOIN post p ON p.id = x.post_id LEFT JOIN member a ON a.id = p.author_id
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"dans": _POST, "ecrit": "handle", "par": "name", "le": "written_at"},
    ),
    "extraits": ArchivePart(
        f"""SELECT x.post_id, x.revision, {range_of("r", "x", "p")} AS words, x.nature, x.created_at
             FROM extract x JOIN post p ON p.id = x.post_id
             JOIN post_revision r ON r.post_id = x.post_id AND r.number = x.revision
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"de": _REVISION, "version": "revision", "mots": "words", "nature": "nature", "le": "created_at"},
    ),
    # A draft is not public and has no reference yet: it is in another part.
    "propositions": ArchivePart(
        f"""SELECT p.id, CASE WHEN p.state = '{_DRAFT}' THEN p.id END AS draft, t.number AS theme,
                   CASE WHEN p.state <> '{_DRAFT}' THEN p.number END AS number,
                   COALESCE(p.author_id = $1, FALSE)::bool AS is_mine, p.state,
                   {decision_column("p")} AS answered, p.origin, p.created_at, p.wording
              FROM proposal p JOIN theme t ON t.id = p.theme_id
             WHERE p.author_id = $1 OR p.promoter_id = $1
                OR EXISTS (SELECT 1 FROM proposal_version v WHERE v.proposal_id = p.id AND v.editor_id = $1)
             ORDER BY p.id""",
        {
            "reference": "reference",
            "auteur": "is_mine",
            "etat": "fate",
            "origine": "origin",
            "faite_le": "created_at",
            "lien": ("/compte/brouillons/{draft}", _PROPOSAL),
            "formulation": "wording",
            "versions": ArchivePart(
                """SELECT v.proposal_id, v.number, v.wording, v.body, v.created_at
                     FROM proposal_version v JOIN proposal p ON p.id = v.proposal_id
                    WHERE p.author_id = $1 OR p.promoter_id = $1 OR v.editor_id = $1
                    ORDER BY v.proposal_id, v.number""",
                {"version": "number", "le": "created_at", "formulation": "wording", "texte": "body"},
                of="proposal_id",
            ),
        },
    ),
    "avis": ArchivePart(
        f"""SELECT t.number AS theme, t.voting, t.mentions, p.number, x.opinion, x.proposal_version, x.cast_at,
                   x.profession, x.territory FROM ballot x {_OF_PROPOSAL} WHERE x.voter_id = $1 ORDER BY x.id""",
        {
            "proposition": "reference",
            "version": "proposal_version",
            "avis": "opinion",
            "le": "cast_at",
            "profession": "profession",
            "territoire": "territory",
        },
    ),
    # No opinion means that the ballot was withdrawn.
    "historique_des_avis": ArchivePart(
        f"""SELECT t.number AS theme, t.voting, t.mentions, p.number, x.opinion, x.proposal_version, x.changed_at
              FROM ballot_change x {_OF_PROPOSAL} WHERE x.voter_id = $1 ORDER BY x.id""",
        {"proposition": "reference", "version": "proposal_version", "avis": "opinion", "le": "changed_at"},
    ),
    "votes_ecartes": ArchivePart(
        """SELECT t.number AS theme, x.reason, x.excluded_at FROM excluded_vote x JOIN theme t ON t.id = x.theme_id
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"sur": "/themes/{theme}", "motif": "reason", "le": "excluded_at"},
    ),
    "etiquettes": ArchivePart(
        """SELECT x.post_id, x.state AS tag_state, x.created_at, m.number, w.name FROM meeting_tag x
             JOIN meeting m ON m.id = x.meeting_id JOIN working_group w ON w.id = m.working_group_id
            WHERE x.member_id = $1
            UNION ALL
           SELECT u.post_id, u.state, u.created_at, u.number, w.name FROM unknown_tag u
             JOIN post c ON c.id = u.post_id JOIN thread h ON h.id = c.thread_id JOIN theme t ON t.id = h.theme_id
             JOIN working_group w ON w.id = t.working_group_id WHERE c.author_id = $1
            ORDER BY post_id, number""",
        {"contribution": _POST, "groupe": "name", "reunion": "number", "etat": "tag_state", "le": "created_at"},
    ),
    "notifications": ArchivePart(
        """SELECT x.post_id, x.thread_id, x.event, x.created_at, x.read_at, x.decision_id, x.case_id, p.number,
                  t.number AS theme
             FROM notification x
             LEFT JOIN proposal p ON p.id = x.proposal_id LEFT JOIN theme t ON t.id = COALESCE(x.theme_id, p.theme_id)
            WHERE x.member_id = $1 ORDER BY x.id""",
        {
            "sur": (
                _POST,
                "/fils/{thread_id}",
                _PROPOSAL,
                "/themes/{theme}",
                _DECISION,
                "/moderation/dossiers/{case_id}",
            ),
            "evenement": "event",
            "le": "created_at",
            "lue_le": "read_at",
        },
    ),
    "lectures": ArchivePart(
        "SELECT x.thread_id, x.number, x.read_at FROM thread_read x WHERE x.member_id = $1 ORDER BY x.thread_id",
        {"fil": "/fils/{thread_id}", "lu_jusqu_a": "number", "le": "read_at"},
    ),
    "suivis": ArchivePart(
        """SELECT x.thread_id, x.meeting_id, x.created_at, p.number, t.number AS theme FROM follow x
             LEFT JOIN proposal p ON p.id = x.proposal_id LEFT JOIN theme t ON t.id = COALESCE(x.theme_id, p.theme_id)
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"sur": ("/fils/{thread_id}", "/reunions/{meeting_id}", _PROPOSAL, "/themes/{theme}"), "le": "created_at"},
    ),
    "courriels_choisis": ArchivePart(
        "SELECT x.kind AS mail_kind, x.pace, x.since FROM mail_wish x WHERE x.member_id = $1 ORDER BY x.id",
        {"sorte": "mail_kind", "rythme": "pace", "tout_dit_jusqu_au": "since"},
    ),
    "courriels_refuses": ArchivePart(
        "SELECT x.status, x.at FROM bounce x WHERE x.member_id = $1 ORDER BY x.at",
        {"refus": "status", "le": "at"},
    ),
    "signalements": ArchivePart(
        f"""SELECT c.ground, c.words, c.revision, c.created_at, c.complaint, c.complained_at,
                   c.outcome AS complaint_outcome, c.answer, c.answered_at, {_THING} FROM moderation_notice c {_OF_CASE}
             WHERE c.member_id = $1 ORDER BY c.id""",
        {
            "sur": _THINGS,
            "version": "revision",
            "regle": "ground",
            "mots": "words",
            "le": "created_at",
            "reclamation": "complaint",
            "reclame_le": "complained_at",
            "issue": "complaint_outcome",
            "reponse": "answer",
            "repondue_le": "answered_at",
        },
    ),
    "reclamations_sur_signalements_lues": ArchivePart(
        """SELECT x.complained_of_id AS decision_id, x.answer, x.answered_at, x.outcome AS complaint_outcome
             FROM moderation_notice x WHERE x.answered_by_id = $1 ORDER BY x.id""",
        {"sur": _DECISION, "issue": "complaint_outcome", "reponse": "answer", "repondue_le": "answered_at"},
    ),
    # Decisions about their words, and those that they took as moderators: without saying who took the others.
    "decisions_de_moderation": ArchivePart(
        f"""SELECT x.id AS decision_id, COALESCE(x.decided_by_id = $1, FALSE)::bool AS is_mine, x.act AS moderation,
                   x.ground, x.facts, x.statement, x.decided_at, x.contest_until, {_THING}
              FROM moderation_decision x JOIN moderation_case c ON c.id = x.case_id {_OF_CASE}
             WHERE x.affected_id = $1 OR x.decided_by_id = $1 ORDER BY x.id""",
        {
            "sur": _THINGS,
            "prise_par_moi": "is_mine",
            "acte": "moderation",
            "regle": "ground",
            "faits": "facts",
            "texte": "statement",
            "le": "decided_at",
            "contestable_jusqu_au": "contest_until",
            "lien": _DECISION,
        },
    ),
    "reclamations": ArchivePart(
        """SELECT x.decision_id, COALESCE(x.member_id = $1, FALSE)::bool AS is_mine,
                  CASE WHEN x.member_id = $1 THEN x.words END AS words, x.created_at,
                  COALESCE(x.answered_by_id = $1, FALSE)::bool AS is_answered, x.answer, x.answered_at,
                  x.outcome AS complaint_outcome FROM moderation_complaint x
            WHERE x.member_id = $1 OR x.answered_by_id = $1 ORDER BY x.id""",
        {
            "sur": _DECISION,
            "de_moi": "is_mine",
            "mots": "words",
            "le": "created_at",
            "lue_par_moi": "is_answered",
            "issue": "complaint_outcome",
            "reponse": "answer",
            "repondue_le": "answered_at",
        },
    ),
    "dossiers_pris": ArchivePart(
        f"""SELECT c.claimed_at, c.opened_at, c.closed_at, {_THING} FROM moderation_case c {_OF_CASE}
             WHERE c.claimed_by_id = $1 ORDER BY c.id""",
        {
            "sur": _THINGS,
            "ouvert_le": "opened_at",
            "pris_le": "claimed_at",
            "clos_le": "closed_at",
        },
    ),
    # Acts of this person, and acts on them or on their words, without saying who did the latter.
    "journal": ArchivePart(
        f"""SELECT x.at, COALESCE(x.actor_id = $1, FALSE)::bool AS is_mine, x.act, x.thing, x.thing_id,
                  {_BEFORE} AS before, {_AFTER} AS after, {_REASON} AS reason FROM journal_entry x
            WHERE x.actor_id = $1 OR (x.thing = 'member' AND x.thing_id = $1)
               OR (x.thing = 'post' AND x.thing_id IN (SELECT id FROM post WHERE author_id = $1))
               OR (x.thing = 'proposal' AND x.thing_id IN (SELECT id FROM proposal WHERE author_id = $1))
               OR (x.thing = 'answer' AND x.thing_id IN (SELECT id FROM answer WHERE agent_id = $1))
            ORDER BY x.id""",
        {
            "le": "at",
            "par_moi": "is_mine",
            "acte": "act",
            "objet": "object",
            "avant": "before",
            "apres": "after",
            "motif": "reason",
        },
    ),
    "syntheses_demandees": ArchivePart(
        "SELECT x.id, x.requested_at FROM synthesis x WHERE x.requester_id = $1 ORDER BY x.id",
        {"le": "requested_at", "lien": "/syntheses/{id}"},
    ),
    "textes_de_syntheses": ArchivePart(
        """SELECT x.synthesis_id, x.kind AS block, x.subject, x.number AS version, x.source, x.written_at
             FROM synthesis_block x WHERE x.author_id = $1 ORDER BY x.id""",
        {
            "le": "written_at",
            "texte": "block",
            "proposition": "subject",
            "version": "version",
            "source": "source",
            "lien": "/syntheses/{synthesis_id}",
        },
    ),
    # What they did with other people's words and proposals, as moderator or agent.
    "etapes": ArchivePart(
        f"""SELECT x.turn, x.version, x.reason, x.at, p.number, t.number AS theme FROM proposal_turn x {_OF_PROPOSAL}
             WHERE x.member_id = $1 ORDER BY x.id""",
        {"sur": (_VERSION, _PROPOSAL), "acte": "turn", "version": "version", "motif": "reason", "le": "at"},
    ),
    "regroupements": ArchivePart(
        """SELECT x.reason, x.merged_at, x.undone_at, p.number, t.number AS theme FROM proposal_merge x
             JOIN proposal p ON p.id = x.source_id JOIN theme t ON t.id = p.theme_id
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"sur": _PROPOSAL, "motif": "reason", "le": "merged_at", "defait_le": "undone_at"},
    ),
    "distinctions": ArchivePart(
        """SELECT x.created_at, p.number, t.number AS theme FROM distinction x JOIN proposal p ON p.id = x.one_id
             JOIN theme t ON t.id = p.theme_id WHERE x.member_id = $1 ORDER BY x.id""",
        {"sur": _PROPOSAL, "le": "created_at"},
    ),
    "corrections_certifiees": ArchivePart(
        f"""SELECT x.number AS version, x.certified_at, p.number, t.number AS theme FROM proposal_version x
             {_OF_PROPOSAL} WHERE x.certifier_id = $1 ORDER BY x.id""",
        {"sur": _VERSION, "version": "version", "le": "certified_at"},
    ),
    "contributions_traitees": ArchivePart(
        """SELECT x.post_id, x.outcome, x.reason, x.treated_at FROM treatment x
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"sur": _POST, "etat": "outcome", "motif": "reason", "le": "treated_at"},
    ),
    "actes_sur_des_fils": ArchivePart(
        """SELECT x.thread_id, x.act AS thread_act, x.before, x.reason, x.at, x.undone_at FROM thread_turn x
            WHERE x.member_id = $1 ORDER BY x.id""",
        {
            "sur": "/fils/{thread_id}",
            "acte": "thread_act",
            "avant": "before",
            "motif": "reason",
            "le": "at",
            "defait_le": "undone_at",
        },
    ),
    "reponses_officielles": ArchivePart(
        f"""SELECT x.decision, x.reason, x.service, x.created_at, p.number, t.number AS theme FROM answer x
             {_OF_PROPOSAL} WHERE x.agent_id = $1 ORDER BY x.id""",
        {"sur": _PROPOSAL, "decision": "decision", "motif": "reason", "service": "service", "le": "created_at"},
    ),
    "reponses_officielles_non_affichees": ArchivePart(
        f"""SELECT p.number, t.number AS theme, k.words AS kept, k.ground, k.hidden_at FROM withheld k
             JOIN answer x ON x.id = k.row_id AND k.table_name = 'answer' {_OF_PROPOSAL}
            WHERE x.agent_id = $1 ORDER BY x.id""",
        {"sur": _PROPOSAL, "regle": "ground", "masquee_le": "hidden_at", "motif": "reason"},
    ),
    "engagements": ArchivePart(
        f"""SELECT x.words, x.done_words, x.created_at, p.number, t.number AS theme FROM obligation x
             {_OF_PROPOSAL} WHERE x.agent_id = $1 ORDER BY x.id""",
        {"sur": _PROPOSAL, "engagement": "words", "fait": "done_words", "le": "created_at"},
    ),
}


async def collect(member: int, asked_at: datetime) -> Facts:
    """Everything about a member, in the shape that `workers/archives.py` documents; the same data gives the same facts.

    Raises:
        LookupError: there is no such member.
    """
    found = {name: await _told(part, member) for name, part in PARTS.items()}
    if found["compte"] is None:
        raise LookupError(f"member {member} does not exist")
    return {"archive": {"site": settings().site.base_url, "demandee_le": _value("at", asked_at)}, **found}


async def _told(part: ArchivePart, member: int) -> Any:
    told = [one for some in (await _rows(part, member)).values() for one in some]
    return next(iter(told), None) if part.is_one else told


async def _rows(part: ArchivePart, member: int) -> dict[Any, list[Any]]:
    """The content of a part's rows, in order, by the row that they belong to."""
    inner = {key: await _rows(one, member) for key, one in part.keys.items() if isinstance(one, ArchivePart)}
    told: dict[Any, list[Any]] = {}
    for found in await rows(part.query, member):
        known = {column: found[column] for column in found.keys()}  # noqa: SIM118 # sqlite3.Row iterates over values
        if known.get("theme") is not None and known.get("number") is not None:
            known["reference"] = reference(known["theme"], known["number"])
        if "kept" in known:
            known |= json.loads(known["kept"])
        if known.get("opinion") is not None:
            known["opinion"] = _opinion(known)
        if "answered" in known:
            known["fate"] = fate_from(known["state"], known["answered"]).label
        if "act" in known:
            known |= _entry(known)
        said = {
            key: inner[key].get(known["id"], []) if isinstance(one, ArchivePart) else _said(one, known)
            for key, one in part.keys.items()
        }
        told.setdefault(known.get(part.of), []).append(said.get("", said))
    return told


def _opinion(known: Mapping[str, Any]) -> str:
    voting = Voting(known["voting"])
    return opinion_words(voting, scale(voting, known["mentions"].splitlines()), known["opinion"])


def _entry(known: Mapping[str, Any]) -> Facts:
    """A line of the journal, in words."""
    before, after = told(known["act"], known["before"], known["after"])
    return {
        "act": SENTENCES.get(known["act"], known["act"]),
        "object": f"{TITLES.get(known['thing'], known['thing'])} {known['thing_id']}",
        "before": before,
        "after": after,
    }


def _said(key: str | tuple[str, ...], known: Mapping[str, Any]) -> Any:
    if isinstance(key, str) and not key.startswith("/"):
        return _value(key, known.get(key))
    filled = {column: value for column, value in known.items() if value is not None}
    for path in (key,) if isinstance(key, str) else key:
        if set(re.findall(r"{(\w+)}", path)) <= filled.keys():
            return f"{settings().site.base_url}{path.format(**filled)}"
    return None


def _value(column: str, value: Any) -> Any:
    """A value for JSON; for an enum, known by the name of its column, the label."""
    if column in _KINDS and value is not None:
        return _KINDS[column](value).label
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
