"""The table of everything that the site knows of one person: what it says, and that no column is forgotten."""

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tortoise import Tortoise

from forum import models
from forum.domain.privacy.personal_facts import PARTS, ArchivePart, collect
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.meetings import TagState
from forum.models.members import Member, Role
from forum.models.moderation import Ground, Moderated
from forum.models.proposals import ProposalState
from tests.conftest import NOON
from tests.factories import make_extract, make_group, make_member, make_post, make_proposal, make_theme, make_thread

KEPT = Path(__file__).parent.parent / "cases" / "personal_data" / "everything.json"
DAY = timedelta(days=1)


async def _make_everything() -> Member:
    """A person about whom every part of the archive has something to say."""
    group = await make_group("gt-3", "Formation")
    one = await make_member(
        "Camille Martin", email="Camille@exemple.fr", role=Role.AGENT, moderates=[group], example=True
    )
    other = await make_member("Paul Autre", email="paul@exemple.fr", suspended_until=NOON + DAY)
    await Member.filter(id=one.id).update(
        charter_accepted_at=NOON, active_at=NOON, warned_at=NOON, warnings=1, bounced_at=NOON
    )
    theme = await make_theme(3, group=group)
    await _make_account(one, other)
    thread = await make_thread(theme, author=one)
    theirs = await make_post(thread, "Les mots de @Camille-Martin 😀 et d’autres.", author=other)
    mine = await make_post(thread, "Former mieux.", author=one, reply_to=theirs)
    await models.PostRevision.create(
        post=mine,
        number=2,
        source="Former.",
        html="<p>Former.</p>",
        plain="Former.",
        editor=other,
        created_at=NOON + DAY,
    )
    await models.Withheld.create(
        thing="post",
        thing_id=mine.id,
        table_name="post",
        row_id=mine.id,
        words='{"state": "shown", "source": "Les mots *retirés*.", "plain": "Les mots retirés."}',
        withdrawn_at=NOON + DAY,
    )
    for place, (post, quoted) in enumerate([(mine, theirs), (theirs, mine)]):
        await models.Quote.create(
            post=post, position=place, quoted=quoted, revision=1, start=4, stop=10, sha256="0" * 64
        )
    await make_extract(theirs, author=one)
    meeting = await models.Meeting.create(working_group=group, number=1, held_on=date(2026, 11, 2), created_at=NOON)
    await models.MeetingTag.create(post=mine, meeting=meeting, state=TagState.CONFIRMED, member=one, created_at=NOON)
    await models.UnknownTag.create(post=mine, number=77, state=TagState.WAITING, created_at=NOON)
    await models.Treatment.create(
        post=theirs, outcome="no follow-up", revision=1, reason="Déjà dit.", member=one, treated_at=NOON
    )
    first = await make_proposal(theme, "Ma proposition.", author=one)
    second = await make_proposal(theme, "Une autre.", author=other)
    await models.Withheld.create(
        thing="proposal",
        thing_id=first.id,
        table_name="proposal",
        row_id=first.id,
        words='{"wording": "Ma proposition masquée.", "body": "Parce que."}',
        ground="charter",
        hidden_at=NOON,
    )
    await models.PendingPost.create(
        theme=theme, thread=thread, source="Mes *premiers* mots.", author=one, created_at=NOON, edited_at=NOON
    )
    await models.PostDraft.create(
        member=one, kind="new thread", thing=3, title="Un fil", source="Mes mots à venir.", saved_at=NOON
    )
    draft = await make_proposal(theme, "Une ébauche.", author=one, state=ProposalState.DRAFT)
    await _make_work(one, first, second)
    case, decision = await _make_moderation(one, mine, second)
    about_things = ({"post": theirs}, {"proposal": second, "key": "a"}, {"theme": theme, "key": "b", "read_at": NOON})
    for about in (
        *about_things,
        {"thread": thread, "key": "e"},
        {"decision": decision, "key": "c"},
        {"case": case, "key": "d"},
    ):
        await models.Notification.create(member=one, event="quote", created_at=NOON, **about)
    for followed in ({"theme": theme}, {"thread": thread}, {"proposal": second}, {"meeting": meeting}):
        await models.Follow.create(member=one, created_at=NOON, **followed)
    await models.MailWish.create(member=one, kind="followed", pace="each week", since=NOON, due_at=NOON)
    await models.Bounce.create(member=one, mail=7, status="5.1.1", at=NOON)
    acts = [(one, "theme", 3), (other, "member", one.id), (None, "post", mine.id), (other, "proposal", draft.id)]
    for actor, thing, number in acts:
        await models.JournalEntry.create(
            at=NOON,
            actor=actor,
            act="change",
            thing=thing,
            thing_id=number,
            before="avant",
            after="après",
            reason="motif",
        )
    synthesis = await models.Synthesis.create(
        version=1, scope="all", draft=False, snapshot="{}", snapshot_sha256="", requester=one, requested_at=NOON
    )
    for kind, subject in (("texte-introduction", ""), ("texte-commentaire", "T3-001")):
        await models.SynthesisBlock.create(
            synthesis=synthesis,
            kind=kind,
            subject=subject,
            number=1,
            source="Des mots *écrits*.",
            html="<p>Des mots <em>écrits</em>.</p>",
            plain="Des mots écrits.",
            author=one,
            written_at=NOON,
        )
    return one


