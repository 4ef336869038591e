"""Sessions, long-term keys and seeds in the operating system's keyring.

Items of service `mfasession`: `session/<section>`, `key/<profile>`, while a key is rotated `next/<profile>` and
`retiring/<profile>`, and `seed/<serial number>`. Nothing here ever falls back to plain text.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from shlex import quote
from typing import TYPE_CHECKING, Any, Self

from mfasession import files, timestamps
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import locks, paths, replace
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
from mfasession.stores.keyrings.notes import Notes
from mfasession.values import LongTermKey, Secret, Session, is_key_id, is_key_secret, is_whole

if TYPE_CHECKING:
    from mfasession.awsfiles import AwsFiles

_LOCK_TIME = time_limit.LONGEST
"""Seconds that a change waits for another one."""
_KEPT = tuple(name for name in Session.__fields__ if name != "settings")
"""The fields that an item holds: an SDK reads a profile's settings in a file, and no keyring of ours."""


class KeyringStore:
    """The store called `keyring`.

    It keeps an index, as a keyring cannot list its items. A session is listed once the keyring has answered and before
    anything of it is kept, so that each can be found, and one that no keyring has accepted is not listed. One that was
    forgotten while the keyring was away is no longer listed or loaded, and is removed when the keyring is back.
    """

    name = "keyring"
    is_plain_text = False
    has_index = True

    def __init__(self, index_path: str) -> None:
        """`index_path` is the TOML file that lists the sections; it holds no secret."""
        self._index_path = index_path
        self._lock = index_path + ".lock"
        self._taker_path = os.path.join(os.path.dirname(index_path), "keyring-backend")
        self._left = Notes(os.path.join(os.path.dirname(index_path), "keyring-forgotten"))
        self.backend = ""

    @classmethod
    def opened(cls, aws_files: "AwsFiles", environ: Mapping[str, str]) -> Self:  # noqa: ARG003  # it needs no AWS file
        """Return the store in the user's keyring."""
        return cls(paths.store_index(environ, cls.name))

    def load(self, section: str) -> Session | None:
        """Return the session kept under a section; None when there is none or it is not whole. Raises StoreError."""
        if section in self._left.names():
            return None
        item = _session_item(section)
        with _or_the_file():
            text, self.backend = look_at(item, self._taker())
            if text is BROKEN:
                text = self._repaired(item)
        return _session(text) if isinstance(text, str) else None

    def has(self, section: str) -> bool:
        """Return whether the index lists a section."""
        return section in self.sections()

    def wait_for_writers(self) -> None:
        """Do nothing: each change of a keyring is one step."""

    def check(self, section: str) -> None:
        """Raise what `save` would raise: write, read and remove an item that holds nothing. Raises StoreError."""
        item = _check_item(section)
        replace.check_replaceable(self._index_path)
        replace.check_replaceable(self._taker_path)
        with _or_the_file(), locks.hold(self._lock, timeout=_LOCK_TIME):
            self.sections()
            write_item(item, "check")
            forget_item(item)
            self._remove_left(keep=section)

    def reserve(self, section: str) -> None:
        """Raise as `check`: a keyring keeps no space."""
        self.check(section)

    def release(self) -> None:
        """Do nothing: nothing was kept."""

    def save(self, section: str, session: Session) -> None:
        """Keep a session and read it back, for some backends drop what they are given. Raises StoreError."""
        text = json.dumps({name: _plain(getattr(session, name)) for name in _KEPT}, separators=(",", ":"))
        item = _session_item(section)
        with _or_the_file(), locks.hold(self._lock, timeout=_LOCK_TIME):
            was_listed = section in self.sections()
            try:
                self._note_taker(write_item(item, text, lambda: self._list(section, listed=True)))
            except StoreError:
                if not was_listed:
                    self._take_back(section)
                raise
            self._left.remove(section)

    def save_all(self, sessions: Mapping[str, Session]) -> None:
        """Keep several sessions by their sections, one after the other. Raises StoreError."""
        for section, session in sessions.items():
            self.save(section, session)

    def forget(self, section: str) -> bool:
        """Remove a session, whole or not; return whether there was anything.

        Raises StoreError: what is there could not be removed. It is no longer loaded all the same, as the message says.
        """
        # First: even if we are killed now, it is no longer loaded.
        self._left.add(section)
        try:
            with locks.hold(self._lock, timeout=_LOCK_TIME):
                try:
                    found = self._remove(section)
                finally:
                    self._list(section, listed=False)
                self._left.remove(section)
        except StoreError as failure:
            failure.message = f"{section} may still be in the keyring, and is not used any more: {failure.message}"
            raise
        return found

    def sections(self) -> list[str]:
        """Return the names that were saved and not forgotten, from the index: a keyring cannot list its items."""
        text = files.read_trusted(self._index_path) or ""
        damaged = StoreError(
            f"the list of sessions in the keyring is damaged: {self._index_path}", f"rm {quote(self._index_path)}"
        )
        from mfasession.files import toml

        try:
            names = toml.read(text).get("sections", [])
        except ValueError:
            raise damaged from None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise damaged
        return names

    def left(self) -> list[str]:
        """Return the sections that were forgotten while the keyring could not remove them."""
        return self._left.names()

    def _take_back(self, section: str) -> None:
        """List no longer what was not kept; what the keyring may still have stays listed, and `forget` finds it."""
        with suppress(StoreError):
            self._remove(section)
            self._list(section, listed=False)

    def _remove(self, section: str) -> bool:
        found = forget_item(_session_item(section))
        # What a check has left that was cut off.
        forget_item(_check_item(section))
        return found

    def _remove_left(self, *, keep: str) -> None:
        """Remove what could not be removed when it was forgotten; what a `save` is about to replace may stay."""
        for section in self._left.names():
            if section != keep:
                self._remove(section)
                self._left.remove(section)

    def _repaired(self, item: str) -> "str | Broken | None":
        """Read again when no writer is at work; what is still half-written then has no writer and is removed."""
        with locks.hold(self._lock, timeout=_LOCK_TIME):
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

    def _list(self, section: str, *, listed: bool) -> None:
        names = self.sections()
        if (section in names) is listed:
            return
        import tomli_w

        names = [*names, section] if listed else [name for name in names if name != section]
        replace.replace(self._index_path, tomli_w.dumps({"sections": names}))


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
    for name in _KEPT:
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
