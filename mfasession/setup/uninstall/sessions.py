"""Sessions, in every store that may have one."""

from typing import TYPE_CHECKING

from mfasession.setup.uninstall.part import Part
from mfasession.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfasession.sessions import Context
    from mfasession.stores import SessionStore


def parts(context: "Context") -> list[Part]:
    """Return the sessions that the stores list. Raises ConfigurationError."""
    context.aws_files.end_unfinished()
    return [part for store in context.stores() for part in _in(context, store)]


def _in(context: "Context", store: "SessionStore") -> list[Part]:
    where = context.aws_files.credentials_path if store.is_plain_text else f"the {store.name} store"
    listed = dict.fromkeys([*store.sections(), *store.left()])
    return [Part([f"[{printable(name)}] in {where}: a session"], _forgetting(store, name)) for name in listed]


def _forgetting(store: "SessionStore", name: str) -> "Callable[[], None]":
    def forget() -> None:
        store.wait_for_writers()
        store.forget(name)

    return forget
