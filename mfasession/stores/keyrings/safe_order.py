"""Lets the Secret Service backend of the `keyring` package ask in an order that gnome-keyring survives."""

from functools import partial
from typing import TYPE_CHECKING, Any

from mfasession.stores.keyrings.secret_service import TAKER

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend


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
        introduce(connection)
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


def introduce(connection: Any) -> None:
    """Ask where the default collection is, as the first thing of all that a connection asks.

    gnome-keyring may come to the first request before it has noted who asks. An OpenSession then ends the whole daemon
    (gnome-keyring#195, basecamp/hey-cli#352), but a ReadAlias is only answered as if there were none.
    """
    from jeepney import DBusAddress, new_method_call

    service = DBusAddress("/org/freedesktop/secrets", "org.freedesktop.secrets", "org.freedesktop.Secret.Service")
    for _ in range(2):
        answer = connection.send_and_get_reply(new_method_call(service, "ReadAlias", "s", ("default",)))
        if answer.body != ("/",):
            return
