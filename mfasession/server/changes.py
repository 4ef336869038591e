"""Waits for changes of files without looking at them over and over (inotify(7)); off Linux it looks once a second."""

import asyncio
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

LOOK = 1.0
"""Seconds between two looks at files whose changes the system does not report."""
LONGEST = 60.0
"""Seconds between two looks at the others: a network's file system does not report what another machine changes, and
nothing reports that the clock was set or the computer slept."""

# <sys/inotify.h>
_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x4, 0x8, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _ONLYDIR = 0x400, 0x800, 0x1000000
_INSIDE = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_MASK = _INSIDE | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
_HEAD = 16
"""Bytes of an event before its name: the watch, the mask, a cookie and the length of the name."""


class Changes:
    """What wakes everyone who waits when one of the followed files may have changed. Use it in a running loop."""

    def __init__(self) -> None:
        self._descriptor = _opened()
        self._names: dict[int, set[str]] = {}
        """The names in each watched folder that matter."""
        self._waiting: set[asyncio.Future[None]] = set()
        self.number = 0
        """How often something has changed so far."""
        if self._descriptor >= 0:
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Follow nothing any more."""
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def follow(self, paths: Iterable[str]) -> float:
        """Follow these files, too, whether they exist or not; return for how many seconds to wait at most.

        To be called again after each change: a folder that was missing may be there.
        """
        places = {place for path in paths for place in _places(path)}
        is_reported = self._descriptor >= 0 and {self._watch(*place) for place in places} <= {True}
        return LONGEST if is_reported else LOOK

    async def wait(self, seconds: float, since: int) -> bool:
        """Return when a followed file may have changed, and after so many seconds; return whether one may have.

        `since` is `number` before the caller's last look: a change while it looked counts, too.
        """
        if self.number != since:
            return True
        woken = asyncio.get_running_loop().create_future()
        self._waiting.add(woken)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken, seconds)
        finally:
            self._waiting.discard(woken)
        return not woken.cancelled()

    def _watch(self, folder: str, name: str) -> bool:
        number: int = _libc().inotify_add_watch(self._descriptor, os.fsencode(folder), _MASK)
        if number >= 0:
            self._names.setdefault(number, set()).add(name)
        return number >= 0

    def _read(self) -> None:
        try:
            events = os.read(self._descriptor, 65_536)
        except BlockingIOError:
            return
        if any(mask & ~_INSIDE or name in self._names.get(watch, ()) for watch, mask, name in _events(events)):
            self.number += 1
            for woken in self._waiting:
                if not woken.done():
                    woken.set_result(None)


def _places(path: str) -> list[tuple[str, str]]:
    """The folder and the name of a file, and of each link on the way to it; of a folder that is missing, its own."""
    found = []
    for each in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):
        folder, name = os.path.split(each)
        while not os.path.isdir(folder) and folder != os.path.dirname(folder):
            folder, name = os.path.split(folder)
        found.append((folder, name))
    return found


def _events(data: bytes) -> list[tuple[int, int, str]]:
    found = []
    while len(data) >= _HEAD:
        watch, mask = int.from_bytes(data[:4], sys.byteorder), int.from_bytes(data[4:8], sys.byteorder)
        end = _HEAD + int.from_bytes(data[12:16], sys.byteorder)
        found.append((watch, mask, os.fsdecode(data[_HEAD:end].rstrip(b"\0"))))
        data = data[end:]
    return found


def _opened() -> int:
    """A descriptor that reports changes; -1 where there is none."""
    if sys.platform != "linux":
        return -1
    try:
        descriptor: int = _libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    except (ImportError, AttributeError):
        return -1
    return descriptor


def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None)
