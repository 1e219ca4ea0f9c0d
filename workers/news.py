"""Post the mails about news that are due, see `domain/following/digests.py`."""

from collections.abc import Mapping
from typing import Final

from forum.domain import jobs
from forum.domain.following import digests
from forum.domain.jobs import Claim
from forum.jobs import JobName
from workers import running
from workers.running import Work


async def post_letters(claim: Claim) -> None:
    """Post them. Run twice, it posts each once.

    Raises:
        LostLease: another worker took the job meanwhile.
    """
    await digests.post_letters(claim, running.clock())


async def ask() -> None:
    """Ask for those that are due. Asked every minute."""
    await digests.ask_for_letters(running.clock())


WORK: Final[Mapping[str, Work]] = {JobName.POST_LETTERS: Work(post_letters, jobs.give_up)}
