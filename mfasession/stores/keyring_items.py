"""Texts as items of the operating system's keyring, through the `keyring` package, and the one way to ask it.

Nothing here ever falls back to plain text, and no question lasts longer than TIME_LIMIT: a keyring may wait for ever
for a dialog that nobody sees (mitya57/secretstorage#33, python-poetry/poetry#8623).
"""

import os
import sys
import threading
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from mfasession.causes import KeyringAbsent
from mfasession.errors import MfaSessionError, StoreError
from mfasession.stores import secret_service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from keyring.backend import KeyringBackend

    class Readable(Protocol):
        """What items can be read from."""

        def get_password(self, service: str, username: str, /) -> str | None:
            """Return the text of an item; None when there is none."""


SERVICE = "mfasession"
TIME_LIMIT = 3.0
"""Seconds for one question to the keyring: import, choice of the backend and all calls together."""
ITEM_CHARACTERS = 1280
"""UTF-16 units in an item: the Windows Credential Manager takes 2560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE, and
jaraco/keyring#355, #540)."""

_SPLIT = "mfasession-split:1:"
_MOST_PARTS = 64
"""Parts that an item of ours can have; AWS calls a session token typically under 4096 bytes."""
_MAX_COPIES = 8
"""Backends that may hold one item at once: a chainer deletes from the first that has it."""

Result = TypeVar("Result")


class Broken:
    """What an item holds that was not written to the end: its parts are not all there, or not of the same text."""


BROKEN = Broken()


def look_at(item: str, taken_by: str = "") -> str | Broken | None:
    """Return what an item holds, whole or not; None when there is none. Raises StoreError.

    `taken_by` is the backend that took it, as `write_item` told: one that can be read without `keyring` then is.
    """
    is_direct = secret_service.may_read(taken_by, os.environ)
    return _within_time(lambda: (_read_directly(item) if is_direct else None) or _read(_backend(), item))


def _read_directly(item: str) -> str | Broken | None:
    with secret_service.SecretService() as service:
        try:
            return _read(service, item)
        except secret_service.NotRead:
            return None


def read_item(item: str) -> str | None:
    """Return the text of an item, None when there is none. Raises StoreError, also when it is not whole."""
    return read_items([item])[item]


def read_items(items: "Sequence[str]") -> dict[str, str | None]:
    """Return the texts of items, all in one question to the keyring. Raises StoreError as `read_item`."""
    texts = _ask(lambda ring: {item: _read(ring, item) for item in items})
    found: dict[str, str | None] = {}
    for item, text in texts.items():
        if isinstance(text, Broken):
            raise unreadable(item)
        found[item] = text
    return found


def write_item(item: str, text: str) -> str:
    """Keep a text and read it back, for some backends drop what they are given. Raises StoreError.

    Returns the name of the backend that took it.
    """
    return _ask(lambda ring: _write(ring, item, text))


def forget_item(item: str) -> bool:
    """Remove an item; tell whether there was one. Raises StoreError."""
    return _ask(lambda ring: _delete(ring, item))


def unreadable(item: str) -> StoreError:
    """Return the error for an item that holds something else than it should."""
    return StoreError(f"the keyring's item {item} is not one of ours", f"keyring del {SERVICE} {quote(item)}")


# A text that is too long for one item is split: the first holds a header (version, number of parts, SHA-256 of the
# text) and the first part. At every moment of a change the header counts at least the parts that exist, so that none
# is ever lost, and a mixture of old and new parts fails the digest.


def _part_item(item: str, number: int) -> str:
    return item if number == 1 else f"part/{number}/{item}"


def _parts(text: str) -> list[str]:
    """Split a text by UTF-16 units; JSON and base32 are ASCII, so each character is one."""
    if len(text.encode("utf-16-le", "surrogatepass")) <= 2 * ITEM_CHARACTERS and not text.startswith(_SPLIT):
        return [text]
    room = ITEM_CHARACTERS - 128
    chunks = [text[start : start + room] for start in range(0, len(text), room)]
    return [f"{_SPLIT}{len(chunks)}:{_digest(text)}:{chunks[0]}", *chunks[1:]]


