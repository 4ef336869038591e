"""A long-term key in the operating system's keyring."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import paths
from mfasession.stores.index.notes import Notes
from mfasession.stores.keyrings import backend
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keyrings.items import forget_item, write_item
from mfasession.stores.keys import KeyIds, KeyRecord
from mfasession.values import LongTermKey


class KeyInKeyring:
    """The keyring's items of one profile. A note outside says that there are some, for a keyring may be locked."""

    name = "keyring"
    is_plain_text = False
    uses_keyring = True
    where = "the keyring"

    def __init__(self, profile: str, environ: Mapping[str, str], *, no_input: bool = False) -> None:  # noqa: ARG002
        """`no_input` has no meaning here: a keyring asks in a window of its own, if at all."""
        self._profile = profile
        self._noted = Notes(paths.keyring_keys(environ))

    def load(self) -> KeyRecord | None:
        """Return the profile's key."""
        key = self._key()
        if key is None:
            return None
        coming, before = keyring_keys.read_rotation(self._profile)
        # Of a save that was cut off: what is in place already is neither to come nor to go.
        coming = None if coming == key else coming
        return KeyRecord(key=key, next=coming, retiring="" if before == key.access_key_id else before)

    def key(self) -> LongTermKey | None:
        """Return the key of a profile that has none in a file. Raises StoreError, and KeyringAbsent only for no key."""
        try:
            return self._key()
        except KeyringAbsent:
            raise
        except StoreError as failure:
            if not self.is_noted():
                failure.message = f"profile {self._profile} has no long-term key in a file, and {failure.message}"
            raise

    def ids(self) -> KeyIds | None:
        """Return the IDs of the profile's key. Raises as `key`."""
        if self.key() is None:
            return None
        record = self.load()
        return None if record is None else record.ids

    def check(self) -> None:
        """Write and remove an item that holds nothing."""
        item = f"check/{self._profile}"
        try:
            write_item(item, "check")
            forget_item(item)
        except StoreError as failure:
            failure.hint = backend.or_the_file(failure.hint)
            raise

    def save(self, record: KeyRecord) -> None:
        """Keep a record: what is to be removed goes last."""
        if record.next is not None:
            keyring_keys.save_next_key(self._profile, record.next)
        if record.retiring:
            keyring_keys.save_retiring(self._profile, record.retiring)
        if keyring_keys.read_long_term_key(self._profile) != record.key or record.next is None:
            self._save_key(record.key)
        keyring_keys.leave_rotation(self._profile, next_key=record.next is None, retiring=not record.retiring)

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Remove all items of the profile."""
        if only is not None and self.load() != only:
            raise ConfigurationError("the key in the keyring was changed meanwhile", "run it again")
        found = keyring_keys.forget_long_term_key(self._profile)
        self._noted.remove(self._profile)
        return found

    def _save_key(self, key: LongTermKey) -> None:
        try:
            keyring_keys.save_long_term_key(self._profile, key, lambda: self._noted.add(self._profile))
        except StoreError:
            with suppress(StoreError):
                # What was not kept is not noted either.
                self._key()
            raise

    def _key(self) -> LongTermKey | None:
        try:
            key = keyring_keys.read_long_term_key(self._profile)
        except StoreError as failure:
            if self.is_noted():
                raise in_the_keyring([self._profile], failure) from None
            raise
        # Other programs may put a key in or take it out. Where nothing can be written the key is there all the same.
        with suppress(StoreError):
            if key is not None:
                self._noted.add(self._profile)
            else:
                self._noted.remove(self._profile)
        return key

    def is_noted(self) -> bool:
        """Return whether a key is known to be there."""
        return self._profile in self._noted.names()


PLACE = KeyInKeyring


def in_the_keyring(profiles: Sequence[str], failure: StoreError) -> StoreError:
    """Return the error for a keyring that cannot be asked, and that is known to have the keys of these profiles."""
    whose = f"of profile {profiles[0]}" if len(profiles) == 1 else f"of {len(profiles)} profiles"
    return StoreError(f"the long-term key {whose} is in the keyring, and {failure.message}", failure.hint)
