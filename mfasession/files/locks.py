"""Advisory locks between our own processes, one lock file for each resource.

With flock(2) the kernel releases the lock when its holder ends, however it ends. Lock files are empty, have mode 0600,
and are never removed. Native Windows has no `flock` and is not supported yet.
"""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from shlex import quote
from types import ModuleType

from mfasession.errors import StoreError
from mfasession.files import replace, system_errors
from mfasession.messages import say

PATIENCE = 30.0
"""Seconds to wait for a lock whose holder changes one file: a longer holder is stopped or hangs."""
SAY_AFTER = 2.0
"""Seconds of waiting before the holder is named."""
_LOOK_AGAIN = 0.02
"""Seconds between two attempts."""


class LockTimeout(StoreError):
    """Another process held the lock for the whole timeout. Raised by `hold`."""


@contextmanager
def hold(
    path: str, *, timeout: float = PATIENCE, shared: bool = False, waiting: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lock file `path`, created when missing, while the block runs. Not re-entrant.

    `timeout` is in seconds; ctrl-C ends the wait. `waiting` is called once after SAY_AFTER; without it, the holder is
    named on stderr. `shared` holders hold a lock together, but not together with an exclusive one. Raises LockTimeout,
    and StoreError when locking is impossible: folder not writable, file system without locks, native Windows.
    """
    fcntl = _fcntl()
    wait = _Wait(path, timeout, waiting)
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    descriptor = _locked(fcntl, path, operation, wait)
    try:
        yield
    finally:
        # Unlocked explicitly: a child process may still have the descriptor open.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def keep(path: str) -> int:
    """Hold the lock file `path` exclusively, created when missing, until the returned descriptor is closed.

    A child that inherits the descriptor holds the lock too. Raises StoreError as `hold`.
    """
    fcntl = _fcntl()
    return _locked(fcntl, path, fcntl.LOCK_EX, _Wait(path, PATIENCE, None))


def take(descriptor: int) -> bool:
    """Hold an open file itself exclusively until it is closed; return whether no other process held it.

    Raises StoreError as `hold`, and OSError.
    """
    fcntl = _fcntl()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: str) -> bool:
    """Return whether a process (this one included) holds the lock exclusively. Raises StoreError as `hold`."""
    fcntl = _fcntl()
    if not os.path.exists(path):
        return False
    descriptor = _opened(path)
    try:
        # Shared, so that two processes that ask at once do not see each other as holders.
        return not _tried(fcntl, path, descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holder(path: str) -> int | None:
    """Return the ID of the process that holds the lock exclusively (proc_locks(5)), or None where it is unknown."""
    try:
        number = os.stat(path).st_ino
        with open("/proc/locks", encoding="ascii") as table:
            rows = [line.split() for line in table]
    except (OSError, ValueError):
        return None
    # As in `1: FLOCK ADVISORY WRITE 4711 fd:01:131090 0 EOF`; a waiting process has an arrow after the number.
    held = [row[4] for row in rows if row[1:4:2] == ["FLOCK", "WRITE"] and row[5].endswith(f":{number}")]
    return int(held[0]) if len(held) == 1 and held[0].isdigit() else None


def lease(descriptor: int, *, alone: bool = False) -> bool | None:
    """Take a lease on an open file: until the descriptor is closed, programs that open it for writing wait.

    With `alone`, programs that open it for reading wait, too. Returns False when another program has it open for
    writing (with `alone`: in any way); None where leases do not work: not Linux, a network file system, or another
    user's file (fcntl(2), "Leases").
    """
    fcntl = _fcntl()
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        # A signal reports a waiting program: one that is ignored by default, because SIGIO would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK if alone else fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_lease_wanted(descriptor: int) -> bool:
    """Return whether a program waits to write to a file that `lease` holds."""
    fcntl = _fcntl()
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK)


def _fcntl() -> ModuleType:
    try:
        import fcntl
    except ModuleNotFoundError:
        raise StoreError(
            "files cannot be locked here: native Windows is not supported yet", "use mfasession inside WSL"
        ) from None
    return fcntl


def named_holder(path: str) -> str:
    """Return who holds the lock, as in `process 4711 (mfasession login)`; `another mfasession` where it is unknown.

    Only the command's name: the rest of the command line may hold a code.
    """
    number = holder(path)
    if not number:
        return "another mfasession"
    try:
        with open(f"/proc/{number}/cmdline", "rb") as line:
            words = os.fsdecode(line.read(4096)).split("\0")
        with open(f"/proc/{number}/comm", encoding="utf-8", errors="replace") as name:
            short = name.read().strip()
    except OSError:
        return f"process {number}"
    at = next((place for place, word in enumerate(words) if os.path.basename(word) == "mfasession"), None)
    command = "" if at is None else next((word for word in words[at + 1 :] if word.isascii() and word.isalpha()), "")
    return f"process {number} ({f'mfasession {command}'.strip() if at is not None else short})"


class _Wait:
    """One wait for a lock: its time limit, and whom to notify."""

    def __init__(self, path: str, timeout: float, waiting: Callable[[], None] | None) -> None:
        self._path = path
        self._began = time.monotonic()
        self._timeout = timeout
        self._waiting: Callable[[], None] | None = waiting or self._say
        self._holder: int | None = -1
        self._look_at = SAY_AFTER / 2

    def sleep(self) -> None:
        """Wait until the next attempt. Raises LockTimeout at the end of the whole wait."""
        waited = time.monotonic() - self._began
        left = self._timeout - waited
        if left <= 0:
            number = holder(self._path)
            raise LockTimeout(
                f"another mfasession is busy: {named_holder(self._path)} holds {self._path}",
                "wait for it, or see what it does: "
                + (f"ps -fp {number}" if number else f"fuser -v {quote(self._path)}"),
            )
        if waited >= self._look_at and self._waiting is not None:
            self._look(waited, self._waiting)
        time.sleep(min(_LOOK_AGAIN, left))

    def _look(self, waited: float, say_for_whom: Callable[[], None]) -> None:
        """Notify when one process has the lock for SAY_AFTER; many that take turns are not reported."""
        before, self._holder = self._holder, holder(self._path)
        self._look_at = waited + SAY_AFTER / 2
        if before == self._holder:
            self._waiting = None
            say_for_whom()

    def _say(self) -> None:
        say(f"waiting for {named_holder(self._path)}, which holds {self._path}")


def _locked(fcntl: ModuleType, path: str, operation: int, wait: _Wait) -> int:
    """Open and lock until the locked file is still the one at `path`: it may have been removed meanwhile."""
    while True:
        descriptor = _opened(path)
        try:
            while not _tried(fcntl, path, descriptor, operation):
                wait.sleep()
            if _is_in_place(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(path: str) -> int:
    replace.make_folder(os.path.dirname(path))
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unavailable(path, error) from error


def _tried(fcntl: ModuleType, path: str, descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _unavailable(path, error) from error
    return True


def _is_in_place(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _unavailable(path: str, error: OSError) -> StoreError:
    folder = quote(os.path.dirname(path))
    said = system_errors.plain(error)
    no_locks = (said, "its file system has no locks: set XDG_STATE_HOME to a folder on a local disk")
    reasons = {
        errno.EACCES: (said, f'sudo chown -R "$USER" {folder}; chmod u+rwx {folder}'),
        errno.ELOOP: (said, f"a symbolic link is in its place: rm {quote(path)}"),
        errno.ENOLCK: no_locks,
        errno.EOPNOTSUPP: no_locks,
    }
    reason, hint = system_errors.explain(error, os.path.dirname(path), reasons)
    return StoreError(f"no lock at {path}: {reason}", hint)
