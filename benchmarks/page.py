"""The page: `benchmarks/README.md`, where each table stands between its marks, and the figures beside it."""

import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.tables import Measured

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
FIGURES = HERE / "figures.json"
"""The figures of the last run of each part, by part and name."""
_LOOK = 2.0
"""Seconds in which the machine is watched before a part."""


def machine() -> str:
    """Return the facts that a figure needs beside it; watches what others do, for two seconds."""
    facts = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    busy = _busy()
    return f"{facts}; other programs used {busy:.0%} of them just before." if busy is not None else f"{facts}."


def write(part: str, above: str, measured: Measured) -> None:
    """Put a table between its marks, and its figures beside those of the other parts."""
    failures = "".join(f"\nFailed: {each}.\n" for each in measured.failures)
    pictures = ""
    for name, plot in measured.plots.items():
        (HERE / name).write_text(plot)
        title = plot.partition("<title>")[2].partition("</title>")[0]
        pictures += f"![{title}]({name})\n\n"
    put(part, f"{pictures}{above}\n\n{measured.text}{failures}")
    kept = figures()
    kept[part] = dict(measured.figures)
    FIGURES.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def put(part: str, text: str) -> None:
    """Replace the text between the marks of a part. Raises ValueError when the page has no such marks."""
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
    page = PAGE.read_text()
    before, mark, rest = page.partition(begin)
    _, mark_2, after = rest.partition(end)
    if not mark or not mark_2:
        raise ValueError(f"{PAGE} has no marks for {part}")
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def figures() -> dict[str, Mapping[str, float]]:
    """Return what was measured last, by part and name."""
    kept: dict[str, Mapping[str, float]] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return kept


def _busy() -> float | None:
    """Return the share of the processors' time that others use while this process sleeps (proc_stat(5))."""
    if not os.path.exists("/proc/stat"):
        return None
    first = _ticks()
    time.sleep(_LOOK)
    idle, total = (now - before for now, before in zip(_ticks(), first, strict=True))
    return max(0.0, 1 - idle / total)


def _ticks() -> tuple[int, int]:
    """Return the ticks of all processors since the start of the system: idle ones, and all."""
    with open("/proc/stat") as file:
        ticks = [int(each) for each in file.readline().split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)
