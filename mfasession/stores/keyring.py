"""Sessions in the operating system's keyring: items `session/<section>` of service `mfasession`.

On the path of every command with `store = "keyring"`. Nothing here ever falls back to plain text.
"""

import os

from mfasession import files
from mfasession.errors import ConfigurationError, StoreError
from mfasession.stores import keyrings
from mfasession.stores.index import IndexedStore, session_text
from mfasession.stores.keyrings import BROKEN, Broken, secret_service, time_limit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.values import Session


class KeyringStore(IndexedStore):
    """The store called `keyring`. A session that no keyring has accepted is not listed."""

    name = "keyring"
    where = "the keyring"
    lock_time = time_limit.LONGEST

    def __init__(self, index_path: str) -> None:
        """`index_path` as in `IndexedStore`."""
        super().__init__(index_path)
        self._taker_path = os.path.join(os.path.dirname(index_path), "keyring-backend")

    def load(self, section: str) -> "Session | None":
        """Return the session kept under a section; None when there is none or it is not whole. Raises StoreError."""
        if section in self.left():
            return None
        item, taker = _session_item(section), self._taker()
        try:
            text, self.backend = keyrings.look_directly(item, taker), secret_service.TAKER
            if text is None:
                from mfasession.stores.keyrings import items

                text, self.backend = items.look_at(item)
            if text is BROKEN:
                text = self._repaired(item)
        except StoreError as failure:
            _name_the_file(failure)
            raise
        return session_text.read(text) if isinstance(text, str) else None

    def check(self, section: str) -> None:
        """Raise what `save` would raise: write, read and remove an item that holds nothing. Raises StoreError."""
        from mfasession.files import locks, replace
        from mfasession.stores.keyrings import items

        item = _check_item(section)
        replace.check_replaceable(self._index_path)
        replace.check_replaceable(self._taker_path)
        try:
            with locks.hold(self._lock, timeout=self.lock_time):
                self.sections()
                items.write_item(item, "check")
                items.forget_item(item)
                self._remove_left(keep=section)
        except StoreError as failure:
            _name_the_file(failure)
            raise

    def save(self, section: str, session: "Session") -> None:
        """Keep a session and read it back, for some backends drop what they are given. Raises StoreError."""
        from mfasession.files import locks
        from mfasession.stores.keyrings import items

        item, text = _session_item(section), session_text.write(section, session)
        try:
            with locks.hold(self._lock, timeout=self.lock_time):
                was_listed = section in self.sections()
                try:
                    self._note_taker(items.write_item(item, text, lambda: self._list(section, listed=True)))
                except StoreError:
                    if not was_listed:
                        self._take_back(section)
                    raise
                self._left().remove(section)
        except StoreError as failure:
            _name_the_file(failure)
            raise

    def _remove(self, section: str) -> bool:
        from mfasession.stores.keyrings import items

        found = items.forget_item(_session_item(section))
        # What a check has left that was cut off.
        items.forget_item(_check_item(section))
        return found

    def _repaired(self, item: str) -> "str | Broken | None":
        """Read again when no writer is at work; what is still half-written then has no writer and is removed."""
        from mfasession.files import locks
        from mfasession.stores.keyrings import items

        with locks.hold(self._lock, timeout=self.lock_time):
            text, _ = items.look_at(item)
            if text is BROKEN:
                items.forget_item(item)
        return text

    def _taker(self) -> str:
        """Return the backend that took the last session, as `write_item` named it; empty when that is not known."""
        try:
            return (files.read_trusted(self._taker_path) or "").rstrip("\n")
        except ConfigurationError:
            return ""

    def _note_taker(self, backend: str) -> None:
        if backend != self._taker():
            from mfasession.files import replace

            replace.replace(self._taker_path, f"{backend}\n")


STORE = KeyringStore


def _session_item(section: str) -> str:
    return f"session/{section}"


def _check_item(section: str) -> str:
    return f"check/{section}"


def _name_the_file(failure: StoreError) -> None:
    """Let the hint of an unusable keyring name the other store, which a session can go to."""
    from mfasession.stores.keyrings import backend

    failure.hint = backend.or_the_file(failure.hint)
