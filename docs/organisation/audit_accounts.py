"""The Lambda function of state-machine.yaml: lists an organization's accounts, and audits groups of them.

It runs the command `mfasession policy audit` with the function's own role, and writes its lines to S3, an object for
each account: `audit/date=2026-11-29/account=111111111111/part.jsonl.gz`.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import boto3

Event = Mapping[str, Any]
EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
"""Users who are open on purpose; the file need not exist."""


class AccountsNotReadError(Exception):
    """The results lack accounts, or users of an account."""


def handler(event: Event, _context: object) -> Event:
    """Do a step of the state machine."""
    return STEPS[event["step"]](event)


def list_accounts(event: Event) -> Event:
    """Write the active accounts to S3 in groups, or those that the input of the execution names."""
    wanted = event["input"].get("accounts") or active_accounts()
    size = int(os.environ["ACCOUNTS_PER_CALL"])
    groups = [{"accounts": wanted[begin : begin + size]} for begin in range(0, len(wanted), size)]
    key = f"accounts/date={date(event)}/accounts.json"
    put(key, json.dumps(groups).encode())
    return {"bucket": os.environ["BUCKET"], "key": key}


def audit(event: Event) -> Event:
    """Audit the accounts of a group; return their sums. Raises AccountsNotReadError."""
    accounts: Sequence[str] = event["accounts"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        said = run(accounts, folder / "report")
        counts = Parts(folder).split()
        found = [account for account in accounts if (folder / f"{account}.jsonl").exists()]
        for account in found:
            part = (folder / f"{account}.jsonl").read_bytes()
            put(f"audit/date={date(event)}/account={account}/part.jsonl.gz", gzip.compress(part))
    if lacking := [account for account in accounts if account not in found]:
        raise AccountsNotReadError(f"the report lacks {', '.join(lacking)}: {said}")
    return counts


def add_up(event: Event) -> Event:
    """Return the sums of all groups. Raises AccountsNotReadError for groups that failed."""
    groups: Sequence[Event] = event["groups"]
    if lacking := [account for group in groups for account in group.get("not_read", ())]:
        raise AccountsNotReadError(f"{len(lacking)} accounts have no result: {', '.join(lacking)}"[:1000])
    return {name: sum(group[name] for group in groups) for name in Parts.COUNTED}


def run(accounts: Sequence[str], report: Path) -> str:
    """Write the report of these accounts to a file; return what the command says about it."""
    words = ["policy", "audit", "--ambient", "--format", "jsonl", "--output", str(report)]
    words += ["--accounts", ",".join(accounts), "--role-name", os.environ["ROLE_NAME"]]
    if EXCEPTIONS.exists():
        words += ["--exceptions", str(EXCEPTIONS)]
    environ = {**os.environ, "HOME": str(report.parent), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "mfasession", *words], env=environ, stderr=subprocess.PIPE, text=True, check=False
    )
    # Its exit code says what it found; whether the report is whole is checked with the report.
    sys.stderr.write(done.stderr)
    return done.stderr[-1000:]


class Parts:
    """A report, which is divided into a file for each account."""

    COUNTED = ("accounts", "accounts_not_read", "users", "users_open")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts = dict.fromkeys(self.COUNTED, 0)

    def split(self) -> Mapping[str, int]:
        """Write `ACCOUNT.jsonl` for each account; return the counts. Raises AccountsNotReadError."""
        report, expected = self._folder / "report", 0
        with (report if report.exists() else Path(os.devnull)).open() as lines:
            for line in lines:
                record = json.loads(line)
                if record["kind"] in ("account", "unread account", "user"):
                    expected += record["users"] or 0
                    self._add(record, line)
        if self._counts["users"] != expected:
            raise AccountsNotReadError(f"the report has {self._counts['users']} of {expected} users")
        return self._counts

    def _add(self, record: Event, line: str) -> None:
        with self._file(record["account"]) as part:
            part.write(line)
        self._counts["accounts"] += record["kind"] != "user"
        self._counts["accounts_not_read"] += record["kind"] == "unread account"
        self._counts["users"] += record["kind"] == "user"
        self._counts["users_open"] += record["verdict"] == "not covered"

    def _file(self, account: str) -> IO[str]:
        return (self._folder / f"{account}.jsonl").open("a")


def active_accounts() -> list[str]:
    """Return the organization's accounts that are in use."""
    pages = boto3.client("organizations").get_paginator("list_accounts").paginate()
    # State has replaced Status (Organizations API Reference, Account).
    return [each["Id"] for page in pages for each in page["Accounts"] if each.get("State", each["Status"]) == "ACTIVE"]


def date(event: Event) -> str:
    """Return the day on which the execution began (UTC), the same for all groups."""
    return str(event["started"])[:10]


def put(key: str, body: bytes) -> None:
    """Write an object."""
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=body)


STEPS: Mapping[str, Callable[[Event], Event]] = {"list": list_accounts, "audit": audit, "sum": add_up}
