"""The report as JSON lines: one record for each account, each user and each known exception.

Every record has all keys, and by itself says where, when, by whom and with which version it was read; null stands for
what was not read or does not apply. Its schema is docs/schemas/policy-audit-lines.json.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from mfasession import __version__, timestamps
from mfasession.admin.exceptions import ANY_ACCOUNT, EXPIRED, IN_USE, Entry
from mfasession.admin.findings import Account, Row, days_since
from mfasession.admin.reports import Report
from mfasession.admin.reports import json as whole
from mfasession.values import partition_of

VERSION = "1.1"
"""Of the schema: a new key or value raises the second number, any other change the first."""
_OF_ACCOUNT = (
    "users",
    "failure",
    "missing_permissions",
    "notes",
    "service_control_policies",
    "root_mfa",
    "root_access_keys",
)
_OF_USER = (
    "user", "arn", "verdict", "covered", "covered_by", "open_without_mfa", "administrator", "works_with_mfa", "mfa",
    "devices", "password", "password_last_used", "access_keys", "oldest_active_key_days",
)  # fmt: skip
_EMPTY = dict.fromkeys((*_OF_USER, "exception", *_OF_ACCOUNT))


def pieces(report: Report) -> Iterator[str]:
    """Yield the lines: each account, followed by its users; then the exceptions."""
    for record in records(report):
        yield json.dumps(record) + "\n"


def digest(report: Report) -> str:
    """Return the SHA-256 of the lines, in hexadecimal digits."""
    found = hashlib.sha256()
    for piece in pieces(report):
        found.update(piece.encode())
    return found.hexdigest()


def records(report: Report) -> Iterator[Mapping[str, Any]]:
    """Yield the record of each line."""
    head = _head(report)
    for account, row in report.pairs():
        about = _account(account) if row is None else _user(row, account, report.now)
        yield {**head, **about, **_reading(account, report)}
    for entry, state in report.exceptions:
        yield {**head, **_exception(entry, state)}


def _head(report: Report) -> Mapping[str, Any]:
    """What is the same in all lines of a run."""
    return {
        "schema_version": VERSION,
        "run": report.run,
        "generated": timestamps.show(int(report.now)),
        "read": None,
        "tool_version": __version__,
        "read_as": report.reader.arn,
        "ambient_credentials": report.reader.ambient or None,
        "partition": partition_of(report.reader.arn),
    }


def _reading(account: Account, report: Report) -> Mapping[str, Any]:
    """When and as whom the account was read, which an earlier run may have done."""
    if not account.read:
        return {"read": None, "read_as": report.reader.arn, "ambient_credentials": report.reader.ambient or None}
    return {
        "read": timestamps.show(account.read),
        "read_as": account.read_as,
        "ambient_credentials": account.ambient or None,
    }


def _place(account: Account) -> Mapping[str, Any]:
    return {
        "account": account.id,
        "organization": account.organization or None,
        "organizational_unit": account.unit or None,
        "organization_path": account.path or None,
    }


def _account(account: Account) -> Mapping[str, Any]:
    kind = "unread account" if account.failure else "account"
    return {"kind": kind, **_place(account), **_EMPTY, **whole.account(account)}


def _user(row: Row, account: Account, now: float) -> Mapping[str, Any]:
    made = [key.created for key in row.keys or () if key.is_active and key.created is not None]
    exception = None if row.exception is None else {"names": None, **vars(row.exception), "state": IN_USE}
    return {
        "kind": "user",
        **_place(account),
        **_EMPTY,
        **whole.user(row),
        "verdict": row.verdict,
        "oldest_active_key_days": days_since(min(made), now) if made else None,
        "exception": exception,
    }


def _exception(entry: Entry, state: str) -> Mapping[str, Any]:
    about = {"names": entry.user, "reason": entry.reason, "owner": entry.owner, "until": entry.until, "state": state}
    return {
        "kind": "expired exception" if state == EXPIRED else "exception",
        **_place(Account(id=entry.account)),
        **_EMPTY,
        "account": None if entry.account == ANY_ACCOUNT else entry.account,
        "exception": about,
    }
