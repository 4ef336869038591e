"""Sessions, long-term keys and seeds in the operating system's keyring, through the `keyring` package.

Items of service `mfasession`: `session/<section>`, `key/<profile>` and `seed/<serial number>`. Nothing here ever falls
back to plain text, and no question lasts longer than TIME_LIMIT: a keyring may wait for ever for a dialog that nobody
sees (mitya57/secretstorage#33, python-poetry/poetry#8623).
"""

import hashlib
import json
import os
import threading
import tomllib
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

from mfasession import files, locks
from mfasession.errors import MfaSessionError, StoreError
from mfasession.model import LongTermKey, Session
from mfasession.values import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

SERVICE = "mfasession"
TIME_LIMIT = 3.0
"""Seconds for one question to the keyring: import, choice of the backend and all calls together."""
ITEM_CHARACTERS = 1280
"""UTF-16 units in an item: the Windows Credential Manager takes 2560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE, and
jaraco/keyring#355, #540)."""
_LOCK_TIME = 10.0
"""Seconds that a change waits for another one, which itself ends within TIME_LIMIT."""

_SPLIT = "mfasession-split:1:"
_MAX_COPIES = 8
"""Backends that may hold one item at once: a chainer deletes from the first that has it."""

Result = TypeVar("Result")


class KeyringStore:
    """The store called `keyring`."""

    name = "keyring"

    def __init__(self, index_path: str) -> None:
        """`index_path` is the TOML file that lists the sections; it holds no secret."""
        self._index_path = index_path
        self._lock = index_path + ".lock"

    def load(self, section: str) -> Session | None:
        """Return the session kept under a section; None when there is none or it is not whole. Raises StoreError."""
        item = _session_item(section)
        text = _ask(lambda ring: _read(ring, item))
        if text is _BROKEN:
            text = self._mended(item)
        return _session(text) if isinstance(text, str) else None

    def check(self, section: str) -> None:
        """Raise what `save` would raise: write, read and remove an item that holds nothing. Raises StoreError."""
        item = f"check/{section}"
        files.check_replaceable(self._index_path)
        with locks.hold(self._lock, timeout=_LOCK_TIME):
            self.sections()
            _ask(lambda ring: _write(ring, item, "check"))
            _ask(lambda ring: _delete(ring, item))

    def save(self, section: str, session: Session) -> None:
        """Keep a session and read it back, for some backends drop what they are given. Raises StoreError."""
        text = json.dumps({name: _plain(getattr(session, name)) for name in Session.__fields__}, separators=(",", ":"))
        item = _session_item(section)
        with locks.hold(self._lock, timeout=_LOCK_TIME):
            # Listed first: whatever then happens, `forget` finds the item.
            self._list(section, listed=True)
            _ask(lambda ring: _write(ring, item, text))

    def forget(self, section: str) -> bool:
        """Remove a session, whole or not; tell whether there was anything. Raises StoreError."""
        item = _session_item(section)
        with locks.hold(self._lock, timeout=_LOCK_TIME):
            found = _ask(lambda ring: _delete(ring, item))
            self._list(section, listed=False)
        return found

    def sections(self) -> list[str]:
        """Return the names that were saved and not forgotten, from the index: a keyring cannot list its items."""
        text = files.read_text(self._index_path) or ""
        damaged = StoreError(
            f"the list of sessions in the keyring is damaged: {self._index_path}", f"rm {quote(self._index_path)}"
        )
        try:
            names = tomllib.loads(text).get("sections", [])
        except tomllib.TOMLDecodeError:
            raise damaged from None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise damaged
        return names

    def _mended(self, item: str) -> "str | _Broken | None":
        """Read again when no writer is at work; what is still half-written then is nobody's and is removed."""
        with locks.hold(self._lock, timeout=_LOCK_TIME):
            text = _ask(lambda ring: _read(ring, item))
            if text is _BROKEN:
                _ask(lambda ring: _delete(ring, item))
        return text

    def _list(self, section: str, *, listed: bool) -> None:
        names = self.sections()
        if (section in names) is listed:
            return
        import tomli_w

        names = [*names, section] if listed else [name for name in names if name != section]
        files.replace(self._index_path, tomli_w.dumps({"sections": names}))


def read_long_term_key(profile: str) -> LongTermKey | None:
    """Return a profile's long-term key, None when the keyring has none. Raises StoreError."""
    item = _key_item(profile)
    text = _ask(lambda ring: _read(ring, item))
    if text is None:
        return None
    fields = _fields(text)
    key_id, secret = fields.get("access_key_id"), fields.get("secret_access_key")
    if not isinstance(key_id, str) or not isinstance(secret, str):
        raise _unreadable(item)
    return LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret))


