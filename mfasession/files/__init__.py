"""Reading files that may hold secrets; `writing` replaces them. On the path of every command.

A reader never waits: a FIFO or a device in a file's place is refused.
"""

import os

from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

SIZE_LIMIT = 8 * 1024 * 1024
"""Bytes of a file that is still read: some 50,000 profiles, which take seconds and 200 MB to edit."""


def flags(*names: str) -> int:
    """Return the flags of `os.open` by their names, those that this platform has."""
    return sum(getattr(os, name, 0) for name in names)


_READ = flags("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")

# As in `stat`: POSIX fixes the permission bits, and every Unix has these types.
_TYPE, _REGULAR, _DIRECTORY, _LINK, _DEVICES = 0o170000, 0o100000, 0o040000, 0o120000, (0o020000, 0o060000)
_OTHERS_WRITE, _NOT_OWNER, _STICKY = 0o022, 0o077, 0o1000

_safe_folders: set[str] = set()
"""Folders that were found to be ours or root's alone since `forget_folders`, and all those above them."""


def read_text(path: str, limit: int = SIZE_LIMIT) -> "str | None":
    """Return a file's text, or None when there is no such file.

    UTF-8 with `surrogateescape` (every byte survives a round trip), line ends as they are; /dev/null is empty. Raises
    ConfigurationError: not a regular file, not readable, or larger than `limit` bytes.
    """
    return _read(path, limit=limit)


def read_trusted(path: str) -> "str | None":
    """Return the text of a file that decides what runs or where codes go, or None when there is no such file.

    As `read_text`, and raises ConfigurationError when `trust.check` does: somebody else owns or may change the file, a
    folder above it, or a symbolic link to it.
    """
    return _read(path, _OTHERS_WRITE)


def read_private(path: str) -> "str | None":
    """Return the text of a file that must be its owner's alone, or None when there is no such file.

    As `read_trusted`, and raises ConfigurationError when group or others may do anything with the file.
    """
    return _read(path, _NOT_OWNER)


def forget_folders() -> None:
    """Look at every folder again from now on."""
    _safe_folders.clear()


def _read(path: str, forbidden: int = 0, limit: int = SIZE_LIMIT) -> "str | None":
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        status = os.fstat(descriptor)
        if status.st_mode & _TYPE != _REGULAR:
            if os.path.samestat(status, os.stat(os.devnull)):
                # How people say "no file": AWS_CONFIG_FILE=/dev/null.
                return ""
            refuse_irregular(path, status)
        if forbidden:
            _check(path, status, forbidden)
        content = _content(path, descriptor, status.st_size, limit)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    return content.decode("utf-8", "surrogateescape")


def _content(path: str, descriptor: int, size: int, limit: int) -> bytes:
    # One byte more than the file has, so that the usual read is whole and the next one says that it was.
    content = os.read(descriptor, min(size, limit) + 1)
    while len(content) <= limit and (more := os.read(descriptor, 65536)):
        content += more
    if len(content) > limit:
        raise too_large(path, limit)
    return content


def too_large(path: str, limit: int) -> ConfigurationError:
    """Return the error for a file of more than `limit` bytes."""
    size = f"{limit // 1024 // 1024} MB" if limit >= 1024 * 1024 else f"{limit} bytes"
    return ConfigurationError(f"{path} is larger than {size}", f"see what it is: ls -l {_quoted(path)}")


def refuse_irregular(path: str, status: os.stat_result) -> "NoReturn":
    """Raise ConfigurationError for what stands in the place of a file."""
    kind = "a directory" if status.st_mode & _TYPE == _DIRECTORY else "not a regular file"
    if status.st_mode & _TYPE in _DEVICES or path.startswith(("/dev/", "/proc/")):
        # Never the command that moves it away: root might run it.
        raise ConfigurationError(f"{path} is {kind}", "name a file that can keep something instead")
    raise ConfigurationError(f"{path} is {kind}", f"move it away: mv {_quoted(path)} {_quoted(path + '.old')}")


def _check(path: str, status: os.stat_result, forbidden: int) -> None:
    """Let pass what is plainly safe; `trust` has the whole rule, and the words for what breaks it."""
    us = os.geteuid()
    if status.st_mode & forbidden or status.st_uid not in (us, 0) or not _is_plainly_reached(path, us):
        from mfasession.files import trust

        trust.check(path, status, is_private=forbidden == _NOT_OWNER)


def _is_plainly_reached(path: str, us: int) -> bool:
    """Whether the path leads through no link, and through folders that only we and root may change."""
    looked_at = []
    folder = path
    try:
        if path[:1] != "/" or os.lstat(path).st_mode & _TYPE == _LINK:
            return False
        while folder != "/":
            folder = folder.rpartition("/")[0] or "/"
            if folder in _safe_folders:
                break
            status = os.lstat(folder)
            mode = status.st_mode
            # In a sticky folder everybody changes his own alone, and whose the next part of the path is was looked at.
            if mode & _TYPE == _LINK or status.st_uid not in (us, 0) or (mode & _OTHERS_WRITE and not mode & _STICKY):
                return False
            looked_at.append(folder)
    except FileNotFoundError:
        # Moved away since it was opened.
        return False
    _safe_folders.update(looked_at)
    return True


def _unreadable(path: str, error: OSError) -> ConfigurationError:
    import errno

    from mfasession.files import system_errors

    if error.errno == errno.ENXIO:
        # A socket, or a device with nothing behind it.
        refuse_irregular(path, os.stat(path))
    quoted, folder = _quoted(path), _quoted(os.path.dirname(path) or ".")
    reasons = {
        errno.EACCES: ("no permission", f"ls -ld {quoted} {folder}; chmod u+r {quoted}"),
        errno.ELOOP: ("its symbolic links lead in a circle", f"rm {quoted}"),
        errno.ENOTDIR: ("a part of the path is no folder", f"ls -ld {folder}"),
    }
    reason, hint = system_errors.explain(error, path, reasons)
    return ConfigurationError(f"{path} cannot be read: {reason}", hint)


def _quoted(path: str) -> str:
    from shlex import quote

    return quote(path)
