"""How do people notify moderators of words that they read, and learn what became of it?

A member does so in place. A visitor leaves an address and proves it by the link of a mail: until then there is only a
row that waits, forgotten after two days. No captcha: a page that was open for less than some seconds, or whose field
for programs is filled, is refused in words, and limits hold the rest. Who notified is read by the moderators of the
group, never by the author. Nothing is hidden because of a notice: somebody reads it (`decisions.py`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from limits import RateLimitItemPerHour

from forum.database import Row, Transaction, known_row, row, rows, transaction
from forum.domain import links
from forum.domain.mail import HELD_BACK, may_mail, post_mail
from forum.domain.moderation.cases import join_case
from forum.domain.moderation.things import ModeratedThing, thing_of, things_of
from forum.domain.references import storable
from forum.domain.throttle import place, throttle
from forum.errors import Checks, Conflict, Invalid, NotFound, TooMany
from forum.models.cases import ComplaintOutcome, DecisionAct
from forum.models.joining import Purpose
from forum.models.moderation import Ground, Moderated
from forum.permissions import Viewer, demand, may_keep_own_account, may_notify
from forum.sealing import seal, unseal
from forum.text.addresses import clean_address
from forum.text.source import clean_source

LONGEST_WORDS: Final = 2000
PER_HOUR: Final = 10
"""Notices from one place, or of one member, in an hour: they stop programs, not people who read a whole thread."""
QUICKEST: Final = timedelta(seconds=2)
"""Nobody reads the form and fills it in sooner."""
LONGEST_OPEN: Final = timedelta(days=1)
FORGOTTEN_AFTER: Final = timedelta(days=183)
"""How long after the decision the address of a visitor is kept: as long as the decision can be contested."""


@dataclass(frozen=True, slots=True)
class TypedNotice:
    """What somebody typed: the value of a ground, words, and, for a visitor, an address."""

    ground: str
    words: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class FormMark:
    """What shows that a person filled the form in: the sealed moment at which it was made, and a field that people
    leave empty."""

    made_at: str
    left_empty: str

    @classmethod
    def at(cls, now: datetime) -> str:
        """The moment of a form made now, sealed."""
        return seal({"notice": now.isoformat()})


@dataclass(frozen=True, slots=True)
class NoticeComplaint:
    """Why whoever notified contests that nothing was done, and the answer, if any."""

    words: str
    created_at: datetime
    outcome: ComplaintOutcome | None
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeNews:
    """What became of a notice, for whoever made it: `act`, `ground` and `facts` are those of the decision, if any;
    `is_confirmed` that its address is proved."""

    id: int
    thing: ModeratedThing
    ground: Ground
    words: str
    created_at: datetime
    is_confirmed: bool
    act: DecisionAct | None
    decided_ground: Ground | None
    facts: str
    decided_at: datetime | None
    complaint: NoticeComplaint | None
    contestable_until: datetime | None
    """Nothing was done, and they have not contested it yet."""


def why_not(thing: ModeratedThing) -> Conflict | None:
    """Why there is nothing to notify about this thing: nobody else reads it any more."""
    if thing.is_hidden:
        return Conflict("L’équipe de modération a déjà masqué ces mots : merci, il n’y a rien d’autre à faire.")
    if thing.withdrawn_at:
        return Conflict("La personne qui l’a écrite l’a retirée : merci, il n’y a rien d’autre à faire.")
    return None


def _refuse_gone(thing: ModeratedThing) -> None:
    if (gone := why_not(thing)) is not None:
        raise gone


async def notify(
    viewer: Viewer | None,
    thing: ModeratedThing,
    typed: TypedNotice,
    mark: FormMark,
    *,
    asker: str,
    locale: str,
    now: datetime,
) -> None:
    """Keep a notice: a member's joins its case at once, a visitor's waits for the link of a mail. `asker` is the place
    that the request comes from.

    Raises:
        InvalidForm, Invalid: something is missing, or a program filled the form in.
        TooMany: too many from there, from this member, or to this address.
        Conflict: it is hidden or withdrawn.
    """
    may_notify(viewer, now).require()
    _refuse_gone(thing)
    checks = Checks()
    with checks.field("regle"):
        ground = _ground(typed.ground)
    with checks.field("explication"):
        words = clean_source(typed.words, limit=LONGEST_WORDS)
    if viewer is None:
        with checks.field("adresse"):
            address = clean_address(typed.address)
    checks.done()
    if viewer is not None:
        await _count(f"notices of {viewer.id}")
        await _keep_of_member(viewer, thing, ground, words, now)
        return
    _refuse_programs(mark, now)
    await _count(f"notices from {place(asker)}")
    if not await may_mail(Purpose.NOTICE, address):
        raise TooMany(HELD_BACK, retry_after=3600)
    async with transaction() as tx:
        kept = await _insert(thing, ground, words, locale, now, address=seal(address))
        token = await links.make_link(Purpose.NOTICE, kept, now)
        await post_mail(tx, "notice", address, locale=locale, now=now, token=token)


def _ground(value: str) -> Ground:
    try:
        return Ground(value)
    except ValueError:
        raise Invalid("Choisissez une raison dans la liste.") from None


def _refuse_programs(mark: FormMark, now: datetime) -> None:
    if mark.left_empty:
        raise Invalid("Laissez ce champ vide, puis envoyez de nouveau.", field="site")
    try:
        made = datetime.fromisoformat(unseal(mark.made_at)["notice"])
    except (LookupError, KeyError, TypeError, ValueError):
        made = now
    if not QUICKEST <= now - made <= LONGEST_OPEN:
        raise Invalid("Relisez votre signalement, puis envoyez-le de nouveau.")


async def _count(key: str) -> None:
    if not await throttle().count(RateLimitItemPerHour(PER_HOUR), key):
        raise TooMany("Trop de signalements en peu de temps. Réessayez dans une heure au plus.", retry_after=3600)


async def _keep_of_member(viewer: Viewer, thing: ModeratedThing, ground: Ground, words: str, now: datetime) -> None:
    async with transaction():
        case = await join_case(thing, now)
        if await row("SELECT id FROM moderation_notice WHERE case_id = $1 AND member_id = $2", case, viewer.id):
            raise Invalid("Vous avez déjà signalé ces mots : l’équipe de modération va lire votre signalement.")
        kept = await _insert(thing, ground, words, viewer.locale, now, member=viewer.id)
        await rows("UPDATE moderation_notice SET case_id = $2, confirmed_at = $3 WHERE id = $1", kept, case, now)


async def _insert(
    thing: ModeratedThing,
    ground: Ground,
    words: str,
    locale: str,
    now: datetime,
    *,
    member: int | None = None,
    address: str = "",
) -> int:
    kept = await known_row(
        """INSERT INTO moderation_notice (thing, thing_id, revision, ground, words, member_id, address, locale,
                                          created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id""",
        *(thing.kind.value, thing.id, thing.revision, ground.value, words, member, address, locale, now),
    )
    return int(kept["id"])


# The links of mails

ENDED: Final = "Ce lien n’est plus valable. Le dernier courriel reçu sur ce signalement mène à la suite donnée."


async def notice_to_confirm(token: str, now: datetime) -> NoticeNews:
    """The notice behind the link of a mail, without using it.

    Raises:
        Invalid: the link is not good (any more).
    """
    return await _news(await links.subject_of(token, Purpose.NOTICE, now))


def _address(sealed: str) -> str | None:
    """The address that was left; None when it was forgotten, or sealed under a key that this site lost."""
    try:
        return str(unseal(sealed)) if sealed else None
    except LookupError:
        return None


async def confirm(token: str, now: datetime) -> str:
    """The address is theirs: the notice joins its case. Returns the token by which they read what becomes of it.
    Idempotent: a second click leads there too.

    Raises:
        Invalid: the link is not good (any more).
        Conflict: it was hidden meanwhile. About what its author only withdrew, moderators still decide: it was notified
            before.
    """
    async with transaction() as tx:
        notice = await links.subject_of(token, Purpose.NOTICE, now)
        found = await row(
            """UPDATE moderation_notice SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL
               RETURNING thing, thing_id, address, locale""",
            *(notice, now),
        )
        if found is None:
            return token
        thing = await thing_of(Moderated(found["thing"]), found["thing_id"])
        if thing.is_hidden:
            _refuse_gone(thing)
        case = await join_case(thing, now)
        await rows("UPDATE moderation_notice SET case_id = $2 WHERE id = $1", notice, case)
        follow = await links.make_link(Purpose.NOTICE_OUTCOME, notice, now)
        if to := _address(found["address"]):
            await post_mail(tx, "notice_outcome", to, locale=found["locale"], now=now, token=follow)
    return follow


async def followed_notice(token: str, now: datetime) -> NoticeNews:
    """What became of a visitor's notice, by the link that follows it, or by the one that has confirmed it.

    Raises:
        Invalid: the link is not good (any more).
    """
    try:
        return await _news(await links.subject_of(token, Purpose.NOTICE_OUTCOME, now))
    except Invalid:
        news = await notice_to_confirm(token, now)
        if not news.is_confirmed:
            raise
        return news


async def own_notice(viewer: Viewer | None, notice: int) -> NoticeNews:
    """What became of one notice of a member. Raises SignInRequired, NotFound: it is not theirs."""
    viewer = demand(may_keep_own_account, viewer)
    found = await _told(await rows(f"{_NEWS} WHERE n.id = $2 AND n.member_id = $1", viewer.id, storable(notice)))
    if not found:
        raise NotFound
    return found[0]


async def own_notices(viewer: Viewer | None) -> list[NoticeNews]:
    """What became of a member's notices, the newest first. Raises SignInRequired."""
    viewer = demand(may_keep_own_account, viewer)
    return await _told(await rows(f"{_NEWS} WHERE n.member_id = $1 ORDER BY n.id DESC LIMIT 200", viewer.id))


# The last decision of its case: a complaint may have undone the first.
_NEWS: Final = """
    SELECT n.id, n.thing, n.thing_id, n.ground, n.words, n.created_at, n.confirmed_at, d.act,
           d.ground AS decided_ground, d.facts, d.decided_at, n.complaint, n.complained_at, n.outcome, n.answer,
           n.answered_at
      FROM moderation_notice n
      LEFT JOIN moderation_decision d ON d.id = (
                SELECT MAX(x.id) FROM moderation_decision x WHERE x.case_id = n.case_id)"""


async def _news(notice: int) -> NoticeNews:
    found = await _told(await rows(f"{_NEWS} WHERE n.id = $1", notice))
    if not found:
        raise NotFound
    return found[0]


async def _told(found: list[Row]) -> list[NoticeNews]:
    things = await things_of([(Moderated(each["thing"]), each["thing_id"]) for each in found])
    return [
        NoticeNews(
            id=each["id"],
            thing=things[Moderated(each["thing"]), each["thing_id"]],
            ground=Ground(each["ground"]),
            words=each["words"],
            created_at=each["created_at"],
            is_confirmed=each["confirmed_at"] is not None,
            act=DecisionAct(each["act"]) if each["act"] else None,
            decided_ground=Ground(each["decided_ground"]) if each["decided_ground"] else None,
            facts=each["facts"] or "",
            decided_at=each["decided_at"],
            complaint=complaint_from(each),
            contestable_until=each["decided_at"] + FORGOTTEN_AFTER
            if each["act"] == DecisionAct.NO_ACTION.value and each["complained_at"] is None
            else None,
        )
        for each in found
    ]


def complaint_from(found: Row) -> NoticeComplaint | None:
    """The complaint of whoever notified, in a row of its notice."""
    if found["complained_at"] is None:
        return None
    return NoticeComplaint(
        found["complaint"],
        found["complained_at"],
        ComplaintOutcome(found["outcome"]) if found["outcome"] else None,
        found["answer"],
        found["answered_at"],
    )


async def tell_notifiers(tx: Transaction, case: int, now: datetime) -> set[int]:
    """Mail the visitors who notified that it is decided, in the caller's transaction; returns the members, who are
    notified on the site."""
    found = await rows("SELECT id, member_id, address, locale FROM moderation_notice WHERE case_id = $1", case)
    return set().union(*[await tell_notifier(tx, notice, now) for notice in found])


async def tell_notifier(tx: Transaction, notice: Row, now: datetime) -> set[int]:
    """Mail whoever made one notice, or return the member: its row has `id`, `member_id`, `address` and `locale`."""
    if to := _address(notice["address"]):
        token = await links.make_link(Purpose.NOTICE_OUTCOME, notice["id"], now)
        await post_mail(tx, "notice_decided", to, locale=notice["locale"], now=now, token=token)
    return set() if notice["member_id"] is None else {notice["member_id"]}


# How long


async def forget_notices(now: datetime) -> None:
    """Delete notices that nobody confirmed in time, and addresses once the decision can no longer be contested."""
    await rows(
        "DELETE FROM moderation_notice WHERE confirmed_at IS NULL AND created_at <= $1",
        now - links.LENGTHS[Purpose.NOTICE],
    )
    await rows(
        """UPDATE moderation_notice SET address = '' WHERE address <> '' AND case_id IN (
               SELECT id FROM moderation_case WHERE closed_at <= $1)
            AND (complained_at IS NULL OR answered_at <= $1)""",
        now - FORGOTTEN_AFTER,
    )
