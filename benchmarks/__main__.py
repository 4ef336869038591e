"""`make bench`: measures all, or the named parts, and writes `benchmarks/README.md` and its plots anew."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import audit, endpoint, hits, hook, logins, many, policy, rivals
from benchmarks.interleaved import run
from benchmarks.tables import plot, ratios
from tests.helpers.secret_service import SecretService

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("ROUNDS", "200"))


def file_store(folder: Path) -> str:
    """Hits in the credentials file."""
    cases = hits.file_store(folder)
    run(cases, ROUNDS)
    (HERE / "hits.svg").write_text(plot("A hit in the file store, times bare Python", cases))
    return ratios(cases)


def keyring_store(folder: Path) -> str:
    """Hits in a real Secret Service."""
    with SecretService() as service:
        bus = {"DBUS_SESSION_BUS_ADDRESS": service.environ["DBUS_SESSION_BUS_ADDRESS"]}
        cases = hits.keyring_store(folder, bus)
        run(cases, ROUNDS // 2)
    (HERE / "keyring.svg").write_text(plot("A hit in the Secret Service, times bare Python", cases))
    return ratios(cases)


def growth(folder: Path) -> str:
    """What a large credentials file costs."""
    cases = hits.growth(folder)
    run(cases, ROUNDS // 2)
    return ratios(cases)


PARTS: Mapping[str, Callable[[Path], str]] = {
    "file": file_store,
    "keyring": keyring_store,
    "growth": growth,
    "login": logins.table,
    "endpoint": endpoint.table,
    "idle": endpoint.idle,
    "roles": many.roles,
    "editor": many.editor,
    "hook": hook.table,
    "policy": policy.table,
    "audit": audit.table,
}


def main(names: Sequence[str]) -> None:
    """Measure the parts and put each table between its marks in the README."""
    if missing := rivals.build():
        sys.stderr.write(f"could not be built here: {', '.join(missing)}\n")
    page = HERE / "README.md"
    for name in names or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            measured = PARTS[name](Path(folder))
        sys.stdout.write(f"{name}\n{measured}\n")
        text = page.read_text()
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        page.write_text(f"{before}{begin}\n{machine()}\n\n{measured}\n{end}{after}")


def machine() -> str:
    """Return the facts that a figure needs beside it."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores."


if __name__ == "__main__":
    main(sys.argv[1:])
