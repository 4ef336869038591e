"""Applies the rule to a group or users, without locking out the person who does it."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from mfasession import hints
from mfasession.admin import apply_plan
from mfasession.admin.apply_plan import Step, Wanted
from mfasession.admin.findings import Rules
from mfasession.admin.organization import Levels, Read
from mfasession.aws.errors import NotFound
from mfasession.aws.model import User
from mfasession.errors import AwsRefused, ConfigurationError
from mfasession.policy import allow_all, allows
from mfasession.sessions import devices
from mfasession.text import counted
from mfasession.values import Session, Value, account_of, partition_of

if TYPE_CHECKING:
    from mfasession.aws.ambient import Ambient
    from mfasession.aws.client import Identity
    from mfasession.aws.managed_policy import AwsManagedPolicy

_ANYTHING = json.dumps(allow_all())
NAMED = 5
"""The most users that a refusal names."""


class Plan(Value):
    """The steps, and the users they affect."""

    wanted: Wanted
    steps: tuple[Step, ...]
    users: int
    """The number of users who will have the policy."""
    without_device: tuple[str, ...] | None
    """Those who can do nothing until they have enrolled a device; None when that is unknown."""
    caller: str = ""
    """What the policy means for the caller, where that is not a user's MFA session."""
    organization: tuple[str, ...] = ()
    """For whom service control policies have the rule already, and why they were not read."""


