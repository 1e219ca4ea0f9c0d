"""Ballots. One per person and proposal, by the database's own constraint."""

from tortoise import fields
from tortoise.models import Model

from forum.ranking.tallies import Opinion


class Ballot(Model):
    """What one person thinks of one proposal now, and which version of it they judged."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="ballots", on_delete=fields.RESTRICT
    )
    proposal_id: int
    voter: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="ballots", db_index=True, on_delete=fields.RESTRICT
    )
    voter_id: int
    opinion = fields.CharEnumField(Opinion, max_length=16)
    proposal_version = fields.IntField()
    cast_at = fields.DatetimeField()

    class Meta:
        table = "ballot"
        unique_together = (("proposal", "voter"),)


class BallotChange(Model):
    """Every change of a ballot, so that tallies can be replayed, `opinion` is null for a withdrawal."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="ballot_changes", db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int
    voter: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="ballot_changes", db_index=True, on_delete=fields.RESTRICT
    )
    voter_id: int
    opinion = fields.CharEnumField(Opinion, max_length=16, null=True)
    proposal_version = fields.IntField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "ballot_change"
