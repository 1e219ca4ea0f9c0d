"""Everything that the site knows about one person, for that person (GDPR, articles 15 and 20), and how long it is kept.

`collect` is the one place that knows what there is: all that they wrote, chose, were told, and what was noted about
them. Of others there is no more than any page shows, never an address; of votes, only their own. Making a file of it is
the matter of `workers/archives.py`; taking it all away, that of `erasure.py`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from forum.database import Row, known_moment, moment, row, rows, transaction
from forum.domain import jobs, journal
from forum.domain.jobs import Claim, Progress, progress_of
from forum.domain.mail import may_mail, post_mail
from forum.domain.privacy.personal_acts import acts_of
from forum.domain.references import reference
from forum.errors import Invalid, NotFound
from forum.jobs import JobName, enqueue
from forum.models.proposals import ProposalState
from forum.permissions import Viewer, demand, may_keep_own_account
from forum.sealing import unseal
from forum.settings import settings

ASKED_AGAIN: Final = timedelta(days=1)
"""An archive costs some work and holds the same as yesterday's."""

Facts = dict[str, Any]
"""What JSON holds; keys are French, since the person reads them."""


@dataclass(frozen=True, slots=True)
class OwnArchive:
    """The archive that a person asked for, being made, ready or failed."""

    asked_at: datetime
    made_at: datetime | None
    expires_at: datetime | None
    size: int
    sha256: str
    progress: Progress | None

    @property
    def is_ready(self) -> bool:
        return self.made_at is not None

    @property
    def is_under_way(self) -> bool:
        return not self.is_ready and self.progress is not None and not self.progress.is_over

    def may_be_renewed(self, now: datetime) -> bool:
        return self.made_at is None or now - self.made_at >= ASKED_AGAIN

    @property
    def has_failed(self) -> bool:
        return not self.is_ready and not self.is_under_way


def job_key(member: int) -> str:
    return f"archive:{member}"


# Asking and downloading


async def own_archive(viewer: Viewer | None, now: datetime) -> OwnArchive | None:
    """The viewer's archive; None when they asked for none, or when it is gone.

    Raises:
        SignInRequired: nobody is signed in.
    """
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        """SELECT asked_at, made_at, expires_at, sha256, LENGTH(content) AS size FROM archive
            WHERE member_id = $1 AND (expires_at IS NULL OR expires_at > $2)""",
        viewer.id,
        now,
    )
    if found is None:
        return None
    return OwnArchive(
        asked_at=known_moment(found["asked_at"]),
        made_at=moment(found["made_at"]),
        expires_at=moment(found["expires_at"]),
        size=found["size"] or 0,
        sha256=found["sha256"],
        progress=await progress_of(job_key(viewer.id)),
    )


async def ask_for_archive(viewer: Viewer | None, now: datetime) -> None:
    """Have an archive made; it takes the place of the one before. Asked again while it is made, it is one.

    Raises:
        SignInRequired: nobody is signed in.
        Invalid: the one before was made less than a day ago.
    """
    viewer = demand(may_keep_own_account, viewer)
    async with transaction() as tx:
        before = await row("SELECT made_at FROM archive WHERE member_id = $1", viewer.id)
        made = moment(before["made_at"]) if before else None
        if made is not None and now - made < ASKED_AGAIN:
            raise Invalid("Votre archive a moins d’un jour : téléchargez-la, ou redemandez-en une demain.")
        await rows(
            """INSERT INTO archive (member_id, content, sha256, asked_at) VALUES ($1, NULL, '', $2)
               ON CONFLICT (member_id) DO UPDATE
                  SET content = NULL, sha256 = '', asked_at = excluded.asked_at, made_at = NULL, expires_at = NULL""",
            viewer.id,
            now,
        )
        await enqueue(tx, JobName.MAKE_ARCHIVE, viewer.id, key=job_key(viewer.id), now=now)


async def read_archive(viewer: Viewer | None, now: datetime) -> bytes:
    """The file, for its owner: its address holds no number, so that nobody can ask for somebody else's.

    Raises:
        SignInRequired: nobody is signed in.
        NotFound: it was never asked for, is not made yet, or is gone.
    """
    viewer = demand(may_keep_own_account, viewer)
    found = await row(
        "SELECT content FROM archive WHERE member_id = $1 AND content IS NOT NULL AND expires_at > $2", viewer.id, now
    )
    if found is None:
        raise NotFound("Cette archive n’est plus là : elle s’efface au bout de quelques jours. Demandez-en une autre.")
    return bytes(found["content"])


