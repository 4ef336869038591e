"""The report of an audit as text, piece by piece: each module that is a format has `pieces(report)`."""

from collections.abc import Callable, Iterator

from mfasession.admin.exceptions import Entry
from mfasession.admin.findings import Account, Row, Totals
from mfasession.values import Value


class Reader(Value):
    """Whose credentials read the accounts."""

    arn: str
    ambient: str = ""
    """The source of ambient credentials, as in `web identity`; empty for an MFA session of mfasession."""

    @property
    def line(self) -> str:
        """One line about it."""
        return f"as {self.arn}" + (f" (ambient credentials: {self.ambient})" if self.ambient else "")


class Report(Value):
    """The content of a report. Each call of `rows` starts from the first row."""

    accounts: tuple[Account, ...]
    rows: Callable[[], Iterator[Row]]
    totals: Totals
    now: float
    """Epoch seconds."""
    reader: Reader
    run: str
    """An identifier of the run (UUID), the same in all formats."""
    exceptions: tuple[tuple[Entry, str], ...] = ()
    """Known exceptions with their states."""

    def pairs(self) -> Iterator[tuple[Account, Row | None]]:
        """Yield each account, alone, and then with each of its users."""
        accounts, current = iter(self.accounts), Account(id="")
        for row in self.rows():
            while current.id != row.account:
                current = next(accounts)
                yield current, None
            yield current, row
        yield from ((account, None) for account in accounts)
