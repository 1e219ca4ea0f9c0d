"""Proposals that change, merge and are answered; votes of several kinds; words harvested; notices of all that.

Columns that only hold other words than before are left as they are: on SQLite a change remakes the whole table.
"""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import is_sqlite, rows
from forum.models.answers import Decision
from forum.models.notifications import Event
from forum.models.posts import Outcome
from forum.models.proposals import Nature, Origin, ProposalState, Turn
from forum.models.themes import Voting


class _Said(ops.AlterField):
    """What the program says of a column, which itself stays as it is, or is changed by statements of our own."""

    async def database_forward(self, *asked: object, **named: object) -> None:
        return

    async def database_backward(self, *asked: object, **named: object) -> None:
        return


class _Column(ops.AddField):
    """A column that leaves as it came: Tortoise would remake the whole table on SQLite, without its unique sets."""

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        table = old_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
        column = f"{self.name}_id" if isinstance(self.field, ForeignKeyFieldInstance) else self.name
        await rows(f"ALTER TABLE {table} DROP COLUMN {column}")


class _Added(ops.AddField):
    """A column that statements of our own add."""

    async def database_forward(self, *asked: object, **named: object) -> None:
        return

    async def database_backward(self, *asked: object, **named: object) -> None:
        return


_COLUMNS = "id, member_id, post_id, event, created_at, read_at"


def _notification(post: str, more: str = "") -> str:
    return f"""CREATE TABLE notification_made (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        member_id INT NOT NULL REFERENCES member (id) ON DELETE RESTRICT,
        post_id INT {post} REFERENCES post (id) ON DELETE RESTRICT,
        event VARCHAR(16) NOT NULL,
        created_at TIMESTAMP NOT NULL,
        read_at TIMESTAMP{more},
        UNIQUE (member_id, post_id))"""


_NOTIFICATIONS_ABOUT = """,
        key VARCHAR(80),
        proposal_id INT REFERENCES proposal (id) ON DELETE RESTRICT,
        theme_id INT REFERENCES theme (id) ON DELETE RESTRICT"""


async def _remake(table: str, *, only_posts: bool) -> None:
    """SQLite cannot let a column be empty that was not: the table is made anew, with all that stood on it."""
    await rows(table)
    kept = " WHERE post_id IS NOT NULL" if only_posts else ""
    await rows(f"INSERT INTO notification_made ({_COLUMNS}) SELECT {_COLUMNS} FROM notification{kept}")
    await rows("DROP TABLE notification")
    await rows("ALTER TABLE notification_made RENAME TO notification")
    await rows("CREATE INDEX notification_post ON notification (post_id)")
    await rows("CREATE INDEX notification_unread ON notification (member_id) WHERE read_at IS NULL")


