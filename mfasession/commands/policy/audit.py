"""`mfasession policy audit`: who can act without MFA, which devices and keys there are, and what auditors ask."""

import os
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from mfasession import process_memory, terminal
from mfasession.aws.errors import Denied
from mfasession.commands.policy import credentials, limits
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.errors import ConfigurationError, MfaSessionError, UsageError
from mfasession.files import attributes, inputs, replace
from mfasession.messages import complain, say
from mfasession.terminal.screen import Screen, join_counts
from mfasession.text import bar
from mfasession.values import Role, Session, partition_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from mfasession.admin.audit_many import AuditedAccount
    from mfasession.admin.findings import Account, Row
    from mfasession.admin.organization import Read
    from mfasession.admin.reports import Report
    from mfasession.aws.account import AwsAccount
    from mfasession.aws.ambient import Ambient
    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile

SUMMARY = "Check an account: who can act without MFA, devices, keys, passwords, controls"
FORMATS = ("table", "csv", "json", "html")


class Flags(AmbientFlags):
    """The flags of `policy audit`."""

    format: str = "table"
    output: str = ""
    accounts: str = ""
    role_name: str = ""
    scp: "Sequence[str]" = ()


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--format", choices=FORMATS, help="how to write the report (table)")
    parser.add_argument("--output", metavar="FILE", help="write the report to a new file instead of stdout")
    parser.add_argument(
        "--accounts", metavar="LIST", help="other accounts: numbers separated by commas, or a file with one per line"
    )
    parser.add_argument(
        "--scp",
        metavar="FILE",
        action="append",
        help="a service control policy that applies to the accounts, instead of those of AWS Organizations; or none",
    )
    parser.add_argument("--role-name", metavar="NAME", help="the role to assume in each of them")
    credentials.add_ambient(parser)


def run(context: "CommandContext", flags: Flags) -> int:
    """Report on the accounts; 1 when a user can act without MFA, else the code of the first error."""
    from mfasession.admin import audit_many
    from mfasession.admin.organization import Given

    process_memory.deny_ptrace()
    accounts = _accounts(flags)
    given = limits.given(flags.scp, context)
    if flags.output:
        attributes.check_writable(flags.output)
        replace.check_replaceable(flags.output)
    access = Access(context, flags.role_name)
    shows = os.isatty(sys.stderr.fileno()) and not terminal.is_dumb()
    screen = Screen(sys.stdout.fileno(), sys.stderr.fileno(), shows=shows)
    try:
        audited = audit_many.run(
            accounts or [access.own],
            access.connect,
            lambda now: screen.show(_progress(now)),
            access.organization() if list(flags.scp) in ([], [limits.READ]) else Given(limits.as_texts(given)),
        )
    finally:
        screen.end()
    report = _report(audited, context.began, access)
    if report.accounts:
        _write(report, flags)
    return _answer(audited, report, context.command_line("policy", "apply", "--group", "NAME"))


class Access:
    """How each account is reached: with the caller's credentials, or with a role that they assume there."""

    def __init__(self, context: "CommandContext", role_name: str) -> None:
        self._profile, key = credentials.caller(context)
        self._role_name = role_name
        self._environ = context.environ
        self._aws = self._opened(self._profile, key)
        self._aws.connect()
        identity = self._aws.identity()
        self.arn = identity.arn
        """The caller."""
        self.ambient = "" if isinstance(key, Session) else key.source
        """The source of ambient credentials; empty for a session of ours."""
        self.own = identity.account
        """The caller's account."""

    def organization(self) -> "Read":
        """Return where service control policies are read from: the organization, as this session sees it."""
        from mfasession.admin.organization import Read

        return Read(self._aws)

    def connect(self, account: str) -> "AwsAccount":
        """Return AWS as seen in an account; called from several threads."""
        if not self._role_name:
            return self._aws
        from mfasession.sessions.create import role_session_name

        role = Role(arn=f"arn:{partition_of(self.arn)}:iam::{account}:role/{self._role_name}")
        profile = self._profile.replace(name=account, role=role, source=self._profile)
        name = role_session_name(role, self.arn)
        return self._opened(profile, self._aws.assume_role(role, name, duration=role.duration, profile=account))

    def _opened(self, profile: "Profile", key: "Session | Ambient") -> "AwsAccount":
        from mfasession.aws.account import AwsAccount
        from mfasession.sessions.batch import PAUSES

        return AwsAccount(profile, key, self._environ, PAUSES)


