"""Texts as items of the operating system's keyring, through the `keyring` package, and the one way to ask it.

Nothing here ever falls back to plain text, and no question waits for a keyring that does not answer (`time_limit`).
"""

from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from mfasession.errors import StoreError
from mfasession.messages import complain
from mfasession.stores.keyrings import (
    SERVICE,
    Broken,
    backend,
    header,
    in_thread,
    not_answered,
    part_item,
    parts,
    read,
    time_limit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyring.backend import KeyringBackend

_MAX_COPIES = 8
"""Backends that may hold one item at once: a chainer deletes from the first that has it."""

Result = TypeVar("Result")


def look_at(item: str) -> tuple[str | Broken | None, str]:
    """Return what an item holds, whole or not, and the backends that were asked; None when there is no item.

    Raises StoreError.
    """
    return _ask(lambda ring: (read(ring, item), backend.names_of(ring)))


def backend_names() -> str:
    """Return the names of the backends that are asked, as a user would name them. Raises StoreError."""
    return _ask(backend.names_of)


def read_item(item: str) -> str | None:
    """Return the text of an item, None when there is none. Raises StoreError, also when it is not whole."""
    return read_items([item])[item]


def read_items(items: "Sequence[str]") -> dict[str, str | None]:
    """Return the texts of items, all in one question to the keyring. Raises StoreError as `read_item`."""
    texts = _ask(lambda ring: {item: read(ring, item) for item in items})
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


def item_names() -> list[str]:
    """Return the names of all items and parts of ours, none for a backend that cannot list them. Raises StoreError."""
    return _ask(_names)


def unreadable(item: str) -> StoreError:
    """Return the error for an item that holds something else than it should."""
    from mfasession import installation

    return StoreError(f"the keyring's item {item} is not one of ours", installation.keyring("del", SERVICE, item))


def _write(ring: "KeyringBackend", item: str, text: str, before_change: "Callable[[], None] | None" = None) -> str:
    pieces = parts(text)
    head = header(ring.get_password(SERVICE, item))
    if before_change is not None:
        before_change()
    _warn_of_plain_text(ring)
    _delete_parts(ring, item, head, beyond=len(pieces))
    for number, part in enumerate(pieces, 1):
        ring.set_password(SERVICE, part_item(item, number), part)
    if read(ring, item) != text:
        raise StoreError(
            f"the keyring did not keep what was written ({backend.name_of(ring)})",
            backend.CHOOSE,
        )
    # A chainer is written to the first of its backends.
    return backend.name_of(backend.members(ring)[0])


def _names(ring: "KeyringBackend") -> list[str]:
    found: list[str] = []
    for each in backend.members(ring):
        # The Secret Service is the only backend of `keyring` that finds items by a part of their attributes.
        collection_of = getattr(each, "get_preferred_collection", None)
        if collection_of is not None:
            collection = collection_of()
            with closing(collection.connection):
                items = collection.search_items({"service": SERVICE})
                found += [name for item in items if (name := item.get_attributes().get("username"))]
    return sorted(set(found))


class _Warned:
    """The backends of which the user has been warned by this process."""

    of: set[str] = set()  # noqa: RUF012  # one for the process, on purpose


def _warn_of_plain_text(ring: "KeyringBackend") -> None:
    name = backend.name_of(backend.members(ring)[0])
    if backend.keeps_plain_text(ring) and name not in _Warned.of:
        _Warned.of.add(name)
        complain(f"the keyring that you have named, {name}, keeps plain text", backend.CHOOSE)


def _delete(ring: "KeyringBackend", item: str) -> bool:
    _delete_parts(ring, item, header(ring.get_password(SERVICE, item)), beyond=1)
    return _delete_one(ring, item)


def _delete_parts(ring: "KeyringBackend", item: str, head: tuple[int, str, str] | None, *, beyond: int) -> None:
    for number in range(head[0] if head else 1, beyond, -1):
        _delete_one(ring, part_item(item, number))


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
    """Put a question to the keyring, in a thread that may be left behind. Raises StoreError."""
    try:
        return in_thread.within_time(lambda: _put(question))
    except time_limit.NotAnswered as limit:
        raise not_answered(limit) from None
    except in_thread.CallFailed as failed:
        # No context: what a backend puts into its exceptions may be the secret itself.
        raise backend.translated(failed.failure) from None


def _put(question: "Callable[[KeyringBackend], Result]") -> Result:
    ring = backend.backend()
    try:
        return question(ring)
    except Exception as failure:
        if not backend.has_ended(failure):
            raise
    # A daemon that has ended by itself (gnome-keyring#195) is started anew by the bus that it was on, if by anything.
    return question(ring)
