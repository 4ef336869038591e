"""Rules about Allow statements, and about what a policy is attached to."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.policy import callers
from mfasession.policy.evaluation import names_action
from mfasession.policy.linter.exemptions import NEEDED
from mfasession.policy.linter.findings import Edit, Finding, Severity, Subject, mfa_lines, rule

if TYPE_CHECKING:
    from mfasession.policy.document import Statement

LIST_DEVICES = "iam:ListVirtualMFADevices"
_DEVICE_CALLS = ("iam:createvirtualmfadevice", "iam:deletevirtualmfadevice", "iam:*")
_BOUND = "mfa/${aws:username}"
_AS = {"role": "a role's policy", "scp": "an SCP"}

LISTING = rule(
    "list-devices-resource",
    Severity.ERROR,
    "iam:ListVirtualMFADevices must be allowed on *",
    "It lists an account's devices and has no resource of its own: an Allow on anything but * has no effect.",
)
BOUND = rule(
    "name-bound-device",
    Severity.WARNING,
    "a device must have its user's name",
    "Since users may have eight devices and the console lets them choose names, mfa/${aws:username} keeps people from "
    "creating a second one, or one with another name. AWS's samples now have mfa/*.",
)
NOT_ALLOWED = rule(
    "exemption-not-allowed",
    Severity.WARNING,
    "a call is exempt, but no statement allows it",
    "An exemption from a Deny grants nothing. This policy allows some of the calls that set up a device, but not  "
    "these: without another Allow, users cannot make them.",
)
ATTACHED = rule(
    "attached-to-roles",
    Severity.ERROR,
    "on roles this denies what only users should be denied",
    "A role's session has no MFA: the key is present and false. Attached to a role, or as an SCP, the rule stops EC2,  "
    "Lambda, CI and single sign-on. It belongs to users and groups; an SCP needs ArnLike of aws:PrincipalArn with "
    "arn:aws:iam::*:user/*.",
)
NO_RULE = rule(
    "no-mfa",
    Severity.INFO,
    "no statement is about MFA",
    "No statement has a condition of aws:MultiFactorAuthPresent: with this policy alone, a stolen key is enough.",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Check the Allow statements, and what the policy is attached to."""
    for statement in subject.statements:
        if statement.effect == "Allow" and statement.actions is not None:
            yield from _listing(subject, statement)
            yield from _bound(subject, statement)
    for statement in subject.denials():
        yield from _granted(subject, statement)
        if subject.attached_to in ("role", "scp") and subject.whole.covered(statement, callers.ROLE):
            message = f"{statement.name} denies role sessions, and is attached as {_AS[subject.attached_to]}"
            yield Finding(rule=ATTACHED, place=statement.place, message=message)
    if not any(any(mfa_lines(each)) for each in subject.statements):
        yield Finding(rule=NO_RULE, place=subject.root.place, message="no condition is about MFA")


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
    edits: tuple[Edit, ...] = (subject.whole_element(statement, "Resource", '"*"'),)
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
                message="only a device with the user's name can be created or removed",
                edits=edits,
                corrected=f'"{free}"',
            )


def _granted(subject: Subject, denial: "Statement") -> Iterator[Finding]:
    """Exempt calls without an Allow, if the document allows some of them."""
    if denial.not_actions is None:
        return
    allowed = [name for name in NEEDED if subject.whole.can(callers.KEY, name, beside_all=False)]
    lacking = [name for name in NEEDED if name not in allowed and not names_action(denial, name)]
    if allowed and lacking:
        yield Finding(
            rule=NOT_ALLOWED,
            place=subject.key(denial, "NotAction").place,
            message=f"no statement allows {', '.join(lacking)}",
            corrected="mfasession policy show --self-service prints the statements",
        )
