"""Reads one item of the Secret Service over D-Bus: the path of a hit when a session is kept in the keyring on Linux.

Importing `keyring` costs several times a whole hit, so a session that its SecretService backend took is read without
it, through jeepney, which that backend itself stands on. Only what is there, unlocked and unmistakable is read here;
for all else the `keyring` package is asked.

Source: Secret Service API Draft, freedesktop.org. The session is a plain one: the text crosses the user's own bus,
where whoever could listen could as well ask for the item.
"""

import os
from collections.abc import Mapping
from typing import Any, Self

TAKER = "keyring.backends.SecretService.Keyring"
"""The backend whose items are read here."""
_SERVICE = "/org/freedesktop/secrets"
_INTERFACE = "org.freedesktop.Secret."
_NO_AUTO_START = 2


class NotRead(Exception):
    """Nothing that is certain: ask the `keyring` package."""


def may_read(taken_by: str, environ: Mapping[str, str]) -> bool:
    """Return whether `keyring` would look here first for what that backend took: nobody has chosen another one."""
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
            # No bus, one that is gone, or an answer that is none; TimeoutError is an OSError.
            raise NotRead from None

    def _open(self) -> None:
        if self._connection is not None:
            return
        from jeepney.io.blocking import open_dbus_connection

        self._connection = open_dbus_connection("SESSION")
        self._collection = self._default_collection()
        _, self._session = self._call(_SERVICE, "Service", "OpenSession", "sv", ("plain", ("s", "")))

    def _default_collection(self) -> str:
        """Ask where it is, as the first thing of all that a connection asks.

        gnome-keyring may come to the first request before it has noted who asks. An OpenSession then ends the whole
        daemon (gnome-keyring#195, basecamp/hey-cli#352), but a ReadAlias is only answered as if there were none.
        """
        for _ in range(2):
            (path,) = self._call(_SERVICE, "Service", "ReadAlias", "s", ("default",))
            if path != "/":
                return str(path)
        raise NotRead

    def _call(self, path: str, interface: str, method: str, signature: str, body: tuple[object, ...]) -> Any:
        from jeepney.low_level import HeaderFields, MessageType
        from jeepney.wrappers import DBusAddress, new_method_call

        address = DBusAddress(path, "org.freedesktop.secrets", _INTERFACE + interface)
        message = new_method_call(address, method, signature, body)
        # Nobody is woken up by a look: where the service is not running, `keyring` decides.
        message.header.flags = _NO_AUTO_START
        reply = self._connection.send_and_get_reply(message)
        if (
            reply.header.message_type is not MessageType.method_return
            or HeaderFields.signature not in reply.header.fields
        ):
            raise NotRead
        return reply.body
