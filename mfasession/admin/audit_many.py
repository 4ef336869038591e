"""Audits several accounts at once. Their rows wait in one file, so that each account is reported as a whole."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from mfasession.admin import findings
from mfasession.admin.audit import Audit
from mfasession.admin.findings import Account, Row
from mfasession.admin.finished import Block, Finished
from mfasession.admin.organization import Source
from mfasession.errors import MfaSessionError
from mfasession.files.spool import Spool

if TYPE_CHECKING:
    from mfasession.aws.account import AwsAccount

PARALLEL = 8
"""The number of accounts that are read at once, unless another is wanted."""
_COLLECTED = 32
"""Accounts after which garbage is collected: errors and answers leave circles, which Python by itself leaves until they
are a quarter of the memory."""
_TICK = 0.2
"""Seconds between two calls of `show`."""


class AuditedAccount:
    """The result for one account, or the failure."""

    def __init__(self, account: str, finished: Finished) -> None:
        self.account = account
        self.failure: MfaSessionError | None = None
        self.done = self.total = 0
        """Users; the total is 0 while it is unknown."""
        self._finished = finished
        self._block: Block | None = finished.blocks.get(account)
        self.earlier = self._block.account.read if self._block else 0
        """When an earlier run has read it, in epoch seconds; 0 if this one reads it."""
        self.is_ended = self._block is not None

    @property
    def found(self) -> Account | None:
        """The account, if it was read."""
        return self._block.account if self._block else None

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it is to be read again."""
        return self.found is not None and not self.found.read_again

    def rows(self) -> Iterator[Row]:
        """Yield the rows from the first on; none of an account that was not read."""
        return map(findings.restored, self._finished.rows(self._block)) if self._block else iter(())

    def read(self, aws: "AwsAccount", organization: Source | None) -> None:
        """Read the account. Raises MfaSessionError."""
        # Threads take turns only where a whole account is added.
        spool = Spool()
        try:
            account = Audit(aws, self.account, lambda row: spool.add(findings.record(row)), self._note, organization)
            self._block = self._finished.add(account.run(), spool)
        finally:
            spool.close()

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def run(
    accounts: Sequence[str],
    connect: "Callable[[str], AwsAccount]",
    show: Callable[[Sequence[AuditedAccount]], object],
    organization: Source | None = None,
    *,
    finished: Finished,
    parallel: int = PARALLEL,
) -> list[AuditedAccount]:
    """Audit accounts, each through its connection from `connect`; `show` is called repeatedly, in this thread.

    Those that are `finished` are not read again. `organization`: where service control policies come from.
    """
    audited = [AuditedAccount(account, finished) for account in accounts]
    waiting = [each for each in audited if not each.is_ended]
    pool = ThreadPoolExecutor(min(parallel, len(waiting) or 1), thread_name_prefix="mfasession-audit")
    try:
        ended: SimpleQueue[Future[None]] = SimpleQueue()
        for each in waiting:
            pool.submit(_read, each, connect, organization).add_done_callback(ended.put)
        left, shown = len(waiting), 0.0
        while left:
            with suppress(Empty):
                ended.get(timeout=_TICK)
                left -= 1
                if left % _COLLECTED == 0:
                    gc.collect()
            if time.monotonic() - shown >= _TICK:
                show(audited)
                shown = time.monotonic()
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
