"""The interface of every place where sessions are kept. On the path of every command: it imports next to nothing.

`tests/contracts/test_stores.py` holds every store to it.
"""

from mfasession.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from mfasession.values import Session

    class SessionStore(Protocol):
        """Sessions by the name of their section.

        Every method raises StoreError when the store itself fails (locked, absent, disk full) and ConfigurationError
        when what is kept there is unsafe or somebody else's. No message holds a secret.
        """

        @property
        def name(self) -> str:
            """`file` or `keyring`, as in `store = "…"`."""

        @property
        def backend(self) -> str:
            """What keeps the sessions of a keyring, by its own name, once `load` has asked it; empty for a file."""

        def load(self, section: str) -> Session | None:
            """Return the session kept under a section; None when there is none or it is not whole."""

        def check(self, section: str) -> None:
            """Raise what `save` would raise, as far as can be told before a code is spent on it."""

        def reserve(self, section: str) -> None:
            """Raise as `check`, and keep the space that `save` needs, where that is possible, until `release`."""

        def release(self) -> None:
            """Give back what `reserve` keeps; nothing when there is nothing."""

        def save(self, section: str, session: Session) -> None:
            """Keep a session in place of the one that is there."""

        def save_all(self, sessions: Mapping[str, Session]) -> None:
            """Keep several sessions by their sections; what fails may leave none or some of them kept."""

        def forget(self, section: str) -> bool:
            """Remove a session and return whether there was one."""

        def left(self) -> list[str]:
            """Return the sections that were forgotten and could not be removed yet."""

        def sections(self) -> list[str]:
            """Return the names of all sections that were saved and not forgotten."""


class KeyringAbsent(StoreError):
    """There is no keyring: nothing can be in it. Raised by `stores.keyrings`."""
