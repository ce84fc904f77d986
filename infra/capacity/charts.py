"""Line charts as SVG: a few lines over linear axes, readable in light and dark pages."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 36, 44
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")

Points = Sequence[tuple[float, float]]


class Chart(NamedTuple):
    title: str
    across: str
    """What the horizontal axis is, with its unit."""
    up: str
    lines: Mapping[str, Points]
    """Name → points, in the order of their x."""
    mark: float | None = None
    """A height that matters."""


def drawn(chart: Chart) -> str:
    """The chart as one SVG document."""
    points = [point for line in chart.lines.values() for point in line]
    most_x, most_y = _round(max(x for x, _ in points)), _round(max(y for _, y in points))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> str:
        return f"{LEFT + wide * x / most_x:.1f},{TOP + high * (1 - y / most_y):.1f}"

    def parts() -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(chart.title)}" font-family="sans-serif" font-size="12">'
        )
        yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        yield f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(chart.title)}</text>'
        for step in range(5):
            y, value = TOP + high * (1 - step / 4), most_y * step / 4
            yield f'<path d="M{LEFT},{y:.1f}H{LEFT + wide}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            x = LEFT + wide * step / 4
            yield f'<text x="{x:.1f}" y="{HEIGHT - 26}" text-anchor="middle">{most_x * step / 4:g}</text>'
        middle = LEFT + wide / 2
        yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(chart.across)}</text>'
        yield (
            f'<text transform="translate(14,{TOP + high / 2}) rotate(-90)" text-anchor="middle">'
            f"{escape(chart.up)}</text>"
        )
        if chart.mark is not None and chart.mark <= most_y:
            ends = at(0, chart.mark), at(most_x, chart.mark)
            yield f'<polyline points="{" ".join(ends)}" stroke="#000" stroke-dasharray="4 3"/>'
        for number, (name, line) in enumerate(chart.lines.items()):
            colour = COLOURS[number % len(COLOURS)]
            path = " ".join(at(x, y) for x, y in line)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            y = TOP + 14 + 18 * number
            yield f'<rect x="{WIDTH - RIGHT + 10}" y="{y - 9}" width="10" height="10" fill="{colour}"/>'
            yield f'<text x="{WIDTH - RIGHT + 26}" y="{y}">{escape(name)}</text>'
        yield "</svg>"

    return "\n".join(parts()) + "\n"


def _round(value: float) -> float:
    """Up to a number that four steps divide well."""
    size = 1.0
    while value > size * 10:
        size *= 10
    while value <= size and size > 1e-6:  # noqa: PLR2004 - small enough for any axis
        size /= 10
    return next(size * step for step in (1, 2, 4, 6, 8, 10) if value <= size * step)
