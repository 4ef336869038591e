"""Reads and edits the AWS configuration and credentials files: text to text, every byte outside an edit kept.

The grammar is what botocore accepts: `configparser.RawConfigParser()` with its defaults, lines ended as in a text file
opened with universal newlines. Texts are decoded from UTF-8 with `surrogateescape`, line ends as they are in the file.
Refused beside what `configparser` refuses: a NUL byte, and millions of keys that all come from `[DEFAULT]`. On the path
of every command: neither `re` nor `configparser`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DEFAULT = "DEFAULT"
"""The section whose keys apply to all others, and that is none itself (`configparser.DEFAULTSECT`)."""

_MOST_INHERITED = 1_000_000
"""Keys of `[DEFAULT]` times sections: each section has a copy of them all."""
_BLANK, _COMMENT, _HEADER, _KEY, _MORE = "blank", "comment", "header", "key", "continuation"


class MalformedIni(Exception):
    """The text cannot be understood as botocore would. Shapes: `line` counts from 1; `reason` never holds a value."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


class _Line:
    """One classified line: `text[begin:end]` without its line break, `text[begin:after]` with it."""

    __slots__ = ("after", "begin", "end", "indent", "kind", "name", "value")

    def __init__(self, begin: int, end: int, after: int, indent: int) -> None:
        self.begin = begin
        self.end = end
        self.after = after
        self.indent = indent
        """Characters before the first that is no white space."""
        self.kind = _BLANK
        self.name = ""
        """The section of a header, the lower-case key of a key."""
        self.value = ""
        """Of a key or a continuation, stripped."""


def read_section(text: str, name: str) -> "dict[str, str] | None":
    """Return one section's keys (lower case) and values, with those of `[DEFAULT]` behind; None when there is none.

    Looks at that section alone, so a fault elsewhere in the text goes unseen; `parse` sees all. Raises MalformedIni: a
    fault in the section or in `[DEFAULT]`, the section twice, a NUL byte or a byte order mark anywhere.
    """
    _check_characters(text)
    if not name or name == DEFAULT or "\n" in name or "\r" in name:
        return None
    own = _headers(text, name)
    if not own:
        return None
    headers = [*own, *_headers(text, DEFAULT)]
    if any(header.indent for header in headers):
        # Whether an indented line is a header depends on all the lines before it.
        return parse(text).get(name)
    if len(own) > 1:
        raise _twice(text, own[1])
    keys: dict[str, list[str]] = {}
    defaults: dict[str, list[str]] = {}
    for header in headers:
        lines = _lines(text, header.begin)
        _read_keys(text, next(lines), lines, keys if header is own[0] else defaults)
    return _joined(keys, defaults)


def parse(text: str) -> dict[str, dict[str, str]]:
    """Return all sections in file order, the keys of `[DEFAULT]` in each. Raises MalformedIni."""
    _check_characters(text)
    return _sections(text, _lines(text))


def section_names(text: str) -> list[str]:
    """Return the names of all sections in file order. Raises MalformedIni."""
    return list(parse(text))


def set_section(text: str, name: str, values: "Mapping[str, str | None]") -> str:
    """Return the text with these keys set in a section, or deleted where the value is None.

    A key that the section has keeps its place and its spelling, a new one follows the last key. Other keys and comments
    stay. A missing section is made at the end, behind a blank line of its own. `[DEFAULT]` stays: a key deleted here
    may still have its value from there.

    Raises MalformedIni (a malformed text is never edited); ValueError, which never quotes: a name, key or value that
    does not survive writing and reading, such as one with a line break.
    """
    return set_sections(text, {name: values})


