"""What stores share that cannot list their sections themselves: the list in a file, and what could not be removed.

On the path of every command with such a store: it imports next to nothing.
"""

import os

from mfasession.errors import StoreError
from mfasession.files import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from mfasession.awsfiles import AwsFiles
    from mfasession.files.replace import Room
    from mfasession.stores.index.notes import Notes
    from mfasession.values import Session


class IndexedStore:
    """A store with an index; a store of its own adds `load`, `check`, `save` and `_remove`.

    A session is listed before anything of it is kept, so that each can be found. One that was forgotten while the store
    was out of reach is no longer listed or loaded, and is removed when the store is back.
    """

    name = ""
    where = ""
    """The store in a message, as in `the keyring`."""
    backend = ""
    is_plain_text = False
    has_index = True
    lock_time = 10.0
    """Seconds that a change waits for another one."""

    def __init__(self, index_path: str) -> None:
        """`index_path` is the file that lists the sections; it holds no secret."""
        self._index_path = index_path
        self._lock = index_path + ".lock"
        self._room: Room | None = None
        self._left_path = os.path.join(os.path.dirname(index_path), f"{self.name}-forgotten")

    @classmethod
    def opened(cls, aws_files: "AwsFiles", environ: "Mapping[str, str]") -> "Self":  # noqa: ARG003  # it needs no AWS file
        """Return the store of a user."""
        return cls(paths.store_index(environ, cls.name))

    def has(self, section: str) -> bool:
        """Return whether the index lists a section."""
        return section in self.sections()

    def wait_for_writers(self) -> None:
        """Do nothing: each change is one step."""

    def check(self, section: str) -> None:
        """Raise what `save` would raise."""
        raise NotImplementedError

    def reserve(self, section: str) -> None:
        """Raise as `check`, and keep the space for a longer list of sections."""
        self.check(section)
        self._keep_room()

    def restart_watch(self) -> None:
        """Do nothing: nobody else reads what is kept."""

    def release(self) -> None:
        """Give back what `reserve` keeps."""
        room, self._room = self._room, None
        if room is not None:
            room.close()

    def save(self, section: str, session: "Session") -> None:
        """Keep a session."""
        raise NotImplementedError

    def save_all(self, sessions: "Mapping[str, Session]") -> None:
        """Keep several sessions by their sections, one after the other. Raises StoreError."""
        for section, session in sessions.items():
            self.save(section, session)

    def forget(self, section: str) -> bool:
        """Remove a session, whole or not; return whether there was anything.

        Raises StoreError: what is there could not be removed. It is no longer loaded all the same, as the message says.
        """
        from mfasession.files import locks

        # First: even if we are killed now, it is no longer loaded.
        self._left().add(section)
        try:
            with locks.hold(self._lock, timeout=self.lock_time):
                try:
                    found = self._remove(section)
                finally:
                    self._list(section, listed=False)
                self._left().remove(section)
        except StoreError as failure:
            failure.message = f"{section} may still be in {self.where}, and is not used any more: {failure.message}"
            raise
        return found

    def sections(self) -> list[str]:
        """Return the names that were saved and not forgotten, from the index. Raises ConfigurationError."""
        return self._index().names() if self._has(self._index_path) else []

    def left(self) -> list[str]:
        """Return the sections that were forgotten while the store could not remove them."""
        return self._left().names() if self._has(self._left_path) else []

    def _index(self) -> "Notes":
        from mfasession.stores.index.notes import Notes

        return Notes(self._index_path)

    def _left(self) -> "Notes":
        from mfasession.stores.index.notes import Notes

        return Notes(self._left_path)

    def _has(self, path: str) -> bool:
        try:
            return os.stat(path).st_size > 0
        except OSError:
            return False

    def _remove(self, section: str) -> bool:
        """Remove all that the store has of a section; return whether there was a session. Raises StoreError."""
        raise NotImplementedError

    def _remove_left(self, *, keep: str) -> None:
        """Remove what could not be removed when it was forgotten; what a `save` is about to replace may stay."""
        for section in self.left():
            if section != keep:
                self._remove(section)
                self._left().remove(section)

    def _take_back(self, section: str) -> None:
        """List no longer what was not kept; what the store may still have stays listed, and `forget` finds it."""
        try:
            self._remove(section)
            self._list(section, listed=False)
        except StoreError:
            return

    def _keep_room(self) -> None:
        """Keep the space for a longer list until `release`; `check` has made its folder. Raises StoreError."""
        from mfasession.files import replace

        self.release()
        self._room = replace.reserve(self._index_path)

    def _list(self, section: str, *, listed: bool) -> None:
        """List a section or list it no longer; the caller holds the lock."""
        names = self.sections()
        if (section in names) is not listed:
            changed = [*names, section] if listed else [name for name in names if name != section]
            self._index().write(changed, self._room if listed else None)
