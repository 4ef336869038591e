"""Words for people, on stderr: stdout carries data only. On the path of every command."""

import sys
import time

from mfasession.durations import show
from mfasession.text import printable

LONGEST = 20_000
"""Characters of a line that are shown: some paths of 4096 bytes, and no flood from AWS."""


def say(text: str) -> None:
    """Write one line, as ours, safe to show whatever AWS or a file put into it."""
    _write(f"mfasession: {_shown(text)}\n")


def complain(message: str, hint: str = "") -> None:
    """Write an error and the hint that mends it, both safe to show."""
    say(message)
    if hint:
        _write(f"  hint: {_shown(hint)}\n")


def _write(line: str) -> None:
    try:
        sys.stderr.write(line)
    except OSError:
        # A full disk behind stderr, or nobody: the exit code still tells, and what was done is done.
        return


def until(expires: int, now: float) -> str:
    """Return when that is, in local time, and how long until then: `19:24 tomorrow (11 h 42 min left)`."""
    then = time.localtime(expires)
    days = round((_noon(expires) - _noon(now)) / 86400)
    day = "" if days == 0 else " tomorrow" if days == 1 else time.strftime(" on %Y-%m-%d", then)
    left = int(expires - now)
    # To the nearest minute: a session of 12 h that is a second old has "12 h left" for people.
    rounded = (left + 30) // 60 * 60 if left > 60 else left
    return f"{time.strftime('%H:%M', then)}{day} ({show(rounded)} left)"


def _shown(text: str) -> str:
    return printable(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def _noon(when: float) -> float:
    return time.mktime((*time.localtime(when)[:3], 12, 0, 0, 0, 0, -1))
