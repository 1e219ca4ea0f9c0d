"""What does the database say at this instant?

The queries that fill a `Snapshot`, and the lock that keeps it consistent.

`freeze` runs inside the caller's transaction, after `hold_still`; `read_introductions`, which needs no lock, before it.
It decides what the document may claim: a final one only when every vote that its scope calls for is over; before that
no ballot is even read. Who may ask, and what is kept, is in `syntheses`; what a snapshot is, in `snapshots`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypedDict

from anyio import to_thread

from forum import __version__
from forum.database import Row, on_postgres, rows
from forum.domain.harvest.treatments import coverage
from forum.domain.members.members import has_examples
from forum.domain.proposals.answers import decision_column
from forum.domain.references import reference
from forum.domain.syntheses.snapshots import (
    DayCount,
    FrozenCell,
    FrozenConsultation,
    FrozenGroups,
    FrozenMeeting,
    FrozenProposal,
    FrozenQuestion,
    FrozenTheme,
    FrozenThread,
    FrozenWindow,
    OriginCount,
    Participation,
    Reason,
    Said,
    Snapshot,
    Source,
    SynthesisKind,
    ThemeCount,
    Verbatim,
    instant,
)
from forum.domain.themes.ballots import TALLIED, Count
from forum.domain.themes.themes import THEME_COLUMNS, ThemeHead, theme_from
from forum.domain.votes.kept_results import find_results, results_of
from forum.domain.votes.results import Evidence
from forum.domain.votes.standings import Pairs
from forum.domain.votes.votes import counts_of, voters_of
from forum.errors import Conflict, Invalid
from forum.models.answers import Decision
from forum.models.posts import ReceptionOrigin
from forum.models.proposals import IN_FORCE, Origin, ProposalState
from forum.ranking.published import NOTHING_SHOWN
from forum.ranking.tallies import Tally
from forum.settings import settings
from forum.text.meetings import tag_label
from forum.text.quotes import words
from forum.text.reading import read
from forum.text.typography import PARIS

# Each query is for one theme, by its id, or for all of them, by NULL.
_IN_SCOPE: Final = "(CAST($1 AS INTEGER) IS NULL OR th.id = $1)"


async def hold_still() -> None:
    """Begin a transaction that freezes: everything is read at one instant, and one request runs at a time.

    SQLite's transactions are so by themselves (BEGIN IMMEDIATE). PostgreSQL sees each statement's own instant unless
    told otherwise, and only LOCK may come before the first read without fixing that instant.
    """
    await on_postgres("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    await on_postgres("LOCK TABLE synthesis IN SHARE ROW EXCLUSIVE MODE")
    # The end of the journal too: a line added meanwhile would be of a later instant, and ours could not come after it.
    await on_postgres("LOCK TABLE journal_head IN EXCLUSIVE MODE")


async def read_introductions() -> dict[str, str]:
    """The plain words of each theme's introduction, by its source: Markdown must be read before the lock."""
    sources = [r["introduction"] for r in await rows("SELECT introduction FROM theme")]
    return await to_thread.run_sync(lambda: {source: read(source, wrapped=True).plain for source in sources})


async def freeze(theme: int | None, now: datetime, introductions: Mapping[str, str]) -> Snapshot:
    """The consultation, or the theme of that id, as it is now; not numbered yet, which depends on its kind.

    Raises:
        Invalid: votes closed a moment ago, and the last ballots may still be on their way.
        Conflict: an introduction is not among those that `read_introductions` gave: the themes were loaded meanwhile.
    """
    found = await rows(_THEMES, theme)
    themes = tuple(theme_from(r) for r in found)
    closed = {head.id for head in themes if head.schedule.votes_are_closed(now)}
    proposals = [each for each in await rows(_PROPOSALS, theme) if not each["judged"] or each["theme_id"] in closed]
    kind = _kind(themes, proposals, now)
    if kind is SynthesisKind.FINAL:
        _refuse_unsettled(themes, now)
    counts = await _counts(themes, now) if kind is SynthesisKind.FINAL else {}
    voters = await voters_of(themes, now) if kind is SynthesisKind.FINAL else None
    evidence = await _evidence(themes, now) if kind is SynthesisKind.FINAL else {}
    posts = await rows(_POSTS, theme)
    number_of = {head.id: head.number for head in themes}
    return Snapshot(
        consultation=await _consultation(),
        taken_at=instant(now),
        kind=kind,
        themes=await _themes(
            themes,
            [_plain(introductions, r["introduction"]) for r in found],
            evidence,
        ),
        participation=replace(
            _participation(kind, posts, proposals, number_of, counts, voters), **await _read_to_their_end(themes)
        ),
        engine_version=__version__,
        scope=None if theme is None else number_of[theme],
        threads=tuple(FrozenThread(r["id"], r["title"], r["number"]) for r in await rows(_THREADS, theme)),
        verbatims=await _verbatims(theme),
        proposals=await _proposals(theme, kind, proposals, {head.id: head for head in themes}, counts, evidence),
        meetings=await _meetings(theme),
    )


