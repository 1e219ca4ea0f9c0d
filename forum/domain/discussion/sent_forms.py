"""One form, one contribution: was this form sent already?

Each page gives its form a key of its own. The key is written in the transaction that publishes, so a double click, a
page sent again, a proxy that tries twice or a process that was killed after it had written lead to what is published.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

from forum.database import on_postgres, row, rows
from forum.errors import Conflict

KEPT: Final = timedelta(days=60)
"""How long a form may stay open in a browser and still be known as sent."""
_KEY: Final = re.compile(r"[\w-]{16,43}", re.ASCII)
_PUBLISHED: Final = (
    "Votre brouillon est déjà publié : vous l’avez fait depuis une autre fenêtre. "
    "Vos mots sont gardés ci-dessous : publiez-les seulement s’ils disent autre chose."
)


@dataclass(frozen=True, slots=True)
class Sending:
    """What a form says of itself: its key, and which draft it shows, at which version; 0: none."""

    key: str = ""
    draft: int = 0
    version: int = 0


NO_FORM: Final = Sending()


@dataclass(frozen=True, slots=True)
class NotedForm:
    """The note of a form whose contribution is being written."""

    id: int


class AlreadySent(Exception):
    """This form has published these words: the transaction is rolled back."""

    def __init__(self, post: int | None, pending: int | None) -> None:
        super().__init__()
        self.post = post
        self.pending = pending


def new_key() -> str:
    return token_urlsafe(16)


def known_key(typed: str) -> str:
    """The key of a form as it was sent, empty when it is none of ours."""
    return typed if _KEY.fullmatch(typed) else ""


def digest_of(*words: object) -> str:
    """What tells apart two contributions that the same form sends."""
    return sha256("\n".join(map(str, words)).encode()).hexdigest()


async def hold_author(member: int) -> None:
    """Let nobody else publish or save for this person meanwhile; the theme is held before."""
    await on_postgres("SELECT id FROM member WHERE id = $1 FOR NO KEY UPDATE", member)


async def claim(member: int, sending: Sending, digest: str, now: datetime) -> NotedForm | None:
    """Note that this form publishes, inside the caller's transaction, which holds the theme. None: it has no key.

    Raises:
        AlreadySent: it has published these words.
        Conflict: it has published others, or another window has published its draft.
    """
    await hold_author(member)
    if not sending.key:
        return None
    sent = await row(
        "SELECT digest, post_id, pending_id FROM sent_form WHERE member_id = $1 AND key = $2", member, sending.key
    )
    if sent is not None and sent["digest"] == digest:
        raise AlreadySent(sent["post_id"], sent["pending_id"])
    await refuse_published(member, sending)
    made = await row(
        "INSERT INTO sent_form (member_id, key, digest, draft, sent_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        *(member, sending.key, digest, sending.draft or None, now),
    )
    return NotedForm(made["id"]) if made else None


async def refuse_published(member: int, sending: Sending) -> None:
    """Raises Conflict: this form, or another one that showed the same draft, has published."""
    found = await row(
        "SELECT id FROM sent_form WHERE member_id = $1 AND (key = $2 OR draft = $3) LIMIT 1",
        *(member, sending.key, sending.draft or -1),
    )
    if found is not None:
        raise Conflict(_PUBLISHED)


async def note_sent(
    claimed: NotedForm | None, *, post: int | None = None, pending: int | None = None, draft: int | None = None
) -> None:
    """Note what the form has published, and which draft that was."""
    if claimed is not None:
        await rows(
            "UPDATE sent_form SET post_id = $2, pending_id = $3, draft = COALESCE($4, draft) WHERE id = $1",
            *(claimed.id, post, pending, draft),
        )


async def forget_sent(now: datetime) -> None:
    """Delete what no form in a browser can ask about any more."""
    await rows("DELETE FROM sent_form WHERE sent_at < $1", now - KEPT)