def _digest(text: str) -> str:
    # Not needed for an item that was never split, and slow to import.
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _header(first: str | None) -> tuple[int, str, str] | None:
    """Return the number of parts, the digest and the first part; None when the item is not split."""
    if first is None or not first.startswith(_SPLIT):
        return None
    count, _, rest = first.removeprefix(_SPLIT).partition(":")
    digest, _, chunk = rest.partition(":")
    is_number = count.isascii() and count.isdigit() and len(count) < 4
    return (int(count) if is_number and int(count) <= _MOST_PARTS else 1), digest, chunk


def _read(ring: "Readable", item: str) -> "str | Broken | None":
    first = ring.get_password(SERVICE, item)
    header = _header(first)
    if header is None:
        return first
    count, digest, text = header
    for number in range(2, count + 1):
        part = ring.get_password(SERVICE, _part_item(item, number))
        if part is None:
            return BROKEN
        text += part
    return text if _digest(text) == digest else BROKEN


def _write(ring: "KeyringBackend", item: str, text: str) -> str:
    parts = _parts(text)
    _delete_parts(ring, item, beyond=len(parts))
    for number, part in enumerate(parts, 1):
        ring.set_password(SERVICE, _part_item(item, number), part)
    if _read(ring, item) != text:
        raise StoreError(
            f"the keyring did not keep what was written ({_backend_name(ring)})",
            "choose another backend (PYTHON_KEYRING_BACKEND, keyringrc.cfg), or --store file",
        )
    # A chainer is written to the first of its backends.
    return _backend_name(next(iter(getattr(ring, "backends", ())), ring))


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
    return _within_time(lambda: question(_backend()))


def _within_time(ask: "Callable[[], Result]") -> Result:
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
            answers.append(ask())
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

    hint = "mend or unset PYTHON_KEYRING_BACKEND, or mend keyringrc.cfg: keyring diagnose"
    chosen = os.environ.get("PYTHON_KEYRING_BACKEND")
    what = f"the keyring backend {chosen!r}" if chosen is not None else "the keyring backend named in keyringrc.cfg"
    try:
        return _chosen()
    except (ImportError, AttributeError, ValueError, TypeError, configparser.Error) as failure:
        if isinstance(failure, ModuleNotFoundError) and failure.name == "keyring":
            raise
        raise StoreError(f"{what} cannot be loaded", hint) from None
    except RuntimeError:
        raise StoreError(f"{what} cannot work here", hint) from None


_APPLES = "keyring.backends.macOS.api"
"""What looks for Apple's libraries as soon as it is imported: elsewhere ctypes runs ldconfig, gcc and ld for that."""


def _chosen() -> "KeyringBackend":
    """Return the backend that `keyring` chooses, without a search for the libraries of another system."""
    import keyring

    if sys.platform == "darwin" or _APPLES in sys.modules:
        return keyring.get_keyring()
    sys.modules[_APPLES] = None  # type: ignore[assignment]  # documented: its import then fails
    try:
        return keyring.get_keyring()
    finally:
        sys.modules.pop(_APPLES, None)


def _translated(failure: BaseException) -> MfaSessionError:
    """Say what a failure of the keyring means. The failure's own text is left out: it may quote what was being kept."""
    if isinstance(failure, MfaSessionError):
        return failure
    if isinstance(failure, ModuleNotFoundError) and failure.name == "keyring":
        return KeyringAbsent("the package keyring is not installed", "pip install keyring")
    from keyring import errors

    if isinstance(failure, errors.NoKeyringError):
        return KeyringAbsent("there is no keyring here", "start one (gnome-keyring, KWallet), or use --store file")
    if type(failure.__cause__).__name__ == "SecretServiceNotAvailableException":
        return StoreError("the keyring's service ended before it answered", "try again; keyring diagnose tells more")
    unlock = "unlock it (log in to the desktop, or gnome-keyring-daemon --unlock) and try again, or use --store file"
    for kind, message, hint in (
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
