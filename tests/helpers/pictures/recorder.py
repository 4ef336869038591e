"""A user at a terminal whose screen is recorded: types at a fixed speed, and looks at each answer for a fixed time.

What is on the screen is real. How long it stays there is not: a picture of the same day is the same each time.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pexpect

from tests.helpers.patience import wait_for
from tests.helpers.pictures.screen import Frame, Screen
from tests.helpers.seat import Seat, shell
from tests.helpers.support import Home

KEY, ENTER, ANSWER = 0.07, 0.5, 2.0
"""Seconds that a frame is shown: after a key, after Enter, and when a command has answered."""
PROMPT = r"\[\e[1;32m\]$\[\e[0m\] "
"""A green dollar, and no name of a user, of a computer or of a folder."""
READ = 0.05


class Recorder:
    """The terminal of a shell, and the frames so far."""

    def __init__(self, sitting: Seat, columns: int, rows: int) -> None:
        self.screen = Screen(columns, rows)
        self.frames: list[Frame] = []
        self._sitting = sitting
        sitting.tty.logfile_read = self.screen

    def keep(self, seconds: float) -> None:
        """Record what the screen shows, for so many seconds."""
        self.frames.append(self.screen.frame(seconds))

    def type(self, text: str) -> None:
        """Type a text, and see each key on the screen before the next one."""
        for key in text:
            column, row = self.screen.cursor
            self._sitting.type(key)
            self._wait(partial(self._is_beyond, column, row))
            self.keep(KEY)

    def enter(self, seconds: float = ENTER) -> None:
        """Press Enter."""
        row = self.screen.cursor[1]
        self._sitting.type("\r")
        self._wait(partial(self._is_beyond, -1, row + 1))
        self.keep(seconds)

    def see(self, pattern: str) -> None:
        """Wait until a line of the screen has the pattern."""
        self._wait(lambda: any(re.search(pattern, line) for line in self.screen.lines))

    def run(self, line: str, seconds: float = ANSWER) -> None:
        """Type a command, and wait until the shell asks for the next one."""
        self.type(line)
        self.enter()
        self.end(seconds)

    def end(self, seconds: float = ANSWER) -> None:
        """Wait until the command has ended, and record what it has shown."""
        self._wait(lambda: self.screen.cursor[0] == 2 and self.screen.lines[self.screen.cursor[1]] == "$")
        self.keep(seconds)

    def _is_beyond(self, column: int, row: int) -> bool:
        here = self.screen.cursor
        return here[1] > row or (here[1] == row and here[0] > column)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        def seen() -> bool:
            self._sitting.tty.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=READ)
            return is_so()

        wait_for(seen, why=lambda: "\n".join(self.screen.lines))


@contextmanager
def recorded(home: Home, *, columns: int, rows: int) -> Iterator[Recorder]:
    """Record an interactive bash of so many columns and rows in a home."""
    with shell(home, "bash", columns=columns, environ={"PS1": PROMPT}) as sitting:
        sitting.tty.setwinsize(rows, columns)
        recorder = Recorder(sitting, columns, rows)
        sitting.type("clear\r")
        recorder.end(1.0)
        yield recorder
