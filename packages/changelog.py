"""`python -m packages.changelog X.Y.Z`: turn what is unreleased in CHANGELOG.md into the version of today.

The form is that of Keep a Changelog 1.1.0 (https://keepachangelog.com/en/1.1.0/).
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import NamedTuple

from packages.pins import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_UNRELEASED = "## [Unreleased]\n"
_VERSION = re.compile(r"## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})(?: \[YANKED\])?")
_LINK = re.compile(r"^\[([^]]+)\]: (\S+)$", re.MULTILINE)
_REPOSITORY = "https://github.com/mfasession/mfasession"


class Release(NamedTuple):
    """A version of the changelog: its numbers, its day (ISO 8601), and its text without the heading."""

    version: tuple[int, int, int]
    day: str
    text: str


def releases(text: str) -> list[Release]:
    """Return the released versions, newest first. Raises ValueError with the line that is not of the form."""
    links = {name for name, _ in _LINK.findall(text)}
    body = _LINK.sub("", text)
    start, unreleased, rest = body.partition(_UNRELEASED)
    if not (start.startswith("# Changelog\n") and unreleased) or "\n## " in start:
        raise ValueError("it does not begin with # Changelog and ## [Unreleased]")
    first, *others = re.split(r"^(?=## )", rest, flags=re.MULTILINE)
    _check_kinds(first)
    found = [_release(each) for each in others]
    for newer, older in pairwise(found):
        if newer.version <= older.version or newer.day < older.day:
            raise ValueError(f"{_name(older.version)} stands below {_name(newer.version)}")
    if missing := {"Unreleased", *(_name(each.version) for each in found)} ^ links:
        raise ValueError(f"versions and links at the end differ: {', '.join(sorted(missing))}")
    return found


def released(text: str, version: str, day: date) -> str:
    """Return the text with its unreleased part as a version. Raises ValueError when that is empty or not newer."""
    known = releases(text)
    unreleased = re.split(r"^## |^\[", text.partition(_UNRELEASED)[2], maxsplit=1, flags=re.MULTILINE)[0]
    if not unreleased.strip():
        raise ValueError("nothing is unreleased")
    before = f"{_REPOSITORY}/compare/v{_name(known[0].version)}...v{version}" if known else None
    link = before or f"{_REPOSITORY}/releases/tag/v{version}"
    new = text.replace(_UNRELEASED, f"{_UNRELEASED}\n## [{version}] - {day.isoformat()}\n", 1)
    new = re.sub(
        r"^\[Unreleased\]: .*$",
        f"[Unreleased]: {_REPOSITORY}/compare/v{version}...HEAD\n[{version}]: {link}",
        new,
        flags=re.MULTILINE,
    )
    releases(new)
    return new


def _release(text: str) -> Release:
    heading, _, body = text.partition("\n")
    found = _VERSION.fullmatch(heading)
    if found is None:
        raise ValueError(f"not a version with its day: {heading}")
    date.fromisoformat(found[4])
    _check_kinds(body)
    return Release((int(found[1]), int(found[2]), int(found[3])), found[4], body)


def _check_kinds(text: str) -> None:
    kinds = [heading for heading, _ in _parts(text)]
    if kinds != [kind for kind in KINDS if kind in kinds]:
        raise ValueError(f"not of {', '.join(KINDS)}, each once and in this order: {', '.join(kinds)}")


def _parts(text: str) -> Iterator[tuple[str, str]]:
    before, *parts = re.split(r"^### ", text, flags=re.MULTILINE)
    if before.strip():
        raise ValueError(f"stands under no kind of change: {before.strip().splitlines()[0]}")
    for part in parts:
        heading, _, lines = part.partition("\n")
        if not re.fullmatch(r"\n(- .*\n(  .*\n)*)+\n*", lines):
            raise ValueError(f"not a list alone: {heading}")
        yield heading, lines


def _name(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


if __name__ == "__main__":
    CHANGELOG.write_text(released(CHANGELOG.read_text(), sys.argv[1], datetime.now(UTC).date()))
