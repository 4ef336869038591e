"""Edits the text of the AWS configuration and credentials files, and keeps every byte outside an edit.

The grammar is that of `ini`. The modules are separate because a hit only reads.
"""

from mfasession.awsfiles.ini import (
    BLANK,
    COMMENT,
    DEFAULT,
    HEADER,
    KEY,
    MORE,
    Line,
    MalformedIni,
    delimiter_at,
    line_breaks,
    line_number,
    parse,
)
from mfasession.awsfiles.outline import Outline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def set_section(text: str, name: str, values: "Mapping[str, str | None]") -> str:
    """Return the text with these keys set in a section, or deleted where the value is None.

    A key that the section has keeps its place and its spelling, a new one follows the last key. Other keys and comments
    stay. A missing section is added at the end, after a blank line. `[DEFAULT]` stays: a key deleted here may still
    have its value from there.

    Raises MalformedIni (a malformed text is never edited); ValueError, which never quotes: a name, key or value that
    does not survive writing and reading, such as one with a line break.
    """
    return set_sections(text, {name: values})


def set_sections(text: str, sections: "Mapping[str, Mapping[str, str | None]]") -> str:
    """Return the text with these keys set in several sections, as by `set_section` for one after the other.

    The text is read once. Raises what `set_section` raises.
    """
    return with_sections(Outline(text), sections)


def with_sections(outline: Outline, sections: "Mapping[str, Mapping[str, str | None]]") -> str:
    """Return the text of an outline as `set_sections` does. Raises ValueError as that does."""
    wanted = {name: _checked_values(name, values) for name, values in sections.items()}
    text, newline = outline.text, _first_newline(outline.text)
    there = outline.lines(wanted)
    new = [name for name in wanted if name not in there]
    # One after the other, the first new section would come before the edits of the sections behind it in `sections`.
    last = outline.names[-1] if outline.names else ""
    order = list(wanted)
    is_edited_first = new and last in order and order.index(last) < order.index(new[0])
    gap = "\r" if text[-1:] == "\r" and not is_edited_first else ""
    edits = (_edit_of(text, lines, wanted[name], newline) for name, lines in there.items())
    pieces = [_with_edits(text, edits, 0, len(text))]
    for name in new:
        pairs = "".join(_written("", key, value, newline) for key, value in wanted[name].values())
        pieces.append(f"{gap or _gap(pieces[-1], newline)}[{name}]{newline}{pairs}")
        gap = ""
    return "".join(pieces)


def written(sections: "Mapping[str, Mapping[str, str]]") -> str:
    """Return the text of a new file that reads back as exactly these sections: names, keys and values.

    A nested value has several lines: nothing in the first, `key = value` in the others. Raises ValueError, which never
    quotes, when botocore or the SDK of another language would read the text as anything else, such as one more section.
    """
    text = "".join(f"[{name}]\n{_pairs(values)}" for name, values in sections.items())
    try:
        as_read = parse(text)
    except MalformedIni:
        as_read = {}
    if as_read != sections or list(as_read) != list(sections) or not _is_encodable(text):
        raise ValueError("not what a file of sections can hold")
    values = [value for pairs in sections.values() for value in pairs.values()]
    if not all(map(_is_read_alike, values)):
        raise ValueError("not what all SDKs read alike")
    return text


def remove_section(text: str, name: str) -> str:
    """Return the text without a section, from its header to its last key: what follows keeps its comments.

    A blank line before it is removed too when it ends the text or another blank one follows: `set_section` adds one,
    and otherwise each set and remove would leave one more. Without such a section, returns the text unchanged.

    Raises MalformedIni: the text is malformed, or the next header is indented so that it would become part of the
    section before.
    """
    return without_section(Outline(text), name)


def without_section(outline: Outline, name: str) -> str:
    """Return the text of an outline as `remove_section` does. Raises MalformedIni as that does."""
    text, lines = outline.text, outline.lines((name,)).get(name)
    if lines is None:
        return text
    body, following = _parts(lines)
    if following is not None:
        _check_next_header(outline, lines[0], following)
    last = _last_content(lines[0], body)
    behind = next((line for line in lines if line.begin >= last.after), None)
    begin = lines[0].begin
    if behind is None or behind.kind == BLANK:
        begin = _begin_of_blank(text, begin)
    return text[:begin] + text[last.after :]


def _edit_of(
    text: str, lines: list[Line], wanted: "dict[str, tuple[str, str | None]]", newline: str
) -> tuple[int, int, str]:
    """Return the edit of one section, as `begin, end, replacement`: from its header to its last key."""
    body, following = _parts(lines)
    present = {line.name for line in body if line.kind == KEY}
    begin, end = lines[0].begin, _last_content(lines[0], body).after
    edited = _with_edits(text, _changes(text, body, wanted), begin, end)
    missing = [pair for key, pair in wanted.items() if key not in present and pair[1] is not None]
    if missing and edited[-1] not in "\r\n":
        edited += newline
    indent = _indent_of_new_keys(text, body, following)
    return begin, end, edited + "".join(_written(indent, key, value, newline) for key, value in missing)


