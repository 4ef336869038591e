"""Codes that a person types into a dialog of macOS, which `osascript` shows."""

import sys

from mfasession.codes.question.window import WindowQuestion

_SCRIPT = (
    "on run argv",
    'set answer to display dialog (item 1 of argv) default answer "" with title "mfasession"',
    "return text returned of answer",
    "end run",
)
"""The text is an argument of the script, not a part of it: nothing in it is read as AppleScript."""


class Osascript(WindowQuestion):
    """`display dialog` with a field. osascript ends with 1 when cancelled (-128) and without a desktop (-1713)."""

    program = "osascript"
    no_display = b"(-1713)"

    @classmethod
    def has_window(cls) -> bool:
        """Return whether this is macOS."""
        return sys.platform == "darwin"

    @classmethod
    def arguments(cls, text: str) -> tuple[str, ...]:
        """Return the words: one -e for each line of the script, then its argument."""
        return (*(word for line in _SCRIPT for word in ("-e", line)), text)


SOURCE = Osascript
