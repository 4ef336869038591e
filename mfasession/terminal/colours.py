"""Colours for people, where the terminal has them and nobody has turned them off. Imported only to draw."""

from collections.abc import Mapping

from mfasession.terminal import is_dumb

SOON, LATE = 3600, 600
"""Seconds left below which a session is shown in yellow, and in red."""
_RED, _YELLOW, _GREEN = "\x1b[31m", "\x1b[33m", "\x1b[32m"
_PLAIN = "\x1b[39m"


def are_wanted(environ: Mapping[str, str], *, on_terminal: bool) -> bool:
    """Return whether to colour: NO_COLOR forbids it (no-color.org), FORCE_COLOR asks for it (force-color.org)."""
    if environ.get("NO_COLOR"):
        return False
    return environ.get("FORCE_COLOR", "0") not in ("", "0") or (on_terminal and not is_dumb())


def by_time_left(text: str, seconds: float) -> str:
    """Return the text in green, yellow or red: the time that a session still lives. No colour says it alone."""
    colour = _RED if seconds < LATE else _YELLOW if seconds < SOON else _GREEN
    return f"{colour}{text}{_PLAIN}"
