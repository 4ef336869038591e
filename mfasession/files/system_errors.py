"""Explains the system's errors, with a hint: one table for files, locks, programs and threads."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from shlex import quote

from mfasession.errors import StoreError

Explanation = tuple[str, str]
"""The reason, for people, and a hint that may be empty."""

_DISK_FAILED = ("the disk failed", "see the kernel's messages: dmesg")
_NO_MEMORY = ("no memory is left", "end what you do not need: free -h; ulimit -v")
_NO_THREADS = (
    "no more programs or threads may be started",
    'end what you do not need, or raise the limit: ps -L -u "$USER" | wc -l; ulimit -u',
)
EVERYWHERE: Mapping[int, Explanation] = {
    errno.EDQUOT: ("your disk quota is used up", "free some space, then again: quota"),
    errno.EIO: _DISK_FAILED,
    errno.EMFILE: ("this program has too many files open", "raise the limit: ulimit -n 1024"),
    errno.ENFILE: ("all programs together have too many files open", "end what you do not need, then run it again"),
    errno.ENOMEM: _NO_MEMORY,
    errno.ENOSPC: ("no space is left on the disk", "free some, then again: df -h"),
    errno.EROFS: ("its file system is read-only", "mount it for writing, or keep the file elsewhere"),
}
"""Reasons that do not depend on a file's path."""


def explain(error: OSError, path: str = "", own: Mapping[int, Explanation] | None = None) -> Explanation:
    """Return the reason of a failure and a hint. `own` has the caller's more precise reasons.

    `path` is named in the hint where the error may be about it.
    """
    number = error.errno or 0
    if own and number in own:
        return own[number]
    reason, hint = EVERYWHERE.get(number, (plain(error), f"ls -ld {quote(path)}" if path else ""))
    return reason, f"{hint} {quote(path)}" if path and number == errno.ENOSPC else hint


def explain_unexpected(error: BaseException) -> Explanation | None:
    """Return the explanation of an unexpected error of the system; None for any other error."""
    if isinstance(error, OSError) and error.errno is not None and error.errno in EVERYWHERE:
        return EVERYWHERE[error.errno]
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    # Python's own text: there is no class for this error.
    return _NO_THREADS if isinstance(error, RuntimeError) and "start new thread" in str(error) else None


def explain_start(error: OSError | ValueError, hint: str) -> Explanation:
    """Return why a program could not be started, and a hint, `hint` where the program itself is the reason."""
    if not isinstance(error, OSError):
        return "not a program", hint
    if error.errno == errno.EAGAIN:
        return _NO_THREADS
    return EVERYWHERE.get(error.errno or 0, (plain(error), hint))


def plain(error: OSError) -> str:
    """Return the system's text of an error, for a message."""
    return (error.strerror or type(error).__name__).lower()


@contextmanager
def removing(path: str, program: str) -> Iterator[None]:
    """Pass when another process was faster. Raises StoreError, with a line that runs `program`, for other OSErrors."""
    try:
        yield
    except FileNotFoundError:
        return
    except OSError as error:
        reason, _ = explain(error)
        raise StoreError(f"{path} was not removed: {reason}", f"{program} {quote(path)}") from error
