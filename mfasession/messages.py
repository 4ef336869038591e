"""Writes messages on stderr, because stdout carries data only. Every command imports this."""

import sys
import time

from mfasession.durations import show
from mfasession.text import printable

LONGEST = 20_000
"""The longest line that is shown, in characters: enough for some paths of 4096 bytes."""


def say(text: str) -> None:
    """Write one line with our prefix, made safe to show: it may hold text from AWS or a file."""
    _write(f"mfasession: {_shown(text)}\n")


def complain(message: str, hint: str = "") -> None:
    """Write an error and its hint, both made safe to show."""
    say(message)
    if hint:
        _write(f"  hint: {_shown(hint)}\n")


def show_line(line: str) -> None:
    """Write one line of a file, as in a diff, without our prefix and made safe to show."""
    _write(f"  {_shown(line)}\n")


def _write(line: str) -> None:
    try:
        sys.stderr.write(line)
    except OSError:
        # stderr is closed or on a full disk: the exit code still reports the result.
        return


def until(expires: int, now: float) -> str:
    """Return the local time of `expires` and the time left: `19:24 tomorrow (11 h 42 min left)`."""
    then = time.localtime(expires)
    days = round((_noon(expires) - _noon(now)) / 86400)
    day = "" if days == 0 else " tomorrow" if days == 1 else time.strftime(" on %Y-%m-%d", then)
    return f"{time.strftime('%H:%M', then)}{day} ({time_left(expires, now)} left)"


def time_left(expires: float, now: float) -> str:
    """Return the time until `expires` (both epoch seconds) to the nearest minute: `12 h` of 12 h less a second."""
    left = int(expires - now)
    return show((left + 30) // 60 * 60 if left > 60 else left)


def _shown(text: str) -> str:
    return printable(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def _noon(when: float) -> float:
    return time.mktime((*time.localtime(when)[:3], 12, 0, 0, 0, 0, -1))
