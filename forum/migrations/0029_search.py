"""What is said is found: one row of words for each thing, and the index of each database over them.

The rows of what is there already are made by a job, as soon as a worker runs (`workers/search.py`).
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import is_sqlite, rows
from forum.models.search import SearchKind

# Each lexeme is one term, by our own reading: neither parser may cut or fold it. What was deleted is told with its
# lexemes, so they are never replaced in place (INSERT OR REPLACE would lose them without a word).
_SQLITE = (
    """CREATE VIRTUAL TABLE search_words USING fts5(
    lexemes, content='search_entry', content_rowid='id', detail=none, columnsize=0, prefix='4 5', tokenize='ascii'
)""",
    """CREATE TRIGGER search_entry_comes AFTER INSERT ON search_entry BEGIN
    INSERT INTO search_words (rowid, lexemes) VALUES (new.id, new.lexemes);
END""",
    """CREATE TRIGGER search_entry_goes AFTER DELETE ON search_entry BEGIN
    INSERT INTO search_words (search_words, rowid, lexemes) VALUES ('delete', old.id, old.lexemes);
END""",
    """CREATE TRIGGER search_entry_stays BEFORE UPDATE ON search_entry BEGIN
    SELECT RAISE(ABORT, 'an entry is deleted and written anew');
END""",
)
_POSTGRES = (
    "CREATE TABLE search_words (id BIGINT PRIMARY KEY, lexemes TSVECTOR NOT NULL)",
    "CREATE INDEX search_words_found ON search_words USING gin (lexemes) WITH (gin_pending_list_limit = 256)",
    """CREATE FUNCTION search_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'an entry is deleted and written anew';
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM search_words WHERE id = OLD.id;
    ELSE
        INSERT INTO search_words VALUES (NEW.id, array_to_tsvector(string_to_array(NEW.lexemes, ' ')));
    END IF;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER search_entry_words AFTER INSERT OR UPDATE OR DELETE ON search_entry
  FOR EACH ROW EXECUTE FUNCTION search_entry_follows()""",
)


async def find_words(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Make the index of this database, which follows the entries."""
    for statement in _SQLITE if is_sqlite() else _POSTGRES:
        await rows(statement)


async def lose_words(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Before the entries go, with which SQLite's triggers go."""
    if not is_sqlite():
        await rows("DROP TRIGGER search_entry_words ON search_entry")
        await rows("DROP FUNCTION search_entry_follows()")
    await rows("DROP TABLE search_words")


class Migration(migrations.Migration):
    dependencies = [("forum", "0028_text_passes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("kind", fields.CharEnumField(enum_type=SearchKind, max_length=16)),
                ("thing_id", fields.IntField()),
                ("version", fields.SmallIntField(description="of the reading of words that made it")),
                (
                    "words",
                    fields.TextField(
                        description="folded, in their order, of the title, of its own, of what it quotes",
                        unique=False,
                    ),
                ),
                (
                    "lexemes",
                    fields.TextField(description="what it is found by, each once, with where it stands", unique=False),
                ),
            ],
            options={
                "table": "search_entry",
                "app": "forum",
                "unique_together": (("kind", "thing_id"),),
                "pk_attr": "id",
                "table_description": "The words of one thing that everybody may read, as they are searched.",
            },
            bases=["Model"],
        ),
        ops.RunPython(find_words, lose_words),
    ]
