"""Changes a file in place: a file that is itself a mount point, as in a container, cannot be replaced.

The old and the new text are first saved in a private file, so that the next change can finish an interrupted one.
During the change no other program has the file open (a lease on Linux's own file systems), so that a reader sees the
old or the new text.
"""

import errno
import os
import time
from shlex import quote

from mfasession import files
from mfasession.errors import StoreError
from mfasession.files import locks, replace
from mfasession.files.attributes import is_mounted, locked_by

_LIMIT = 2 * files.SIZE_LIMIT + 1024 * 1024
"""The largest saved state in bytes: two texts, of which the new one may be a little larger than the limit."""
_HEAD = "mfasession unfinished 1 {} {}\n"
PATIENCE = 0.5
"""Seconds to wait for other programs that have the file open for reading."""
_LOOK_AGAIN = 0.005
_OPEN = files.flags("O_RDWR", "O_CLOEXEC", "O_NOFOLLOW")


def is_needed(path: str) -> bool:
    """Return whether a file can only be changed in place."""
    return is_mounted(os.path.realpath(path))


def check(path: str, unfinished: str) -> None:
    """Raise StoreError when `overwrite` could not write, as far as that is known without writing to the file."""
    target = os.path.realpath(path)
    try:
        size = os.stat(target).st_size
        if locked_by(target):
            raise replace.unwritten(path, target, PermissionError(errno.EPERM, ""))
        if not os.access(target, os.W_OK):
            _refuse(path, target)
    except OSError as error:
        raise replace.unwritten(path, target, error) from error
    # The space for both texts. If the disk is then full for the file itself, the file stays unchanged.
    replace.reserve(unfinished, 2 * size).close()


def overwrite(path: str, before: str, after: str, unfinished: str) -> None:
    """Write a new text over the one that was read, unless another program has changed it.

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
    """Finish the change of a process that has ended; return whether there was one. The caller holds our lock.

    A file that another program has written since stays unchanged. Raises StoreError (it can be tried again) and
    ConfigurationError.
    """
    kept = files.read_private(unfinished, limit=_LIMIT)
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
    """Write from the first different byte on; after a failure restore the old bytes, which needs no space."""
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
    """Whether the file has the start of the new text followed by the rest of the old one."""
    begun = _alike(now, new)
    return now[begun:] == old[begun:]


def _alike(one: bytes, other: bytes) -> int:
    """Return the length of the common prefix in bytes."""
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
    """Keep other programs from opening the file until it is closed, if that is possible within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while locks.lease(descriptor, alone=True) is False and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN)


def _refuse(path: str, target: str) -> None:
    """Raise StoreError, or the OSError of a file that cannot be opened for writing."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except PermissionError as error:
        raise StoreError(f"{path} was not written: no permission", f"chmod u+w {quote(path)}") from error
