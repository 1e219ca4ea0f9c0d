"""The database itself holds the form of a ballot: it takes only what the kind of vote of its theme knows.

A program of another version wrote one that no page of results could show. The forms are written out here, as they were
when this migration was; `ballots.py` is what they are today. Ballots that are there already are left as they are, and
counted nowhere.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from forum.database import is_sqlite, rows

_SAID = "a ballot says what the kind of vote of its theme knows"
_PLACES = ", ".join(f"'{place}'" for place in range(1, 21))
_KNOWN = f"""EXISTS (
        SELECT 1 FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.id = NEW.proposal_id AND CASE t.voting
               WHEN 'pour-contre' THEN NEW.opinion IN ('pour', 'abstention', 'contre')
               WHEN 'soutien' THEN NEW.opinion = 'pour'
               WHEN 'classement' THEN NEW.opinion IN ({_PLACES})
               WHEN 'jugement' THEN NEW.opinion IN ('0', '1', '2', '3', '4', '5', '6') AND NEW.opinion < CAST(
                    CASE t.mentions WHEN '' THEN 7
                    ELSE LENGTH(t.mentions) - LENGTH(REPLACE(t.mentions, '\n', '')) + 1 END AS VARCHAR(10))
               END)"""

_SQLITE = (
    f"""CREATE TRIGGER ballot_form_cast BEFORE INSERT ON ballot WHEN NOT {_KNOWN}
          BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
    f"""CREATE TRIGGER ballot_form_changed BEFORE UPDATE OF opinion, proposal_id ON ballot WHEN NOT {_KNOWN}
          BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
)
_POSTGRES = (
    f"""CREATE FUNCTION ballot_form() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NOT {_KNOWN} THEN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'check_violation'; END IF;
          RETURN NEW; END $$""",
    """CREATE TRIGGER ballot_form_held BEFORE INSERT OR UPDATE OF opinion, proposal_id ON ballot FOR EACH ROW
          EXECUTE FUNCTION ballot_form()""",
)


async def hold_the_form(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """From now on."""
    for statement in _SQLITE if is_sqlite() else _POSTGRES:
        await rows(statement)


async def let_go(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """As it was before."""
    if is_sqlite():
        await rows("DROP TRIGGER ballot_form_cast")
        await rows("DROP TRIGGER ballot_form_changed")
    else:
        await rows("DROP TRIGGER ballot_form_held ON ballot")
        await rows("DROP FUNCTION ballot_form()")


class Migration(migrations.Migration):
    dependencies = [("forum", "0008_releases")]

    initial = False

    operations = [ops.RunPython(hold_the_form, let_go)]
