"""How long does each ranking method take, once ballots are counted? `python -m bench.rankings`.

Ten thousand proposals and a million ballots of a hundred thousand people, drawn at random with a fixed seed; for the
ranked ballots, as many proposals as their method allows. Seconds of the processor, and the memory of the whole process.
"""

import random
import resource
import time
from collections.abc import Callable

from forum.ranking.majority_judgment import GradeCounts
from forum.ranking.methods import Counted, Method, order_by
from forum.ranking.orders import Candidate
from forum.ranking.published import GroupCell
from forum.ranking.schulze import MOST_CANDIDATES
from forum.ranking.tallies import Opinion, Tally

PROPOSALS, BALLOTS, PEOPLE, GRADES = 10_000, 1_000_000, 100_000, 7
RANKED_BALLOTS, POSITIONS = 10_000, 10
GROUPS = ("agents", "associations", "bénévoles", "élus", "lecteurs")


def draw_theme(proposals: int = PROPOSALS, ballots: int = BALLOTS) -> list[Candidate[Counted]]:
    """Proposals, each liked more or less; about `ballots` in all."""
    chance = random.Random(4)
    return [
        Candidate(f"T1-{number:03}", _draw_counts(chance, chance.randrange(1, 2 * ballots // proposals)))
        for number in range(1, proposals + 1)
    ]


def _draw_counts(chance: random.Random, voters: int) -> Counted:
    liking = chance.random()
    people = chance.sample(range(PEOPLE), voters)
    opinions = chance.choices(list(Opinion), (liking, 0.2, 1 - liking), k=voters)
    grades = chance.choices(range(GRADES), [liking**grade + 0.1 for grade in range(GRADES)], k=voters)
    by_group: dict[str, list[Opinion]] = {name: [] for name in GROUPS}
    for person, opinion in zip(people, opinions, strict=True):
        by_group[GROUPS[person % len(GROUPS)]].append(opinion)
    return Counted(
        tally=Tally.of(opinions),
        grades=GradeCounts.of(grades, GRADES),
        groups={
            name: GroupCell(cast.count(Opinion.FOR), len(cast)) for name, cast in by_group.items() if len(cast) >= 5
        },
        supporters=tuple(p for p, opinion in zip(people, opinions, strict=True) if opinion is Opinion.FOR),
    )


def draw_ranked_ballots(candidates: list[Candidate[Counted]]) -> list[dict[str, int]]:
    """Ballots that each rank a few of the proposals."""
    chance = random.Random(5)
    references = [candidate.reference for candidate in candidates]
    return [
        {reference: position for position, reference in enumerate(chance.sample(references, POSITIONS), start=1)}
        for _ in range(RANKED_BALLOTS)
    ]


def seconds_by_method(candidates: list[Candidate[Counted]]) -> dict[Method, float]:
    """Seconds to order the candidates by each method; by Schulze's, as many of the first ones as it allows."""
    some = candidates[:MOST_CANDIDATES]
    ballots = draw_ranked_ballots(some)
    seconds = {
        method: _timed(lambda method=method: order_by(method, candidates))  # type: ignore[misc]  # a default binds the loop's value
        for method in Method
        if method is not Method.SCHULZE
    }
    return seconds | {Method.SCHULZE: _timed(lambda: order_by(Method.SCHULZE, some, ballots=ballots))}


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    candidates = draw_theme()
    before = _megabytes()
    seconds = seconds_by_method(candidates)
    for method, spent in seconds.items():
        print(f"{method.value:24}{spent:8.3f} s")
    most = sum(spent for method, spent in seconds.items() if method is not Method.SCHULZE)
    print(f"{'tous, sauf classement':24}{most:8.3f} s")
    print(f"mémoire : {before:.0f} Mo avant, {_megabytes():.0f} Mo au plus")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
