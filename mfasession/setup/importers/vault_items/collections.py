"""Keys in a collection of the Secret Service: the `secret-service` backend of 99designs/keyring.

A tool has a collection of its own. Each item has the tool's name of the key as its label, and its secret is the JSON
that the encrypted files hold, too. Source: that library's `secretservice.go`, and what go-libsecret writes.
"""

import os
import re
from typing import TYPE_CHECKING

from mfasession.errors import StoreError
from mfasession.setup.importers.vault_items import Item, is_session, item_in
from mfasession.stores.keyrings import safe_order
from mfasession.stores.keyrings.in_thread import CallFailed, within_time
from mfasession.stores.keyrings.time_limit import NotAnswered

if TYPE_CHECKING:
    from secretstorage import Collection

_ESCAPED = re.compile(r"_([0-9a-f]{2})")
"""A byte in a D-Bus path that could not stand there as it is."""


class _NoService(Exception):
    """There is no bus, or nothing on it that keeps secrets."""


class _Locked(Exception):
    """The collection cannot be read without a password."""


def read(collection: str, unlocks: str, *, must: bool) -> list[tuple[str, Item]]:
    """Return the keys of a collection by their names, in alphabetical order; none when there is no such collection.

    `unlocks` is the tool's command that asks for the collection's password. `must`: without a Secret Service there is
    an error, not only nothing. Raises StoreError, also for a collection that is locked or does not answer.
    """
    try:
        return within_time(lambda: _read(collection))
    except NotAnswered as silent:
        raise StoreError(
            f"the Secret Service gave no answer for {silent.within:g} s", "log in to the desktop, and run it again"
        ) from None
    except CallFailed as failed:
        failure = failed.failure
    if isinstance(failure, _Locked):
        raise StoreError(f"the collection {collection} is locked", f"unlock it ({unlocks}), and run it again")
    if not isinstance(failure, _NoService):
        raise StoreError(
            f"the collection {collection} cannot be read: {type(failure).__name__}", f"see what this prints: {unlocks}"
        )
    if must:
        raise StoreError(
            f"there is no Secret Service here, which may have keys in the collection {collection}",
            "run it in a desktop session, or with `dbus-run-session` and a keyring daemon",
        )
    return []


def is_there(collection: str) -> bool:
    """Return whether there is a collection of that name, locked or not; never raises."""
    try:
        return within_time(lambda: _collection(collection)) is not None
    except (NotAnswered, CallFailed):
        return False


def _read(name: str) -> list[tuple[str, Item]]:
    found = _collection(name)
    if found is None:
        return []
    if found.is_locked():
        raise _Locked
    items = {item.get_label(): item for item in found.get_all_items()}
    return [(label, item_in(items[label].get_secret())) for label in sorted(items) if not is_session(label)]


def _collection(name: str) -> "Collection | None":
    """Find a collection as the library does: by its path, which keeps the name it was made with."""
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        raise _NoService
    try:
        import secretstorage
    except ImportError:
        raise _NoService from None
    try:
        connection = secretstorage.dbus_init()
        safe_order.introduce(connection)
        collections = list(secretstorage.get_all_collections(connection))
    except (secretstorage.SecretServiceNotAvailableException, OSError):
        raise _NoService from None
    return next((each for each in collections if _name(each.collection_path) == name), None)


def _name(path: str) -> str:
    return _ESCAPED.sub(lambda byte: chr(int(byte[1], 16)), path.rpartition("/")[2])
