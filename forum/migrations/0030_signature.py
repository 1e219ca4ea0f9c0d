"""A detached signature of the hashes of a synthesis, made outside."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0029_search")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Signature",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "synthesis",
                    fields.OneToOneField(
                        "forum.Synthesis",
                        source_field="synthesis_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="signature",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("content", fields.BinaryField()),
                ("sha256", fields.CharField(max_length=64)),
                ("signed", fields.CharField(description="SHA-256 of the hashes that it is about", max_length=64)),
                ("signer", fields.CharField(max_length=300)),
                ("issuer", fields.CharField(max_length=300)),
                ("fingerprint", fields.CharField(description="SHA-256 of the certificate", max_length=64)),
                ("deposited_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "signature",
                "app": "forum",
                "pk_attr": "id",
                "table_description": "A detached CMS signature of the hashes of a synthesis, made outside and verified when it was deposited.",
            },
            bases=["Model"],
        ),
    ]
