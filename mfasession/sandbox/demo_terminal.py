"""The tour's terminal: runs real commands on their own terminal, shows their output and checks it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence

from mfasession.errors import MfaSessionError
from mfasession.sandbox.handles import SandboxDevice
from mfasession.totp import STEP
from mfasession.values import Value

TIME_LIMIT = 60.0
"""Seconds for one command, typing included."""
CONTROL_C = "\x03"
QUESTION = "MFA code for"

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r")
# The command becomes the leader of a session with our terminal, where mfasession asks.
_ON_A_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)


class StepDiffers(MfaSessionError):
    """A command did not do what it should: the message names it, the hint says what was expected."""


class Answer(Value):
    """The keys to type when a question with this text is on the terminal."""

    keys: str
    question: str = QUESTION


class DemoTerminal:
    """A shell and a phone. The output goes to stdout."""

    def __init__(self, environ: Mapping[str, str], phone: SandboxDevice) -> None:
        """`environ` is the commands' environment; they run in its HOME."""
        self._is_watched = sys.stdout.isatty()
        self._environ = {**environ, "TERM": os.environ.get("TERM", "xterm") if self._is_watched else "dumb"}
        self._phone = phone
        self._typed: list[str] = []
        self.commands = 0

    def explain(self, text: str) -> None:
        """Show a remark."""
        self._show(f"\n\x1b[1m# {text}\x1b[0m\n" if self._is_watched else f"\n# {text}\n")

    def code(self) -> str:
        """Wait for a code that was not typed yet, show it and return it."""
        while (code := self._phone.code()) in self._typed:
            self._show("  (the phone still shows the code from before: waiting for the next one)\n")
            self._pause_until_next_code(code)
        self._typed.append(code)
        self._show(f"  [phone: {code[:3]} {code[3:]}]\n")
        return code

    def used_code(self) -> str:
        """Return the code that was typed last."""
        return self._typed[-1]

    def wrong_code(self) -> str:
        """Return six digits that the device shows neither now nor soon."""
        near = {self._phone.code(step) for step in range(-4, 5)}
        return next(code for code in map("{:06}".format, range(10)) if code not in near)

    def wait_until(self, end: float) -> None:
        """Wait until `end` (of `time.monotonic`), and say so."""
        left = max(end - time.monotonic(), 0)
        self._show(f"  (waiting {left:.0f} s)\n")
        time.sleep(left)

    def run(self, line: str, *, shows: str, exits: Sequence[int] = (0,), typing: Sequence[Answer] = ()) -> None:
        """Run one line in bash, type the answers to its questions, and show everything.

        `shows` is a regular expression that the output must match, `exits` are the expected exit codes. Raises
        StepDiffers.
        """
        self.commands += 1
        self._show(f"$ {line}\n")
        output, code = self._played(line, typing)
        if code not in exits:
            right = " or ".join(map(str, exits))
            raise StepDiffers(f"`{line}` ended with exit code {code}", f"it should have been {right}")
        if not re.search(shows, output):
            raise StepDiffers(f"`{line}` showed something else", f"it should have been like: {shows}")

    def _played(self, line: str, typing: Sequence[Answer]) -> tuple[str, int]:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, _columns(), 0, 0))
        child = subprocess.Popen(
            [sys.executable, "-c", _ON_A_TERMINAL, "bash", "--norc", "--noprofile", "-c", line],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._environ,
            cwd=self._environ["HOME"],
            start_new_session=True,
        )
        os.close(theirs)
        try:
            output = self._watch(line, ours, list(typing))
            return output, child.wait(TIME_LIMIT)
        finally:
            os.close(ours)
            if child.poll() is None:
                child.kill()
                child.wait()

    def _watch(self, line: str, terminal: int, typing: list[Answer]) -> str:
        end = time.monotonic() + TIME_LIMIT
        output, answered = "", 0
        while chunk := _chunk(terminal, end - time.monotonic()):
            self._show(chunk if self._is_watched else _plain(chunk))
            output += _plain(chunk)
            if typing and typing[0].question in output[answered:]:
                answer = typing.pop(0)
                answered = len(output)
                self._type(terminal, answer.keys)
        if time.monotonic() >= end:
            raise StepDiffers(f"`{line}` did not end within {TIME_LIMIT:.0f} s", "it waits for something")
        if typing:
            raise StepDiffers(f"`{line}` did not ask", f"it should have asked: {typing[0].question}")
        return output

    def _type(self, terminal: int, keys: str) -> None:
        for key in keys:
            time.sleep(0.08 if self._is_watched else 0.0)
            os.write(terminal, key.encode())

    def _pause_until_next_code(self, code: str) -> None:
        end = time.monotonic() + 2 * STEP
        while self._phone.code() == code and time.monotonic() < end:
            time.sleep(0.2)

    def _show(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _chunk(terminal: int, seconds: float) -> str:
    """The command's output; empty when it ended or the time is over."""
    if seconds <= 0 or not select.select([terminal], [], [], seconds)[0]:
        return ""
    try:
        return os.read(terminal, 4096).decode("utf-8", "replace")
    except OSError:
        # EIO: the other end is closed.
        return ""


def _plain(text: str) -> str:
    return _ESCAPES.sub("", text)


def _columns() -> int:
    return os.get_terminal_size().columns if sys.stdout.isatty() else 100