def _refuse_unsettled(themes: Sequence[ThemeHead], now: datetime) -> None:
    for theme in themes:
        if theme.schedule.votes_are_being_counted(now):
            raise Invalid(
                "Les votes du thème {number} viennent de fermer : les derniers s’enregistrent encore. "
                "Redemandez la synthèse dans une minute.",
                field="theme",
                values={"number": theme.number},
            )


def _kind(themes: Sequence[ThemeHead], proposals: Sequence[Row], now: datetime) -> SynthesisKind:
    """Final when some theme was voted on and none still has to be.

    A theme without dates and without proposals needs no vote: it does not prevent a final synthesis.
    """
    to_judge = {r["theme_id"] for r in proposals if ProposalState(r["state"]) in IN_FORCE}
    closed = {head.id for head in themes if head.schedule.votes_are_closed(now)}
    called = {head.id for head in themes if head.schedule.votes_open_at is not None or head.id in to_judge}
    return SynthesisKind.FINAL if closed and called <= closed else SynthesisKind.WORKING_DRAFT


async def _consultation() -> FrozenConsultation:
    site, about = settings().site, settings().consultation
    return FrozenConsultation(about.title, about.organiser, about.licence, site.base_url, example=await has_examples())


_THEMES: Final = f"""
    SELECT {THEME_COLUMNS}, t.introduction
      FROM theme t WHERE (CAST($1 AS INTEGER) IS NULL OR t.id = $1) ORDER BY t.number"""

_QUESTIONS: Final = "SELECT q.theme_id, q.position, q.text FROM guiding_question q ORDER BY q.position"


async def _themes(
    heads: Sequence[ThemeHead], introductions: Sequence[str], evidence: Mapping[int, Evidence]
) -> tuple[FrozenTheme, ...]:
    questions: defaultdict[int, list[FrozenQuestion]] = defaultdict(list)
    for r in await rows(_QUESTIONS):
        questions[r["theme_id"]].append(FrozenQuestion(r["position"], r["text"]))
    return tuple(
        FrozenTheme(
            number=head.number,
            title=head.title,
            introduction=introduction,
            questions=tuple(questions[head.id]),
            contributions=_window(head.schedule.contributions_open_at, head.schedule.contributions_close_at),
            votes=_window(head.schedule.votes_open_at, head.schedule.votes_close_at),
            sealed=head.schedule.sealed,
            quorum=head.quorum,
            voting=head.voting,
            mentions=head.mentions,
            quota=head.quota,
            **_of_ballots(evidence.get(head.id)),
        )
        for head, introduction in zip(heads, introductions, strict=True)
    )


class _OfBallots(TypedDict):
    groups: tuple[FrozenGroups, ...]
    picks: tuple[str, ...]
    compared: tuple[str, ...]
    preferred: tuple[tuple[int, ...], ...]
    excluded_voters: int
    excluded_ballots: int


def _of_ballots(evidence: Evidence | None) -> _OfBallots:
    """What the ballots themselves tell about a theme, as it is stored."""
    pairs = (evidence and evidence.pairs) or Pairs()
    return _OfBallots(
        groups=tuple(FrozenGroups(each.lens.value, each.groups) for each in evidence.partitions) if evidence else (),
        picks=evidence.picks if evidence else (),
        compared=pairs.references,
        preferred=pairs.preferred,
        excluded_voters=evidence.excluded.voters if evidence else 0,
        excluded_ballots=evidence.excluded.ballots if evidence else 0,
    )


