"""A policy told in sentences: what each statement says, and what each kind of caller is left with."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mfasession.policy import rule
from mfasession.policy.callers import CALLERS
from mfasession.policy.evaluation import read
from mfasession.policy.lint.findings import is_about_presence, values_of
from mfasession.policy.possible import Left, Named, Verdict, left
from mfasession.policy.written import as_json

if TYPE_CHECKING:
    from mfasession.policy.document import Document, Line, Statement

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
_AS_FAR = "as far as the other conditions allow"


def explained(document: "Document") -> Iterator[str]:
    """Yield the sentences, without their full stops' lines: first of each statement, then of each caller."""
    for statement in document.statements:
        yield f"Line {statement.place.line}: {statement.name} {_said(statement)}."
    allows = any(statement.effect == "Allow" for statement in document.statements)
    if not allows:
        yield "It allows nothing by itself; what follows is so where other policies allow everything."
    documents = (document,) if allows else (document, read(as_json(rule.ALLOW_ALL)))
    named = Named(documents)
    for caller in CALLERS:
        yield f"{_CALLERS[caller.slug]} {_told(left(named, caller))}."


def _said(statement: "Statement") -> str:
    verb = "denies" if statement.effect == "Deny" else "allows"
    if statement.not_actions is not None:
        actions = f"every action but {_listed(statement.not_actions)}" if statement.not_actions else "every action"
    else:
        named = statement.actions or ()
        actions = "every action" if set(named) & {"*", "*:*"} else _listed(named) or "nothing"
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


def _told(lefts: "Iterator[Left]") -> str:
    """What a caller may do everywhere, and on which resources it is otherwise."""
    everywhere, *others = lefts
    return "; ".join(
        [_left(everywhere), *(f"on {_listed(each.resources)} it {_beside(each, everywhere)}" for each in others)]
    )


def _beside(some: "Left", everywhere: "Left") -> str:
    more = [action for action in some.may if action not in everywhere.may]
    same = some.replace(resources=everywhere.resources, may=tuple(each for each in some.may if each not in more))
    return f"may also do {_listed(more)}" if more and same == everywhere else _left(some)


def _left(some: "Left") -> str:
    """What a caller may do, told from what holds for everything that no statement names."""
    if some.rest is Verdict.MAY:
        told = "may do everything" + _but(" but", some.may_not) + _but(", yet", some.may)
    elif some.rest is Verdict.DEPENDS:
        told = f"may do everything {_AS_FAR}" + _but(", always", some.may) + _but(", never", some.may_not)
    else:
        verb = "is denied everything" if some.rest is Verdict.DENIED else "is allowed nothing"
        told = verb + _but(" but", some.may) + _but(", and not", some.may_not)
    is_first = some.rest in (Verdict.DENIED, Verdict.NOT_ALLOWED) and not (some.may or some.may_not)
    return told + _but(" but" if is_first else ", and", some.depends) + (f" {_AS_FAR}" if some.depends else "")


def _but(words: str, actions: Sequence[str]) -> str:
    return f"{words} {_listed(actions)}" if actions else ""


def _listed(words: Sequence[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
