"""How does the owner of an account prove who they are again, before a change that could take it over?

The password is asked for in the form of the change itself (ASVS 5.0, 7.5.1: full authentication before changing
credentials). A member without one, who signs in with a provider, must have done so a few minutes ago.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from forum.database import row
from forum.domain.sign_in import guesses, passwords, sessions
from forum.errors import Invalid
from forum.permissions import Viewer

FIELD: Final = "mot_de_passe_actuel"
"""The field of every form that asks for the current password."""
FRESH: Final = timedelta(minutes=10)

log = structlog.get_logger()


async def has_password(viewer: Viewer) -> bool:
    """Whether this member signs in with a password: otherwise no form may ask for it."""
    return await row("SELECT id FROM member WHERE id = $1 AND password_hash IS NOT NULL", viewer.id) is not None


async def is_fresh(token: str, *, now: datetime) -> bool:
    """Whether the person at this browser signed in a few minutes ago."""
    found = await row("SELECT proved_at FROM session WHERE token_hash = $1", sessions.hashed(token))
    proved = found["proved_at"] if found else None
    return proved is not None and now - proved <= FRESH


async def require_proof(viewer: Viewer, token: str, password: str, *, now: datetime) -> None:
    """Check that the person at this browser is the owner of the account.

    Call before the transaction: it takes a while. `token` is that of their session, `password` what they typed in the
    field `FIELD`. Slowed down like signing in.

    Raises:
        Invalid: the password is not right; or they have none, and signed in too long ago.
        TooMany: other tries are under way.
    """
    found = await row(
        """SELECT m.password_hash, s.proved_at FROM session s JOIN member m ON m.id = s.member_id
            WHERE s.token_hash = $1 AND m.id = $2""",
        sessions.hashed(token),
        viewer.id,
    )
    if found is None or not found["password_hash"]:
        _require_fresh(found["proved_at"] if found else None, now)
        return
    typed = passwords.clean_password(password, field=FIELD)
    account, here = f"member {viewer.id}", sessions.hashed(token)
    async with guesses.one_try(account, here):
        right = await passwords.verify(typed, found["password_hash"], asker=account, is_known=True)
    if not right:
        log.warning("wrong password before a change", member=viewer.id)
        raise Invalid("Ce n’est pas votre mot de passe actuel.", field=FIELD)
    await guesses.forgive(account, here)


def _require_fresh(proved: datetime | None, now: datetime) -> None:
    if proved is None or now - proved > FRESH:
        raise Invalid(
            "Pour ce changement, déconnectez-vous puis reconnectez-vous : "
            "votre dernière connexion date de plus de dix minutes."
        )
