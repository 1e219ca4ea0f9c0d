"""Which data was a synthesis made from? The very bytes whose SHA-256 its documents print.

They hold what may be published and no more (`snapshots.py`): whoever has them recomputes every rank, but the picks of
a slate. Data of a format before that rule is not served: its ranks counted groups that are masked.
"""

from datetime import datetime
from typing import Final

from forum.database import row
from forum.domain.references import storable
from forum.domain.syntheses.documents import DocumentFile, file_name_of
from forum.domain.syntheses.snapshots import FORMAT
from forum.errors import NotFound
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, may_read_synthesis

# Quotes inside the words of a snapshot are escaped: this is its own field.
_IS_PUBLISHABLE: Final = f"""s.snapshot LIKE '%"format":{FORMAT},%'"""


async def has_frozen_data(synthesis: int) -> bool:
    """Whether the data of a synthesis, which the caller has checked this person may see, can be downloaded."""
    return await row(f"SELECT 1 AS one FROM synthesis s WHERE s.id = $1 AND {_IS_PUBLISHABLE}", synthesis) is not None


async def read_frozen_data(viewer: Viewer | None, synthesis: int, now: datetime) -> DocumentFile:
    """The frozen data of a synthesis, as a file.

    Raises:
        NotFound: no such synthesis, this person may not know of it (any more), or its data may not be published.
    """
    found = await row(
        f"""
        SELECT s.snapshot, s.snapshot_sha256, s.state, s.version, s.draft, s.requested_at, th.number,
               'figees.json' AS format
          FROM synthesis s LEFT JOIN theme th ON th.id = s.theme_id WHERE s.id = $1 AND {_IS_PUBLISHABLE}""",
        storable(synthesis),
    )
    if found is None:
        raise NotFound
    is_public = found["state"] == SynthesisState.PUBLISHED.value
    may_read_synthesis(viewer, is_public, now).require()
    content = found["snapshot"].encode()
    return DocumentFile(file_name_of(found), "application/json", found["snapshot_sha256"], content, is_public)
