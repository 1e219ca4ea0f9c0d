"""Proposals: what people ask for, and the exact words they come from."""

from enum import StrEnum
from typing import Final

from tortoise import fields
from tortoise.models import Model

from forum.text.labels import Labelled


class Origin(Labelled):
    """Where a proposal comes from."""

    MEMBER = "member", "membre"
    POST = "post", "contribution"
    EXTRACT = "extract", "extrait"
    MEETING = "meeting", "réunion"
    IMPORT = "import", "import"
    ORGANISER = "organiser", "organisateur"


class ProposalState(StrEnum):
    """Only an open proposal is voted on. After the vote it may be retained, then done; the others stay readable and are
    listed apart, except a draft, which only its author sees. The state that a hidden one had is kept with its words.

    It has no word on purpose: it is coarser than what the administration answered. People read a `Fate`.
    """

    DRAFT = "draft"
    OPEN = "open"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    SET_ASIDE = "set aside"
    RETAINED = "retained"
    DONE = "done"
    HIDDEN = "hidden"


IN_FORCE = frozenset({ProposalState.OPEN, ProposalState.RETAINED, ProposalState.DONE})
"""What was put to the vote and is still asked for: lists, tallies, ranks and documents show these."""

IN_FORCE_SQL: Final = "('open', 'retained', 'done')"
"""`IN_FORCE` as the end of a condition on a state."""

JUDGED_SQL: Final = f"(p.state IN {IN_FORCE_SQL} OR p.judged)"
"""SQL for whether a proposal `p` is among the results of its theme: in force, or hidden once these were published."""


class Nature(Labelled):
    """What an extract is, in the words of the consultation of 2019."""

    PROBLEM = "problematique", "problématique"
    SOLUTION = "solution", "solution"
    KNOWLEDGE = "connaissance", "connaissance"
    EXAMPLE = "exemple", "exemple"
    ARGUMENT_FOR = "argument pour", "argument pour"
    ARGUMENT_AGAINST = "argument contre", "argument contre"
    SUPPORT = "soutien", "soutien"


class Extract(Model):
    """A range of one revision of a post, chosen by a person: the link between words and what is made of them.

    `proposal` is the one that it speaks for, if any yet; it also is its origin where that proposal's `extract` says so.
    """

    id = fields.IntField(primary_key=True)
    post: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Post", related_name="extracts", db_index=True, on_delete=fields.RESTRICT
    )
    post_id: int
    revision = fields.IntField()
    start = fields.IntField()
    stop = fields.IntField()
    sha256 = fields.CharField(64)
    nature = fields.CharEnumField(Nature, max_length=16, default=Nature.SOLUTION, db_default="solution")
    proposal: fields.ForeignKeyNullableRelation["Proposal"] = fields.ForeignKeyField(
        "forum.Proposal", related_name="extracts", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int | None
    compared_revision = fields.IntField(
        default=0, db_default=0, description="newest revision of the post that a moderator compared the words with"
    )
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="extracts", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "extract"


class Proposal(Model):
    """A short wording (and, if need be, a body) of a theme, with the reference `T3-007`.

    A draft has a number below zero, so that it leaves no hole among the references. `substance` is the version since
    which it asks for the same thing: ballots on older ones wait to be confirmed and are not counted.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="proposals", on_delete=fields.RESTRICT
    )
    theme_id: int
    number = fields.IntField()
    wording = fields.CharField(300)
    body = fields.TextField(default="", description="Markdown")
    body_html = fields.TextField(default="")
    body_plain = fields.TextField(default="")
    version = fields.IntField(default=1)
    rewrites = fields.IntField(
        default=0, db_default=0, description="how many times its words changed otherwise than by an edit"
    )
    substance = fields.IntField(
        default=1, db_default=1, description="first version of those that ask for the same thing"
    )
    state = fields.CharEnumField(ProposalState, max_length=16, default=ProposalState.OPEN)
    state_reason = fields.CharField(500, default="", db_default="", description="why it was set aside or withdrawn")
    judged = fields.BooleanField(
        default=False,
        db_default=False,
        description="hidden after the close of its vote: its published figures stay, without its words",
    )
    merged_into: fields.ForeignKeyNullableRelation["Proposal"] = fields.ForeignKeyField(
        "forum.Proposal", related_name="merged", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    merged_into_id: int | None
    in_favour_of: fields.ForeignKeyNullableRelation["Proposal"] = fields.ForeignKeyField(
        "forum.Proposal", related_name="preferred_to", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    in_favour_of_id: int | None
    origin = fields.CharEnumField(Origin, max_length=16)
    extract: fields.ForeignKeyNullableRelation[Extract] = fields.ForeignKeyField(
        "forum.Extract", related_name="begun", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    extract_id: int | None
    meeting: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Meeting", related_name="proposals", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    meeting_id: int | None
    author: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="proposals", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    author_id: int | None
    promoter: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="promoted", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    promoter_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "proposal"
        unique_together = (("theme", "number"),)


class ProposalVersion(Model):
    """A wording that was voted on, kept for ever. A correction is no change of substance once a moderator says so."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="versions", on_delete=fields.RESTRICT
    )
    proposal_id: int
    number = fields.IntField()
    wording = fields.CharField(300)
    body = fields.TextField(default="")
    editor: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="proposal_versions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    editor_id: int | None
    substantive = fields.BooleanField(default=True, db_default=True)
    reason = fields.CharField(500, default="", db_default="")
    certifier: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="certified_versions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    certifier_id: int | None
    certified_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "proposal_version"
        unique_together = (("proposal", "number"),)