# What the worker needs


async def begin_archive(claim: Claim) -> Facts | None:
    """All about the person whose archive a job makes; None when they do not want it any more.

    Raises:
        LostLease: somebody else took the job meanwhile.
    """
    async with transaction():
        await jobs.advance(claim, 0, 2, "ZIP")
        asked = await row("SELECT asked_at, made_at FROM archive WHERE member_id = $1", claim.subject)
        if asked is None or asked["made_at"] is not None:
            return None
        return await collect(claim.subject, known_moment(asked["asked_at"]))


async def store_archive(claim: Claim, content: bytes | None, now: datetime) -> None:
    """Write the file and the end of the job together, and tell its owner by mail, once.

    Raises:
        LostLease: somebody else took the job meanwhile: nothing is written.
    """
    told = await row(
        """SELECT m.name, m.email, m.locale FROM member m JOIN archive a ON a.member_id = m.id
            WHERE m.id = $1 AND a.expires_at IS NULL""",
        claim.subject,
    )
    mailed = content is not None and told is not None and bool(told["email"]) and await may_mail(told["email"])
    async with transaction() as tx:
        await jobs.finish(claim, now)
        if content is None:
            return
        written = await row(
            """UPDATE archive SET content = $2, sha256 = $3, made_at = $4, expires_at = COALESCE(expires_at, $5)
                WHERE member_id = $1 RETURNING id""",
            claim.subject,
            content,
            hashlib.sha256(content).hexdigest(),
            now,
            now + timedelta(days=settings().retention.archive_days),
        )
        if written is not None and mailed and told is not None:
            await post_mail(tx, "archive_ready", told["email"], locale=told["locale"], now=now, name=told["name"])


# How long


async def forget_archives(now: datetime) -> None:
    """Archives at their end, and those that could not be made, as long after they were asked for."""
    await rows(
        "DELETE FROM archive WHERE expires_at <= $1 OR (expires_at IS NULL AND asked_at <= $2)",
        now,
        now - timedelta(days=settings().retention.archive_days),
    )


async def forget_identifications(now: datetime) -> None:
    """Who erased accounts were, once a host need not tell it any more."""
    await rows("DELETE FROM identification WHERE purge_at <= $1", now)


async def open_identification(member: int, reason: str, now: datetime) -> Facts:
    """Who an erased account belonged to, for whoever runs the server and was asked by a court; a line in the journal.

    Raises:
        NotFound: nothing is kept of this account, or nothing any more.
        Invalid: no reason is given.
        LookupError: it was sealed under a key that this site does not have any more.
    """
    said = journal.reason_of(reason, required="Dites qui demande cette identification, et à quel titre.")
    async with transaction():
        found = await row("SELECT sealed FROM identification WHERE member_id = $1 AND purge_at > $2", member, now)
        if found is None:
            raise NotFound("Aucune identification n’est gardée pour ce compte.")
        opened: Facts = unseal(found["sealed"])
        await journal.record(None, "open_identification", "member", member, group=None, reason=said, now=now)
    return opened


# Everything about somebody


async def collect(member: int, asked_at: datetime) -> Facts:
    """Everything about a member, in the shape that `workers/archives.py` documents; the same data gives the same facts.

    Raises:
        LookupError: there is no such member.
    """
    found = await row("SELECT * FROM member WHERE id = $1", member)
    if found is None:
        raise LookupError(f"member {member} does not exist")
    return {
        "archive": {"site": settings().site.base_url, "demandee_le": _at(asked_at)},
        "compte": _account(found),
        "connexion": await _signing_in(member),
        "changement_d_adresse": await _address_change(member),
        "groupes_animes": [
            one["name"]
            for one in await rows(
                """SELECT g.name FROM moderator m JOIN working_group g ON g.id = m.working_group_id
                    WHERE m.member_id = $1 ORDER BY g.name""",
                member,
            )
        ],
        "invitations": await _invitations(member),
        "fils": await _threads(member),
        "contributions": await _posts(member),
        "citations_faites": await _quotes(member, "p.author_id"),
        "citations_de_mes_mots": await _quotes(member, "quoted.author_id"),
        "mentions_de_moi": await _mentions(member),
        "extraits": await _extracts(member),
        "propositions": await _proposals(member),
        "avis": await _ballots(member),
        "historique_des_avis": await _ballot_changes(member),
        "etiquettes": await _tags(member),
        "notifications": await _notifications(member),
        "journal": await _journal(member),
        "syntheses_demandees": await _syntheses(member),
        **await acts_of(member),
    }


