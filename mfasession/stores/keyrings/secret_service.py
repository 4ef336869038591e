"""Reads one item of the Secret Service over D-Bus: the path of a hit when a session is kept in the keyring on Linux.

Importing `keyring` costs several times a whole hit, so a session that its SecretService backend took is read without
it, through jeepney, which that backend itself stands on. Only what is there, unlocked and unmistakable is read here;
for all else the `keyring` package is asked.

Source: Secret Service API Draft, freedesktop.org. The session is a plain one: the text crosses the user's own bus,
where whoever could listen could as well ask for the item.
"""

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

TAKER = "keyring.backends.SecretService.Keyring"
"""The backend whose items are read here."""
_SERVICE = "/org/freedesktop/secrets"
_INTERFACE = "org.freedesktop.Secret."
_NO_AUTO_START = 2


class NotRead(Exception):
    """Nothing that is certain: ask the `keyring` package."""


def may_read(taken_by: str, environ: Mapping[str, str]) -> bool:
    """Return whether `keyring` would look here first for what that backend took: no other one has been chosen."""
    if taken_by != TAKER or "DBUS_SESSION_BUS_ADDRESS" not in environ:
        return False
    if any(name.startswith(("PYTHON_KEYRING_BACKEND", "KEYRING_PROPERTY_")) for name in environ):
        return False
    folder = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return not os.path.exists(os.path.join(folder, "python_keyring", "keyringrc.cfg"))


class SecretService:
    """The default collection, as far as it can be read without asking anybody. Use it in a `with` block."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._collection = self._session = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def get_password(self, service: str, username: str) -> str | None:
        """Return the text of an item; None when there is none. Raises NotRead."""
        try:
            self._open()
            wanted = {"service": service, "username": username}
            (items,) = self._call(self._collection, "Collection", "SearchItems", "a{ss}", (wanted,))
            if not items:
                return None
            (secret,) = self._call(items[0], "Item", "GetSecret", "o", (self._session,))
            _, _, text, _ = secret
            return bytes(text).decode()
        except (ImportError, OSError, ValueError, KeyError, TypeError):
            # No bus, one that is gone, or a malformed answer; TimeoutError is an OSError.
            raise NotRead from None

    def _open(self) -> None:
        if self._connection is not None:
            return
        from jeepney.io.blocking import open_dbus_connection

        self._connection = open_dbus_connection("SESSION")
        self._collection = self._default_collection()
        _, self._session = self._call(_SERVICE, "Service", "OpenSession", "sv", ("plain", ("s", "")))

    def _default_collection(self) -> str:
        # A look does not start the service: where it is not running, `keyring` decides.
        path = introduce(self._connection, _NO_AUTO_START)
        if not path:
            raise NotRead
        return path

    def _call(self, path: str, interface: str, method: str, signature: str, body: tuple[object, ...]) -> Any:
        return _called(self._connection, _NO_AUTO_START, path, interface, method, signature, body)


def make_safe(ring: "KeyringBackend") -> None:
    """Let the backend of the `keyring` package ask in the same safe order; every other backend stays as it is."""
    if f"{type(ring).__module__}.{type(ring).__name__}" == TAKER:
        vars(ring)["get_preferred_collection"] = partial(_collection, ring)


def _collection(ring: "KeyringBackend") -> Any:
    """Open the collection that the backend would open, on a connection that the service has heard of."""
    import secretstorage
    from keyring.errors import InitError, KeyringLocked

    connection = secretstorage.dbus_init()
    try:
        introduce(connection, 0)
        named = getattr(ring, "preferred_collection", "")
        if named:
            found = secretstorage.Collection(connection, named)
        else:
            found = secretstorage.get_default_collection(connection)
    except secretstorage.SecretStorageException as failure:
        raise InitError("no collection") from failure
    if found.is_locked():
        found.unlock()
        if found.is_locked():
            raise KeyringLocked("not unlocked")
    return found


def introduce(connection: Any, flags: int) -> str:
    """Ask where the default collection is, as the first thing of all that a connection asks; empty when it is nowhere.

    gnome-keyring may come to the first request before it has noted who asks. An OpenSession then ends the whole daemon
    (gnome-keyring#195, basecamp/hey-cli#352), but a ReadAlias is only answered as if there were none.
    """
    for _ in range(2):
        try:
            (path,) = _called(connection, flags, _SERVICE, "Service", "ReadAlias", "s", ("default",))
        except NotRead:
            return ""
        if path != "/":
            return str(path)
    return ""


def _called(
    connection: Any, flags: int, path: str, interface: str, method: str, signature: str, body: tuple[object, ...]
) -> Any:
    from jeepney.low_level import HeaderFields, MessageType
    from jeepney.wrappers import DBusAddress, new_method_call

    address = DBusAddress(path, "org.freedesktop.secrets", _INTERFACE + interface)
    message = new_method_call(address, method, signature, body)
    message.header.flags = flags
    reply = connection.send_and_get_reply(message)
    if reply.header.message_type is not MessageType.method_return or HeaderFields.signature not in reply.header.fields:
        raise NotRead
    return reply.body
