"""The controlling terminal as prompt_toolkit reads it and draws on it. Imported only to ask."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output.vt100 import Vt100_Output

from mfasession.terminal import Terminal


@contextmanager
def drawn_on(terminal: Terminal) -> Iterator[tuple[Vt100Input, Vt100_Output]]:
    """Yield the keys and the screen of a terminal, and drop what was typed ahead at the end."""
    with (
        open(terminal.fileno(), encoding="utf-8", closefd=False) as reader,
        open(terminal.fileno(), "w", encoding="utf-8", errors="replace", closefd=False) as writer,
    ):
        keys = Vt100Input(reader)
        # No CPR: a terminal that does not answer "where is the cursor?" would earn a warning in the middle of a prompt.
        screen = Vt100_Output(writer, lambda: _size(terminal), term=os.environ.get("TERM"), enable_cpr=False)
        try:
            yield keys, screen
        finally:
            clear_typeahead(keys)


def _size(terminal: Terminal) -> Size:
    columns, lines = terminal.size()
    return Size(rows=lines, columns=columns)
