"""Each page says how many notices its reader has not seen: counted in an index of those alone, which stays small."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("forum", "0001_initial")]

    # Tortoise knows no partial index; the same words make one in both databases.
    operations = [
        ops.RunSQL(
            "CREATE INDEX notification_unread ON notification (member_id) WHERE read_at IS NULL",
            "DROP INDEX notification_unread",
        )
    ]
