"""Reads JSON with the place of every value and key: line, column, and path from the root.

Python's own reader has no places and ignores all but the last of equal keys, which in a policy would hide one.
"""

import json
import re
from bisect import bisect_right
from itertools import accumulate

from mfasession.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

DEPTH_LIMIT = 20
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
"""The nesting limit. A policy has 6 levels; documents that contain policies have more and their own limit."""

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_SIMPLE_KEY = re.compile(r"[A-Za-z]\w*")
_TEXTS = json.JSONDecoder()


class Place(Value):
    """The place of a value: `line` and `column` from 1; `path` as in `Statement[0].Condition.Bool['aws:x']`."""

    line: int
    column: int
    path: str


class NotJson(ValueError):
    """The text is not JSON, or has a key twice, at `place`. The message quotes keys, never values."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


class Text(str):
    """A text of the document; `place` is its start."""

    __slots__ = ("place",)
    place: Place

    def __new__(cls, text: str, place: Place) -> "Self":
        """Return the text with its place."""
        made = super().__new__(cls, text)
        made.place = place
        return made


class Node(Value):
    """One value of the document.

    `kind` is object, list, string, number, boolean or null; `members` are an object's, by key, in order;
    `items` are a list's; `text` is a string's value, or the source of a number or word.
    """

    kind: str
    place: Place
    members: dict[Text, "Node"] = {}  # noqa: RUF012  # frozen like its owner
    items: tuple["Node", ...] = ()
    text: str = ""

    def get(self, key: str) -> "Node | None":
        """Return the member of that key."""
        return next((node for name, node in self.members.items() if name == key), None)


def read(text: str, *, depth: int = DEPTH_LIMIT, first_line: int = 1) -> Node:
    """Return the value of the text, with at most `depth` levels of nesting. Raises NotJson.

    `first_line`: the line that the text begins on, where it is part of another one.
    """
    reader = _Reader(text, depth, first_line)
    node = reader.value("", 0)
    reader.end()
    return node


def unescaped(text: str) -> str:
    """Return JSON text with its escaped letters as they are, to look for a word in it (RFC 8259, 7)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def inside(path: str, key: str) -> str:
    """Return the path of an object's member."""
    if not _SIMPLE_KEY.fullmatch(key):
        return f"{path}[{key!r}]"
    return f"{path}.{key}" if path else key


class _Reader:
    """A cursor over the text."""

    def __init__(self, text: str, depth_limit: int, first_line: int) -> None:
        self._text = text
        self._first_line = first_line
        self._depth_limit = depth_limit
        self._at = 0
        self._lines = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))

    def value(self, path: str, depth: int) -> Node:
        """Read the next value."""
        self._skip()
        place = self._place(path)
        if depth > self._depth_limit:
            raise NotJson(f"values are nested more than {self._depth_limit} levels deep", place)
        char = self._text[self._at : self._at + 1]
        if char == "{":
            return Node(kind="object", place=place, members=self._members(path, depth))
        if char == "[":
            return Node(kind="list", place=place, items=self._items(path, depth))
        if char == '"':
            return Node(kind="string", place=place, text=self._string(path))
        return self._scalar(place)

    def end(self) -> None:
        """Raise NotJson when there is more text."""
        self._skip()
        if self._at < len(self._text):
            raise NotJson("there is text after the end of the document", self._place(""))

    def _members(self, path: str, depth: int) -> dict[Text, Node]:
        members: dict[Text, Node] = {}
        self._at += 1
        if self._take("}"):
            return members
        while True:
            self._skip()
            at = self._at
            if not self._text.startswith('"', at):
                raise NotJson('expected a key in ""', self._place(path))
            name = self._string(path)
            key = Text(name, self._place(inside(path, name), at))
            if key in members:
                raise NotJson(f"the key {key!r} is there twice", key.place)
            if not self._take(":"):
                raise NotJson(f"expected a : after the key {key!r}", self._place(path))
            members[key] = self.value(key.place.path, depth + 1)
            if self._take("}"):
                return members
            if not self._take(","):
                raise NotJson("expected a comma or }", self._place(path))

    def _items(self, path: str, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        self._at += 1
        if self._take("]"):
            return ()
        while True:
            items.append(self.value(f"{path}[{len(items)}]", depth + 1))
            if self._take("]"):
                return tuple(items)
            if not self._take(","):
                raise NotJson("expected a comma or ]", self._place(path))

    def _string(self, path: str) -> str:
        try:
            value, self._at = _TEXTS.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            raise NotJson("a string that does not end, or a character in it that must be escaped",
                          self._place(path)) from None  # fmt: skip
        return str(value)

    def _scalar(self, place: Place) -> Node:
        found = _SCALAR.match(self._text, self._at)
        if found is None:
            raise NotJson("expected a value" if self._at < len(self._text) else "the document ends too early", place)
        self._at = found.end()
        word = found[0]
        kind = "null" if word == "null" else "boolean" if word in ("true", "false") else "number"
        return Node(kind=kind, place=place, text=word)

    def _take(self, char: str) -> bool:
        self._skip()
        if not self._text.startswith(char, self._at):
            return False
        self._at += 1
        return True

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _place(self, path: str, at: int | None = None) -> Place:
        at = self._at if at is None else at
        line = bisect_right(self._lines, at)
        column = at - self._lines[line - 1] + 1
        return Place(line=line + self._first_line - 1, column=column, path=path)
