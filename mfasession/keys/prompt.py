"""Asks for a key pair on the controlling terminal: the ID is shown, the secret never."""

from collections.abc import Callable
from typing import TypeVar

from mfasession import terminal
from mfasession.codes.question.background import Preparation
from mfasession.errors import Cancelled, ConfigurationError
from mfasession.keys import parse
from mfasession.terminal import Terminal
from mfasession.values import LongTermKey, Secret

TRIES = 3
_ENTER, _ERASE, _CLEAR, _END = (b"\n", b"\r"), (b"\x7f", b"\x08"), (b"\x15", b"\x17"), (b"", b"\x04")
Read = TypeVar("Read")


def ask(check_id: Callable[[str], None]) -> LongTermKey:
    """Return the pair. `check_id` may refuse an ID before its secret is asked for.

    The terminal itself echoes nothing, so that both lines may be pasted at once. Raises Cancelled, InputNeeded, what
    `check_id` raises, and ConfigurationError after three invalid answers.
    """
    with (
        Terminal() as ours,
        Preparation(None) as waiting,
        terminal.signals_held(waiting.interrupt),
        ours.settings_kept(),
    ):
        ours.read_key_by_key()
        lines = _Lines(ours, waiting)
        key_id = _good(lines, "AWS access key ID: ", parse.access_key_id)
        check_id(key_id)
        secret = _good(lines, "AWS secret access key (not shown): ", parse.secret_access_key, shown=False)
    return LongTermKey(access_key_id=key_id, secret_access_key=secret)


def ask_hidden(question: str) -> Secret:
    """Return a line that is not shown, such as a passphrase. Raises Cancelled, InputNeeded."""
    with (
        Terminal() as ours,
        Preparation(None) as waiting,
        terminal.signals_held(waiting.interrupt),
        ours.settings_kept(),
    ):
        ours.read_key_by_key()
        return Secret(_Lines(ours, waiting).ask_hidden(question))


def _good(lines: "_Lines", question: str, read: Callable[[str], Read], *, shown: bool = True) -> Read:
    for _ in range(TRIES - 1):
        try:
            return read(lines.ask(question, shown=shown))
        except ConfigurationError as wrong:
            lines.say(f"{wrong.message}; {wrong.hint}")
    return read(lines.ask(question, shown=shown))


class _Lines:
    """Lines that are read key by key."""

    def __init__(self, ours: Terminal, waiting: Preparation) -> None:
        self._ours = ours
        self._waiting = waiting
        self.say = ours.say

    def ask(self, question: str, *, shown: bool) -> str:
        """Return one line. Raises Cancelled."""
        self._ours.write(question)
        try:
            line = self._line(shown=shown)
        except Cancelled:
            self._ours.write("\n")
            raise
        self._ours.write("\n")
        return line

    def ask_hidden(self, question: str) -> str:
        """Return one line in any script, of which nothing is shown. Raises Cancelled."""
        self._ours.write(question)
        typed = b""
        try:
            while (key := self._key()) not in _ENTER:
                # The bytes of one character in UTF-8 are erased together.
                typed = typed.decode("utf-8", "ignore")[:-1].encode() if key in _ERASE else typed + key
                typed = b"" if key in _CLEAR else typed
        finally:
            self._ours.write("\n")
        return typed.decode("utf-8", "replace")

    def _key(self) -> bytes:
        self._waiting.wait(self._ours.fileno())
        key = self._ours.read_key()
        if key in _END:
            raise Cancelled("cancelled")
        return key

    def _line(self, *, shown: bool) -> str:
        typed = ""
        while True:
            key = self._key()
            if key in _ENTER:
                return typed
            before = len(typed)
            if key in _ERASE:
                typed = typed[:-1]
            elif key in _CLEAR:
                typed = ""
            elif key.isascii() and key.decode().isprintable():
                typed += key.decode()
            if shown:
                self._show(typed[before:], before - len(typed))

    def _show(self, more: str, less: int) -> None:
        # A secret that is typed into the wrong line is not shown.
        self._ours.write("".join(char if char.isupper() or char.isdigit() else "*" for char in more) + "\b \b" * less)