def _cells(evidence: Evidence | None, about: str) -> Iterable[FrozenCell]:
    """What is published of the groups on one proposal."""
    for partition in evidence.partitions if evidence else ():
        published = partition.cells.get(about, NOTHING_SHOWN)
        for group in (*partition.groups, None):
            cell = published.others if group is None else published.cells.get(group)
            if cell is not None:
                yield FrozenCell(partition.lens.value, group, cell.pour, cell.votants, cell.precision)


async def _evidence(heads: Sequence[ThemeHead], now: datetime) -> dict[int, Evidence]:
    """The evidence by theme; themes where no vote was ever called have none."""
    found = {}
    for head in heads:
        if head.schedule.votes_are_closed(now):
            found[head.id] = (await results_of(await find_results(head, now), now)).evidence
    return found


def _plain(introductions: Mapping[str, str], source: str) -> str:
    if source not in introductions:
        raise Conflict("Les thèmes viennent d’être rechargés. Recommencez.")
    return introductions[source]


def _window(start: datetime | None, end: datetime | None) -> FrozenWindow | None:
    """A window with both ends, or None: a document cannot print half a window."""
    return None if start is None or end is None else FrozenWindow(instant(start), instant(end))


# With those that its proposals cite, though moderators moved them to a theme out of the scope.
_THREADS: Final = f"""
    SELECT t.id, t.title, th.number FROM thread t JOIN theme th ON th.id = t.theme_id
     WHERE {_IN_SCOPE} AND t.moved_into_id IS NULL
     UNION
    SELECT t.id, t.title, MIN(th.number) FROM proposal p JOIN theme th ON th.id = p.theme_id
      JOIN extract e ON e.id = p.extract_id JOIN post po ON po.id = e.post_id AND po.state = 'shown'
      JOIN thread t ON t.id = po.thread_id
     WHERE {_IN_SCOPE} AND CAST($1 AS INTEGER) IS NOT NULL AND t.theme_id <> $1 AND p.number > 0 AND p.state <> 'hidden'
     GROUP BY t.id, t.title ORDER BY 1"""

# One that was hidden once its results were published has its figures, and a placeholder for words.
_PROPOSALS: Final = f"""
    SELECT p.id, p.number, p.version, p.wording, p.body_plain, p.origin, p.judged, p.state_reason, p.theme_id,
           CASE WHEN p.judged THEN 'open' ELSE p.state END AS state,
           {decision_column("p")} AS decision,
           th.number AS theme_number, m.number AS meeting, c.id AS post_id, e.revision, e.start, e.stop, r.plain,
           o.number AS other
      FROM proposal p JOIN theme th ON th.id = p.theme_id
      LEFT JOIN meeting m ON m.id = p.meeting_id
      LEFT JOIN extract e ON e.id = p.extract_id AND p.state <> 'hidden'
      LEFT JOIN post c ON c.id = e.post_id AND c.state = 'shown'
      LEFT JOIN post_revision r ON r.post_id = c.id AND r.number = e.revision
      LEFT JOIN proposal o ON o.id = COALESCE(p.merged_into_id, p.in_favour_of_id)
     WHERE {_IN_SCOPE} AND p.number > 0 AND (p.state <> 'hidden' OR p.judged) ORDER BY th.number, p.number"""

_ANSWERED: Final = f"""
    SELECT pq.proposal_id, q.position
      FROM proposal_question pq JOIN guiding_question q ON q.id = pq.question_id JOIN theme th ON th.id = q.theme_id
     WHERE {_IN_SCOPE} ORDER BY q.position"""


