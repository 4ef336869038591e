"""The sections of an AWS file: their names, and the lines of those that are asked for.

All of the text is checked as by `ini.parse`, at a fraction of the time. Most lines of a large file differ by their
values alone, and what stands behind the first `=` of a line does not decide what kind of line it is. Without the
values, most sections are equal, and each kind of section is classified once. Texts in which that does not hold, such as
those with an indented header or with `[DEFAULT]`, are classified line by line.
"""

from mfasession.awsfiles import ini

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGE = 100_000
"""Characters from which on a regular expression is faster, with its import, than a loop over the lines."""
_FEW = 10
"""Sections that are searched for one by one; more are found in one pass."""


class Outline:
    """The sections of a text."""

    def __init__(self, text: str) -> None:
        """Raises MalformedIni for a text that `ini.parse` refuses."""
        ini.check_characters(text)
        self.text = text
        self._lines: list[ini.Line] = []
        """All lines, unless the headers are plain."""
        self._parsed: dict[str, dict[str, str]] = {}
        names = names_if_plain(text)
        self.has_plain_headers = names is not None
        """Whether each header stands at the start of its line, and there is no `[DEFAULT]`."""
        if names is None:
            self._lines, self._parsed = ini.whole(text)
            names = [line.name for line in self._lines if line.kind == ini.HEADER]
        self.names = names
        """The names of the headers in the order of the text, with `[DEFAULT]`."""

    def lines(self, names: "Iterable[str]") -> "dict[str, list[ini.Line]]":
        """Return the lines of those sections that the text has, in its order.

        Each section's begin with its header and end with the next header, if there is one.
        """
        wanted = set(names).intersection(self.names)
        if not self.has_plain_headers:
            headers = [at for at, line in enumerate(self._lines) if line.kind == ini.HEADER]
            ends = (*(at + 1 for at in headers[1:]), len(self._lines))
            found = ((self._lines[at].name, at, end) for at, end in zip(headers, ends, strict=False))
            return {name: self._lines[at:end] for name, at, end in found if name in wanted}
        return {name: self._section(begin) for name, begin in self._begins(wanted)}

    def keys(self, names: "Iterable[str]") -> "dict[str, dict[str, str]]":
        """Return the keys of those sections that the text has, those of `[DEFAULT]` in each."""
        if not self.has_plain_headers:
            return {name: self._parsed[name] for name in names if name in self._parsed}
        found = {}
        for name, lines in self.lines(names).items():
            rest, keys = iter(lines), dict[str, list[str]]()
            ini.read_keys(self.text, next(rest), rest, keys)
            found[name] = ini.joined(keys, {})
        return found

    def before(self, header: ini.Line) -> "ini.Line | None":
        """Return the last key or header before a header, in a text whose headers are not plain."""
        kinds = (ini.KEY, ini.HEADER)
        earlier = (line for line in reversed(self._lines) if line.begin < header.begin and line.kind in kinds)
        return next(earlier, None)

    def _begins(self, names: "set[str]") -> "list[tuple[str, int]]":
        if len(names) <= _FEW:
            found = [(name, ini.headers(self.text, name)[0].begin) for name in names]
            return sorted(found, key=lambda each: each[1])
        import re

        begins = (match.start() for match in re.finditer(r"(?:\A|(?<=[\r\n]))\[", self.text))
        return [(name, begin) for name, begin in zip(self.names, begins, strict=True) if name in names]

    def _section(self, begin: int) -> "list[ini.Line]":
        rest = ini.classified(self.text, begin)
        lines = [next(rest)]
        for line in rest:
            lines.append(line)
            if line.kind == ini.HEADER:
                break
        return lines


def of_file(path: str, text: str) -> Outline:
    """Return the outline of a file's text. Raises ConfigurationError when it is malformed."""
    try:
        return Outline(text)
    except ini.MalformedIni as fault:
        raise ini.malformed(path, fault) from None


def names_if_plain(text: str) -> "list[str] | None":
    """Return the names of all sections in the order of the text, or None when it has to be classified as a whole.

    A text that gets its names is one that `ini.parse` accepts.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    before, *sections = f"\n{without_values(text)}".split("\n[")
    parts = [section.partition("\n") for section in sections]
    # The header ends with the line: `[a] ; x]` and `[a=b]` are none of these.
    names = [header[:-1] for header, _, _ in parts if header.endswith("]")]
    distinct = set(names)
    if len(distinct) != len(parts) or not distinct.isdisjoint(("", ini.DEFAULT)):
        return None
    try:
        if any(line.kind not in (ini.BLANK, ini.COMMENT) for line in ini.classified(before)):
            return None
        are_regular = all(map(_is_regular, {body for _, _, body in parts}))
    except ini.MalformedIni:
        return None
    return names if are_regular else None


def without_values(text: str) -> str:
    r"""Return a text, whose lines end with \n, with each line up to its first `=`."""
    if len(text) < _LARGE:
        return "\n".join([f"{key}{sign}" for key, sign, _ in (line.partition("=") for line in text.split("\n"))])
    import re

    return re.sub("=.+", "=", text)


def _is_regular(body: str) -> bool:
    """Return whether the lines below a header have each key once, and none of them begins as a header would.

    Raises MalformedIni.
    """
    text = f"[a]\n{body}"
    keys: set[str] = set()
    lines = ini.classified(text)
    next(lines)
    for line in lines:
        if line.kind == ini.KEY:
            if line.name in keys:
                return False
            keys.add(line.name)
        if text.startswith("[", line.begin + line.indent):
            return False
    return True
