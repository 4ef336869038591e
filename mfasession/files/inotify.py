"""Linux's notice of what happens to the files of a folder (inotify(7)); other systems lack it."""

import os
import sys
from typing import Any

MODIFY, ATTRIB, CLOSE_WRITE, CLOSE_NOWRITE = 0x2, 0x4, 0x8, 0x10
MOVED_FROM, MOVED_TO, CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x40, 0x80, 0x100, 0x200, 0x400, 0x800
ONLYDIR, ISDIR = 0x1000000, 0x40000000
"""<sys/inotify.h>"""
_HEAD = 16
"""Bytes of an event before its name: the watch, the mask, a cookie and the length of the name."""
_MOST = 65_536


def opened() -> int:
    """Return a descriptor that reports what happens and never waits; -1 where the system has no such notice."""
    if sys.platform != "linux":
        return -1
    try:
        descriptor: int = _libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    except (ImportError, OSError, AttributeError):
        return -1
    return descriptor


def watch(descriptor: int, folder: str, mask: int) -> int:
    """Have the events of `mask` in a folder reported; return the number of the watch, -1 when that is not possible."""
    number: int = _libc().inotify_add_watch(descriptor, os.fsencode(folder), mask)
    return number


def read(descriptor: int) -> list[tuple[int, int, str]]:
    """Return the next events: the watch, what happened, the name. None is left after an empty list. Raises OSError."""
    try:
        data = os.read(descriptor, _MOST)
    except BlockingIOError:
        return []
    found = []
    while len(data) >= _HEAD:
        number, mask = int.from_bytes(data[:4], sys.byteorder), int.from_bytes(data[4:8], sys.byteorder)
        end = _HEAD + int.from_bytes(data[12:16], sys.byteorder)
        found.append((number, mask, os.fsdecode(data[_HEAD:end].rstrip(b"\0"))))
        data = data[end:]
    return found


def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None)
