"""Programs that give codes, and what the driver needs for the source of that name: fakes that write down their words.

They print what the documentation of the real ones shows. `oathtool` is the real one.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.helpers.support import need

SEED = "JBSWY3DPEHPK3PXP"
PROGRAMS = {"1password": "op", "bitwarden": "bw", "keepassxc": "keepassxc-cli"}
"""Programs whose names are not those of their sources."""
WINDOWS = ("zenity", "kdialog", "osascript")
FAKE = """#!{python}
import json, sys, time
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv) + chr(10))
time.sleep({delay})
sys.stderr.write({errors!r})
sys.stdout.write({prints!r})
sys.exit({status})
"""


def fake(
    source: str, folder: Path, *, prints: str = "123456\n", errors: str = "", status: int = 0, delay: float = 0.0
) -> dict[str, str]:
    """Write the program of a source, and return the environment in which it is found, with a display."""
    path = folder / "bin" / PROGRAMS.get(source, source)
    path.parent.mkdir(exist_ok=True)
    log = str(folder / "words")
    path.write_text(
        FAKE.format(python=sys.executable, log=log, prints=prints, errors=errors, status=status, delay=delay)
    )
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:{os.environ['PATH']}", "DISPLAY": ":nowhere"}


def words(folder: Path) -> list[list[str]]:
    """Return the words of each run of a fake."""
    return [json.loads(line) for line in (folder / "words").read_text().splitlines()]


def seed_file(folder: Path, seed: str = SEED, mode: int = 0o600) -> str:
    """Write a seed into a file and return its path."""
    path = folder / "seed"
    path.write_text(f"{seed}\n")
    path.chmod(mode)
    return str(path)


def setup(source: str, folder: Path) -> dict[str, Any]:
    """Return what the driver needs to use a source that works."""
    if source == "oathtool":
        need("oathtool")
        return {"preset": [source, "file", seed_file(folder)]}
    options = ["database", "/home/alice/db.kdbx"] if source == "keepassxc" else []
    # A person needs a moment for a window.
    environ = fake(source, folder, delay=1.4 if source in WINDOWS else 0.0)
    platform = {"platform": "darwin"} if source == "osascript" else {}
    return {"preset": [source, *options], "environ": environ, **platform}
