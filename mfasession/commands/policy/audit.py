"""`mfasession policy audit`: who can act without MFA, which devices and keys there are, and what auditors ask."""

import hashlib
import os
import sys
import threading
import uuid
from typing import TYPE_CHECKING

from mfasession import __version__, process_memory, terminal, timestamps
from mfasession.aws.errors import Denied
from mfasession.commands.policy import accounts, audit_outputs, credentials, limits
from mfasession.commands.policy.accounts import AccountFlags
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.messages import complain, say
from mfasession.terminal.screen import Screen, join_counts
from mfasession.text import bar, counted, printable
from mfasession.values import Role, Session, partition_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from mfasession.admin.audit_many import AuditedAccount
    from mfasession.admin.exceptions import Entry
    from mfasession.admin.findings import Account, Row
    from mfasession.admin.finished import Finished
    from mfasession.admin.organization import Read, Source
    from mfasession.admin.reports import Reader, Report
    from mfasession.aws.account import AwsAccount
    from mfasession.aws.ambient import Ambient
    from mfasession.aws.member_accounts import Member
    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile

SUMMARY = "Check an account: who can act without MFA, devices, keys, passwords, controls"
FORMATS = audit_outputs.FORMATS


class Flags(AccountFlags):
    """The flags of `policy audit`."""

    format: str = ""
    outputs: "Sequence[str]" = ()
    scp: "Sequence[str]" = ()
    exceptions: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    audit_outputs.add_arguments(parser)
    accounts.add_arguments(parser)
    parser.add_argument(
        "--scp",
        metavar="FILE",
        action="append",
        help="a service control policy that applies to the accounts, instead of those of AWS Organizations; or none",
    )
    parser.add_argument("--exceptions", metavar="FILE", help="users who are open on purpose, and until when (TOML)")
    credentials.add_ambient(parser)


def run(context: "CommandContext", flags: Flags) -> int:
    """Report on the accounts; 1 when a user can act without MFA, else the code of the first error."""
    from mfasession.admin.finished import Finished
    from mfasession.admin.organization import Given

    process_memory.deny_ptrace()
    accounts.check(flags)
    inputs = [*limits.files(flags.scp), *filter(None, (flags.accounts, flags.exceptions))]
    outputs = audit_outputs.chosen(flags.format, flags.outputs, flags.resume, inputs)
    named = accounts.listed(flags)
    given = limits.for_accounts(flags.scp, context)
    excepted = accounts.exceptions(flags.exceptions)
    access = Access(context, flags)
    if flags.organization:
        named = accounts.of_organization(flags, access.members)
    finished = Finished(flags.resume, access.about(repr((flags.scp, given))), access.reader())
    organization = access.organization() if given is None else Given(given)
    audited = _audited(named or [access.own], access, flags, organization, finished)
    report = _report(audited, context.began, access, excepted)
    unwritten = audit_outputs.write(report, outputs) if report.accounts else []
    if access.is_own_without_role:
        complain(f"account {access.own}: read without the role {flags.role_name}, which cannot be assumed there")
    if not unwritten and all(each.is_settled for each in audited):
        finished.remove()
    elif flags.resume:
        say(f"{printable(flags.resume)} has what was read whole: run it again to read the rest")
    has_expired = _sum_up(audited, report, context.command_line("policy", "apply", "--group", "NAME"))
    for failure in unwritten[1:]:
        complain(failure.message, failure.hint)
    if unwritten:
        raise unwritten[0]
    return _code(audited, report, has_expired=has_expired)


def _audited(
    named: "Sequence[str]", access: "Access", flags: Flags, organization: "Source", finished: "Finished"
) -> "list[AuditedAccount]":
    """Read the accounts, with a line of progress on a terminal."""
    from mfasession.admin import audit_many

    if earlier := [finished.blocks[number].account.read for number in named if number in finished.blocks]:
        since = timestamps.show(min(earlier))
        say(
            f"{len(earlier)} of {len(named)} accounts are from {flags.resume}, read since {since}: "
            "remove it to begin anew"
        )
    shows = os.isatty(sys.stderr.fileno()) and not terminal.is_dumb()
    screen = Screen(sys.stdout.fileno(), sys.stderr.fileno(), shows=shows)
    try:
        return audit_many.run(
            named,
            access.connect,
            lambda now: screen.show(_progress(now)),
            organization,
            finished=finished,
            parallel=flags.parallel,
        )
    finally:
        screen.end()


