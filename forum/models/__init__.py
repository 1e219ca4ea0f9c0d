"""The nouns: columns, constraints and indexes. No queries, no rules.

No semicolon in the description of a table or a column: it would end the statement that creates it.
Tortoise finds every table here; the rest of the house imports each noun from its own file.
"""

from forum.models.answers import Answer, Obligation
from forum.models.cases import ModerationCase, ModerationComplaint, ModerationDecision, ModerationNotice
from forum.models.credentials import Identity, ProviderVisit, RecoveryCode, SecondFactor
from forum.models.following import Follow, MailWish
from forum.models.jobs import Backup, Job, SignOfLife
from forum.models.joining import AddressChange, Invitation, InvitationBatch, Link, Mail, SignUp
from forum.models.journal import JournalEntry, JournalHead
from forum.models.meetings import Meeting, MeetingTag, UnknownTag, WorkingGroup
from forum.models.members import Bounce, Member, Moderator, Session
from forum.models.moderation import Withheld
from forum.models.notifications import Notification
from forum.models.personal_data import Archive, Identification
from forum.models.post_drafts import PostDraft, SentForm
from forum.models.posts import Mention, PendingPost, Post, PostRevision, Quote, Reception, TextPass, Treatment
from forum.models.proposals import (
    Distinction,
    Extract,
    Merge,
    Proposal,
    ProposalQuestion,
    ProposalTurn,
    ProposalVersion,
)
from forum.models.search import SearchEntry
from forum.models.syntheses import Document, Signature, Synthesis, SynthesisBlock
from forum.models.themes import GuidingQuestion, Theme
from forum.models.threads import MovedPost, Thread, ThreadRead, ThreadTurn
from forum.models.votes import (
    Ballot,
    BallotChange,
    BallotKey,
    BallotSheet,
    ExcludedVote,
    KeptPlace,
    KeptResult,
    PublishedRelease,
)

__all__ = [
    "AddressChange",
    "Answer",
    "Archive",
    "Backup",
    "Ballot",
    "BallotChange",
    "BallotKey",
    "BallotSheet",
    "Bounce",
    "Distinction",
    "Document",
    "ExcludedVote",
    "Extract",
    "Follow",
    "GuidingQuestion",
    "Identification",
    "Identity",
    "Invitation",
    "InvitationBatch",
    "Job",
    "JournalEntry",
    "JournalHead",
    "KeptPlace",
    "KeptResult",
    "Link",
    "Mail",
    "MailWish",
    "Meeting",
    "MeetingTag",
    "Member",
    "Mention",
    "Merge",
    "ModerationCase",
    "ModerationComplaint",
    "ModerationDecision",
    "ModerationNotice",
    "Moderator",
    "MovedPost",
    "Notification",
    "Obligation",
    "PendingPost",
    "Post",
    "PostDraft",
    "PostRevision",
    "Proposal",
    "ProposalQuestion",
    "ProposalTurn",
    "ProposalVersion",
    "ProviderVisit",
    "PublishedRelease",
    "Quote",
    "Reception",
    "RecoveryCode",
    "SearchEntry",
    "SecondFactor",
    "SentForm",
    "Session",
    "SignOfLife",
    "SignUp",
    "Signature",
    "Synthesis",
    "SynthesisBlock",
    "TextPass",
    "Theme",
    "Thread",
    "ThreadRead",
    "ThreadTurn",
    "Treatment",
    "UnknownTag",
    "Withheld",
    "WorkingGroup",
]
