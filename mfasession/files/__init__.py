"""Reads files that may hold secrets; `replace` replaces them. And where our configuration and cache are.

Every command imports this.

A reader never waits: it refuses a FIFO or a device in place of a file.
"""

import os
import sys

from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

NAME = "mfasession"
INDEX = ".sessions"
"""How the name of a store's list of sessions ends; the store's name stands before it."""
SIZE_LIMIT = 64 * 1024 * 1024
"""The largest file that is read, in bytes: some 400,000 profiles. AWS has no limit; what is larger is another file."""


def flags(*names: str) -> int:
    """Return the flags of `os.open` with these names that this platform has."""
    return sum(getattr(os, name, 0) for name in names)


READ = flags("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")
"""How a file is opened that may be a FIFO or a device."""

# The values of `stat`: POSIX defines the permission bits, and every Unix has these types.
_TYPE, _REGULAR, _DIRECTORY, _LINK, _DEVICES = 0o170000, 0o100000, 0o040000, 0o120000, (0o020000, 0o060000)
_OTHERS_WRITE, _NOT_OWNER, _STICKY = 0o022, 0o077, 0o1000

_safe_folders: set[str] = set()
"""Folders that only we or root can change, as found since `forget_folders`, with all folders above them."""


def read_text(path: str, limit: int = SIZE_LIMIT) -> "str | None":
    """Return a file's text, or None when the file does not exist.

    UTF-8 with `surrogateescape` (every byte survives a round trip), line ends unchanged; /dev/null is empty. Raises
    ConfigurationError: not a regular file, not readable, or larger than `limit` bytes.
    """
    return _read(path, limit=limit)


def read_trusted(path: str) -> "str | None":
    """Return the text of a file that decides what runs or where codes go, or None when it does not exist.

    As `read_text`, and raises ConfigurationError when `trust.check` does: another user owns or may change the file, a
    folder above it, or a symbolic link to it.
    """
    return _read(path, _OTHERS_WRITE)


def read_private(path: str, descriptor: int = -1, limit: int = SIZE_LIMIT) -> "str | None":
    """Return the text of a file that only its owner may read, or None when it does not exist.

    As `read_trusted`, and raises ConfigurationError when group or others have any permission. With the descriptor of
    the file, at its beginning, it is not opened again.
    """
    return _read(path, _NOT_OWNER, limit, descriptor)


def home(environ: "Mapping[str, str]") -> str:
    """Return the home folder: HOME when it is set, else the user database's. Raises ConfigurationError."""
    found = environ.get("HOME") or os.path.expanduser("~")
    if found == "~":
        raise ConfigurationError("HOME is not set, and the user has no home folder", "export HOME=FOLDER")
    return found


def config_file(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the path of `config.toml`: MFASESSION_CONFIG, else in the platform's configuration folder."""
    if named := environ.get("MFASESSION_CONFIG"):
        return named
    unix_or_mac = "Library/Application Support" if platform == "darwin" else ".config"
    return os.path.join(own_folder(environ, "XDG_CONFIG_HOME", unix_or_mac), "config.toml")


def state_folder(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the folder of the state and the locks. Deleting it loses no session and no key."""
    unix_or_mac = "Library/Application Support" if platform == "darwin" else ".local/state"
    return own_folder(environ, "XDG_STATE_HOME", unix_or_mac)


def cache_folder(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the folder of files that can be made again at any time."""
    return own_folder(environ, "XDG_CACHE_HOME", "Library/Caches" if platform == "darwin" else ".cache")


def own_folder(environ: "Mapping[str, str]", variable: str, place: str) -> str:
    """Return our folder in the one that a variable names, else in this place below the home folder.

    Rules: XDG Base Directory Specification on Linux and other Unixes, Apple's Library folders on macOS. `platformdirs`
    has the same rules but imports `typing`, which is too slow for every command.
    """
    # The specification calls a relative path invalid and says to ignore it.
    named = environ.get(variable, "")
    return os.path.join(named if os.path.isabs(named) else os.path.join(home(environ), place), NAME)


def forget_folders() -> None:
    """Check every folder again from now on."""
    _safe_folders.clear()


def _read(path: str, forbidden: int = 0, limit: int = SIZE_LIMIT, descriptor: int = -1) -> "str | None":
    try:
        descriptor = os.open(path, READ) if descriptor < 0 else os.dup(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        status = os.fstat(descriptor)
        if status.st_mode & _TYPE != _REGULAR:
            if os.path.samestat(status, os.stat(os.devnull)):
                # AWS_CONFIG_FILE=/dev/null means "no file".
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
    # One byte more than the file's size: usually one read gets all of it, and the next one finds the end.
    content = os.read(descriptor, min(size, limit) + 1)
    while len(content) <= limit and (more := os.read(descriptor, 65536)):
        content += more
    if len(content) > limit:
        raise too_large(path, limit)
    return content


def too_large(path: str, limit: int) -> ConfigurationError:
    """Return the error for a file that is larger than `limit` bytes."""
    size = f"{limit // 1024 // 1024} MB" if limit >= 1024 * 1024 else f"{limit} bytes"
    return ConfigurationError(f"{path} is larger than {size}", f"see what it is: ls -l {_quoted(path)}")


def refuse_irregular(path: str, status: os.stat_result) -> "NoReturn":
    """Raise ConfigurationError unless it is a regular file."""
    kind = "a directory" if status.st_mode & _TYPE == _DIRECTORY else "not a regular file"
    if status.st_mode & _TYPE in _DEVICES or path.startswith(("/dev/", "/proc/")):
        # The hint has no `mv` for a directory or a device: root might run it.
        raise ConfigurationError(f"{path} is {kind}", "name a regular file instead")
    raise ConfigurationError(f"{path} is {kind}", f"move it away: mv {_quoted(path)} {_quoted(path + '.old')}")


def is_regular(status: os.stat_result) -> bool:
    """Return whether this is the status of a regular file."""
    return status.st_mode & _TYPE == _REGULAR


def check_private(path: str, status: os.stat_result) -> None:
    """Raise ConfigurationError where `read_private` does because another user may read or change the file."""
    _check(path, status, _NOT_OWNER)


def _check(path: str, status: os.stat_result, forbidden: int) -> None:
    """Accept what is clearly safe; `trust` has the whole rule and its messages."""
    us = os.geteuid()
    if status.st_mode & forbidden or status.st_uid not in (us, 0) or not _is_plainly_reached(path, us):
        from mfasession.files import trust

        trust.check(path, status, is_private=forbidden == _NOT_OWNER)


def _is_plainly_reached(path: str, us: int) -> bool:
    """Whether the path has no links, and only we and root may change its folders."""
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
            # In a sticky folder users change only their own files, and the owner of the next part was checked.
            if mode & _TYPE == _LINK or status.st_uid not in (us, 0) or (mode & _OTHERS_WRITE and not mode & _STICKY):
                return False
            looked_at.append(folder)
    except FileNotFoundError:
        # It was moved after it was opened.
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
        errno.ELOOP: ("its symbolic links form a loop", f"rm {quoted}"),
        errno.ENOTDIR: ("a part of the path is not a folder", f"ls -ld {folder}"),
    }
    reason, hint = system_errors.explain(error, path, reasons)
    return ConfigurationError(f"{path} cannot be read: {reason}", hint)


def _quoted(path: str) -> str:
    from shlex import quote

    return quote(path)
