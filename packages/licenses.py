"""The licences of what is installed with the program (licenses.toml), and those that the one-file program may have."""

import tomllib
from collections.abc import Iterable

from packages.pins import ROOT

FILE = ROOT / "packages" / "licenses.toml"
ALLOWED = {"MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0"}
"""They let others pass a program on with no other duty than to keep their text, which each package has in it."""


def listed(part: str) -> dict[str, str]:
    """Return the licence of each package (an SPDX expression) of a part: `program` or `sandbox`."""
    parts = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: license_id for license_id, names in parts[part].items() for name in names}


def of(name: str) -> str:
    """Return the licence of a package of the program. Raises KeyError for one that is not listed."""
    return listed("program")[name] if name != "mfasession" else "MIT"


def refused(names: Iterable[str]) -> list[str]:
    """Return a line for each package whose licence is not listed, or offers nothing that is allowed."""
    known = listed("program")
    return [f"{name}: {known.get(name, 'not listed')}" for name in names if not _is_allowed(known.get(name, ""))]


def _is_allowed(expression: str) -> bool:
    """Whether one way to read an expression of ANDs and ORs, without brackets, takes only what is allowed."""
    return any({*way.split(" AND ")} <= ALLOWED for way in expression.split(" OR "))
