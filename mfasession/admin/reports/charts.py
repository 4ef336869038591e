"""Charts as SVG inside a page: no script, colours from the page's style, and a text for screen readers."""

from collections.abc import Sequence
from html import escape

from mfasession.values import Value

_WIDTH, _BAR, _LINE = 400, 22, 28
_PATTERNED = {"bad": "M0 6L6 0", "open": "M0 3H6"}
_PATTERN = (
    "<defs>"
    + "".join(
        f'<pattern id="{kind}-pattern" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<path class="mark" d="{lines}"/></pattern>'
        for kind, lines in _PATTERNED.items()
    )
    + "</defs>"
)
"""By which parts of a bar differ without colours: oblique and level lines."""


class Part(Value):
    """A part of a chart; `kind` is the class that colours it."""

    name: str
    count: int
    kind: str


def share(name: str, parts: Sequence[Part]) -> str:
    """Return one bar divided into parts, with their legend below."""
    whole = sum(part.count for part in parts)
    at, drawn = 0.0, [_PATTERN, f'<rect class="ground" width="{_WIDTH}" height="{_BAR}" rx="3"/>']
    for part in parts:
        width = _WIDTH * part.count / whole if whole else 0.0
        drawn.append(_box(part, f'x="{at:.1f}" width="{width:.1f}" height="{_BAR}"'))
        at += width
    top = _BAR
    for part in parts:
        top += _LINE
        drawn.append(_box(part, f'y="{top - 12}" width="12" height="12"'))
        drawn.append(f'<text x="20" y="{top - 1}">{_count_and_share(part, whole)}</text>')
    return _svg(name, parts, top + 8, drawn)


def _box(part: Part, place: str) -> str:
    """A part's colour, with its pattern, so that no part differs by its colour alone."""
    marked = f'<rect fill="url(#{part.kind}-pattern)" {place}/>' if part.kind in _PATTERNED else ""
    return f'<rect class="part {part.kind}" {place}/>{marked}'


def bars(name: str, parts: Sequence[Part]) -> str:
    """Return a bar for each part; the longest has the whole width."""
    most, whole = max((part.count for part in parts), default=0), sum(part.count for part in parts)
    drawn, top = [], 0
    for part in parts:
        width = _WIDTH * part.count / most if most else 0.0
        drawn.append(f'<text y="{top + 13}">{_count_and_share(part, whole)}</text>')
        drawn.append(f'<rect class="ground" y="{top + 18}" width="{_WIDTH}" height="8" rx="3"/>')
        drawn.append(f'<rect class="{part.kind}" y="{top + 18}" width="{width:.1f}" height="8" rx="3"/>')
        top += 34
    return _svg(name, parts, top, drawn)


def _svg(name: str, parts: Sequence[Part], height: int, drawn: Sequence[str]) -> str:
    description = escape(", ".join(f"{part.name}: {part.count:,}" for part in parts))
    inside = "\n".join(drawn)
    return (
        f'<svg role="img" aria-labelledby="{name}-title {name}-description" viewBox="0 0 {_WIDTH} {height}">\n'
        f'<desc id="{name}-description">{description}</desc>\n{inside}\n</svg>\n'
    )


def _count_and_share(part: Part, whole: int) -> str:
    percent = f" ({100 * part.count / whole:.0f} %)" if whole else ""
    return escape(f"{part.name}: {part.count:,}{percent}")