async def _proposals(
    theme: int | None,
    kind: SynthesisKind,
    found: Sequence[Row],
    heads: Mapping[int, ThemeHead],
    counts: Mapping[int, Count],
    evidence: Mapping[int, Evidence],
) -> tuple[FrozenProposal, ...]:
    answered: defaultdict[int, list[int]] = defaultdict(list)
    for r in await rows(_ANSWERED, theme):
        answered[r["proposal_id"]].append(r["position"])
    return tuple(
        FrozenProposal(
            reference=(about := reference(r["theme_number"], r["number"])),
            version=r["version"],
            wording=r["wording"],
            theme=r["theme_number"],
            origin=Origin(r["origin"]),
            body=r["body_plain"],
            source=_source(r),
            meeting=None if r["meeting"] is None else tag_label(r["meeting"]),
            questions=tuple(answered[r["id"]]),
            state=ProposalState(r["state"]),
            decision=Decision(r["decision"]) if r["decision"] else None,
            state_reason=r["state_reason"],
            other=None if r["other"] is None else reference(r["theme_number"], r["other"]),
            cells=tuple(_cells(evidence.get(r["theme_id"]), about)),
            with_excluded=found_in.excluded.added_back.get(r["id"])
            if (found_in := evidence.get(r["theme_id"]))
            else None,
            **_counted(kind, heads[r["theme_id"]], counts.get(r["id"], Count())),
        )
        for r in found
    )


class _Counted(TypedDict):
    tally: Tally | None
    said: tuple[Said, ...]
    pending: int


def _counted(kind: SynthesisKind, theme: ThemeHead, count: Count) -> _Counted:
    """What the ballots of a proposal say, in the terms of its theme; nothing in a working draft."""
    if kind is SynthesisKind.WORKING_DRAFT:
        return _Counted(tally=None, said=(), pending=0)
    if theme.voting in TALLIED:
        return _Counted(tally=count.tally, said=(), pending=count.pending)
    said = sorted((int(opinion), ballots) for opinion, ballots in count.ballots.items())
    return _Counted(tally=None, said=tuple(Said(*each) for each in said), pending=count.pending)


def _source(found: Row) -> Source | None:
    if found["post_id"] is None:
        return None
    start, stop = found["start"], found["stop"]
    return Source(found["post_id"], found["revision"], start, stop, words(found["plain"], start, stop))


async def _counts(themes: Sequence[ThemeHead], now: datetime) -> dict[int, Count]:
    """Every proposal that has a ballot, by id; the votes of every theme of a final synthesis are over."""
    counts: dict[int, Count] = {}
    for head in themes:
        counts |= await counts_of(head, now) or {}
    return counts


_POSTS: Final = f"""
    SELECT po.id, po.author_id, po.reply_to_id, po.written_at, t.theme_id, v.origin,
           EXISTS (SELECT 1 FROM quote q WHERE q.post_id = po.id)::bool AS quotes
      FROM post po JOIN thread t ON t.id = po.thread_id JOIN theme th ON th.id = t.theme_id
      LEFT JOIN reception v ON v.post_id = po.id
     WHERE {_IN_SCOPE} AND po.kind = 'contribution' AND po.state = 'shown' ORDER BY po.id"""


def _participation(
    kind: SynthesisKind,
    posts: Sequence[Row],
    proposals: Sequence[Row],
    number_of: dict[int, int],
    counts: Mapping[int, Count],
    voters: int | None,
) -> Participation:
    posts_in = Counter(r["theme_id"] for r in posts)
    proposals_in = Counter(r["theme_id"] for r in proposals)
    in_force = [r["id"] for r in proposals if ProposalState(r["state"]) in IN_FORCE]
    return Participation(
        posts=len(posts),
        known_authors=len({r["author_id"] for r in posts} - {None}),
        unknown_author_posts=sum(r["author_id"] is None and r["origin"] is None for r in posts),
        replies=sum(r["reply_to_id"] is not None for r in posts),
        quotes=sum(r["quotes"] for r in posts),
        voters=voters,
        ballots=sum(counts[id_].votants for id_ in in_force if id_ in counts) if kind is SynthesisKind.FINAL else None,
        per_day=_per_day(r["written_at"] for r in posts),
        per_theme=tuple(ThemeCount(number, posts_in[id_], proposals_in[id_]) for id_, number in number_of.items()),
        received=_received(r["origin"] for r in posts),
        posts_used=len({r["post_id"] for r in proposals} - {None}),
    )


def _received(origins: Iterable[str | None]) -> tuple[OriginCount, ...]:
    counts = Counter(ReceptionOrigin(each) for each in origins if each is not None)
    in_order = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(OriginCount(origin, posts) for origin, posts in in_order)


