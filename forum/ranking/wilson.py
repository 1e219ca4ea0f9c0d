"""How much support can be relied on? The Wilson lower bound, compared without any rounding.

E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). For s
favourable answers out of n, and c = z²:

    W = (2s + c − sqrt(c · (4s(n − s)/n + c))) / (2(n + c)),   W(n = 0) = 0

which is the textbook formula with both sides multiplied by 2n. W is a − sqrt(b) with a and b rational, so
two bounds are compared by squaring, on exact fractions; a decimal is made only to be printed.

Ten thousand proposals are sorted in a fraction of a second because two bounds are first compared by their exact
floors on a grid of 2⁻⁶⁴: a floor never inverts an order, and only those of one floor are compared by squaring.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import cached_property, total_ordering
from math import isqrt
from typing import Final

from forum.ranking.tallies import Tally

Z: Final = Fraction("1.959963984540054")
"""The 97.5 % quantile of the normal law to fifteen decimals: a two-sided confidence of 95 %.

Declared, not tunable.
"""

_C: Final = Z * Z
_GRID: Final = 64
"""Bits of the grid: bounds of electorates under a thousand million practically never share a floor."""
_DIGITS: Final = 60
"""Digits used to print: far more than the six shown, so that printing never rounds twice."""


@total_ordering
@dataclass(frozen=True, eq=False)
class Bound:
    """The Wilson lower bound of `favourable` answers out of `answers`; ValueError unless 0 <= favourable <= answers."""

    favourable: int
    answers: int
    _floor: int = field(init=False, repr=False)
    """Compared first, see `_floored`."""

    def __post_init__(self) -> None:
        if not 0 <= self.favourable <= self.answers:
            raise ValueError(f"{self.favourable} favourable answers out of {self.answers}")
        object.__setattr__(self, "_floor", self._floored())

    @cached_property
    def _parts(self) -> tuple[Fraction, Fraction]:
        """The fractions a and b of W = a − sqrt(b); exactly (0, 0) when nobody is favourable, where W is 0."""
        s, n = self.favourable, self.answers
        if s == 0:
            return Fraction(0), Fraction(0)
        divisor = 2 * (n + _C)
        return (2 * s + _C) / divisor, _C * (Fraction(4 * s * (n - s), n) + _C) / divisor**2

    def _floored(self) -> int:
        """Exactly floor(2^64 · W), in integers only.

        With c = P/Q, both sides of W multiplied by nQ: W = (u − sqrt(v)) / w, whole numbers. A whole number less
        than x is at most floor(x), so the floor of the quotient is that of the floor of u − sqrt(v).
        """
        s, n = self.favourable, self.answers
        if s == 0:
            return 0
        p, q = _C.numerator, _C.denominator
        u = (2 * s * q + p) * n
        v = p * n * (4 * s * (n - s) * q + p * n)
        w = 2 * (n * q + p) * n
        root_above = isqrt((v << 2 * _GRID) - 1) + 1
        return ((u << _GRID) - root_above) // w

    def _same_answers(self, other: "Bound") -> bool:
        return self.favourable == other.favourable and (self.answers == other.answers or self.favourable == 0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bound):
            return NotImplemented
        if self._floor != other._floor:
            return False
        return self._same_answers(other) or _compare(self._parts, other._parts) == 0

    def __lt__(self, other: "Bound") -> bool:
        if self._floor != other._floor:
            return self._floor < other._floor
        return not self._same_answers(other) and _compare(self._parts, other._parts) < 0

    def __hash__(self) -> int:
        # Equal bounds of different ballots are possible only where W is 0.
        return hash((self.favourable, self.answers if self.favourable else 0))

    def shown(self, decimals: int = 6) -> str:
        """The bound rounded half to even, with a point: "0.595850". For people only; never compare it."""
        a, b = self._parts
        with localcontext() as context:
            context.prec = _DIGITS
            value = _decimal(a) - _decimal(b).sqrt()
            return str(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN))


def wilson(tally: Tally, *, with_abstentions: bool = False) -> Bound:
    """The bound of the "pour" among the exprimés or, when abstentions are declared to count, among the votants."""
    return Bound(tally.for_, tally.votants if with_abstentions else tally.exprimes)


def _compare(left: tuple[Fraction, Fraction], right: tuple[Fraction, Fraction]) -> int:
    """Sign of (a − sqrt(b)) − (c − sqrt(d)), without a square root."""
    (a, b), (c, d) = left, right
    gap = a - c
    roots = (b > d) - (b < d)  # sign of sqrt(b) − sqrt(d)
    side = (gap > 0) - (gap < 0)
    if side != roots:
        return (side > roots) - (side < roots)
    # Both have the same sign: compare gap² with (sqrt(b) − sqrt(d))², that is 2·sqrt(bd) with b + d − gap².
    rest = b + d - gap * gap
    product = 4 * b * d
    larger = 1 if rest < 0 else (product > rest * rest) - (product < rest * rest)
    return side * larger


def _decimal(fraction: Fraction) -> Decimal:
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)