def save_long_term_key(profile: str, key: LongTermKey) -> None:
    """Keep a profile's long-term key and read it back. Raises StoreError."""
    item = _key_item(profile)
    text = json.dumps({name: _plain(getattr(key, name)) for name in LongTermKey.__fields__}, separators=(",", ":"))
    _ask(lambda ring: _write(ring, item, text))


def forget_long_term_key(profile: str) -> bool:
    """Remove a profile's long-term key; tell whether there was one. Raises StoreError."""
    item = _key_item(profile)
    return _ask(lambda ring: _delete(ring, item))


def read_seed(serial: str) -> Secret | None:
    """Return the seed (base32) of a device, None when the keyring has none. Raises StoreError."""
    item = _seed_item(serial)
    text = _ask(lambda ring: _read(ring, item))
    if text is None:
        return None
    if not isinstance(text, str):
        raise _unreadable(item)
    return Secret(text)


def save_seed(serial: str, seed: Secret) -> None:
    """Keep the seed (base32) of a device and read it back. Raises StoreError."""
    item = _seed_item(serial)
    _ask(lambda ring: _write(ring, item, seed.reveal()))


def forget_seed(serial: str) -> bool:
    """Remove the seed of a device; tell whether there was one. Raises StoreError."""
    item = _seed_item(serial)
    return _ask(lambda ring: _delete(ring, item))


def _session_item(section: str) -> str:
    return f"session/{section}"


def _key_item(profile: str) -> str:
    return f"key/{profile}"


def _seed_item(serial: str) -> str:
    return f"seed/{serial}"


def _unreadable(item: str) -> StoreError:
    return StoreError(f"the keyring's item {item} is not one of ours", f"keyring del {SERVICE} {quote(item)}")


