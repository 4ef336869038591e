"""Lines of many commands on one stream: every byte, and nothing torn."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.terminal import screen as terminal_screen
from mfasession.terminal.screen import Lines, Screen, join_counts


@given(st.lists(st.text("ab\n\0\r", max_size=6).map(str.encode), max_size=8))
def test_however_the_bytes_come(pieces: list[bytes]) -> None:
    """The lines are those of the whole, each behind the prefix, the last one ended."""
    lines = Lines(b"x: ")
    got = b"".join([*(lines.of(piece) for piece in pieces), lines.rest()])
    whole = b"".join(pieces)
    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert got == b"".join(b"x: " + line + b"\n" for line in expected)


def test_nothing_is_handed_over_before_its_end() -> None:
    """Another command's line would stand in the middle of it."""
    lines = Lines(b"x: ")
    assert lines.of(b"half") == b""
    assert lines.of(b" a line\nand") == b"x: half a line\n"


def test_a_line_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is broken where the limit is."""
    monkeypatch.setattr(terminal_screen, "LINE_LIMIT", 10)
    assert Lines(b"x: ").of(b"y" * 11) == b"x: " + b"y" * 11 + b"\n"


def test_progress_stands_below_the_lines() -> None:
    """It is taken away before a line is written, drawn only where a terminal is, and not twice the same."""
    reader, writer = os.pipe()
    screen = Screen(writer, writer, shows=True)
    screen.show("1 done")
    screen.show("1 done")
    screen.write(writer, b"x: line\n")
    screen.end()
    Screen(writer, writer, shows=False).show("never")
    os.close(writer)
    with open(reader, "rb") as written:
        assert written.read() == b"\r\x1b[K1 done\r\x1b[Kx: line\n"


@pytest.mark.parametrize(
    ("parts", "text"), [(((3, "done"), (0, "failed")), "3 done"), (((1, "done"), (2, "failed")), "1 done, 2 failed")]
)
def test_zero_counts_are_left_out(parts: tuple[tuple[int, str], ...], text: str) -> None:
    """As in `3 done, 1 failed`."""
    assert join_counts(parts) == text
