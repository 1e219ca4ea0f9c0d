"""Who lives, and since when is nothing heard? A row each: of the workers, and of the site, which so learns whether its
database takes any write."""

from datetime import datetime
from enum import StrEnum

from forum.database import rows, transaction


class Who(StrEnum):
    WORKER = "worker"
    SITE = "site"


async def give_sign(who: Who, now: datetime) -> None:
    """Note that they live, committed like any write.

    Raises:
        StorageFault: the disk does not take it.
    """
    async with transaction():
        await rows(
            "INSERT INTO sign_of_life (who, at) VALUES ($1, $2) ON CONFLICT (who) DO UPDATE SET at = excluded.at",
            who.value,
            now,
        )


async def signs() -> dict[Who, datetime]:
    """The latest sign of each who ever gave one."""
    return {Who(one["who"]): one["at"] for one in await rows("SELECT who, at FROM sign_of_life")}
