"""Is a synthesis still what this server holds? What nobody else can check: the slate, the groups, the whole ballots.

The ballots of a closed vote do not change, so the same question asked again gives the same figures: what was frozen is
compared with what would be frozen now. Where votes were opened again since, they may have changed, and it is said.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from forum.database import row, rows, transaction
from forum.domain.syntheses.documents import file_name_of
from forum.domain.syntheses.frozen_data import sheets_of
from forum.domain.syntheses.snapshot_queries import freeze, hold_still, read_introductions
from forum.domain.syntheses.snapshots import Snapshot, SynthesisKind, from_json, instant
from forum.errors import Invalid

_OF_A_THEME: Final = ("picks", "compared", "preferred", "groups", "excluded_voters", "excluded_ballots")
_OF_A_PROPOSAL: Final = ("tally", "said", "cells", "pending", "with_excluded")


async def differences_here(parts: Mapping[str, bytes], digest: str, now: datetime) -> list[str]:
    """How files, given by name, differ from the synthesis of this server whose data have that SHA-256, and its data
    from the ballots; in French, empty when they agree. For the command line: rights are not checked."""
    found = await row(
        """SELECT s.id, s.snapshot, s.version, s.draft, s.requested_at, s.theme_id, th.number, '' AS format
             FROM synthesis s LEFT JOIN theme th ON th.id = s.theme_id WHERE s.snapshot_sha256 = $1""",
        digest,
    )
    if found is None:
        return ["Ce serveur n’a aucune synthèse de cette empreinte."]
    snapshot, name = found["snapshot"].encode(), file_name_of(found)
    kept = {f"{name}{end}": content for end, content in (await sheets_of(snapshot)).items()}
    for one in await rows("SELECT format, content FROM document WHERE synthesis_id = $1", found["id"]):
        if one["format"] != "zip" and one["content"] is not None:
            kept[file_name_of({**dict(found), "format": one["format"]})] = bytes(one["content"])
    kept[f"{name}figees.json"] = snapshot
    lines = [f"{each} n’est pas le fichier de ce serveur." for each in sorted(kept) if parts.get(each) != kept[each]]
    if hashlib.sha256(snapshot).hexdigest() != digest:
        return [*lines, "Les données figées de la base ne sont plus celles de leur empreinte."]
    try:
        return [*lines, *(await _since(from_json(snapshot), found["theme_id"], now))]
    except Invalid as problem:
        return [*lines, str(problem)]


async def _since(frozen: Snapshot, theme: int | None, now: datetime) -> list[str]:
    if frozen.kind is not SynthesisKind.FINAL:
        return []
    closes = {each["number"]: each["votes_close_at"] for each in await rows("SELECT number, votes_close_at FROM theme")}
    moved = [each.number for each in frozen.themes if each.votes and not _is(closes.get(each.number), each.votes.end)]
    if moved:
        numbers = ", ".join(map(str, moved))
        return [f"Les votes ont rouvert depuis (thème {numbers}) : leurs votes entiers ne se vérifient plus ici."]
    introductions = await read_introductions()
    async with transaction():
        await hold_still()
        fresh = await freeze(theme, now, introductions)
    return list(_compared(asdict(frozen), asdict(fresh)))


def _is(moment: datetime | None, written: str) -> bool:
    return moment is not None and instant(moment) == written


def _compared(frozen: dict[str, Any], fresh: dict[str, Any]) -> Iterator[str]:
    themes = {each["number"]: each for each in fresh["themes"]}
    for each in frozen["themes"]:
        for key in _OF_A_THEME:
            if each[key] != themes[each["number"]][key]:
                yield f"Thème {each['number']} : {key} n’est plus ce que donnent les votes."
    proposals = {each["reference"]: each for each in fresh["proposals"]}
    for each in frozen["proposals"]:
        now = proposals.get(each["reference"], {})
        for key in _OF_A_PROPOSAL:
            if each[key] != now.get(key):
                yield f"{each['reference']} : {key} n’est plus ce que donnent les votes."
    if any(frozen["participation"][key] != fresh["participation"][key] for key in ("voters", "ballots")):
        yield "Le nombre de votants ou de votes n’est plus celui que donne la base."
