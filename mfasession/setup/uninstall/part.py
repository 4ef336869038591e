"""One thing that is removed."""

from collections.abc import Callable, Sequence


class Part:
    """What it is, in lines without secrets, and the call that removes it, which may find it gone already."""

    def __init__(self, lines: Sequence[str], remove: Callable[[], None], diff: Sequence[str] = ()) -> None:
        """`diff` is of a file that is changed. `remove` raises ConfigurationError or StoreError."""
        self.lines = lines
        self.remove = remove
        self.diff = diff
