"""Changing a file where it is: one that is a mount point by itself cannot be replaced, as in a container.

The old and the new text are kept in a private file of ours first: whatever ends the process, the next change ends this
one. While it lasts nobody else has the file open (a lease on Linux's own file systems), so that a reader sees the old
or the new text.
"""

import errno
import os
import time
from shlex import quote

from mfasession import files
from mfasession.errors import StoreError
from mfasession.files import locks, replace
from mfasession.files.attributes import is_mounted, locked_by

_HEAD = "mfasession unfinished 1 {} {}\n"
PATIENCE = 0.5
"""Seconds that others, who have the file open to read it, are waited for."""
_LOOK_AGAIN = 0.005
_OPEN = files.flags("O_RDWR", "O_CLOEXEC", "O_NOFOLLOW")


def is_needed(path: str) -> bool:
    """Tell whether a file can only be changed in place."""
    return is_mounted(os.path.realpath(path))


def check(path: str, unfinished: str) -> None:
    """Raise StoreError when `overwrite` could not write, as far as can be told without writing to the file."""
    target = os.path.realpath(path)
    try:
        size = os.stat(target).st_size
        if locked_by(target):
            raise replace.unwritten(path, target, PermissionError(errno.EPERM, ""))
        if not os.access(target, os.W_OK):
            _refuse(path, target)
    except OSError as error:
        raise replace.unwritten(path, target, error) from error
    # What it needs while it lasts. A disk that is full for the file itself costs the file nothing.
    replace.reserve(unfinished, 2 * size).close()


def overwrite(path: str, before: str, after: str, unfinished: str) -> None:
    """Write a new text over the one that was read, unless somebody has changed that meanwhile.

    Raises StoreError; the file then has the old text.
    """
    target = os.path.realpath(path)
    old, new = (text.encode("utf-8", "surrogateescape") for text in (before, after))
    try:
        descriptor = os.open(target, _OPEN)
        try:
            _have_alone(descriptor)
            if _content(descriptor) == old:
                replace.replace(unfinished, _HEAD.format(len(old), len(new)) + before + after)
                try:
                    _put(descriptor, old, new)
                except BaseException:
                    if _content(descriptor) == old:
                        replace.remove(unfinished)
                    raise
        finally:
            os.close(descriptor)
    except OSError as error:
        raise replace.unwritten(path, target, error) from error
    replace.remove(unfinished)


def finish(path: str, unfinished: str) -> bool:
    """End what a process that is gone began; tell whether there was anything to end. The caller holds our lock.

    A file that somebody else has written meanwhile stays as it is. Raises StoreError: it can be tried again. Raises
    ConfigurationError.
    """
    kept = files.read_private(unfinished)
    if kept is None:
        return False
    texts = _texts(kept.encode("utf-8", "surrogateescape"))
    target = os.path.realpath(path)
    ended = False
    try:
        descriptor = os.open(target, _OPEN)
        try:
            _have_alone(descriptor)
            now = _content(descriptor)
            if texts is not None and now not in texts and _is_between(now, *texts):
                _put(descriptor, now, texts[1])
                ended = True
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise replace.unwritten(path, target, error) from error
    replace.remove(unfinished)
    return ended


def _put(descriptor: int, old: bytes, new: bytes) -> None:
    """Write what differs, from the first such byte on; a failure puts the old bytes back, which takes no space."""
    start = _alike(old, new)
    try:
        _write(descriptor, new, start)
    except BaseException:
        _write(descriptor, old, start)
        raise


def _write(descriptor: int, content: bytes, start: int) -> None:
    rest, at = memoryview(content)[start:], start
    while rest:
        done = os.pwrite(descriptor, rest, at)
        rest, at = rest[done:], at + done
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)


def _is_between(now: bytes, old: bytes, new: bytes) -> bool:
    """Whether the new text was written up to somewhere, and behind that the old one stands."""
    begun = _alike(now, new)
    return now[begun:] == old[begun:]


def _alike(one: bytes, other: bytes) -> int:
    """Return how many bytes are the same from the beginning."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[:middle] == other[:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _texts(kept: bytes) -> tuple[bytes, bytes] | None:
    head, _, rest = kept.partition(b"\n")
    try:
        old, new = (int(word) for word in head.split()[-2:])
    except ValueError:
        return None
    return (
        (rest[:old], rest[old:]) if head + b"\n" == _HEAD.format(old, new).encode() and len(rest) == old + new else None
    )


def _content(descriptor: int) -> bytes:
    content = b""
    while more := os.pread(descriptor, 1 << 20, len(content)):
        content += more
    return content


def _have_alone(descriptor: int) -> None:
    """Let nobody else open the file until it is closed, if that can be had within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while locks.lease(descriptor, alone=True) is False and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN)


def _refuse(path: str, target: str) -> None:
    """Raise StoreError, or the OSError of a file that cannot be opened for writing."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except PermissionError as error:
        raise StoreError(f"{path} was not written: no permission", f"chmod u+w {quote(path)}") from error
