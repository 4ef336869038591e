"""Which shell is asking on macOS and other systems without /proc, as ps(1) knows it (POSIX)."""

import os

from mfasession.shells.detection import LONGEST_CHAIN, dialect_of

PS = "/bin/ps"
"""By its path: no program that stands first in the PATH is run."""


def nearest() -> str:
    """Return the dialect of the nearest parent that is a shell; empty when there is none."""
    parents: dict[int, tuple[int, str]] = {}
    for line in _process_table().splitlines():
        number, _, rest = line.strip().partition(" ")
        parent, _, program = rest.strip().partition(" ")
        if number.isdigit() and parent.isdigit():
            parents[int(number)] = (int(parent), program.strip())
    process = os.getppid()
    for _ in range(LONGEST_CHAIN):
        process, program = parents.get(process, (0, ""))
        if not program:
            return ""
        if program.rpartition("/")[2].lower().startswith(("python", "xonsh")) and "XONSH_VERSION" in os.environ:
            return "xonsh"
        if dialect := dialect_of(program):
            return dialect
    return ""


def _process_table() -> str:
    if not os.path.exists(PS):
        return ""
    words, environ = [PS, "-A", "-o", "pid=,ppid=,comm="], {"PATH": "/usr/bin:/bin"}
    reader, writer = os.pipe()
    try:
        # Not `subprocess`: importing that costs as much as the interpreter.
        child = os.posix_spawn(PS, words, environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
    finally:
        os.close(writer)
    with open(reader, encoding="utf-8", errors="surrogateescape") as table:
        text = table.read()
    os.waitpid(child, 0)
    return text
