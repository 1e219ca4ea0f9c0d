"""Ballots, one per person and proposal by the database's own constraint; and what is, or was, published of them."""

from tortoise import fields
from tortoise.models import Model


class Ballot(Model):
    """What one person thinks of one proposal now, and which version of it they judged.

    `opinion` is written in the terms of the theme's voting: "pour", "abstention", "contre"; a mention, "0" for the
    worst; or a place, "1" for the first. A ballot that came with a merge says from which proposal. The declared groups
    are those of the moment: read from the profile, a change of it after the close would show whose ballot it is.
    """

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="ballots", on_delete=fields.RESTRICT
    )
    proposal_id: int
    voter: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="ballots", db_index=True, on_delete=fields.RESTRICT
    )
    voter_id: int
    opinion = fields.CharField(16)
    proposal_version = fields.IntField()
    cast_at = fields.DatetimeField()
    profession = fields.CharField(80, default="", db_default="", description="what its voter declared then")
    territory = fields.CharField(80, default="", db_default="", description="the same")
    carried_from: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="carried_ballots", null=True, db_index=True, on_delete=fields.RESTRICT
    )
    carried_from_id: int | None

    class Meta:
        table = "ballot"
        unique_together = (("proposal", "voter"),)


class BallotChange(Model):
    """Every change of a ballot, so that tallies can be replayed, `opinion` is null for a withdrawal.

    `by_merge`: not the voter's own doing, but that of a merge, or of its undoing.
    """

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="ballot_changes", db_index=True, on_delete=fields.RESTRICT
    )
    proposal_id: int
    voter: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="ballot_changes", db_index=True, on_delete=fields.RESTRICT
    )
    voter_id: int
    opinion = fields.CharField(16, null=True)
    proposal_version = fields.IntField()
    by_merge = fields.BooleanField(default=False, db_default=False)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "ballot_change"


class ExcludedVote(Model):
    """The votes of one person in one theme, which count nowhere, for a reason that this person reads."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="excluded_votes", on_delete=fields.RESTRICT
    )
    theme_id: int
    member: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Member", related_name="excluded_votes", db_index=True, on_delete=fields.RESTRICT
    )
    member_id: int
    reason = fields.CharField(500, default="")
    excluded_at = fields.DatetimeField()

    class Meta:
        table = "excluded_vote"
        unique_together = (("theme", "member"),)


class BallotKey(Model):
    """What the tokens of one person's published ballots are made with.

    Deleted with their account: from then on nobody, with the whole database, can tell which tokens were theirs.
    """

    id = fields.IntField(primary_key=True)
    member: fields.OneToOneRelation[Model] = fields.OneToOneField(
        "forum.Member", related_name="ballot_key", on_delete=fields.RESTRICT
    )
    member_id: int
    secret = fields.CharField(64, description="random, hexadecimal")

    class Meta:
        table = "ballot_key"


class BallotSheet(Model):
    """The ballots of a theme as they are published, one a line, under tokens, see `votes/ballot_sheets.py`.

    Made once for a close, and the same in every synthesis of it. Nothing of it changes when somebody is erased.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="ballot_sheets", db_index=True, on_delete=fields.RESTRICT
    )
    theme_id: int
    closed_at = fields.DatetimeField(description="the close whose ballots these are")
    counts = fields.TextField(description="JSON: how many lines say what, by reference")
    salt = fields.CharField(64, description="random, so that no token is in two sheets")
    content = fields.TextField(description="CSV")
    sha256 = fields.CharField(64, unique=True)

    class Meta:
        table = "ballot_sheet"


class PublishedRelease(Model):
    """What was published of the groups of a theme when its votes were opened again, see `votes/releases.py`.

    Kept for ever: what a later close publishes is compared with it. It holds nothing that was not public.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="published_releases", on_delete=fields.RESTRICT
    )
    theme_id: int
    closed_at = fields.DatetimeField(description="the close that it was the release of")
    cells = fields.TextField(description="JSON: the published cells by attribute and reference")

    class Meta:
        table = "published_release"
        unique_together = (("theme", "closed_at"),)


class KeptResult(Model):
    """What the votes of a theme gave, reckoned once for all who read it, see `votes/kept_results.py`.

    It holds nothing that is not public, no word of a proposal and no name, and is made again from the ballots whenever
    it is not there. It goes when votes are opened again.
    """

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Theme", related_name="kept_results", on_delete=fields.RESTRICT
    )
    theme_id: int
    basis = fields.CharField(64, description="digest of what it was reckoned from, beside the ballots")
    facts = fields.TextField(description="JSON: the order, the methods, how many people voted")
    pairs = fields.TextField(description="JSON: for an order of preference, the matrix of pairs")

    class Meta:
        table = "kept_result"
        unique_together = (("theme",),)


class KeptPlace(Model):
    """What the results say of one proposal."""

    id = fields.IntField(primary_key=True)
    proposal: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "forum.Proposal", related_name="kept_places", on_delete=fields.RESTRICT
    )
    proposal_id: int
    facts = fields.TextField(description="JSON: its figures and its ranks")
    cells = fields.TextField(description="JSON: what is published of the declared groups")

    class Meta:
        table = "kept_place"
        unique_together = (("proposal",),)
