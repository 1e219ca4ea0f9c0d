"""How does an act lock a proposal, whom does it notify, and which pages does it make stale?

Every act on a proposal holds its theme alone, so that no ballot, no other act and no close comes between the check and
the write.
"""

from dataclasses import dataclass
from datetime import datetime

from forum.database import row, rows
from forum.domain.references import parse_reference
from forum.domain.themes.themes import Hold, ThemeHead, find_theme, hold_theme, raise_versions
from forum.errors import NotFound
from forum.models.proposals import ProposalState
from forum.permissions import owner_of


@dataclass(frozen=True, slots=True)
class HeldProposal:
    """A proposal as the caller's transaction must judge it; `thread` is the one that shows it under its words.

    `substance` is the oldest version on which ballots count, `rewrites` counts what took words out of it otherwise than
    by a new version.
    """

    id: int
    reference: str
    theme: ThemeHead
    thread: int | None
    state: ProposalState
    author: int | None
    promoter: int | None
    wording: str
    body: str
    version: int
    substance: int
    rewrites: int

    @property
    def mark(self) -> int:
        """What the form of an amendment holds: greater after each version, and once moderators or an erasure took words
        out."""
        return self.version + self.rewrites

    @property
    def owner(self) -> int | None:
        """The owner of the proposal."""
        return owner_of(self.author, self.promoter)

    @property
    def makers(self) -> frozenset[int]:
        """Its author and its promoter."""
        return frozenset(member for member in (self.author, self.promoter) if member is not None)


async def hold_proposal(ref: str, now: datetime, *, hold: Hold | None = Hold.ALONE) -> HeldProposal:
    """The proposal, its theme held alone until the commit; `hold` None only reads it, for a form.

    Raises:
        NotFound: there is no such proposal.
    """
    theme_number, number = parse_reference(ref)
    theme = await (find_theme(theme_number) if hold is None else hold_theme(theme_number, hold, now))
    # A separate statement: it must see what was written while waiting for the theme.
    found = await row(
        """
        SELECT p.id, p.state, p.author_id, p.promoter_id, p.wording, p.body, p.version, p.substance, p.rewrites,
               c.thread_id
          FROM proposal p LEFT JOIN extract e ON e.id = p.extract_id LEFT JOIN post c ON c.id = e.post_id
         WHERE p.theme_id = $1 AND p.number = $2""",
        theme.id,
        number,
    )
    if found is None:
        raise NotFound
    return HeldProposal(
        id=found["id"],
        reference=ref,
        theme=theme,
        thread=found["thread_id"],
        state=ProposalState(found["state"]),
        author=found["author_id"],
        promoter=found["promoter_id"],
        wording=found["wording"],
        body=found["body"],
        version=found["version"],
        substance=found["substance"],
        rewrites=found["rewrites"],
    )


async def show_change(held: HeldProposal) -> None:
    """Make the cached pages that show the proposal stale."""
    await raise_versions(theme=held.theme.id, thread=held.thread)


async def voters_of_proposal(proposal: int) -> set[int]:
    """The people with a ballot on it, whatever the version. For notifications, never to be counted on a page."""
    return {each["voter_id"] for each in await rows("SELECT voter_id FROM ballot WHERE proposal_id = $1", proposal)}
