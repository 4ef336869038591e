"""Replaces files that may hold secrets, in one step.

The new content is written beside the old file, fsynced and renamed over it, so that no file is ever half written. Other
hard links keep the old content, as with every replacement.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable
from shlex import quote

from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import flags, refuse_irregular, system_errors, trust
from mfasession.files.attributes import Attributes, is_mounted, locked_by

Pieces = Iterable[bytes]
Put = Callable[[int, str, str], None]
"""Renames the temporary file: takes the folder's descriptor, the temporary's name and the file's name. Raises
OSError."""

STRAY_AGE = 10
"""Seconds after which a temporary file of an ended process counts as left behind."""
STRAY_AGE_AT_MOST = 3600
"""Seconds after which any temporary file counts as left behind: process IDs are reused, and no write takes that
long."""

_MARK = ".mfasession-"
_ROOM = 16 * 1024
"""The most bytes that a new session adds to a file: AWS says that a session token typically has less than 4096."""

_FOLDER = flags("O_RDONLY", "O_DIRECTORY", "O_CLOEXEC")
_NAMELESS = flags("O_TMPFILE") and flags("O_TMPFILE", "O_WRONLY", "O_CLOEXEC")
_CREATE = flags("O_WRONLY", "O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC")


class Room:
    """Reserved space for a file's next text: a private file, without a name where possible, which `replace` fills."""

    def __init__(self, folder: int, target: str, size: int) -> None:
        """Create a file of `size` bytes in an open folder, which `close` closes. Raises OSError."""
        self._folder = folder
        self.name = _temporary_name(os.path.basename(target))
        self._is_named = False
        try:
            self.descriptor = os.open(".", _NAMELESS, 0o600, dir_fd=folder) if _NAMELESS else -1
        except OSError:
            # This file system has no nameless files.
            self.descriptor = -1
        if self.descriptor < 0:
            self.descriptor = os.open(self.name, _CREATE, 0o600, dir_fd=folder)
            self._is_named = True
        try:
            _fill(self.descriptor, [bytes(size)])
            _finish(self.descriptor, target, None, None)
            os.fsync(self.descriptor)
        except BaseException:
            self._close()
            raise

    def taken(self, folder: int) -> int:
        """Return a descriptor of the file, which has the name `name` from now on; the caller closes it.

        Returns -1 when it is not in that folder, or was removed or taken before.
        """
        if self.descriptor < 0 or not os.path.samestat(os.fstat(self._folder), os.fstat(folder)):
            return -1
        if not self._is_named:
            try:
                os.link(f"/proc/self/fd/{self.descriptor}", self.name, dst_dir_fd=folder, follow_symlinks=True)
            except OSError:
                return -1
            self._is_named = True
        if not os.fstat(self.descriptor).st_nlink:
            return -1
        # It must not stay open here: programs that look for writers would find us.
        taken, self.descriptor = self.descriptor, -1
        return taken

    def close(self) -> None:
        """Release the space, unless it became the file."""
        try:
            self._close()
        finally:
            os.close(self._folder)

    def _close(self) -> None:
        if self.descriptor < 0:
            return
        try:
            if self._is_named and os.path.samestat(
                os.stat(self.name, dir_fd=self._folder, follow_symlinks=False), os.fstat(self.descriptor)
            ):
                _remove(self._folder, self.name)
        except FileNotFoundError:
            # Another process has removed it.
            pass
        finally:
            os.close(self.descriptor)


