"""Sessions, long-term keys and seeds in the operating system's keyring.

Items of service `mfasession`: `session/<section>`, `key/<profile>`, while a key is rotated `next/<profile>` and
`retiring/<profile>`, and `seed/<serial number>`. Nothing here ever falls back to plain text.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mfasession import files, timestamps
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import locks, replace
from mfasession.stores.index import KEPT, IndexedStore
from mfasession.stores.keyrings import (
    BROKEN,
    Broken,
    backend,
    forget_item,
    look_at,
    read_item,
    read_items,
    time_limit,
    unreadable,
    write_item,
)
from mfasession.values import LongTermKey, Secret, Session, is_key_id, is_key_secret, is_whole


class KeyringStore(IndexedStore):
    """The store called `keyring`. A session that no keyring has accepted is not listed."""

    name = "keyring"
    where = "the keyring"
    lock_time = time_limit.LONGEST

    def __init__(self, index_path: str) -> None:
        """`index_path` as in `IndexedStore`."""
        super().__init__(index_path)
        self._taker_path = os.path.join(os.path.dirname(index_path), "keyring-backend")

    def load(self, section: str) -> Session | None:
        """Return the session kept under a section; None when there is none or it is not whole. Raises StoreError."""
        if section in self.left():
            return None
        item = _session_item(section)
        with _or_the_file():
            text, self.backend = look_at(item, self._taker())
            if text is BROKEN:
                text = self._repaired(item)
        return _session(text) if isinstance(text, str) else None

    def check(self, section: str) -> None:
        """Raise what `save` would raise: write, read and remove an item that holds nothing. Raises StoreError."""
        item = _check_item(section)
        replace.check_replaceable(self._index_path)
        replace.check_replaceable(self._taker_path)
        with _or_the_file(), locks.hold(self._lock, timeout=self.lock_time):
            self.sections()
            write_item(item, "check")
            forget_item(item)
            self._remove_left(keep=section)

    def save(self, section: str, session: Session) -> None:
        """Keep a session and read it back, for some backends drop what they are given. Raises StoreError."""
        text = json.dumps({name: _plain(getattr(session, name)) for name in KEPT}, separators=(",", ":"))
        item = _session_item(section)
        with _or_the_file(), locks.hold(self._lock, timeout=self.lock_time):
            was_listed = section in self.sections()
            try:
                self._note_taker(write_item(item, text, lambda: self._list(section, listed=True)))
            except StoreError:
                if not was_listed:
                    self._take_back(section)
                raise
            self._left().remove(section)

    def _remove(self, section: str) -> bool:
        found = forget_item(_session_item(section))
        # What a check has left that was cut off.
        forget_item(_check_item(section))
        return found

    def _repaired(self, item: str) -> "str | Broken | None":
        """Read again when no writer is at work; what is still half-written then has no writer and is removed."""
        with locks.hold(self._lock, timeout=self.lock_time):
            text, _ = look_at(item)
            if text is BROKEN:
                forget_item(item)
        return text

    def _taker(self) -> str:
        """Return the backend that took the last session, as `write_item` named it; empty when that is not known."""
        try:
            return (files.read_trusted(self._taker_path) or "").rstrip("\n")
        except ConfigurationError:
            return ""

    def _note_taker(self, backend: str) -> None:
        if backend != self._taker():
            replace.replace(self._taker_path, f"{backend}\n")


STORE = KeyringStore


@contextmanager
def _or_the_file() -> Iterator[None]:
    """Let the hint of an unusable keyring name the other store, which a session and a new key can go to."""
    try:
        yield
    except StoreError as failure:
        failure.hint = backend.or_the_file(failure.hint)
        raise


def read_long_term_key(profile: str) -> LongTermKey | None:
    """Return a profile's long-term key, None when the keyring has none. Raises StoreError."""
    return read_long_term_keys([profile]).get(profile)


def read_long_term_keys(profiles: Sequence[str]) -> dict[str, LongTermKey]:
    """Return the long-term keys of those profiles that have one, in one question. Raises StoreError."""
    texts = read_items([item(name) for name in profiles for item in (_key_item, _next_item)])
    # Some keyrings remove an item before they write it anew: what was to come stands beside it.
    found = {name: _key(_key_item(name), texts) or _key(_next_item(name), texts) for name in profiles}
    return {name: key for name, key in found.items() if key is not None}


