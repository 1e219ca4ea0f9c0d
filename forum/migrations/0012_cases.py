"""What people notify to moderators, what these decide about it, and the complaints about their decisions."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from forum.database import rows
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.moderation import Ground, Moderated
from forum.models.notifications import Event


class _Said(ops.AlterField):
    """What the program says of a column, which itself stays as it is."""

    async def database_forward(self, *asked: object, **named: object) -> None:
        return

    async def database_backward(self, *asked: object, **named: object) -> None:
        return


class _Column(ops.AddField):
    """A column with its index, which leaves as it came: Tortoise would remake the whole table on SQLite, without its
    unique sets."""

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        await super().database_forward(app_label, old_state, new_state, state_editor)
        await rows(f"CREATE INDEX notification_{self.name} ON notification ({self.name}_id)")

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        await rows(f"DROP INDEX notification_{self.name}")
        await rows(f"ALTER TABLE notification DROP COLUMN {self.name}_id")


class Migration(migrations.Migration):
    dependencies = [("forum", "0011_withheld")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ModerationCase",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "thing",
                    fields.CharEnumField(
                        description="POST: post\nPROPOSAL: proposal", enum_type=Moderated, max_length=16
                    ),
                ),
                ("thing_id", fields.IntField()),
                ("open_key", fields.CharField(null=True, unique=True, max_length=40)),
                (
                    "working_group",
                    fields.ForeignKeyField(
                        "forum.WorkingGroup",
                        source_field="working_group_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="cases",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "claimed_by",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="claimed_by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="claimed_cases",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("claimed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "moderation_case",
                "app": "forum",
                "indexes": [Index(fields=["thing", "thing_id"])],
                "pk_attr": "id",
                "table_description": "One thing to decide about, and everything that was notified of it until it is decided.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ModerationDecision",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "forum.ModerationCase",
                        source_field="case_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="decisions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "act",
                    fields.CharEnumField(
                        description="HIDE: hide\nUNHIDE: unhide\nNO_ACTION: no action",
                        enum_type=DecisionAct,
                        max_length=16,
                    ),
                ),
                (
                    "ground",
                    fields.CharEnumField(
                        null=True,
                        description="ILLEGAL: illegal\nPERSONAL_DATA: personal data\nCHARTER: charter\nOFF_TOPIC: off topic\nDUPLICATE: duplicate",
                        enum_type=Ground,
                        max_length=16,
                    ),
                ),
                ("facts", fields.CharField(max_length=500)),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="decided_by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_decisions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("decided_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                (
                    "affected",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="affected_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="decisions_read",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("statement", fields.TextField(default="", unique=False)),
                ("contest_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "moderation_decision",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "What was decided about a case, by whom and why, `affected` is the person whose words it is about.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ModerationComplaint",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "decision",
                    fields.OneToOneField(
                        "forum.ModerationDecision",
                        source_field="decision_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="complaint",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_complaints",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("words", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                (
                    "answered_by",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="answered_by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="complaints_answered",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "outcome",
                    fields.CharEnumField(
                        null=True,
                        description="UPHELD: upheld\nREVERSED: reversed",
                        enum_type=ComplaintOutcome,
                        max_length=16,
                    ),
                ),
                ("answer", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "moderation_complaint",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "The words with which somebody contests a decision, once, and what another person than its author answered.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ModerationNotice",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "thing",
                    fields.CharEnumField(
                        description="POST: post\nPROPOSAL: proposal", enum_type=Moderated, max_length=16
                    ),
                ),
                ("thing_id", fields.IntField()),
                (
                    "revision",
                    fields.IntField(description="of the contribution, or version of the proposal, that was read"),
                ),
                (
                    "ground",
                    fields.CharEnumField(
                        description="ILLEGAL: illegal\nPERSONAL_DATA: personal data\nCHARTER: charter\nOFF_TOPIC: off topic\nDUPLICATE: duplicate",
                        enum_type=Ground,
                        max_length=16,
                    ),
                ),
                ("words", fields.TextField(unique=False)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "forum.ModerationCase",
                        source_field="case_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="notices",
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
                        related_name="moderation_notices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "address",
                    fields.TextField(
                        default="",
                        description="of a visitor, sealed, forgotten some time after the decision",
                        unique=False,
                    ),
                ),
                ("locale", fields.CharField(default="fr", max_length=2)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("confirmed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "moderation_notice",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "What somebody notified: a member, or a visitor whose address is sealed.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Notification",
            options={
                "table": "notification",
                "app": "forum",
                "unique_together": (("member", "post"), ("member", "key")),
                "pk_attr": "id",
                "table_description": "One event for one person, once: about a post, a proposal, a theme, or a decision of moderators.",
            },
        ),
        _Said(
            model_name="Notification",
            name="event",
            field=fields.CharEnumField(
                description="QUOTE: quote\nREPLY: reply\nMENTION: mention\nAMENDED: amended\nCERTIFIED: certified\nMERGED: merged\nUNMERGED: unmerged\nSET_ASIDE: set aside\nTAKEN_BACK: taken back\nWITHDRAWN: withdrawn\nANSWERED: answered\nDONE: done\nSCHEDULED: scheduled\nCLOSED: closed\nMODERATED: moderated\nNOTICE_DECIDED: notice decided\nCASE_WAITS: case waits\nCONTESTED: contested\nRECONSIDERED: reconsidered",
                enum_type=Event,
                max_length=16,
            ),
        ),
        _Column(
            model_name="Notification",
            name="case",
            field=fields.ForeignKeyField(
                "forum.ModerationCase",
                source_field="case_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        _Column(
            model_name="Notification",
            name="decision",
            field=fields.ForeignKeyField(
                "forum.ModerationDecision",
                source_field="decision_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="notifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
    ]
