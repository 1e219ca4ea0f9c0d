"""How long is each part of a bar? Positions on a scale, in exact hundredths of a percent, for whoever draws them."""

from dataclasses import dataclass

from forum.documents.outline import Bar, BarChart, Pattern


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a bar on its scale, in percent with two decimals: "12.50"."""

    pattern: Pattern
    start: str
    width: str


def longest(chart: BarChart) -> int:
    """The scale of a chart: the total of its longest bar."""
    return max((bar.total for bar in chart.bars), default=0)


def spans(bar: Bar, scale: int) -> tuple[Span, ...]:
    """Where the parts of a bar lie, from the left; the empty ones are left out, and all of them when the scale is 0."""
    drawn: list[Span] = []
    before = 0
    for part in bar.parts:
        if part.value and scale:
            start, end = _hundredths(before, scale), _hundredths(before + part.value, scale)
            drawn.append(Span(part.pattern, _percent(start), _percent(end - start)))
        before += part.value
    return tuple(drawn)


def _hundredths(value: int, scale: int) -> int:
    return value * 10_000 // scale


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"
