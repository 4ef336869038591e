"""Where a long-term key is kept. Imported only where a key is needed.

Each file beside this one is a place, found by being there; its name is the one in `keys_in = "…"`, with `-` for `_`. It
holds a class as `PLACE`, made with a profile's name, the environment and `no_input`; `file` alone has none, for the AWS
files have sections of their own. `tests/contracts/test_key_places.py` holds all places to one contract.
"""

from collections.abc import Mapping
from typing import Protocol

from mfasession import plugins
from mfasession.values import LongTermKey, Value


class KeyIds(Value):
    """The access key IDs of a record. `next` and `retiring` are empty unless a rotation has not ended."""

    key: str
    next: str = ""
    retiring: str = ""


class KeyRecord(Value):
    """A long-term key as it is kept, and what a rotation that has not ended keeps beside it."""

    key: LongTermKey
    next: LongTermKey | None = None
    """The key that takes its place once AWS knows it."""
    retiring: str = ""
    """Access key ID of the one before, which AWS may have still; empty when it is gone."""

    @property
    def ids(self) -> KeyIds:
        """The IDs alone."""
        coming = self.next.access_key_id if self.next is not None else ""
        return KeyIds(key=self.key.access_key_id, next=coming, retiring=self.retiring)


class KeyPlace(Protocol):
    """The one place of one profile's key.

    Every method raises StoreError when the place itself fails and ConfigurationError when what is there is unsafe or
    cannot be understood. No message holds a secret.
    """

    @property
    def name(self) -> str:
        """The name of its file, as in `keys_in = "…"`."""

    @property
    def is_plain_text(self) -> bool:
        """Whether a copy of the disk shows the key."""

    @property
    def where(self) -> str:
        """The place in words: a path, or `the keyring`."""

    @property
    def uses_keyring(self) -> bool:
        """Whether the operating system's keyring keeps it."""

    def load(self) -> KeyRecord | None:
        """Return what is kept; None when there is no whole key."""

    def ids(self) -> KeyIds | None:
        """Return the IDs of what is kept, without a passphrase where that is possible; None when there is no key."""

    def check(self) -> None:
        """Raise what `save` would raise, as far as it can be known before a key is made for it."""

    def save(self, record: KeyRecord) -> None:
        """Keep a record in place of the one that is there. Killed in the middle, the old or the new key is there."""

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Remove what is kept; return whether there was anything. With `only`, refuse when it is another record."""


class HiddenPlace(KeyPlace, Protocol):
    """A place that no other AWS tool reads."""

    def is_noted(self) -> bool:
        """Return whether a key is known to be there; the place itself is not opened for that."""

    def key(self) -> LongTermKey | None:
        """Return the key alone. Raises StoreError, and KeyringAbsent only when no key is known to be there."""


NAMES = tuple(name.replace("_", "-") for name in plugins.names("stores.keys"))
"""Where a key can be kept, as in `keys add --store`."""
IN_FILES = "file"
"""The place that other tools read: the AWS files."""
DEFAULT = "keyring"


def hidden(name: str, profile: str, environ: Mapping[str, str], *, no_input: bool) -> HiddenPlace:
    """Return a profile's place of that name, which is not IN_FILES. Reads nothing yet."""
    module = __import__(f"mfasession.stores.keys.{name.replace('-', '_')}", fromlist=["PLACE"])
    place: HiddenPlace = module.PLACE(profile, environ, no_input=no_input)
    return place


def all_hidden(profile: str, environ: Mapping[str, str], *, no_input: bool) -> list[HiddenPlace]:
    """Return a profile's places outside the AWS files, the default one last: it may not answer."""
    names = sorted(set(NAMES) - {IN_FILES}, key=lambda name: (name == DEFAULT, name))
    return [hidden(name, profile, environ, no_input=no_input) for name in names]


def in_use(profile: str, keys_in: str, environ: Mapping[str, str], *, no_input: bool) -> HiddenPlace | None:
    """Return the place that a profile's key is taken from when no AWS file has it; None when `keys_in` is the files.

    Without the setting: the first place that is known to have the key, else the keyring. With it: that place alone.
    Raises ConfigurationError and StoreError as `ids`.
    """
    if keys_in:
        return None if keys_in == IN_FILES else hidden(keys_in, profile, environ, no_input=no_input)
    *others, default = all_hidden(profile, environ, no_input=no_input)
    return next((place for place in others if place.ids() is not None), default)


def elsewhere(profile: str, keys_in: str, environ: Mapping[str, str]) -> str:
    """Return in words where a key is that `keys_in` keeps from being used; empty when none is known."""
    if not keys_in:
        return ""
    others = (place for place in all_hidden(profile, environ, no_input=True) if place.name != keys_in)
    return next((place.where for place in others if place.is_noted()), "")
