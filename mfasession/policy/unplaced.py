"""Reads the policies of a whole account: as `document.parse`, but texts and statements have no places.

Places are for messages, and a reader in Python that counts lines costs ten times as much as the standard library's.
Whatever is not an ordinary document is left to `document.parse`, which says what is wrong with it, and where.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mfasession.policy import document, evaluation
from mfasession.policy.document import NEW, OLD, Document, Kind, Line, Statement
from mfasession.policy.located_json import Place, Text

NOWHERE = Place(line=1, column=1, path="")
_TOP = frozenset(("Version", "Statement"))
_ELEMENTS = frozenset(("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"))


class _Odd(ValueError):
    """The document is not an ordinary one."""


class _Number(str):
    """A number, as it is written."""

    __slots__ = ()


@lru_cache(maxsize=1024)
def read(text: str) -> Document:
    """Return an identity policy of any size. Raises Malformed."""
    if len(text) <= document.LONGEST and text.isascii():
        try:
            return _document(_JSON.decode(text), text)
        except (ValueError, RecursionError):
            pass
    return evaluation.read(text)


def _document(tree: Any, text: str) -> Document:
    if type(tree) is not dict or not tree.keys() <= _TOP or tree.get("Version", OLD) not in (OLD, NEW):
        raise _Odd
    listed = tree.get("Statement")
    statements = [listed] if type(listed) is dict else listed
    if type(statements) is not list or not statements:
        raise _Odd
    return Document(
        where="the policy",
        text=text,
        version=tree.get("Version", OLD),
        version_place=NOWHERE if "Version" in tree else None,
        statements=tuple(_statement(index, each) for index, each in enumerate(statements)),
        kind=Kind.IDENTITY,
    )


def _statement(index: int, tree: Any) -> Statement:
    is_one = type(tree) is dict and tree.keys() <= _ELEMENTS and tree.get("Effect") in ("Allow", "Deny")
    if (
        not is_one
        or ("Action" in tree) is ("NotAction" in tree)
        or ("Resource" in tree) is ("NotResource" in tree)
        or type(tree.get("Sid", "")) is not str
    ):
        raise _Odd
    return Statement(
        index=index,
        place=NOWHERE,
        effect=Text(tree["Effect"], NOWHERE),
        sid=Text(tree["Sid"], NOWHERE) if "Sid" in tree else None,
        actions=_texts(tree, "Action"),
        not_actions=_texts(tree, "NotAction"),
        resources=_texts(tree, "Resource"),
        not_resources=_texts(tree, "NotResource"),
        conditions=tuple(_conditions(tree["Condition"])) if "Condition" in tree else (),
        principals=None,
        not_principals=None,
    )


def _texts(tree: Mapping[str, Any], name: str) -> tuple[Text, ...] | None:
    if name not in tree:
        return None
    several = tree[name] if type(tree[name]) is list else [tree[name]]
    if any(type(each) is not str for each in several):
        raise _Odd
    return tuple(Text(each, NOWHERE) for each in several)


def _conditions(block: Any) -> Iterator[Line]:
    for operator, keys in _distinct(block).items():
        for key, value in _distinct(keys).items():
            several = value if type(value) is list else [value]
            values = tuple(Text(_value(each), NOWHERE) for each in several)
            yield Line(operator=Text(operator, NOWHERE), key=Text(key, NOWHERE), values=values)


def _distinct(tree: Any) -> dict[str, Any]:
    """An object whose keys differ by more than their capitals."""
    if type(tree) is not dict or len({key.lower() for key in tree}) < len(tree):
        raise _Odd
    return tree


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise _Odd
    return str(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Odd
    return found


def _no_json(name: str) -> None:
    raise _Odd(name)


_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_Number, parse_float=_Number, parse_constant=_no_json)
