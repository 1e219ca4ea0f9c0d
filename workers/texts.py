"""Read the texts of contributions anew after the pipeline changed, see `domain/upkeep/text_passes.py`."""

from collections.abc import Mapping
from typing import Final

from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.upkeep.text_passes import ask_for_pass, read_part
from forum.jobs import JobName
from workers import running
from workers.running import Work


async def read_texts_anew(claim: Claim) -> None:
    """Read part after part; killed between two, it goes on with the next.

    Raises:
        LostLease: another worker took the job meanwhile.
    """
    while await read_part(claim, running.clock()):
        pass


async def ask() -> None:
    """Ask for the pass of this version, if there was none. Asked every hour."""
    await ask_for_pass(running.clock())


TRIES: Final = 100
"""A try that is too long goes on where it was."""

WORK: Final[Mapping[str, Work]] = {JobName.READ_TEXTS_ANEW: Work(read_texts_anew, jobs.give_up, tries=TRIES)}
