"""Codes that a person types into a window of kdialog, KDE's dialog program."""

from mfasession.codes.question.window import WindowQuestion


class Kdialog(WindowQuestion):
    """`kdialog --inputbox`, which prints what was typed (kdialog --help)."""

    program = "kdialog"

    @classmethod
    def arguments(cls, text: str) -> tuple[str, ...]:
        """Return the words."""
        return "--title", "mfasession", "--inputbox", text


SOURCE = Kdialog