def _checked_values(name: str, values: "Mapping[str, str | None]") -> "dict[str, tuple[str, str | None]]":
    """Return the values by lower-case key, each with the key as given. Raises ValueError."""
    if not name or name == DEFAULT or "]" in name or not _survives(name):
        raise ValueError("not a name that a section can have")
    wanted: dict[str, tuple[str, str | None]] = {}
    for key, value in values.items():
        if not _is_key(key):
            raise ValueError("not a name that a key can have")
        if value is not None and not _survives(value):
            raise ValueError("not a value that one line can hold")
        if key.lower() in wanted:
            raise ValueError("the same key twice")
        wanted[key.lower()] = (key, value)
    return wanted


def _is_key(word: str) -> bool:
    # Nearly all: a word of letters, digits and underscores.
    is_usual = word.isidentifier() and word.isascii()
    return is_usual or not (not word or word[0] in "#;[" or "=" in word or ":" in word or not _survives(word))


def _survives(word: str) -> bool:
    if word.isascii() and word.isprintable():
        return word[:1] != " " != word[-1:]
    return word == word.strip() and not any(char in word for char in "\r\n\0") and _is_encodable(word)


def _is_read_alike(value: str) -> bool:
    """Whether the SDKs for Go and JavaScript read a value as botocore does.

    Those SDKs accept a header with any indentation, and read an indented line as a key of the section unless the value
    is a nested one.
    """
    first, *others = value.split("\n")
    return not (first and others) and all(
        line.find("=") > 0 and not line.startswith("[") for line in others if line.strip()
    )


def _is_encodable(word: str) -> bool:
    # Surrogates stand for bytes that are not UTF-8: no AWS tool would read the file.
    return word.isascii() or not any("\ud800" <= char <= "\udfff" for char in word)


def _pairs(values: "Mapping[str, str]") -> str:
    # The lines of a nested value are indented.
    return "".join(f"{key} = {value}".replace("\n", "\n  ") + "\n" for key, value in values.items())


def _parts(lines: list[Line]) -> tuple[list[Line], Line | None]:
    """Return the lines below a section's header, and the next header."""
    if len(lines) > 1 and lines[-1].kind == HEADER:
        return lines[1:-1], lines[-1]
    return lines[1:], None


def _last_content(header: Line, body: list[Line]) -> Line:
    """Return a section's last line that is neither blank nor a comment."""
    return next((line for line in reversed(body) if line.kind in (KEY, MORE)), header)


def _changes(
    text: str, body: list[Line], wanted: "Mapping[str, tuple[str, str | None]]"
) -> "Iterator[tuple[int, int, str]]":
    """Yield the replacements as `begin, end, replacement`, in the order of the text."""
    for at, line in enumerate(body):
        if line.kind != KEY or line.name not in wanted:
            continue
        end = next((index for index in range(at + 1, len(body)) if body[index].kind == KEY), len(body))
        last = max(index for index in range(at, end) if body[index].kind in (KEY, MORE))
        value = wanted[line.name][1]
        if value is None:
            yield line.begin, line.after, ""
        elif last > at or value != line.value:
            raw = text[line.begin : line.end]
            old = raw[delimiter_at(raw) + 1 :].lstrip()
            yield line.end - len(old), line.end, value
        for more in body[at + 1 : last + 1]:
            if more.kind != COMMENT:
                yield more.begin, more.after, ""


def _with_edits(text: str, changes: "Iterable[tuple[int, int, str]]", start: int, stop: int) -> str:
    """Return a part of the text with these changes, which come in its order."""
    pieces: list[str] = []
    for begin, end, new in changes:
        pieces += text[start:begin], new
        start = end
    return "".join((*pieces, text[start:stop]))


def _indent_of_new_keys(text: str, body: list[Line], following: Line | None) -> str:
    """Return the indentation of new keys, so that neither they nor the lines after them become continuations.

    It is that of the last key; without keys, that of the next header.
    """
    beside = next((line for line in reversed(body) if line.kind == KEY), following)
    return "" if beside is None else text[beside.begin : beside.begin + beside.indent]


def _check_next_header(outline: Outline, header: Line, following: Line) -> None:
    # Without an indentation it cannot become a continuation.
    before = outline.before(header) if following.indent else None
    if before is not None and before.kind == KEY and following.indent > before.indent:
        number = line_number(outline.text, following.begin)
        raise MalformedIni(number, f"the header [{following.name}] is indented deeper than the section before")


def _begin_of_blank(text: str, begin: int) -> int:
    """Return where the line before a line begins if it is blank, else where the line itself begins."""
    if not begin:
        return begin
    end = begin - (2 if text[begin - 2 : begin] == "\r\n" else 1)
    start = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
    return begin if text[start:end].strip() else start


def _first_newline(text: str) -> str:
    for _, end, after in line_breaks(text, 0):
        return text[end:after] or "\n"
    return "\n"


def _gap(text: str, newline: str) -> str:
    """Return the line breaks that end the last line and add a blank one before a new section.

    A blank line is also added after a blank line: `remove_section` then removes only ours.
    """
    if not text:
        return ""
    if text[-1] in "\r\n":
        # A \n behind a lone \r would be one line break with it.
        return "\r" if text[-1] == "\r" else newline
    return newline * 2


def _written(indent: str, key: str, value: "str | None", newline: str) -> str:
    return "" if value is None else f"{indent}{key} = {value}".rstrip() + newline
