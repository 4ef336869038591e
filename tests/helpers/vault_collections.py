"""Collections of the Secret Service as aws-vault and Granted make them, through what go-libsecret sends."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import MessageType
from jeepney.wrappers import DBusAddress, new_method_call

from mfasession.stores.keyrings import safe_order
from tests.helpers.secret_service import SecretService

_SERVICE = "/org/freedesktop/secrets"
_PASSWORD = b"of the collection"


@contextmanager
def _connected(service: SecretService) -> Iterator[tuple[DBusConnection, str]]:
    """A connection to the service, and its plain session."""
    with open_dbus_connection(service.environ["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        safe_order.introduce(connection)
        _, session = _call(connection, _SERVICE, "Secret.Service", "OpenSession", "sv", ("plain", ("s", "")))
        yield connection, session


def make(service: SecretService, collection: str, items: Mapping[str, Mapping[str, str]]) -> None:
    """Make a collection with a password of its own, and put credentials into it by the tool's names for them.

    The password is given without a dialog by gnome-keyring's own interface for that.
    """
    with _connected(service) as (connection, session):
        label = {"org.freedesktop.Secret.Collection.Label": ("s", collection)}
        secret = (session, b"", _PASSWORD, "text/plain")
        words = ("CreateWithMasterPassword", "a{sv}(oayays)", (label, secret))
        own = "gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
        (path,) = _call(connection, _SERVICE, own, *words)
        for name, credentials in items.items():
            kept = {"Key": name, "Data": base64.b64encode(json.dumps(credentials).encode()).decode()}
            text = json.dumps({**kept, "Label": "", "Description": ""}).encode()
            properties = {
                "org.freedesktop.Secret.Item.Label": ("s", name),
                "org.freedesktop.Secret.Item.Attributes": ("a{ss}", {"profile": name}),
            }
            body = (properties, (session, b"", text, "application/json"), True)
            _call(connection, path, "freedesktop.Secret.Collection", "CreateItem", "a{sv}(oayays)b", body)


def lock(service: SecretService, collection: str) -> None:
    """Lock a collection, as it is after a login to the desktop."""
    with _connected(service) as (connection, _):
        path = f"{_SERVICE}/collection/{collection.replace('-', '_2d')}"
        _call(connection, _SERVICE, "Secret.Service", "Lock", "ao", ([path],))


def _call(
    connection: DBusConnection, path: str, interface: str, method: str, signature: str, body: tuple[object, ...]
) -> Any:
    whole = interface if interface.startswith(("gnome", "freedesktop")) else f"freedesktop.{interface}"
    address = DBusAddress(path, "org.freedesktop.secrets", f"org.{whole}")
    reply = connection.send_and_get_reply(new_method_call(address, method, signature, body))
    assert reply.header.message_type is MessageType.method_return, reply.body
    return reply.body
