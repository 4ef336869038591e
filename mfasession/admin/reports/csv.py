"""The report as CSV, a line for each user (RFC 4180; lines end with a line feed)."""

import csv
import io
from collections.abc import Iterator

from mfasession import timestamps
from mfasession.admin.findings import Row
from mfasession.admin.reports import Report, cells
from mfasession.text import printable

HEADS = (
    "account", "user", "arn", "covered", "covered_by", "open_without_mfa", "administrator", "works_with_mfa", "mfa",
    "devices", "password", "password_last_used",
    *(f"key_{number}_{what}" for number in (1, 2) for what in ("active", "created", "last_used")),
    "exception_until", "exception_owner", "exception_reason", "not_read",
    "read", "read_as",
)  # fmt: skip
"""`not_read` is the reason where an account was not read, which is a line without a user."""
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also in full width, which spreadsheets of some languages take for the same (OWASP, "CSV Injection")."""


def pieces(report: Report) -> Iterator[str]:
    """Yield the lines; unknown values are empty."""
    yield _line(HEADS)
    for account, row in report.pairs():
        if row is not None:
            yield _line((*_cells(row), "", _when(account.read or None), account.read_as))
    for account in report.accounts:
        if account.failure:
            yield _line((account.id, *[""] * (len(HEADS) - 4), account.failure, "", ""))


def _cells(row: Row) -> tuple[str, ...]:
    keys = [(_yes(key.is_active), _when(key.created), _when(key.last_used)) for key in row.keys or ()]
    return (
        row.account,
        row.user,
        row.arn,
        _yes(row.covered),
        ", ".join(row.by),
        ", ".join(row.open),
        _yes(row.admin),
        _yes(row.works_with_mfa),
        _yes(row.has_device),
        " ".join(row.devices or ()),
        _yes(row.has_password),
        _when(row.password_used),
        *(cell for key in (*keys, *[("", "", "")] * (2 - len(keys))) for cell in key),
        *((row.exception.until, row.exception.owner, row.exception.reason) if row.exception else ("", "", "")),
    )


def _line(line: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(map(_cell, line))
    return out.getvalue()


def _cell(text: str) -> str:
    """Without control characters, and not a formula: a user may be called =cmd, and a spreadsheet would run it."""
    shown = printable(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def _yes(value: bool | None) -> str:  # noqa: FBT001  # what is shown
    return "" if value is None else cells.yes(value)


def _when(epoch: int | None) -> str:
    return "" if epoch is None else timestamps.show(epoch) if epoch else "never"
