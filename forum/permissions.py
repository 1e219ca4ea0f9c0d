"""Who may do what, when: each predicate is *role AND state of the thing AND schedule*, and a refusal says why.

Pure and synchronous. The role is read in one place, `_by_role`, in the table of `rights.py`. The domain asks before it
acts: `viewer = demand(may_vote, viewer, …)` gives back who acts, who is never None. Doors and templates ask the same
predicates what to show. A visitor is None. What somebody may not know of is `HIDDEN`: it answers 404, like something
that never existed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Concatenate, ParamSpec

from forum.errors import NotAllowed, NotFound, SignInRequired
from forum.models.members import Role
from forum.models.posts import PostState
from forum.models.proposals import ProposalState
from forum.rights import HELD_BACK, REASONS, Action, Cell, Standing, cell_of
from forum.text.typography import PARIS


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who asks, as read once at the door; `groups` are the working groups that they moderate."""

    id: int
    name: str
    handle: str
    role: Role = Role.MEMBER
    groups: frozenset[int] = frozenset()
    confirmed: bool = True
    suspended_until: datetime | None = None
    suspended_reason: str = ""
    lacks_factor: bool = False
    """They moderate or are staff, and have not set up the second factor that these roles require."""
    locale: str = "fr"
    unread: int = 0
    to_treat: int = 0
    to_decide: int = 0
    """What waits for somebody who moderates: contributions, and cases with complaints."""

    def is_suspended(self, now: datetime) -> bool:
        return self.suspended_until is not None and now < self.suspended_until

    @property
    def is_staff(self) -> bool:
        """Agent or administrator."""
        return self.role in (Role.AGENT, Role.ADMINISTRATOR)

    @property
    def needs_factor(self) -> bool:
        """Whether they have a role that requires a second factor."""
        return asks_for_factor(self.role, self.groups)


def asks_for_factor(role: Role, groups: frozenset[int]) -> bool:
    """Whether such a person must have a second factor: moderators, agents and administrators, who may act on others,
    need more than a password."""
    return role is not Role.MEMBER or bool(groups)


COUNTING = timedelta(minutes=1)
"""After a close at its hour, how long the votes that arrived before it may still take to be written."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The windows of a theme, half-open [start, end), in server time; None: not decided yet.

    A vote counts when it arrives before the close, even if it is written a little later. So nothing of the result is
    published before every such vote is counted: `COUNTING` after a close at its hour. `closed_by_hand`: at once, since
    that close waits for the votes under way.
    """

    contributions_open_at: datetime | None
    contributions_close_at: datetime | None
    votes_open_at: datetime | None
    votes_close_at: datetime | None
    sealed: bool = True
    closed_by_hand: bool = False

    def contributions_are_open(self, now: datetime) -> bool:
        return _is_within(self.contributions_open_at, self.contributions_close_at, now)

    def votes_are_open(self, now: datetime) -> bool:
        return _is_within(self.votes_open_at, self.votes_close_at, now)

    def votes_are_closed(self, now: datetime) -> bool:
        """Voting took place and is over."""
        return self.votes_open_at is not None and self.votes_close_at is not None and now >= self.votes_close_at

    @property
    def counted_at(self) -> datetime | None:
        """From when on every vote is counted; None when no close is decided."""
        if self.votes_close_at is None or self.closed_by_hand:
            return self.votes_close_at
        return self.votes_close_at + COUNTING

    def votes_are_counted(self, now: datetime) -> bool:
        """Voting took place, is over, and no vote that arrived in time can still be added: the result is public."""
        return self.votes_are_closed(now) and self.counted_at is not None and now >= self.counted_at

    def votes_are_being_counted(self, now: datetime) -> bool:
        """Voting ended a moment ago: the last votes are being written, and nothing of the result is public."""
        return self.votes_are_closed(now) and not self.votes_are_counted(now)

    def tallies_are_public(self, now: datetime) -> bool:
        """A sealed vote shows nothing before all its votes are counted: no count, order, export or ETag."""
        return self.votes_are_counted(now) or (not self.sealed and _is_past(self.votes_open_at, now))

    def is_over(self, now: datetime) -> bool:
        """The votes are closed, or the contributions are where no vote was ever called."""
        if self.votes_open_at is None:
            return _is_past(self.contributions_close_at, now)
        return self.votes_are_closed(now)

    def phase(self, now: datetime) -> str:
        """Everything in a page that depends on this schedule at `now`, as a short key for caches."""
        return "".join(
            "10"[not flag]
            for flag in (
                self.contributions_are_open(now),
                self.votes_are_open(now),
                self.votes_are_closed(now),
                self.votes_are_counted(now),
                self.tallies_are_public(now),
                _is_past(self.contributions_close_at, now),
            )
        )


