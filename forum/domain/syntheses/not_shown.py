"""Which words of a synthesis are no longer shown? Those of contributions and proposals that were hidden or withdrawn
since its data were frozen. Its bytes do not change; its page says so, and warns whoever would publish it."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from anyio import to_thread

from forum.database import row, rows
from forum.domain.references import reference
from forum.domain.syntheses.written import from_line
from forum.domain.withheld import ASIDE_COLUMNS, HIDDEN_WORDING, Aside, aside_from


@dataclass(frozen=True, slots=True)
class NotShown:
    """A contribution, by its number, or a proposal, by its reference."""

    post: int | None
    reference: str | None
    aside: Aside


async def no_longer_shown(synthesis: int) -> tuple[NotShown, ...]:
    """What the data of that synthesis hold of the words that are kept aside now; nearly always nothing is."""
    found = await rows(
        f"""
        SELECT CASE WHEN k.table_name = 'post' THEN k.row_id END AS post, t.number AS theme, p.number, {ASIDE_COLUMNS}
          FROM withheld k
          LEFT JOIN proposal p ON k.table_name = 'proposal' AND p.id = k.row_id LEFT JOIN theme t ON t.id = p.theme_id
         WHERE k.table_name IN ('post', 'proposal') ORDER BY k.id"""
    )
    if not found or not (data := await row("SELECT snapshot, written FROM synthesis WHERE id = $1", synthesis)):
        return ()
    posts, references = await to_thread.run_sync(_held, data["snapshot"], data["written"])
    every = (
        NotShown(each["post"], reference(each["theme"], each["number"]) if each["number"] else None, aside)
        for each in found
        if (aside := aside_from(each)) is not None
    )
    return tuple(each for each in every if each.post in posts or each.reference in references)


def _held(snapshot: str, written: str) -> tuple[Collection[int], Collection[str]]:
    """The contributions whose words are in frozen data, and the proposals; one that was hidden before has only its
    figures there."""
    facts = json.loads(snapshot)
    proposals = [each for each in facts.get("proposals", ()) if each["wording"] != HIDDEN_WORDING]
    references = {each["reference"] for each in proposals}
    sources = {each["source"]["post"] for each in proposals if each.get("source")}
    quoted = {quote.post for block in from_line(written).blocks for quote in block.quotes if quote.words}
    return sources | quoted | {each["post"] for each in facts.get("verbatims", ())}, references
