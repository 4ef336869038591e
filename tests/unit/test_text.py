"""Text that is safe to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.text import bar, counted, in_columns, nearest, printable


@given(st.text())
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    """Every other character stays where it was."""
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert all(new in (old, "?") for old, new in zip(text, shown, strict=True))


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_words_stay_words(text: str) -> None:
    """Of any script."""
    assert printable(text) == text


def test_escapes_line_breaks_and_turned_text() -> None:
    """A name from AWS or a file can neither colour, clear nor turn round what stands beside it."""
    assert printable("a\x1b[31mb\r\nc\td\u202ee\x7f\x9b\udcff") == "a?[31mb??c?d?e???"


def test_columns_stand_below_each_other() -> None:
    """Two spaces between them, none at the end of a line, and nothing raw in a cell."""
    lines = [("NAME", "KIND", ""), ("a longer name", "x", "why\x1b[2J"), ("b", "", "")]
    assert in_columns(lines) == "NAME           KIND\na longer name  x     why?[2J\nb\n"


@given(st.floats(-1, 2), st.integers(1, 40))
def test_a_bar_is_as_full_as_it_says(share: float, width: int) -> None:
    """What is begun counts, and more than all is all."""
    shown = bar(share, width)
    assert len(shown) == width + 2
    assert abs(shown.count("#") - min(max(share, 0), 1) * width) < 1


@pytest.mark.parametrize(
    ("word", "near"),
    [("lgoin", "login"), ("LOGIN", "login"), ("statsu", "status"), ("frobnicate", ""), ("", ""), ("é" * 100_000, "")],
)
def test_the_nearest_word(word: str, near: str) -> None:
    """In any case, and none rather than a far one."""
    assert nearest(word, ["status", "login", "logout"]) == near
    assert nearest(word, []) == ""


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 users"), (1, "1 user"), (2, "2 users"), (1234, "1,234 users"), (10**6, "1,000,000 users")],
)
def test_a_count_with_its_noun(count: int, shown: str) -> None:
    """One has no s."""
    assert counted(count, "user") == shown


def test_a_plural_of_its_own() -> None:
    """For nouns that do not just get an s."""
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(2, "entry", "entries") == "2 entries"
