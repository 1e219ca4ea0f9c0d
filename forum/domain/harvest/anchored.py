"""Where are the words of an extract, now that their author changed the post? A person moves them, or leaves them.

Until then an extract leads to the revision that it was chosen in, which stays readable for ever. The search itself is
in `text/anchors.py`: the exact words, else the most similar passage, which somebody must see before it counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from anyio.to_thread import run_sync

from forum.database import rows, transaction
from forum.domain.discussion.extracts import ShownExtract
from forum.domain.discussion.posts import OnePost
from forum.domain.harvest.harvest import hold_extract, record
from forum.errors import Conflict
from forum.permissions import Viewer
from forum.text.anchors import Anchor, reanchor


@dataclass(frozen=True, slots=True)
class Offer:
    """Where an extract of an older revision may move; no `anchor` when its words are no longer there."""

    extract: ShownExtract
    anchor: Anchor | None
    revision: int

    @property
    def seen(self) -> str:
        """What the form has shown: the revision and the range that it offers."""
        return f"{self.revision}:{self.anchor.start}-{self.anchor.stop}" if self.anchor else f"{self.revision}:"


def offer_for(post: OnePost, extract: ShownExtract) -> Offer | None:
    """The offer for an extract whose post changed; None when there is nothing to do. CPU only."""
    if not extract.stale:
        return None
    return Offer(extract, reanchor(extract.words, extract.start, post.plain), post.revision)


async def offers_for(post: OnePost, extracts: Iterable[ShownExtract]) -> dict[int, Offer]:
    """The offer for each extract whose post changed, by id; comparing takes tens of ms each, off the event loop."""
    stale = [each for each in extracts if each.stale]
    if not stale:
        return {}
    return await run_sync(lambda: {each.id: offer for each in stale if (offer := offer_for(post, each))})


async def reanchor_extract(viewer: Viewer | None, extract: int, seen: str, now: datetime) -> int:
    """Move an extract to the words of the newest revision that were offered and `seen`; returns its post.

    Raises:
        NotFound, SignInRequired, NotAllowed: as for every change of an extract.
        Conflict: the post, or the extract, is no longer what the form has shown.
    """
    async with transaction():
        held = await hold_extract(viewer, extract, now)
        offer = (await offers_for(held.post, [held.extract])).get(extract)
        if offer is None or offer.anchor is None or offer.seen != seen:
            raise Conflict("La contribution a encore changé, ou quelqu’un a été plus rapide. Relisez, puis choisissez.")
        anchor = offer.anchor
        await rows(
            """UPDATE extract SET revision = $2, start = $3, stop = $4, sha256 = $5, compared_revision = $2
                WHERE id = $1""",
            extract,
            offer.revision,
            anchor.start,
            anchor.stop,
            anchor.digest,
        )
        await record(held, "reanchor_extract", f"{offer.seen} {held.extract.nature.value}", now)
    return held.post.id


async def keep_words(viewer: Viewer | None, extract: int, seen: str, now: datetime) -> int:
    """Leave an extract with its original words, now compared with the newest revision; returns its post.

    Raises:
        NotFound, SignInRequired, NotAllowed: as for every change of an extract.
        Conflict: the post is no longer what the form has shown.
    """
    async with transaction():
        held = await hold_extract(viewer, extract, now)
        if seen.partition(":")[0] != str(held.post.revision):
            raise Conflict("La contribution a encore changé, ou quelqu’un a été plus rapide. Relisez, puis choisissez.")
        await rows("UPDATE extract SET compared_revision = $2 WHERE id = $1", extract, held.post.revision)
        await record(held, "keep_extract", f"{held.post.revision}: {held.extract.nature.value}", now)
    return held.post.id
