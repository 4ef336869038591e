"""Codes from a program of the user's choice, such as `ykman oath accounts code -s NAME` or `op item get NAME --otp`.

It runs as a list of words, without a shell. When a person is at the terminal the program gets it, to ask for a touch or
for a password of its own; it never reads our stdin.
"""

import os
import re
import signal
import subprocess
import time
from contextlib import nullcontext, suppress
from typing import Self

from mfasession import terminal
from mfasession.codes import CodeRequest, OnWaiting, SeedReader, Source
from mfasession.codes.question.background import Preparation
from mfasession.errors import Cancelled, ConfigurationError
from mfasession.files import system_errors

TIME_LIMIT = 30.0
"""Seconds for one run, a touch or a password included."""
OUTPUT_LIMIT = 64 * 1024
"""Bytes of output that are still looked through for a code."""
_GRACE = 1.0
_LOOK = 0.05
"""Seconds between two looks whether a program has ended whose output another one keeps open."""
_CODE = re.compile(rb"\b\d{6}\b")
_ALONE = "run the command by itself and see what it prints: the code alone, or one line with the code in it"


class Command(Source):
    """A program that prints a code."""

    def __init__(self, words: tuple[str, ...], *, time_limit: float = TIME_LIMIT) -> None:
        self._words = words
        self._time_limit = time_limit

    @classmethod
    def configured(cls, words: tuple[str, ...], seed_reader: SeedReader) -> Self:  # noqa: ARG003  # it reads no seed
        """Return the source that runs these words."""
        return cls(words)

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return the one run of six digits that the program prints.

        Raises ConfigurationError (not found, failed, too slow, no code or several), Cancelled, and what `on_waiting`
        raised. No message quotes the output.
        """
        with Preparation(on_waiting) as preparation:
            try:
                # First, so that a key has to be touched once only.
                preparation.wait_for_next_code(request.not_before)
                output = self._run(preparation)
            except KeyboardInterrupt:
                raise Cancelled("interrupted") from None
        codes = _CODE.findall(output)
        if len(codes) != 1:
            found = "no six-digit code" if not codes else f"{len(codes)} six-digit numbers"
            raise ConfigurationError(f"{self._words[0]} printed {found}", _ALONE)
        code: bytes = codes[0]
        return code.decode("ascii")

    def _run(self, preparation: Preparation) -> bytes:
        with terminal.attended() as person, terminal.signals_held(preparation.interrupt):
            child = self._started(person)
            lending = person.lent_to(child.pid) if person else nullcontext()
            try:
                with lending:
                    preparation.start()
                    output = self._output(child, preparation)
            except BaseException:
                end(child)
                if person:
                    person.forget_typed()
                raise
            finally:
                if child.stdout:
                    child.stdout.close()
        if child.returncode in (-signal.SIGINT, 128 + signal.SIGINT):
            raise Cancelled("interrupted")
        if child.returncode != 0:
            how = f"exit code {child.returncode}" if child.returncode > 0 else f"signal {-child.returncode}"
            raise ConfigurationError(f"{self._words[0]} failed ({how}) and gave no code", _ALONE)
        return output

    def _started(self, person: terminal.Terminal | None) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                self._words,
                stdin=person.fileno() if person else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=person.fileno() if person else None,
                process_group=0,
            )
        except FileNotFoundError:
            raise ConfigurationError(
                f"there is no program {self._words[0]}",
                "install it, or correct code = { command = … } in the configuration",
            ) from None
        except (OSError, ValueError) as error:
            why, hint = system_errors.explain_start(error, _ALONE)
            raise ConfigurationError(f"{self._words[0]} cannot be run: {why}", hint) from None

    def _output(self, child: "subprocess.Popen[bytes]", preparation: Preparation) -> bytes:
        assert child.stdout is not None
        end = time.monotonic() + self._time_limit
        output = b""
        while (left := end - time.monotonic()) > 0:
            ended = child.poll() is not None
            if preparation.wait(child.stdout.fileno(), timeout=0 if ended else min(left, _LOOK)):
                chunk = os.read(child.stdout.fileno(), 4096)
                output += chunk
                if len(output) > OUTPUT_LIMIT:
                    raise ConfigurationError(f"{self._words[0]} printed more than a code", _ALONE)
                if not chunk:
                    break
            elif ended:
                # A program that it has started may keep the output open for ever.
                return output
        while child.poll() is None:
            if time.monotonic() >= end:
                raise ConfigurationError(f"{self._words[0]} gave no code within {self._time_limit:g} s", _ALONE)
            preparation.wait(timeout=_LOOK)
        return output


SOURCE = Command


def end(child: "subprocess.Popen[bytes]") -> None:
    """End the program and what it has started, which is in its process group."""
    if child.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
            os.killpg(child.pid, signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
            return
