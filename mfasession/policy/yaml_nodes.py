"""Reads YAML into the nodes of `located_json`: CloudFormation templates, with short tags in their long forms.

PyYAML is an optional dependency. Source: AWS CloudFormation User Guide, "Intrinsic
function reference" (`!Sub x` is `Fn::Sub: x`, `!Ref x` is `Ref: x`, `!GetAtt A.B` is `Fn::GetAtt: [A, B]`).
"""

from typing import TYPE_CHECKING, Any

from mfasession import installation
from mfasession.errors import ConfigurationError
from mfasession.policy.located_json import Node, NotJson, Place, Text, inside
from mfasession.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOOLEAN, _NULL, _MERGE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_TRUE = ("true", "yes", "on")
_MOST_NODES = 500_000
"""The most values, with aliases counted each time: a short text can expand to billions."""
_MOST_NESTED = 100
_TOO_MANY = "it holds too many values, or they are nested too deep"
_LONGEST = 2_000_000
"""Characters; a template has 1 MB at most (AWS CloudFormation User Guide, "quotas")."""


class Unreadable(ConfigurationError):
    """YAML cannot be read, because PyYAML is not installed."""


def read(text: str, where: str) -> Node:
    """Return the one document of a YAML text. Raises NotJson for a text that is not YAML, and Unreadable."""
    if len(text) > _LONGEST:
        raise NotJson(f"it has more than {_LONGEST:,} characters", Place(line=1, column=1, path=""))
    try:
        import yaml
        from yaml.error import MarkedYAMLError, YAMLError
        from yaml.loader import SafeLoader
    except ImportError:
        raise Unreadable(
            f"{where} is YAML, which needs PyYAML, and that is not installed with mfasession",
            f"{installation.adding('pyyaml')}; or give it as JSON",
        ) from None
    try:
        root = yaml.compose(text, Loader=SafeLoader)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = printable(str(error.problem or "cannot be read"))
        raise NotJson(problem, Place(line=line, column=column, path="")) from None
    except YAMLError:
        raise NotJson("it holds a character that YAML does not allow", Place(line=1, column=1, path="")) from None
    except RecursionError:
        raise NotJson("values are nested too deep", Place(line=1, column=1, path="")) from None
    if root is None:
        return Node(kind="null", place=Place(line=1, column=1, path=""), text="null")
    if _size(root, {}, 0) > _MOST_NODES:
        raise NotJson(_TOO_MANY, _place(root, ""))
    return _Converter().node(root, "", 0)


def _size(each: Any, known: dict[int, int], depth: int) -> int:
    """The number of values with aliases counted each time, found by looking at each once; too many for a cycle."""
    if id(each) not in known and depth <= _MOST_NESTED and each.id != "scalar":
        known[id(each)] = _MOST_NODES + 1
        inner = [value for _, value in each.value] if each.id == "mapping" else each.value
        known[id(each)] = 1 + sum(_size(value, known, depth + 1) for value in inner)
    return known.get(id(each), 1)


class _Converter:
    """Turns PyYAML's nodes into ours."""

    def __init__(self) -> None:
        self._count = 0

    def node(self, each: Any, path: str, depth: int) -> Node:
        """Return one node, with its short tag as an object around it."""
        place = _place(each, path)
        self._count += 1
        if self._count > _MOST_NODES or depth > _MOST_NESTED:
            raise NotJson(_TOO_MANY, place)
        tag = str(each.tag)
        if not tag.startswith("!") or tag == "!":
            return self._plain(each, place, depth)
        name = tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"
        inner = self._plain(each, place.replace(path=inside(path, name)), depth)
        if tag == "!GetAtt" and inner.kind == "string":
            inner = _split(inner)
        return Node(kind="object", place=place, members={Text(name, place): inner})

    def _plain(self, each: Any, place: Place, depth: int) -> Node:
        if each.id == "mapping":
            return Node(kind="object", place=place, members=dict(self._members(each, place.path, depth)))
        if each.id == "sequence":
            items = (self.node(item, f"{place.path}[{number}]", depth + 1) for number, item in enumerate(each.value))
            return Node(kind="list", place=place, items=tuple(items))
        if each.style is None and each.tag == _BOOLEAN:
            return Node(kind="boolean", place=place, text="true" if each.value.lower() in _TRUE else "false")
        if each.style is None and each.tag == _NULL:
            return Node(kind="null", place=place, text="null")
        # Numbers and dates stay texts, too: Version: 2012-10-17.
        return Node(kind="string", place=place, text=each.value)

    def _members(self, each: Any, path: str, depth: int) -> "Iterator[tuple[Text, Node]]":
        seen = set()
        merged: list[Any] = []
        for key, value in each.value:
            if key.tag == _MERGE:
                merged += value.value if value.id == "sequence" else [value]
                continue
            name = str(key.value) if key.id == "scalar" else ""
            place = _place(key, inside(path, name))
            if name in seen:
                raise NotJson(f"the key {name!r} is there twice", place)
            seen.add(name)
            yield Text(name, place), self.node(value, place.path, depth + 1)
        for mapping in merged:
            for name, node in self.node(mapping, path, depth + 1).members.items():
                if name not in seen:
                    seen.add(str(name))
                    yield name, node


def _split(attribute: Node) -> Node:
    """`A.B.C` as the list of the resource and the attribute."""
    parts = attribute.text.split(".", 1)
    items = tuple(Node(kind="string", place=attribute.place, text=part) for part in parts)
    return Node(kind="list", place=attribute.place, items=items)


def _place(each: Any, path: str) -> Place:
    return Place(line=each.start_mark.line + 1, column=each.start_mark.column + 1, path=path)
