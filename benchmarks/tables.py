"""Tables in Markdown, and bars as SVG: what `benchmarks/README.md` shows."""

from collections.abc import Sequence
from html import escape

from benchmarks.interleaved import Case

_ROW, _LABEL, _BAR = 24, 290, 360
"""Pixels: the height of a row, the width of the names, the width of the longest bar."""
_LONGEST = 12.0
"""Times bare Python that fill the plot; a longer bar is cut and says so by its figure."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column is words and all others figures."""
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def ratios(cases: Sequence[Case], head: str = "command") -> str:
    """Return the table of cases, the first of which is what the others are compared with."""
    bare = cases[0]
    rows = [
        (
            case.name,
            f"{case.median * 1000:.1f}",
            f"{case.median / bare.median:.2f}",
            f"{case.peak / 1024:.1f}",
            f"{case.peak / bare.peak:.2f}",
        )
        for case in cases
    ]
    return table([head, "ms", "times bare Python", "peak MiB", "times bare Python"], rows)


def plot(title: str, cases: Sequence[Case]) -> str:
    """Return an SVG with a bar for each case: times the first one, as a ratio."""
    bare = cases[0].median
    height = _ROW * (len(cases) + 2)
    size = f'width="{_LABEL + _BAR + 70}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="8" y="{_ROW - 6}" font-weight="bold" fill="#111111">{escape(title)}</text>',
    ]
    for number, case in enumerate(cases, 1):
        ratio = case.median / bare
        top, width = number * _ROW + 6, round(min(ratio, _LONGEST) / _LONGEST * _BAR)
        colour = "#1f6f43" if case.name.startswith("`mfasession") else "#9aa0a6"
        label = escape(case.name.replace("`", ""))
        parts.append(
            f'<text x="8" y="{top + 13}" fill="#111111">{label}</text>'
            f'<rect x="{_LABEL}" y="{top}" width="{width}" height="{_ROW - 8}" fill="{colour}"/>'
            f'<text x="{_LABEL + width + 6}" y="{top + 13}" fill="#111111">{ratio:.2f}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])
