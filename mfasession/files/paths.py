"""The paths of our own files: the platform's folders, from the environment only.

Rules: XDG Base Directory Specification on Linux and other Unixes, Apple's Library folders on macOS. `platformdirs`
has the same rules but imports `typing`, which is too slow for every command.
"""

import os
import sys

from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "mfasession"
INDEX = ".sessions"
"""How the name of a store's list of sessions ends; the store's name stands before it."""


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
    return os.path.join(_folder(environ, "XDG_CONFIG_HOME", unix_or_mac), "config.toml")


def state_folder(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the folder of the state and the locks. Deleting it loses no session and no key."""
    unix_or_mac = "Library/Application Support" if platform == "darwin" else ".local/state"
    return _folder(environ, "XDG_STATE_HOME", unix_or_mac)


def cache_folder(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the folder of files that can be made again at any time."""
    return _folder(environ, "XDG_CACHE_HOME", "Library/Caches" if platform == "darwin" else ".cache")


def store_index(environ: "Mapping[str, str]", store: str) -> str:
    """Return the path of the list of sessions that are in a store which cannot list them itself, as a keyring."""
    return os.path.join(state_folder(environ), f"{store}{INDEX}")


def keyring_keys(environ: "Mapping[str, str]") -> str:
    """Return the path of the list of profiles whose long-term key is in the keyring."""
    return os.path.join(state_folder(environ), "keyring-keys")


def encrypted_keys(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the path of the encrypted file of long-term keys and seeds, in the folder of the user's data."""
    unix_or_mac = "Library/Application Support" if platform == "darwin" else ".local/share"
    return os.path.join(_folder(environ, "XDG_DATA_HOME", unix_or_mac), "keys.encrypted")


def run_folder(environ: "Mapping[str, str]") -> str:
    """Return the folder of files for one run: in XDG_RUNTIME_DIR, which ends with the user's session.

    The state folder where XDG_RUNTIME_DIR is missing or not private, which the XDG Base Directory Specification
    requires.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return os.path.join(runtime, NAME) if os.path.isabs(runtime) and _is_private(runtime) else state_folder(environ)


def lock_file(environ: "Mapping[str, str]", kind: str, resource: str) -> str:
    """Return the path of the lock for one resource (a file's path, a session's name), the same in all our processes."""
    from hashlib import sha256

    digest = sha256(os.fsencode(resource)).hexdigest()[:16]
    return os.path.join(state_folder(environ), "locks", f"{kind}-{digest}.lock")


def _is_private(folder: str) -> bool:
    try:
        status = os.stat(folder)
    except OSError:
        return False
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077 and os.access(folder, os.W_OK)


def unfinished_file(environ: "Mapping[str, str]", resource: str) -> str:
    """Return the path of the data with which the next run finishes an interrupted in-place change."""
    from hashlib import sha256

    digest = sha256(os.fsencode(resource)).hexdigest()[:16]
    return os.path.join(state_folder(environ), "unfinished", digest)


def _folder(environ: "Mapping[str, str]", variable: str, place: str) -> str:
    # The specification calls a relative path invalid and says to ignore it.
    named = environ.get(variable, "")
    return os.path.join(named if os.path.isabs(named) else os.path.join(home(environ), place), NAME)
