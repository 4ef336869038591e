"""Known exceptions of an audit: users who are open on purpose, with the reason, the owner and the last day.

A TOML file of `[[exception]]` tables; values in, values out. An exception hides nothing: the user stays in the report.
"""

import re
import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from mfasession.admin.findings import KnownException, Row
from mfasession.files import toml
from mfasession.policy import like
from mfasession.text import printable
from mfasession.values import Value

IN_USE, NEEDLESS, UNUSED, EXPIRED = "in use", "not needed", "unused", "expired"
"""States of an exception: `not needed` if the users whom it names are all covered, `unused` if it names none."""
ANY_ACCOUNT = "*"
_NAMES = ("user", "account", "reason", "owner", "until")
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


class Entry(Value):
    """One exception. `user` is a pattern of a name, or of an ARN; `until` the last day, UTC, as in `2027-03-31`."""

    user: str
    account: str
    reason: str
    owner: str
    until: str

    def names(self, row: Row) -> bool:
        """Return whether it is about a user."""
        if self.account not in (ANY_ACCOUNT, row.account):
            return False
        return like(row.arn if self.user.startswith("arn:") else row.user, self.user)


class Exceptions:
    """Exceptions, and which of them were needed. `now` is in epoch seconds."""

    def __init__(self, entries: Iterable[Entry], now: float) -> None:
        self._entries = tuple(entries)
        self._today = time.strftime("%Y-%m-%d", time.gmtime(now))
        self._named: set[Entry] = set()
        self._needed: set[Entry] = set()

    def applied(self, row: Row) -> Row:
        """Return the row of a user, with the exception that is in force for one who is not covered."""
        found = [each for each in self._entries if each.names(row)]
        self._named.update(found)
        if row.covered:
            return row
        self._needed.update(found)
        valid = next((each for each in found if each.until >= self._today), None)
        if valid is None:
            return row
        return row.replace(exception=KnownException(reason=valid.reason, owner=valid.owner, until=valid.until))

    def states(self, accounts: Iterable[str]) -> tuple[tuple[Entry, str], ...]:
        """Return each exception with its state, after all rows; without those of accounts that were not read."""
        read = {ANY_ACCOUNT, *accounts}
        return tuple((each, self._state(each)) for each in self._entries if each.account in read)

    def _state(self, entry: Entry) -> str:
        if entry.until < self._today:
            return EXPIRED
        return IN_USE if entry in self._needed else NEEDLESS if entry in self._named else UNUSED


def line(entry: Entry, state: str) -> str:
    """Return a line about an exception and its state."""
    where = "any account" if entry.account == ANY_ACCOUNT else entry.account
    says = {EXPIRED: f"ended on {entry.until}", UNUSED: "names no user", NEEDLESS: "is not needed: all are covered"}
    about = f"the exception for {entry.user} in {where}"
    return f"{about} {says.get(state, f'ends on {entry.until}')} ({entry.reason}; {entry.owner})"


def read(text: str) -> tuple[Entry, ...]:
    """Read exceptions from TOML. Raises ValueError with the number of the wrong one."""
    tree = toml.read(text)
    tables = tree.get("exception")
    if set(tree) - {"exception"} or not isinstance(tables, list) or not tables:
        raise ValueError("it must consist of [[exception]] tables")
    return tuple(_entry(number, table) for number, table in enumerate(tables, start=1))


def _entry(number: int, table: Any) -> Entry:
    if not isinstance(table, Mapping):
        raise ValueError(f"exception {number} must be a table")  # noqa: TRY004  # of a file, not of code
    if unknown := [name for name in table if name not in _NAMES]:
        raise ValueError(f"exception {number}: {printable(unknown[0][:40])} is not one of {', '.join(_NAMES)}")
    texts = {name: _text(number, table, name) for name in ("user", "reason", "owner")}
    user = texts["user"]
    if not user.strip("*?"):
        raise ValueError(f"exception {number}: user names every user")
    account = table.get("account", _account_of(user))
    if not isinstance(account, str) or (account != ANY_ACCOUNT and not _ACCOUNT.fullmatch(account)):
        raise ValueError(f'exception {number}: account must be twelve digits in quotes, or "*"')
    return Entry(account=account, until=_until(number, table), **texts)


def _account_of(user: str) -> str:
    """The account in the pattern of an ARN; empty for one of a name."""
    parts = user.split(":")
    return parts[4] if parts[0] == "arn" and len(parts) > 5 else ""


def _text(number: int, table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"exception {number}: {name} must be a text")
    return value.strip()


def _until(number: int, table: Mapping[str, Any]) -> str:
    value = table.get("until")
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"exception {number}: until must be a date such as 2027-03-31")  # noqa: TRY004  # of a file
    return value.isoformat()
