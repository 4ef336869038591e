"""Text that is safe to show."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_WORD = 100
"""Characters of a wrong word that are compared with the known ones: the comparison is quadratic."""


def printable(text: str) -> str:
    """Return the text without control characters: text from AWS or a file must not reach a terminal raw."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def nearest(word: str, known: "Iterable[str]", *, likeness: float = 0.6) -> str:
    """Return the known word that is most like this one, empty when none is.

    Case does not count. `likeness` (0..1) is the share of letters in common, as in `difflib.get_close_matches`.
    """
    from difflib import get_close_matches

    by_letters = {each.casefold(): each for each in known}
    near = get_close_matches(word[:_LONGEST_WORD].casefold(), by_letters, n=1, cutoff=likeness)
    return by_letters[near[0]] if near else ""


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 user`, `1,234 users`. `many` is the plural, unless `one` just gets an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def in_columns(lines: "Sequence[tuple[str, ...]]") -> str:
    """Return a table, two spaces between its columns, safe to show. All lines have the same number of cells."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(printable(line.rstrip()) + "\n" for line in shown)


def bar(share: float, width: int = 16) -> str:
    """Return a bar of `width` characters, of which a share (0..1) is full, rounded up."""
    full = min(int(min(max(share, 0.0), 1.0) * width + 0.999), width)
    return "[" + "#" * full + "." * (width - full) + "]"