def save_long_term_key(profile: str, key: LongTermKey, before_change: Callable[[], None] | None = None) -> None:
    """Keep a profile's long-term key and read it back; `before_change` as in `write_item`. Raises StoreError."""
    _save_key(_key_item(profile), key, before_change)


def forget_long_term_key(profile: str) -> bool:
    """Remove a profile's long-term key, and what a rotation left; return whether it was there. Raises StoreError."""
    leave_rotation(profile)
    return forget_item(_key_item(profile))


def read_rotation(profile: str) -> tuple[LongTermKey | None, str]:
    """Return what a rotation that has not ended keeps: the next key, and the last one's ID. Raises StoreError."""
    texts = read_items([_next_item(profile), _retiring_item(profile)])
    retiring = texts[_retiring_item(profile)] or ""
    return _key(_next_item(profile), texts), retiring if is_key_id(retiring) else ""


def save_next_key(profile: str, key: LongTermKey) -> None:
    """Keep the key that a rotation is about to put in place. Raises StoreError."""
    _save_key(_next_item(profile), key)


def save_retiring(profile: str, key_id: str) -> None:
    """Keep the ID of the key that a rotation has replaced and not deleted yet. Raises StoreError."""
    write_item(_retiring_item(profile), key_id)


def leave_rotation(profile: str, *, next_key: bool = True, retiring: bool = True) -> None:
    """Remove what a rotation keeps beside the key, or one half of it. Raises StoreError."""
    if next_key:
        forget_item(_next_item(profile))
    if retiring:
        forget_item(_retiring_item(profile))


def read_seed(serial: str) -> Secret | None:
    """Return the seed (base32) of a device, None when the keyring has none. Raises StoreError."""
    text = read_item(_seed_item(serial))
    return None if text is None else Secret(text)


def save_seed(serial: str, seed: Secret) -> None:
    """Keep the seed (base32) of a device and read it back. Raises StoreError."""
    write_item(_seed_item(serial), seed.reveal())


def forget_seed(serial: str) -> bool:
    """Remove the seed of a device; return whether there was one. Raises StoreError."""
    return forget_item(_seed_item(serial))


def _session_item(section: str) -> str:
    return f"session/{section}"


def _check_item(section: str) -> str:
    return f"check/{section}"


def _key_item(profile: str) -> str:
    return f"key/{profile}"


def _next_item(profile: str) -> str:
    return f"next/{profile}"


def _retiring_item(profile: str) -> str:
    return f"retiring/{profile}"


def _seed_item(serial: str) -> str:
    return f"seed/{serial}"


def _save_key(item: str, key: LongTermKey, before_change: Callable[[], None] | None = None) -> None:
    fields = {name: _plain(getattr(key, name)) for name in LongTermKey.__fields__}
    write_item(item, json.dumps(fields, separators=(",", ":")), before_change)


def _key(item: str, texts: Mapping[str, str | None]) -> LongTermKey | None:
    text = texts[item]
    if text is None:
        return None
    fields = _fields(text)
    key_id, secret = fields.get("access_key_id"), fields.get("secret_access_key")
    if not (isinstance(key_id, str) and isinstance(secret, str) and is_key_id(key_id) and is_key_secret(secret)):
        raise unreadable(item)
    return LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret))


def _plain(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value


def _session(text: str) -> Session | None:
    kept = _fields(text)
    fields: dict[str, Any] = {}
    for name in KEPT:
        value = kept.get(name, getattr(Session, name, None))
        is_good = timestamps.is_epoch if name in ("expires", "issued") else _is_text
        if not is_good(value):
            return None
        fields[name] = Secret(str(value)) if name in ("secret_access_key", "session_token") else value
    session = Session(**fields)
    return session if is_whole(session) else None


def _is_text(value: object) -> bool:
    """JSON can spell half a surrogate pair, which no environment takes."""
    return isinstance(value, str) and (value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value))


def _fields(text: "str | Broken") -> dict[str, Any]:
    try:
        fields = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        # No JSON, or an endless number or nesting.
        return {}
    return fields if isinstance(fields, dict) else {}
