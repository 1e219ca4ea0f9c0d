"""Which ballots does a proposal hold for others that were merged into it?

Computed again whenever a merge is made or undone.

A voter's own ballot on a proposal counts. Without one, the ballot that they have on the first of the proposals merged
into it, in the order of the merges, is carried there: it says from which proposal it comes, with the version at the
time of the merge. A ballot carried to a proposal that is itself merged is carried on with it.

Not carried: a ballot on words that have changed in substance since (it waits to be confirmed), and that of somebody who
last withdrew their ballot on the destination. A carried ballot may exceed what a theme allows each person: nobody loses
a vote because two proposals turned out to be one.

So the result depends only on the voters' own ballots, the merges in force and the withdrawals: undoing a merge restores
the exact former tallies. Statements work on sets of rows, whatever the number of voters.
"""

from datetime import datetime

from forum.database import row, rows
from forum.domain.themes.ballots import WELL_FORMED

_WANTED = f"""
    WITH withdrawn AS (
        SELECT voter_id FROM ballot_change
         WHERE opinion IS NULL AND NOT by_merge
           AND id IN (SELECT MAX(id) FROM ballot_change WHERE proposal_id = $1 GROUP BY voter_id)
    ), offered AS (
        SELECT b.voter_id, b.opinion, b.cast_at, COALESCE(b.carried_from_id, b.proposal_id) AS origin, u.version,
               ROW_NUMBER() OVER (PARTITION BY b.voter_id ORDER BY m.id) AS place
          FROM proposal_merge m
          JOIN proposal s ON s.id = m.source_id
          JOIN theme t ON t.id = s.theme_id
          JOIN ballot b ON b.proposal_id = s.id AND b.proposal_version >= s.substance AND {WELL_FORMED}
          JOIN proposal_turn u ON u.id = (
               SELECT MAX(r.id) FROM proposal_turn r
                WHERE r.proposal_id = $1 AND r.other_id = m.source_id AND r.turn = 'received')
          LEFT JOIN ballot o ON o.proposal_id = $1 AND o.voter_id = b.voter_id AND o.carried_from_id IS NULL
         WHERE m.destination_id = $1 AND m.undone_at IS NULL AND o.id IS NULL
           AND b.voter_id NOT IN (SELECT voter_id FROM withdrawn)
    ), wanted AS MATERIALIZED (
        SELECT voter_id, opinion, cast_at, origin, version FROM offered WHERE place = 1
    )"""
_UNWANTED = """
          FROM ballot b
          LEFT JOIN wanted w ON w.voter_id = b.voter_id AND w.origin = b.carried_from_id AND w.opinion = b.opinion
                            AND w.version = b.proposal_version AND w.cast_at = b.cast_at
         WHERE b.proposal_id = $1 AND b.carried_from_id IS NOT NULL AND w.voter_id IS NULL"""
_MISSING = """
          FROM wanted w LEFT JOIN ballot b ON b.proposal_id = $1 AND b.voter_id = w.voter_id
         WHERE b.id IS NULL
         ORDER BY w.voter_id"""


async def carry_again(proposal: int, now: datetime) -> None:
    """Recompute the carried ballots of this proposal, and of each one that it is merged into, up to the one in force.

    Inside the caller's transaction, which holds the theme alone and has written its merges, turns and states. Every
    change is in the history of ballots, marked as made by a merge.
    """
    at: int | None = proposal
    while at is not None:
        await _carry(at, now)
        further = await row("SELECT destination_id FROM proposal_merge WHERE source_id = $1 AND undone_at IS NULL", at)
        at = further["destination_id"] if further else None


async def _carry(proposal: int, now: datetime) -> None:
    remembered = "INSERT INTO ballot_change (proposal_id, voter_id, opinion, proposal_version, by_merge, changed_at)"
    await rows(
        f"{_WANTED} {remembered} SELECT b.proposal_id, b.voter_id, NULL, b.proposal_version, TRUE, $2 {_UNWANTED}",
        proposal,
        now,
    )
    await rows(f"{_WANTED} DELETE FROM ballot WHERE id IN (SELECT b.id {_UNWANTED})", proposal)
    await rows(
        f"{_WANTED} {remembered} SELECT $1, w.voter_id, w.opinion, w.version, TRUE, $2 {_MISSING}", proposal, now
    )
    await rows(
        f"""
        {_WANTED}
        INSERT INTO ballot (proposal_id, voter_id, opinion, proposal_version, cast_at, carried_from_id,
                            profession, territory)
        SELECT $1, w.voter_id, w.opinion, w.version, w.cast_at, w.origin,
               (SELECT m.profession FROM member m WHERE m.id = w.voter_id),
               (SELECT m.territory FROM member m WHERE m.id = w.voter_id) {_MISSING}""",
        proposal,
    )