def _plain(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value


def _session(text: str) -> Session | None:
    kept = _fields(text)
    fields: dict[str, Any] = {}
    for name in Session.__fields__:
        value = kept.get(name, getattr(Session, name, None))
        wanted = int if name in ("expires", "issued") else str
        if type(value) is not wanted:
            return None
        fields[name] = Secret(str(value)) if name in ("secret_access_key", "session_token") else value
    return Session(**fields)


def _fields(text: "str | _Broken") -> dict[str, Any]:
    try:
        fields = json.loads(text) if isinstance(text, str) else None
    except json.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


# Items. A text that is too long for one is split: the first holds a header (version, number of parts, SHA-256 of the
# text) and the first part. At every moment of a change the header counts at least the parts that exist, so that none
# is ever lost, and a mixture of old and new parts fails the digest.


class _Broken:
    """The header is there and the rest is not, or not the same text's."""


_BROKEN = _Broken()


def _part_item(item: str, number: int) -> str:
    return item if number == 1 else f"part/{number}/{item}"


def _parts(text: str) -> list[str]:
    """Split a text by UTF-16 units; JSON and base32 are ASCII, so each character is one."""
    if len(text.encode("utf-16-le", "surrogatepass")) <= 2 * ITEM_CHARACTERS and not text.startswith(_SPLIT):
        return [text]
    room = ITEM_CHARACTERS - 128
    chunks = [text[start : start + room] for start in range(0, len(text), room)]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return [f"{_SPLIT}{len(chunks)}:{digest}:{chunks[0]}", *chunks[1:]]


def _header(first: str | None) -> tuple[int, str, str] | None:
    """Return the number of parts, the digest and the first part; None when the item is not split."""
    if first is None or not first.startswith(_SPLIT):
        return None
    count, _, rest = first.removeprefix(_SPLIT).partition(":")
    digest, _, chunk = rest.partition(":")
    return (int(count) if count.isascii() and count.isdigit() else 1), digest, chunk


def _read(ring: "KeyringBackend", item: str) -> "str | _Broken | None":
    first = ring.get_password(SERVICE, item)
    header = _header(first)
    if header is None:
        return first
    count, digest, text = header
    for number in range(2, count + 1):
        part = ring.get_password(SERVICE, _part_item(item, number))
        if part is None:
            return _BROKEN
        text += part
    return text if hashlib.sha256(text.encode()).hexdigest() == digest else _BROKEN


def _write(ring: "KeyringBackend", item: str, text: str) -> None:
    parts = _parts(text)
    _delete_parts(ring, item, beyond=len(parts))
    for number, part in enumerate(parts, 1):
        ring.set_password(SERVICE, _part_item(item, number), part)
    if _read(ring, item) != text:
        raise StoreError(
            f"the keyring did not keep what was written ({_backend_name(ring)})",
            "choose another backend (PYTHON_KEYRING_BACKEND, keyringrc.cfg), or --store file",
        )


def _delete(ring: "KeyringBackend", item: str) -> bool:
    _delete_parts(ring, item, beyond=1)
    return _delete_one(ring, item)


def _delete_parts(ring: "KeyringBackend", item: str, *, beyond: int) -> None:
    header = _header(ring.get_password(SERVICE, item))
    for number in range(header[0] if header else 1, beyond, -1):
        _delete_one(ring, _part_item(item, number))


def _delete_one(ring: "KeyringBackend", item: str) -> bool:
    for copies in range(_MAX_COPIES):
        if ring.get_password(SERVICE, item) is None:
            return copies > 0
        ring.delete_password(SERVICE, item)
    raise StoreError(
        f"the keyring did not remove {item} ({_backend_name(ring)})", "remove it with the keyring's own program"
    )


def _backend_name(ring: "KeyringBackend") -> str:
    return f"{type(ring).__module__}.{type(ring).__name__}"


# The one way to the keyring.


class _Waiting:
    """The call that ran out of time, if one did: while it hangs, another would only hang behind it."""

    call: threading.Thread | None = None


def _ask(question: "Callable[[KeyringBackend], Result]") -> Result:
    """Put a question to the keyring, in a thread that may be left behind. Raises StoreError."""
    silent = StoreError(
        f"the keyring did not answer within {TIME_LIMIT:.0f} s",
        "see whether it asks for its password in a window, unlock it, and try again",
    )
    if _Waiting.call is not None and _Waiting.call.is_alive():
        raise silent
    answers: list[Result] = []
    failures: list[BaseException] = []

    def call() -> None:
        try:
            answers.append(question(_backend()))
        except BaseException as failure:  # noqa: BLE001  # handed to the caller, whatever it is
            failures.append(failure)

    thread = threading.Thread(target=call, name="keyring", daemon=True)
    thread.start()
    thread.join(TIME_LIMIT)
    if answers:
        return answers[0]
    if not failures:
        _Waiting.call = thread
        raise silent
    # No context: what a backend puts into its exceptions may be the secret itself.
    raise _translated(failures[0]) from None


def _backend() -> "KeyringBackend":
    import logging

    # keyring logs broken plugins with their tracebacks, which would reach the terminal when nobody handles them.
    logger = logging.getLogger("keyring")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    import configparser

    import keyring

    hint = "mend or unset PYTHON_KEYRING_BACKEND, or mend keyringrc.cfg: keyring diagnose"
    chosen = os.environ.get("PYTHON_KEYRING_BACKEND")
    what = f"the keyring backend {chosen!r}" if chosen is not None else "the keyring backend named in keyringrc.cfg"
    try:
        return keyring.get_keyring()
    except (ImportError, AttributeError, ValueError, TypeError, configparser.Error):
        raise StoreError(f"{what} cannot be loaded", hint) from None
    except RuntimeError:
        raise StoreError(f"{what} cannot work here", hint) from None


def _translated(failure: BaseException) -> MfaSessionError:
    """Say what a failure of the keyring means. The failure's own text is left out: it may quote what was being kept."""
    if isinstance(failure, MfaSessionError):
        return failure
    if isinstance(failure, ModuleNotFoundError) and failure.name == "keyring":
        return StoreError("the package keyring is not installed", "pip install keyring")
    from keyring import errors

    unlock = "unlock it (log in to the desktop, or gnome-keyring-daemon --unlock) and try again, or use --store file"
    for kind, message, hint in (
        (errors.NoKeyringError, "there is no keyring here", "start one (gnome-keyring, KWallet), or use --store file"),
        (errors.KeyringLocked, "the keyring is locked", unlock),
        (errors.InitError, "the keyring cannot be opened: its question was dismissed or nobody could see it", unlock),
        (
            errors.PasswordSetError,
            "the keyring refused to keep the item",
            "see its settings and free space: keyring diagnose",
        ),
        (
            errors.PasswordDeleteError,
            "the keyring refused to remove the item",
            "remove it with the keyring's own program",
        ),
    ):
        if isinstance(failure, kind):
            return StoreError(message, hint)
    return StoreError(f"the keyring failed ({type(failure).__name__})", "see whether it works at all: keyring diagnose")
