"""What a terminal shows, read by a terminal emulator: characters in cells, their styles, and the cursor."""

from typing import NamedTuple

import pyte


class Style(NamedTuple):
    """How a character is drawn. Colours are `default`, `paper`, `ink`, a name of pyte's or six hexadecimal digits."""

    colour: str = "default"
    behind: str = "default"
    bold: bool = False


class Cell(NamedTuple):
    """One character on the screen."""

    char: str
    style: Style = Style()


Line = tuple[Cell, ...]
"""The cells of a line from its first column on; blank ones at its end are left out."""


class Frame(NamedTuple):
    """The screen for so many seconds. `cursor` is its column and row, counted from 0; None when it is hidden."""

    lines: tuple[Line, ...]
    cursor: tuple[int, int] | None
    seconds: float


class Screen:
    """The screen of a terminal. pexpect writes to it what it reads there (`logfile_read`)."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)

    def write(self, text: str) -> None:
        """Show what was written to the terminal."""
        self._stream.feed(text)

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def lines(self) -> list[str]:
        """The lines as text, without blanks at their ends."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def cursor(self) -> tuple[int, int]:
        """The cursor's column and row, counted from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    def frame(self, seconds: float) -> Frame:
        """Return what is shown now, for so many seconds."""
        lines = tuple(self._line(row) for row in range(self._screen.lines))
        return Frame(lines, None if self._screen.cursor.hidden else self.cursor, seconds)

    def _line(self, row: int) -> Line:
        cells = [_cell(self._screen.buffer[row][column]) for column in range(self._screen.columns)]
        while cells and cells[-1].char == " " and cells[-1].style.behind == "default":
            cells.pop()
        return tuple(cells)


def _cell(char: pyte.screens.Char) -> Cell:
    if not char.reverse:
        return Cell(char.data, Style(char.fg, char.bg, char.bold))
    colour, behind = (other if own == "default" else own for own, other in ((char.bg, "paper"), (char.fg, "ink")))
    return Cell(char.data, Style(colour, behind, char.bold))
