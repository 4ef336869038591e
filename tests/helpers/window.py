"""A terminal of its own with one program on it: what is written there is seen, and keys are pressed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect


class Window:
    """The terminal is the program's controlling one. `seen` is all that was read so far."""

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        *,
        columns: int,
        rows: int = 24,
        patience: float,
    ) -> None:
        """`patience` is in seconds, for each pattern that is waited for."""
        self.tty: pexpect.spawn[str] = pexpect.spawn(
            words[0],
            list(words[1:]),
            cwd=str(folder),
            env=dict(environ),
            encoding="utf-8",
            timeout=patience,
            dimensions=(rows, columns),
        )
        self.tty.delaybeforesend = None
        self.seen = ""

    def see(self, pattern: str) -> "re.Match[str]":
        """Wait until the pattern is written to the terminal."""
        self.tty.expect(pattern)
        assert isinstance(self.tty.match, re.Match)
        self.seen += f"{self.tty.before}{self.tty.match[0]}"
        return self.tty.match

    def type(self, text: str) -> None:
        """Press keys."""
        self.tty.send(text)

    def close(self) -> None:
        """Wait until the program has ended, and read what it wrote last."""
        self.tty.expect(pexpect.EOF)
        self.seen += self.tty.before or ""
        self.tty.close()
