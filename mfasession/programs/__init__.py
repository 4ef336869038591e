"""Replaces this process with a command (execve), as a shell does. Every `exec` imports this."""

import os

from mfasession import process_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

SHELL = "/bin/sh"
"""Runs a script without `#!` (POSIX, execvp)."""
_NO_FORMAT = 8
"""ENOEXEC, the same on every platform; importing `errno` would slow down a hit."""
NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""POSIX shell, 2.8.2 "Exit Status for Commands"."""


AS_IT_IS = "the command runs without a shell"


class CannotRun(Exception):
    """The command could not be started. `status` is 126 or 127; `reason` and `hint` are for messages."""

    def __init__(self, status: int, reason: str, hint: str = AS_IT_IS) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.hint = hint


def replace(words: "Sequence[str]", environ: "Mapping[str, str]") -> "NoReturn":
    """Replace this process with the command, found through the PATH in `environ`. Raises CannotRun."""
    _restore_signals()
    process_memory.restore_core_limit()
    try:
        _become(words, environ)
    except (OSError, ValueError) as error:
        raise cannot_run(words[0], error) from None


def _become(words: "Sequence[str]", environ: "Mapping[str, str]") -> "NoReturn":
    """Do the work of `os.execvpe`, which imports `warnings` to read the PATH: 1/40 of a hit. Raises OSError."""
    arguments, variables = list(words), dict(environ)
    denied = missing = None
    for path in _places(words[0], variables):
        try:
            os.execve(path, arguments, variables)  # noqa: S606  # on purpose without a shell
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error
        except OSError as error:
            if error.errno == _NO_FORMAT and _is_text(path):
                os.execve(SHELL, [SHELL, path, *words[1:]], variables)  # noqa: S606  # as a shell would
            denied = denied or error
    raise denied or missing or FileNotFoundError(words[0])


def start(
    words: "Sequence[str]", environ: "Mapping[str, str]", found: str = "", **how: "Any"
) -> "subprocess.Popen[bytes]":
    """Start the command as a child process, found as by `replace`; `how` goes to Popen. Raises CannotRun.

    `found` is the path at which it was found before: when it can no longer be started there, it is looked for again.
    """
    import subprocess
    from contextlib import suppress

    if found:
        with suppress(OSError, ValueError):
            return subprocess.Popen(words, env=dict(environ), executable=found, **how)
    try:
        try:
            return subprocess.Popen(words, env=dict(environ), **how)
        except OSError as error:
            path = _script(words[0], environ) if error.errno == _NO_FORMAT else ""
            if not path:
                raise
            return subprocess.Popen([SHELL, path, *words[1:]], env=dict(environ), **how)
    except (OSError, ValueError) as error:
        raise cannot_run(words[0], error) from None


def _places(name: str, environ: "Mapping[str, str]") -> list[str]:
    """The possible paths of a command: its own, or one in each folder of PATH."""
    if os.sep in name:
        return [name]
    return [os.path.join(folder, name) for folder in environ.get("PATH", os.defpath).split(os.pathsep)]


def _script(name: str, environ: "Mapping[str, str]") -> str:
    """Return the path of a command that is a script without `#!`; empty for any other command."""
    path = next((path for path in _places(name, environ) if os.path.isfile(path) and os.access(path, os.X_OK)), "")
    return path if path and _is_text(path) else ""


def _is_text(path: str) -> bool:
    """Whether a shell would read the file: bash looks for a NUL byte in the first 80 bytes of the first line."""
    try:
        with open(path, "rb") as file:
            return b"\0" not in file.read(80).partition(b"\n")[0]
    except OSError:
        return False


def cannot_run(name: str, error: "OSError | ValueError") -> CannotRun:
    """Return the error for a command that could not be started, as a shell reports it."""
    # An empty word is a ValueError for execve, and a folder of the PATH for a child. NUL bytes, the other reason of a
    # ValueError, cannot come from a command line.
    if not name or isinstance(error, ValueError):
        return CannotRun(NOT_FOUND, "command not found")
    # A folder, or a file without the x bit, on the PATH is EACCES; a missing one is ENOENT.
    if isinstance(error, FileNotFoundError | NotADirectoryError) and not _is_there(name):
        return CannotRun(NOT_FOUND, "command not found")
    from mfasession.files import system_errors

    return CannotRun(NOT_EXECUTABLE, *system_errors.explain_start(error, AS_IT_IS))


def shown(name: str) -> str:
    """Return a command's name for messages: a code or a key that was typed in its place is not repeated."""
    from mfasession.redaction import redacted

    return redacted(name) or repr("")


def _is_there(name: str) -> bool:
    """Whether the command itself exists: a script without its interpreter fails with ENOENT, too."""
    return os.sep in name and os.path.exists(name)


def _restore_signals() -> None:
    """Undo what Python did at its start: it ignores SIGPIPE and SIGXFSZ, and execve would keep that."""
    # `signal` itself imports `enum`, which costs a quarter of the interpreter's start; this is the module below it.
    import _signal  # type: ignore[import-not-found]

    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(_signal, name):
            _signal.signal(getattr(_signal, name), _signal.SIG_DFL)
