"""Parses the text of the AWS configuration and credentials files; `ini_edit` edits it.

The grammar is what botocore accepts: `configparser.RawConfigParser()` with its defaults, lines ended as in a text file
opened with universal newlines. Texts are decoded from UTF-8 with `surrogateescape`, line ends as they are in the file.
Two more things are refused than by `configparser`: a NUL byte, and millions of keys that come from `[DEFAULT]`. Every
command imports this, so it imports neither `re` nor `configparser`.
"""

from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = "DEFAULT"
"""The section whose keys apply to all others and that does not count as a section (`configparser.DEFAULTSECT`)."""

_MOST_INHERITED = 1_000_000
"""The limit of `[DEFAULT]`'s keys times sections: each section gets a copy of all of them."""
NUL, CROWDED, TWICE = "holds a NUL byte", "[DEFAULT] has too many keys for so many sections", "appears twice"
"""Reasons for which only we (NUL, CROWDED) or only some tools (TWICE, a part of the text) refuse a file."""
BLANK, COMMENT, HEADER, KEY, MORE = "blank", "comment", "header", "key", "continuation"


class MalformedIni(Exception):
    """The text cannot be parsed as botocore would. `line` counts from 1; `reason` never holds a value."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


class Line:
    """One classified line: `text[begin:end]` without its line break, `text[begin:after]` with it."""

    __slots__ = ("after", "begin", "end", "indent", "kind", "name", "value")

    def __init__(self, begin: int, end: int, after: int, indent: int) -> None:
        self.begin = begin
        self.end = end
        self.after = after
        self.indent = indent
        """The number of white space characters at the start."""
        self.kind = BLANK
        self.name = ""
        """The section of a header, the lower-case key of a key."""
        self.value = ""
        """Of a key or a continuation, stripped."""


def malformed(path: str, fault: MalformedIni) -> ConfigurationError:
    """Return the error with place and reason, never with the line's content."""
    hint = f"fix line {fault.line}"
    if fault.reason not in (NUL, CROWDED):
        hint += ": botocore and the AWS CLI refuse the file as it is"
    if TWICE in fault.reason:
        # The SDKs for Java, Rust, Go and JavaScript (their shared profile-parser test vectors).
        hint += ", though some SDKs merge the two"
    return ConfigurationError(f"{path}, line {fault.line}: {fault.reason}", hint)


def read_section(text: str, name: str) -> "dict[str, str] | None":
    """Return one section's keys (lower case) and values, followed by those of `[DEFAULT]`; None when there is none.

    Reads only that section, so faults elsewhere are not noticed; `parse` reads all. Raises MalformedIni: a
    fault in the section or in `[DEFAULT]`, the section twice, a NUL byte or a byte order mark anywhere.
    """
    check_characters(text)
    if not name or name == DEFAULT or "\n" in name or "\r" in name:
        return None
    own = headers(text, name)
    if not own:
        return None
    found = [*own, *headers(text, DEFAULT)]
    if any(header.indent for header in found):
        # Whether an indented line is a header depends on all the lines before it.
        return parse(text).get(name)
    if len(own) > 1:
        raise _twice(text, own[1])
    keys: dict[str, list[str]] = {}
    defaults: dict[str, list[str]] = {}
    for header in found:
        lines = classified(text, header.begin)
        read_keys(text, next(lines), lines, keys if header is own[0] else defaults)
    return joined(keys, defaults)


def parse(text: str) -> dict[str, dict[str, str]]:
    """Return all sections in file order, the keys of `[DEFAULT]` in each. Raises MalformedIni."""
    check_characters(text)
    return _sections(text, classified(text))


def section_names(text: str) -> list[str]:
    """Return the names of all sections in file order. Raises MalformedIni."""
    return list(parse(text))


def _sections(text: str, lines: "Iterator[Line]") -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, list[str]]] = {}
    defaults: dict[str, list[str]] = {}
    header = next((line for line in lines if line.kind == HEADER), None)
    while header is not None:
        if header.name in sections:
            raise _twice(text, header)
        keys = defaults if header.name == DEFAULT else sections.setdefault(header.name, {})
        header = read_keys(text, header, lines, keys)
    if len(defaults) * len(sections) > _MOST_INHERITED:
        number = line_number(text, headers(text, DEFAULT)[0].begin)
        raise MalformedIni(number, CROWDED)
    return {name: joined(keys, defaults) for name, keys in sections.items()}


def whole(text: str) -> tuple[list[Line], dict[str, dict[str, str]]]:
    """Return all lines of a text, and what `parse` returns. Raises MalformedIni."""
    check_characters(text)
    lines: list[Line] = []

    def noted() -> "Iterator[Line]":
        for line in classified(text):
            lines.append(line)
            yield line

    sections = _sections(text, noted())
    return lines, sections


