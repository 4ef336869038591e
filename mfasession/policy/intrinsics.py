"""Resolves CloudFormation's functions in a policy, as far as the template defines their values.

A value that only the stack has becomes `<Name>`, which equals no other name in a policy.
Source: AWS CloudFormation User Guide, "Intrinsic function reference" and "Pseudo parameters reference".
"""

import re

from mfasession.policy.callers import ACCOUNT
from mfasession.policy.located_json import Node

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}
_NOTHING = "AWS::NoValue"
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


def resolved(node: Node) -> Node:
    """Return the value with each function replaced by its result."""
    if node.kind == "list":
        return node.replace(items=tuple(_flat(node.items)))
    if node.kind != "object":
        return node
    if len(node.members) == 1:
        ((name, argument),) = node.members.items()
        if name == "Ref" or name.startswith("Fn::"):
            return _made(str(name), argument, node)
    members = {name: resolved(member) for name, member in node.members.items() if not _is_nothing(member)}
    return node.replace(members=members)


def _flat(items: tuple[Node, ...]) -> list[Node]:
    """The items of a list; all alternatives of Fn::If, because either may be present."""
    flat: list[Node] = []
    for item in items:
        if _is_nothing(item):
            continue
        choices = _choices(item)
        flat += _flat(choices) if choices else [resolved(item)]
    return flat


def _choices(node: Node) -> tuple[Node, ...]:
    chosen = node.get("Fn::If") if node.kind == "object" and len(node.members) == 1 else None
    if chosen is None or len(chosen.items) != 3:
        return ()
    return tuple(item for each in chosen.items[1:] for item in (each.items if each.kind == "list" else (each,)))


def _is_nothing(node: Node) -> bool:
    name = node.get("Ref") if node.kind == "object" else None
    return name is not None and name.text == _NOTHING


def _made(name: str, argument: Node, node: Node) -> Node:
    if name == "Fn::If":
        left = [resolved(each) for each in _choices(node) if not _is_nothing(each)]
        return left[0] if len(left) == 1 else Node(kind="list", place=node.place, items=tuple(left))
    if name == "Fn::ToJsonString":
        return resolved(argument)
    return Node(kind="string", place=node.place, text=_text(name, argument))


def _text(name: str, argument: Node) -> str:
    if name == "Ref":
        return _value(argument.text)
    if name == "Fn::Sub":
        return _substituted(argument)
    if name == "Fn::Join" and len(argument.items) == 2 and argument.items[1].kind == "list":
        separator, parts = argument.items
        return separator.text.join(_flat_text(each) for each in parts.items)
    if name == "Fn::GetAtt":
        return f"<{'.'.join(each.text for each in argument.items) or argument.text}>"
    return f"<{name}>"


def _flat_text(node: Node) -> str:
    made = resolved(node)
    return made.text if made.kind not in ("object", "list") else f"<{made.place.path}>"


def _substituted(argument: Node) -> str:
    """The text of Fn::Sub: `${Name}` is a value, `${!aws:username}` a variable of the policy."""
    text, own = argument, None
    if argument.kind == "list" and len(argument.items) == 2:
        text, own = argument.items

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return f"${{{found[2]}}}"
        known = own.get(found[2].strip()) if own is not None else None
        return _flat_text(known) if known is not None else _value(found[2].strip())

    return _PLACEHOLDER.sub(value, text.text)


def _value(name: str) -> str:
    return _PSEUDO.get(name, f"<{name}>")
