"""What did somebody do, as moderator or agent, with the words and proposals of all? For `personal_data.py`."""

from collections.abc import Mapping
from typing import Any, Final

from forum.database import moment, rows
from forum.domain.references import reference
from forum.settings import settings

# Part of the archive: its query, of rows about a proposal or a post, and the keys under which columns are told.
_PARTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "etapes": (
        """SELECT x.id, x.turn, x.version, x.reason, x.at, p.number, t.number AS theme
             FROM proposal_turn x JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"turn": "acte", "version": "version", "reason": "motif", "at": "le"},
    ),
    "regroupements": (
        """SELECT x.reason, x.merged_at, x.undone_at, p.number, t.number AS theme
             FROM proposal_merge x JOIN proposal p ON p.id = x.source_id JOIN theme t ON t.id = p.theme_id
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"reason": "motif", "merged_at": "le", "undone_at": "defait_le"},
    ),
    "distinctions": (
        """SELECT x.created_at, p.number, t.number AS theme
             FROM distinction x JOIN proposal p ON p.id = x.one_id JOIN theme t ON t.id = p.theme_id
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"created_at": "le"},
    ),
    "corrections_certifiees": (
        """SELECT x.number AS version, x.certified_at, p.number, t.number AS theme
             FROM proposal_version x JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id
            WHERE x.certifier_id = $1 ORDER BY x.id""",
        {"version": "version", "certified_at": "le"},
    ),
    "contributions_traitees": (
        """SELECT x.post_id, x.outcome, x.reason, x.treated_at, NULL AS number FROM treatment x
            WHERE x.member_id = $1 ORDER BY x.id""",
        {"outcome": "etat", "reason": "motif", "treated_at": "le"},
    ),
    "reponses_officielles": (
        """SELECT x.decision, x.reason, x.service, x.created_at, p.number, t.number AS theme
             FROM answer x JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id
            WHERE x.agent_id = $1 ORDER BY x.id""",
        {"decision": "decision", "reason": "motif", "service": "service", "created_at": "le"},
    ),
    "engagements": (
        """SELECT x.words, x.done_words, x.created_at, p.number, t.number AS theme
             FROM obligation x JOIN proposal p ON p.id = x.proposal_id JOIN theme t ON t.id = p.theme_id
            WHERE x.agent_id = $1 ORDER BY x.id""",
        {"words": "engagement", "done_words": "fait", "created_at": "le"},
    ),
}
_MOMENTS: Final = frozenset({"at", "merged_at", "undone_at", "created_at", "certified_at", "treated_at"})


async def acts_of(member: int) -> dict[str, list[dict[str, Any]]]:
    """Each part with what the member did, in order; keys are French, since the person reads them."""
    return {name: await _part(member, query, keys) for name, (query, keys) in _PARTS.items()}


async def _part(member: int, query: str, keys: Mapping[str, str]) -> list[dict[str, Any]]:
    told = []
    for one in await rows(query, member):
        about_post = one["number"] is None
        ref = None if about_post else reference(one["theme"], one["number"])
        place = f"/contributions/{one['post_id']}" if about_post else f"/propositions/{ref}"
        said = {key: _told(column, one[column]) for column, key in keys.items()}
        told.append({"sur": f"{settings().site.base_url}{place}", **said})
    return told


def _told(column: str, value: Any) -> Any:
    if column not in _MOMENTS:
        return value
    at = moment(value)
    return None if at is None else at.isoformat(timespec="seconds")
