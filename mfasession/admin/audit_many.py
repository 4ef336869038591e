"""Audits several accounts at once. Their rows wait on the disk, so that each account is reported as a whole."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from mfasession.admin import findings
from mfasession.admin.audit import Audit
from mfasession.admin.findings import Account, Row
from mfasession.admin.organization import Source
from mfasession.errors import MfaSessionError
from mfasession.files.spool import Spool

if TYPE_CHECKING:
    from mfasession.aws.account import AwsAccount

THREADS = 8
"""The number of accounts that are read at once."""
_TICK = 0.2
"""Seconds between two calls of `show`."""


class AuditedAccount:
    """The result for one account, or the failure."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.found: Account | None = None
        self.failure: MfaSessionError | None = None
        self.done = self.total = 0
        """Users; the total is 0 while it is unknown."""
        self.is_ended = False
        self._spool = Spool()

    def rows(self) -> Iterator[Row]:
        """Yield the rows from the first on."""
        return map(findings.restored, self._spool)

    def read(self, aws: "AwsAccount", organization: Source | None) -> None:
        """Read the account. Raises MfaSessionError."""
        self.found = Audit(aws, self.account, self._add, self._note, organization).run()

    def _add(self, row: Row) -> None:
        self._spool.add(findings.record(row))

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def run(
    accounts: Sequence[str],
    connect: "Callable[[str], AwsAccount]",
    show: Callable[[Sequence[AuditedAccount]], object],
    organization: Source | None = None,
) -> list[AuditedAccount]:
    """Audit accounts, each through its connection from `connect`; `show` is called repeatedly, in this thread.

    `organization`: where their service control policies come from.
    """
    audited = [AuditedAccount(account) for account in accounts]
    pool = ThreadPoolExecutor(min(THREADS, len(audited)), thread_name_prefix="mfasession-audit")
    try:
        left = {pool.submit(_read, each, connect, organization) for each in audited}
        while left := wait(left, _TICK).not_done:
            show(audited)
    finally:
        # After ctrl-C there is nothing to wait for: the program ends with its threads.
        pool.shutdown(wait=False, cancel_futures=True)
    return audited


def _read(one: AuditedAccount, connect: "Callable[[str], AwsAccount]", organization: Source | None) -> None:
    """Read one account; a failure is kept with it."""
    try:
        one.read(connect(one.account), organization)
    except MfaSessionError as failure:
        one.failure = failure
    except Exception as error:  # noqa: BLE001  # reported as cli reports it
        one.failure = MfaSessionError(f"unexpected failure: {type(error).__name__}", "run it with --debug")
    one.is_ended = True
