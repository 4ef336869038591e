"""Where a long-term key is kept: in a section of an AWS file, or in the keyring. Imported only by `keys`.

`tests/contracts/test_key_places.py` holds both places to one contract.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from mfasession import files, key_shapes
from mfasession.awsfiles import ini, ini_edit, malformed, parse
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import attributes, locks, paths, shared_edit
from mfasession.stores import keyring as keyring_store
from mfasession.stores.keyrings import backend, forget_item, write_item
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keyrings.notes import Notes
from mfasession.values import LongTermKey, Secret, Value, is_key_id, is_key_secret


class KeyRecord(Value):
    """A long-term key as it is kept, and what a rotation that has not ended keeps beside it."""

    key: LongTermKey
    next: LongTermKey | None = None
    """The key that takes its place once AWS knows it."""
    retiring: str = ""
    """Access key ID of the one before, which AWS may have still; empty when it is gone."""


class KeyPlace(Protocol):
    """The one place of one profile's key.

    Every method raises StoreError when the place itself fails and ConfigurationError when what is there is unsafe or
    cannot be understood. No message holds a secret.
    """

    @property
    def name(self) -> str:
        """`file` or `keyring`, as in `--store`."""

    @property
    def is_plain_text(self) -> bool:
        """Whether a copy of the disk shows the key."""

    @property
    def where(self) -> str:
        """The place in words: a path, or `the keyring`."""

    def load(self) -> KeyRecord | None:
        """Return what is kept; None when there is no whole key."""

    def check(self) -> None:
        """Raise what `save` would raise, as far as it can be known before a key is made for it."""

    def save(self, record: KeyRecord) -> None:
        """Keep a record in place of the one that is there. Killed in the middle, the old or the new key is there."""

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Remove what is kept; return whether there was anything. With `only`, refuse when it is another record."""


class KeyInFile:
    """A section of the AWS credentials file, or of the configuration file."""

    name = "file"
    is_plain_text = True

    def __init__(self, path: str, section: str, environ: Mapping[str, str], *, private: bool) -> None:
        """`section` is the header's text. `private`: whether the file must be its owner's alone to be read."""
        self.where = path
        self._section = section
        self._read = files.read_private if private else files.read_trusted
        self._private = private
        self._lock = paths.lock_file(environ, "file", os.path.realpath(path))
        self._unfinished = paths.unfinished_file(environ, os.path.realpath(path))

    def load(self) -> KeyRecord | None:
        """Return the section's key pair."""
        return record_of(parse(self.where, self._read(self.where) or "").get(self._section, {}))

    def check(self) -> None:
        """Raise what `save` would raise."""
        self.load()
        self._check_writable()
        shared_edit.check(self.where, self._unfinished)

    def save(self, record: KeyRecord) -> None:
        """Keep a record: all lines change in one step."""
        self._edit({**_NOTHING, **_keys(record)})

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Take the lines of the key out; the section's header and its other lines stay."""
        return self._edit(_NOTHING, only)

    def without_key(self, text: str) -> str:
        """Return the file's text as `forget` would leave it. Raises ConfigurationError, StoreError."""
        return self._edited(text, _NOTHING)

    def with_key(self, text: str, record: KeyRecord) -> str:
        """Return the file's text as `save` would leave it. Raises ConfigurationError, StoreError."""
        return self._edited(text, {**_NOTHING, **_keys(record)})

    def _edit(self, values: Mapping[str, str | None], only: KeyRecord | None = None) -> bool:
        found = False

        def changed(text: str) -> str:
            nonlocal found
            before = parse(self.where, text).get(self._section)
            # None is what a second look finds.
            if only is not None and record_of(before or {}) not in (only, None):
                raise ConfigurationError(f"the key in {self.where} was changed meanwhile", "run it again")
            if before is None and values is _NOTHING:
                return text
            found = found or (before is not None and any(key in before for key in _NOTHING))
            return self._edited(text, values)

        self._check_writable()
        # A file that holds no secret any more keeps its mode.
        mode = None if values is _NOTHING and not self._private else 0o600
        with locks.hold(self._lock):
            linked = shared_edit.edit(
                self.where, lambda: self._read(self.where) or "", changed, self._unfinished, mode=mode
            )
        if found:
            shared_edit.say_linked(self.where, linked)
        return found

    def _check_writable(self) -> None:
        # The credentials file is ours to write: it ends with mode 0600, whatever it had.
        if not self._private:
            attributes.check_writable(self.where)

    def _edited(self, text: str, values: Mapping[str, str | None]) -> str:
        try:
            edited = ini_edit.set_section(text, self._section, values)
        except ini.MalformedIni as fault:
            raise malformed(self.where, fault) from None
        except ValueError:
            # No context: an editor that says which value it cannot write might say the value.
            raise StoreError(
                f"a key cannot be written to section [{self._section}] of {self.where}", "choose another profile name"
            ) from None
        after = parse(self.where, edited)[self._section]
        if any(after.get(key) != value for key, value in values.items()):
            raise ConfigurationError(
                f"the key in {self.where} stands in [{ini.DEFAULT}], which is part of every section",
                "move its lines to the profile's own section",
            )
        return edited


