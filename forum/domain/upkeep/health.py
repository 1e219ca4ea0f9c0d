"""Is the database there, with this program's tables, and what else does the site do without at present?"""

from typing import Final

from forum.breaker import breaker_of
from forum.database import row
from forum.settings import settings

WITHOUT_REDIS: Final = (
    "Redis ne répond pas : les tâches commencent quelques secondes plus tard, chaque processus compte seul les essais"
)


async def touch_database() -> None:
    """Run a query, which raises the database's own error when it cannot be reached."""
    await row("SELECT COUNT(*) AS themes FROM theme")


async def lacking() -> list[str]:
    """What does not answer though the site goes on without it, a sentence each, for operators."""
    redis = breaker_of(settings())
    return [] if redis is None or await redis.answers() else [WITHOUT_REDIS]
