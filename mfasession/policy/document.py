"""Parses policy documents: JSON text in, statements out, with the line and path of each element.

`parse` refuses documents whose structure IAM refuses. It does not check the names of actions, keys, operators and ARNs.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM and AWS STS quotas".
"""

from collections.abc import Iterator
from enum import Enum

from mfasession.errors import ConfigurationError
from mfasession.policy import located_json
from mfasession.policy.located_json import Node, Place, Text
from mfasession.text import nearest, printable
from mfasession.values import Value

MANAGED_SIZE = 6144
ROLE_SIZE = 10240
GROUP_SIZE = 5120
USER_SIZE = 2048
"""Size limits in characters without white space: a managed policy; all inline policies of a role, a group, a user."""
TRUST_SIZE = 4096
RESOURCE_SIZE = 32768
"""Size limits of a role's trust policy, and of a key's policy (AWS KMS quotas), the largest resource policy."""

OLD, NEW = "2008-10-17", "2012-10-17"
"""The versions of the language. OLD, which has no policy variables, is the default."""

_TOP = ("Version", "Id", "Statement")
_IDENTITY = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_TRUST = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
_RESOURCE = (*_TRUST, "Resource", "NotResource")
LONGEST = 1_000_000
"""The longest text that is read, in characters with white space."""
_SPACES = " \t\r\n"


class Kind(Enum):
    """The kind of policy, by what it is attached to. The values are the names in messages."""

    IDENTITY = "identity policy"
    """Attached to users, groups and roles; permissions boundaries and an organization's policies have the same form."""
    TRUST = "trust policy"
    """Attached to a role: who may assume it. It has Principal and no Resource."""
    RESOURCE = "resource policy"
    """Attached to a bucket, a key, a queue …: it has Principal and Resource."""


_ELEMENTS = {Kind.IDENTITY: _IDENTITY, Kind.TRUST: _TRUST, Kind.RESOURCE: _RESOURCE}
SIZES = {Kind.TRUST: TRUST_SIZE, Kind.RESOURCE: RESOURCE_SIZE}


class Problem(Value):
    """One fault of a document: a line without a full stop, and the place."""

    what: str
    place: Place


class Malformed(ConfigurationError):
    """AWS would refuse the document. Raised by `parse`; `problems` are all faults, in order."""

    def __init__(self, where: str, problems: "tuple[Problem, ...]") -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{where}, line {first.place.line}: {printable(first.what)}{more}",
            "fix it there: AWS would refuse this policy",
        )
        self.problems = problems

    @property
    def place(self) -> Place:
        """The place of the first problem."""
        return self.problems[0].place


class Line(Value):
    """One line of a Condition block: an operator, a key, and the values of which one must match.

    Each value is a Text; a boolean or a number is the text in the document.
    """

    operator: Text
    key: Text
    values: tuple[Text, ...]

    @property
    def place(self) -> Place:
        """The place of the key."""
        return self.key.place


class Statement(Value):
    """One statement; `index` counts from 0.

    One of `actions` and `not_actions` is None, and one of `resources` and `not_resources`: the absent element.
    `principals` and `not_principals` are those of a trust or resource policy: `{"*": ()}` or `{"AWS": (…), …}`.
    """

    index: int
    place: Place
    effect: Text
    """`Allow` or `Deny`."""
    sid: Text | None = None
    actions: tuple[Text, ...] | None = None
    not_actions: tuple[Text, ...] | None = None
    resources: tuple[Text, ...] | None = None
    not_resources: tuple[Text, ...] | None = None
    conditions: tuple[Line, ...] = ()
    principals: "dict[Text, tuple[Text, ...]] | None" = None
    not_principals: "dict[Text, tuple[Text, ...]] | None" = None

    @property
    def name(self) -> str:
        """Return the Sid, else `statement 1`, `statement 2` …, for people."""
        return str(self.sid) if self.sid else f"statement {self.index + 1}"


