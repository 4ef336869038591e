"""Rules about the Condition block: whom the test for MFA catches, and whom it lets through.

Source of the truth table: IAM User Guide, "Configuring MFA-protected API access": the key is absent for long-term keys,
false for sessions without MFA.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy import callers, conditions
from mfasession.policy.lint.findings import (
    MFA_AGE,
    Finding,
    Rule,
    Severity,
    Subject,
    is_about_presence,
    mfa_lines,
    rule,
    values_of,
)

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
    "the Deny is for those who have MFA",
    "A Deny whose condition is true denies people who have used MFA, and lets sessions without it through.",
)
ALLOW_IF_EXISTS = rule(
    "allow-if-exists",
    Severity.ERROR,
    "BoolIfExists in an Allow lets long-term keys through",
    "In an Allow the key's absence must not be enough: BoolIfExists is true for every request signed with a long-term "
    "key. Bool asks for MFA really.",
)
NULL = rule(
    "null-test",
    Severity.ERROR,
    "Null lets sessions without MFA through",
    "A session without MFA has the key aws:MultiFactorAuthPresent, as false: a Null test sees long-term keys only.",
)
NULL_AGE = rule(
    "null-age",
    Severity.WARNING,
    "the test for MFA is an old one",
    "A Null test of aws:MultiFactorAuthAge works for keys and sessions; BoolIfExists of aws:MultiFactorAuthPresent is "
    "what AWS's documentation and other tools look for.",
)
STRING = rule(
    "string-operator",
    Severity.WARNING,
    "a boolean is compared as a text",
    "aws:MultiFactorAuthPresent is a boolean key: only Bool and BoolIfExists are documented for it.",
)
THROUGH = rule(
    "lets-through",
    Severity.ERROR,
    "the test for MFA lets somebody through who has none",
    "A long-term key has no key aws:MultiFactorAuthPresent, a session without MFA has it as false, and neither has "
    "aws:MultiFactorAuthAge. The test must be true of both in a Deny, and false of both in an Allow.",
)
NARROW = rule(
    "narrow-condition",
    Severity.WARNING,
    "the Deny asks for more than that MFA is absent",
    "All conditions of a statement must hold: whoever can make a request for which the other one does not hold needs "
    "no MFA.",
)
_BY_SERVICES = ("aws:viaawsservice", "aws:principalisawsservice", "aws:calledvia")
"""Keys that spare what a service does on a person's behalf (AWS's samples do that), and no request of their own."""
_TRUE_OF = {"key": "long-term keys", "session": "sessions without MFA"}


def check(subject: Subject) -> Iterator[Finding]:
    """Look at every line that asks about MFA, and at what stands beside it in a Deny."""
    for statement in subject.statements:
        for line in mfa_lines(statement) if _is_readable(statement) else ():
            yield from (_deny if statement.effect == "Deny" else _allow)(subject, statement, line)
    for statement in subject.denials():
        for line in statement.conditions:
            if line not in mfa_lines(statement) and not line.key.lower().startswith(_BY_SERVICES):
                yield Finding(
                    rule=NARROW,
                    place=line.place,
                    message=f"nothing is denied where {line.operator} of {line.key} does not hold",
                )


def _deny(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    operator, values = line.operator.lower(), values_of(line)
    through = [name for name in _TRUE_OF if name not in _true_of(line)]
    if all("mfa" in _true_of(each) for each in mfa_lines(statement)):
        yield _inverted(subject, statement, line)
    elif through and not is_about_presence(line):
        yield from _age(subject, statement, line)
    elif through and operator == "bool" and values == {"false"}:
        yield _renamed(subject, statement, line, BOOL, "BoolIfExists", "long-term keys are not denied anything here")
    elif through and operator == "null":
        yield _rewritten(subject, statement, line, NULL, "Null is false for a session without MFA")
    elif through:
        who = " and ".join(_TRUE_OF[name] for name in through)
        yield _rewritten(subject, statement, line, THROUGH, f"{who} are not denied anything here")
    elif operator == "null":
        yield _rewritten(subject, statement, line, NULL_AGE, "Null of aws:MultiFactorAuthAge")
    elif operator.startswith("string"):
        yield _rewritten(subject, statement, line, STRING, f"{line.operator} on a boolean key")


def _allow(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    lines = list(mfa_lines(statement))
    through = [name for name in _TRUE_OF if all(name in _true_of(each) for each in lines)]
    if not through or not all("mfa" in _true_of(each) for each in lines):
        return
    who = " and ".join(_TRUE_OF[name] for name in through)
    if line.operator.lower() == "boolifexists" and values_of(line) == {"true"}:
        yield _renamed(subject, statement, line, ALLOW_IF_EXISTS, "Bool", f"{who} are allowed this too")
    else:
        yield Finding(
            rule=THROUGH,
            place=line.operator.place,
            message=f"{who} are allowed this too",
            corrected='"Bool": {"aws:MultiFactorAuthPresent": "true"}',
        )


def _inverted(subject: Subject, statement: "Statement", line: "Line") -> Finding:
    found = _rewritten(subject, statement, line, INVERTED, "this denies those who have MFA")
    if line.operator.lower() not in ("bool", "boolifexists"):
        return found
    value = subject.value(statement, line, "false")
    return found.replace(place=line.values[0].place, edits=(value,), corrected='"false"')


def _age(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    """A limit of the age is right beside a statement that denies those who have no MFA at all."""
    others = (each for each in subject.denials() if each is not statement and _is_readable(each))
    if any(all(_true_of(line).issuperset(_TRUE_OF) for line in mfa_lines(each)) for each in others):
        return
    message = "long-term keys and sessions without MFA are not denied anything here"
    if line.operator.lower().startswith("numeric"):
        yield _renamed(subject, statement, line, THROUGH, f"{line.operator}IfExists", message)
    else:
        yield _rewritten(subject, statement, line, THROUGH, message)


def _true_of(line: "Line") -> set[str]:
    """The callers of whose requests a line is true, by their slugs."""
    return {
        caller.slug
        for caller in (callers.KEY, callers.SESSION, callers.MFA)
        if conditions.holds(line.operator, line.key, line.values, callers.mfa_keys(caller))
    }


def _is_readable(statement: "Statement") -> bool:
    """Whether AWS knows the operators of all lines about MFA."""
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


def _rewritten(subject: Subject, statement: "Statement", line: "Line", broken: Rule, message: str) -> Finding:
    """Whatever the test is, it becomes the one that works."""
    found = _renamed(subject, statement, line, broken, "BoolIfExists", message)
    corrected = '"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}'
    if not found.edits:
        return found.replace(corrected=corrected)
    edits = (*found.edits, subject.value(statement, line, "false"))
    if line.key.lower() == MFA_AGE:
        edits = (*edits, subject.written(line.key, "aws:MultiFactorAuthPresent"))
    return found.replace(edits=edits, corrected=corrected)
