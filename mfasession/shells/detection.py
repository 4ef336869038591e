"""Which shell is asking, where its program's name alone does not say it: wrappers, xonsh, busybox, no /proc (macOS)."""

import os
import sys

from mfasession.shells import FILE_FORMATS, NAMES

OTHER_PROGRAM_NAMES = {
    "ash": "sh",
    "bosh": "sh",
    "csh": "tcsh",
    "hush": "sh",
    "lksh": "ksh",
    "mksh": "ksh",
    "nushell": "nu",
    "oksh": "ksh",
    "osh": "sh",
    "pdksh": "ksh",
    "posh": "sh",
    "pwsh": "powershell",
    "rbash": "bash",
    "rksh": "ksh",
    "rzsh": "zsh",
    "yash": "sh",
}
PROGRAM_SUFFIXES = ("", "preview", "static", "wrapped")
"""What may stand behind a dash in the name of a shell's program, besides a version."""
LONGEST_CHAIN = 64
"""Ancestors that are looked at."""
MANY_PROGRAMS = ("busybox", "toybox", "oils", "qemu", "rosetta")
"""Programs that are many in one, or run another one: the words that started them say which. By what stands before -."""
PS = "/bin/ps"
"""By its path: nothing that stands first in the PATH is run."""


def detect(shell_path: str) -> str:
    """Return the dialect of the program that `$SHELL` names; "sh" when it is empty or unknown."""
    return dialect_of(shell_path) or "sh"


def dialect_of(program: str) -> str:
    """Return the dialect of a shell's program, by its name or path; empty for what is no shell.

    Login shells (`-zsh`), versions (`zsh-5.9`, `ksh93`), Windows paths and `.exe` are understood.
    """
    name = program.replace("\\", "/").rpartition("/")[2].lower().lstrip("-.").removesuffix(".exe")
    name, _, suffix = name.partition("-")
    if suffix not in PROGRAM_SUFFIXES and not suffix[0].isdigit():
        return ""
    name = name.rstrip("0123456789.")
    dialect = OTHER_PROGRAM_NAMES.get(name, name)
    return dialect if dialect in NAMES and dialect not in FILE_FORMATS else ""


def nearest(*, reads_stdout: bool = True) -> str:
    """Return the dialect of the nearest parent that is a shell; empty when there is none.

    With `reads_stdout` it is the one that reads what we print: a shell script that writes to the same pipe as we do
    hands our lines on unread.
    """
    if sys.platform != "linux":
        return from_process_table()
    first, process, ours = "", os.getppid(), _stdout_pipe("self") if reads_stdout else ""
    for _ in range(LONGEST_CHAIN):
        if process < 1:
            break
        if dialect := _dialect_of_process(process):
            first = first or dialect
            if not ours or _stdout_pipe(process) != ours:
                return dialect
        process = _parent(process)
    return first


def _stdout_pipe(process: int | str) -> str:
    """Return what names the pipe that a process writes to; empty when it is none, or not ours to see."""
    try:
        target = os.readlink(f"/proc/{process}/fd/1")
    except OSError:
        return ""
    return target if target.startswith(("pipe:", "socket:")) else ""


def _dialect_of_process(process: int) -> str:
    """Return the dialect that a process speaks (Linux); empty for what is no shell."""
    try:
        path = os.readlink(f"/proc/{process}/exe").removesuffix(" (deleted)")
    except OSError:
        # Another user's, as sudo is, or gone.
        path = ""
    program = path.rpartition("/")[2].lower().lstrip(".")
    if program.startswith(("python", "pypy", "xonsh")):
        # python [options] /…/bin/xonsh, or python -m xonsh
        words = [word for word in _words(process)[1:] if not word.startswith("-")][:1]
    elif not program or program.partition("-")[0] in MANY_PROGRAMS:
        words = _words(process)[:2]
    else:
        words = [program]
    return next(filter(None, map(dialect_of, words)), "")


def _words(process: int) -> list[str]:
    """Return the words that a process was started with (proc_pid_cmdline(5)), which anyone may read."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return os.fsdecode(file.read(4096)).split("\0")
    except OSError:
        return []


def _parent(process: int) -> int:
    """Return the parent of a process (proc_pid_stat(5), field 4); 0 when there is none to see."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return int(file.read(4096).rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        # It has ended meanwhile.
        return 0


def from_process_table() -> str:
    """Return the dialect of the nearest parent that is a shell, as ps(1) knows it (POSIX); empty when there is none."""
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
