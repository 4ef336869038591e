"""A finding, the registry of rules, and the document that they check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from json import JSONDecoder, dumps
from typing import TYPE_CHECKING

from mfasession.policy import located_json
from mfasession.policy.linter.whole import MFA_AGE, MFA_PRESENT, Whole
from mfasession.policy.located_json import Node, Place, Text
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.policy.document import Document, Line, Statement


class Severity(Enum):
    """The severity. Errors leave a hole or lock users out; information needs no action."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Rule(Value):
    """A rule: `slug` is its name, `why` is a sentence or two."""

    slug: str
    severity: Severity
    title: str
    why: str


class Edit(Value):
    """Characters `start` to `end` of the document become `text`."""

    start: int
    end: int
    text: str


class Finding(Value):
    """One fault. Without edits it must be fixed by hand."""

    rule: Rule
    place: Place
    message: str
    edits: tuple[Edit, ...] = ()
    corrected: str = ""
    """The corrected text, for people."""


_STRINGS = JSONDecoder()
RULES: dict[str, Rule] = {}
"""All rules by slug, in the order of reports."""
Operations = Callable[[str], Sequence[str]]
"""The operations of a service by its prefix; empty where they may not be its actions."""


def rule(slug: str, severity: Severity, title: str, why: str) -> Rule:
    """Register a rule."""
    RULES[slug] = Rule(slug=slug, severity=severity, title=title, why=why)
    return RULES[slug]


@lru_cache(maxsize=64)
def by_small_name(known: tuple[str, ...]) -> Mapping[str, str]:
    """Return the operations of a service by their names in lower case."""
    return {name.lower(): name for name in known}