async def _make_moderation(
    one: Member, post: models.Post, proposal: models.Proposal
) -> tuple[models.ModerationCase, models.ModerationDecision]:
    """What they notified, contested and decided, and what was decided about their words."""
    cases = [
        await models.ModerationCase.create(
            thing=thing, thing_id=number, working_group_id=1, opened_at=NOON, claimed_by=one, claimed_at=NOON
        )
        for thing, number in ((Moderated.POST, post.id), (Moderated.PROPOSAL, proposal.id))
    ]
    for case in cases:
        await models.ModerationNotice.create(
            thing=case.thing,
            thing_id=case.thing_id,
            revision=1,
            ground=Ground.OFF_TOPIC,
            words="Rien à voir.",
            case=case,
            member=one,
            created_at=NOON,
        )
    about: dict[str, Any] = {
        "case": cases[0],
        "affected": one,
        "ground": Ground.CHARTER,
        "statement": "Votre contribution…",
    }
    read = await models.ModerationDecision.create(
        act=DecisionAct.HIDE, facts="Une insulte.", decided_at=NOON, contest_until=NOON + DAY, **about
    )
    taken = await models.ModerationDecision.create(
        case=cases[1], act=DecisionAct.NO_ACTION, facts="Dans le sujet.", decided_by=one, decided_at=NOON
    )
    await models.ModerationNotice.filter(case=cases[1]).update(
        complaint="Si, relisez.",
        complained_at=NOON,
        complained_of=taken,
        answered_by=one,
        answered_at=NOON + DAY,
        outcome="upheld",
        answer="C’est relu.",
    )
    await models.ModerationComplaint.create(decision=read, member=one, words="C’est injuste.", created_at=NOON)
    await models.ModerationComplaint.create(
        decision=taken,
        member_id=2,
        words="Non.",
        created_at=NOON,
        answered_by=one,
        answered_at=NOON,
        outcome=ComplaintOutcome.UPHELD,
        answer="Si.",
    )
    return cases[0], read


async def _make_account(one: Member, other: Member) -> None:
    await models.RecoveryCode.create(member=one, code_hash="0" * 64)
    await models.Identity.create(member=one, issuer="https://qui.exemple", subject="moi", created_at=NOON)
    await models.Session.create(
        token_hash="1" * 64, member=one, created_at=NOON, seen_at=NOON, expires_at=NOON + DAY, device="Firefox"
    )
    await models.AddressChange.create(
        member=one, email="neuve@exemple.fr", old_confirmed_at=NOON, created_at=NOON, expires_at=NOON + DAY
    )
    for inviter, invited in ((other, one), (one, None)):
        await models.Invitation.create(
            inviter=inviter,
            member=invited,
            created_at=NOON,
            expires_at=NOON + DAY,
            accepted_at=NOON if invited else None,
        )


