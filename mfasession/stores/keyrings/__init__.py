"""Texts as items of the operating system's keyring, through the `keyring` package, and the one way to ask it.

Nothing here ever falls back to plain text, and no question waits for a keyring that does not answer (`time_limit`).
"""

import os
from typing import TYPE_CHECKING, TypeVar

from mfasession.errors import StoreError
from mfasession.messages import complain
from mfasession.stores.keyrings import backend, secret_service, time_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from keyring.backend import KeyringBackend

    class Readable(Protocol):
        """What items can be read from."""

        def get_password(self, service: str, username: str, /) -> str | None:
            """Return the text of an item; None when there is none."""


SERVICE = "mfasession"
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
    """An item that was not written to the end: its parts are not all there, or not of the same text."""


BROKEN = Broken()


def look_at(item: str, taken_by: str = "") -> tuple[str | Broken | None, str]:
    """Return what an item holds, whole or not, and the backend that was asked; None when there is no item.

    `taken_by` is the backend that took it, as `write_item` returned it: one that can be read without `keyring` then is.
    Raises StoreError.
    """
    is_direct = secret_service.may_read(taken_by, os.environ)

    def look() -> tuple[str | Broken | None, str]:
        if is_direct and (text := _read_directly(item)) is not None:
            return text, secret_service.TAKER
        return _put(lambda ring: (_read(ring, item), backend.names_of(ring)))

    return _within_time(look)


def _read_directly(item: str) -> str | Broken | None:
    with secret_service.SecretService() as service:
        try:
            return _read(service, item)
        except secret_service.NotRead:
            return None


def backend_names() -> str:
    """Return the names of the backends that are asked, as a user would name them. Raises StoreError."""
    return _ask(backend.names_of)


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


def write_item(item: str, text: str, before_change: "Callable[[], None] | None" = None) -> str:
    """Keep a text and read it back, for some backends drop what they are given. Raises StoreError.

    `before_change` is called, in another thread, once the keyring has answered and before anything in it is changed:
    when it was not called, nothing was kept. Returns the name of the backend that took the text.
    """
    return _ask(lambda ring: _write(ring, item, text, before_change))


def forget_item(item: str) -> bool:
    """Remove an item; return whether there was one. Raises StoreError."""
    return _ask(lambda ring: _delete(ring, item))


def unreadable(item: str) -> StoreError:
    """Return the error for an item that holds something else than it should."""
    from mfasession import installation

    return StoreError(f"the keyring's item {item} is not one of ours", installation.keyring("del", SERVICE, item))


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


def _write(ring: "KeyringBackend", item: str, text: str, before_change: "Callable[[], None] | None" = None) -> str:
    parts = _parts(text)
    header = _header(ring.get_password(SERVICE, item))
    if before_change is not None:
        before_change()
    _warn_of_plain_text(ring)
    _delete_parts(ring, item, header, beyond=len(parts))
    for number, part in enumerate(parts, 1):
        ring.set_password(SERVICE, _part_item(item, number), part)
    if _read(ring, item) != text:
        raise StoreError(
            f"the keyring did not keep what was written ({backend.name_of(ring)})",
            backend.CHOOSE,
        )
    # A chainer is written to the first of its backends.
    return backend.name_of(backend.members(ring)[0])


class _Warned:
    """The backends of which the user has been warned by this process."""

    of: set[str] = set()  # noqa: RUF012  # one for the process, on purpose


def _warn_of_plain_text(ring: "KeyringBackend") -> None:
    name = backend.name_of(backend.members(ring)[0])
    if backend.keeps_plain_text(ring) and name not in _Warned.of:
        _Warned.of.add(name)
        complain(f"the keyring that you have named, {name}, keeps plain text", backend.CHOOSE)


def _delete(ring: "KeyringBackend", item: str) -> bool:
    _delete_parts(ring, item, _header(ring.get_password(SERVICE, item)), beyond=1)
    return _delete_one(ring, item)


def _delete_parts(ring: "KeyringBackend", item: str, header: tuple[int, str, str] | None, *, beyond: int) -> None:
    for number in range(header[0] if header else 1, beyond, -1):
        _delete_one(ring, _part_item(item, number))


def _delete_one(ring: "KeyringBackend", item: str) -> bool:
    for copies in range(_MAX_COPIES):
        if ring.get_password(SERVICE, item) is None:
            return copies > 0
        ring.delete_password(SERVICE, item)
    raise StoreError(
        f"the keyring did not remove {item} ({backend.name_of(ring)})",
        "remove it with the keyring's own program",
    )


# The one way to the keyring.


def _ask(question: "Callable[[KeyringBackend], Result]") -> Result:
    return _within_time(lambda: _put(question))


def _put(question: "Callable[[KeyringBackend], Result]") -> Result:
    ring = backend.backend()
    try:
        return question(ring)
    except Exception as failure:
        if not backend.has_ended(failure):
            raise
    # A daemon that has ended by itself (gnome-keyring#195) is started anew by the bus that it was on, if by anything.
    return question(ring)


def _within_time(ask: "Callable[[], Result]") -> Result:
    """Put a question to the keyring, in a thread that may be left behind. Raises StoreError."""
    try:
        return time_limit.within(ask)
    except time_limit.NotAnswered as limit:
        raise StoreError(
            f"the keyring did not answer within {limit.within:.0f} s",
            "see whether it asks for its password in a window, unlock it, and try again",
        ) from None
    except time_limit.CallFailed as failed:
        # No context: what a backend puts into its exceptions may be the secret itself.
        raise backend.translated(failed.failure) from None
