"""The ranks of a consultation, from the frozen data of a synthesis alone: what somebody outside would write.

Standard library only, and nothing of the program. Slow and plain on purpose: each method as its formula says.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import lcm, prod
from typing import Any

Facts = dict[str, Any]
Ranks = dict[str, int]
Z = Decimal("1.959963984540054")


def recompute(canonical: bytes) -> dict[int, dict[str, Ranks]]:
    """By theme, then by method: the rank of each reference that has one."""
    facts = json.loads(canonical)
    return {theme["number"]: dict(_orders(facts, theme)) for theme in facts["themes"]}


def _orders(facts: Facts, theme: Facts) -> list[tuple[str, Ranks]]:
    judged = {
        each["reference"]: each
        for each in facts["proposals"]
        if each["theme"] == theme["number"] and each["state"] not in ("withdrawn", "set aside", "merged")
    }
    voters = {name: _votants(each) for name, each in judged.items()}
    quorate = [name for name, many in voters.items() if many >= max(1, theme["quorum"])]

    def by(score: Callable[[str], Any]) -> Ranks:
        scores = {name: score(name) for name in quorate}
        return {n: 1 + sum(other > s for other in scores.values()) for n, s in scores.items() if s is not None}

    found: list[tuple[str, Ranks]] = []
    if theme["voting"] == "pour-contre":
        found.append(("soutien net", by(lambda n: judged[n]["tally"]["for_"] - judged[n]["tally"]["against"])))
        found.append(("borne de Wilson", by(lambda n: _wilson(judged[n]["tally"], facts["method"]))))
    elif theme["voting"] == "soutien":
        found.append(("nombre de soutiens", by(lambda n: judged[n]["tally"]["for_"])))
    elif theme["voting"] == "jugement":
        size = lcm(*(voters[name] for name in quorate)) if quorate else 1
        found.append(("jugement majoritaire", by(lambda n: _majority_value(judged[n]["said"], size // voters[n]))))
    else:
        found.append(("nombre de personnes qui la classent", by(lambda n: voters[n])))
        found.append(
            ("premières places", by(lambda n: sum(s["ballots"] for s in judged[n]["said"] if s["opinion"] == 1)))
        )
        if theme["compared"]:
            found.append(("duels (méthode de Schulze)", _schulze(theme, quorate)))
    for partition, word in (("consensus-professions", "professions"), ("consensus-territoires", "territoires")):
        ranks = _consensus(judged, quorate, partition)
        if ranks:
            found.append((f"consensus des {word}", ranks))
    if theme["picks"]:
        found.append(("propositions phares", {name: place for place, name in enumerate(theme["picks"], start=1)}))
    return found


def _votants(proposal: Facts) -> int:
    return int(sum((proposal["tally"] or {}).values()) + sum(each["ballots"] for each in proposal["said"]))


def _wilson(tally: Mapping[str, int], method: Facts) -> Decimal:
    favourable = tally["for_"]
    answers = favourable + tally["against"] + (tally["abstain"] if method["abstentions_in_wilson"] else 0)
    if not favourable:
        return Decimal(0)
    with localcontext() as context:
        context.prec = 60
        s, n, c = Decimal(favourable), Decimal(answers), Z * Z
        return ((2 * s + c - (c * (4 * s * (n - s) / n + c)).sqrt()) / (2 * (n + c))).quantize(Decimal(1).scaleb(-40))


def _majority_value(said: Sequence[Facts], times: int) -> list[int]:
    """Take the lower median away, again and again, from ballots repeated until all proposals have as many."""
    ballots = sorted(each["opinion"] for each in said for _ in range(each["ballots"] * times))
    return [ballots.pop((len(ballots) - 1) // 2) for _ in range(len(ballots))]


def _schulze(theme: Facts, quorate: Sequence[str]) -> Ranks:
    at = {name: place for place, name in enumerate(theme["compared"])}
    d = {(x, y): theme["preferred"][at[x]][at[y]] for x in quorate for y in quorate if x != y}
    p = {(x, y): votes if votes > d[y, x] else 0 for (x, y), votes in d.items()}
    for middle in quorate:
        for x, y in p:
            if middle not in (x, y):
                p[x, y] = max(p[x, y], min(p[x, middle], p[middle, y]))
    return {x: 1 + sum(p[y, x] > p[x, y] for y in quorate if y != x) for x in quorate}


def _consensus(judged: Mapping[str, Facts], quorate: Sequence[str], partition: str) -> Ranks:
    scores: dict[str, tuple[Fraction, int]] = {}
    for name in quorate:
        cells = [each for each in judged[name]["cells"] if each["by"] == partition and each["group"]]
        if len(cells) > 1:
            score = Fraction(prod(each["pour"] + 1 for each in cells), prod(each["votants"] + 2 for each in cells))
            scores[name] = (score, len(cells))
    return {
        name: 1 + sum(other**groups > score**others for other, others in scores.values())
        for name, (score, groups) in scores.items()
    }