def _at(value: str | datetime | None) -> str | None:
    read = moment(value)
    return None if read is None else read.isoformat(timespec="seconds")


def _address(path: str) -> str:
    return f"{settings().site.base_url}{path}"


def _account(found: Row) -> Facts:
    return {
        "numero": found["id"],
        "nom": found["name"],
        "identifiant": found["handle"],
        "adresse": found["email"],
        "mot_de_passe": bool(found["password_hash"]),
        "role": found["role"],
        "organisation": found["organisation"],
        "profession": found["profession"],
        "territoire": found["territory"],
        "langue": found["locale"],
        "charte_version": found["charter_version"],
        "charte_acceptee_le": _at(found["charter_accepted_at"]),
        "cree_le": _at(found["created_at"]),
        "adresse_confirmee_le": _at(found["confirmed_at"]),
        "dernier_jour_d_activite": _at(found["active_at"]),
        "messages_d_inactivite": found["warnings"],
        "dernier_message_d_inactivite_le": _at(found["warned_at"]),
        "suspendu_jusqu_au": _at(found["suspended_until"]),
        "motif_de_suspension": found["suspended_reason"],
        "compte_fictif": bool(found["example"]),
    }


async def _signing_in(member: int) -> Facts:
    factor = await row("SELECT created_at FROM second_factor WHERE member_id = $1", member)
    codes = await row("SELECT COUNT(*) AS n FROM recovery_code WHERE member_id = $1", member)
    identities = await rows("SELECT issuer, subject, created_at FROM identity WHERE member_id = $1 ORDER BY id", member)
    sessions = await rows("SELECT * FROM session WHERE member_id = $1 ORDER BY id", member)
    return {
        "double_authentification_depuis": _at(factor["created_at"]) if factor else None,
        "codes_de_secours_restants": codes["n"] if codes else 0,
        "identites": [
            {"fournisseur": one["issuer"], "identifiant": one["subject"], "reliee_le": _at(one["created_at"])}
            for one in identities
        ],
        "sessions": [
            {
                "appareil": one["device"],
                "fournisseur": one["issuer"],
                "ouverte_le": _at(one["created_at"]),
                "vue_le": _at(one["seen_at"]),
                "expire_le": _at(one["expires_at"]),
            }
            for one in sessions
        ],
    }


async def _address_change(member: int) -> Facts | None:
    found = await row("SELECT * FROM address_change WHERE member_id = $1", member)
    if found is None:
        return None
    return {
        "adresse": found["email"],
        "demande_le": _at(found["created_at"]),
        "ancienne_confirmee_le": _at(found["old_confirmed_at"]),
        "nouvelle_confirmee_le": _at(found["new_confirmed_at"]),
    }


async def _invitations(member: int) -> list[Facts]:
    """Those sent, without whom they went to, and the one that the account comes from."""
    found = await rows("SELECT * FROM invitation WHERE inviter_id = $1 OR member_id = $1 ORDER BY id", member)
    return [
        {
            "recue": one["member_id"] == member,
            "envoyee_le": _at(one["created_at"]),
            "acceptee_le": _at(one["accepted_at"]),
        }
        for one in found
    ]


async def _threads(member: int) -> list[Facts]:
    found = await rows("SELECT id, title, created_at FROM thread WHERE author_id = $1 ORDER BY id", member)
    return [
        {"fil": one["title"], "ouvert_le": _at(one["created_at"]), "lien": _address(f"/fils/{one['id']}")}
        for one in found
    ]