async def _make_work(one: Member, first: models.Proposal, second: models.Proposal) -> None:
    """What they did as a member who votes, a moderator and an agent."""
    await models.Ballot.create(
        proposal=second, voter=one, opinion="contre", proposal_version=1, cast_at=NOON, profession="Bibliothécaire"
    )
    for opinion in ("pour", None):
        await models.BallotChange.create(
            proposal=second, voter=one, opinion=opinion, proposal_version=1, changed_at=NOON
        )
    theme = await models.Theme.get(id=second.theme_id)
    await models.ExcludedVote.create(theme=theme, member=one, reason="Un compte frauduleux.", excluded_at=NOON)
    await models.ProposalVersion.create(
        proposal=second, number=2, wording="Corrigée.", editor=one, certifier=one, certified_at=NOON, created_at=NOON
    )
    await models.ProposalTurn.create(proposal=second, turn="withdrawn", member=one, version=2, reason="Non.", at=NOON)
    await models.Merge.create(source=first, destination=second, member=one, reason="Doublon.", merged_at=NOON)
    await models.ThreadTurn.create(
        thread_id=(await models.Thread.get()).id,
        act="renamed",
        member=one,
        before="Obscur",
        reason="Oui.",
        at=NOON,
    )
    await models.ThreadRead.create(thread_id=(await models.Thread.get()).id, member=one, number=2, read_at=NOON)
    await models.Distinction.create(one=first, other=second, member=one, created_at=NOON)
    given = await models.Answer.create(
        proposal=first,
        number=1,
        decision="etude",
        reason="Oui.",
        service="DGMIC",
        decided_on=date(2026, 11, 3),
        agent=one,
        created_at=NOON,
    )
    await models.Withheld.create(
        thing="answer",
        thing_id=given.id,
        table_name="answer",
        row_id=given.id,
        words='{"reason": "Des mots masqués."}',
        ground="charter",
        hidden_at=NOON + DAY,
    )
    await models.Obligation.create(
        proposal=first, words="Le faire.", due_on=date(2027, 1, 1), agent=one, created_at=NOON
    )


async def test_the_archive_of_somebody_who_did_everything_is_the_same_to_the_letter(database: object) -> None:
    member = await _make_everything()
    facts = await collect(member.id, NOON)
    empty = [name for name, said in facts.items() if not said]
    assert not empty, "every part is driven"
    assert json.dumps(facts, ensure_ascii=False, indent=1) + "\n" == KEPT.read_text()


