"""Extracts policies from CloudFormation templates, Terraform plans and states, AWS's answers, URL encoding.

A policy is an object with Statement that contains an Effect, or a text with such an object as JSON. Each becomes its
own document, with the line numbers of the original text.
Sources: Terraform, "JSON Output Format" (planned_values, values, after_unknown); AWS CLI Command Reference.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

from mfasession.policy import intrinsics, located_json
from mfasession.policy.located_json import Node, NotJson, inside
from mfasession.values import Value

LONGEST = 16_000_000
"""The longest text that is searched for policies, in characters."""
_NESTED = 100
"""The nesting limit: a Terraform plan nests its modules."""
_POLICY = re.compile(r"(^|_)policy(_document|_json)?$")
"""Arguments of Terraform's resources that are policies."""
_FARTHEST = 10_000
"""The last column that is preserved; after it, everything may be on one line."""


class Found(Value):
    """One policy: its place in the text, for people, and its JSON, from its first line on."""

    name: str
    text: str
    first_line: int


class Sources(Value):
    """The policies in a text. `unknown`: places of policies that only an applied plan or a created stack has."""

    found: tuple[Found, ...]
    unknown: tuple[str, ...] = ()


def is_policy(node: Node) -> bool:
    """Return whether a value looks like a policy."""
    several = node.get("Statement")
    if several is None:
        return False
    return any(each.get("Effect") is not None for each in (several, *several.items) if each.kind == "object")


def decoded(text: str) -> str:
    """Return the text of a URL-encoded policy, as in IAM's answers; any other text unchanged."""
    start = text.lstrip()[:1]
    return unquote(text.strip()) if start == "%" else text


def read(root: Node) -> Sources:
    """Return the policies in a document that is not itself a policy."""
    for key in ("planned_values", "values"):
        values = root.get(key)
        if root.get("format_version") is not None and values is not None:
            return Sources(found=tuple(_of_terraform(values)), unknown=tuple(_unknown(root)))
    resources = root.get("Resources")
    if resources is not None and resources.kind == "object":
        unknown = [str(name) for name in resources.members if name.startswith("Fn::")]
        found = tuple(_of_template(resources, unknown))
        return Sources(found=found, unknown=tuple(unknown))
    return Sources(found=tuple(_inside(root, "")))


def laid_out(node: Node, *, on_one_line: bool = False) -> str:
    """Return a value as JSON, with each part on its original line and column, or all on one line.

    The text begins on the value's first line.
    """
    layout = _Layout(node.place.line, on_one_line=on_one_line)
    layout.write(node)
    return layout.text()


def _of_template(resources: Node, unknown: list[str]) -> Iterator[Found]:
    """The policies of a template's resources; those that depend on the stack go to `unknown`."""
    for name, resource in resources.members.items():
        properties = resource.get("Properties")
        if properties is not None:
            yield from _inside(intrinsics.resolved(properties), str(name), unknown)


def _of_terraform(node: Node) -> Iterator[Found]:
    """The policies of a module's resources, and of its modules: by the resource's address."""
    if (outputs := node.get("root_module")) is not None:
        yield from _of_terraform(outputs)
    for resource in _items(node, "resources"):
        address, values = resource.get("address"), resource.get("values")
        if values is not None:
            yield from _inside(values, address.text if address is not None else "")
    for module in _items(node, "child_modules"):
        yield from _of_terraform(module)


def _unknown(root: Node) -> Iterator[str]:
    for change in _items(root, "resource_changes"):
        after, address = (change.get("change") or change).get("after_unknown"), change.get("address")
        if after is not None:
            yield from _unknown_inside(after, address.text if address is not None else "")


def _unknown_inside(node: Node, path: str) -> Iterator[str]:
    """The unknown policies, also in blocks of the resource; a policy's ID or ARN does not count."""
    for name, value in node.members.items():
        if value.kind == "boolean":
            if value.text == "true" and _POLICY.search(name):
                yield inside(path, str(name))
            continue
        for block in value.items or (value,):
            yield from _unknown_inside(block, inside(path, str(name)))


def _items(node: Node, name: str) -> tuple[Node, ...]:
    found = node.get(name)
    return found.items if found is not None else ()


def _inside(node: Node, path: str, unknown: list[str] | None = None) -> Iterator[Found]:
    """The policies in a value. Those with an undecided effect go to `unknown`."""
    if is_policy(node):
        if unknown is not None and not _is_decided(node):
            unknown.append(path)
            return
        yield Found(name=path, text=laid_out(node), first_line=node.place.line)
    elif node.kind == "object":
        for name, member in node.members.items():
            yield from _inside(member, inside(path, str(name)), unknown)
    elif node.kind == "list":
        for number, item in enumerate(node.items):
            yield from _inside(item, f"{path}[{number}]", unknown)
    elif node.kind == "string" and ("Statement" in node.text or "\\u" in node.text):
        policy = _in_text(node.text)
        if policy is not None:
            yield Found(name=path, text=laid_out(policy, on_one_line=True), first_line=node.place.line)


def _is_decided(policy: Node) -> bool:
    """Whether the template defines each statement's effect."""
    several = policy.get("Statement")
    effects = [each.get("Effect") for each in (several, *several.items)] if several is not None else []
    return all(each is None or (each.kind == "string" and not each.text.startswith("<")) for each in effects)


def _in_text(text: str) -> Node | None:
    try:
        node = located_json.read(decoded(text), depth=_NESTED)
    except NotJson:
        return None
    return node if is_policy(node) else None


def tree(text: str) -> Node:
    """Return a JSON text that may hold policies. Raises NotJson."""
    return located_json.read(text, depth=_NESTED)


class _Layout:
    """Writes text forwards only: a part that would have to be earlier is placed as early as possible."""

    def __init__(self, line: int, *, on_one_line: bool) -> None:
        self._pieces: list[str] = []
        self._on_one_line = on_one_line
        self._line, self._column = line, 1

    def text(self) -> str:
        """Return the written text."""
        return "".join(self._pieces)

    def write(self, node: Node) -> None:
        """Write a value."""
        self._go_to(node.place)
        if node.kind == "object":
            self._put("{")
            for number, (name, member) in enumerate(node.members.items()):
                self._put("," if number else "")
                self._go_to(name.place)
                self._put(f"{_quoted(name)}:")
                self.write(member)
            self._put("}")
        elif node.kind == "list":
            self._put("[")
            for number, item in enumerate(node.items):
                self._put("," if number else "")
                self.write(item)
            self._put("]")
        else:
            self._put(_quoted(node.text) if node.kind == "string" else node.text)

    def _go_to(self, place: located_json.Place) -> None:
        if self._on_one_line:
            return
        if place.line > self._line:
            self._pieces.append("\n" * (place.line - self._line))
            self._line, self._column = place.line, 1
        if place.line == self._line and self._column < place.column <= _FARTHEST:
            self._put(" " * (place.column - self._column))

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._column += len(text)


def _quoted(text: str) -> str:
    return json.dumps(str(text))
