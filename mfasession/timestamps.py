"""UTC timestamps with whole seconds (RFC 3339, `2026-11-24T07:24:00Z`), without `datetime` and its import."""

import time

_FIRST, _LAST = 0, 253_402_300_799
"""1970-01-01T00:00:00Z and 9999-12-31T23:59:59Z in epoch seconds."""


def show(epoch: int) -> str:
    """Return epoch seconds as RFC 3339 text that ends in Z."""
    t = time.gmtime(epoch)
    return f"{t[0]:04}-{t[1]:02}-{t[2]:02}T{t[3]:02}:{t[4]:02}:{t[5]:02}Z"


def parse(text: str) -> int:
    """Return the epoch seconds of `YYYY-MM-DDTHH:MM:SS` with `Z` or `+00:00`. Raises ValueError on anything else."""
    stamp = text.removesuffix("Z") if text.endswith("Z") else text.removesuffix("+00:00")
    digits = stamp[0:4] + stamp[5:7] + stamp[8:10] + stamp[11:13] + stamp[14:16] + stamp[17:19]
    marks = stamp[4:5] + stamp[7:8] + stamp[10:11] + stamp[13:14] + stamp[16:17]
    if len(stamp) != 19 or stamp == text or marks != "--T::" or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{text!r} is not a UTC timestamp")
    year, month, day = int(digits[0:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    epoch = _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    if show(epoch) != stamp + "Z":
        raise ValueError(f"{text!r} is not a date of the calendar")
    return epoch


def is_epoch(value: object) -> bool:
    """Return whether this is an int that `show` can format with a four-digit year."""
    return type(value) is int and _FIRST <= value <= _LAST


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the Gregorian calendar, the year counted from March so that leap days come last."""
    year -= month <= 2
    shifted = (month + 9) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * shifted + 2) // 5 + day - 1 - 719468
