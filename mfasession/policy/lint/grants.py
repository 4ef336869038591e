"""Rules about the Allow statements beside the rule, and about where a policy is attached."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy.evaluation import names_action
from mfasession.policy.lint.exemptions import EXEMPT, SESSION_TOKEN
from mfasession.policy.lint.findings import Edit, Finding, Severity, Subject, mfa_lines, rule

if TYPE_CHECKING:
    from mfasession.policy.document import Statement

LIST_DEVICES = "iam:ListVirtualMFADevices"
_DEVICE_CALLS = ("iam:createvirtualmfadevice", "iam:deletevirtualmfadevice", "iam:*")
_BOUND = "mfa/${aws:username}"

LISTING = rule(
    "list-devices-resource",
    Severity.ERROR,
    "iam:ListVirtualMFADevices must be allowed on *",
    "It lists an account's devices and is about no single resource: allowed on anything else, it is not allowed.",
)
BOUND = rule(
    "name-bound-device",
    Severity.WARNING,
    "a device must have its user's name",
    "Since users may have eight devices and the console lets them choose names, mfa/${aws:username} keeps people from "
    "making a second one, or one with another name. mfa/* is what AWS's samples have now.",
)
NOT_ALLOWED = rule(
    "exemption-not-allowed",
    Severity.WARNING,
    "a call is spared, and nothing here allows it",
    "A Deny that spares a call grants nothing. Without an Allow, in this policy or another, users cannot make it.",
)
ATTACHED = rule(
    "attached-to-roles",
    Severity.ERROR,
    "on roles this denies everything",
    "A role's session carries no MFA: the key is there and false. Attached to a role, or as an SCP, the rule ends EC2, "
    "Lambda, CI and single sign-on. It belongs to users and groups.",
)
NO_RULE = rule(
    "no-mfa",
    Severity.INFO,
    "nothing here is about MFA",
    "No statement has a condition of aws:MultiFactorAuthPresent: with this policy alone, a stolen key is enough.",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Look at what is allowed, and to whom it is attached."""
    for statement in subject.statements:
        if statement.effect == "Allow" and statement.actions is not None:
            yield from _listing(subject, statement)
            yield from _bound(subject, statement)
    denials = list(subject.denials())
    for statement in denials:
        yield from _granted(subject, statement)
        if subject.attached_to in ("role", "scp"):
            yield Finding(
                rule=ATTACHED, place=statement.place, message=f"{statement.name} is attached to a {subject.attached_to}"
            )
    if not any(any(mfa_lines(each)) for each in subject.statements):
        yield Finding(rule=NO_RULE, place=subject.root.place, message="no condition asks about MFA")


def _listing(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    named = next((each for each in statement.actions or () if each.lower() == LIST_DEVICES.lower()), None)
    if named is None or statement.resources is None or "*" in statement.resources:
        return
    others = [each for each in subject.statements if each.effect == "Allow" and "*" in (each.resources or ())]
    if any(names_action(each, LIST_DEVICES) for each in others):
        return
    taken = subject.without(statement, "Action", named)
    alone = json.dumps({"Effect": "Allow", "Action": LIST_DEVICES, "Resource": "*"})
    if statement.conditions:
        alone = f'{alone[:-1]}, "Condition": {subject.source(statement, "Condition")}}}'
    edits: tuple[Edit, ...] = (subject.whole(statement, "Resource", '"*"'),)
    if taken:
        edits = (*taken, *subject.behind(statement, alone))
    yield Finding(
        rule=LISTING,
        place=named.place,
        message=f"{LIST_DEVICES} is allowed on {', '.join(statement.resources)} only",
        edits=edits,
        corrected=alone,
    )


def _bound(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    about_devices = any(
        each.lower() in _DEVICE_CALLS or each.lower().endswith(("virtualmfadevice", "mfadevice*"))
        for each in statement.actions or ()
    )
    if not about_devices:
        return
    for each in statement.resources or ():
        if each.endswith(_BOUND):
            free = each.removesuffix(_BOUND) + "mfa/*"
            there = free in (statement.resources or ())
            edits = subject.without(statement, "Resource", each) if there else (subject.written(each, free),)
            yield Finding(
                rule=BOUND,
                place=each.place,
                message="only a device of the user's own name can be made or removed",
                edits=edits,
                corrected=f'"{free}"',
            )


def _granted(subject: Subject, denial: "Statement") -> Iterator[Finding]:
    allows = [each for each in subject.statements if each.effect == "Allow"]
    if not allows or denial.not_actions is None:
        return
    for name in EXEMPT:
        spared = not names_action(denial, name)
        if spared and name != SESSION_TOKEN and not any(_allows(each, name) for each in allows):
            yield Finding(
                rule=NOT_ALLOWED,
                place=subject.key(denial, "NotAction").place,
                message=f"{name} is spared, and no Allow here covers it",
                corrected="mfasession policy show --self-service has the statements",
            )


def _allows(statement: "Statement", name: str) -> bool:
    return names_action(statement, name) and not any(mfa_lines(statement))