def classified(text: str, start: int = 0) -> "Iterator[Line]":
    r"""Classify the lines from `start`, where a line that belongs to no section begins.

    Line breaks are \n, \r\n and a lone \r; white space is all that `str.strip` takes, as in `configparser`. Raises
    MalformedIni: a line that is not blank, a comment, a header, a key or a continuation.
    """
    in_section = in_key = False
    level = 0
    for begin, end, after in line_breaks(text, start):
        raw = text[begin:end]
        bare = raw.lstrip()
        line = Line(begin, end, after, len(raw) - len(bare))
        bare = bare.rstrip()
        if not bare:
            pass
        elif bare[0] in "#;":
            line.kind = COMMENT
        elif in_key and line.indent > level:
            line.kind, line.value = MORE, bare
        else:
            level = line.indent
            # To the last bracket, however much stands behind it: `[a] ; x]` is the section `a] ; x`.
            if bare[0] == "[" and (closing := bare.rfind("]")) > 1:
                line.kind, line.name = HEADER, bare[1:closing]
                in_section, in_key = True, False
            elif not in_section:
                raise MalformedIni(line_number(text, begin), "no section header before this line")
            else:
                line.kind = KEY
                delimiter = delimiter_at(bare)
                if delimiter < 1:
                    raise MalformedIni(line_number(text, begin), "neither a section nor key = value")
                line.name, line.value = bare[:delimiter].rstrip().lower(), bare[delimiter + 1 :].lstrip()
                in_key = True
        yield line


def line_breaks(text: str, start: int) -> "Iterator[tuple[int, int, int]]":
    """Yield where each line begins, where it ends, and where the next one begins."""
    length, feed = len(text), -1
    while start < length:
        if feed < start:
            feed = text.find("\n", start)
            if feed < 0:
                feed = length
        end = text.find("\r", start, feed)
        if end < 0:
            end = feed
        after = min(end + 2 if end + 1 == feed < length else end + 1, length)
        yield start, end, after
        start = after


def delimiter_at(line: str) -> int:
    """Return the place of the first = or colon of a key's line; -1 when there is none."""
    equals, colon = line.find("="), line.find(":")
    return max(equals, colon) if min(equals, colon) < 0 else min(equals, colon)


def headers(text: str, name: str) -> list[Line]:
    """Return the headers of that name; among the indented ones may be continuations of a value."""
    found: list[Line] = []
    mark = f"[{name}]"
    # From the end: on megabytes `rfind` takes a third of the time of `find`.
    at = text.rfind(mark)
    while at >= 0:
        begin = at
        while begin and text[begin - 1] not in "\r\n" and text[begin - 1].isspace():
            begin -= 1
        if not begin or text[begin - 1] in "\r\n":
            line = next(classified(text, begin))
            if line.name == name:
                found.append(line)
        at = text.rfind(mark, 0, at + len(mark) - 1)
    return found[::-1]


def read_keys(text: str, header: Line, lines: "Iterator[Line]", keys: dict[str, list[str]]) -> "Line | None":
    """Add the lines of each value up to the next header, and return that one."""
    value: list[str] | None = None
    for line in lines:
        if line.kind == HEADER:
            return line
        if line.kind == KEY:
            if line.name in keys:
                raise MalformedIni(line_number(text, line.begin), f"{line.name} {TWICE} in section [{header.name}]")
            value = keys[line.name] = [line.value]
        elif line.kind != COMMENT and value is not None:
            # A blank line counts when the value goes on behind it.
            value.append(line.value)
    return None


def joined(keys: dict[str, list[str]], defaults: dict[str, list[str]]) -> dict[str, str]:
    """Return a section's values, their lines joined; its own override those of `[DEFAULT]`."""
    return {key: "\n".join(value).rstrip() for key, value in {**keys, **defaults, **keys}.items()}


def check_characters(text: str) -> None:
    """Raise MalformedIni for a text with a byte order mark or a NUL byte."""
    if text.startswith("\ufeff"):
        raise MalformedIni(1, "starts with a byte order mark")
    if "\0" in text:
        raise MalformedIni(line_number(text, text.index("\0")), NUL)


def _twice(text: str, header: Line) -> MalformedIni:
    return MalformedIni(line_number(text, header.begin), f"section [{header.name}] {TWICE}")


def line_number(text: str, position: int) -> int:
    """Return the number of the line at a position, from 1."""
    feeds, returns, both = (text.count(mark, 0, position) for mark in ("\n", "\r", "\r\n"))
    return feeds + returns - both + 1
