"""Codes that a person types into pinentry, GnuPG's dialog, which needs no terminal.

Assuan over two pipes: one command a line, answered by `D data`, then `OK` or `ERR code text`; `S` and `#` lines are
comments (Assuan manual, "Server responses").
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Self
from urllib.parse import unquote_to_bytes

from mfasession import terminal
from mfasession.codes import CodeRequest, OnWaiting, Source, normalise
from mfasession.codes.question.background import Preparation
from mfasession.codes.question.entry import SIX_DIGITS, dialog_text
from mfasession.codes.question.window import has_display
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded, MfaSessionError
from mfasession.programs.helper import Helper
from mfasession.text import printable

PROGRAMS = (
    "pinentry",
    "pinentry-mac",
    "pinentry-gnome3",
    "pinentry-qt",
    "pinentry-gtk-2",
    "pinentry-curses",
    "pinentry-tty",
)
PATIENCE = 300
"""Seconds after which the dialog gives up."""
_CODE_MASK, _TIMED_OUT, _CANCELLED, _CLOSED = 0xFFFF, 62, 99, 198
"""gpg-error codes in the low 16 bits: TIMEOUT, CANCELED, FULLY_CANCELED (libgpg-error, err-codes.h)."""
_LINE_LIMIT = 1000
"""Bytes of one Assuan line."""
_MOST_LINES = 1000
"""Lines of one response that are still read."""
_INSTALL = 'install pinentry, or set code = "prompt" in the configuration'


class Pinentry(Source):
    """A dialog window, or pinentry's own screen on the terminal."""

    interactive = True
    tries = 3

    def __init__(self, program: str = "") -> None:
        self._program = program or next(filter(None, map(shutil.which, PROGRAMS)), "")

    @classmethod
    def has_window(cls) -> bool:
        """Return whether there is a display: no terminal is needed then."""
        return sys.platform == "darwin" or has_display()

    def available(self) -> bool:
        """Return whether there is a pinentry, and a display or a terminal for it."""
        return bool(self._program) and (self.has_window() or terminal.is_ours())

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits. Raises Cancelled, InputNeeded, ConfigurationError, and what `on_waiting` raised."""
        if not self._program:
            raise ConfigurationError("there is no pinentry", _INSTALL)
        if not self.available():
            raise InputNeeded(
                "pinentry has neither a display nor a terminal", "run it in a terminal, or in a desktop session"
            )
        try:
            with (
                Preparation(on_waiting) as preparation,
                terminal.signals_held(preparation.interrupt),
                _tidy_terminal(),
                _Dialog(self._program, preparation) as dialog,
            ):
                dialog.describe(request)
                return _answer(dialog)
        except KeyboardInterrupt:
            raise Cancelled("interrupted") from None


def _answer(dialog: "_Dialog") -> str:
    for _ in range(3):
        code = normalise(dialog.ask())
        if code is not None:
            return code
        dialog.send(f"SETERROR {SIX_DIGITS}")
    raise ConfigurationError("no code was given: a code is six digits", "run it again with the device at hand")


class _Dialog:
    """One run of pinentry."""

    def __init__(self, program: str, preparation: Preparation) -> None:
        self._name = os.path.basename(program)
        self._preparation = preparation
        self._unread = b""
        self._child = Helper(words=(program,), advice=_INSTALL, title=self._name).start(
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        # SIGALRM is its own time limit: on it, and at the end of its input, it gives the screen back.
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGKILL):
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(0.5)
                break
            self._child.send_signal(number)
        self._child.wait()
        self._child.stdout.close()

    def describe(self, request: CodeRequest) -> None:
        """Read the greeting, name the terminal, and set the texts."""
        self._response()
        options = [f"lc-ctype={_locale()}"] if _locale() else []
        if terminal.is_ours():
            options += [f"ttyname={terminal.PATH}", f"ttytype={os.environ.get('TERM') or 'dumb'}"]
        for option in options:
            # A pinentry works without the options that it does not know.
            self.send(f"OPTION {printable(option)}", needed=False)
        self.send("SETTITLE mfasession", needed=False)
        self.send("SETDESC " + _escaped(dialog_text(request)))
        self.send("SETPROMPT Code:")
        self.send(f"SETTIMEOUT {PATIENCE}", needed=False)

    def ask(self) -> str:
        """Show the dialog and return what was typed. Raises Cancelled, InputNeeded, ConfigurationError."""
        self._write("GETPIN")
        self._preparation.start()
        return self._response().decode("utf-8", "replace")

    def send(self, command: str, *, needed: bool = True) -> None:
        """Send one command. Raises ConfigurationError when a needed one is refused."""
        self._write(command)
        try:
            self._response()
        except MfaSessionError:
            if needed or self._child.poll() is not None:
                raise

    def _write(self, command: str) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(command.encode() + b"\n")
        except BrokenPipeError:
            raise self._gone() from None

    def _response(self) -> bytes:
        data = b""
        for _ in range(_MOST_LINES):
            word, _, rest = self._line().partition(b" ")
            if word == b"D":
                data += unquote_to_bytes(rest)
            elif word == b"OK":
                return data
            elif word == b"ERR":
                raise self._error(rest)
        raise self._gone()

    def _line(self) -> bytes:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        while b"\n" not in self._unread:
            if not self._preparation.wait(descriptor):
                continue
            chunk = os.read(descriptor, 4096)
            if not chunk or len(self._unread) > 64 * _LINE_LIMIT:
                raise self._gone()
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r")

    def _error(self, rest: bytes) -> MfaSessionError:
        number = rest.partition(b" ")[0]
        code = int(number) & _CODE_MASK if number.isdigit() and len(number) <= len(str(2**32)) else 0
        if code in (_CANCELLED, _CLOSED):
            return Cancelled("cancelled")
        if code == _TIMED_OUT:
            return InputNeeded("the dialog was not answered in time", "run it again with the device at hand")
        return InputNeeded(
            f"{self._name} could not ask (error {code})",
            'run it in a terminal, with code = "prompt" in the configuration',
        )

    def _gone(self) -> ConfigurationError:
        return ConfigurationError(f"{self._name} ended without an answer", _INSTALL)


def _escaped(text: str) -> str:
    """Percent-escape what ends a line or an escape (Assuan manual, "Percent escaping"), within one line's length."""
    return text[: _LINE_LIMIT // 4 - 10].replace("%", "%25").replace("\n", "%0A")


def _locale() -> str:
    return next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))), "")


@contextmanager
def _tidy_terminal() -> Iterator[None]:
    """Keep the terminal's settings: a pinentry on it may be ended while it has changed them."""
    with terminal.attended() as person, person.settings_kept() if person else nullcontext():
        yield


SOURCE = Pinentry
