"""The paths of our own files besides those that every command reads, which are in the front door of the room."""

import os
import sys

from mfasession import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def store_index(environ: "Mapping[str, str]", store: str) -> str:
    """Return the path of the list of sessions that are in a store which cannot list them itself, as a keyring."""
    return os.path.join(files.state_folder(environ), f"{store}{files.INDEX}")


def keyring_keys(environ: "Mapping[str, str]") -> str:
    """Return the path of the list of profiles whose long-term key is in the keyring."""
    return os.path.join(files.state_folder(environ), "keyring-keys")


def encrypted_keys(environ: "Mapping[str, str]", platform: str = sys.platform) -> str:
    """Return the path of the encrypted file of long-term keys and seeds, in the folder of the user's data."""
    unix_or_mac = "Library/Application Support" if platform == "darwin" else ".local/share"
    return os.path.join(files.own_folder(environ, "XDG_DATA_HOME", unix_or_mac), "keys.encrypted")


def run_folder(environ: "Mapping[str, str]") -> str:
    """Return the folder of files for one run: in XDG_RUNTIME_DIR, which ends with the user's session.

    The state folder where XDG_RUNTIME_DIR is missing or not private, which the XDG Base Directory Specification
    requires.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and _is_private(runtime):
        return os.path.join(runtime, files.NAME)
    return files.state_folder(environ)


def lock_file(environ: "Mapping[str, str]", kind: str, resource: str) -> str:
    """Return the path of the lock for one resource (a file's path, a session's name), the same in all our processes."""
    from hashlib import sha256

    digest = sha256(os.fsencode(resource)).hexdigest()[:16]
    return os.path.join(files.state_folder(environ), "locks", f"{kind}-{digest}.lock")


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
    return os.path.join(files.state_folder(environ), "unfinished", digest)
