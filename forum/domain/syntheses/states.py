"""What can happen to a synthesis? Its states and the steps between them.

It is being written (its documents are asked for, made, ready or failed), then in review, when nobody writes in it any
more, then published; a newer version of its scope replaces it. A step is taken in one statement; `permissions.py` says
who may take it, and every step that people take is in the journal.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from forum.database import rows
from forum.domain.search.index import refresh
from forum.errors import Conflict
from forum.models.search import SearchKind
from forum.models.syntheses import SynthesisState as State


class SynthesisStep(StrEnum):
    """A change of a synthesis from one state to another."""

    COMPOSE = "compose"
    BEGIN = "begin"
    FINISH = "finish"
    FAIL = "fail"
    REVIEW = "review"
    RESUME = "resume"
    PUBLISH = "publish"
    REPLACE = "replace"


WRITING: Final = frozenset({State.REQUESTED, State.COMPILING, State.READY, State.FAILED})
"""The states in which people write in it."""

STEPS: Final[Mapping[SynthesisStep, tuple[frozenset[State], State]]] = {
    SynthesisStep.COMPOSE: (WRITING | {State.REVIEW}, State.REQUESTED),
    SynthesisStep.BEGIN: (WRITING | {State.REVIEW}, State.COMPILING),
    SynthesisStep.FINISH: (WRITING | {State.REVIEW}, State.READY),
    SynthesisStep.FAIL: (WRITING | {State.REVIEW}, State.FAILED),
    SynthesisStep.REVIEW: (frozenset({State.READY}), State.REVIEW),
    SynthesisStep.RESUME: (frozenset({State.REVIEW}), State.READY),
    SynthesisStep.PUBLISH: (frozenset({State.READY, State.REVIEW}), State.PUBLISHED),
    SynthesisStep.REPLACE: (frozenset({State.PUBLISHED}), State.REPLACED),
}
"""From which states each step leads, and to which one; what is not here cannot happen."""

PUBLIC: Final = "('published', 'replaced')"
"""The states that everybody sees, for a query."""


async def take(step: SynthesisStep, synthesis: int) -> bool:
    """Take a step, inside the caller's transaction; returns whether the synthesis was in a state from which it leads.

    A public one keeps its state, whatever a late worker believes.
    """
    before, after = STEPS[step]
    some = ", ".join(f"'{state.value}'" for state in sorted(before))
    found = await rows(
        f"UPDATE synthesis SET state = $2 WHERE id = $1 AND state IN ({some}) RETURNING id", synthesis, after.value
    )
    refresh(SearchKind.SYNTHESIS, synthesis)
    return bool(found)


async def take_or_refuse(step: SynthesisStep, synthesis: int) -> None:
    """Take a step that a person asks for.

    Raises:
        Conflict: the synthesis is not (any more) in a state from which it leads.
    """
    if not await take(step, synthesis):
        raise Conflict("Cette synthèse vient de changer d’état. Rechargez la page.")
