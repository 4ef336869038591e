"""The report as a table for the terminal: the users, then the controls."""

from collections.abc import Iterable, Iterator, Sequence

from mfasession import timestamps
from mfasession.admin.findings import CONTROLS, Row
from mfasession.admin.reports import Report, cells
from mfasession.text import in_columns, printable

_HEADS = ("USER", "COVERED", "BY, OR WHAT IS OPEN", "ADMIN", "DEVICES", "PASSWORD", "KEYS", "OLDEST", "LAST USED")
_CONTROL_HEADS = ("CONTROL", "PASS", "FAIL", "NOT KNOWN", "")


def pieces(report: Report) -> Iterator[str]:
    """Yield the lines. The rows are read twice, first for the widths."""
    several = len(report.accounts) > 1
    heads = ("ACCOUNT", *_HEADS) if several else _HEADS
    widths = [len(head) for head in heads]
    for row in report.rows():
        widths = [max(width, len(cell)) for width, cell in zip(widths, _line(row, report.now, several), strict=True)]
    if report.reader.ambient:
        yield printable(report.reader.line) + "\n\n"
    yield _joined(heads, widths)
    for row in report.rows():
        yield _joined(_line(row, report.now, several), widths)
    for account in report.accounts:
        if account.failure:
            yield printable(f"{account.id}  not read: {account.failure}") + "\n"
        elif 0 < account.read < int(report.now):
            yield printable(f"{account.id}  read at {timestamps.show(account.read)} as {account.read_as}") + "\n"
    yield "\n" + _controls(report)


def _line(row: Row, now: float, several: bool) -> tuple[str, ...]:  # noqa: FBT001  # with the account or without
    line = (row.user, cells.covered(row), *cells.details(row, now))
    return (row.account, *line) if several else line


def _controls(report: Report) -> str:
    lines = [_CONTROL_HEADS]
    for control in CONTROLS:
        tally = report.totals.tally(control)
        lines.append((control.name, str(tally.passed), str(tally.failed), str(tally.unknown), control.says))
    return in_columns(lines)


def _joined(line: Iterable[str], widths: Sequence[int]) -> str:
    shown = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
    return printable(shown.rstrip()) + "\n"
