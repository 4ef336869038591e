"""Durations as people write them (`12h`, `90m`, `1h30m`, `3600`), in whole seconds."""

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST = 40
"""The longest text that is read, in characters."""

SESSION_MINIMUM = 15 * 60
SESSION_MAXIMUM = 36 * 3600
"""Bounds of GetSessionToken's DurationSeconds (STS API reference)."""
CONSOLE_MAXIMUM = 12 * 3600
"""Upper bound of a console's SessionDuration; the lower one is the same (IAM User Guide, custom identity brokers)."""


def parse(text: str) -> int:
    """Return the seconds in a text such as `12h`, `1h30m` or `900`. Raises ValueError with a reason for people."""
    rest = text.strip().lower()
    if len(rest) > _LONGEST:
        raise ValueError("that is too long for a duration")
    if rest.isascii() and rest.isdigit():
        return int(rest)
    total, number, seen = 0, "", ""
    for char in rest:
        if char.isascii() and char.isdigit():
            number += char
        elif char in UNITS and number and char not in seen:
            total, number, seen = total + int(number) * UNITS[char], "", seen + char
        else:
            raise ValueError(f"{text!r} is not a duration")
    if number or not seen:
        raise ValueError(f"{text!r} is not a duration")
    return total


def parse_within(text: str, least: int, most: int) -> int:
    """Return the seconds in a text, `least` to `most`. Raises ValueError with a reason for people."""
    try:
        seconds = parse(text)
    except ValueError as error:
        raise ValueError(f"{error}: write it as 12h, 90m or 3600") from None
    if not least <= seconds <= most:
        raise ValueError(f"{text!r} is out of range: from {show(least)} to {show(most)}")
    return seconds


def show(seconds: int) -> str:
    """Return a short text, largest two units: `11 h 42 min`, `42 min`, `9 s`."""
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
