"""Which shell is asking, when its program's name does not say it: wrappers, xonsh, busybox, no /proc (macOS)."""

import os
import sys

from mfasession import shells

BOURNE_PROGRAMS = {
    "ash": "sh",
    "bosh": "sh",
    "hush": "sh",
    "lksh": "ksh",
    "mksh": "ksh",
    "oksh": "ksh",
    "osh": "sh",
    "pdksh": "ksh",
    "posh": "sh",
    "rbash": "bash",
    "rksh": "ksh",
    "rzsh": "zsh",
    "yash": "sh",
}
"""Programs of the Bourne family with other names; `Dialect.programs` has those of the other dialects."""
PROGRAM_SUFFIXES = ("", "preview", "static", "wrapped")
"""What may stand behind a dash in the name of a shell's program, besides a version."""
LONGEST_CHAIN = 64
"""Ancestors that are looked at."""
MANY_PROGRAMS = ("busybox", "toybox", "oils", "qemu", "rosetta")
"""Programs that are many in one, or run another one: the words that started them say which. By what stands before -."""


def detect(shell_path: str) -> str:
    """Return the dialect of the program that `$SHELL` names; "sh" when it is empty or unknown."""
    return dialect_of(shell_path) or "sh"


def dialect_of(program: str) -> str:
    """Return the dialect of a shell's program, by its name or path; empty for any other program.

    Login shells (`-zsh`), versions (`zsh-5.9`, `ksh93`), Windows paths and `.exe` are understood.
    """
    name = program.replace("\\", "/").rpartition("/")[2].lower().lstrip("-.").removesuffix(".exe")
    name, _, suffix = name.partition("-")
    if suffix not in PROGRAM_SUFFIXES and not suffix[0].isdigit():
        return ""
    name = name.rstrip("0123456789.")
    for dialect in (name, BOURNE_PROGRAMS.get(name, "")):
        if shells.is_shell(dialect):
            return dialect
    return _programs().get(name, "") if name.endswith(shells.PROGRAM_ENDS) else ""


def _programs() -> dict[str, str]:
    """Return the dialects by the other names of their programs, read once: each dialect outside sh has to be loaded."""
    if not _PROGRAMS:
        others = (name for name in shells.names() if name not in shells.BOURNE_FAMILY)
        _PROGRAMS.update({program: name for name in others for program in shells.dialect(name).programs})
    return _PROGRAMS


_PROGRAMS: dict[str, str] = {}


def nearest(*, reads_stdout: bool = True) -> str:
    """Return the dialect of the nearest parent that is a shell; empty when there is none.

    With `reads_stdout` it is the one that reads what we print: a shell script that writes to the same pipe as we do
    passes our lines on unread.
    """
    if sys.platform != "linux":
        from mfasession.shells.detection import process_table

        return process_table.nearest()
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
    """Return the identity of the pipe that a process writes to; empty when it is another thing or is hidden."""
    try:
        target = os.readlink(f"/proc/{process}/fd/1")
    except OSError:
        return ""
    return target if target.startswith(("pipe:", "socket:")) else ""


def _dialect_of_process(process: int) -> str:
    """Return the dialect that a process speaks (Linux); empty for any other program."""
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