async def _posts(member: int) -> list[Facts]:
    revisions: dict[int, list[Facts]] = {}
    for one in await rows(
        """SELECT r.post_id, r.number, r.source, r.plain, r.created_at
             FROM post_revision r JOIN post p ON p.id = r.post_id
            WHERE p.author_id = $1 OR r.editor_id = $1 ORDER BY r.post_id, r.number""",
        member,
    ):
        written = {
            "version": one["number"],
            "le": _at(one["created_at"]),
            "source": one["source"],
            "texte": one["plain"],
        }
        revisions.setdefault(one["post_id"], []).append(written)
    found = await rows(
        """SELECT p.id, p.number, p.reply_to_id, p.created_at, p.written_at, p.edited_at, t.title
             FROM post p JOIN thread t ON t.id = p.thread_id WHERE p.author_id = $1 ORDER BY p.id""",
        member,
    )
    return [
        {
            "fil": one["title"],
            "place": one["number"],
            "reponse_a": None if one["reply_to_id"] is None else _address(f"/contributions/{one['reply_to_id']}"),
            "ecrite_le": _at(one["written_at"]),
            "enregistree_le": _at(one["created_at"]),
            "modifiee_le": _at(one["edited_at"]),
            "lien": _address(f"/contributions/{one['id']}"),
            "versions": revisions.get(one["id"], []),
        }
        for one in found
    ]


async def _quotes(member: int, whose: str) -> list[Facts]:
    found = await rows(
        f"""SELECT q.post_id, q.quoted_id, q.revision, q.start, q.stop, r.plain, a.name AS author, m.name AS quoting
              FROM quote q JOIN post p ON p.id = q.post_id JOIN post quoted ON quoted.id = q.quoted_id
              JOIN post_revision r ON r.post_id = q.quoted_id AND r.number = q.revision
              LEFT JOIN member a ON a.id = quoted.author_id LEFT JOIN member m ON m.id = p.author_id
             WHERE {whose} = $1 ORDER BY q.id""",
        member,
    )
    return [
        {
            "dans": _address(f"/contributions/{one['post_id']}"),
            "par": one["quoting"],
            "citee": _address(f"/contributions/{one['quoted_id']}"),
            "auteur": one["author"],
            "version": one["revision"],
            "mots": one["plain"][one["start"] : one["stop"]],
        }
        for one in found
    ]


async def _mentions(member: int) -> list[Facts]:
    found = await rows(
        """SELECT n.post_id, n.handle, a.name, p.written_at FROM mention n JOIN post p ON p.id = n.post_id
             LEFT JOIN member a ON a.id = p.author_id WHERE n.member_id = $1 ORDER BY n.id""",
        member,
    )
    return [
        {
            "dans": _address(f"/contributions/{one['post_id']}"),
            "ecrit": f"@{one['handle']}",
            "par": one["name"],
            "le": _at(one["written_at"]),
        }
        for one in found
    ]


async def _extracts(member: int) -> list[Facts]:
    found = await rows(
        """SELECT e.post_id, e.revision, e.start, e.stop, e.nature, e.created_at, r.plain
             FROM extract e JOIN post_revision r ON r.post_id = e.post_id AND r.number = e.revision
            WHERE e.member_id = $1 ORDER BY e.id""",
        member,
    )
    return [
        {
            "de": _address(f"/contributions/{one['post_id']}"),
            "version": one["revision"],
            "mots": one["plain"][one["start"] : one["stop"]],
            "nature": one["nature"],
            "le": _at(one["created_at"]),
        }
        for one in found
    ]


async def _proposals(member: int) -> list[Facts]:
    found = await rows(
        """SELECT p.*, t.number AS theme FROM proposal p JOIN theme t ON t.id = p.theme_id
            WHERE p.author_id = $1 OR p.promoter_id = $1
               OR EXISTS (SELECT 1 FROM proposal_version v WHERE v.proposal_id = p.id AND v.editor_id = $1)
            ORDER BY p.id""",
        member,
    )
    versions: dict[int, list[Facts]] = {}
    for one in await rows(
        """SELECT v.proposal_id, v.number, v.wording, v.body, v.created_at FROM proposal_version v
             JOIN proposal p ON p.id = v.proposal_id
            WHERE p.author_id = $1 OR p.promoter_id = $1 OR v.editor_id = $1 ORDER BY v.proposal_id, v.number""",
        member,
    ):
        said = {
            "version": one["number"],
            "le": _at(one["created_at"]),
            "formulation": one["wording"],
            "texte": one["body"],
        }
        versions.setdefault(one["proposal_id"], []).append(said)
    return [
        {
            "reference": None if one["state"] == ProposalState.DRAFT else reference(one["theme"], one["number"]),
            "auteur": one["author_id"] == member,
            "etat": one["state"],
            "origine": one["origin"],
            "faite_le": _at(one["created_at"]),
            "lien": _address(_place_of_proposal(one)),
            "formulation": one["wording"],
            "versions": versions.get(one["id"], []),
        }
        for one in found
    ]


