"""What is asked of new members alone, instead of riddles to prove that they are no program?

New is who has few contributions that are shown; settings say how few. Until then moderators may read first what they
write (`pending_posts.py`), and a text of theirs holds few links: advertising comes with many. Nothing is hidden by
itself, and those who moderate or are staff are never new.
"""

from datetime import datetime

from forum.database import known_row
from forum.errors import Invalid
from forum.permissions import Viewer, may_moderate
from forum.settings import settings
from forum.text.links import count_links


async def count_shown(member: int, most: int) -> int:
    """How many contributions of a member are shown, counted up to `most`."""
    found = await known_row(
        f"""SELECT COUNT(*) AS n FROM (
              SELECT 1 AS one FROM post WHERE author_id = $1 AND state = 'shown' AND kind = 'contribution'
               LIMIT {int(most)}) shown""",
        member,
    )
    return int(found["n"])


async def is_new(viewer: Viewer, group: int, first: int, now: datetime) -> bool:
    """Whether what this person writes in a theme of that group is among their `first` contributions; 0: nobody is."""
    if not first or viewer.is_staff or may_moderate(viewer, group, now):
        return False
    return await count_shown(viewer.id, first) < first


async def must_wait(viewer: Viewer, group: int, now: datetime) -> bool:
    """Whether moderators read first what this person writes in a theme of that group."""
    return await is_new(viewer, group, settings().moderation.hold_first, now)


async def refuse_links(viewer: Viewer, group: int, html: str, now: datetime, *, field: str = "source") -> None:
    """Raises Invalid: a new member put more links into a text, as read, than the settings let them."""
    limits = settings().moderation
    found = count_links(html, here=settings().site.base_url)
    if found > limits.links_of_new and await is_new(viewer, group, limits.new_until, now):
        raise Invalid(
            "Trop de liens dans ce texte : {found}, pour {most} au plus dans les premières contributions d’un nouveau "
            "membre. Retirez-en, ou dites en mots où trouver ces pages.",
            field=field,
            values={"found": found, "most": limits.links_of_new},
        )
