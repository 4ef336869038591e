"""Parses IAM's credential report: CSV in, a row for each user out.

Source: IAM User Guide, "Get credential reports for your AWS account". `no_information` means never used,
or not since AWS began to record it.
"""

import csv
from collections.abc import Iterator

from mfasession import timestamps
from mfasession.aws.model import ROOT, Credentials, KeyUse
from mfasession.text import counted

_COLUMNS = ("user", "arn", "password_enabled", "mfa_active", "access_key_1_active", "access_key_2_active")
_NEVER = ("no_information", "N/A")


def read(text: str) -> Iterator[Credentials]:
    """Yield the rows one by one. Raises ValueError when it is not a credential report."""
    lines = csv.reader(text.splitlines())
    heads = next(lines, [])
    if missing := set(_COLUMNS) - set(heads):
        raise ValueError(f"the credential report has no column {min(missing)}")
    return (_credentials(_row(heads, line)) for line in lines if line)


def _row(heads: list[str], line: list[str]) -> dict[str, str]:
    if len(line) != len(heads):
        raise ValueError(f"a line has {counted(len(line), 'column')} instead of {len(heads)}")
    return dict(zip(heads, line, strict=True))


def _credentials(row: dict[str, str]) -> Credentials:
    has_password = row["user"] == ROOT or row["password_enabled"].lower() == "true"
    return Credentials(
        user=row["user"],
        arn=row["arn"],
        # The report says not_supported for the root user, who always has a password.
        has_password=has_password,
        password_used=_when(row.get("password_last_used"), never=_NEVER) if has_password else None,
        has_device=row["mfa_active"].lower() == "true",
        keys=tuple(_key(row, number) for number in (1, 2) if _is_there(row, number)),
    )


def _is_there(row: dict[str, str], number: int) -> bool:
    made = row.get(f"access_key_{number}_last_rotated")
    return row[f"access_key_{number}_active"].lower() == "true" or made not in (None, "", *_NEVER)


def _key(row: dict[str, str], number: int) -> KeyUse:
    return KeyUse(
        is_active=row[f"access_key_{number}_active"].lower() == "true",
        created=_when(row.get(f"access_key_{number}_last_rotated")),
        last_used=_when(row.get(f"access_key_{number}_last_used_date"), never=_NEVER),
    )


def _when(text: str | None, never: tuple[str, ...] = ()) -> int | None:
    if text in never:
        return 0
    try:
        return timestamps.parse(text or "")
    except ValueError:
        return None
