"""The results of an organization's audit as docs/organisation has them, of any size, with the lines of real reports."""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

from mfasession.admin.findings import DAY, Account, KnownException, Row
from mfasession.admin.reports import jsonl
from mfasession.aws.model import KeyUse
from tests.helpers import made_reports

DATE = "2026-11-24"
UNITS = [f"root/{name}/{stage}" for name in ("Core", "Data", "Shop", "Bank") for stage in ("Dev", "Test", "Prod")]
UNREAD = 20
"""One account of so many cannot be read."""
_NAME = b"NAME-OF-USER"
_COVERED = [*[True] * 17, *[False] * 2, None]
"""Whether a user is covered; each is equally likely."""
_AGES = [None, 3, 30, 89, 91, 200, 364, 400, 1500]
"""Days of the oldest active key, equally likely; None of a user without one."""


def write(folder: Path, accounts: int, users: int, seed: int = 7) -> None:
    """Write an object for each account, with so many users each."""
    chance = random.Random(seed)  # noqa: S311  # the same results each time
    for number in range(accounts):
        account = Account(
            id=f"{number + 1:012}",
            users=users,
            unit=f"ou-ab12-{number % len(UNITS):08}",
            path=UNITS[number % len(UNITS)],
            failure="AWS denied AssumeRole" if number % UNREAD == UNREAD - 1 else "",
        )
        part = folder / f"audit/date={DATE}/account={account.id}/part.jsonl.gz"
        part.parent.mkdir(parents=True)
        with gzip.open(part, "wb", compresslevel=1) as out:
            out.writelines(_lines(account, chance))


def _lines(account: Account, chance: random.Random) -> Iterator[bytes]:
    kinds = [] if account.failure else _rows(account.id)
    first, *lines = (
        json.dumps(record).encode() + b"\n"
        for record in jsonl.records(made_reports.report(kinds).replace(accounts=(account,)))
    )
    yield first
    for _ in range(account.users if lines else 0):
        yield chance.choice(lines).replace(_NAME, b"user-%012x" % chance.getrandbits(48))


def _rows(account: str) -> list[Row]:
    """A user of each verdict and age."""
    known = KnownException(reason="break-glass", owner="security@example.org", until="2999-12-31")
    return [
        made_reports.row(
            _NAME.decode(),
            account,
            covered=covered,
            by=("group staff",) if covered else (),
            open=() if covered else ("s3:*", "ec2:*"),
            admin=age == 30,
            devices=(f"arn:aws:iam::{account}:mfa/{_NAME.decode()}",),
            has_device=True,
            keys=() if age is None else (KeyUse(is_active=True, created=made_reports.NOW - age * DAY, last_used=0),),
            exception=known if covered is False and age == 1500 else None,
        )
        for covered in _COVERED
        for age in _AGES
    ]
