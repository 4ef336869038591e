"""Formats the table of a policy as text or JSON; with policies given, also the reason of each cell."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mfasession.policy import Cell, Line, Match, Policies, PolicyStatement, Request, match, statements
from mfasession.text import printable

Rows = Sequence[Sequence[Cell]]


def as_text(rows: Rows, policies: Policies | None = None) -> str:
    """Return the table; with policies, a paragraph for each cell below it."""
    lines = [("ACTION", *(cell.caller.name.upper() for cell in rows[0]))]
    lines += [(row[0].action, *(cell.word for cell in row)) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    shown = ("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    reasons = _reasons(rows, policies) if policies else ()
    return "".join(printable(line) + "\n" for line in (*shown, *reasons))


def as_json(rows: Rows, policies: Policies | None = None) -> str:
    """Return an array of actions; with policies, with every statement about the action."""
    tree = [
        {
            "action": row[0].action,
            "resource": row[0].resource,
            "callers": {cell.caller.slug: _record(cell, policies) for cell in row},
        }
        for row in rows
    ]
    return json.dumps(tree, indent=2) + "\n"


def _record(cell: Cell, policies: Policies | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "decision": cell.word,
        "allowed": cell.is_allowed,
        "by": [{"policy": by.policy, "statement": by.statement, "line": by.line} for by in cell.by],
        "lacking": cell.lacking,
    }
    if policies and cell.request:
        request = cell.request
        record["statements"] = [_statement(found, look, request) for found, look in _looks(policies, request)]
    return record


def _statement(found: PolicyStatement, look: Match, request: Request) -> dict[str, Any]:
    lines = zip(found.statement.conditions, look.lines, strict=True)
    return {
        "policy": found.document.where,
        "statement": found.statement.name,
        "line": found.statement.place.line,
        "effect": found.statement.effect,
        "applies": look.applies,
        "principal": look.principal,
        "resource": look.resource,
        "conditions": [_condition(line, request) | {"holds": holds} for line, holds in lines],
    }


def _condition(line: Line, request: Request) -> dict[str, Any]:
    return {"operator": line.operator, "key": line.key, "values": line.values, "value": _value(line, request)}


def _looks(policies: Policies, request: Request) -> Iterator[tuple[PolicyStatement, Match]]:
    """The statements that are about the action."""
    for found in statements(policies):
        look = match(found, request)
        if look.action:
            yield found, look


def _value(line: Line, request: Request) -> str | tuple[str, ...] | None:
    return request.context.get(line.key.lower())


def _reasons(rows: Rows, policies: Policies) -> Iterator[str]:
    for row in rows:
        for cell in row:
            yield from ("", f"{cell.action} on {cell.resource}, {cell.caller.name}: {cell.word}")
            if cell.word in ("always", "never"):
                yield "  decided by AWS, without policies"
            if cell.request is None:
                yield from (f"  {by.policy}, line {by.line}, decides" for by in cell.by)
            else:
                for found, look in _looks(policies, cell.request):
                    yield from _reason(found, look, cell.request)
            yield from (f"  no {kind} allows it" for kind in cell.lacking)


def _reason(found: PolicyStatement, look: Match, request: Request) -> Iterator[str]:
    statement = found.statement
    does = "does not apply" if look.resource else "is not about this resource"
    if not look.principal:
        does = "is not about this caller"
    if look.applies:
        does = "denies" if statement.effect == "Deny" else "allows"
    yield f"  {statement.name} ({found.document.where}, line {statement.place.line}) {does}"
    for line, holds in zip(statement.conditions, look.lines, strict=True):
        value = _value(line, request)
        said = "absent" if value is None else ", ".join((value,) if isinstance(value, str) else value) or "empty"
        verb = "holds" if holds else "does not hold"
        yield f"    {line.operator} {line.key} {', '.join(line.values)}: {verb}, it is {said}"
