"""Plots as SVG: bars that compare commands, and lines where something grows."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.interleaved import Case

_ROW, _LABEL, _BAR = 24, 400, 360
"""Pixels: the height of a row, the width of the names, the width of the longest bar."""
_LONGEST = 12.0
"""Times bare Python that fill the plot; a longer bar is cut and says so by its figure."""
_INK, _OURS, _THEIRS, _PALE = "#111111", "#1f6f43", "#9aa0a6", "#dddddd"
_LEFT, _TOP, _WIDE, _HIGH = 70, 50, 440, 240
"""Pixels: where the field of a plot of growth begins, and its size."""
_COLOURS = (_OURS, "#b3541e", "#2f5d9b", "#7a4fa3")


def bars(title: str, cases: Sequence[Case]) -> str:
    """Return an SVG with a bar for each case that did not fail: times the first one, as a ratio."""
    bare = cases[0].median
    parts = []
    for number, case in enumerate((case for case in cases if not case.failure), 1):
        ratio = case.median / bare
        top, width = number * _ROW + 6, round(min(ratio, _LONGEST) / _LONGEST * _BAR)
        colour = _OURS if case.name.startswith("`mfasession") else _THEIRS
        parts += [
            _text(8, top + 13, case.name.replace("`", "")),
            f'<rect x="{_LABEL}" y="{top}" width="{width}" height="{_ROW - 8}" fill="{colour}"/>',
            _text(_LABEL + width + 6, top + 13, f"{ratio:.2f}"),
        ]
    return _svg(title, _LABEL + _BAR + 70, _ROW * (len(cases) + 2), parts)


def growth(title: str, unit: str, lines: Mapping[str, Mapping[int, float]]) -> str:
    """Return an SVG with a line for each name, from sizes to figures; both axes are logarithmic."""
    sizes = sorted({size for line in lines.values() for size in line})
    values = [value for line in lines.values() for value in line.values()]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values) * 1.001))

    def across(size: int) -> int:
        return _LEFT + round(_WIDE * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0]))

    def up(value: float) -> int:
        return _TOP + _HIGH - round(_HIGH * math.log(value / low) / math.log(high / low))

    parts = []
    for decade in range(round(math.log10(high / low)) + 1):
        height = up(low * 10**decade)
        parts.append(f'<path d="M{_LEFT} {height}h{_WIDE}" stroke="{_PALE}"/>')
        parts.append(_text(8, height + 4, f"{low * 10**decade:g} {unit}"))
    parts += [_text(across(size) - 8, _TOP + _HIGH + 20, f"{size:,}") for size in sizes]
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [(across(size), up(value), value) for size, value in sorted(line.items())]
        path = " ".join(f"{x},{y}" for x, y, _ in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y, _ in points]
        x, y, value = points[-1]
        parts.append(_text(x + 8, y + 4, f"{value:,.3g} {unit}: {name}", colour))
    return _svg(title, _LEFT + _WIDE + 330, _TOP + _HIGH + 40, parts)


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    size = f'width="{width}" height="{height}" role="img"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="8" y="{_ROW - 6}" font-weight="bold" fill="{_INK}">{escape(title)}</text>',
    ]
    return "\n".join([*head, *parts, "</svg>\n"])


def _text(x: int, y: int, text: str, colour: str = _INK) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}">{escape(text)}</text>'