def _is_within(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    return start is not None and start <= now and (end is None or now < end)


def _is_past(end: datetime | None, now: datetime) -> bool:
    return end is not None and now >= end


class RefusalKind(StrEnum):
    """How a refusal is answered: nothing, the sign-in page, 403 or 404."""

    ALLOWED = "allowed"
    SIGN_IN = "sign in"
    REFUSED = "refused"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Verdict:
    """True when allowed; otherwise the sentence that the person reads, with what fills its blanks."""

    kind: RefusalKind
    sentence: str = ""
    values: tuple[tuple[str, object], ...] = ()

    def __bool__(self) -> bool:
        return self.kind is RefusalKind.ALLOWED

    def require(self) -> None:
        """Raises:
        SignInRequired, NotAllowed, NotFound: according to the kind of refusal.
        """
        if self.kind is RefusalKind.SIGN_IN:
            raise SignInRequired(self.sentence)
        if self.kind is RefusalKind.REFUSED:
            raise NotAllowed(self.sentence, values=dict(self.values))
        if self.kind is RefusalKind.HIDDEN:
            raise NotFound


Asked = ParamSpec("Asked")


def demand(
    may: Callable[Concatenate[Viewer | None, Asked], Verdict],
    viewer: Viewer | None,
    *args: Asked.args,
    **kwargs: Asked.kwargs,
) -> Viewer:
    """The viewer, once a predicate allows what only members do (what visitors may do too only `require`s a verdict).

    The verdict itself names nobody: it is part of the keys of pages that many readers share.

    Raises:
        SignInRequired, NotAllowed, NotFound: according to the kind of refusal.
    """
    may(viewer, *args, **kwargs).require()
    if viewer is None:
        raise SignInRequired(SIGN_IN.sentence)
    return viewer


ALLOWED = Verdict(RefusalKind.ALLOWED)
HIDDEN = Verdict(RefusalKind.HIDDEN)


def _refused(sentence: str, *values: tuple[str, object]) -> Verdict:
    return Verdict(RefusalKind.REFUSED, sentence, values)


SIGN_IN = Verdict(RefusalKind.SIGN_IN, "Connectez-vous pour continuer.")


def standings_of(viewer: Viewer | None, group: int | None, now: datetime) -> tuple[Standing, ...]:
    """Every standing of somebody towards a thing of that working group (None: it belongs to no group).

    A person whose account is restricted (not confirmed, suspended, without second factor) has no other standing
    meanwhile.
    """
    if viewer is None:
        return (Standing.VISITOR,)
    if not viewer.confirmed:
        return (Standing.UNCONFIRMED,)
    if viewer.is_suspended(now):
        return (Standing.SUSPENDED,)
    if viewer.lacks_factor:
        return (Standing.WITHOUT_FACTOR,)
    role = _ROLES[viewer.role]
    if not viewer.groups:
        return (role,)
    return (role, Standing.MODERATOR if group in viewer.groups else Standing.OTHER_MODERATOR)


_ROLES = {
    Role.MEMBER: Standing.MEMBER,
    Role.AGENT: Standing.AGENT,
    Role.ADMINISTRATOR: Standing.ADMINISTRATOR,
}
# Earlier than the end of any suspension: for rights that no suspension takes away, the time does not matter.
_ANY_TIME = datetime.min.replace(tzinfo=UTC)


def _by_role(
    action: Action, viewer: Viewer | None, now: datetime, *, group: int | None = None, opened: bool = False
) -> Verdict:
    """What the table says; `opened` is the setting that lifts its bars."""
    return _with_end(_judge(action, standings_of(viewer, group, now), opened), viewer, now)


@cache
def _judge(action: Action, standings: tuple[Standing, ...], opened: bool) -> Verdict:
    cell = cell_of(action, standings)
    if cell is Cell.ALLOWED or (cell is Cell.BARRED and opened):
        return ALLOWED
    if cell is Cell.HIDDEN:
        return HIDDEN
    if cell is Cell.SIGN_IN:
        return SIGN_IN
    return _refused(HELD_BACK.get(standings[0]) or REASONS[action])


def may_act(viewer: Viewer | None, now: datetime) -> Verdict:
    """What a write checks before it knows its object: the person is signed in, with an account that is not
    restricted."""
    standing = standings_of(viewer, None, now)[0]
    if standing is Standing.VISITOR:
        return SIGN_IN
    return _with_end(_refused(HELD_BACK[standing]), viewer, now) if standing in HELD_BACK else ALLOWED


def _with_end(verdict: Verdict, viewer: Viewer | None, now: datetime) -> Verdict:
    """The refusal, with the end of the suspension and its reason when there is one."""
    if verdict.sentence != HELD_BACK[Standing.SUSPENDED] or viewer is None:
        return verdict
    until = ("until", viewer.suspended_until)
    if not viewer.suspended_reason:
        return _refused("Votre compte est suspendu jusqu’au {until}.", until)
    return _refused(
        "Votre compte est suspendu jusqu’au {until}. Raison : {reason}", until, ("reason", viewer.suspended_reason)
    )


def may_keep_own_account(viewer: Viewer | None) -> Verdict:
    """See, export, correct and erase one's own account: anybody signed in, even suspended or not confirmed."""
    return _by_role(Action.KEEP_ACCOUNT, viewer, _ANY_TIME)


def may_turn_factor_off(viewer: Viewer | None, *, required: bool) -> Verdict:
    """Go back to signing in without a second factor; `required` is the setting that demands one of people who act on
    others."""
    if viewer is not None and viewer.needs_factor and required:
        return _refused("Votre rôle demande la double authentification : remplacez la clé, au lieu de la désactiver.")
    return may_keep_own_account(viewer)


def may_mark_read(viewer: Viewer | None) -> Verdict:
    """Note how far one has read, and see what one has not: anybody signed in."""
    return _by_role(Action.MARK_READ, viewer, _ANY_TIME)


def may_keep_drafts(viewer: Viewer | None) -> Verdict:
    """Keep drafts of contributions, read and delete one's own: anybody signed in."""
    return _by_role(Action.KEEP_DRAFTS, viewer, _ANY_TIME)


def may_follow(viewer: Viewer | None) -> Verdict:
    """Follow themes, threads, proposals and meetings: anybody signed in."""
    return _by_role(Action.FOLLOW, viewer, _ANY_TIME)


def may_stop_mails(viewer: Viewer | None) -> Verdict:
    """End mails about news, by the link of one of them: whoever holds it."""
    return _by_role(Action.STOP_MAILS, viewer, _ANY_TIME)


def may_read_notifications(viewer: Viewer | None) -> Verdict:
    """Read one's own notifications: anybody signed in."""
    return _by_role(Action.READ_NOTIFICATIONS, viewer, _ANY_TIME)


def may_read_own_ballot(viewer: Viewer | None) -> Verdict:
    """Read one's own ballot: anybody signed in; nobody reads another person's."""
    return _by_role(Action.READ_OWN_BALLOT, viewer, _ANY_TIME)


def may_administer(viewer: Viewer | None, now: datetime) -> Verdict:
    """See accounts, grant roles and groups, suspend, invite: administrators."""
    return _by_role(Action.ADMINISTER, viewer, now)


def may_correct_person(viewer: Viewer | None, member: int, now: datetime) -> Verdict:
    """Correct the name or the organisation of somebody: administrators, not their own."""
    by_role = _by_role(Action.CORRECT_PERSON, viewer, now)
    if by_role and _is_own(viewer, member):
        return _refused("C’est votre nom : changez-le dans votre compte.")
    return by_role


def may_exclude_votes(viewer: Viewer | None, member: int, now: datetime) -> Verdict:
    """Leave the votes of somebody out of every count: administrators, not their own."""
    by_role = _by_role(Action.EXCLUDE_VOTES, viewer, now)
    if by_role and _is_own(viewer, member):
        return _refused("Ce sont vos votes : une autre personne en décide.")
    return by_role


def may_operate(viewer: Viewer | None, now: datetime) -> Verdict:
    """See how the site is (jobs, mails, room), let what waits begin: administrators."""
    return _by_role(Action.OPERATE, viewer, now)


def may_read_address(viewer: Viewer | None, now: datetime) -> Verdict:
    """See somebody else's address: administrators, and the journal notes each look; for others the address does not
    exist."""
    return _by_role(Action.READ_ADDRESS, viewer, now)


def may_read_journal(viewer: Viewer | None, group: int | None, now: datetime) -> Verdict:
    """Staff read all of the journal, moderators what concerns their groups; for others it does not exist."""
    return _by_role(Action.READ_JOURNAL, viewer, now, group=group)


def may_open_journal(viewer: Viewer | None, now: datetime) -> Verdict:
    """Open the page of the journal, with all of it or with what concerns a group of theirs."""
    groups = viewer.groups if viewer else ()
    return next((found for group in (None, *groups) if (found := may_read_journal(viewer, group, now))), HIDDEN)


def may_contribute(viewer: Viewer | None, schedule: Schedule, now: datetime, *, locked: bool = False) -> Verdict:
    """Post, reply, quote: members, while contributions are open; in a locked thread, nobody."""
    verdict = _by_role(Action.CONTRIBUTE, viewer, now) and _while_contributions_are_open(schedule, now)
    if verdict and locked:
        return _refused("L’équipe de modération a verrouillé ce fil : il ne reçoit plus de contribution.")
    return verdict


def _while_contributions_are_open(schedule: Schedule, now: datetime) -> Verdict:
    if schedule.contributions_are_open(now):
        return ALLOWED
    if _is_past(schedule.contributions_close_at, now):
        return _refused("Les contributions à ce thème sont closes.")
    return _refused("Les contributions à ce thème ne sont pas encore ouvertes.")


def may_edit_post(
    viewer: Viewer | None,
    author: int | None,
    schedule: Schedule,
    now: datetime,
    *,
    state: PostState = PostState.SHOWN,
) -> Verdict:
    """One's own words only, shown, while contributions are open: nobody edits somebody else's."""
    action = Action.EDIT_OWN_POST if _is_own(viewer, author) else Action.EDIT_OTHER_POST
    by_role = _by_role(action, viewer, now)
    if by_role and state is not PostState.SHOWN:
        return _refused(_NOT_SHOWN[state])
    return by_role and _while_contributions_are_open(schedule, now)


def may_withdraw_post(viewer: Viewer | None, author: int | None, now: datetime) -> Verdict:
    """Take one's own words back: at any time, even suspended, not confirmed or without a second factor."""
    action = Action.WITHDRAW_OWN_POST if _is_own(viewer, author) else Action.WITHDRAW_OTHER_POST
    return _by_role(action, viewer, now)


def may_put_post_back(viewer: Viewer | None, author: int | None, schedule: Schedule, now: datetime) -> Verdict:
    """Show one's own words again: as long as contributions are open."""
    action = Action.PUT_POST_BACK if _is_own(viewer, author) else Action.WITHDRAW_OTHER_POST
    return _by_role(action, viewer, now) and _while_contributions_are_open(schedule, now)


def may_read_pending(viewer: Viewer | None, group: int, author: int | None, now: datetime) -> Verdict:
    """Read a contribution that waits for moderators: whoever wrote it, whatever became of their account; those who
    moderate the group. For others it does not exist."""
    if _is_own(viewer, author):
        return ALLOWED
    return _by_role(Action.READ_OTHER_PENDING, viewer, now, group=group)


def may_reuse(state: PostState) -> Verdict:
    """Quote a contribution, keep or propose words of it, say how its reading ended: as long as its words are shown."""
    return ALLOWED if state is PostState.SHOWN else _refused(_NOT_REUSED[state])


_NOT_REUSED = {
    PostState.HIDDEN: "Cette contribution est masquée.",
    PostState.WITHDRAWN: "Cette contribution est retirée.",
}
_NOT_SHOWN = {
    PostState.HIDDEN: "Cette contribution est masquée. Elle ne peut pas être modifiée.",
    PostState.WITHDRAWN: "Cette contribution est retirée. Affichez-la de nouveau pour la modifier.",
}


def _is_own(viewer: Viewer | None, author: int | None) -> bool:
    return viewer is not None and author == viewer.id


def may_moderate(viewer: Viewer | None, group: int, now: datetime) -> Verdict:
    """Tag and untag meetings, create meetings, enter minutes: moderators of that group, administrators."""
    return _by_role(Action.MODERATE, viewer, now, group=group)


def may_arrange(viewer: Viewer | None, group: int, now: datetime) -> Verdict:
    """Rename, lock, pin or move a thread of that group, or its contributions: its moderators, administrators."""
    return _by_role(Action.ARRANGE_THREADS, viewer, now, group=group)


def may_enter_received(viewer: Viewer | None, group: int, schedule: Schedule, now: datetime) -> Verdict:
    """Enter contributions received elsewhere: moderators of that group, administrators, until the votes close. What
    arrived by letter in time is often entered later: the day of receipt decides, see `received_in_time`."""
    by_role = may_forget_received(viewer, group, now)
    if by_role and schedule.votes_are_closed(now):
        return _refused("Les votes de ce thème sont clos : plus aucune contribution n’y entre.")
    return by_role


def received_in_time(day: date, schedule: Schedule, now: datetime) -> Verdict:
    """Whether a contribution received on that day, in Paris, counts: while contributions were open, and not later than
    today."""
    begins, ends = (datetime.combine(at, time(), PARIS) for at in (day, day + timedelta(days=1)))
    opened, closed = schedule.contributions_open_at, schedule.contributions_close_at
    if begins > now:
        return _refused("Ce jour est à venir. Indiquez le jour où la contribution a été reçue.")
    if opened is None or ends <= opened:
        return _refused("Les contributions à ce thème n’étaient pas encore ouvertes ce jour-là.")
    if closed is not None and begins >= closed:
        return _refused("Les contributions à ce thème étaient closes ce jour-là. Seules entrent celles reçues avant.")
    return ALLOWED


def may_forget_received(viewer: Viewer | None, group: int, now: datetime) -> Verdict:
    """Erase the name of the author of a contribution received elsewhere: moderators of that group, administrators, at
    any time."""
    return _by_role(Action.ENTER_RECEIVED, viewer, now, group=group)


def may_read_waiting_tags(viewer: Viewer | None, group: int, now: datetime) -> Verdict:
    """Read a meeting tag of a member, or a meeting known only by that tag, before a moderator of the group confirms
    it."""
    return _by_role(Action.READ_WAITING_TAGS, viewer, now, group=group)


def may_propose_from_post(
    viewer: Viewer | None, group: int, author: int | None, schedule: Schedule, now: datetime
) -> Verdict:
    """Make a proposal from a post: its author while contributions are open, moderators until the votes close."""
    as_moderator = _by_role(Action.PROPOSE_FROM_OTHER_POST, viewer, now, group=group)
    if as_moderator:
        return may_add_proposals(schedule, now)
    if not _is_own(viewer, author):
        return as_moderator
    return _by_role(Action.PROPOSE_FROM_OWN_POST, viewer, now) and _while_own_proposals_are_made(schedule, now)


def may_harvest(viewer: Viewer | None, group: int, author: int | None, schedule: Schedule, now: datetime) -> Verdict:
    """Keep an extract of a post: its author while contributions are open, moderators of the group at any time."""
    as_moderator = may_treat(viewer, group, now)
    if as_moderator or not _is_own(viewer, author):
        return as_moderator
    return _by_role(Action.HARVEST_OWN_POST, viewer, now) and _while_contributions_are_open(schedule, now)


def may_change_extract(
    viewer: Viewer | None, group: int, author: int | None, member: int | None, schedule: Schedule, now: datetime
) -> Verdict:
    """Change or remove an extract that `member` kept: moderators, and members who kept words of their own."""
    verdict = may_harvest(viewer, group, author, schedule, now)
    if not verdict or may_treat(viewer, group, now) or _is_own(viewer, member):
        return verdict
    return _refused("Un modérateur a retenu ces mots : il est le seul à pouvoir les changer.")


def may_treat(viewer: Viewer | None, group: int | None, now: datetime) -> Verdict:
    """Mark a post as treated, or as needing no follow-up: moderators of the group, administrators."""
    return _by_role(Action.HARVEST_OTHER_POST, viewer, now, group=group)


def may_open_inbox(viewer: Viewer | None, now: datetime) -> Verdict:
    """Open the list of posts to treat: whoever treats the posts of a group."""
    groups = viewer.groups if viewer else ()
    return next((found for group in groups if (found := may_treat(viewer, group, now))), may_treat(viewer, None, now))


def may_propose(viewer: Viewer | None, schedule: Schedule, now: datetime) -> Verdict:
    """Make a proposal of one's own: members, while contributions are open and votes are not over."""
    return _by_role(Action.PROPOSE, viewer, now) and _while_own_proposals_are_made(schedule, now)


def _while_own_proposals_are_made(schedule: Schedule, now: datetime) -> Verdict:
    return _while_contributions_are_open(schedule, now) and may_add_proposals(schedule, now)


def may_add_proposals(schedule: Schedule, now: datetime) -> Verdict:
    """Add a proposal to a theme: not once its votes are over, since nobody could vote on it."""
    if schedule.votes_are_closed(now):
        return _refused("Les votes de ce thème sont clos : une nouvelle proposition ne pourrait plus être jugée.")
    return ALLOWED


def may_draft(viewer: Viewer | None, schedule: Schedule, now: datetime) -> Verdict:
    """Keep a proposal for later: people who may propose, even before contributions open, as long as it can still be
    submitted."""
    by_role = _by_role(Action.PROPOSE, viewer, now)
    if by_role and _is_past(schedule.contributions_close_at, now):
        return _while_contributions_are_open(schedule, now)
    return by_role and may_add_proposals(schedule, now)


def owner_of(author: int | None, promoter: int | None) -> int | None:
    """The owner of a proposal: the author of its words or, for minutes, which have none, the person who entered it."""
    return promoter if author is None else author


def may_amend_proposal(
    viewer: Viewer | None,
    owner: int | None,
    schedule: Schedule,
    now: datetime,
    *,
    state: ProposalState = ProposalState.OPEN,
) -> Verdict:
    """Change the words of a proposal: its owner alone, while contributions or votes are open, as long as it is put to
    the vote."""
    action = Action.EDIT_OWN_PROPOSAL if _is_own(viewer, owner) else Action.EDIT_OTHER_PROPOSAL
    by_role = _by_role(action, viewer, now)
    if not by_role:
        return by_role
    if schedule.votes_are_closed(now):
        return _refused("Les votes de ce thème sont clos : une proposition jugée ne change plus.")
    if state is not ProposalState.OPEN:
        return _refused("Cette proposition n’est plus soumise au vote : elle ne change plus.")
    return ALLOWED if schedule.votes_are_open(now) else _while_contributions_are_open(schedule, now)


def may_merge(viewer: Viewer | None, group: int, schedule: Schedule, now: datetime) -> Verdict:
    """Merge proposals, undo a merge, mark two as different: moderators of the group, until the votes close."""
    by_role = may_moderate(viewer, group, now)
    if by_role and schedule.votes_are_closed(now):
        return _refused("Les votes de ce thème sont clos : on ne fusionne et on ne défusionne plus.")
    return by_role


def may_withdraw_proposal(viewer: Viewer | None, owner: int | None, schedule: Schedule, now: datetime) -> Verdict:
    """Withdraw a proposal: its owner, while contributions are open; later, the list that people vote on must not
    change.

    Votes may end before contributions do: what was voted on stays among the results.
    """
    action = Action.WITHDRAW_OWN_PROPOSAL if _is_own(viewer, owner) else Action.WITHDRAW_OTHER_PROPOSAL
    by_role = _by_role(action, viewer, now)
    if by_role and schedule.votes_are_closed(now):
        return _refused("Les votes de ce thème sont clos : une proposition jugée ne se retire plus.")
    return by_role and _while_contributions_are_open(schedule, now)


def may_set_aside(viewer: Viewer | None, group: int, schedule: Schedule, now: datetime) -> Verdict:
    """Set a proposal aside or put it to the vote again: moderators of that group, administrators, until the votes
    close."""
    by_role = _by_role(Action.SET_ASIDE, viewer, now, group=group)
    if by_role and schedule.votes_are_closed(now):
        return _refused("Les votes de ce thème sont clos : la liste jugée ne change plus.")
    return by_role


def may_certify(
    viewer: Viewer | None,
    group: int,
    editor: int | None,
    schedule: Schedule,
    now: datetime,
    *,
    is_open: bool = True,
) -> Verdict:
    """Certify that a version only corrects the one before: like `may_set_aside`, but never one's own version.

    It decides which ballots count, so somebody else must look, even at an administrator's version.
    """
    moderates = may_set_aside(viewer, group, schedule, now)
    if moderates and not is_open:
        return _refused("Cette proposition n’est plus soumise au vote : elle ne change plus.")
    if moderates and _is_own(viewer, editor):
        return _refused("C’est votre version : un autre modérateur dit si elle ne fait que corriger.")
    return moderates


def may_vote(
    viewer: Viewer | None,
    schedule: Schedule,
    now: datetime,
    *,
    state: ProposalState = ProposalState.OPEN,
    is_own: bool = False,
    staff_may_vote: bool = False,
    own_proposals: bool = True,
) -> Verdict:
    """Vote, change, withdraw: members, while votes are open; agents and administrators only by setting."""
    by_role = _by_role(Action.VOTE, viewer, now, opened=staff_may_vote)
    if not by_role:
        return by_role
    if is_own and not own_proposals:
        return _refused("On ne vote pas sur sa propre proposition.")
    if state is not ProposalState.OPEN:
        return _refused(_OUT_OF_THE_VOTE.get(state, "Cette proposition n’est plus soumise au vote."))
    if schedule.votes_are_closed(now):
        return _refused("Les votes sur ce thème sont clos.")
    if not schedule.votes_are_open(now):
        return _refused("Les votes sur ce thème ne sont pas encore ouverts.")
    return ALLOWED


_OUT_OF_THE_VOTE = {
    ProposalState.MERGED: "Cette proposition est fusionnée dans une autre : c’est sur l’autre que l’on vote désormais.",
    ProposalState.WITHDRAWN: "Cette proposition est retirée : elle n’est plus soumise au vote.",
    ProposalState.SET_ASIDE: "Cette proposition est écartée : elle n’est plus soumise au vote.",
    ProposalState.HIDDEN: "Cette proposition est masquée : elle n’est pas soumise au vote.",
}


def may_notify(viewer: Viewer | None, now: datetime) -> Verdict:
    """Notify moderators of words that one reads: anybody."""
    return _by_role(Action.NOTIFY, viewer, now)


def may_read_notices(viewer: Viewer | None, group: int | None, now: datetime) -> Verdict:
    """Read what was notified, take charge of a case: moderators of the group, administrators."""
    return _by_role(Action.READ_NOTICES, viewer, now, group=group)


def may_open_notices(viewer: Viewer | None, now: datetime) -> Verdict:
    """Open the list of cases: whoever reads the notices of a group."""
    groups = viewer.groups if viewer else ()
    return next(
        (found for group in groups if (found := may_read_notices(viewer, group, now))),
        may_read_notices(viewer, None, now),
    )


def may_hide(viewer: Viewer | None, group: int, author: int | None, now: datetime) -> Verdict:
    """Decide about words that were notified or seen: moderators of the group, administrators, never about their own."""
    by_role = _by_role(Action.HIDE, viewer, now, group=group)
    if by_role and _is_own(viewer, author):
        return _refused("Ce sont vos mots : une autre personne de l’équipe de modération décide.")
    return by_role


def may_read_decision(viewer: Viewer | None, group: int, affected: int | None, now: datetime) -> Verdict:
    """Read a decision: the person whose words it is about, moderators of the group, administrators; for others it does
    not exist."""
    if _is_own(viewer, affected):
        return _by_role(Action.CONTEST, viewer, now)
    return _by_role(Action.READ_OTHER_DECISION, viewer, now, group=group)


def may_contest(
    viewer: Viewer | None, group: int, affected: int | None, until: datetime | None, now: datetime
) -> Verdict:
    """Contest a decision about one's own words, until its term; others may at most know of it."""
    if not _is_own(viewer, affected):
        known = may_read_decision(viewer, group, affected, now)
        return known and _refused("Seule la personne dont les mots sont en cause peut contester cette décision.")
    by_role = _by_role(Action.CONTEST, viewer, now)
    if by_role and until is None:
        return _refused("Cette décision ne retire rien : elle n’a pas à être contestée.")
    if by_role and _is_past(until, now):
        return _refused("Le délai de six mois pour contester cette décision est passé.")
    return by_role


def may_contest_notice(viewer: Viewer | None, until: datetime | None, now: datetime) -> Verdict:
    """Contest that nothing was done about what one notified: whoever notified, until its term."""
    by_role = _by_role(Action.CONTEST_NOTICE, viewer, now)
    if by_role and until is None:
        return _refused("Vous pouvez contester une fois, quand l’équipe de modération n’est pas intervenue.")
    if by_role and _is_past(until, now):
        return _refused("Le délai de six mois pour contester cette décision est passé.")
    return by_role


def may_answer_complaint(
    viewer: Viewer | None, group: int, decided_by: int | None, contested_by: int | None, now: datetime
) -> Verdict:
    """Answer a complaint: moderators of the group and administrators, neither the person who decided nor the one who
    contests."""
    by_role = _by_role(Action.ANSWER_COMPLAINT, viewer, now, group=group)
    if by_role and _is_own(viewer, decided_by):
        return _refused("Vous avez pris cette décision : une autre personne lit la réclamation.")
    if by_role and _is_own(viewer, contested_by):
        return _refused("C’est votre réclamation : une autre personne y répond.")
    return by_role


def may_schedule(viewer: Viewer | None, now: datetime) -> Verdict:
    """Open, close and extend windows: agents and administrators."""
    return _by_role(Action.SCHEDULE, viewer, now)


def may_answer(
    viewer: Viewer | None, schedule: Schedule, now: datetime, *, state: ProposalState = ProposalState.OPEN
) -> Verdict:
    """Answer a proposal in force for the administration, or commit it to something: agents and administrators, once
    contributions and votes are over."""
    by_role = _by_role(Action.ANSWER, viewer, now)
    if not by_role:
        return by_role
    if not schedule.is_over(now):
        return _refused(
            "L’administration répond une fois les contributions closes."
            if schedule.votes_open_at is None
            else "L’administration répond une fois les votes clos."
        )
    return _refused(_NOT_ANSWERED[state]) if state in _NOT_ANSWERED else ALLOWED


_NOT_ANSWERED = {
    ProposalState.MERGED: "Cette proposition est fusionnée : c’est à l’autre que l’administration répond.",
    ProposalState.WITHDRAWN: "Cette proposition est retirée : elle n’appelle plus de réponse.",
    ProposalState.SET_ASIDE: "Cette proposition est écartée : elle n’appelle plus de réponse.",
    ProposalState.HIDDEN: "Cette proposition est masquée : elle n’appelle pas de réponse.",
}


def may_compile(viewer: Viewer | None, now: datetime) -> Verdict:
    """Ask for a synthesis, see its drafts: agents and administrators; for others, drafts do not exist."""
    return _by_role(Action.COMPILE, viewer, now)


def may_read_synthesis(viewer: Viewer | None, is_published: bool, now: datetime) -> Verdict:
    """Read a synthesis: everybody if it is published; otherwise agents and administrators."""
    return _by_role(Action.READ, viewer, now) if is_published else may_compile(viewer, now)


def may_write_synthesis(viewer: Viewer | None, now: datetime) -> Verdict:
    """Write in a synthesis that is not published: agents and administrators; for others, it does not exist."""
    return _by_role(Action.WRITE_SYNTHESIS, viewer, now)


def may_publish(viewer: Viewer | None, now: datetime) -> Verdict:
    """Publish a synthesis: agents and administrators."""
    return _by_role(Action.PUBLISH, viewer, now)