def replace(
    path: str, text: str | Iterable[str], *, mode: int | None = 0o600, put: Put | None = None, room: Room | None = None
) -> None:
    """Give a file new content in one step: a reader sees the old or the new text, and a failure leaves the old one.

    A symbolic link stays a link and its target is replaced, or created when it is missing. A missing folder is created
    with mode 0700. The file gets `mode`; with None it keeps its own, and a new one gets 0600. Group, access control
    list and other attributes stay, and when root edits a user's file, the owner stays. Temporary files of killed
    processes are removed. `put` renames the new file where a plain rename is not enough; `room` is space from
    `reserve`.

    Raises StoreError: disk full, quota, no permission, read-only, I/O error. Raises ConfigurationError: it is not a
    regular file, or anyone may write in the folder of the file or of the link (no sticky bit).
    """
    content = [_encoded(path, text)] if isinstance(text, str) else (_encoded(path, piece) for piece in text)
    target = _target(path)
    try:
        folder = _opened_folder(path, target)
        try:
            name = os.path.basename(target)
            old = _attributes(path, folder, name)
            _remove_strays(folder, name)

            def finish(descriptor: int) -> None:
                _finish(descriptor, target, old, mode)

            _replace_in(folder, name, content, finish, put or _rename, room)
        finally:
            os.close(folder)
    except OSError as error:
        raise unwritten(path, target, error) from error


def check_replaceable(path: str) -> None:
    """Raise what `replace` would raise, as far as that is known now. Creates no folder and leaves no file.

    A file a little larger than the present one is written beside it, fsynced and removed: only that detects a full
    disk. Where the folder is missing, the nearest folder above it is checked.
    """
    reserve(path).close()


def reserve(path: str, least: int = 0) -> Room:
    """Reserve at least `least` bytes for the next text of a file. Raises what `check_replaceable` raises."""
    target = _target(path)
    parent = os.path.dirname(target)
    try:
        is_there = os.path.isdir(parent)
        folder = _opened_folder(path, target) if is_there else os.open(_nearest(parent), _FOLDER)
        try:
            name = os.path.basename(target)
            old = _attributes(path, folder, name) if is_there else None
            if old is not None:
                _check_can_go(target)
            return Room(folder, target, max(old.status.st_size if old else 0, least) + _ROOM)
        except BaseException:
            os.close(folder)
            raise
    except OSError as error:
        raise unwritten(path, target, error) from error


def make_folder(folder: str) -> None:
    """Create a folder and its missing parents, each with mode 0700. Raises StoreError."""
    try:
        _make_folder(folder)
    except OSError as error:
        raise unwritten(folder, folder, error) from error


