"""Output of many commands on one stream: whole lines, each with its command's name in front, byte for byte."""

import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE_LIMIT = 16 * 1024 * 1024
"""The longest line, in bytes; a longer one is broken."""


class Lines:
    """The lines of one stream of one command."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix
        self._begun: list[bytes] = []
        self._size = 0

    def of(self, data: bytes) -> bytes:
        """Return the lines that the data completes, each with the prefix; the rest is kept."""
        head, end, tail = data.rpartition(b"\n")
        if not end:
            self._begun.append(data)
            self._size += len(data)
            return self.rest() if self._size > LINE_LIMIT else b""
        whole = b"".join((*self._begun, head))
        self._begun, self._size = [tail] if tail else [], len(tail)
        return b"".join(self._prefix + line + b"\n" for line in whole.split(b"\n"))

    def rest(self) -> bytes:
        """Return the last, incomplete line with a line end; empty when there is none."""
        begun = b"".join(self._begun)
        self._begun, self._size = [], 0
        return self._prefix + begun + b"\n" if begun else b""


class Screen:
    """Our stdout and stderr, and one progress line on stderr when that is a terminal."""

    def __init__(self, out: int, err: int, *, shows: bool) -> None:
        """`out` and `err` are descriptors; `shows`: whether `err` is a terminal that can draw."""
        self.out = out
        self.err = err
        self._shows = shows
        self._shown = b""

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of the data, above the progress. Raises BrokenPipeError when the reader went away, OSError."""
        if data:
            self._replace_progress(b"")
            _write_all(descriptor, data)

    def show(self, progress: str) -> None:
        """Show this progress instead of the last one."""
        if self._shows:
            columns = _columns(self.err)
            self._replace_progress(os.fsencode(progress)[: columns - 1])

    def end(self) -> None:
        """Remove the progress line."""
        self._replace_progress(b"")

    def _replace_progress(self, progress: bytes) -> None:
        if progress != self._shown:
            self._shown = progress
            _write_all(self.err, b"\r\x1b[K" + progress)


def join_counts(parts: "Iterable[tuple[int, str]]") -> str:
    """Return the counts above zero, as in `3 done, 1 failed`."""
    return ", ".join(f"{number} {what}" for number, what in parts if number)


def _columns(descriptor: int) -> int:
    try:
        return os.get_terminal_size(descriptor).columns or 80
    except OSError:
        return 80


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            # Another program has made the terminal or the pipe that we share non-blocking.
            select.select([], [descriptor], [])
