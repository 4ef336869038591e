"""Terminal screens as an SVG: text that can be selected, animated by CSS alone, in a light and a dark palette.

A line is one `<text>`, from the moment it appears until it is gone; what is typed is covered and uncovered key by key.
Without animation, as when the reader asked for reduced motion, the last frame is shown.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tests.helpers.pictures.screen import Cell, Frame, Line, Style

WIDTH, HEIGHT, BASELINE, MARGIN = 8.4, 19, 14, 14
"""Of a cell, of the text in it and around all lines, in pixels; the font has 14."""
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "edge": "#d1d9e0",
    "ink": "#1f2328",
    "red": "#cf222e",
    "green": "#1a7f37",
    "brown": "#9a6700",
    "blue": "#0969da",
    "cursor": "#1f232880",
}
DARK: Mapping[str, str] = {
    "paper": "#0d1117",
    "edge": "#3d444d",
    "ink": "#e6edf3",
    "red": "#ff7b72",
    "green": "#3fb950",
    "brown": "#d29922",
    "blue": "#58a6ff",
    "cursor": "#e6edf380",
}
"""Colours by pyte's names; each has a contrast of 4.5 or more with its paper (WCAG 2.2, 1.4.3)."""
HEXADECIMAL = re.compile(r"[0-9a-f]{6}")
BLOCKS = {"█": (0.0, 1.0), "▀": (0.0, 0.5), "▄": (0.5, 1.0)}
"""Where these begin and end in their cell: fonts leave gaps between them, so they are drawn."""


class Picture(NamedTuple):
    """What is drawn, and for how many columns. The title and the description are for screen readers."""

    frames: Sequence[Frame]
    columns: int
    title: str
    description: str


class _Shown(NamedTuple):
    """A line in a row from a time to another; what is typed there has the cells that are seen from a time on."""

    row: int
    line: Line
    begin: float
    end: float
    typed: tuple[tuple[float, int], ...]


def draw(picture: Picture, palette: Mapping[str, str]) -> str:
    """Return the SVG of the frames in these colours."""
    motion = _Motion(sum(frame.seconds for frame in picture.frames))
    body = [text for shown in _shown(picture.frames) for text in _drawn(shown, motion, palette)]
    body += _cursor(picture.frames, motion, palette)
    rows = 1 + max(row for frame in picture.frames for row, line in enumerate(frame.lines) if line or row == 0)
    wide, high = picture.columns * WIDTH + 2 * MARGIN, rows * HEIGHT + 2 * MARGIN
    font = f"text{{font-family:{FONT};font-size:14px;white-space:pre;fill:{palette['ink']}}}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(wide)} {_n(high)}" width="{_n(wide)}"'
        f' height="{_n(high)}" role="img" aria-labelledby="title description">\n'
        f'<title id="title">{escape(picture.title)}</title>\n'
        f'<desc id="description">{escape(picture.description)}</desc>\n'
        f"<style>{font}{motion.rules()}</style>\n"
        f'<rect x="0.5" y="0.5" width="{_n(wide - 1)}" height="{_n(high - 1)}" rx="8" fill="{palette["paper"]}"'
        f' stroke="{palette["edge"]}"/>\n' + "".join(f"{each}\n" for each in body) + "</svg>\n"
    )


def write(picture: Picture, path: Path) -> None:
    """Write the picture to two files, whose names end in `-light.svg` and `-dark.svg`."""
    for kind, palette in (("light", LIGHT), ("dark", DARK)):
        path.with_name(f"{path.name}-{kind}.svg").write_text(draw(picture, palette))


class _Motion:
    """The animations of a picture. Equal ones are one rule."""

    def __init__(self, total: float) -> None:
        self._total = total
        self._names: dict[str, str] = {}

    def visible(self, begin: float, end: float) -> str:
        """Return the attributes of what is seen between two times, in seconds."""
        is_last = end >= self._total
        if begin <= 0 and is_last:
            return ""
        steps = [(0.0, "visibility:hidden")] if begin > 0 else []
        steps.append((begin, "visibility:visible"))
        if not is_last:
            steps.append((end, "visibility:hidden"))
        return self.animated(steps) + ("" if is_last else ' visibility="hidden"')

    def animated(self, steps: Sequence[tuple[float, str]]) -> str:
        """Return the attribute of what has these properties, each from its time on."""
        text = "".join(f"{_n(100 * time / self._total)}%{{{what}}}" for time, what in steps)
        return f' class="moving {self._names.setdefault(text, f"k{len(self._names)}")}"'

    def rules(self) -> str:
        """Return the style sheet's part; nothing moves for readers who have asked for that."""
        if not self._names:
            return ""
        rules = f".moving{{animation:{_n(self._total)}s step-end infinite}}"
        rules += "".join(
            f"@keyframes {name}{{{steps}}}.{name}{{animation-name:{name}}}" for steps, name in self._names.items()
        )
        return f"{rules}@media(prefers-reduced-motion:reduce){{.moving{{animation:none}}}}"