def _encoded(path: str, text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Without context: the exception holds the whole text with its secrets.
        raise StoreError(f"{path} was not written: the text is not valid Unicode", "") from None


def _target(path: str) -> str:
    target = os.path.realpath(path)
    if os.path.islink(target):
        raise ConfigurationError(f"{path} is a symbolic link to itself", f"rm {quote(path)}")
    return target


def _opened_folder(path: str, target: str) -> int:
    parent = os.path.dirname(target)
    link_parent = os.path.dirname(os.path.abspath(path))
    _make_folder(parent)
    if link_parent != parent:
        _refuse_open_folder(path, link_parent, os.stat(link_parent))
    folder = os.open(parent, _FOLDER)
    try:
        _refuse_open_folder(path, parent, os.fstat(folder))
    except BaseException:
        os.close(folder)
        raise
    return folder


def _refuse_open_folder(path: str, folder: str, status: os.stat_result) -> None:
    is_open = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
    if is_open and not trust.is_exempt(folder):
        raise ConfigurationError(
            f"{path} was not written: anyone may put files in {folder}", f"chmod o-w {quote(folder)}"
        )


def _make_folder(folder: str) -> None:
    if os.path.isdir(folder):
        return
    if (parent := os.path.dirname(folder)) != folder:
        _make_folder(parent)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        # Another process was quicker. If it is not a folder, opening it fails and reports that.
        if not os.path.isdir(folder):
            raise


def _nearest(folder: str) -> str:
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    return folder


def _attributes(path: str, folder: int, name: str) -> Attributes | None:
    """The attributes for the new file; None when there is no old one."""
    try:
        found = Attributes(folder, name)
    except FileNotFoundError:
        return None
    if not found.is_regular:
        refuse_irregular(path, found.status)
    return found


def _check_can_go(target: str) -> None:
    """Raise OSError for a file that a rename cannot replace."""
    if is_mounted(target):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    if locked_by(target) or locked_by(os.path.dirname(target)):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def _temporary_name(name: str) -> str:
    return f".{name}{_MARK}{os.getpid()}-{os.urandom(4).hex()}"


def _replace_in(
    folder: int, name: str, data: Pieces, finish: Callable[[int], None], put: Put, room: Room | None
) -> None:
    descriptor = room.taken(folder) if room else -1
    temporary = room.name if room and descriptor >= 0 else _temporary_name(name)
    try:
        if descriptor < 0:
            descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=folder)
        try:
            _fill(descriptor, data)
            finish(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        put(folder, temporary, name)
    except BaseException:
        _remove(folder, temporary)
        raise
    _sync_folder(folder)


def _rename(folder: int, temporary: str, name: str) -> None:
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _fill(descriptor: int, content: Pieces) -> None:
    """Write a file from its beginning and truncate it after that."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    size = 0
    for piece in content:
        size += len(piece)
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    if os.fstat(descriptor).st_size != size:
        os.ftruncate(descriptor, size)


def _finish(descriptor: int, target: str, old: Attributes | None, mode: int | None) -> None:
    try:
        if old is not None:
            old.give(descriptor, mode)
        else:
            os.fchmod(descriptor, 0o600 if mode is None else mode)
    except PermissionError:
        # The file system keeps no modes, and the user trusts the folder.
        if not trust.is_exempt(target):
            raise


def _sync_folder(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        # Some file systems cannot sync a folder (EINVAL, fsync(2)) and protect its entries in their own way.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def remove(path: str) -> None:
    """Remove a file of ours, if it is there. Raises StoreError."""
    with system_errors.removing(path, "rm"):
        os.unlink(path)


def _remove(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        # It was renamed or never created; a disk error here follows an earlier one, which is reported. A later
        # `replace` removes what is left.
        return


def strays(path: str) -> list[str]:
    """Return the files that replacing this one has left beside it in processes that were killed."""
    folder, name = os.path.split(os.path.realpath(path))
    prefix = f".{name}{_MARK}"
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    left = ((each, each.removeprefix(prefix).partition("-")[0]) for each in names if each.startswith(prefix))
    return [
        os.path.join(folder, each) for each, process in left if process.isdecimal() and not is_running(int(process))
    ]


def _remove_strays(folder: int, name: str) -> None:
    prefix = f".{name}{_MARK}"
    now = time.time()
    for entry in os.listdir(folder):
        if entry.startswith(prefix) and _is_stray(folder, entry, entry[len(prefix) :].partition("-")[0], now):
            _remove(folder, entry)


def _is_stray(folder: int, entry: str, process: str, now: float) -> bool:
    try:
        status = os.stat(entry, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    age = now - status.st_mtime
    if age > STRAY_AGE_AT_MOST:
        return True
    return age > STRAY_AGE and process.isdecimal() and not is_running(int(process))


def is_running(process: int) -> bool:
    """Return whether there is a process with that ID, of any user."""
    try:
        os.kill(process, 0)
    except PermissionError:
        # It is another user's.
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def unwritten(path: str, target: str, error: OSError) -> StoreError:
    """Return the error for a path (resolved: `target`) that was not written."""
    folder = quote(os.path.dirname(target))
    for place in (target, os.path.dirname(target)) if error.errno == errno.EPERM else ():
        if flag := locked_by(place):
            said = "cannot be changed" if flag == "i" else "can only grow"
            return StoreError(
                f"{path} was not written: {place} {said} (chattr +{flag})", f"sudo chattr -{flag} {quote(place)}"
            )
    denied = ("no permission in its folder", f"ls -ld {folder}; chmod u+rwx {folder}")
    no_folder = ("a part of the path is not a folder", f"ls -ld {folder}")
    reasons = {
        errno.EFBIG: ("the file is larger than allowed here", "ulimit -f unlimited"),
        errno.EACCES: denied,
        errno.EPERM: denied,
        errno.EBUSY: ("the file is itself a mount point", "mount the folder that holds it, not the file alone"),
        errno.ENOTDIR: no_folder,
        errno.EEXIST: no_folder,
    }
    reason, hint = system_errors.explain(error, os.path.dirname(target), reasons)
    return StoreError(f"{path} was not written: {reason}", hint)
