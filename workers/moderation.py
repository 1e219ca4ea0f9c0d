"""Tell the moderators of a group what has waited for two days, see `domain/moderation/reminders.py`."""

from collections.abc import Mapping
from typing import Final

from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.moderation.reminders import ask_for_reminders, remind
from forum.jobs import JobName
from workers import running
from workers.running import Work


async def remind_moderators(claim: Claim) -> None:
    """Notify and mail them, if it still waits.

    Raises:
        LostLease: another worker took the job meanwhile.
    """
    await remind(claim, running.clock())


async def ask() -> None:
    """Ask for the reminders that are due. Asked every hour."""
    await ask_for_reminders(running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.REMIND_MODERATORS: Work(remind_moderators, jobs.give_up)}