def _shown(frames: Sequence[Frame]) -> list[_Shown]:
    """Return each line of each row with its time, in the order in which they appear."""
    found: list[_Shown] = []
    for row in range(max(len(frame.lines) for frame in frames)):
        time = 0.0
        now: _Shown | None = None
        for frame in frames:
            line = frame.lines[row] if row < len(frame.lines) else ()
            if now is not None and line[: len(now.line)] == now.line:
                typed = now.typed if line == now.line else (*now.typed, (time, len(line)))
                now = now._replace(line=line, end=time + frame.seconds, typed=typed)
            else:
                found += [now] if now is not None else []
                now = _Shown(row, line, time, time + frame.seconds, ((time, len(line)),)) if line else None
            time += frame.seconds
        found += [now] if now is not None else []
    return sorted(found, key=lambda shown: (shown.begin, shown.row))


def _drawn(shown: _Shown, motion: _Motion, palette: Mapping[str, str]) -> list[str]:
    """Return a line, and what covers the part of it that is not typed yet."""
    y = MARGIN + shown.row * HEIGHT
    drawn = [*_behind(shown.line, y, palette), *_blocks(shown.line, y, palette), *_text(shown.line, y, palette)]
    drawn = [f"<g{motion.visible(shown.begin, shown.end)}>{''.join(drawn)}</g>"]
    if len(shown.typed) > 1:
        whole = len(shown.line) * WIDTH
        steps = [
            (time, f"transform:translate({_n(MARGIN + count * WIDTH)}px,{y}px) scale({_n(whole - count * WIDTH)},1)")
            for time, count in shown.typed
        ]
        rectangle = f'<rect width="1" height="{HEIGHT}" fill="{palette["paper"]}"{motion.animated(steps)}/>'
        drawn.append(f"<g{motion.visible(shown.begin, shown.typed[-1][0])}>{rectangle}</g>")
    return drawn


def _text(line: Line, y: float, palette: Mapping[str, str]) -> list[str]:
    """Return the letters of a line; each has the width of its cell, whatever the font is."""
    chars = "".join(" " if cell.char in BLOCKS else cell.char for cell in line).rstrip()
    spans = []
    column = 0
    for style, cells in groupby(line[: len(chars)], key=lambda cell: cell.style):
        text = escape(chars[column : (column := column + len(list(cells)))], quote=False)
        colour = "" if style.colour == "default" else f' fill="{_colour(style.colour, palette)}"'
        weight = ' font-weight="bold"' if style.bold else ""
        spans.append(f"<tspan{colour}{weight}>{text}</tspan>" if colour or weight else text)
    if not chars.strip():
        return []
    place = f'x="{MARGIN}" y="{y + BASELINE}" textLength="{_n(len(chars) * WIDTH)}" lengthAdjust="spacingAndGlyphs"'
    return [f'<text {place} xml:space="preserve">{"".join(spans)}</text>']


def _behind(line: Line, y: float, palette: Mapping[str, str]) -> list[str]:
    """Return what is behind the letters where it is not the paper."""
    drawn = []
    for column, cells in _runs(line, lambda cell: cell.style.behind):
        colour = cells[0].style.behind
        if colour != "default":
            place = f'x="{_n(MARGIN + column * WIDTH)}" y="{y}" width="{_n(len(cells) * WIDTH)}" height="{HEIGHT}"'
            drawn.append(f'<rect {place} shape-rendering="crispEdges" fill="{_colour(colour, palette)}"/>')
    return drawn


def _blocks(line: Line, y: float, palette: Mapping[str, str]) -> list[str]:
    """Return the full and half blocks of a line, a path for each colour."""
    paths: dict[str, str] = {}
    for column, cells in _runs(line, lambda cell: (cell.char, cell.style) if cell.char in BLOCKS else ("", Style())):
        if cells[0].char in BLOCKS:
            top, bottom = (part * HEIGHT for part in BLOCKS[cells[0].char])
            colour = _colour(cells[0].style.colour, palette)
            corner = f"M{_n(MARGIN + column * WIDTH)} {_n(y + top)}"
            side = _n(len(cells) * WIDTH)
            paths[colour] = paths.get(colour, "") + f"{corner}h{side}v{_n(bottom - top)}h-{side}z"
    return [f'<path shape-rendering="crispEdges" fill="{colour}" d="{path}"/>' for colour, path in paths.items()]


def _runs(line: Line, key: Callable[[Cell], object]) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the cells that have the same key, with the column where they begin."""
    column = 0
    for _, group in groupby(line, key=key):
        cells = list(group)
        yield column, cells
        column += len(cells)


def _cursor(frames: Sequence[Frame], motion: _Motion, palette: Mapping[str, str]) -> list[str]:
    """Return the cursor, which moves; where it does not, as in a picture of one frame, it is left out."""
    time = 0.0
    steps: list[tuple[float, str]] = []
    for frame in frames:
        what = "visibility:hidden"
        if frame.cursor is not None:
            x, y = MARGIN + frame.cursor[0] * WIDTH, MARGIN + frame.cursor[1] * HEIGHT
            what = f"transform:translate({_n(x)}px,{y}px);visibility:visible"
        if not steps or steps[-1][1] != what:
            steps.append((time, what))
        time += frame.seconds
    if len(steps) < 2:
        return []
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    return [f'<rect {size} fill="{palette["cursor"]}" visibility="hidden"{motion.animated(steps)}/>']


def _colour(name: str, palette: Mapping[str, str]) -> str:
    return f"#{name}" if HEXADECIMAL.fullmatch(name) else palette["ink" if name == "default" else name]


def _n(value: float) -> str:
    """Return a number in as few digits as a picture needs."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