class ProposalQuestion(Model):
    """A guiding question that a proposal answers."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="answered", on_delete=fields.RESTRICT
    )
    proposal_id: int
    question: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.GuidingQuestion", related_name="proposals", db_index=True, on_delete=fields.RESTRICT
    )
    question_id: int

    class Meta:
        table = "proposal_question"
        unique_together = (("proposal", "question"),)


class Turn(Labelled):
    """What happened to a proposal, as its page tells everybody."""

    PROPOSED = "proposed", "déposée"
    AMENDED = "amended", "modifiée"
    CERTIFIED = "certified", "correction certifiée"
    UNCERTIFIED = "uncertified", "correction non certifiée"
    WITHDRAWN = "withdrawn", "retirée"
    SET_ASIDE = "set aside", "écartée"
    TAKEN_BACK = "taken back", "soumise de nouveau au vote"
    MERGED = "merged", "fusionnée"
    RECEIVED = "received", "a reçu une fusion"
    UNMERGED = "unmerged", "fusion annulée"
    GAVE_BACK = "gave back", "a rendu une proposition fusionnée"
    ANSWERED = "answered", "réponse de l’administration"
    DONE = "done", "engagement tenu"
    NOT_DONE = "not done", "engagement rouvert"
    CARRIED_OUT = "carried out", "mise en œuvre"


class ProposalTurn(Model):
    """One turn in the life of a proposal: who, when, why, and with which other proposal or at which version."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="turns", db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int
    turn = fields.CharEnumField(Turn, max_length=16)
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="turns", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    other: fields.ForeignKeyNullableRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="turns_elsewhere", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    other_id: int | None
    version = fields.IntField(null=True)
    reason = fields.CharField(500, default="")
    at = fields.DatetimeField()

    class Meta:
        table = "proposal_turn"


class Merge(Model):
    """A proposal that joined another one, until somebody undid it: `Proposal.merged_into` leads to the last one."""

    id = fields.IntField(primary_key=True)
    source: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="merges", db_index=True, on_delete=fields.RESTRICT
    )
    source_id: int
    destination: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="received", db_index=True, on_delete=fields.RESTRICT
    )
    destination_id: int
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="merges", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    reason = fields.CharField(500, default="")
    merged_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "proposal_merge"


class Distinction(Model):
    """Two proposals that a moderator found to be different, however alike: they are not suggested again."""

    id = fields.IntField(primary_key=True)
    one: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="distinguished", on_delete=fields.RESTRICT
    )
    one_id: int
    other: fields.ForeignKeyRelation[Proposal] = fields.ForeignKeyField(
        "forum.Proposal", related_name="distinguished_from", db_index=True, on_delete=fields.RESTRICT
    )
    other_id: int
    member: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="distinctions", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "distinction"
        unique_together = (("one", "other"),)
