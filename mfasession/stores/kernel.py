"""Sessions in the Linux kernel's keyring of the user: in memory that is never swapped, and removed when they expire.

On the path of every command with `store = "kernel"`. Each session is a key `mfasession:<state folder>:<section>` with
the text of `session_text`. Only who possesses the key may use it: processes of the same user.
"""

import os
import time

from mfasession.errors import StoreError
from mfasession.stores import keyctl
from mfasession.stores.index import IndexedStore, session_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.values import Session

_USUAL_SIZE = 2_048
"""Bytes that must be free before a code is spent: more than a session needs whose token is the usual 300 to 1,000."""


class KernelStore(IndexedStore):
    """The store called `kernel`. The index lists what has not expired by itself, too: it is looked up when needed."""

    name = "kernel"
    where = "the kernel's keyring"
    _reserved = ""
    """The section for which space is kept and not used yet."""

    def load(self, section: str) -> "Session | None":
        """Return the session kept under a section; None when there is none, it has expired or is not whole.

        Raises StoreError.
        """
        if section in self.left():
            return None
        text = keyctl.read(self._key(section))
        return None if text is None else session_text.read(text.decode("ascii", "replace"))

    def check(self, section: str) -> None:
        """Raise what `save` would raise, as far as it can be known before a code is spent. Raises StoreError."""
        self.reserve(section)
        self.release()

    def reserve(self, section: str) -> None:
        """Raise as `check`, and keep the space for a longer list and, in a key of this process, for a usual session."""
        from mfasession.files import locks, replace

        replace.check_replaceable(self._index_path)
        self.sections()
        with locks.hold(self._lock, timeout=self.lock_time):
            self._remove_left(keep=section)
        self._keep_room()
        try:
            keyctl.reserve(self._key(section), _USUAL_SIZE)
        except StoreError:
            self.release()
            raise
        self._reserved = section

    def release(self) -> None:
        """Give back what `reserve` keeps."""
        super().release()
        section, self._reserved = self._reserved, ""
        if section:
            keyctl.release(self._key(section))

    def save(self, section: str, session: "Session") -> None:
        """Keep a session until it expires. Raises StoreError."""
        from mfasession.files import locks

        text, key = session_text.write(section, session).encode(), self._key(section)
        with locks.hold(self._lock, timeout=self.lock_time):
            was_listed = section in self.sections()
            self._list(section, listed=True)
            try:
                keyctl.keep(key, text, int(session.expires - time.time()))
            except StoreError:
                if not was_listed:
                    self._take_back(section)
                raise
            if self._reserved == section:
                self._reserved = ""
            self._left().remove(section)

    def _remove(self, section: str) -> bool:
        return keyctl.remove(self._key(section))

    def _key(self, section: str) -> str:
        # The keyring is the user's, and a user can have several homes, as in the sandbox.
        return f"mfasession:{os.path.dirname(self._index_path)}:{section}"


STORE = KernelStore
