"""Whether policies let a caller do something: an explicit Deny wins, then an Allow is needed.

Source: IAM User Guide, "Policy evaluation logic".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from mfasession.policy import conditions
from mfasession.policy.conditions import Context, like, with_variables


class Decision(Enum):
    """What policies say to a request."""

    ALLOWED = "allowed"
    DENIED = "explicit deny"
    NOT_ALLOWED = "implicit deny"


def decide(documents: Iterable[str], action: str, resource: str, context: Context) -> Decision:
    """Return what the policies (JSON texts) say to an action on a resource."""
    allowed = False
    for statement in statements(documents):
        if not _applies(statement, action, resource, context):
            continue
        if statement["Effect"] == "Deny":
            return Decision.DENIED
        allowed = True
    return Decision.ALLOWED if allowed else Decision.NOT_ALLOWED


def statements(documents: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    """Yield the statements of policies; one alone need not be in a list."""
    for document in documents:
        yield from _several(json.loads(document)["Statement"])


def check(document: Mapping[str, Any]) -> None:
    """Raise ValueError unless every statement has an Effect and only condition operators that exist."""
    for statement in _several(document["Statement"]):
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError(f"a statement's Effect must be Allow or Deny, not {statement.get('Effect')!r}")
        for operator in statement.get("Condition", {}):
            conditions.check(operator)


def condition_holds(statement: Mapping[str, Any], context: Context) -> bool:
    """Return whether every line of a statement's Condition block is true of a request."""
    return all(
        conditions.holds(operator, key, [_text(value) for value in _several(wanted)], context)
        for operator, lines in statement.get("Condition", {}).items()
        for key, wanted in lines.items()
    )


def names_action(statement: Mapping[str, Any], action: str) -> bool:
    """Return whether a statement's Action or NotAction covers an action."""
    if "NotAction" in statement:
        return not _any_action(statement["NotAction"], action)
    return _any_action(statement.get("Action", ()), action)


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    try:
        return (
            names_action(statement, action)
            and _names_resource(statement, resource, context)
            and condition_holds(statement, context)
        )
    except conditions.UnknownOperator:
        # AWS would not have taken the policy: the safe side of a Deny is to deny.
        return bool(statement["Effect"] == "Deny")


def _any_action(wanted: str | Sequence[str], action: str) -> bool:
    return any(like(action.lower(), each.lower()) for each in _several(wanted))


def _names_resource(statement: Mapping[str, Any], resource: str, context: Context) -> bool:
    if "NotResource" in statement:
        return not _any_resource(statement["NotResource"], resource, context)
    return _any_resource(statement.get("Resource", "*"), resource, context)


def _any_resource(wanted: str | Sequence[str], resource: str, context: Context) -> bool:
    filled = (with_variables(each, context) for each in _several(wanted))
    return any(each is not None and like(resource, each) for each in filled)


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