def _place_of_proposal(found: Row) -> str:
    """Where its author finds it: a draft is not public and has no reference yet."""
    if found["state"] == ProposalState.DRAFT:
        return f"/compte/brouillons/{found['id']}"
    return f"/propositions/{reference(found['theme'], found['number'])}"


_OF_PROPOSAL: Final = "JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id"


async def _ballots(member: int) -> list[Facts]:
    found = await rows(
        f"""SELECT t.number AS theme, p.number, b.opinion, b.proposal_version, b.cast_at
              FROM ballot b {_OF_PROPOSAL} WHERE b.voter_id = $1 ORDER BY b.id""",
        member,
    )
    return [
        {
            "proposition": reference(one["theme"], one["number"]),
            "version": one["proposal_version"],
            "avis": one["opinion"],
            "le": _at(one["cast_at"]),
        }
        for one in found
    ]


async def _ballot_changes(member: int) -> list[Facts]:
    """No opinion: the ballot was withdrawn."""
    found = await rows(
        f"""SELECT t.number AS theme, p.number, b.opinion, b.proposal_version, b.changed_at
              FROM ballot_change b {_OF_PROPOSAL} WHERE b.voter_id = $1 ORDER BY b.id""",
        member,
    )
    return [
        {
            "proposition": reference(one["theme"], one["number"]),
            "version": one["proposal_version"],
            "avis": one["opinion"],
            "le": _at(one["changed_at"]),
        }
        for one in found
    ]


async def _tags(member: int) -> list[Facts]:
    found = await rows(
        """SELECT g.post_id, g.state, g.created_at, m.number, w.name FROM meeting_tag g
             JOIN meeting m ON m.id = g.meeting_id JOIN working_group w ON w.id = m.working_group_id
            WHERE g.member_id = $1 ORDER BY g.id""",
        member,
    )
    return [
        {
            "contribution": _address(f"/contributions/{one['post_id']}"),
            "groupe": one["name"],
            "reunion": one["number"],
            "etat": one["state"],
            "le": _at(one["created_at"]),
        }
        for one in found
    ]


async def _notifications(member: int) -> list[Facts]:
    found = await rows(
        """SELECT n.*, q.number, h.number AS theme FROM notification n LEFT JOIN proposal q ON q.id = n.proposal_id
             LEFT JOIN theme h ON h.id = COALESCE(n.theme_id, q.theme_id) WHERE n.member_id = $1 ORDER BY n.id""",
        member,
    )
    return [
        {
            "sur": _address(_place_of_notice(one)),
            "evenement": one["event"],
            "le": _at(one["created_at"]),
            "lue_le": _at(one["read_at"]),
        }
        for one in found
    ]


def _place_of_notice(found: Row) -> str:
    if found["post_id"] is not None:
        return f"/contributions/{found['post_id']}"
    if found["proposal_id"] is not None:
        return f"/propositions/{reference(found['theme'], found['number'])}"
    return f"/themes/{found['theme']}"


async def _journal(member: int) -> list[Facts]:
    """Acts of this person, and acts on them or on their words, without who did these."""
    found = await rows(
        """SELECT * FROM journal_entry j
            WHERE j.actor_id = $1 OR (j.thing = 'member' AND j.thing_id = $1)
               OR (j.thing = 'post' AND j.thing_id IN (SELECT id FROM post WHERE author_id = $1))
               OR (j.thing = 'proposal' AND j.thing_id IN (SELECT id FROM proposal WHERE author_id = $1))
            ORDER BY j.id""",
        member,
    )
    return [
        {
            "le": _at(one["at"]),
            "par_moi": one["actor_id"] == member,
            "acte": one["act"],
            "objet": f"{one['thing']} {one['thing_id']}",
            "avant": one["before"],
            "apres": one["after"],
            "motif": one["reason"],
        }
        for one in found
    ]


async def _syntheses(member: int) -> list[Facts]:
    found = await rows("SELECT id, requested_at FROM synthesis WHERE requester_id = $1 ORDER BY id", member)
    return [{"le": _at(one["requested_at"]), "lien": _address(f"/syntheses/{one['id']}")} for one in found]
