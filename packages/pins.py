"""The versions and hashes of what a user's installation consists of, taken from those that the tests run with."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tests" / "requirements.txt"
EXTRAS = ("encrypted-file", "import")
"""Those for everyday use. The sandbox brings a hundred packages, and no key of anybody's comes near it."""
_BLOCK = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ \\]+)(?: ; ([^\\\n]+?))? \\\n((?:    --hash=sha256:\S+(?: \\)?\n)+)",
    re.MULTILINE,
)


class Pin(NamedTuple):
    """One package: its canonical name, version, environment marker ("" for everywhere) and sha256 hashes in hex."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """Return it as a line of a requirements file (pip documentation, "Secure installs")."""
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.name}=={self.version}{marker}" + "".join(
            f" \\\n    --hash=sha256:{each}" for each in self.hashes
        )


def locked(text: str) -> dict[str, Pin]:
    """Read all pins of a requirements file by name."""
    found = (
        Pin(canonicalize_name(name), version, marker, tuple(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, marker, hashes in _BLOCK.findall(text)
    )
    return {pin.name: pin for pin in found}


def installed_by(root: str, extras: tuple[str, ...], pins: dict[str, Pin]) -> list[Pin]:
    """Return what `root` with extras needs, on any platform, in the order of names. Raises KeyError for one unpinned.

    A package that this platform does not need is not installed here, so its own needs are unknown; the lock has none
    such that need anything.
    """
    wanted: dict[str, set[str]] = {}
    left = [(root, frozenset(extras))]
    while left:
        name, asked = left.pop()
        for line in _requires(name):
            need = Requirement(line)
            if not _applies(need, asked):
                continue
            found = canonicalize_name(need.name)
            if found not in pins:
                if need.marker is not None:
                    continue  # for an older Python than we run on
                raise KeyError(found)
            if found not in wanted or not need.extras <= wanted[found]:
                wanted.setdefault(found, set()).update(need.extras)
                left.append((found, frozenset(wanted[found])))
    return [pins[name] for name in sorted(wanted)]


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def _applies(need: Requirement, extras: frozenset[str]) -> bool:
    """Whether a need is one without an extra, or of one of these: other markers are the lock's to judge."""
    named = re.findall(r"extra == ['\"]([^'\"]+)['\"]", str(need.marker or ""))
    return not named or any(canonicalize_name(each) in extras for each in named)


def text(pins: list[Pin]) -> str:
    """Return pins as a constraints file."""
    return "\n".join(pin.line() for pin in pins) + "\n"


def of_the_program() -> list[Pin]:
    """Return the pins of everyday use."""
    return installed_by("mfasession", EXTRAS, locked(LOCK.read_text()))
