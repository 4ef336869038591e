"""Much at once: 500 roles from one code, and an edit of a credentials file of 10 MB."""

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import homes, people, plots
from benchmarks.interleaved import pinned, timed
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from mfasession.awsfiles import ini, ini_edit
from mfasession.sandbox import Sandbox
from tests.helpers.support import MFASESSION, Home

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = (1, 10, 100, 500)
SINGLE = 10
"""Single calls that are measured, to be multiplied."""
SECTIONS = 80_000
EDITS = 7


def roles(folder: Path) -> Measured:
    """Return the wall time of `exec --all-matching` for up to 500 role profiles beside one `exec` for each."""
    rows, figures, line = [], {}, {}
    with Sandbox() as aws:
        for size in ROLES:
            home, login = _role_home(folder / str(size), aws, size)
            took = login + timed([MFASESSION, "exec", "--all-matching", "role-*", "--", "true"], home.environ)
            figures[f"{size} roles s"] = line[size] = took
            rows.append((f"`login`, `exec --all-matching 'role-*' -- true`, {size} matching", f"{took:.2f}"))
        for number in range(SINGLE):
            timed([MFASESSION, "logout", "-p", f"role-{number}"], home.environ)
        words = [[MFASESSION, "exec", "-p", f"role-{number}", "--", "true"] for number in range(SINGLE)]
        one = statistics.median(timed(each, home.environ) for each in words)
    rows.append((f"`exec -p NAME -- true`, {ROLES[-1]} times (from {SINGLE})", f"{one * ROLES[-1]:.1f}"))
    lines = {"login, exec --all-matching": line, "exec -p NAME for each": {size: one * size for size in ROLES}}
    plot = plots.growth("Roles from one code", "s", lines)
    return Measured(as_table(["command", "s"], rows), figures, plots={"roles.svg": plot})


def _role_home(folder: Path, aws: Sandbox, size: int) -> tuple[Home, float]:
    """Make a home with so many role profiles, and log in: the home, and the seconds of the login."""
    user = people.user_of(aws, f"user{size}")
    lines = []
    for number in range(size):
        arn = aws.add_role(f"role{size}-{number}", trusted=[user.arn]).arn
        lines.append(f"[profile role-{number}]\nrole_arn = {arn}\nsource_profile = default\n")
    home = people.home_of(folder, aws, user, "".join(lines))
    return home, timed([MFASESSION, "login", "--code", user.devices[0].code()], home.environ)


def editor(_folder: Path) -> Measured:
    """Return what it takes to find and to replace a section in 10 MB, beside copying the text."""
    text = "".join(f"[profile{number}]\n{homes.KEY}\n" for number in range(SECTIONS)) + homes.SESSION
    size = len(text) / 1e6
    keys = {"manager": "mfasession", "aws_access_key_id": homes.SESSION_ID}
    works: dict[str, Callable[[], object]] = {
        "`str.encode`: read every byte of it": text.encode,
        "`ini.read_section`: find a section": lambda: ini.read_section(text, "default-mfa"),
        "`ini_edit.set_section`: replace a section": lambda: ini_edit.set_section(text, "default-mfa", keys),
        "`ini.parse`: parse all": lambda: ini.parse(text),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    with pinned():
        for _ in range(EDITS):
            for name, work in works.items():
                began = time.perf_counter()
                work()
                times[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(each) for name, each in times.items()}
    rows = [
        (name, f"{min(times[name]) * 1000:.1f}", f"{median * 1000:.1f}", f"{size / median:,.0f}")
        for name, median in medians.items()
    ]
    head = [f"{size:.0f} MB, {SECTIONS + 1:,} sections", "minimum ms", "median ms", "MB a second"]
    return Measured(as_table(head, rows), {"replace ms": medians["`ini_edit.set_section`: replace a section"] * 1000})
