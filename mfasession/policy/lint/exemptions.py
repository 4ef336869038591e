"""Rules about what a Deny without MFA spares: enough to set up a device, and no more."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy import rule as the_rule
from mfasession.policy.coverage import EXEMPT as HARMLESS
from mfasession.policy.evaluation import names_action
from mfasession.policy.lint.findings import Edit, Finding, Operations, Severity, Subject, rule
from mfasession.policy.patterns import like

if TYPE_CHECKING:
    from mfasession.policy.document import Statement
    from mfasession.policy.placed import Text

EXEMPT: tuple[str, ...] = tuple(the_rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"])
SESSION_TOKEN, CHANGE_PASSWORD = "sts:GetSessionToken", "iam:ChangePassword"
WEAKENING = ("iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice")
"""What takes a device away."""
_POWERS = (*WEAKENING, "iam:CreateAccessKey", "iam:CreateUser", "iam:AttachUserPolicy", "sts:AssumeRole")
"""Of which a wildcard in NotAction must cover none."""

ACTION = rule(
    "action-for-notaction",
    Severity.ERROR,
    "Action names what is denied; NotAction would name what is spared",
    "With Action the Deny is about the listed actions alone: those that set up a device are denied, and no others.",
)
NARROW = rule(
    "narrow-deny",
    Severity.WARNING,
    "only some actions are denied without MFA",
    "What the Deny does not name stays possible with a stolen key. NotAction denies everything but what it lists, "
    "services that AWS has not made yet included.",
)
NOTHING = rule(
    "nothing-exempt",
    Severity.WARNING,
    "nothing is spared: nobody can set up a device",
    "A user without a device needs the calls that create and enable one, and has no MFA to make them with.",
)
MISSING = rule(
    "exemption-missing",
    Severity.WARNING,
    "a call that sets up a device is denied",
    "Without it a user cannot make, enable, list or resynchronize their device before there is one.",
)
TOKEN = rule(
    "getsessiontoken-missing",
    Severity.INFO,
    "sts:GetSessionToken is not in NotAction",
    "Policies have no effect on GetSessionToken (IAM User Guide, Permissions for GetSessionToken): it works anyway. "
    "Named here, it tells the reader.",
)
WEAK = rule(
    "weak-exemption",
    Severity.ERROR,
    "the exemption reaches too far",
    "What NotAction lists works with a stolen key alone: without MFA no device may be taken away, and no key be made.",
)
OTHER = rule(
    "other-exemption",
    Severity.WARNING,
    "a call is spared that sets up no device",
    "What NotAction lists works with a stolen key alone: nothing belongs there but what sets up a device.",
)
RESOURCE = rule(
    "narrow-resource",
    Severity.ERROR,
    "the Deny is about some resources only",
    "Whatever is not of these resources stays possible without MFA. Resource must be *.",
)
ALLOW = rule(
    "allow-notaction",
    Severity.ERROR,
    "an Allow with NotAction allows everything else",
    "It grants every action but the listed ones, those of services to come included. The rule is a Deny.",
)
FIRST_PASSWORD = rule(
    "first-password",
    Severity.INFO,
    "users who must change their password at the first sign-in cannot",
    "iam:ChangePassword is denied until there is MFA, and the console asks for the new password before anything else. "
    "AWS advises against exempting it: better, do not require the change, or create the device first.",
)


def check(subject: Subject, operations: Operations) -> Iterator[Finding]:
    """Look at what each Deny about MFA covers, and at Allow with NotAction."""
    for statement in subject.statements:
        if statement.effect == "Allow" and statement.not_actions is not None:
            yield _allow(subject, statement)
    for statement in subject.denials():
        yield from _resources(subject, statement)
        if statement.not_actions is None:
            yield from _actions(subject, statement)
        else:
            yield from _spared(subject, statement, statement.not_actions, operations)
            yield from _missing(subject, statement)


def _allow(subject: Subject, statement: "Statement") -> Finding:
    asks_for_none = any(
        line.operator.lower() in ("bool", "boolifexists") and {each.lower() for each in line.values} == {"false"}
        for line in statement.conditions
    )
    edits = (subject.written(statement.effect, "Deny"),) if asks_for_none else ()
    return Finding(
        rule=ALLOW,
        place=subject.key(statement, "NotAction").place,
        message="everything but these is allowed",
        edits=edits,
        corrected='"Effect": "Deny"' if asks_for_none else "Action with what is really needed",
    )


def _resources(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    named = statement.resources
    if named is not None and "*" in named:
        return
    element = "Resource" if named is not None else "NotResource"
    edits: tuple[Edit, ...] = (subject.whole(statement, element, '"*"'),)
    if named is None:
        edits = (subject.written(subject.key(statement, element), "Resource"), *edits)
    yield Finding(
        rule=RESOURCE,
        place=subject.key(statement, element).place,
        message=f"{element} leaves out what a stolen key could still reach",
        edits=edits,
        corrected='"Resource": "*"',
    )


def _actions(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    actions = statement.actions or ()
    key = subject.key(statement, "Action")
    spared = {name.lower() for name in (*EXEMPT, *WEAKENING, CHANGE_PASSWORD, "iam:ListUsers", "iam:GetMFADevice")}
    if actions and all(each.lower() in spared for each in actions):
        yield Finding(
            rule=ACTION,
            place=key.place,
            message="these are the calls that set up a device, and they alone are denied",
            edits=(subject.written(key, "NotAction"),),
            corrected=f'"NotAction": {json.dumps(list(actions))}',
        )
    elif "*" in actions or "*:*" in actions:
        corrected = json.dumps(list(EXEMPT), indent=2)
        yield Finding(
            rule=NOTHING,
            place=key.place,
            message="everything is denied without MFA, setting up a device too",
            edits=(subject.whole(statement, "Action", corrected), subject.written(key, "NotAction")),
            corrected=f'"NotAction": {corrected}',
        )
    else:
        yield Finding(
            rule=NARROW,
            place=key.place,
            message="all other actions work without MFA",
            corrected=f'"NotAction": {json.dumps(list(EXEMPT))}',
        )


def _spared(
    subject: Subject, statement: "Statement", named: "tuple[Text, ...]", operations: Operations
) -> Iterator[Finding]:
    for each in named:
        reached = [power for power in _POWERS if like(power.lower(), each.lower())]
        if reached:
            needed = [name for name in EXEMPT if like(name.lower(), each.lower())]
            edits = subject.without(statement, "NotAction", each)
            if needed:
                there = {name.lower() for name in named}
                new = [name for name in needed if name.lower() not in there] or needed[:1]
                edit = subject.written(each, *new)
                is_list = subject.node(statement).members[subject.key(statement, "NotAction")].kind == "list"
                edits = (edit if is_list else edit.replace(text=f"[{edit.text}]"),)
            yield Finding(
                rule=WEAK,
                place=each.place,
                message=f"{each} covers {', '.join(reached[:3])}",
                edits=edits,
                corrected=", ".join(needed) or f"without {each}",
            )
        elif others := _others(each, operations):
            yield Finding(
                rule=OTHER,
                place=each.place,
                message=f"{each} works without MFA" + (f": {', '.join(others[:3])}" if others != [each] else ""),
                corrected=f"without {each}",
            )


def _others(named: str, operations: Operations) -> list[str]:
    """The calls that an exemption lets through beside those that may be; itself where the service's are not known."""
    prefix, _, pattern = named.partition(":")
    known = operations(prefix.lower())
    if not known:
        return [] if named.lower() in HARMLESS else [named]
    reached = (f"{prefix}:{name}" for name in known if like(name.lower(), pattern.lower()))
    return [name for name in reached if name.lower() not in HARMLESS]


def _missing(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    for name in (each for each in EXEMPT if names_action(statement, each)):
        yield Finding(
            rule=TOKEN if name == SESSION_TOKEN else MISSING,
            place=subject.key(statement, "NotAction").place,
            message=f"{name} is not spared",
            edits=() if name == SESSION_TOKEN else (subject.added(statement, "NotAction", name),),
            corrected=f'"{name}"',
        )
    if names_action(statement, CHANGE_PASSWORD):
        yield Finding(
            rule=FIRST_PASSWORD,
            place=subject.key(statement, "NotAction").place,
            message="iam:ChangePassword is denied without MFA",
        )