def set_sections(text: str, sections: "Mapping[str, Mapping[str, str | None]]") -> str:
    """Return the text with these keys set in several sections, as by `set_section` for one after the other.

    The text is read once. Raises what `set_section` raises.
    """
    wanted = {name: _checked_values(name, values) for name, values in sections.items()}
    lines = _checked_lines(text)
    newline = _first_newline(text)
    headers = [at for at, line in enumerate(lines) if line.kind == _HEADER]
    there = {lines[at].name: (at, stop) for at, stop in zip(headers, (*headers[1:], len(lines)), strict=False)}
    # From the last to the first: what stands before an edit keeps its place.
    for start, stop in sorted((there[name] for name in wanted if name in there), reverse=True):
        text = _with_values(text, lines, start, stop, wanted[lines[start].name], newline)
    pieces = [text]
    for name, values in wanted.items():
        if name not in there:
            new = "".join(_written("", key, value, newline) for key, value in values.values())
            pieces.append(f"{_gap(pieces[-1], newline)}[{name}]{newline}{new}")
    return "".join(pieces)


def _with_values(
    text: str, lines: list[_Line], start: int, stop: int, wanted: "dict[str, tuple[str, str | None]]", newline: str
) -> str:
    body = lines[start + 1 : stop]
    present = {line.name for line in body if line.kind == _KEY}
    last = lines[_last_content(lines, start, stop)]
    edited = _with_edits(text, _changes(text, body, wanted), last.after)
    missing = [pair for key, pair in wanted.items() if key not in present and pair[1] is not None]
    if missing and edited[-1] not in "\r\n":
        edited += newline
    indent = _indent_of_new_keys(text, lines, start, stop)
    return edited + "".join(_written(indent, key, value, newline) for key, value in missing) + text[last.after :]


def remove_section(text: str, name: str) -> str:
    """Return the text without a section: from its header to its last key, so that what follows keeps its comments.

    A blank line before it goes too when it ends the text or another blank one follows: `set_section` has put it there,
    and each set and remove would leave one more. No such section: the text as it is.

    Raises MalformedIni: the text is malformed, or the next header is indented so that it would become part of the
    section before.
    """
    lines = _checked_lines(text)
    start, stop = _extent(lines, name)
    if start == stop:
        return text
    _check_next_header(text, lines, start, stop)
    following = _last_content(lines, start, stop) + 1
    if start and lines[start - 1].kind == _BLANK and (following == len(lines) or lines[following].kind == _BLANK):
        start -= 1
    return text[: lines[start].begin] + text[lines[following - 1].after :]


def _sections(text: str, lines: "Iterator[_Line]") -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, list[str]]] = {}
    defaults: dict[str, list[str]] = {}
    header = next((line for line in lines if line.kind == _HEADER), None)
    while header is not None:
        if header.name in sections:
            raise _twice(text, header)
        keys = defaults if header.name == DEFAULT else sections.setdefault(header.name, {})
        header = _read_keys(text, header, lines, keys)
    if len(defaults) * len(sections) > _MOST_INHERITED:
        number = _number(text, _headers(text, DEFAULT)[0].begin)
        raise MalformedIni(number, "[DEFAULT] has too many keys for so many sections")
    return {name: _joined(keys, defaults) for name, keys in sections.items()}


def _checked_lines(text: str) -> list[_Line]:
    """Return the lines of a text that `parse` accepts. Raises MalformedIni on any other: it is never edited."""
    _check_characters(text)
    lines = list(_lines(text))
    _sections(text, iter(lines))
    return lines