async def unbind_notifications(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """A notice may be about a proposal or a theme."""
    if is_sqlite():
        await _remake(_notification("", _NOTIFICATIONS_ABOUT), only_posts=False)
    else:
        await rows("ALTER TABLE notification ALTER COLUMN post_id DROP NOT NULL")
        await rows("ALTER TABLE notification ADD COLUMN key VARCHAR(80)")
        for thing in ("proposal", "theme"):
            column = f"{thing}_id INT REFERENCES {thing} (id) ON DELETE RESTRICT"
            await rows(f"ALTER TABLE notification ADD COLUMN {column}")
    await rows("CREATE UNIQUE INDEX notification_key ON notification (member_id, key)")
    await rows("CREATE INDEX notification_proposal ON notification (proposal_id)")
    await rows("CREATE INDEX notification_theme ON notification (theme_id)")


async def bind_notifications(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Only of posts again."""
    if is_sqlite():
        await _remake(_notification("NOT NULL"), only_posts=True)
        return
    await rows("DELETE FROM notification WHERE post_id IS NULL")
    await rows("ALTER TABLE notification DROP COLUMN key, DROP COLUMN proposal_id, DROP COLUMN theme_id")
    await rows("ALTER TABLE notification ALTER COLUMN post_id SET NOT NULL")


_FOUND_BY = (
    ("ballot", "carried_from_id"),
    ("extract", "proposal_id"),
    ("journal_entry", "thing_id"),
    ("proposal", "in_favour_of_id"),
    ("proposal", "merged_into_id"),
    ("proposal_version", "certifier_id"),
)


async def find_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """A column that is added gets no index by itself; what a page tells from the journal is found by its thing."""
    for table, column in _FOUND_BY:
        await rows(f"CREATE INDEX {table}_{column} ON {table} ({column})")


async def lose_new_columns(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before the columns go, which SQLite refuses while they are indexed."""
    for table, column in _FOUND_BY:
        await rows(f"DROP INDEX {table}_{column}")


async def tell_what_was(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """The proposals that are there began one day, and the words that they came from speak for them."""
    await rows(
        """INSERT INTO proposal_turn (proposal_id, turn, member_id, version, reason, at)
           SELECT id, 'proposed', COALESCE(promoter_id, author_id), 1, '', created_at FROM proposal ORDER BY id"""
    )
    await rows(
        """UPDATE ballot SET profession = (SELECT m.profession FROM member m WHERE m.id = ballot.voter_id),
                             territory = (SELECT m.territory FROM member m WHERE m.id = ballot.voter_id)"""
    )
    await rows(
        """UPDATE extract SET proposal_id = (SELECT MAX(p.id) FROM proposal p WHERE p.extract_id = extract.id)
            WHERE EXISTS (SELECT 1 FROM proposal p WHERE p.extract_id = extract.id)"""
    )


async def forget_what_was(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """The tables and columns go by themselves."""


class Migration(migrations.Migration):
    dependencies = [("forum", "0004_journal_chain")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Answer",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "proposal",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="proposal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="answers",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.SmallIntField(description="1, 2, 3… of its proposal")),
                (
                    "decision",
                    fields.CharEnumField(
                        description="RETAINED: retenue\nPARTLY: partiellement\nREJECTED: non retenue\nUNDER_STUDY: etude",
                        enum_type=Decision,
                        max_length=16,
                    ),
                ),
                ("reason", fields.TextField(description="plain text", unique=False)),
                ("service", fields.CharField(description="who answers for the administration", max_length=200)),
                ("decided_on", fields.DateField()),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="agent_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="decisions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "answer",
                "app": "forum",
                "unique_together": (("proposal", "number"),),
                "pk_attr": "id",
                "table_description": "One official answer. A later one takes its place on the page, the earlier ones stay readable.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Distinction",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "one",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="one_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="distinguished",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="other_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="distinguished_from",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="distinctions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "distinction",
                "app": "forum",
                "unique_together": (("one", "other"),),
                "pk_attr": "id",
                "table_description": "Two proposals that a moderator found to be different, however alike: they are not suggested again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Merge",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "source",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="source_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="merges",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "destination",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="destination_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="received",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="merges",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reason", fields.CharField(default="", max_length=500)),
                ("merged_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("undone_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "proposal_merge",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A proposal that joined another one, until somebody undid it: `Proposal.merged_into` leads to the last one.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Obligation",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "proposal",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="proposal_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="obligations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("words", fields.CharField(max_length=500)),
                ("due_on", fields.DateField()),
                ("done_on", fields.DateField(null=True)),
                ("done_words", fields.CharField(default="", description="what was done", max_length=500)),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="agent_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="obligations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "obligation",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "Something that the administration said it will do, by a day. It is late until it is done.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProposalTurn",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "proposal",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="proposal_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="turns",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "turn",
                    fields.CharEnumField(
                        description="PROPOSED: proposed\nAMENDED: amended\nCERTIFIED: certified\nUNCERTIFIED: uncertified\nWITHDRAWN: withdrawn\nSET_ASIDE: set aside\nTAKEN_BACK: taken back\nMERGED: merged\nRECEIVED: received\nUNMERGED: unmerged\nGAVE_BACK: gave back\nANSWERED: answered\nDONE: done\nNOT_DONE: not done\nCARRIED_OUT: carried out",
                        enum_type=Turn,
                        max_length=16,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="turns",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "forum.Proposal",
                        source_field="other_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="turns_elsewhere",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.IntField(null=True)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "proposal_turn",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "One turn in the life of a proposal: who, when, why, and with which other proposal or at which version.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Treatment",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "post",
                    fields.OneToOneField(
                        "forum.Post",
                        source_field="post_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="treatment",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "outcome",
                    fields.CharEnumField(
                        description="TREATED: treated\nNO_FOLLOW_UP: no follow-up", enum_type=Outcome, max_length=16
                    ),
                ),
                ("revision", fields.IntField()),
                ("reason", fields.CharField(default="", max_length=500)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="treatments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("treated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "treatment",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A moderator has read a post, at that revision: what was worth keeping is kept, or there is a reason why not.",
            },
            bases=["Model"],
        ),
        _Said(
            model_name="Ballot",
            name="opinion",
            field=fields.CharField(max_length=16),
        ),
        _Column(
            model_name="Ballot",
            name="carried_from",
            field=fields.ForeignKeyField(
                "forum.Proposal",
                source_field="carried_from_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="carried_ballots",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Said(
            model_name="BallotChange",
            name="opinion",
            field=fields.CharField(null=True, max_length=16),
        ),
        _Column(
            model_name="Ballot",
            name="profession",
            field=fields.CharField(
                default="",
                description="what its voter declared then",
                db_default="",
                max_length=80,
            ),
        ),
        _Column(
            model_name="Ballot",
            name="territory",
            field=fields.CharField(default="", description="the same", db_default="", max_length=80),
        ),
        _Column(
            model_name="BallotChange",
            name="by_merge",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        _Column(
            model_name="Extract",
            name="compared_revision",
            field=fields.IntField(
                default=0,
                description="newest revision of the post that a moderator compared the words with",
                db_default=0,
            ),
        ),
        _Column(
            model_name="Extract",
            name="nature",
            field=fields.CharEnumField(
                default=Nature.SOLUTION,
                description="PROBLEM: problematique\nSOLUTION: solution\nKNOWLEDGE: connaissance\nEXAMPLE: exemple\nARGUMENT_FOR: argument pour\nARGUMENT_AGAINST: argument contre\nSUPPORT: soutien",
                db_default="solution",
                enum_type=Nature,
                max_length=16,
            ),
        ),
        _Column(
            model_name="Extract",
            name="proposal",
            field=fields.ForeignKeyField(
                "forum.Proposal",
                source_field="proposal_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="extracts",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="Meeting",
            name="attendance",
            field=fields.TextField(
                default="", description="who was there, plain text, as entered", db_default="", unique=False
            ),
        ),
        ops.AlterModelOptions(
            name="Notification",
            options={
                "table": "notification",
                "app": "forum",
                "unique_together": (("member", "post"), ("member", "key")),
                "pk_attr": "id",
                "table_description": "One event for one person, once: about a post, a proposal or a theme.",
            },
        ),
        _Said(
            model_name="Notification",
            name="event",
            field=fields.CharEnumField(
                description="QUOTE: quote\nREPLY: reply\nMENTION: mention\nAMENDED: amended\nCERTIFIED: certified\nMERGED: merged\nUNMERGED: unmerged\nSET_ASIDE: set aside\nTAKEN_BACK: taken back\nWITHDRAWN: withdrawn\nANSWERED: answered\nDONE: done\nSCHEDULED: scheduled\nCLOSED: closed",
                enum_type=Event,
                max_length=16,
            ),
        ),
        _Said(
            model_name="Notification",
            name="post",
            field=fields.ForeignKeyField(
                "forum.Post",
                source_field="post_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Added(
            model_name="Notification",
            name="key",
            field=fields.CharField(null=True, max_length=80),
        ),
        _Added(
            model_name="Notification",
            name="proposal",
            field=fields.ForeignKeyField(
                "forum.Proposal",
                source_field="proposal_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Added(
            model_name="Notification",
            name="theme",
            field=fields.ForeignKeyField(
                "forum.Theme",
                source_field="theme_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunPython(unbind_notifications, bind_notifications),
        _Said(
            model_name="Proposal",
            name="origin",
            field=fields.CharEnumField(
                description="MEMBER: member\nPOST: post\nEXTRACT: extract\nMEETING: meeting\nIMPORT: import\nORGANISER: organiser",
                enum_type=Origin,
                max_length=16,
            ),
        ),
        _Said(
            model_name="Proposal",
            name="state",
            field=fields.CharEnumField(
                default=ProposalState.OPEN,
                description="DRAFT: draft\nOPEN: open\nMERGED: merged\nWITHDRAWN: withdrawn\nSET_ASIDE: set aside\nRETAINED: retained\nDONE: done",
                enum_type=ProposalState,
                max_length=16,
            ),
        ),
        _Column(
            model_name="Proposal",
            name="in_favour_of",
            field=fields.ForeignKeyField(
                "forum.Proposal",
                source_field="in_favour_of_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="preferred_to",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="Proposal",
            name="merged_into",
            field=fields.ForeignKeyField(
                "forum.Proposal",
                source_field="merged_into_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="merged",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="Proposal",
            name="state_reason",
            field=fields.CharField(
                default="", description="why it was set aside or withdrawn", db_default="", max_length=500
            ),
        ),
        _Column(
            model_name="Proposal",
            name="substance",
            field=fields.IntField(
                default=1, description="first version of those that ask for the same thing", db_default=1
            ),
        ),
        ops.AlterModelOptions(
            name="ProposalVersion",
            options={
                "table": "proposal_version",
                "app": "forum",
                "unique_together": (("proposal", "number"),),
                "pk_attr": "id",
                "table_description": "A wording that was voted on, kept for ever. A correction is no change of substance once a moderator says so.",
            },
        ),
        _Column(
            model_name="ProposalVersion",
            name="certified_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        _Column(
            model_name="ProposalVersion",
            name="certifier",
            field=fields.ForeignKeyField(
                "forum.Member",
                source_field="certifier_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="certified_versions",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="ProposalVersion",
            name="reason",
            field=fields.CharField(default="", db_default="", max_length=500),
        ),
        _Column(
            model_name="ProposalVersion",
            name="substantive",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        _Column(
            model_name="Theme",
            name="mentions",
            field=fields.TextField(
                default="",
                description="of a judgment, 3 to 7, a line each from the worst to the best",
                db_default="",
                unique=False,
            ),
        ),
        _Column(
            model_name="Theme",
            name="quota",
            field=fields.IntField(
                default=0, description="proposals that one person may support or rank, 0: all", db_default=0
            ),
        ),
        _Column(
            model_name="Theme",
            name="voting",
            field=fields.CharEnumField(
                default=Voting.OPINIONS,
                description="frozen once votes open",
                db_default="pour-contre",
                enum_type=Voting,
                max_length=16,
            ),
        ),
        ops.RunPython(find_new_columns, lose_new_columns),
        ops.RunPython(tell_what_was, forget_what_was),
    ]
