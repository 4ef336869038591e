"""One item of the operating system's keyring, read as fast as it can be: the path of a hit.

A text is an item, or several when it is long. `items` writes and removes them, through the `keyring` package.
"""

import os

from mfasession.errors import StoreError
from mfasession.stores.keyrings import secret_service, time_limit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Readable(Protocol):
        """What items can be read from."""

        def get_password(self, service: str, username: str, /) -> str | None:
            """Return the text of an item; None when there is none."""


SERVICE = "mfasession"
ITEM_CHARACTERS = 1280
"""UTF-16 units in an item: the Windows Credential Manager takes 2560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE, and
jaraco/keyring#355, #540)."""
SPLIT = "mfasession-split:1:"
_MOST_PARTS = 64
"""Parts that an item of ours can have; AWS calls a session token typically under 4096 bytes."""


class Broken:
    """An item that was not written to the end: its parts are not all there, or not of the same text."""


BROKEN = Broken()


def look_directly(item: str, taken_by: str) -> str | Broken | None:
    """Return what an item holds, whole or not; None when it takes the `keyring` package to know.

    `taken_by` is the backend that took it, as `items.write_item` returned it. Raises StoreError.
    """
    if not secret_service.may_read(taken_by, os.environ):
        return None
    try:
        with secret_service.SecretService() as service:
            return read(service, item)
    except time_limit.NotAnswered as limit:
        raise not_answered(limit) from None
    except secret_service.NotRead:
        return None


def not_answered(limit: time_limit.NotAnswered) -> StoreError:
    """Return the error for a keyring that does not answer."""
    return StoreError(
        f"the keyring did not answer within {limit.within:.0f} s",
        "see whether it asks for its password in a window, unlock it, and try again",
    )


# A text that is too long for one item is split: the first holds a header (version, number of parts, SHA-256 of the
# text) and the first part. At every moment of a change the header counts at least the parts that exist, so that none
# is ever lost, and a mixture of old and new parts fails the digest.


def part_item(item: str, number: int) -> str:
    """Return the name of a part of an item, from 1."""
    return item if number == 1 else f"part/{number}/{item}"


def parts(text: str) -> list[str]:
    """Split a text by UTF-16 units; what is kept is ASCII, so each character is one."""
    if len(text.encode("utf-16-le", "surrogatepass")) <= 2 * ITEM_CHARACTERS and not text.startswith(SPLIT):
        return [text]
    room = ITEM_CHARACTERS - 128
    chunks = [text[start : start + room] for start in range(0, len(text), room)]
    return [f"{SPLIT}{len(chunks)}:{_digest(text)}:{chunks[0]}", *chunks[1:]]


def header(first: str | None) -> tuple[int, str, str] | None:
    """Return the number of parts, the digest and the first part; None when the item is not split."""
    if first is None or not first.startswith(SPLIT):
        return None
    count, _, rest = first.removeprefix(SPLIT).partition(":")
    digest, _, chunk = rest.partition(":")
    is_number = count.isascii() and count.isdigit() and len(count) < 4
    return (int(count) if is_number and int(count) <= _MOST_PARTS else 1), digest, chunk


def read(ring: "Readable", item: str) -> "str | Broken | None":
    """Return what an item holds, whole or not; None when there is none."""
    first = ring.get_password(SERVICE, item)
    head = header(first)
    if head is None:
        return first
    count, digest, text = head
    for number in range(2, count + 1):
        part = ring.get_password(SERVICE, part_item(item, number))
        if part is None:
            return BROKEN
        text += part
    return text if _digest(text) == digest else BROKEN


def _digest(text: str) -> str:
    # Not needed for an item that was never split, and slow to import.
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
