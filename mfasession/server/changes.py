"""Waits for changes of files without looking at them over and over (inotify(7)); off Linux it looks once a second."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress

from mfasession.files import inotify

LOOK = 1.0
"""Seconds between two looks at files whose changes the system does not report."""
LONGEST = 60.0
"""Seconds between two looks at the others: a network's file system does not report what another machine changes, and
nothing reports that the clock was set or the computer slept."""

_INSIDE = (
    inotify.MODIFY
    | inotify.ATTRIB
    | inotify.CLOSE_WRITE
    | inotify.MOVED_FROM
    | inotify.MOVED_TO
    | inotify.CREATE
    | inotify.DELETE
)
_MASK = _INSIDE | inotify.DELETE_SELF | inotify.MOVE_SELF | inotify.ONLYDIR


class Changes:
    """What wakes everyone who waits when one of the followed files may have changed. Use it in a running loop."""

    def __init__(self) -> None:
        self._descriptor = inotify.opened()
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
        number = inotify.watch(self._descriptor, folder, _MASK)
        if number >= 0:
            self._names.setdefault(number, set()).add(name)
        return number >= 0

    def _read(self) -> None:
        events = inotify.read(self._descriptor)
        if any(mask & ~_INSIDE or name in self._names.get(watch, ()) for watch, mask, name in events):
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
