"""Rules about the Condition block: which callers the test for MFA matches.

Source of the truth table: IAM User Guide, "Configuring MFA-protected API access": the key is absent for long-term keys,
false for sessions without MFA.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy import callers, conditions
from mfasession.policy.linter.findings import (
    Finding,
    Rule,
    Severity,
    Subject,
    is_about_presence,
    mfa_lines,
    rule,
    values_of,
)
from mfasession.policy.linter.whole import MFA_AGE, is_about_all, with_test

if TYPE_CHECKING:
    from mfasession.policy.document import Line, Statement

BOOL = rule(
    "bool-without-ifexists",
    Severity.ERROR,
    "Bool lets long-term keys through",
    "aws:MultiFactorAuthPresent is absent, not false, on requests signed with a long-term key: Bool is then not true, "
    "and the Deny does not apply. BoolIfExists is true when the key is absent.",
)
INVERTED = rule(
    "inverted",
    Severity.ERROR,
    "more is possible without MFA than with it",
    "The condition is inverted: it denies callers with MFA, or allows callers without.",
)
ALLOW_IF_EXISTS = rule(
    "allow-if-exists",
    Severity.ERROR,
    "BoolIfExists in an Allow lets long-term keys through",
    "In an Allow the key's absence must not be enough: BoolIfExists is true for every request signed with a long-term "
    "key. Bool requires MFA.",
)
NULL = rule(
    "null-test",
    Severity.ERROR,
    "Null lets sessions without MFA through",
    "A session without MFA has the key aws:MultiFactorAuthPresent, as false: a Null test sees long-term keys only.",
)
NULL_AGE = rule(
    "null-age",
    Severity.INFO,
    "the test for MFA has an outdated form",
    "A Null test of aws:MultiFactorAuthAge works for keys and sessions; BoolIfExists of aws:MultiFactorAuthPresent is "
    "the form in AWS's documentation, which other tools look for.",
)
STRING = rule(
    "string-operator",
    Severity.WARNING,
    "a boolean is compared as text",
    "aws:MultiFactorAuthPresent is a boolean key: only Bool and BoolIfExists are documented for it.",
)
THROUGH = rule(
    "lets-through",
    Severity.ERROR,
    "the test for MFA lets callers without MFA through",
    "A long-term key has no key aws:MultiFactorAuthPresent, a session without MFA has it as false, and neither has "
    "aws:MultiFactorAuthAge. The test must be true of both in a Deny, and false of both in an Allow.",
)
NARROW = rule(
    "narrow-condition",
    Severity.WARNING,
    "the Deny has a condition besides the absence of MFA",
    "All conditions of a statement must hold: a caller with a request for which the other one does not hold needs  "
    "no MFA.",
)
_TRUE_OF = {"key": "long-term keys", "session": "sessions without MFA"}


def check(subject: Subject) -> Iterator[Finding]:
    """Check every line about MFA, and the other lines of a Deny."""
    for statement in subject.statements:
        for line in mfa_lines(statement) if _is_readable(statement) else ():
            yield from (_deny if statement.effect == "Deny" else _allow)(subject, statement, line)
    for statement in subject.denials():
        if is_about_all(statement):
            yield from _narrow(subject, statement)


def _narrow(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    """A condition besides the test for MFA that lets a caller without MFA do something."""
    for line in statement.conditions:
        others = tuple(each for each in statement.conditions if each is not line)
        is_about_mfa = any(line is each for each in mfa_lines(statement))
        if not is_about_mfa and subject.whole.closed_by(statement, statement.replace(conditions=others)):
            message = f"nothing is denied where {line.operator} of {line.key} does not hold"
            yield Finding(rule=NARROW, place=line.place, message=message)


def _deny(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    operator, values = line.operator.lower(), values_of(line)
    right = with_test(statement, "BoolIfExists", "false")
    through = [name for name in subject.whole.closed_by(statement, right) if name not in _true_of(line)]
    if all("mfa" in _true_of(each) for each in mfa_lines(statement)):
        if through or subject.whole.opened_by(statement, right):
            yield _inverted(subject, statement, line)
    elif through and not is_about_presence(line):
        yield _age(subject, statement, line)
    elif through and operator == "bool" and values == {"false"}:
        yield _renamed(subject, statement, line, BOOL, "BoolIfExists", "long-term keys are not denied anything here")
    elif through and operator == "null":
        yield _rewritten(subject, statement, line, NULL, "Null is false for a session without MFA")
    elif through:
        who = " and ".join(_TRUE_OF[name] for name in through)
        yield _rewritten(subject, statement, line, THROUGH, f"{who} are not denied anything here")
    elif operator == "null" and line.key.lower() == MFA_AGE and values == {"true"}:
        yield _rewritten(subject, statement, line, NULL_AGE, "Null of aws:MultiFactorAuthAge")
    elif operator.startswith("string"):
        yield _rewritten(subject, statement, line, STRING, f"{line.operator} on a boolean key")


def _allow(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    lines = list(mfa_lines(statement))
    right = with_test(statement, "Bool", "true")
    closed = subject.whole.closed_by(statement, right, beside_all=False)
    through = [name for name in closed if all(name in _true_of(each) for each in lines)]
    if not through:
        return
    if not all("mfa" in _true_of(each) for each in lines):
        if any(closed[name] & subject.whole.more_without(beside_all=False) for name in through):
            yield _inverted_allow(subject, statement, line)
        return
    who = " and ".join(_TRUE_OF[name] for name in through)
    if line.operator.lower() == "boolifexists" and values_of(line) == {"true"}:
        yield _renamed(subject, statement, line, ALLOW_IF_EXISTS, "Bool", f"{who} are allowed this too")
    else:
        corrected = '"Bool": {"aws:MultiFactorAuthPresent": "true"}'
        message = f"{who} are allowed this too"
        yield Finding(rule=THROUGH, place=line.operator.place, message=message, corrected=corrected)


def _inverted_allow(subject: Subject, statement: "Statement", line: "Line") -> Finding:
    """A line that allows callers because they have no MFA."""
    message = "this is allowed without MFA, but not with it"
    if "mfa" in _true_of(line) or statement.not_actions is not None:
        # With NotAction it may be meant as a Deny: `allow-notaction` proposes that.
        return Finding(rule=INVERTED, place=line.operator.place, message=message)
    return _rewritten(subject, statement, line, INVERTED, message, test=("Bool", "true"))


def _inverted(subject: Subject, statement: "Statement", line: "Line") -> Finding:
    found = _rewritten(subject, statement, line, INVERTED, "this denies callers with MFA")
    if line.operator.lower() not in ("bool", "boolifexists"):
        return found
    value = subject.value(statement, line, "false")
    return found.replace(place=line.values[0].place, edits=(value,), corrected='"false"')


def _age(subject: Subject, statement: "Statement", line: "Line") -> Finding:
    """A limit of the age that only callers with MFA can exceed."""
    message = "long-term keys and sessions without MFA are not denied anything here"
    if line.operator.lower().startswith("numeric"):
        return _renamed(subject, statement, line, THROUGH, f"{line.operator}IfExists", message)
    return _rewritten(subject, statement, line, THROUGH, message)


def _true_of(line: "Line") -> set[str]:
    """The slugs of the callers whose requests match a line."""
    return {
        caller.slug
        for caller in (callers.KEY, callers.SESSION, callers.MFA)
        if conditions.holds(line.operator, line.key, line.values, caller.mfa_keys())
    }


def _is_readable(statement: "Statement") -> bool:
    """Whether AWS has the operators of all lines about MFA."""
    try:
        for line in mfa_lines(statement):
            conditions.check(line.operator)
    except conditions.UnknownOperator:
        return False
    return True


def _renamed(subject: Subject, statement: "Statement", line: "Line", broken: Rule, name: str, message: str) -> Finding:
    beside = [each for each in statement.conditions if each is not line]
    is_alone = all(each.operator.lower() not in (line.operator.lower(), name.lower()) for each in beside)
    edits = (subject.written(line.operator, name),) if is_alone else ()
    return Finding(
        rule=broken, place=line.operator.place, message=message, edits=edits, corrected=f'"{name}": {{"{line.key}": …}}'
    )


def _rewritten(
    subject: Subject,
    statement: "Statement",
    line: "Line",
    broken: Rule,
    message: str,
    test: tuple[str, str] = ("BoolIfExists", "false"),
) -> Finding:
    """Replace any test with the one that works: `test` is its operator and value."""
    operator, value = test
    found = _renamed(subject, statement, line, broken, operator, message)
    corrected = f'"{operator}": {{"aws:MultiFactorAuthPresent": "{value}"}}'
    if not found.edits:
        return found.replace(corrected=corrected)
    edits = (*found.edits, subject.value(statement, line, value))
    if line.key.lower() == MFA_AGE:
        edits = (*edits, subject.written(line.key, "aws:MultiFactorAuthPresent"))
    return found.replace(edits=edits, corrected=corrected)