def _lines(text: str, start: int = 0) -> "Iterator[_Line]":
    r"""Classify the lines from `start`, where a line that belongs to no section begins.

    Line breaks are \n, \r\n and a lone \r; white space is all that `str.strip` takes, as in `configparser`. Raises
    MalformedIni: a line that is none of a blank, a comment, a header, a key and a continuation.
    """
    in_section = in_key = False
    level = 0
    for begin, end, after in _breaks(text, start):
        raw = text[begin:end]
        bare = raw.lstrip()
        line = _Line(begin, end, after, len(raw) - len(bare))
        bare = bare.rstrip()
        if not bare:
            pass
        elif bare[0] in "#;":
            line.kind = _COMMENT
        elif in_key and line.indent > level:
            line.kind, line.value = _MORE, bare
        else:
            level = line.indent
            # To the last bracket, however much stands behind it: `[a] ; x]` is the section `a] ; x`.
            if bare[0] == "[" and (closing := bare.rfind("]")) > 1:
                line.kind, line.name = _HEADER, bare[1:closing]
                in_section, in_key = True, False
            elif not in_section:
                raise MalformedIni(_number(text, begin), "no section header before this line")
            else:
                line.kind = _KEY
                delimiter = _delimiter(bare)
                if delimiter < 1:
                    raise MalformedIni(_number(text, begin), "neither a section nor key = value")
                line.name, line.value = bare[:delimiter].rstrip().lower(), bare[delimiter + 1 :].lstrip()
                in_key = True
        yield line


def _breaks(text: str, start: int) -> "Iterator[tuple[int, int, int]]":
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


def _delimiter(line: str) -> int:
    equals, colon = line.find("="), line.find(":")
    return max(equals, colon) if min(equals, colon) < 0 else min(equals, colon)


def _headers(text: str, name: str) -> list[_Line]:
    """Return the headers of that name; among the indented ones may be continuations of a value."""
    found: list[_Line] = []
    mark = f"[{name}]"
    # Backwards: on megabytes `rfind` takes a third of the time of `find`.
    at = text.rfind(mark)
    while at >= 0:
        begin = at
        while begin and text[begin - 1] not in "\r\n" and text[begin - 1].isspace():
            begin -= 1
        if not begin or text[begin - 1] in "\r\n":
            line = next(_lines(text, begin))
            if line.name == name:
                found.append(line)
        at = text.rfind(mark, 0, at + len(mark) - 1)
    return found[::-1]


def _read_keys(text: str, header: _Line, lines: "Iterator[_Line]", keys: dict[str, list[str]]) -> "_Line | None":
    """Add the lines of each value up to the next header, and return that one."""
    value: list[str] | None = None
    for line in lines:
        if line.kind == _HEADER:
            return line
        if line.kind == _KEY:
            if line.name in keys:
                raise MalformedIni(_number(text, line.begin), f"{line.name} appears twice in section [{header.name}]")
            value = keys[line.name] = [line.value]
        elif line.kind != _COMMENT and value is not None:
            # A blank line counts when the value goes on behind it.
            value.append(line.value)
    return None


def _joined(keys: dict[str, list[str]], defaults: dict[str, list[str]]) -> dict[str, str]:
    """Return the values, each in one piece; the section's own come first and win."""
    return {key: "\n".join(value).rstrip() for key, value in {**keys, **defaults, **keys}.items()}


def _check_characters(text: str) -> None:
    if text.startswith("\ufeff"):
        raise MalformedIni(1, "starts with a byte order mark")
    if "\0" in text:
        raise MalformedIni(_number(text, text.index("\0")), "holds a NUL byte")


def _twice(text: str, header: _Line) -> MalformedIni:
    return MalformedIni(_number(text, header.begin), f"section [{header.name}] appears twice")


def _number(text: str, position: int) -> int:
    feeds, returns, both = (text.count(mark, 0, position) for mark in ("\n", "\r", "\r\n"))
    return feeds + returns - both + 1


def _checked_values(name: str, values: "Mapping[str, str | None]") -> "dict[str, tuple[str, str | None]]":
    """Return the values by lower-case key, each with the key as given. Raises ValueError."""
    if not name or name == DEFAULT or "]" in name or not _survives(name):
        raise ValueError("not a name that a section can have")
    wanted: dict[str, tuple[str, str | None]] = {}
    for key, value in values.items():
        if not key or key[0] in "#;[" or "=" in key or ":" in key or not _survives(key):
            raise ValueError("not a name that a key can have")
        if value is not None and not _survives(value):
            raise ValueError("not a value that one line can hold")
        if key.lower() in wanted:
            raise ValueError("the same key twice")
        wanted[key.lower()] = (key, value)
    return wanted


