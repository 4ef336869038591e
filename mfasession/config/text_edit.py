"""Sets or removes one key in the text of a TOML file. Every other byte stays: comments, order, spaces, line ends.

The text is only cut into statements here: tomllib has read it before, and reads the result, see `config.edit`.
"""

import re
from collections.abc import Iterator, Mapping

from mfasession.files import toml
from mfasession.values import Value

Path = tuple[str, ...]
"""A key with the names of its tables before it."""

_TOKEN = re.compile(
    r"""
    \"{3} (?: \\. | (?!\"{3}) . )* \"{3,5}
    | '{3} (?: (?!'{3}) . )* '{3,5}
    | " (?: \\. | [^"\\\n] )* "
    | ' [^'\n]* '
    | \# [^\n]*
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
"""A string, a comment or one other character (TOML 1.0, "String" and "Comment")."""
_SPACE = re.compile(r"[ \t]*")


class Statement(Value):
    """A key with its value, or a table's header. Places are in characters."""

    path: Path
    line: int
    """From 1."""
    start: int
    """Of its first line."""
    value: int
    value_end: int
    end: int
    """Behind the line end of its last line."""
    is_header: bool = False


def statements(text: str) -> list[Statement]:
    """Return the statements of valid TOML in their order; those inside an inline table are a part of its value."""
    return list(_statements(text))


def with_value(text: str, path: Path, value: object) -> str:
    """Return the text with a key set to a text, a list of texts, or a mapping of them.

    A new key goes behind the last one of its table, and a new table behind everything. The result may be no TOML:
    inline tables and tables of the same name are not looked for.
    """
    found = statements(text)
    written = literal(value)
    for each in found:
        if each.path == path and not each.is_header:
            return text[: each.value] + written + text[each.value_end :]
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f"{literal_key(path[-1])} = {written}{newline}"
    if len(path) == 1:
        return _with_common(text, found, line, newline)
    place = _end_of_table(found, path[:-1])
    if place is None:
        header = ".".join(map(literal_key, path[:-1]))
        gap = newline if text else ""
        return _inserted(text, len(text), f"{gap}[{header}]{newline}{line}", newline)
    return _inserted(text, place, line, newline)


def without(text: str, path: Path) -> str:
    """Return the text without the lines of a key; comments above them stay."""
    for each in statements(text):
        if each.path == path and not each.is_header:
            return text[: each.start] + text[each.end :]
    return text


def literal(value: object) -> str:
    """Return a value as TOML in one line."""
    import tomli_w

    if isinstance(value, Mapping):
        inside = ", ".join(f"{literal_key(key)} = {literal(each)}" for key, each in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").removesuffix("\n")


def literal_key(name: str) -> str:
    """Return one name of a key as TOML, in quotes where it needs them."""
    import tomli_w

    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")


def _with_common(text: str, found: list[Statement], line: str, newline: str) -> str:
    """Return the text with a line more before the first table."""
    first = next((number for number, each in enumerate(found) if each.is_header), len(found))
    if first:
        return _inserted(text, found[first - 1].end, line, newline)
    if not found:
        return _inserted(text, len(text), line, newline)
    # A comment directly above a header belongs to it.
    place = found[0].start
    while place:
        before = text.rfind("\n", 0, place - 1) + 1
        if not text[before:place].lstrip().startswith("#"):
            break
        place = before
    return text[:place] + line + newline + text[place:]


def _end_of_table(found: list[Statement], table: Path) -> int | None:
    place = None
    is_inside = False
    for each in found:
        if each.is_header:
            is_inside = each.path == table
        if is_inside:
            place = each.end
    return place


def _inserted(text: str, place: int, lines: str, newline: str) -> str:
    gap = newline if place and not text[:place].endswith("\n") else ""
    return text[:place] + gap + lines + text[place:]


def _statements(text: str) -> Iterator[Statement]:
    start, line, table = 0, 1, Path()
    while start < len(text):
        place = _behind_space(text, start)
        if text[place : place + 1] in ("", "#", "\r", "\n"):
            end = _behind_line(text, place)
        elif text[place] == "[":
            close = _until(text, place, "\n#")
            table = _path(text[place:close].strip(" \t\r[]"))
            end = _behind_line(text, close)
            yield Statement(path=table, line=line, start=start, value=close, value_end=close, end=end, is_header=True)
        else:
            equals = _until(text, place, "=")
            value = _behind_space(text, equals + 1)
            close = _until(text, value, "\n#")
            value_end = value + len(text[value:close].rstrip(" \t\r"))
            end = _behind_line(text, close)
            path = (*table, *_path(text[place:equals]))
            yield Statement(path=path, line=line, start=start, value=value, value_end=value_end, end=end)
        line += text.count("\n", start, end)
        start = end


def _path(dotted: str) -> Path:
    """Return the names in a dotted key. Raises ValueError."""
    tree: object = toml.read(f"{dotted} = 0")
    names = []
    while isinstance(tree, dict):
        ((name, tree),) = tree.items()
        names.append(name)
    return tuple(names)


def _until(text: str, place: int, ends: str) -> int:
    """Return the place of the first of these characters that is in no string, brackets or comment."""
    depth = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        assert token is not None  # it matches any character
        first = token[0][0]
        if depth == 0 and first in ends:
            return place
        depth += (first in "[{") - (first in "]}")
        place = token.end()
    return place


def _behind_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    assert found is not None  # it matches nothing, too
    return found.end()


def _behind_line(text: str, place: int) -> int:
    return text.find("\n", place) + 1 or len(text)
