"""Traces of keys that aws-vault keeps where only the tool itself reads them. Nothing is opened, and nobody is asked.

Sources: aws-vault's USAGE.md ("Environment variables") for the variables; 99designs/keyring (pass.go, keyctl.go,
secretservice.go) for the names in each backend.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence

from mfasession import files
from mfasession.setup.importers.vault_items import collections

_KEYRING = "aws-vault"
_KERNEL_KEYS = "/proc/keys"
"""The keys that this process may see, a line each, which ends with the description (proc_keys(5))."""


def collection(environ: Mapping[str, str]) -> str:
    """Return the name of its collection of the Secret Service."""
    return environ.get("AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME") or "awsvault"


def traces(environ: Mapping[str, str], profiles: Sequence[str]) -> list[str]:
    """Return the places that seem to hold keys, in words; `profiles` are those of the AWS files without a key."""
    return [*_found(environ, profiles)]


def _found(environ: Mapping[str, str], profiles: Sequence[str]) -> Iterator[str]:
    backend = environ.get("AWS_VAULT_BACKEND", "")
    if backend not in ("", "file"):
        yield f"its backend {backend}, which AWS_VAULT_BACKEND names"
    if names := _in_pass(environ, profiles):
        yield f"pass ({', '.join(names)})"
    if collections.is_there(collection(environ)):
        yield f"the collection {collection(environ)} of the Secret Service"
    if _in_kernel():
        yield f"the kernel's keyring {_KEYRING}"
    if profiles and shutil.which("aws-vault", path=environ.get("PATH")) is not None:
        yield f"its backend, for profile {', '.join(profiles)}"


def _in_pass(environ: Mapping[str, str], profiles: Sequence[str]) -> list[str]:
    """The profiles with an item: all in a folder of aws-vault's own, at the top of the store those in the AWS files."""
    stores = (environ.get("AWS_VAULT_PASS_PASSWORD_STORE_DIR"), environ.get("PASSWORD_STORE_DIR"))
    store = next(filter(None, stores), os.path.join(files.home(environ), ".password-store"))
    prefix = environ.get("AWS_VAULT_PASS_PREFIX", "")
    own = _items(os.path.join(store, prefix or _KEYRING))
    return own or ([] if prefix else [name for name in _items(store) if name in profiles])


def _items(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    # Names of sessions have commas.
    return [name.removesuffix(".gpg") for name in names if name.endswith(".gpg") and "," not in name]


def _in_kernel() -> bool:
    try:
        with open(_KERNEL_KEYS, encoding="utf-8", errors="replace") as keys:
            return any(words[7:9] == ["keyring", f"{_KEYRING}:"] for words in map(str.split, keys))
    except OSError:
        return False
