"""What the people who answer for an account must act on, in the order of the report; for formats of single findings."""

from collections.abc import Iterator

from mfasession.admin import exceptions
from mfasession.admin.exceptions import EXPIRED
from mfasession.admin.findings import Account, KnownException, Row
from mfasession.admin.reports import Report, cells
from mfasession.values import Value, partition_of


class Rule(Value):
    """A kind of problem; `level` is SARIF's: error, warning or note."""

    name: str
    title: str
    why: str
    fix: str
    level: str


OPEN = Rule(
    name="user-not-covered",
    title="a user can act without MFA",
    why="Whoever has the password or a long-term key of this user can act without a second factor.",
    fix="Attach the rule to the user or a group: mfasession policy apply --group NAME",
    level="error",
)
UNKNOWN = Rule(
    name="cover-not-known",
    title="whether a user can act without MFA is not known",
    why="AWS did not allow reading what decides it.",
    fix="Allow the auditor what is missing (AWS's policy SecurityAudit), and run the audit again",
    level="warning",
)
UNREAD = Rule(
    name="account-not-read",
    title="an account could not be read",
    why="Nothing is known of its users.",
    fix="Give the auditor's role AWS's policy SecurityAudit in this account, and run the audit again",
    level="error",
)
IN_PART = Rule(
    name="account-read-in-part",
    title="something of an account was not read, or limits what was found",
    why="The report lacks what depends on it.",
    fix="Allow the auditor what is missing (AWS's policy SecurityAudit), and run the audit again",
    level="note",
)
ENDED = Rule(
    name="exception-ended",
    title="a known exception has ended",
    why="The users whom it names are open, and no exception is in force for them.",
    fix="Cover the user, or agree on a new last day with the owner",
    level="error",
)
RULES = (OPEN, UNKNOWN, UNREAD, IN_PART, ENDED)


class Problem(Value):
    """A problem of a user, an account or an exception."""

    rule: Rule
    account: Account
    name: str
    """What it is about: a user, or `account`, or the pattern of an exception."""
    arn: str
    """Of the user or of the account."""
    message: str
    uid: str
    """The same in every run, and that of nothing else with this rule."""
    row: Row | None = None
    accepted: KnownException | None = None
    """The exception that is in force."""


def problems(report: Report) -> Iterator[Problem]:
    """Yield the problems of each account and its users, then those of exceptions."""
    partition = partition_of(report.reader.arn)
    for account, row in report.pairs():
        found = of_account(account, partition) if row is None else of_user(account, row)
        if found is not None:
            yield found
    yield from (of_exception(entry) for entry, state in report.exceptions if state == EXPIRED)


def of_user(account: Account, row: Row) -> Problem | None:
    """Return the problem of a user who is not known to be covered."""
    if row.covered:
        return None
    rule = UNKNOWN if row.covered is None else OPEN
    who = f"administrator {row.user}" if row.admin else f"user {row.user}"
    says = "can act without MFA" if rule is OPEN else "may be able to act without MFA"
    return Problem(
        rule=rule, account=account, name=row.user, arn=row.arn, uid=row.arn, row=row, accepted=row.exception,
        message=f"{who} in {row.account} {says}: {cells.why(row)}",
    )  # fmt: skip


def of_account(account: Account, partition: str) -> Problem | None:
    """Return the problem of an account that was not read, or not completely."""
    arn = f"arn:{partition}:iam::{account.id}:root"
    if account.failure:
        message = f"account {account.id} was not read: {account.failure}"
        return Problem(rule=UNREAD, account=account, name="account", arn=arn, uid=arn, message=message)
    denied = [f"not allowed: {', '.join(account.missing)}"] if account.missing else []
    if not denied and not account.notes:
        return None
    message = f"account {account.id}: {'; '.join([*denied, *account.notes])}"
    return Problem(rule=IN_PART, account=account, name="account", arn=arn, uid=arn, message=message)


def of_exception(entry: exceptions.Entry) -> Problem:
    """Return the problem that an exception has ended."""
    account = Account(id="" if entry.account == exceptions.ANY_ACCOUNT else entry.account)
    message, uid = exceptions.line(entry, EXPIRED), f"{entry.account}/{entry.user}/{entry.until}"
    return Problem(rule=ENDED, account=account, name=entry.user, arn="", uid=uid, message=message)
