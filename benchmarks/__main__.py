"""`make bench`: measures all, or the named parts, and writes `benchmarks/README.md` and its plots anew."""

import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks import audit, endpoint, goals, hits, hook, lint, logins, many, page, policy, rivals, scripts
from benchmarks.interleaved import Failed
from benchmarks.tables import Measured

PARTS: Mapping[str, Callable[[Path], Measured]] = {
    "alone": hits.alone,
    "file": hits.file_store,
    "keyring": hits.keyring_store,
    "kernel": hits.kernel_store,
    "growth": hits.growth,
    "login": logins.table,
    "script": scripts.table,
    "endpoint": endpoint.table,
    "idle": endpoint.idle,
    "roles": many.roles,
    "editor": many.editor,
    "hook": hook.table,
    "policy": policy.table,
    "lint": lint.table,
    "audit": audit.table,
    "accounts": audit.accounts,
}


PRINT = "--print"


def main(words: Sequence[str]) -> int:
    """Measure the parts and put each table between its marks in the README; return an exit code.

    A part that fails says so in its place, and the others are measured. With `--print` nothing is written.
    """
    names = [each for each in words if each != PRINT]
    if unknown := set(names) - set(PARTS):
        sys.stderr.write(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}\n")
        return 2
    started = time.monotonic()
    failures = [f"not built: {each}" for each in rivals.build()]
    found: dict[str, Mapping[str, float]] = {}
    for name in names or PARTS:
        began = time.monotonic()
        above = page.machine()
        measured = _measured(name)
        if PRINT not in words:
            page.write(name, above, measured)
        print(f"{name}, {time.monotonic() - began:.0f} s\n\n{above}\n\n{measured.text}", flush=True)
        failures += [f"{name}: {each}" for each in measured.failures]
        found[name] = measured.figures
    reached = goals.table({**page.figures(), **found})
    if PRINT not in words:
        page.put("goals", reached)
    print(f"goals\n\n{reached}")
    sys.stderr.write(f"all of it took {time.monotonic() - started:.0f} s\n")
    for each in failures:
        sys.stderr.write(f"{each}\n")
    return 1 if failures else 0


def _measured(name: str) -> Measured:
    try:
        with tempfile.TemporaryDirectory() as folder:
            return PARTS[name](Path(folder))
    except Failed as error:
        return Measured("Not measured.\n", failures=[str(error)])
    except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001  # the others go on
        traceback.print_exc()
        return Measured("Not measured.\n", failures=[f"{type(error).__name__}: {error}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