class Application:
    """The application of one policy to a group or users."""

    def __init__(
        self,
        aws: "AwsManagedPolicy",
        key: "Session | Ambient",
        *,
        profile: str = "default",
        file: str = "",
        aws_command: Callable[[str], str],
    ) -> None:
        """`profile` and `file` are for the commands in hints; without a file, it is the rule or stdin.

        `aws_command` returns the line that runs a command of the AWS CLI with the same credentials.
        """
        self._aws = aws
        self._key = key
        self._profile = profile
        self._file = file
        self._aws_command = aws_command

    def plan(self, name: str, text: str, group: str, users: Sequence[str]) -> Plan:
        """Return the plan. Raises ConfigurationError when it would lock users out, NotFound, AwsRefused."""
        caller = self._aws.identity()
        self._check_session(caller)
        arn = f"arn:{partition_of(caller.arn)}:iam::{caller.account}:policy/{name}"
        wanted = Wanted(arn=arn, name=name, text=text, group=group, users=tuple(dict.fromkeys(users)))
        versions, attachments = self._aws.versions(arn), self._aws.attachments(arn)
        if attachments.roles:
            raise ConfigurationError(
                f"policy {name} is attached to role {attachments.roles[0]}, whose sessions carry no MFA: all of them "
                "would be denied",
                "detach it there, or take another --name",
            )
        steps = apply_plan.plan(wanted, versions, attachments)
        limits = Read(self._aws).limits(caller.account, self._aws)
        self._check_denied(caller, steps, limits.levels)
        rules = Rules(self._aws.rules(), limits)
        if group and rules.group(group) is None:
            raise self._none(f"group {group}", caller, "aws iam list-groups")
        meant = self._meant(wanted, (*attachments.groups, *([group] if group else [])), attachments.users)
        if missing := set(wanted.users) - {user.name for user in meant}:
            raise self._none(f"user {min(missing)}", caller, "aws iam list-users")
        after = rules.attached(arn, text, group)
        who = self._ambient_caller(caller, wanted, meant)
        self._check_locked_out(wanted, caller, meant, rules, after)
        lacking = self._without_device(meant) if steps else ()
        return Plan(
            wanted=wanted,
            steps=tuple(steps),
            users=len(meant),
            without_device=lacking,
            caller=who,
            organization=(*_ruled(meant, rules), *(() if limits.is_complete else limits.notes)),
        )

    def do(self, wanted: Wanted, step: Step) -> str:
        """Take a step; return the ID of a created version, else an empty text. Raises AwsRefused, AwsUnreachable."""
        match step.kind:
            case "create":
                self._aws.create(wanted.name, wanted.text)
            case "delete version":
                self._aws.delete_version(wanted.arn, step.subject)
            case "update":
                return self._aws.add_version(wanted.arn, wanted.text)
            case "attach to group":
                self._aws.attach_to_group(wanted.arn, step.subject)
            case "attach to user":
                self._aws.attach_to_user(wanted.arn, step.subject)
        return ""

    def _without_device(self, users: Sequence[User]) -> tuple[str, ...] | None:
        try:
            having = {device.user for device in self._aws.virtual_devices()}
            rest = [user.name for user in users if user.name not in having]
            return tuple(name for name in rest if not self._aws.devices_of(name))
        except AwsRefused:
            # The plan is useful without it.
            return None

    def _check_session(self, caller: "Identity") -> None:
        """Raise ConfigurationError for a session of ours that has no MFA, or none that can be renewed."""
        if not isinstance(self._key, Session):
            return
        if not self._key.mfa_serial:
            raise ConfigurationError(
                "this session has no record of MFA: the rule would deny its next calls",
                hints.command_line("login", "--force", profile=self._profile),
            )
        if ":user/" in caller.arn:
            self._check_device(caller)

    def _check_device(self, caller: "Identity") -> None:
        enroll = hints.command_line("mfa", "enroll", profile=self._profile)
        devices.usable(self._aws.devices_of(caller.user), caller.user, enroll)

    def _check_denied(self, caller: "Identity", steps: Sequence[Step], levels: Levels) -> None:
        """Raise ConfigurationError when service control policies deny the caller a step, with MFA too."""
        if ":user/" not in caller.arn and ":assumed-role/" not in caller.arn:
            return
        for action in dict.fromkeys(apply_plan.ACTIONS[step.kind] for step in steps):
            for level in levels:
                if not allows([_ANYTHING], [action], user=caller.arn, organization=[level]):
                    raise ConfigurationError(
                        f"the service control policies of {level.name} deny you {action}",
                        "ask for an exception there, or have somebody apply it whom they exempt",
                    )

    def _ambient_caller(self, caller: "Identity", wanted: Wanted, meant: Sequence[User]) -> str:
        """Say what the policy means for the caller with ambient credentials; empty for a session of ours.

        Raises ConfigurationError for a user who will have the policy and whose credentials it denies.
        """
        if isinstance(self._key, Session):
            return ""
        if ":user/" not in caller.arn:
            kind = "the root user" if caller.is_root else "a role"
            return f"you are {caller.arn}: {wanted.name} does not apply to you, because you are {kind}"
        if caller.arn not in [user.arn for user in meant]:
            return f"you are {caller.arn}: {wanted.name} does not apply to you, because you are not one of them"
        if not self._key.is_temporary:
            raise ConfigurationError(
                f"you, {caller.user}, use a long-term key, which has no MFA: {wanted.name} would deny its next calls",
                "leave --ambient out: your session has MFA",
            )
        # IAM answers no session of a user without MFA (IAM User Guide, "Compare AWS STS credentials").
        self._check_device(caller)
        return f"you are {caller.arn}, with MFA: {wanted.name} applies to you"

    def _meant(self, wanted: Wanted, groups: Sequence[str], users: Sequence[str]) -> list[User]:
        """The users who will have the policy."""
        return [
            user
            for user in self._aws.users()
            if user.name in (*wanted.users, *users) or not set(user.groups).isdisjoint(groups)
        ]

    def _none(self, what: str, caller: "Identity", command: str) -> NotFound:
        hint = f"list them: {self._aws_command(command)}"
        return NotFound(f"there is no {what} in account {account_of(caller.arn)}", hint)

    def _check_locked_out(
        self, wanted: Wanted, caller: "Identity", meant: Sequence[User], before: Rules, after: Rules
    ) -> None:
        """Raise ConfigurationError when a user loses everything that MFA allowed, or the caller could not undo it."""
        then = [_with(wanted, user) for user in meant]
        out = [
            user.name for user, now in zip(then, meant, strict=True) if _works(now, before) and not _works(user, after)
        ]
        if out:
            more = f" and {len(out) - NAMED} more" if len(out) > NAMED else ""
            words = ("lint", self._file) if self._file else ("audit",)
            raise ConfigurationError(
                f"{', '.join(out[:NAMED])}{more} could do nothing any more, even with MFA",
                hints.command_line("policy", *words, profile=self._profile),
            )
        for user in then:
            if user.arn == caller.arn and not _can_take_back(user, after):
                raise ConfigurationError(
                    f"you, {user.name}, could not undo policy {wanted.name}: with it you may not, even with MFA, "
                    f"call {', '.join(apply_plan.TAKING_BACK)}",
                    "leave yourself out, or ask another administrator to apply it",
                )


def _with(wanted: Wanted, user: User) -> User:
    """The user after the policy is attached."""
    if user.name not in wanted.users or wanted.arn in user.attached:
        return user
    return user.replace(attached=(*user.attached, wanted.arn))


def _works(user: User, rules: Rules) -> bool:
    verdict = rules.verdict(user)
    return verdict is not None and verdict.works_with_mfa


def _can_take_back(user: User, rules: Rules) -> bool:
    return allows(
        rules.sources(user),
        apply_plan.TAKING_BACK,
        user=user.arn,
        boundary=rules.boundary(user),
        organization=rules.levels,
    )


def _ruled(users: Sequence[User], rules: Rules) -> Iterator[str]:
    """Yield a line about the users for whom service control policies have the rule already."""
    found = [by for by in map(rules.by_organization, users) if by] if rules.levels else []
    if found:
        by = ", ".join(dict.fromkeys(chain.from_iterable(found)))
        yield f"service control policies have the rule already for {len(found)} of {counted(len(users), 'user')}: {by}"
