"""Programs that do one thing for us: give a code, keep a seed, show a dialog, open a browser.

They run as a list of words, without a shell, and are not the user's command: what they print is for us, and they end
when we no longer need them.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from mfasession.errors import Cancelled, ConfigurationError
from mfasession.files import system_errors
from mfasession.programs import limits
from mfasession.terminal import Terminal
from mfasession.values import Value

_GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL."""
_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)
"""Ended by ctrl-C, itself or below a shell (POSIX shell, 2.8.2)."""


NOT_PASSED_ON = ("MFASESSION_PASSPHRASE_COMMAND",)
"""Variables that a helper does not get: with that one and the file, it would have the long-term keys."""


class Helper(Value):
    """A program and what helps when it fails."""

    words: tuple[str, ...]
    advice: str
    """The hint when it cannot be run, or fails."""
    if_missing: str = ""
    """The hint when there is no such program; `advice` when empty."""
    title: str = ""
    """What messages call it; its first word when empty."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.title or self.words[0]

    def start(self, environ: Mapping[str, str] | None = None, **how: Any) -> "subprocess.Popen[bytes]":
        """Start it, in our environment when none is given; `how` is Popen's. Raises ConfigurationError."""
        try:
            passed = {name: value for name, value in (environ or os.environ).items() if name not in NOT_PASSED_ON}
            with limits.as_started():
                return subprocess.Popen(self.words, env=passed, **how)
        except (OSError, ValueError) as error:
            # A script whose interpreter is missing is ENOENT too.
            if isinstance(error, FileNotFoundError) and not (os.sep in self.words[0] and os.path.exists(self.words[0])):
                raise ConfigurationError(f"there is no program {self.name}", self.if_missing or self.advice) from None
            why, hint = system_errors.explain_start(error, self.advice)
            raise ConfigurationError(f"{self.name} cannot be run: {why}", hint) from None

    @contextmanager
    def running(self, person: Terminal | None, *, stdin: int, stdout: int) -> "Iterator[subprocess.Popen[bytes]]":
        """Run it for the block, in the foreground of the person's terminal when there is one.

        Its stderr is the terminal then. A block that fails ends it and whatever it started: its process group is its
        own. Raises ConfigurationError.
        """
        child = self.start(stdin=stdin, stdout=stdout, stderr=person.fileno() if person else None, process_group=0)
        try:
            with person.lent_to(child.pid) if person else nullcontext():
                yield child
        except BaseException:
            end(child)
            raise
        finally:
            if child.stdout:
                child.stdout.close()

    def check(self, status: int, without: str) -> None:
        """Raise Cancelled when ctrl-C ended it, ConfigurationError when it failed; `without` says what is missing."""
        if status in _INTERRUPTED:
            raise Cancelled("interrupted")
        if status:
            raise ConfigurationError(f"{self.name} failed ({how_ended(status)}) and {without}", self.advice)


def how_ended(status: int) -> str:
    """Return the exit code or the signal, for a message; `status` is Popen's returncode."""
    return f"exit code {status}" if status >= 0 else f"signal {-status}"


def end(child: "subprocess.Popen[bytes]") -> None:
    """End a program that leads a process group, and its group."""
    if child.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
            os.killpg(child.pid, signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
            return