class Access:
    """How each account is reached: with the caller's credentials, or with a role that they assume there."""

    def __init__(self, context: "CommandContext", flags: Flags) -> None:
        self._profile, self._key = credentials.caller(context)
        self._role_name = flags.role_name
        self._is_whole = flags.organization
        self._environ = context.environ
        self._of_thread = threading.local()
        self._aws = self._opened(self._profile, self._key)
        self._aws.connect()
        identity = self._aws.identity()
        self.arn = identity.arn
        """The caller."""
        self.ambient = "" if isinstance(self._key, Session) else self._key.source
        """The source of ambient credentials; empty for a session of ours."""
        self.own = identity.account
        """The caller's account."""
        self.is_own_without_role = False
        """Whether the caller's account was read without the role, which need not exist there."""

    @property
    def reads_named(self) -> bool:
        """Whether accounts were named, each of which the report must have, and not the caller's own taken."""
        return bool(self._role_name)

    def about(self, given: str) -> dict[str, str]:
        """Return what must be the same in a run that continues this one. `given`: the policies that were given."""
        policies = hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
        partition = partition_of(self.arn)
        return {
            "by": self.own, "partition": partition, "role": self._role_name, "scp": policies, "tool": __version__
        }  # fmt: skip

    def reader(self) -> "Reader":
        """Return who reads the accounts, for the report."""
        from mfasession.admin.reports import Reader

        return Reader(arn=self.arn, ambient=self.ambient)

    def members(self, parents: "Sequence[str]") -> "list[Member]":
        """Return the accounts of the organization, or of these OUs. Raises AwsRefused, AwsUnreachable."""
        from mfasession.aws.member_accounts import AwsMemberAccounts
        from mfasession.sessions.batch import PAUSES

        return AwsMemberAccounts(self._profile, self._key, self._environ, PAUSES).accounts(parents)

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
        try:
            session = self._aws.assume_role(role, name, duration=role.duration, profile=account)
        except Denied:
            # Stack sets of an organization create no role in the management account.
            if not self._is_whole or account != self.own:
                raise
            self.is_own_without_role = True
            return self._opened(self._profile, self._key)
        return self._visiting(profile, session)

    def _visiting(self, profile: "Profile", session: Session) -> "AwsAccount":
        """Return the connection of this thread, which it uses for one account after another."""
        from mfasession.aws.visits import AwsVisits
        from mfasession.sessions.batch import PAUSES

        visits: AwsVisits | None = getattr(self._of_thread, "visits", None)
        if visits is None:
            # No profile of the AWS files is called so: the settings are those of the key's section, in every account.
            visits = AwsVisits(profile.replace(name=""), session, self._environ, PAUSES)
            self._of_thread.visits = visits
        visits.visit(profile, session)
        return visits

    def _opened(self, profile: "Profile", key: "Session | Ambient") -> "AwsAccount":
        from mfasession.aws.account import AwsAccount
        from mfasession.sessions.batch import PAUSES

        return AwsAccount(profile, key, self._environ, PAUSES)


def _progress(audited: "Sequence[AuditedAccount]") -> str:
    done, total = sum(each.done for each in audited), sum(each.total for each in audited)
    ready = sum(each.is_ended for each in audited)
    if len(audited) > 1:
        return (
            f"mfasession: {bar(ready / len(audited))} {ready:,} of {len(audited):,} accounts, {counted(done, 'user')}"
        )
    if not total or not all(each.total or each.is_ended for each in audited):
        return f"mfasession: {counted(done, 'user')}" if done else "mfasession: asking IAM"
    return f"mfasession: {bar(done / total)} {done:,} of {total:,} users"


def _report(audited: "Sequence[AuditedAccount]", now: float, access: Access, excepted: "Sequence[Entry]") -> "Report":
    from mfasession.admin.exceptions import Exceptions
    from mfasession.admin.findings import Totals
    from mfasession.admin.reports import Report

    def rows() -> "Iterator[Row]":
        for each in audited:
            yield from map(known.applied, each.rows())

    known = Exceptions(excepted, now)
    totals = Totals(now)
    for row in rows():
        totals.add(row)
    # A setting that is wrong for every account is an error of the run, not a report.
    is_named = access.reads_named and not all(isinstance(each.failure, ConfigurationError) for each in audited)
    return Report(
        accounts=tuple(filter(None, (_account(each, is_named=is_named) for each in audited))),
        rows=rows,
        totals=totals,
        now=now,
        reader=access.reader(),
        run=str(uuid.uuid4()),
        exceptions=known.states(each.account for each in audited if each.found is not None),
    )


def _account(one: "AuditedAccount", *, is_named: bool) -> "Account | None":
    """An account as the report has it; a named one that was not read is there with the reason."""
    from mfasession.admin.findings import Account

    if one.found is not None and one.earlier:
        note = f"it was read at {timestamps.show(one.earlier)} as {one.found.read_as} by a run that this one continues"
        return one.found.replace(notes=(*one.found.notes, note))
    if one.found is not None or one.failure is None or not is_named:
        return one.found
    return Account(id=one.account, failure=one.failure.message)


def _sum_up(audited: "Sequence[AuditedAccount]", report: "Report", apply: str) -> bool:
    """Print the sum of the report and what it lacks; return whether an exception has ended.

    `apply` is the command to go on with.
    """
    from mfasession.commands.policy import audit_words

    audit_words.say_lacking(audited)
    counts = report.totals.counts
    if report.accounts:
        kinds = ("covered", "not covered", "excepted", "not known")
        unread = sum(bool(each.failure) for each in report.accounts)
        lost = f" ({unread} not read)" if unread else ""
        of = f"{counted(len(report.accounts), 'account')}{lost}, " if len(audited) > 1 or unread else ""
        sums = join_counts((counts[kind], kind) for kind in kinds)
        say(f"{of}{counted(counts['users'], 'user')}: {sums or 'no user to cover'}")
    if report.totals.admins:
        more = counts["administrators not covered"] - len(report.totals.admins)
        also = f" and {more} more" if more else ""
        complain(
            f"administrators who need no MFA: {', '.join(report.totals.admins)}{also}",
            apply,
        )
    return audit_words.say_exceptions(report.exceptions)


def _code(audited: "Sequence[AuditedAccount]", report: "Report", *, has_expired: bool) -> int:
    """Return the exit code. Raises what kept an account from being read, if no user is open, and Denied."""
    counts = report.totals.counts
    if counts["not covered"] or has_expired:
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
