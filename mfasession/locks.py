"""One at a time: advisory locks between our own processes, one lock file a resource.

`flock(2)`: the kernel drops the lock when its holder ends, however it ends. Lock files are empty, of mode 0600, and are
never removed by us. Native Windows has no `flock` and is not supported yet.
"""

import errno
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shlex import quote
from types import ModuleType

from mfasession import writing
from mfasession.errors import StoreError

_LOOK_AGAIN = 0.02
"""Seconds between two tries for a lock that is waited for with a time limit."""


class LockTimeout(StoreError):
    """Somebody else held the lock for as long as we were ready to wait. Raised by `hold`."""


@contextmanager
def hold(path: str, *, timeout: float | None = None, shared: bool = False) -> Iterator[None]:
    """Hold the lock file `path`, made when missing, while the block runs. Not re-entrant: it would wait for itself.

    `timeout` is in seconds; None waits as long as it takes, and ctrl-C ends the wait. Any number of `shared` holders
    hold a lock together, and none of them while somebody holds it alone. Raises LockTimeout, and StoreError when there
    can be no lock: folder not writable, file system without locks, no Unix.
    """
    fcntl = _fcntl()
    deadline = None if timeout is None else time.monotonic() + timeout
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    descriptor = _locked(fcntl, path, operation, deadline)
    try:
        yield
    finally:
        # Unlocked in words: a child forked meanwhile may still have the descriptor open.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def keep(path: str) -> int:
    """Hold the lock file `path` alone, made when missing, until the descriptor that is returned is closed.

    A child that gets the descriptor holds the lock too. Raises StoreError as `hold`.
    """
    fcntl = _fcntl()
    return _locked(fcntl, path, fcntl.LOCK_EX, None)


def is_held(path: str) -> bool:
    """Tell whether somebody, this process too, holds the lock for himself alone. Raises StoreError as `hold`."""
    fcntl = _fcntl()
    if not os.path.exists(path):
        return False
    descriptor = _opened(path)
    try:
        # Shared, so that two who ask at once do not take each other for a holder.
        return not _tried(fcntl, path, descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holder(path: str) -> int | None:
    """Return the ID of the process that holds the lock alone, where the kernel tells (proc_locks(5)), else None."""
    try:
        number = os.stat(path).st_ino
        with open("/proc/locks", encoding="ascii") as table:
            rows = [line.split() for line in table]
    except (OSError, ValueError):
        return None
    # As in `1: FLOCK ADVISORY WRITE 4711 fd:01:131090 0 EOF`; who waits has an arrow behind the number.
    held = [row[4] for row in rows if row[1:4:2] == ["FLOCK", "WRITE"] and row[5].endswith(f":{number}")]
    return int(held[0]) if len(held) == 1 and held[0].isdigit() else None


def lease(descriptor: int) -> bool | None:
    """Let nobody write to an open file until its descriptor is closed: who opens it for writing waits that long.

    False: somebody has it open for writing. None: nobody can tell, which is not Linux, a network's file system, or
    another user's file (fcntl(2), "Leases").
    """
    fcntl = _fcntl()
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        # A signal tells of who waits: one that is ignored when nobody handles it, not SIGIO, which would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_lease_wanted(descriptor: int) -> bool:
    """Tell whether somebody waits to write to a file that `lease` holds."""
    fcntl = _fcntl()
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK)


def _fcntl() -> ModuleType:
    try:
        import fcntl
    except ImportError:
        raise StoreError(
            "files cannot be locked here: native Windows is not supported yet", "use mfasession inside WSL"
        ) from None
    return fcntl


def _locked(fcntl: ModuleType, path: str, operation: int, deadline: float | None) -> int:
    """Open and lock until the locked file is the one that `path` names: somebody may have removed it meanwhile."""
    while True:
        descriptor = _opened(path)
        try:
            _acquire(fcntl, path, descriptor, operation, deadline)
            if _is_in_place(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(path: str) -> int:
    writing.make_folder(os.path.dirname(path))
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unavailable(path, error) from error


def _acquire(fcntl: ModuleType, path: str, descriptor: int, operation: int, deadline: float | None) -> None:
    if deadline is None:
        try:
            fcntl.flock(descriptor, operation)
        except OSError as error:
            raise _unavailable(path, error) from error
        return
    while not _tried(fcntl, path, descriptor, operation):
        left = deadline - time.monotonic()
        if left <= 0:
            raise LockTimeout(
                f"another mfasession is busy: it holds {path}", f"wait for it, or see which one: fuser -v {quote(path)}"
            )
        time.sleep(min(_LOOK_AGAIN, left))


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
    hints = {
        errno.ENOSPC: f"free some space, then again: df -h {folder}",
        errno.EACCES: f'sudo chown -R "$USER" {folder}; chmod u+rwx {folder}',
        errno.ELOOP: f"a symbolic link is in its place: rm {quote(path)}",
        errno.ENOLCK: "its file system has no locks: set XDG_STATE_HOME to a folder on a local disk",
        errno.EOPNOTSUPP: "its file system has no locks: set XDG_STATE_HOME to a folder on a local disk",
    }
    reason = (error.strerror or type(error).__name__).lower()
    return StoreError(f"no lock at {path}: {reason}", hints.get(error.errno or 0, f"ls -ld {folder} {quote(path)}"))