def _accounts(flags: Flags) -> list[str]:
    """The accounts that are named; none is the session's own. Raises UsageError, ConfigurationError."""
    if bool(flags.accounts) != bool(flags.role_name):
        raise UsageError("--accounts and --role-name go together", "--accounts 111111111111 --role-name auditor")
    if not flags.accounts:
        return []
    named = _numbers(flags.accounts.replace(",", "\n"))
    if named is None:
        text = inputs.read(flags.accounts)
        if text is None:
            raise ConfigurationError(
                f"there is no file {flags.accounts}", "or name the accounts: --accounts 111111111111,222222222222"
            )
        named = _numbers(text)
    if not named:
        raise ConfigurationError(
            f"{flags.accounts} is not a list of accounts", "one per line, of twelve digits; text after # is ignored"
        )
    return list(dict.fromkeys(named))


def _numbers(text: str) -> list[str] | None:
    """The account numbers in a text, one a line; None when a line is something else."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    numbers = [line for line in lines if line]
    return numbers if all(re.fullmatch(r"[0-9]{12}", number) for number in numbers) else None


def _progress(audited: "Sequence[AuditedAccount]") -> str:
    done, total = sum(each.done for each in audited), sum(each.total for each in audited)
    ready = sum(each.is_ended for each in audited)
    accounts = f", {ready} of {len(audited)} accounts" if len(audited) > 1 else ""
    if not total or not all(each.total or each.is_ended for each in audited):
        return f"mfasession: {done:,} users{accounts}" if done else f"mfasession: asking IAM{accounts}"
    return f"mfasession: {bar(done / total)} {done:,} of {total:,} users{accounts}"


def _report(audited: "Sequence[AuditedAccount]", now: float, access: Access) -> "Report":
    from mfasession.admin.findings import Totals
    from mfasession.admin.reports import Reader, Report

    read = [each for each in audited if each.found is not None]

    def rows() -> "Iterator[Row]":
        for each in read:
            yield from each.rows()

    totals = Totals(now)
    for row in rows():
        totals.add(row)
    return Report(
        accounts=tuple(each.found for each in read if each.found),
        rows=rows,
        totals=totals,
        now=now,
        reader=Reader(arn=access.arn, ambient=access.ambient),
    )


def _write(report: "Report", flags: Flags) -> None:
    pieces = import_module(f"mfasession.admin.reports.{flags.format}").pieces(report)
    if flags.output:
        replace.replace(flags.output, pieces)
        say(f"the report is in {flags.output}")
        return
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def _answer(audited: "Sequence[AuditedAccount]", report: "Report", apply: str) -> int:
    """Print the sum of the report and what it lacks; return the exit code. `apply` is the command to go on with."""
    for each in audited:
        if each.failure is not None and len(audited) > 1:
            complain(f"{each.account}: {each.failure.message}", each.failure.hint)
        elif each.found is not None:
            _say_lacking(each.found)
    counts = report.totals.counts
    if report.accounts:
        kinds = ("covered", "not covered", "not known")
        of = f"{len(report.accounts)} accounts, " if len(audited) > 1 else ""
        users = f"{counts['users']} user{'' if counts['users'] == 1 else 's'}"
        say(f"{of}{users}: {join_counts((counts[kind], kind) for kind in kinds) or 'no user to cover'}")
    if report.totals.admins:
        more = counts["administrators not covered"] - len(report.totals.admins)
        also = f" and {more} more" if more else ""
        complain(
            f"administrators who need no MFA: {', '.join(report.totals.admins)}{also}",
            apply,
        )
    if counts["not covered"]:
        return 1
    failures = [each.failure for each in audited if each.failure is not None]
    if failures and len(audited) > 1:
        raise MfaSessionError(f"{len(failures)} of {len(audited)} accounts were not read", "see what is said of each")
    if failures:
        raise failures[0]
    if counts["not known"]:
        raise Denied(
            "AWS did not allow reading whether every user is covered", "allow what is missing, then run it again"
        )
    return 0


def _say_lacking(account: "Account") -> None:
    if account.missing:
        complain(
            f"account {account.id}: not allowed, and so not in the report: {', '.join(account.missing)}",
            "AWS's policy SecurityAudit allows all of it",
        )
    for note in account.notes:
        complain(f"account {account.id}: {note}")
    if account.root_has_device is False:
        complain(f"account {account.id}: the root user has no MFA device", "sign in as root: Security credentials")
    if account.root_keys:
        complain(f"account {account.id}: the root user has long-term keys", "delete them in the console")