def _survives(word: str) -> bool:
    if word != word.strip() or any(char in word for char in "\r\n\0"):
        return False
    # Surrogates stand for bytes that are not UTF-8: no AWS tool would read the file.
    return word.isascii() or not any("\ud800" <= char <= "\udfff" for char in word)


def _extent(lines: list[_Line], name: str) -> tuple[int, int]:
    """Return the places of a section's header and of the line behind its body; twice the end when there is none."""
    start = next((at for at, line in enumerate(lines) if line.kind == _HEADER and line.name == name), len(lines))
    stop = next((at for at in range(start + 1, len(lines)) if lines[at].kind == _HEADER), len(lines))
    return start, stop


def _last_content(lines: list[_Line], start: int, stop: int) -> int:
    """Return the place of a section's last line that is neither blank nor a comment."""
    return next(at for at in range(stop - 1, start - 1, -1) if lines[at].kind in (_HEADER, _KEY, _MORE))


def _changes(
    text: str, body: list[_Line], wanted: "Mapping[str, tuple[str, str | None]]"
) -> "Iterator[tuple[int, int, str]]":
    """Yield what to replace by what: `begin, end, replacement`, in the order of the text."""
    for at, line in enumerate(body):
        if line.kind != _KEY or line.name not in wanted:
            continue
        end = next((index for index in range(at + 1, len(body)) if body[index].kind == _KEY), len(body))
        last = max(index for index in range(at, end) if body[index].kind in (_KEY, _MORE))
        value = wanted[line.name][1]
        if value is None:
            yield line.begin, line.after, ""
        elif last > at or value != line.value:
            raw = text[line.begin : line.end]
            old = raw[_delimiter(raw) + 1 :].lstrip()
            yield line.end - len(old), line.end, value
        for more in body[at + 1 : last + 1]:
            if more.kind != _COMMENT:
                yield more.begin, more.after, ""


def _with_edits(text: str, changes: "Iterable[tuple[int, int, str]]", stop: int) -> str:
    """Return the text up to `stop` with these changes."""
    pieces: list[str] = []
    done = 0
    for begin, end, new in changes:
        pieces += text[done:begin], new
        done = end
    return "".join((*pieces, text[done:stop]))


def _indent_of_new_keys(text: str, lines: list[_Line], start: int, stop: int) -> str:
    """Return the white space that keeps a new key from being a continuation, and what follows from being one of it.

    That is the last key's; without keys the next header's.
    """
    keys = [line for line in lines[start + 1 : stop] if line.kind == _KEY]
    beside = keys[-1:] or lines[stop : stop + 1]
    return text[beside[0].begin : beside[0].begin + beside[0].indent] if beside else ""


def _check_next_header(text: str, lines: list[_Line], start: int, stop: int) -> None:
    before = next((line for line in reversed(lines[:start]) if line.kind in (_HEADER, _KEY)), None)
    if stop < len(lines) and before is not None and before.kind == _KEY and lines[stop].indent > before.indent:
        number = _number(text, lines[stop].begin)
        raise MalformedIni(number, f"the header [{lines[stop].name}] is indented deeper than the section before")


def _first_newline(text: str) -> str:
    for _, end, after in _breaks(text, 0):
        return text[end:after] or "\n"
    return "\n"


def _gap(text: str, newline: str) -> str:
    """Return what ends the last line and puts a blank one before a new section.

    Also behind a blank line: `remove_section` then takes ours away and leaves theirs.
    """
    if not text:
        return ""
    if text[-1] in "\r\n":
        # A \n behind a lone \r would be one line break with it.
        return "\r" if text[-1] == "\r" else newline
    return newline * 2


def _written(indent: str, key: str, value: "str | None", newline: str) -> str:
    return "" if value is None else f"{indent}{key} = {value}".rstrip() + newline
