"""How does a database come to the newest version? Its schema, then what earlier versions wrote otherwise than today."""

from datetime import datetime

from forum.database import close_database, open_database
from forum.domain.upkeep.fillings import mend_fillings
from forum.domain.upkeep.identifiers import mend_identifiers
from forum.domain.upkeep.misshapen import note_misshapen
from forum.schema import migrate
from forum.settings import Settings


async def bring_up_to_date(configured: Settings, now: datetime) -> tuple[str, ...]:
    """Migrate, then mend; a second time changes nothing. Returns what happened, for whoever runs the site.

    Raises:
        CannotStart: the database cannot be reached, is damaged or emptied, or a newer program made it.
    """
    await migrate(configured)
    await open_database(configured)
    try:
        mended = await mend_identifiers(now)
        hidden = await mend_fillings(now)
        misshapen = await note_misshapen(now)
    finally:
        await close_database()
    told = "Ce qui remplace les noms effacés n’en dit plus la longueur. Les documents concernés seront refaits."
    return (*mended.lines(), *([told] if hidden else []), *misshapen)
