"""Names in a small file of ours, one a line: what is known of a place that cannot list what it holds."""

from mfasession import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mfasession.files.replace import Room

_LOCK_TIME = 10.0
"""Seconds that a change waits for another one, which itself takes none."""


class Notes:
    """The names in one file; no name is a secret."""

    def __init__(self, path: str) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Return all names. Raises ConfigurationError: the file cannot be read."""
        lines = (files.read_trusted(self._path) or "").split("\n")
        # What is damaged here loses no session and no key.
        return [_name(line) for line in lines if line]

    def add(self, name: str) -> None:
        """Note a name. Raises ConfigurationError, StoreError."""
        self._change(lambda names: [*names, name] if name not in names else names)

    def remove(self, name: str) -> None:
        """Forget a name. Raises ConfigurationError, StoreError."""
        if name in self.names():
            self._change(lambda names: [each for each in names if each != name])

    def write(self, names: "Iterable[str]", room: "Room | None" = None) -> None:
        """Note these names in place of all others; the caller holds a lock. Raises ConfigurationError, StoreError.

        `room` is space from `files.replace.reserve`.
        """
        from mfasession.files import replace

        replace.replace(self._path, "".join(f"{_line(each)}\n" for each in names), room=room)

    def _change(self, change: "Callable[[list[str]], list[str]]") -> None:
        from mfasession.files import locks

        with locks.hold(f"{self._path}.lock", timeout=_LOCK_TIME):
            before = self.names()
            after = change(before)
            if after != before:
                self.write(after)


def _name(line: str) -> str:
    """The name in a line; a damaged line is taken as it is."""
    if "\\" not in line:
        return line
    from mfasession.stores.index import escapes

    name = escapes.unescaped(line)
    return line if name is None else name


def _line(name: str) -> str:
    from mfasession.stores.index import escapes

    return escapes.escaped(name)
