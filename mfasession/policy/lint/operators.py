"""Rules about the Condition block: whom the test for MFA catches, and whom it lets through.

Source of the truth table: IAM User Guide, "Configuring MFA-protected API access": the key is absent for long-term keys,
false for sessions without MFA.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy.lint.findings import (
    MFA_AGE,
    Edit,
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


def check(subject: Subject) -> Iterator[Finding]:
    """Look at every line that asks about MFA."""
    for statement in subject.statements:
        for line in mfa_lines(statement):
            yield from (_deny if statement.effect == "Deny" else _allow)(subject, statement, line)


def _deny(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    operator, values = line.operator.lower(), values_of(line)
    if not is_about_presence(line):
        if operator == "null" and "true" in values:
            yield _rewritten(subject, statement, line, NULL_AGE, "Null of aws:MultiFactorAuthAge")
    elif operator == "null" and "true" in values:
        yield _rewritten(subject, statement, line, NULL, "Null is false for a session without MFA")
    elif operator in ("bool", "boolifexists") and values == {"true"}:
        yield Finding(
            rule=INVERTED,
            place=line.values[0].place,
            message="this denies those who have MFA",
            edits=(_value(subject, line, "false"),),
            corrected='"false"',
        )
    elif operator == "bool" and "false" in values:
        yield _renamed(subject, statement, line, BOOL, "BoolIfExists", "long-term keys are not denied anything here")
    elif operator.startswith("string") and "false" in values and "not" not in operator:
        yield _renamed(subject, statement, line, STRING, "BoolIfExists", f"{line.operator} on a boolean key")


def _allow(subject: Subject, statement: "Statement", line: "Line") -> Iterator[Finding]:
    if is_about_presence(line) and line.operator.lower() == "boolifexists" and "true" in values_of(line):
        yield _renamed(subject, statement, line, ALLOW_IF_EXISTS, "Bool", "long-term keys are allowed this too")


def _renamed(subject: Subject, statement: "Statement", line: "Line", broken: Rule, name: str, message: str) -> Finding:
    others = [each for each in statement.conditions if each.operator.lower() == name.lower()]
    alone = [each for each in statement.conditions if each.operator == line.operator] == [line]
    edits = (subject.written(line.operator, name),) if alone and not others else ()
    return Finding(
        rule=broken, place=line.operator.place, message=message, edits=edits, corrected=f'"{name}": {{"{line.key}": …}}'
    )


def _rewritten(subject: Subject, statement: "Statement", line: "Line", broken: Rule, message: str) -> Finding:
    """A Null test becomes the one that works."""
    found = _renamed(subject, statement, line, broken, "BoolIfExists", message)
    corrected = '"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}'
    if not found.edits:
        return found.replace(corrected=corrected)
    edits = (*found.edits, _value(subject, line, "false"))
    if line.key.lower() == MFA_AGE:
        edits = (*edits, subject.written(line.key, "aws:MultiFactorAuthPresent"))
    return found.replace(edits=edits, corrected=corrected)


def _value(subject: Subject, line: "Line", new: str) -> Edit:
    return subject.written(line.values[0], new)
