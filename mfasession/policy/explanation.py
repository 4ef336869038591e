"""A policy told in sentences: what each statement says, and what each kind of caller is left with."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mfasession.policy import rule, truth
from mfasession.policy.callers import CALLERS, USER
from mfasession.policy.evaluation import Policies, read
from mfasession.policy.lint.findings import is_about_presence, values_of
from mfasession.policy.written import as_json

if TYPE_CHECKING:
    from mfasession.policy.callers import Caller
    from mfasession.policy.document import Document, Line, Statement

ANY_OTHER = "example:AnyOtherAction"
"""Stands for all that no statement names."""
_MFA = {
    ("boolifexists", "false"): "of whoever has not used MFA: long-term keys, and sessions without it",
    ("bool", "false"): "of sessions without MFA, and not of long-term keys, which do not have the key",
    ("bool", "true"): "of sessions with MFA",
    ("boolifexists", "true"): "of sessions with MFA, and of long-term keys, which do not have the key",
    ("null", "true"): "of long-term keys, and not of sessions without MFA, which have the key",
    ("null", "false"): "of all sessions, with MFA and without",
}
"""Whose requests a line about MFA is true of."""
_CALLERS = {
    "key": "A long-term key",
    "session": "A session without MFA",
    "mfa": "A session with MFA",
    "role": "A role",
}


def explained(document: "Document") -> Iterator[str]:
    """Yield the sentences, without their full stops' lines: first of each statement, then of each caller."""
    for statement in document.statements:
        yield f"Line {statement.place.line}: {statement.name} {_said(statement)}."
    allows = any(statement.effect == "Allow" for statement in document.statements)
    if not allows:
        yield "It allows nothing by itself; what follows is so where other policies allow everything."
    yield from (f"{_CALLERS[caller.slug]} {_left(document, caller, allows=allows)}." for caller in CALLERS)


def _said(statement: "Statement") -> str:
    verb = "denies" if statement.effect == "Deny" else "allows"
    if statement.not_actions is not None:
        actions = f"every action but {_listed(statement.not_actions)}"
    else:
        named = statement.actions or ()
        actions = "every action" if set(named) & {"*", "*:*"} else _listed(named)
    if statement.not_resources is not None:
        actions += f", on everything but {_listed(statement.not_resources)}"
    elif "*" not in (statement.resources or ()):
        actions += f", on {_listed(statement.resources or ())}"
    conditions = " and ".join(_condition(line) for line in statement.conditions)
    return f"{verb} {actions}" + (f", to requests {conditions}" if conditions else "")


def _condition(line: "Line") -> str:
    values = values_of(line)
    if is_about_presence(line) and len(values) == 1:
        told = _MFA.get((line.operator.lower(), values.pop()))
        if told:
            return told
    return f"for which {line.operator} of {line.key} holds with {_listed(line.values, 'or')}"


def _left(document: "Document", caller: "Caller", *, allows: bool) -> str:
    """What a caller may do, told by the side that is shorter to tell."""
    policies = (document,) if allows else (document, read(as_json(rule.ALLOW_ALL)))
    names = list(dict.fromkeys(_named(document)))
    rows = truth.table(Policies(identity=policies), [*names, ANY_OTHER], user=USER, resource="", extra={})
    cells = {row[0].action: next(cell for cell in row if cell.caller == caller) for row in rows}
    rest = cells.pop(ANY_OTHER)
    may = [name for name, cell in cells.items() if cell.is_allowed]
    may_not = [name for name, cell in cells.items() if not cell.is_allowed]
    if rest.is_allowed:
        return "may do everything" + (f" but {_listed(may_not)}" if may_not else "")
    verb = "is denied everything" if rest.word == "deny" else "is allowed nothing"
    return f"{verb} but {_listed(may)}" if may else verb


def _named(document: "Document") -> Iterator[str]:
    for statement in document.statements:
        for name in (*(statement.actions or ()), *(statement.not_actions or ())):
            if truth.is_action(name):
                yield str(name)


def _listed(words: Sequence[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
