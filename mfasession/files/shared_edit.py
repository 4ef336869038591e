"""Changes a file that other programs change too, without our lock, so that neither their changes nor ours are lost.

Most tools read, truncate and write, as `aws configure set` does; editors rename. So a change of ours

- begins when no program has the file open for writing, and makes such writers wait until it ends (a lease),
- swaps the new file with the old one and checks which file came out: if it is another one, or a writer waits for it, it
  is swapped back and the change starts over (renameat2(2), RENAME_EXCHANGE),
- is checked once more after a moment: a program that had read the file before us may write it after us. Where nobody
  else has read it since `reserve`, there is nothing to wait for.

Without a lease, a file counts as complete when no program has changed it for a moment; without a swap, it is compared
just before the rename.
"""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from shlex import quote

from mfasession import messages
from mfasession.errors import StoreError
from mfasession.files import in_place, locks, replace, trust
from mfasession.files.readers import Readers
from mfasession.files.replace import Room

MOMENT = 0.03
"""Seconds in which a tool finishes a write that it has begun; they take less than a millisecond."""
PATIENCE = 3.0
"""Seconds that a change waits for other writers, and starts over because of them."""

UNREAD = 10 * MOMENT
"""Seconds in which no other program has read the file, so that none is about to write what it read."""

_LOOK_AGAIN = 0.002
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_REPLACE, _EXCHANGE = 1, 2
"""renameat2(2), Linux."""
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


class _Changed(Exception):
    """Another program has changed the file since it was read."""


class Reserved:
    """Space for the next text of a file, and who reads the file meanwhile."""

    def __init__(self, room: Room, readers: Readers) -> None:
        """`close` closes both."""
        self.room = room
        self.readers = readers
        self.descriptor = -1
        """The file that `read` is to read, while `edit` calls it; -1 when it is to be opened."""

    def close(self) -> None:
        """Release the space, unless it became the file."""
        self.readers.close()
        self.room.close()


def edit(
    path: str,
    read: Callable[[], str],
    change: Callable[[str], str],
    unfinished: str,
    *,
    mode: int | None = 0o600,
    reserved: Reserved | None = None,
) -> int:
    """Read a file, change its text and replace it; repeat until the change has persisted.

    The caller holds our own lock. A file that cannot be replaced is changed in place, with the data for finishing it at
    the path `unfinished`. Returns the inode number of the old file when it has other names (hard links) that still hold
    the old text, else 0. `change` returns the text unchanged when there is nothing to change, as in its own result.

    Raises StoreError when other programs do not stop writing, and what `read`, `change`, `trust.check_folders` and
    `replace.replace` raise.
    """
    trust.check_folders(path)
    in_place.finish(path, unfinished)
    deadline = time.monotonic() + PATIENCE
    linked, changed = 0, ""
    while True:
        with _at_rest(path, deadline) as seen:
            began = time.monotonic()
            text = _text_of(seen, read, reserved)
            # Our own text is not looked at again.
            if (changed and changed == text) or (changed := change(text)) == text:
                return linked
            # Once space is reserved beside the file, it is known; and to look opens the file, as a reader does.
            if reserved is None and in_place.is_needed(path):
                seen.release()
                in_place.overwrite(path, text, changed, unfinished)
            else:
                with suppress(_Changed):
                    old = seen.linked
                    replace.replace(path, changed, mode=mode, put=seen.put, room=reserved.room if reserved else None)
                    linked = linked or old
                    if seen.is_unread:
                        return linked
            # Our own time does not count: a large file on a busy machine takes seconds.
            deadline += time.monotonic() - began
        if time.monotonic() > deadline:
            raise _busy(path)
        time.sleep(MOMENT)


def _text_of(seen: "_Seen", read: Callable[[], str], reserved: Reserved | None) -> str:
    if reserved is None:
        return read()
    seen.readers = reserved.readers
    reserved.descriptor = seen.descriptor
    try:
        return read()
    finally:
        reserved.descriptor = -1


def wait(path: str) -> None:
    """Wait until no program writes to a file. Raises StoreError and ConfigurationError as `edit`."""
    trust.check_folders(path)
    with _at_rest(path, time.monotonic() + PATIENCE):
        return


def reserve(path: str, unfinished: str) -> Reserved | None:
    """Reserve space for the next change of a file; return None when it will be changed in place or has no folder yet.

    From now until that change, this process must not open the file and close it: it would count as another reader,
    and the change would take MOMENT longer. Raises what `edit` would raise, as far as that is known now.
    """
    room = _room(path, unfinished)
    return None if room is None else Reserved(room, Readers(os.path.realpath(path)))


def check(path: str, unfinished: str) -> None:
    """Raise what `edit` would raise, as far as that is known now."""
    if (room := _room(path, unfinished)) is not None:
        room.close()


def _room(path: str, unfinished: str) -> Room | None:
    if in_place.is_needed(path):
        in_place.check(path, unfinished)
        return None
    if os.path.isdir(os.path.dirname(os.path.realpath(path))):
        return replace.reserve(path)
    # No file is left in a folder above, which may not be ours.
    replace.check_replaceable(path)
    return None