class Subject:
    """A document for the rules: its statements, their places in the text, and edits."""

    def __init__(
        self, document: "Document", partition: str = "", attached_to: str = "", root: Node | None = None
    ) -> None:
        """`partition`: empty if unknown. `attached_to`: role, scp, user, group or empty. `root`: that of the text."""
        self.document = document
        self.partition = partition
        self.attached_to = attached_to
        self.statements = document.statements
        self.whole = Whole(document)
        root = root or located_json.read(document.text, first_line=document.first_line)
        node = root.get("Statement")
        self.nodes = node.items if node is not None and node.kind == "list" else ((node,) if node else ())
        self.root = root
        self._starts = [0]
        for line in document.text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def denials(self) -> "Iterator[Statement]":
        """Yield the Deny statements with a condition about MFA."""
        return (each for each in self.statements if each.effect == "Deny" and any(mfa_lines(each)))

    def node(self, statement: "Statement") -> Node:
        """Return a statement's node."""
        return self.nodes[statement.index]

    def key(self, statement: "Statement", name: str) -> Text:
        """Return the key of a statement's element, with its place."""
        return next(key for key in self.node(statement).members if key == name)

    def written(self, text: Text, *new: str) -> Edit:
        """Return the edit that replaces a key or a string with one or more strings."""
        start = self.offset(text.place)
        return Edit(start=start, end=self._end(start), text=", ".join(map(quoted, new)))

    def whole_element(self, statement: "Statement", name: str, new: str) -> Edit:
        """Return the edit that replaces an element's value with JSON."""
        node = self.node(statement).members[self.key(statement, name)]
        return Edit(start=self.offset(node.place), end=self._end_of(node), text=new)

    def value(self, statement: "Statement", line: "Line", new: str) -> Edit:
        """Return the edit that replaces the value of a condition line with one string."""
        block = self.node(statement).members[self.key(statement, "Condition")]
        node = block.members[line.operator].members[line.key]
        return Edit(start=self.offset(node.place), end=self._end_of(node), text=quoted(new))

    def without(self, statement: "Statement", name: str, item: Text) -> tuple[Edit, ...]:
        """Return the edit that removes an item from a list; empty if it is the only one."""
        node = self.node(statement).members[self.key(statement, name)]
        starts = [self.offset(each.place) for each in node.items]
        if len(starts) < 2:
            return ()
        at = starts.index(self.offset(item.place))
        if at + 1 < len(starts):
            return (Edit(start=starts[at], end=starts[at + 1], text=""),)
        return (Edit(start=self._end(starts[at - 1]), end=self._end(starts[at]), text=""),)

    def added(self, statement: "Statement", name: str, new: str) -> Edit:
        """Return the edit that appends a string to those of an element."""
        node = self.node(statement).members[self.key(statement, name)]
        start = self.offset(node.place)
        if node.kind != "list":
            return Edit(start=start, end=self._end(start), text=f"[{quoted(node.text)}, {quoted(new)}]")
        starts = [self.offset(each.place) for each in node.items]
        if not starts:
            return Edit(start=start + 1, end=start + 1, text=quoted(new))
        between = ", "
        if len(starts) > 1:
            between = self.document.text[self._end(starts[-2]) : starts[-1]]
        end = self._end(starts[-1])
        return Edit(start=end, end=end, text=f"{between}{quoted(new)}")

    def ahead(self, member: str) -> Edit:
        """Return the edit that inserts a member (JSON) before the document's others, on its own line like them."""
        start = self.offset(self.root.place) + 1
        first = next(iter(self.root.members))
        space = self.document.text[start : self.offset(first.place)]
        return Edit(start=start, end=start, text=f"{space}{member},{'' if space else ' '}")

    def member_behind(self, statement: "Statement", member: str) -> Edit:
        """Return the edit that appends a member (JSON) to a statement, spaced like its last one."""
        node = self.node(statement)
        *_, last = node.members
        value = node.members[last]
        ends = [self._end_of(each) for each in node.members.values()]
        between = self.document.text[
            ends[-2] if len(ends) > 1 else self.offset(node.place) + 1 : self.offset(last.place)
        ]
        space = between.lstrip(",").lstrip(" ") and between[between.index(",") + 1 :] if "," in between else between
        end = self._end_of(value)
        return Edit(start=end, end=end, text=f",{space or ' '}{member}")

    def source(self, statement: "Statement", name: str) -> str:
        """Return the source text of an element's value."""
        node = self.node(statement).members[self.key(statement, name)]
        return self.document.text[self.offset(node.place) : self._end_of(node)]

    def behind(self, statement: "Statement", text: str) -> tuple[Edit, ...]:
        """Return the edits that insert a statement (JSON) after another one, which may be the only one."""
        end = self._end_of(self.node(statement))
        node = self.root.get("Statement")
        if node is None or node.kind == "list":
            return (Edit(start=end, end=end, text=f", {text}"),)
        start = self.offset(node.place)
        return (Edit(start=start, end=start, text="["), Edit(start=end, end=end, text=f", {text}]"))

    def offset(self, place: Place) -> int:
        """Return the offset of a place in the text."""
        return self._starts[place.line - self.document.first_line] + place.column - 1

    def _end(self, start: int) -> int:
        """Return the end of the string or word that starts here."""
        text = self.document.text
        if text.startswith('"', start):
            _, end = _STRINGS.raw_decode(text, start)
            return end
        end = start
        while end < len(text) and text[end] not in ",]} \t\r\n":
            end += 1
        return end

    def _end_of(self, node: Node) -> int:
        """Return the end of any value."""
        if node.kind not in ("object", "list"):
            return self._end(self.offset(node.place))
        inner = [*node.members.values(), *node.items]
        at = max((self._end_of(each) for each in inner), default=self.offset(node.place) + 1)
        return self.document.text.index("}" if node.kind == "object" else "]", at) + 1


def quoted(text: str) -> str:
    """Return a text as a JSON string. A lone surrogate, which UTF-8 does not allow, stays escaped."""
    return dumps(text, ensure_ascii=any("\ud800" <= char <= "\udfff" for char in text))


def mfa_lines(statement: "Statement") -> "Iterator[Line]":
    """Yield the lines of a Condition block about the presence or the age of MFA."""
    return (line for line in statement.conditions if line.key.lower() in (MFA_PRESENT, MFA_AGE))


def is_about_presence(line: "Line") -> bool:
    """Return whether a line is about the presence of MFA."""
    return line.key.lower() == MFA_PRESENT


def values_of(line: "Line") -> set[str]:
    """Return the values of a line in lower case."""
    return {value.lower() for value in line.values}