class _Read(TypedDict):
    posts_treated: int
    posts_without_follow_up: tuple[Reason, ...]


async def _read_to_their_end(themes: Sequence[ThemeHead]) -> _Read:
    """How moderators treated the contributions of these themes."""
    found = [await coverage(theme.id) for theme in themes]
    reasons: Counter[str] = Counter()
    for each in found:
        reasons.update(dict(each.no_follow_up))
    in_order = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    return _Read(
        posts_treated=sum(each.treated for each in found),
        posts_without_follow_up=tuple(Reason(words, posts) for words, posts in in_order),
    )


def _per_day(written: Iterable[datetime | None]) -> tuple[DayCount, ...]:
    days = Counter(at.astimezone(PARIS).date().isoformat() for at in written if at is not None)
    return tuple(DayCount(day, days[day]) for day in sorted(days))


_VERBATIMS: Final = f"""
    SELECT DISTINCT po.id, e.revision, po.number, po.thread_id, r.plain, po.written_at
      FROM proposal p JOIN theme th ON th.id = p.theme_id JOIN extract e ON e.id = p.extract_id
      JOIN post po ON po.id = e.post_id AND po.state = 'shown'
      JOIN post_revision r ON r.post_id = e.post_id AND r.number = e.revision
     WHERE {_IN_SCOPE} AND p.number > 0 AND p.state <> 'hidden' ORDER BY po.id, e.revision"""

_POST_TAGS: Final = f"""
    SELECT mt.post_id, me.number
      FROM meeting_tag mt JOIN meeting me ON me.id = mt.meeting_id
     WHERE mt.state = 'confirmed' AND mt.post_id IN (
           SELECT e.post_id FROM extract e JOIN proposal p ON p.extract_id = e.id JOIN theme th ON th.id = p.theme_id
            WHERE {_IN_SCOPE}) ORDER BY me.number"""


async def _verbatims(theme: int | None) -> tuple[Verbatim, ...]:
    """The contributions that a proposal of the scope was made from, at the revision that was used."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    for r in await rows(_POST_TAGS, theme):
        tags[r["post_id"]].append(tag_label(r["number"]))
    verbatims = []
    for r in await rows(_VERBATIMS, theme):
        written = r["written_at"]
        verbatims.append(
            Verbatim(
                post=r["id"],
                revision=r["revision"],
                number=r["number"],
                thread=r["thread_id"],
                words=r["plain"],
                written_at=None if written is None else instant(written),
                meetings=tuple(tags[r["id"]]),
            )
        )
    return tuple(verbatims)


_MEETINGS: Final = f"""
    SELECT me.id, g.name, me.number, me.held_on, me.place,
           (SELECT COUNT(*) FROM meeting_tag mt JOIN post po ON po.id = mt.post_id
              JOIN thread t ON t.id = po.thread_id JOIN theme th ON th.id = t.theme_id
             WHERE mt.meeting_id = me.id AND mt.state = 'confirmed' AND po.state = 'shown' AND {_IN_SCOPE}) AS tagged,
           (SELECT COUNT(*) FROM proposal p JOIN theme th ON th.id = p.theme_id
             WHERE p.meeting_id = me.id AND p.state <> 'hidden' AND {_IN_SCOPE}) AS proposals
      FROM meeting me JOIN working_group g ON g.id = me.working_group_id
     WHERE EXISTS (SELECT 1 FROM theme th WHERE th.working_group_id = g.id AND {_IN_SCOPE})
     ORDER BY g.name, me.number"""


async def _meetings(theme: int | None) -> tuple[FrozenMeeting, ...]:
    """Meetings from which something in this scope came, or whose day is known; not those known only by a waiting
    tag."""
    return tuple(
        FrozenMeeting(
            group=r["name"],
            number=r["number"],
            date=None if r["held_on"] is None else r["held_on"].isoformat(),
            place=r["place"] or None,
            tagged_posts=r["tagged"],
            proposals=r["proposals"],
        )
        for r in await rows(_MEETINGS, theme)
        if r["tagged"] or r["proposals"] or r["held_on"] is not None
    )
