"""A file's owner, group, mode, access control list and other extended attributes.

A file that replaces another one gets them from it.
"""

import errno
import os
import stat
from shlex import quote

from mfasession.errors import ConfigurationError
from mfasession.files import flags

_ACL = "system.posix_acl_access"
_OF_THE_TEXT = ("security.ima", "security.evm", "security.capability")
"""Attributes that sign a file's content: wrong for any other content (kernel, security/integrity)."""
_OF_THE_SYSTEM = ("security.", "trusted.", "system.")
"""Attributes that the system may set by its own rules instead of letting us set them."""
_CANNOT = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EINVAL, errno.ENODATA)
_PLACE = flags("O_PATH", "O_CLOEXEC")
_GET_FLAGS, _IMMUTABLE, _APPEND_ONLY = 0x80086601, 0x10, 0x20
"""ioctl_iflags(2), Linux on 64 bits."""


class Attributes:
    """The attributes of a file, for the file that replaces it."""

    def __init__(self, folder: int, name: str) -> None:
        """Read the attributes of an existing file. Raises OSError."""
        self.status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        self.is_regular = stat.S_ISREG(self.status.st_mode)
        self._extended = _extended(folder, name) if self.is_regular else {}

    def give(self, descriptor: int, mode: int | None) -> None:
        """Set the attributes on an open file, with `mode` instead of the old mode unless it is None. Raises OSError.

        Where the group cannot be kept, the new group gets only the permissions of others.
        """
        old = self.status
        new = os.fstat(descriptor)
        wanted = stat.S_IMODE(old.st_mode) if mode is None else mode
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            try:
                os.fchown(descriptor, old.st_uid if os.geteuid() == 0 else -1, old.st_gid)
            except OSError as error:
                # Not a member of the group, or the group is unknown in this user namespace.
                if error.errno not in _CANNOT or (os.geteuid() == 0 and new.st_uid != old.st_uid):
                    raise
                wanted &= ~0o070 | (wanted & 0o007) << 3
        if hasattr(os, "setxattr"):
            _give_extended(descriptor, self._extended)
        # Last: with an access control list these bits are its mask (acl(5)).
        os.fchmod(descriptor, wanted)


def _give_extended(descriptor: int, extended: dict[str, bytes]) -> None:
    if _ACL not in extended:
        try:
            # A default list of the folder may have given the new file one.
            os.removexattr(descriptor, _ACL)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
    for name, value in extended.items():
        try:
            os.setxattr(descriptor, name, value)
        except OSError as error:
            if error.errno not in _CANNOT or not name.startswith(_OF_THE_SYSTEM):
                raise


def _extended(folder: int, name: str) -> dict[str, bytes]:
    if not hasattr(os, "listxattr"):
        return {}
    if os.path.exists(f"/proc/self/fd/{folder}"):
        # Not opened: who opens the file counts as one of its readers (`readers`).
        return _listed(f"/proc/self/fd/{folder}/{name}")
    try:
        # No call takes a folder's descriptor, and O_PATH does not work.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except PermissionError:
        # Unreadable files are replaced, too.
        return {}
    try:
        return _listed(descriptor)
    finally:
        os.close(descriptor)


def _listed(place: str | int) -> dict[str, bytes]:
    follows = isinstance(place, int)
    try:
        names = [each for each in os.listxattr(place, follow_symlinks=follows) if each not in _OF_THE_TEXT]
        return {each: os.getxattr(place, each, follow_symlinks=follows) for each in names}
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        return {}


def check_writable(path: str) -> None:
    """Raise ConfigurationError for a file that is read-only or belongs to another user.

    Replacing a file needs no permission on the file itself: without this check, a read-only file would be overwritten
    and another user's would become ours. Root may write any file that is writable at all.
    """
    try:
        status = os.stat(path)
    except OSError:
        # There is no file, or it cannot be replaced: the reader or `replace` reports which.
        return
    if not stat.S_ISREG(status.st_mode):
        return
    if not status.st_mode & stat.S_IWUSR:
        raise ConfigurationError(f"{path} is read-only", f"chmod u+w {quote(path)}")
    if os.geteuid() not in (0, status.st_uid):
        raise ConfigurationError(f"{path} belongs to another user", f'sudo chown "$USER" {quote(path)}')


def locked_by(path: str) -> str:
    """Return the chattr(1) flag that locks a file or a folder, `i` or `a`; empty when there is none."""
    import fcntl
    from struct import pack, unpack

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        (flags,) = unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, pack("l", 0)))
    except OSError:
        # The file system has no flags.
        return ""
    finally:
        os.close(descriptor)
    return "i" if flags & _IMMUTABLE else "a" if flags & _APPEND_ONLY else ""


def is_mounted(target: str) -> bool:
    """Return whether a file is itself a mount point, as in a container: no file can be renamed over it."""
    ours, above = _mount_of(target), _mount_of(os.path.dirname(target))
    return bool(ours and above and ours != above)


def _mount_of(path: str) -> str:
    """Return the ID of a path's mount (proc(5), fdinfo); empty where the system does not provide it."""
    try:
        descriptor = os.open(path, _PLACE)
    except OSError:
        return ""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:
            return next((line.split()[1] for line in lines if line.startswith("mnt_id:")), "")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
