"""Codes that a person types into a window of zenity, GNOME's dialog program."""

from mfasession.codes.question.window import WindowQuestion


class Zenity(WindowQuestion):
    """`zenity --entry`, which prints what was typed (zenity(1))."""

    program = "zenity"
    no_display = b"cannot open display"

    @classmethod
    def arguments(cls, text: str) -> tuple[str, ...]:
        """Return the words; zenity reads `_` as the mark of a shortcut and a backslash as the start of an escape."""
        shown = text.replace("\\", "\\\\").replace("_", "__")
        return "--entry", "--title=mfasession", f"--text={shown}"


SOURCE = Zenity
