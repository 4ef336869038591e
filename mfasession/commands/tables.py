"""Tables on stdout that fit the terminal: where a line would be too long, each row becomes a few short lines."""

import os
import sys
from collections.abc import Sequence

from mfasession.terminal import is_dumb
from mfasession.text import in_columns, printable


def fitting(labels: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table with a head, or the rows one below the other; `labels` are in lower case.

    Lines alone, as screen readers and Emacs want it (TERM=dumb), are never in columns.
    """
    table = in_columns([tuple(map(str.upper, labels)), *rows])
    columns = width()
    if not columns or (max(map(len, table.splitlines())) <= columns and not is_dumb()):
        return table
    lines = [line for row in rows for line in _stacked(labels, row, columns)]
    return "".join(printable(line) + "\n" for line in lines)


def width() -> int:
    """Return the columns of the terminal that stdout is; 0 for a file or a pipe, or an unknown width."""
    return os.get_terminal_size(1).columns if sys.stdout.isatty() else 0


def indented(head: str, details: Sequence[str], columns: int) -> list[str]:
    """Return a head, and its details two spaces in; what is longer than the terminal's columns is cut into pieces."""
    inside = max(columns - 2, 8)
    pieces = [text[place : place + inside] for text in details for place in range(0, len(text), inside)]
    return [head, *(f"  {piece}" for piece in pieces)]


def _stacked(labels: Sequence[str], row: tuple[str, ...], columns: int) -> list[str]:
    said = [f"{label}: {cell}" for label, cell in zip(labels[1:], row[1:], strict=True) if cell != "-"]
    return indented(row[0], said, columns)