def say_linked(path: str, inode: int) -> None:
    """Warn that a hard link keeps the old file with its secrets, and how to find it; inode 0 means none."""
    if not inode:
        return
    top = os.path.dirname(os.path.realpath(path))
    while not os.path.ismount(top):
        top = os.path.dirname(top)
    messages.complain(
        f"{path} had another name (a hard link), which still holds what was removed here",
        f"find and delete it: find {quote(top)} -xdev -inum {inode}",
    )


@contextmanager
def _at_rest(path: str, deadline: float) -> "Iterator[_Seen]":
    """Wait until no program writes to a file, and keep others from writing where that is possible."""
    while True:
        with _seen(path) as seen:
            if seen.is_whole():
                yield seen
                return
        if time.monotonic() > deadline:
            raise _busy(path)
        time.sleep(_LOOK_AGAIN)


@contextmanager
def _seen(path: str) -> "Iterator[_Seen]":
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        yield _Seen(path, None)
        return
    seen = _Seen(path, descriptor)
    try:
        yield seen
    finally:
        seen.release()


class _Seen:
    """The state of a file before a change, or that it does not exist."""

    def __init__(self, path: str, descriptor: int | None) -> None:
        self._path = path
        self._descriptor = descriptor
        self._is_leased = False
        self._identity: tuple[int, ...] | None = None
        self.linked = 0
        """The inode number of a file with other names; else 0."""
        self.readers: Readers | None = None
        self.is_unread = False
        """Whether the file has been replaced, and no other program has read the old one for UNREAD."""

    @property
    def descriptor(self) -> int:
        """The file's descriptor, at its beginning; -1 when there is no file."""
        return -1 if self._descriptor is None else self._descriptor

    def release(self) -> None:
        """Let other programs write again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._is_leased = False

    def is_whole(self) -> bool:
        """Return whether no program is in the middle of a write, as far as that can be known."""
        if self._descriptor is not None:
            leased = locks.lease(self._descriptor)
            if leased is False:
                return False
            self._is_leased = leased is True
            status = os.fstat(self._descriptor)
            self._identity = _identity(status)
            self.linked = status.st_ino if status.st_nlink > 1 else 0
            if status.st_size and (self._is_leased or time.time() - status.st_mtime > 1):
                return True
        # An editor may leave no file for a moment, and a shell an empty one.
        time.sleep(MOMENT)
        if self._descriptor is None:
            # Other errors are reported by the reader.
            return not os.access(self._path, os.R_OK)
        return self._identity == _identity_of(self._path)

    def put(self, folder: int, temporary: str, name: str) -> None:
        """Rename the new file. Raises _Changed when the old one was changed or is about to be; OSError."""
        ours = _identity_at(folder, temporary)
        try:
            renamed = _rename(folder, temporary, name, _NO_REPLACE if self._identity is None else _EXCHANGE)
        except (FileExistsError, FileNotFoundError):
            raise _Changed from None
        if not renamed:
            if self._identity != _identity_at(folder, name):
                raise _Changed
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        elif self._identity is not None:
            if self._is_wanted() or self._identity != _identity_at(folder, temporary):
                _put_back(folder, temporary, name, ours)
                raise _Changed
            self.is_unread = self._is_unread(folder, temporary)
            with suppress(OSError):
                # The next change removes what is left.
                os.unlink(temporary, dir_fd=folder)

    def _is_unread(self, folder: int, old_name: str) -> bool:
        # Through another name (a hard link) the file is read unnoticed.
        if self.readers is None or not self._is_leased or self.linked:
            return False
        return self.readers.are_none(UNREAD, folder, self.descriptor, old_name)

    def _is_wanted(self) -> bool:
        return self._is_leased and self._descriptor is not None and locks.is_lease_wanted(self._descriptor)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _identity_of(path: str) -> tuple[int, ...] | None:
    try:
        return _identity(os.stat(path))
    except OSError:
        return None


def _identity_at(folder: int, name: str) -> tuple[int, ...] | None:
    try:
        return _identity(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _put_back(folder: int, theirs: str, name: str, ours: tuple[int, ...] | None) -> None:
    """Swap back; a file that another program has put in place of ours, or written into, is the newest and stays."""
    try:
        _rename(folder, theirs, name, _EXCHANGE)
        if _identity_at(folder, theirs) != ours:
            _rename(folder, theirs, name, _EXCHANGE)
    except FileNotFoundError:
        # An editor has just moved our file away, to put its own there.
        with suppress(FileExistsError):
            _rename(folder, theirs, name, _NO_REPLACE)


def _rename(folder: int, one: str, other: str, how: int) -> bool:
    """Rename with a Linux-only flag; return whether that works here. Raises OSError."""
    try:
        import ctypes

        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (ImportError, OSError, AttributeError):
        return False
    if rename(folder, os.fsencode(one), folder, os.fsencode(other), how) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number))


def _busy(path: str) -> StoreError:
    return StoreError(f"{path} was not written: another program keeps writing it", f"see which: fuser -v {quote(path)}")
