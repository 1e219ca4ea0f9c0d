"""What looks like a mobilisation? The same words from several accounts, more in an hour than usual, new accounts that
voted alike.

These are observations for people who look further: nothing is hidden, counted or refused because of them. People of one
service may write the same, and an article in the press brings many at once. Of votes only a number of accounts leaves
this file, once the results are public, from as many as any published figure needs; never whose they are, nor what they
say.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anyio.to_thread import run_sync

from forum.database import Row, places, rows
from forum.domain.moderation.things import ModeratedThing, things_of
from forum.domain.themes.ballots import COUNTABLE
from forum.domain.themes.themes import THEME_COLUMNS, theme_from
from forum.models.moderation import Moderated
from forum.models.proposals import IN_FORCE_SQL, JUDGED_SQL
from forum.permissions import Viewer, demand, may_open_notices, may_read_notices
from forum.ranking.published import FEWEST_SHOWN
from forum.text.labels import Labelled
from forum.text.similarity import Fingerprint, fingerprint, score

LOOKED_AT: Final = timedelta(days=30)
"""How old words may be to be compared."""
MOST_COMPARED: Final = 3000
"""The newest ones; each is compared with those that share one of its rarest words, in about a second for long texts."""
_RAREST: Final = 8
"""Words of a text that few others have: of two that say the same, hardly all of these differ."""
LEAST_WORDS: Final = 6
"""Shorter ones are alike by chance: "tout à fait d’accord"."""
SAME: Final = 900
"""Per mille: what two people who each write in their words do not reach."""
LATELY: Final = timedelta(days=7)
"""When bursts are looked for."""
USUALLY: Final = timedelta(days=14)
"""The time before, which they are compared with."""
BURST: Final = 10
"""Fewer in an hour are no burst, whatever is usual."""
TIMES_USUAL: Final = 4
NEW: Final = timedelta(days=3)
"""How long before its first vote a very new account was opened."""
LEAST_BALLOTS: Final = 3
"""Voting alike on fewer proposals is nothing remarkable."""
_MOST_SHOWN: Final = 20
_MOST_READ: Final = 50_000


class BurstOf(Labelled):
    """What may come many at once."""

    ACCOUNTS = "accounts", "inscriptions"
    POSTS = "posts", "contributions"


@dataclass(frozen=True, slots=True)
class RepeatedWords:
    """Contributions and proposals that say the same, by several people; `authors` counts these."""

    authors: int
    things: tuple[ModeratedThing, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """Many in one hour, from `hour` on; `usual` is the average of the hours in which there are any."""

    what: BurstOf
    hour: datetime
    count: int
    usual: int


@dataclass(frozen=True, slots=True)
class VotedAlike:
    """How many very new accounts gave the same ballots in a theme, by its number."""

    theme: int
    title: str
    accounts: int


@dataclass(frozen=True, slots=True)
class Signals:
    """What moderators are shown of their groups, and of the accounts of the whole site."""

    repeated: tuple[RepeatedWords, ...]
    bursts: tuple[Burst, ...]
    alike: tuple[VotedAlike, ...]


async def read_signals(viewer: Viewer | None, now: datetime) -> Signals:
    """What may be a mobilisation, in the groups that somebody moderates; for an administrator, in all.

    Raises:
        SignInRequired, NotAllowed: they moderate no group.
    """
    viewer = demand(may_open_notices, viewer, now)
    groups = [each["id"] for each in await rows("SELECT id FROM working_group ORDER BY id")]
    mine = [group for group in groups if may_read_notices(viewer, group, now)]
    return Signals(await _repeated(mine, now), await _bursts(mine, now), await _alike(mine, now))


# The same words


async def _repeated(groups: Sequence[int], now: datetime) -> tuple[RepeatedWords, ...]:
    wanted = places(len(groups), after=1) or "NULL"
    found = await rows(
        f"""
        SELECT kind, id, author_id, words FROM (
            SELECT '{Moderated.POST.value}' AS kind, c.id, c.author_id, c.plain AS words, c.created_at
              FROM post c JOIN thread h ON h.id = c.thread_id JOIN theme t ON t.id = h.theme_id
             WHERE c.kind = 'contribution' AND c.state = 'shown' AND t.working_group_id IN ({wanted})
             UNION ALL
            SELECT '{Moderated.PROPOSAL.value}', p.id, COALESCE(p.author_id, p.promoter_id), p.wording, p.created_at
              FROM proposal p JOIN theme t ON t.id = p.theme_id
             WHERE p.state IN {IN_FORCE_SQL} AND p.extract_id IS NULL AND t.working_group_id IN ({wanted})) said
         WHERE author_id IS NOT NULL AND created_at >= $1 ORDER BY created_at DESC, id DESC LIMIT {MOST_COMPARED}""",
        now - LOOKED_AT,
        *groups,
    )
    alike = await run_sync(_groups_of, found)
    things = await things_of([(Moderated(each["kind"]), each["id"]) for some in alike for each in some])
    shown = [
        RepeatedWords(
            len({each["author_id"] for each in some}),
            tuple(things[Moderated(each["kind"]), each["id"]] for each in some),
        )
        for some in alike
    ]
    return tuple(sorted(shown, key=lambda one: -one.authors)[:_MOST_SHOWN])


def _groups_of(found: Sequence[Row]) -> list[list[Row]]:
    """Words that say the same as others of the group, by two people at least. CPU only."""
    prints = [fingerprint(each["words"]) for each in found]
    leader = list(range(len(found)))

    def led_by(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    frequency = Counter(stem for one in prints for stem in one.stems)
    having: dict[str, list[int]] = {}
    for place, one in enumerate(prints):
        if len(one.stems) < LEAST_WORDS:
            continue
        rarest = sorted(one.stems, key=lambda stem: (frequency[stem], stem))[:_RAREST]
        for other in sorted({before for stem in rarest for before in having.get(stem, ())}):
            if _is_same(one, prints[other]):
                leader[led_by(place)] = led_by(other)
        for stem in rarest:
            having.setdefault(stem, []).append(place)
    groups: dict[int, list[Row]] = {}
    for place, each in enumerate(found):
        groups.setdefault(led_by(place), []).append(each)
    return [some for some in groups.values() if len({each["author_id"] for each in some}) > 1]


def _is_same(one: Fingerprint, other: Fingerprint) -> bool:
    """Texts of very different lengths are not the same, even when one holds the other: somebody quoted by hand."""
    fewer, more = sorted((len(one.stems), len(other.stems)))
    return 4 * fewer >= 3 * more and score(one, other) >= SAME


# Many at once


async def _bursts(groups: Sequence[int], now: datetime) -> tuple[Burst, ...]:
    since = now - LATELY - USUALLY
    accounts = await rows(
        f"SELECT created_at AS at FROM member WHERE confirmed_at IS NOT NULL AND created_at >= $1 LIMIT {_MOST_READ}",
        since,
    )
    posts = await rows(
        f"""SELECT c.created_at AS at FROM post c JOIN thread h ON h.id = c.thread_id JOIN theme t ON t.id = h.theme_id
             WHERE c.kind = 'contribution' AND c.author_id IS NOT NULL AND c.created_at >= $1
               AND t.working_group_id IN ({places(len(groups), after=1) or "NULL"}) LIMIT {_MOST_READ}""",
        since,
        *groups,
    )
    found = [
        *_bursts_of(BurstOf.ACCOUNTS, (each["at"] for each in accounts), now),
        *_bursts_of(BurstOf.POSTS, (each["at"] for each in posts), now),
    ]
    return tuple(sorted(found, key=lambda one: one.hour, reverse=True)[:_MOST_SHOWN])


def _bursts_of(what: BurstOf, moments: Iterable[datetime], now: datetime) -> Iterable[Burst]:
    counts = Counter(at.replace(minute=0, second=0, microsecond=0) for at in moments)
    former = [count for hour, count in counts.items() if hour < now - LATELY]
    usual = -(-sum(former) // len(former)) if former else 0
    for hour, count in counts.items():
        if hour >= now - LATELY and count >= max(BURST, TIMES_USUAL * usual):
            yield Burst(what, hour, count, usual)


# New accounts that voted alike


async def _alike(groups: Sequence[int], now: datetime) -> tuple[VotedAlike, ...]:
    themes = await rows(
        f"""SELECT {THEME_COLUMNS} FROM theme t WHERE t.working_group_id IN ({places(len(groups)) or "NULL"})
             ORDER BY t.number""",
        *groups,
    )
    over = [theme for each in themes if (theme := theme_from(each)).schedule.votes_are_counted(now)]
    if not over:
        return ()
    found = await rows(
        f"""SELECT p.theme_id, b.voter_id, p.number, b.opinion, b.cast_at, m.created_at
              FROM ballot b JOIN proposal p ON p.id = b.proposal_id JOIN theme t ON t.id = p.theme_id
              JOIN member m ON m.id = b.voter_id
             WHERE {COUNTABLE} AND {JUDGED_SQL} AND b.proposal_version >= p.substance AND b.carried_from_id IS NULL
               AND m.created_at >= $1 AND t.id IN ({places(len(over), after=1)})
             ORDER BY p.theme_id, b.voter_id, p.number""",
        min(theme.schedule.votes_open_at for theme in over if theme.schedule.votes_open_at) - NEW,
        *(theme.id for theme in over),
    )
    counted = await run_sync(_same_ballots, found)
    return tuple(
        VotedAlike(theme.number, theme.title, accounts)
        for theme in over
        for accounts in sorted(counted.get(theme.id, ()), reverse=True)
        if accounts >= FEWEST_SHOWN
    )


def _same_ballots(found: Sequence[Row]) -> dict[int, list[int]]:
    """How many very new accounts share each set of ballots, by theme. CPU only."""
    ballots: dict[tuple[int, int], list[Row]] = {}
    for each in found:
        ballots.setdefault((each["theme_id"], each["voter_id"]), []).append(each)
    alike: dict[int, Counter[tuple[tuple[int, str], ...]]] = {}
    for (theme, _), some in ballots.items():
        first = min(each["cast_at"] for each in some)
        if len(some) >= LEAST_BALLOTS and first - some[0]["created_at"] <= NEW:
            said = tuple((each["number"], each["opinion"]) for each in some)
            alike.setdefault(theme, Counter())[said] += 1
    return {theme: list(counts.values()) for theme, counts in alike.items()}
