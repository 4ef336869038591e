"""Reads one item of the Secret Service over D-Bus: the path of a hit when a session is kept in the keyring on Linux.

Importing `keyring` costs several times a whole hit, so a session that its SecretService backend took is read without
it. Only what is there, unlocked and unmistakable is read here; for all else the `keyring` package is asked.

Source: Secret Service API Draft, freedesktop.org. The session is a plain one: the text crosses the user's own bus,
where whoever could listen could as well ask for the item.
"""

import os

from mfasession.stores.keyrings.dbus import NO_AUTO_START, Body, Bus, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from mfasession.stores.keyrings.dbus import Answer

TAKER = "keyring.backends.SecretService.Keyring"
"""The backend whose items are read here."""
_SECRETS = "org.freedesktop.secrets"
_SERVICE = "/org/freedesktop/secrets"


class NotRead(Exception):
    """Nothing that is certain: ask the `keyring` package."""


def may_read(taken_by: str, environ: "Mapping[str, str]") -> bool:
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
        self._bus: Bus | None = None
        self._collection = self._session = ""

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bus is not None:
            self._bus.close()

    def get_password(self, service: str, username: str) -> str | None:
        """Return the text of an item; None when there is none. Raises NotRead, NotAnswered."""
        try:
            bus = self._bus or self._opened()
            wanted = Body().pairs({"service": service, "username": username})
            items = _ask(bus, self._collection, "Collection.SearchItems", wanted, "ao").texts()
            if not items:
                return None
            return _secret(_ask(bus, items[0], "Item.GetSecret", Body("o").text(self._session), "(oayays)"))
        except (ImportError, AttributeError, OSError, ValueError, Refused):
            # No sockets of this kind, no bus, one that is gone, or a malformed answer.
            raise NotRead from None

    def _opened(self) -> "Bus":
        self._bus = bus = Bus(os.environ["DBUS_SESSION_BUS_ADDRESS"])
        # gnome-keyring may come to the first request before it has noted who asks. An OpenSession then ends the whole
        # daemon (gnome-keyring#195, basecamp/hey-cli#352), but a ReadAlias is only answered as if there were none.
        for _ in range(2):
            alias = Body("s").text("default")
            self._collection = _ask(bus, _SERVICE, "Service.ReadAlias", alias, "o").text()
            if self._collection != "/":
                break
        else:
            raise NotRead
        plain = Body("sv").text("plain").variant("")
        self._session = _ask(bus, _SERVICE, "Service.OpenSession", plain, "vo").after_variant().text()
        return bus


def _ask(bus: Bus, path: str, method: str, body: Body, signature: str) -> "Answer":
    """What the service answers. A look does not start it: where it is not running, `keyring` decides."""
    interface, _, name = f"org.freedesktop.Secret.{method}".rpartition(".")
    return bus.call((path, _SECRETS, interface, name), NO_AUTO_START, body, signature)


def _secret(answer: "Answer") -> str:
    """The text in a secret: a structure of the session, parameters, the value and its content type."""
    answer.align(8)
    answer.text()
    answer.octets()
    return answer.octets().decode()