class Document(Value):
    """A policy. `where` is its name in messages: a file, or a policy of a user."""

    where: str
    text: str
    version: str
    """OLD or NEW."""
    version_place: Place | None
    """None without a version, which means OLD."""
    statements: tuple[Statement, ...]
    kind: Kind = Kind.IDENTITY
    first_line: int = 1
    """The line where the text begins, when it is a part of another document."""

    @property
    def has_variables(self) -> bool:
        """Whether `${aws:username}` is a variable in this version."""
        return self.version == NEW

    @property
    def size(self) -> int:
        """The size for IAM's quotas, in characters."""
        return size(self.text)


def parse(
    text: str,
    where: str,
    *,
    limit: int = MANAGED_SIZE,
    kind: Kind | None = Kind.IDENTITY,
    first_line: int = 1,
) -> Document:
    """Return the document that the text is; `where` names it in errors: `policy.json`, `policy Mfa of user alice`.

    `limit`: the most characters without white space of an identity policy. `kind`: None to detect it from the
    statements. `first_line`: the line where the text begins, when it is a part of another document. Raises Malformed
    with every problem found: not JSON, a key twice, not a policy, too large, an unknown version or element, no
    Statement, a wrong Effect, Action and NotAction both or neither, and so on.
    """
    if text.startswith("\ufeff"):
        raise _malformed(where, "not JSON: it begins with a byte order mark")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise _malformed(where, "not text in UTF-8")
    most = max(limit, *SIZES.values()) if kind is None else max(limit, SIZES.get(kind, 0))
    if len(text.lstrip()) > LONGEST or size(text) > most:
        raise _too_large(where, most)
    try:
        root = located_json.read(text, first_line=first_line)
    except located_json.NotJson as error:
        column = f"column {error.place.column}: " if "twice" not in str(error) else ""
        raise Malformed(where, (Problem(what=f"not JSON: {column}{error}", place=error.place),)) from None
    kind = kind or kind_of(root)
    if kind is Kind.IDENTITY and size(text) > limit:
        raise _too_large(where, limit)
    reader = _Reader(kind)
    document = reader.document(root, text, where)
    if reader.problems:
        raise Malformed(where, tuple(reader.problems))
    return document if first_line == 1 else document.replace(first_line=first_line)


def kind_of(root: Node) -> Kind:
    """Return the kind of a policy, from the elements of its statements."""
    node = root.get("Statement")
    statements = () if node is None else node.items if node.kind == "list" else (node,)
    names = {str(name) for each in statements for name in each.members}
    if names.isdisjoint(("Principal", "NotPrincipal")):
        return Kind.IDENTITY
    return Kind.TRUST if names.isdisjoint(("Resource", "NotResource")) else Kind.RESOURCE


def size(text: str) -> int:
    """Return the size of a text for IAM's quotas: its characters without white space."""
    return len(text) - sum(map(text.count, _SPACES))


def _too_large(where: str, limit: int) -> Malformed:
    return _malformed(where, f"too large: more than {limit:,} characters, white space not counted")


def _malformed(where: str, what: str) -> Malformed:
    return Malformed(where, (Problem(what=what, place=Place(line=1, column=1, path="")),))


