"""Which proposals of a theme may ask for the same as these words? Suggestions for a moderator, who decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from anyio.to_thread import run_sync

from forum.database import rows
from forum.domain.references import reference
from forum.domain.themes.themes import ThemeHead
from forum.models.proposals import IN_FORCE_SQL
from forum.text.folding import fold
from forum.text.similarity import Fingerprint, fingerprint, nearest

# How many are shown under each of many lines: nobody would read more.
MOST_A_TEXT = 3


@dataclass(frozen=True, slots=True)
class ComparedProposal:
    """A proposal in force as it is compared; `meeting` is the number of the meeting that it comes from."""

    reference: str
    wording: str
    meeting: int | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal that may ask for the same as a text: the words of the text that it also has, or all of them."""

    proposal: ComparedProposal
    common: tuple[str, ...]
    is_same: bool


def compared(wording: str) -> str:
    """A wording without differences that do not matter: accents, case, the final full stop."""
    return fold(wording).rstrip(" .;,")


async def suggest(theme: ThemeHead, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
    """For each text the similar proposals, the most similar first; one query, compared off the event loop."""
    found = await rows(
        f"""
        SELECT p.number, p.wording, m.number AS meeting
          FROM proposal p LEFT JOIN meeting m ON m.id = p.meeting_id
         WHERE p.theme_id = $1 AND p.state IN {IN_FORCE_SQL} ORDER BY p.number""",
        theme.id,
    )
    candidates = [
        ComparedProposal(reference(theme.number, each["number"]), each["wording"], each["meeting"]) for each in found
    ]
    return await run_sync(_suggest, candidates, texts)


def _suggest(candidates: Sequence[ComparedProposal], texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
    prints = {place: fingerprint(each.wording) for place, each in enumerate(candidates)}
    same: dict[str, int] = {}
    for place, each in enumerate(candidates):
        same.setdefault(compared(each.wording), place)
    return [_suggest_for(text, candidates, prints, same.get(compared(text))) for text in texts]


def _suggest_for(
    text: str, candidates: Sequence[ComparedProposal], prints: dict[int, Fingerprint], same: int | None
) -> tuple[Suggestion, ...]:
    """Suggestions for one text. Identical words come first, even when they consist of stop words only."""
    found = [] if same is None else [Suggestion(candidates[same], (), is_same=True)]
    for place, likeness in nearest(fingerprint(text), prints, most=MOST_A_TEXT):
        if place != same and len(found) < MOST_A_TEXT:
            found.append(Suggestion(candidates[place], likeness.common, is_same=False))
    return tuple(found)