# Columns that say who a row is about, but that the archive does not read, and why.
NOT_ASKED = {
    "archive.member_id": "the archive itself",
    "ballot_key.member_id": "a secret; what it leads to, their page of own ballots shows",
    "identification.member_id": "of an account that is erased: nobody is left to ask",
    "invitation_batch.member_id": "addresses of others, for a week; that one invited is told by the invitations",
    "sent_form.member_id": "which form published what is told, for two months",
    "provider_visit.member_id": "somebody on their way to a provider, for some minutes",
}
# Columns that the archive leaves out of the tables it reads, and why.
NOT_TOLD = {
    "numbers of rows": """bounce.id bounce.mail address_change.id meeting_tag.id
        moderator.id post_revision.id recovery_code.id second_factor.id thread_read.id""",
    "secrets, in clear or hashed": """recovery_code.code_hash second_factor.secret second_factor.last_step
        session.id_token session.token_hash""",
    "how the site finds what is told": """invitation.email_key member.email_key member.handle_key mention.handle_key
        notification.key notification.mailed_at
        mail_wish.due_at thread.import_key extract.sha256 moderation_case.open_key moderation_notice.address
        moderation_notice.case_id moderation_notice.locale""",
    "how the site shows what is told": """post.html post.renderer post.rewrites post_draft.base post_draft.form_key
        post_draft.rewrites post_draft.version post_revision.html proposal.body_html
        proposal.rewrites thread.rewrites synthesis_block.html synthesis_block.plain synthesis_block.rewrites
        post_revision.renderer
        proposal.body_plain thread.last_number thread.last_post_at thread.posts_count thread.version
        mention.is_leading""",
    "the last of the versions, which are all told": """post.revision post.source pending_post.version proposal.body
        proposal.version""",
    "of the same sign-in or request, over within days": """address_change.expires_at session.awaits_code
        session.proved_at invitation.expires_at moderation_notice.confirmed_at""",
    "of the person invited, forgotten when they come": """invitation.email invitation.locale invitation.name
        invitation.organisation invitation.profession invitation.territory""",
    "the chain of the journal": """journal_entry.chain journal_entry.redacted_at journal_entry.salt
        journal_entry.words_digest""",
    "nobody is left to ask": "member.erased_at",
    "of the thing and not of the person, on its public page": """answer.decided_on distinction.other_id
        extract.compared_revision extract.proposal_id pending_post.theme_id journal_entry.working_group_id
        obligation.done_on obligation.due_on post.kind proposal.extract_id proposal.in_favour_of_id proposal.judged
        proposal.meeting_id proposal.merged_into_id proposal.state_reason proposal.substance
        proposal_merge.destination_id proposal_turn.other_id proposal_version.reason proposal_version.substantive
        synthesis.draft synthesis.published_at synthesis.redacted_at synthesis.scope synthesis.snapshot
        synthesis.snapshot_sha256 synthesis.state synthesis.theme_id synthesis.version synthesis.written thread.locked
        thread.moved_into_id thread.pinned thread.turns thread_turn.other_id thread_turn.from_theme_id
        thread_turn.to_theme_id treatment.revision moderation_case.working_group_id""",
    "what a merge did to the ballot": "ballot.carried_from_id ballot_change.by_merge",
}


def _columns() -> dict[str, dict[str, bool]]:
    """The columns of each table, and whether each names a member."""
    found = {model._meta.db_table: model._meta for model in Tortoise.apps["forum"].values()}
    naming = {
        (table, meta.fields_map[name].source_field)
        for table, meta in found.items()
        for name in meta.fk_fields | meta.o2o_fields
        if meta.fields_map[name].related_model is Member
    }
    names = {column for _, column in naming}
    return {
        table: {column: (table, column) in naming or column in names for column in meta.fields_db_projection.values()}
        for table, meta in found.items()
    }


def _read(parts: Mapping[str, object]) -> tuple[set[str], set[str]]:
    """The columns, as table.column, that are compared with the member, and those that are read at all."""
    asked, read = set(), set()
    for part in parts.values():
        if isinstance(part, ArchivePart):
            tables = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) (\w+)", part.query)}
            for alias, column, about in re.findall(r"\b(\w+)\.(\w+)( = \$1)?", part.query):
                read.add(f"{tables[alias]}.{column}")
                if about:
                    asked.add(f"{tables[alias]}.{column}")
            inner_asked, inner_read = _read(part.keys)
            asked, read = asked | inner_asked, read | inner_read
    return asked, read


async def test_every_column_that_names_a_member_is_asked(database: object) -> None:
    asked, _ = _read(PARTS)
    naming = {
        f"{table}.{column}" for table, columns in _columns().items() for column, is_so in columns.items() if is_so
    }
    assert naming - asked == NOT_ASKED.keys()


async def test_every_column_of_what_is_about_a_member_is_told(database: object) -> None:
    asked, read = _read(PARTS)
    tables = {one.partition(".")[0] for one in asked}
    columns = {f"{table}.{column}" for table, known in _columns().items() if table in tables for column in known}
    untold = columns - read
    assert sorted(untold) == sorted(" ".join(NOT_TOLD.values()).split())
