"""The interface of every place where sessions are kept. On the path of every command: it imports next to nothing.

Each file beside this one is a store, found by being there: it holds a class as `STORE`, and its name is the one in
`store = "…"`. `tests/contracts/test_stores.py` holds every store to `SessionStore`.
"""

import os

from mfasession import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol, Self

    from mfasession.awsfiles import AwsFiles
    from mfasession.values import Session

    class SessionStore(Protocol):
        """Sessions by the name of their section.

        Every method raises StoreError when the store itself fails (locked, absent, disk full) and ConfigurationError
        when what is kept there is unsafe or not ours. No message holds a secret.
        """

        @property
        def name(self) -> str:
            """The name of its file, as in `store = "…"`."""

        @property
        def is_plain_text(self) -> bool:
            """Whether a copy of the disk shows the sessions: none is moved there unasked, or left there unreported."""

        @property
        def has_index(self) -> bool:
            """Whether its list of sections is a file of its own, which can be lost while sessions are there.

            That file is `paths.store_index`, and it is there once a session has been saved.
            """

        @property
        def backend(self) -> str:
            """What keeps the sessions of a keyring, by its own name, once `load` has asked it; empty for a file."""

        @classmethod
        def opened(cls, aws_files: AwsFiles, environ: Mapping[str, str]) -> Self:
            """Return the store of a user. Reads nothing yet."""

        def load(self, section: str) -> Session | None:
            """Return the session kept under a section; None when there is none or it is not whole."""

        def has(self, section: str) -> bool:
            """Return whether `sections` lists this one, at the least cost."""

        def wait_for_writers(self) -> None:
            """Return when no other program is in the middle of a change, or one has taken too long."""

        def check(self, section: str) -> None:
            """Raise what `save` would raise, as far as it can be known before a code is spent on it."""

        def reserve(self, section: str) -> None:
            """Raise as `check`, and keep the space that `save` needs, where that is possible, until `release`."""

        def restart_watch(self) -> None:
            """Note that this process has read the store's file since `reserve`. Called from any thread."""

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


DEFAULT = "file"


def opened(name: str, aws_files: "AwsFiles", environ: "Mapping[str, str]") -> "SessionStore":
    """Return the store of that name, which has been checked where it was read."""
    kind: type[SessionStore] = __import__(f"mfasession.stores.{name}", fromlist=["STORE"]).STORE
    return kind.opened(aws_files, environ)


def in_use(environ: "Mapping[str, str]", configured: "Iterable[str]" = ()) -> list[str]:
    """Return the names of the stores that may hold a session, the default first: those that are configured or listed.

    A store with an index has listed a session once its index is there.
    """
    try:
        names = os.listdir(files.state_folder(environ))
        indexes = [name for name in names if name.endswith(files.INDEX) and not name.startswith("_")]
    except OSError:
        # Nothing has been noted yet.
        indexes = []
    here = os.path.dirname(__file__)
    listed = (name.removesuffix(files.INDEX) for name in indexes)
    found = {name for name in listed if os.path.exists(os.path.join(here, f"{name}.py"))}.union(configured)
    return [DEFAULT, *sorted(found - {DEFAULT, ""})]