class KeyInKeyring:
    """The keyring's items of one profile. A note outside says that there are some, for a keyring may be locked."""

    name = "keyring"
    is_plain_text = False
    where = "the keyring"

    def __init__(self, profile: str, environ: Mapping[str, str]) -> None:
        self._profile = profile
        self._noted = Notes(paths.keyring_keys(environ))

    def load(self) -> KeyRecord | None:
        """Return the profile's key."""
        key = self._key()
        if key is None:
            return None
        coming, before = keyring_store.read_rotation(self._profile)
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
            if not self._is_noted():
                failure.message = f"profile {self._profile} has no long-term key in a file, and {failure.message}"
            raise

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
            keyring_store.save_next_key(self._profile, record.next)
        if record.retiring:
            keyring_store.save_retiring(self._profile, record.retiring)
        if keyring_store.read_long_term_key(self._profile) != record.key or record.next is None:
            self._save_key(record.key)
        keyring_store.leave_rotation(self._profile, next_key=record.next is None, retiring=not record.retiring)

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Remove all items of the profile."""
        if only is not None and self.load() != only:
            raise ConfigurationError("the key in the keyring was changed meanwhile", "run it again")
        found = keyring_store.forget_long_term_key(self._profile)
        self._noted.remove(self._profile)
        return found

    def _save_key(self, key: LongTermKey) -> None:
        try:
            keyring_store.save_long_term_key(self._profile, key, lambda: self._noted.add(self._profile))
        except StoreError:
            with suppress(StoreError):
                # What was not kept is not noted either.
                self._key()
            raise

    def _key(self) -> LongTermKey | None:
        try:
            key = keyring_store.read_long_term_key(self._profile)
        except StoreError as failure:
            if self._is_noted():
                raise in_the_keyring([self._profile], failure) from None
            raise
        # Other programs may put a key in or take it out. Where nothing can be written the key is there all the same.
        with suppress(StoreError):
            if key is not None:
                self._noted.add(self._profile)
            else:
                self._noted.remove(self._profile)
        return key

    def _is_noted(self) -> bool:
        return self._profile in self._noted.names()


NAMES = (KeyInFile.name, KeyInKeyring.name)
"""Where a key can be kept, as in `keys add --store`."""


def in_the_keyring(profiles: Sequence[str], failure: StoreError) -> StoreError:
    """Return the error for a keyring that cannot be asked, and that is known to have the keys of these profiles."""
    whose = f"of profile {profiles[0]}" if len(profiles) == 1 else f"of {len(profiles)} profiles"
    return StoreError(f"the long-term key {whose} is in the keyring, and {failure.message}", failure.hint)


def fault_of(keys: Mapping[str, str]) -> str:
    """Return what is wrong with a section's whole pair, as `key_shapes` puts it; empty without a fault."""
    key_id, secret = keys.get("aws_access_key_id"), keys.get("aws_secret_access_key")
    if not key_id or not secret or (is_key_id(key_id) and is_key_secret(secret)):
        return ""
    return key_shapes.pair_fault(key_id, secret)


def record_of(keys: Mapping[str, str]) -> KeyRecord | None:
    """Return the long-term key in a section; None when there is none, half of one, or temporary credentials.

    None, too, when the pair cannot be one: what is not an access key ID is never shown as one.
    """
    if keys.get("aws_session_token") or keys.get("aws_security_token"):
        return None
    key = _pair(keys, "aws_access_key_id", "aws_secret_access_key")
    if key is None or key.access_key_id[1:4] == "SIA":
        return None
    coming = _pair(keys, "mfasession_next_key_id", "mfasession_next_secret_key")
    retiring = keys.get("mfasession_retiring_key_id", "")
    return KeyRecord(key=key, next=coming, retiring=retiring if is_key_id(retiring) else "")


def _pair(keys: Mapping[str, str], key_id: str, secret: str) -> LongTermKey | None:
    if not is_key_id(keys.get(key_id, "")) or not is_key_secret(keys.get(secret, "")):
        return None
    return LongTermKey(access_key_id=keys[key_id], secret_access_key=Secret(keys[secret]))


_NOTHING: Mapping[str, None] = dict.fromkeys(
    (
        "aws_access_key_id",
        "aws_secret_access_key",
        # What goes with temporary credentials would make a long-term key invalid.
        "aws_session_token",
        "aws_security_token",
        "mfasession_next_key_id",
        "mfasession_next_secret_key",
        "mfasession_retiring_key_id",
    )
)


def _keys(record: KeyRecord) -> dict[str, str]:
    written = {
        "aws_access_key_id": record.key.access_key_id,
        "aws_secret_access_key": record.key.secret_access_key.reveal(),
    }
    if record.next is not None:
        written["mfasession_next_key_id"] = record.next.access_key_id
        written["mfasession_next_secret_key"] = record.next.secret_access_key.reveal()
    if record.retiring:
        written["mfasession_retiring_key_id"] = record.retiring
    return written
