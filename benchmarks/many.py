"""Much at once: 500 roles from one code, and an edit of a credentials file of 10 MB."""

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import homes, tables
from mfasession.awsfiles import ini, ini_edit
from mfasession.sandbox import Sandbox
from tests.helpers.support import Home, key_pair

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = 500
SINGLE = 10
"""Single calls that are measured, to be multiplied."""


def roles(folder: Path) -> str:
    """Return the wall time of `exec --all-matching` for 500 role profiles beside that of one `exec` for each."""
    with Sandbox() as aws:
        user = aws.add_user("alice")
        device = user.add_device("phone")
        home = Home(folder, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
        home.write_credentials(key_pair("default", user.key.access_key_id, user.key.secret_access_key.reveal()))
        lines = [f"[default]\nmfa_serial = {device.serial}\n"]
        for number in range(ROLES):
            arn = aws.add_role(f"role{number}", trusted=[user.arn]).arn
            lines.append(f"[profile role-{number}]\nrole_arn = {arn}\nsource_profile = default\n")
        home.config.write_text("".join(lines))
        began = time.perf_counter()
        _done(home, "login", "--code", device.code())
        _done(home, "exec", "--all-matching", "role-*", "--", "true")
        took = time.perf_counter() - began
        for name in range(SINGLE):
            _done(home, "logout", "-p", f"role-{name}")
        one = [_done(home, "exec", "-p", f"role-{name}", "--", "true") for name in range(SINGLE)]
    total = statistics.median(one) * ROLES
    rows = [
        (f"`exec -p NAME -- true`, {ROLES} times (from {SINGLE})", f"{total:.1f}", "1.00"),
        ("`login`, and `exec --all-matching 'role-*' -- true`", f"{took:.1f}", f"{took / total:.3f}"),
    ]
    return tables.table([f"{ROLES} roles from one code", "s", "of the sum of single calls"], rows)


def _done(home: Home, *words: str) -> float:
    """Run mfasession and return the seconds that it took."""
    began = time.perf_counter()
    done = home.run(*words)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"mfasession {words} ended with {done.returncode}: {done.stderr}")
    return took


def editor(_folder: Path) -> str:
    """Return what it takes to find and to replace a section in 10 MB, beside copying the text."""
    text = "".join(f"[profile{number}]\n{homes.KEY}\n" for number in range(80_000)) + homes.SESSION
    size = len(text) / 1e6
    keys = {"manager": "mfasession", "aws_access_key_id": homes.SESSION_ID}
    works: dict[str, Callable[[], object]] = {
        "read every byte of it (`str.encode`)": text.encode,
        "find a section": lambda: ini.read_section(text, "default-mfa"),
        "replace a section": lambda: ini_edit.set_section(text, "default-mfa", keys),
        "parse all": lambda: ini.parse(text),
    }
    rows = []
    for name, work in works.items():
        times = []
        for _ in range(7):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        median = statistics.median(times)
        rows.append((f"{name}", f"{median * 1000:.1f}", f"{size / median:,.0f}"))
    return tables.table([f"{size:.0f} MB, 80,001 sections", "ms", "MB a second"], rows)