class _Reader:
    """Reads a document and collects its faults."""

    def __init__(self, kind: Kind) -> None:
        self.problems: list[Problem] = []
        self._kind = kind

    def document(self, root: Node, text: str, where: str) -> Document:
        """Return the document; it is valid only without problems."""
        if root.kind != "object":
            self._wrong("not a policy: an object { } is expected", root.place)
        self._check_keys(root, _TOP)
        version = root.get("Version")
        if version and (version.kind != "string" or version.text not in (OLD, NEW)):
            self._wrong(f"Version must be {NEW} or {OLD}", version.place)
        return Document(
            where=where,
            text=text,
            version=version.text if version else OLD,
            version_place=version.place if version else None,
            statements=tuple(self._statements(root)),
            kind=self._kind,
        )

    def _statements(self, root: Node) -> Iterator[Statement]:
        node = root.get("Statement")
        if node is None:
            if root.kind == "object":
                self._wrong("not a policy: it has no Statement", root.place)
            return
        several = node.items if node.kind == "list" else (node,)
        if not several:
            self._wrong("Statement is empty", node.place)
        for index, each in enumerate(several):
            if each.kind != "object":
                self._wrong("a statement must be an object { }", each.place)
                continue
            yield self._statement(index, each)

    def _statement(self, index: int, node: Node) -> Statement:
        self._check_keys(node, _ELEMENTS[self._kind])
        effect, sid = self._one(node, "Effect"), self._one(node, "Sid")
        if effect is None and "Effect" not in node.members:
            self._wrong("the statement has no Effect", node.place)
        if effect is not None and effect not in ("Allow", "Deny"):
            self._wrong("Effect must be Allow or Deny, with these capitals", effect.place)
        self._check_one_of(node, "Action", "NotAction")
        if self._kind is not Kind.IDENTITY:
            self._check_one_of(node, "Principal", "NotPrincipal")
        if self._kind is not Kind.TRUST:
            self._check_one_of(node, "Resource", "NotResource")
        return Statement(
            index=index,
            place=node.place,
            effect=effect or Text("", node.place),
            sid=sid,
            actions=self._texts(node, "Action"),
            not_actions=self._texts(node, "NotAction"),
            resources=self._texts(node, "Resource"),
            not_resources=self._texts(node, "NotResource"),
            conditions=tuple(self._conditions(node)),
            principals=self._principals(node, "Principal"),
            not_principals=self._principals(node, "NotPrincipal"),
        )

    def _conditions(self, node: Node) -> Iterator[Line]:
        block = node.get("Condition")
        if block is None:
            return
        if block.kind != "object":
            self._wrong("Condition must be an object of operators", block.place)
        self._check_case(block)
        for operator, keys in block.members.items():
            if keys.kind != "object":
                self._wrong(f"{operator} must be an object of condition keys", keys.place)
            self._check_case(keys)
            for key, values in keys.members.items():
                yield Line(operator=operator, key=key, values=self._values(values))

    def _values(self, node: Node) -> tuple[Text, ...]:
        several = node.items if node.kind == "list" else (node,)
        for each in several:
            if each.kind in ("object", "list", "null"):
                self._wrong("a condition's value must be a string, a number or a boolean", each.place)
        return tuple(Text(each.text, each.place) for each in several)

    def _principals(self, node: Node, name: str) -> dict[Text, tuple[Text, ...]] | None:
        named = node.get(name)
        if named is None:
            return None
        if named.kind == "string" and named.text == "*":
            return {Text("*", named.place): ()}
        if named.kind != "object":
            self._wrong(f'{name} must be "*" or an object such as {{"AWS": "arn:…"}}', named.place)
        return {kind: self._texts(named, kind) or () for kind in named.members}

    def _texts(self, node: Node, name: str) -> tuple[Text, ...] | None:
        """The strings of an element: a list, or one string."""
        element = node.get(name)
        if element is None:
            return None
        several = element.items if element.kind == "list" else (element,)
        for each in several:
            if each.kind != "string":
                self._wrong(f"{name} must be a string or a list of strings", each.place)
        return tuple(Text(each.text, each.place) for each in several)

    def _one(self, node: Node, name: str) -> Text | None:
        element = node.get(name)
        if element is None:
            return None
        if element.kind != "string":
            self._wrong(f"{name} must be a string", element.place)
        return Text(element.text, element.place)

    def _check_one_of(self, node: Node, one: str, other: str) -> None:
        there = [name for name in (one, other) if name in node.members]
        if len(there) == 2:
            self._wrong(f"the statement has both {one} and {other}", node.place)
        elif not there:
            self._wrong(f"the statement has no {one}", node.place)

    def _check_keys(self, node: Node, known: tuple[str, ...]) -> None:
        for key in node.members:
            if key not in known:
                self._wrong(f"unknown element {key!r}{self._hint(key, known)}", key.place)

    def _hint(self, key: str, known: tuple[str, ...]) -> str:
        if key in _RESOURCE and known is not _TOP:
            article = "an" if self._kind is Kind.IDENTITY else "a"
            return f" in {article} {self._kind.value}"
        near = nearest(key, known)
        return f": did you mean {near}?" if near else ""

    def _check_case(self, node: Node) -> None:
        """Operators and keys are case-insensitive."""
        seen: set[str] = set()
        for key in node.members:
            if key.lower() in seen:
                self._wrong(f"{key!r} is there twice, with different capitals", key.place)
            seen.add(key.lower())

    def _wrong(self, what: str, place: Place) -> None:
        self.problems.append(Problem(what=what, place=place))
