"""The steps that apply a policy to a group or users, and the commands that undo each."""

import json
from collections.abc import Sequence
from shlex import quote

from mfasession.aws.model import Attachments, Version
from mfasession.values import Value

VERSIONS = 5
"""The most versions of a managed policy (IAM quotas)."""
TAKING_BACK = ("iam:DetachGroupPolicy", "iam:DetachUserPolicy", "iam:SetDefaultPolicyVersion")
"""The permissions that undoing needs."""

ACTIONS = {
    "create": "iam:CreatePolicy",
    "delete version": "iam:DeletePolicyVersion",
    "update": "iam:CreatePolicyVersion",
    "attach to group": "iam:AttachGroupPolicy",
    "attach to user": "iam:AttachUserPolicy",
}
"""The permission that each kind of step needs."""


class Wanted(Value):
    """The wanted policy, and whom it applies to."""

    arn: str
    name: str
    text: str
    group: str = ""
    users: tuple[str, ...] = ()


class Step(Value):
    """One change. `subject` is its version, group or user, if any."""

    kind: str
    """`create`, `delete version`, `update`, `attach to group` or `attach to user`."""
    says: str
    subject: str = ""


def plan(wanted: Wanted, versions: Sequence[Version], attachments: Attachments) -> list[Step]:
    """Return the steps in order; an empty list when nothing has to change."""
    steps = _text_steps(wanted, versions)
    if wanted.group and wanted.group not in attachments.groups:
        says = f"attach {wanted.name} to group {wanted.group}"
        steps.append(Step(kind="attach to group", says=says, subject=wanted.group))
    for user in wanted.users:
        if user not in attachments.users:
            steps.append(Step(kind="attach to user", says=f"attach {wanted.name} to user {user}", subject=user))
    return steps


def _text_steps(wanted: Wanted, versions: Sequence[Version]) -> list[Step]:
    if not versions:
        return [Step(kind="create", says=f"create policy {wanted.name}")]
    in_force = next((each for each in versions if each.is_default), None)
    if in_force is not None and _is_same(in_force.text, wanted.text):
        return []
    update = Step(
        kind="update", says=f"give policy {wanted.name} a new version", subject=in_force.name if in_force else ""
    )
    if len(versions) < VERSIONS:
        return [update]
    oldest = min((each for each in versions if not each.is_default), key=lambda each: each.created)
    says = f"delete version {oldest.name}, the oldest of {len(versions)}, for good: AWS keeps {VERSIONS}"
    return [Step(kind="delete version", says=says, subject=oldest.name), update]


def undo(step: Step, wanted: Wanted, made: str) -> list[str]:
    """Return the commands that undo a step; `made` is the version that it created. Empty for a deletion."""
    arn = quote(wanted.arn)
    match step.kind:
        case "create":
            return [f"aws iam delete-policy --policy-arn {arn}"]
        case "update":
            return [
                f"aws iam set-default-policy-version --policy-arn {arn} --version-id {quote(step.subject)}",
                f"aws iam delete-policy-version --policy-arn {arn} --version-id {quote(made)}",
            ]
        case "attach to group":
            return [f"aws iam detach-group-policy --group-name {quote(step.subject)} --policy-arn {arn}"]
        case "attach to user":
            return [f"aws iam detach-user-policy --user-name {quote(step.subject)} --policy-arn {arn}"]
    return []


def _is_same(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
