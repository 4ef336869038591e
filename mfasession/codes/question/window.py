"""A question in a window of another program: the answer is the line that it prints."""

import os
import shutil
import subprocess
import time

from mfasession import terminal
from mfasession.codes import CodeRequest, OnWaiting, Source, normalise
from mfasession.codes.question.background import Preparation
from mfasession.codes.question.entry import SIX_DIGITS, dialog_text
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded
from mfasession.programs.helper import Helper, end, how_ended

PATIENCE = 300
"""Seconds after which the question is given up."""
_ANSWER_LIMIT = 4096
_CANCEL = 1
"""The exit code of zenity(1), kdialog and osascript when the user cancels."""


def has_display() -> bool:
    """Return whether a window of X11 or Wayland can be opened."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


class WindowQuestion(Source):
    """A program that shows a window with one field. A subclass says which, and with which words."""

    interactive = True
    tries = 3
    program = ""
    no_display = b""
    """A part of what it prints on stderr when it ends as if cancelled, because it has no display."""

    @classmethod
    def has_window(cls) -> bool:
        """Return whether there is a display."""
        return has_display()

    @classmethod
    def arguments(cls, text: str) -> tuple[str, ...]:
        """Return the words after the program's name; `text` is what the window shows, of one line or several."""
        raise NotImplementedError

    def available(self) -> bool:
        """Return whether there is the program, and a display for it."""
        return self.has_window() and shutil.which(self.program) is not None

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits. Raises Cancelled, InputNeeded, ConfigurationError, and what `on_waiting` raised."""
        if not self.has_window():
            raise InputNeeded(
                f"{self.program} has no display", 'run it in a desktop session, or set code = "prompt" for a terminal'
            )
        text = dialog_text(request)
        try:
            with Preparation(on_waiting) as preparation, terminal.signals_held(preparation.interrupt):
                for _ in range(self.tries):
                    code = normalise(self._answer(text, preparation))
                    if code is not None:
                        return code
                    text = f"{SIX_DIGITS}\n{dialog_text(request)}"
        except KeyboardInterrupt:
            raise Cancelled("interrupted") from None
        raise ConfigurationError("no code was given: a code is six digits", "run it again with the device at hand")

    def _answer(self, text: str, preparation: Preparation) -> str:
        """Show the window and return the line that was typed."""
        install = f'install {self.program}, or set code = "prompt" in the configuration'
        helper = Helper(words=(self.program, *self.arguments(text)), advice=install)
        child = helper.start(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)
        try:
            preparation.start()
            answer, errors = _read(child, preparation)
            status = child.wait(1)
        except subprocess.TimeoutExpired:
            raise ConfigurationError(f"{self.program} closed its output and did not end", install) from None
        finally:
            end(child)
            for pipe in (child.stdout, child.stderr):
                if pipe:
                    pipe.close()
        if status == _CANCEL and not (self.no_display and self.no_display in errors):
            raise Cancelled("cancelled")
        if status:
            raise InputNeeded(
                f"{self.program} could not ask ({how_ended(status)})",
                'run it in a terminal, with code = "prompt" in the configuration',
            )
        return answer.decode("utf-8", "replace")


def _read(child: "subprocess.Popen[bytes]", preparation: Preparation) -> tuple[bytes, bytes]:
    """Return the first bytes of stdout and of stderr once both are closed. Raises InputNeeded after PATIENCE."""
    assert child.stdout is not None
    assert child.stderr is not None
    read = {child.stdout.fileno(): b"", child.stderr.fileno(): b""}
    still_open = list(read)
    deadline = time.monotonic() + PATIENCE
    while still_open:
        left = deadline - time.monotonic()
        if left <= 0:
            raise InputNeeded("the dialog was not answered in time", "run it again with the device at hand")
        for descriptor in preparation.wait(*still_open, timeout=left):
            chunk = os.read(descriptor, _ANSWER_LIMIT)
            if not chunk:
                still_open.remove(descriptor)
            elif len(read[descriptor]) < _ANSWER_LIMIT:
                read[descriptor] += chunk
    answer, errors = read.values()
    return answer, errors
