"""The report of an audit as text, piece by piece: `table`, `csv`, `json` and `html`, each with `pieces(report)`."""

from collections.abc import Callable, Iterator

from mfasession.admin.findings import Account, Row, Totals
from mfasession.values import Value


class Report(Value):
    """What is reported. `rows` begins anew at each call."""

    accounts: tuple[Account, ...]
    rows: Callable[[], Iterator[Row]]
    totals: Totals
    now: float
    """Epoch seconds."""
