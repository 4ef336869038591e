"""Notices whether another program has read a file of late (inotify(7), fcntl(2) "Leases"; Linux)."""

import os
import threading
import time

from mfasession.files import inotify, locks

_CLOSED = inotify.CLOSE_WRITE | inotify.CLOSE_NOWRITE
_HARMLESS = _CLOSED | inotify.ISDIR


class Readers:
    """The other programs that read a file, since this began.

    Whoever has read it has closed it, which is reported, or has it open still, which keeps a lease from being granted.
    A close of our own counts as another's: this process must not open the file and close it meanwhile.
    """

    def __init__(self, path: str) -> None:
        """Begin with the file at a path without links, which need not exist. What cannot be noticed counts as read."""
        self._name = os.path.basename(path)
        self._folder: os.stat_result | None = None
        self._descriptor = inotify.opened()
        if self._descriptor >= 0:
            folder = os.path.dirname(path)
            if inotify.watch(self._descriptor, folder, _CLOSED | inotify.ONLYDIR) >= 0:
                self._folder = os.stat(folder)
        self._began = time.monotonic()
        self._closing = threading.Lock()

    def restart(self) -> None:
        """Begin anew, after this process itself has read the file; to be called from any thread."""
        # First: `are_none` looks at it last, and what is passed over here then counts as too short to know.
        self._began = time.monotonic()
        with self._closing:
            while self._descriptor >= 0 and inotify.read(self._descriptor):
                pass

    def close(self) -> None:
        """End it."""
        with self._closing:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def are_none(self, seconds: float, folder: int, replaced: int, beside: str) -> bool:
        """Return whether no other program has read the file for so many seconds, and none has it open.

        `replaced` is the descriptor of the file that another one has just replaced in `folder`, and whose name has
        been `beside` since.
        """
        if self._folder is None:
            return False
        # First who has it open, then who has closed it: in the other order, a close in between would be missed.
        is_open_elsewhere = locks.lease(replaced, alone=True) is not True
        is_same = os.path.samestat(self._folder, os.fstat(folder))
        is_quiet = not is_open_elsewhere and is_same and self._is_quiet(beside)
        return is_quiet and time.monotonic() - self._began >= seconds

    def _is_quiet(self, beside: str) -> bool:
        while events := inotify.read(self._descriptor):
            for _, mask, name in events:
                # The new file was closed, too, as `beside`, and it was open for writing.
                if mask & ~_HARMLESS or name == self._name or (name == beside and mask & inotify.CLOSE_NOWRITE):
                    return False
        return True
