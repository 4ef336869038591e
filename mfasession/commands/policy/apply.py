"""`mfasession policy apply`: the rule into force for a group or users, a plan first, and how to take it back."""

import json
import re
import sys
from typing import TYPE_CHECKING

from mfasession import policy, process_memory, terminal
from mfasession.admin import apply_plan
from mfasession.commands.policy import credentials
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded, MfaSessionError, UsageError
from mfasession.messages import complain, say

if TYPE_CHECKING:
    import argparse

    from mfasession.admin.apply import Application, Plan
    from mfasession.commands import CommandContext

SUMMARY = "Apply the policy to a group or users: a plan first, then how to undo it"
NAME = "DenyAllWithoutMFA"
NAMED = 10
"""Users without a device who are named."""


class Flags(AmbientFlags):
    """The flags of `policy apply`."""

    file: str = ""
    name: str = NAME
    group: str = ""
    users: tuple[str, ...] | list[str] = ()
    yes: bool = False
    json: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the policy; - reads stdin (the rule itself)")
    parser.add_argument("--name", metavar="NAME", help=f"the name of the policy in the account ({NAME})")
    parser.add_argument("--group", metavar="NAME", help="attach it to this group")
    parser.add_argument(
        "--user", dest="users", action="append", metavar="NAME", help="attach it to this user; may be repeated"
    )
    credentials.add_ambient(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--json", action="store_true", help="print the plan, what was done and how to undo it as JSON")


def run(context: "CommandContext", flags: Flags) -> int:
    """Plan, ask, do. Raises ConfigurationError for what would lock somebody out, InputNeeded, Cancelled, AwsRefused."""
    from mfasession.admin.apply import Application
    from mfasession.aws.managed_policy import AwsManagedPolicy

    process_memory.deny_ptrace()
    _check(flags)
    text = _text(context, flags)
    profile, key = credentials.caller(context)
    file = "" if flags.file == "-" else flags.file
    application = Application(
        AwsManagedPolicy(profile, key, context.environ),
        key,
        profile=context.named() if not flags.ambient else context.options.profile,
        file=file,
        aws_command=lambda command: credentials.aws_command(context, command),
    )
    plan = application.plan(flags.name, text, flags.group, flags.users)
    work = Work(context, flags, plan)
    if not plan.steps:
        say(f"nothing to do: policy {flags.name} is as wanted, and attached")
        return work.report()
    work.show_plan()
    work.ask()
    work.do(application)
    return work.report()


class Work:
    """A plan, what of it is done, and how that is taken back."""

    def __init__(self, context: "CommandContext", flags: Flags, plan: "Plan") -> None:
        self._context = context
        self._flags = flags
        self._plan = plan
        self._done: list[str] = []
        self._undo: list[str] = []

    def show_plan(self) -> None:
        """Print the plan."""
        for step in self._plan.steps:
            say(f"to do: {step.says}")
        say(f"{self._plan.users} user{' has' if self._plan.users == 1 else 's have'} it then")
        for line in (self._plan.caller, *self._plan.organization):
            if line:
                say(line)
        lacking = self._plan.without_device
        if lacking is None:
            audit = self._context.command_line("policy", "audit")
            complain("AWS did not say who of them has a device", f"what may be read is in {audit}")
        elif lacking:
            more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
            complain(
                f"without a device they can do nothing then but enrol one: {', '.join(lacking[:NAMED])}{more}",
                "mfa enroll takes their long-term key alone: they can do it themselves",
            )

    def ask(self) -> None:
        """Have the person agree, unless `--yes` says so. Raises InputNeeded, Cancelled."""
        if self._flags.yes:
            return
        if self._context.options.no_input or not terminal.is_ours():
            if self._flags.json:
                self.report()
            raise InputNeeded("there is no terminal to confirm this", self._context.again("--yes"))
        if not terminal.agrees(f"do that in account {self._plan.wanted.arn.split(':')[4]}?"):
            raise Cancelled("cancelled, and nothing was changed")

    def do(self, application: "Application") -> None:
        """Take the steps. A step that fails leaves those before it done, which is said with how to go on."""
        for step in self._plan.steps:
            try:
                made = application.do(self._plan.wanted, step)
            except (MfaSessionError, KeyboardInterrupt) as failure:
                if self._done:
                    self.report()
                if isinstance(failure, MfaSessionError):
                    failure.hint = f"{failure.hint}; then run it again: it continues where it stopped"
                raise
            self._done.append(step.says)
            self._undo = [*apply_plan.undo(step, self._plan.wanted, made), *self._undo]

    def report(self) -> int:
        """Write the undo commands, or all of it as JSON, to stdout."""
        undo = [credentials.aws_command(self._context, command) for command in self._undo]
        if self._flags.json:
            record = {
                "policy_arn": self._plan.wanted.arn,
                "plan": [step.says for step in self._plan.steps],
                "users": self._plan.users,
                "users_without_device": self._plan.without_device,
                "done": self._done,
                "undo": undo,
            }
            sys.stdout.write(json.dumps(record, indent=2) + "\n")
        elif self._done:
            say(f"done: {'; '.join(self._done)}; {'to take it back:' if undo else 'that cannot be taken back'}")
            sys.stdout.write("".join(f"{command}\n" for command in undo))
        sys.stdout.flush()
        return 0


def _check(flags: Flags) -> None:
    """Raise UsageError unless it is said for whom, and all names may be names."""
    if not flags.group and not flags.users:
        raise UsageError("for whom?", "--group NAME, or --user NAME for each of several")
    for name in (flags.group, *flags.users):
        if ":role/" in name:
            raise UsageError(
                "the rule is not for roles: their sessions carry no MFA, and all of them would be denied",
                "have the role's trust policy ask for MFA instead",
            )
    for name in (flags.name, *filter(None, (flags.group, *flags.users))):
        if not re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,128}", name):
            raise UsageError(f"{name[:140]!r} is not a valid name in IAM", "1 to 128 of A-Z a-z 0-9 _+=,.@-")


def _text(context: "CommandContext", flags: Flags) -> str:
    """The policy's text. Raises ConfigurationError for one that AWS would not take, or that leaves a hole."""
    from mfasession.commands.policy import sources

    if not flags.file:
        return json.dumps(policy.deny_all_without_mfa(), indent=2)
    parsed = sources.one(flags.file, context)
    policy.check(parsed)
    for finding in policy.lint(parsed, attached_to="group" if flags.group else "user"):
        if finding.rule.severity is policy.Severity.ERROR:
            raise ConfigurationError(
                f"{parsed.where}, line {finding.place.line}: {finding.message}",
                context.command_line("policy", "lint", flags.file),
            )
    return parsed.text
