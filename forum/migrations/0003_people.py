"""People: what they prove themselves with, how they come in, what the law gives them; the chain of the journal."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from forum.models.joining import Purpose
from tortoise.fields.base import OnDelete
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("forum", "0002_unread")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AddressChange",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.OneToOneField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="address_change",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("email", fields.CharField(max_length=254)),
                ("old_confirmed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("new_confirmed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "address_change",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A new address that a member asked for, it is theirs once both boxes, old and new, have said so.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Archive",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.OneToOneField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="archive",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("content", fields.BinaryField(null=True)),
                ("sha256", fields.CharField(default="", max_length=64)),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("made_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "archive",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "Everything about one person in one file, made by a job, theirs alone, gone at `expires_at`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Identification",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("member_id", fields.IntField(unique=True)),
                ("sealed", fields.TextField(description="name, handle, address, dates: JSON, sealed", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("purge_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identification",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "Who an erased account belonged to, sealed, for as long as a host must be able to tell a court, then purged.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Identity",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="identities",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("issuer", fields.CharField(max_length=255)),
                ("subject", fields.CharField(max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity",
                "app": "forum",
                "unique_together": (("issuer", "subject"),),
                "pk_attr": "id",
                "table_description": "A person at an OpenID Connect provider: (issuer, subject) and nothing else names them for ever.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("email", fields.CharField(null=True, max_length=254)),
                ("email_key", fields.CharField(null=True, unique=True, max_length=254)),
                ("name", fields.CharField(default="", max_length=60)),
                ("organisation", fields.CharField(default="", max_length=120)),
                ("profession", fields.CharField(default="", max_length=80)),
                ("territory", fields.CharField(default="", max_length=80)),
                ("locale", fields.CharField(default="fr", max_length=2)),
                (
                    "inviter",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="inviter_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.SET_NULL,
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
                        related_name="accepted",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("accepted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invitation",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "An address that may join with what an administrator said of it. One per address: asked twice, sent once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InvitationBatch",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="invitation_batches",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "lines",
                    fields.TextField(
                        description="what each line asks and what is wrong with it, JSON, sealed", unique=False
                    ),
                ),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("sent", fields.IntField(default=0, description="how many invitations left")),
            ],
            options={
                "table": "invitation_batch",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A file of addresses that an administrator had read, kept to be looked at and sent, for a week at most.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="JournalHead",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("entries", fields.IntField(default=0)),
                ("chain", fields.CharField(default="", db_default="", max_length=64)),
            ],
            options={
                "table": "journal_head",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "Where the chain ends: one row, locked by whoever adds an entry, so that entries follow one another.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Link",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                (
                    "purpose",
                    fields.CharEnumField(
                        description="SIGN_UP: sign_up\nINVITATION: invitation\nRESET: reset\nCONFIRM: confirm\nOLD_ADDRESS: old_address\nNEW_ADDRESS: new_address",
                        enum_type=Purpose,
                        max_length=16,
                    ),
                ),
                ("subject", fields.IntField(description="id of the sign-up, invitation, address change or member")),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "link",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A link sent by mail: good once, for one purpose, until its end. Stored hashed, the row goes with its use.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Mail",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("address", fields.CharField(max_length=254)),
                ("template", fields.CharField(max_length=40)),
                ("locale", fields.CharField(max_length=2)),
                (
                    "content",
                    fields.TextField(description="what the template is filled with, JSON, sealed", unique=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A mail that is still to leave. What it says is sealed, since it holds a link, the row goes when it is sent.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProviderVisit",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("state_hash", fields.CharField(unique=True, max_length=64)),
                ("browser_hash", fields.CharField(description="of the cookie of the browser that left", max_length=64)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="visits",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "sealed",
                    fields.TextField(description="nonce, code verifier, way back, then claims: sealed", unique=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "provider_visit",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "Somebody who left for a provider and is awaited: what must come back with them, once, soon.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "forum.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="recovery_codes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("code_hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "recovery_code",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A code on paper that replaces the application once, the row goes when the code is used.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "member",
                    fields.OneToOneField(
                        "forum.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="second_factor",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("secret", fields.TextField(description="sealed", unique=False)),
                (
                    "last_step",
                    fields.BigIntField(default=0, description="the time step of the last code: none is taken twice"),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "second_factor",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "The secret that a person's application shares with us (RFC 6238), the row is made once a code confirmed it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SignUp",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=60)),
                ("email", fields.CharField(max_length=254)),
                ("password_hash", fields.CharField(max_length=255)),
                ("organisation", fields.CharField(default="", max_length=120)),
                ("profession", fields.CharField(default="", max_length=80)),
                ("territory", fields.CharField(default="", max_length=80)),
                ("charter_version", fields.CharField(max_length=64)),
                ("locale", fields.CharField(default="fr", max_length=2)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_up",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "Somebody who asked for an account and has not shown yet that the address is theirs: no member so far.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Synthesis",
            name="redacted_at",
            field=fields.DatetimeField(
                null=True,
                description="when an erasure last took a name out of its words",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="JournalEntry",
            name="chain",
            field=fields.CharField(
                default="", description="SHA-256 of the row before and of this one", db_default="", max_length=64
            ),
        ),
        ops.AddField(
            model_name="JournalEntry",
            name="redacted_at",
            field=fields.DatetimeField(
                null=True,
                description="when an erasure took a name out of the words",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="JournalEntry",
            name="salt",
            field=fields.CharField(default="", description="of the digest of the words", db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="JournalEntry",
            name="words_digest",
            field=fields.CharField(
                default="", description="salted SHA-256 of before, after and reason", db_default="", max_length=64
            ),
        ),
        ops.AddField(
            model_name="Member",
            name="active_at",
            field=fields.DatetimeField(
                null=True, description="the last day on which they were signed in", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="Member",
            name="charter_accepted_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Member",
            name="charter_version",
            field=fields.CharField(
                default="", description="the charter that was accepted", db_default="", max_length=64
            ),
        ),
        ops.AddField(
            model_name="Member",
            name="erased_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Member",
            name="profession",
            field=fields.CharField(
                default="", description="one of the list in settings, or nothing", db_default="", max_length=80
            ),
        ),
        ops.AddField(
            model_name="Member",
            name="suspended_reason",
            field=fields.CharField(default="", db_default="", max_length=500),
        ),
        ops.AddField(
            model_name="Member",
            name="territory",
            field=fields.CharField(
                default="", description="one of the list in settings, or nothing", db_default="", max_length=80
            ),
        ),
        ops.AddField(
            model_name="Member",
            name="warned_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Member",
            name="warnings",
            field=fields.SmallIntField(
                default=0, description="how often they were told that the account sleeps", db_default=0
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="awaits_code",
            field=fields.BooleanField(
                default=False, description="the password was right, the second factor is to come", db_default=False
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="device",
            field=fields.CharField(
                default="",
                description="browser and system, as the person recognises them",
                db_default="",
                max_length=80,
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="id_token",
            field=fields.TextField(
                default="", description="sealed, shown to the provider when signing out", db_default="", unique=False
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="issuer",
            field=fields.CharField(
                default="", description="the provider that was signed in with, if any", db_default="", max_length=255
            ),
        ),
        ops.AddField(
            model_name="Session",
            name="proved_at",
            field=fields.DatetimeField(
                null=True,
                description="when the person last proved who they are, here",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
    ]
