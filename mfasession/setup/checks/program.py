"""The program itself: its version, its Python, and what the installer wrote into its console script."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession import __version__
from mfasession.setup.checks import WARNING, Finding, Seen

if TYPE_CHECKING:
    from mfasession.sessions import Context

_LOSE_VARIABLES = {"dash", "busybox", "mksh"}
"""Shells that do not pass on variables whose names are none in a shell (dash 0.5.12, busybox 1.35, mksh 59c)."""
_SLOW = "; its console script imports re at each start; pip 25.2, pipx and uv write a faster one"
_LONGEST = 4096


def check(_context: "Context") -> Iterator[Finding | Seen]:
    """Yield where the program is, and a console script that loses variables or time: docs/decisions/0013."""
    path = os.path.abspath(sys.argv[0])
    script = _script(path)
    python = ".".join(map(str, sys.version_info[:3]))
    slow = _SLOW if "\nimport re\n" in script else ""
    yield Seen(what="program", found=f"{__version__} at {path}, Python {python}{slow}")
    shell = os.path.basename(os.path.realpath("/bin/sh"))
    if script.startswith("#!/bin/sh\n") and shell in _LOSE_VARIABLES:
        yield Finding(
            name="program-through-shell",
            message=f"{path} starts Python through {shell}, which drops functions that bash exports",
            hint="install it in a folder with a short path and no spaces",
            severity=WARNING,
        )


def _script(path: str) -> str:
    """Return the text of the console script; empty for a program of another kind."""
    try:
        with open(path, "rb") as file:
            return file.read(_LONGEST).decode(errors="replace")
    except OSError:
        return ""
