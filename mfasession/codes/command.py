"""Codes from a program of the user's choice; for well-known programs there are presets (`mfasession/codes/presets/`).

It runs as a list of words, without a shell. When a person is at the terminal the program gets it, to ask for a touch or
for a password of its own; it never reads our stdin.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from mfasession import terminal
from mfasession.codes import CodeRequest, OnWaiting, SeedReader, Source
from mfasession.codes.question.background import Preparation
from mfasession.errors import Cancelled, ConfigurationError
from mfasession.programs.helper import Helper
from mfasession.values import Secret

TIME_LIMIT = 30.0
"""Seconds for one run, a touch or a password included."""
OUTPUT_LIMIT = 64 * 1024
"""Bytes of output that are still looked through for a code."""
_LOOK = 0.05
"""Seconds between two looks whether a program has ended whose output another one keeps open."""
_CODE = re.compile(rb"\b\d{6}\b")
_ALONE = "run the command by itself and see what it prints: the code alone, or one line with the code in it"


class Command(Source):
    """A program that prints a code."""

    def __init__(
        self,
        words: tuple[str, ...],
        *,
        time_limit: float = TIME_LIMIT,
        advice: str = _ALONE,
        if_missing: str = "install it, or correct code = { command = … } in the configuration",
        fed: Secret | None = None,
    ) -> None:
        """`advice` and `if_missing` are hints, as of `Helper`; `fed` (at most 4096 bytes) is the program's stdin."""
        self._words = words
        self._advice = advice
        self._helper = Helper(words=words, advice=advice, if_missing=if_missing)
        self._time_limit = time_limit
        self._fed = fed

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
            raise ConfigurationError(f"{self._words[0]} printed {found}", self._advice)
        code: bytes = codes[0]
        return code.decode("ascii")

    def _run(self, preparation: Preparation) -> bytes:
        with terminal.attended() as person, terminal.signals_held(preparation.interrupt):
            try:
                with (
                    self._stdin(person) as stdin,
                    self._helper.running(person, stdin=stdin, stdout=subprocess.PIPE) as child,
                ):
                    preparation.start()
                    output = self._output(child, preparation)
            except BaseException:
                if person:
                    person.forget_typed()
                raise
        self._helper.check(child.returncode, "gave no code")
        return output

    @contextmanager
    def _stdin(self, person: terminal.Terminal | None) -> Iterator[int]:
        if self._fed is None:
            yield person.fileno() if person else subprocess.DEVNULL
            return
        reading, writing = os.pipe()
        try:
            # An empty pipe takes that much without a reader: 64 KiB on Linux, 16 KiB on macOS.
            with open(writing, "wb", buffering=0) as pipe:
                pipe.write(self._fed.reveal().encode())
            yield reading
        finally:
            os.close(reading)

    def _output(self, child: "subprocess.Popen[bytes]", preparation: Preparation) -> bytes:
        assert child.stdout is not None
        descriptor = child.stdout.fileno()
        end = time.monotonic() + self._time_limit
        output = b""
        while (left := end - time.monotonic()) > 0:
            ended = child.poll() is not None
            if preparation.wait(descriptor, timeout=0 if ended else min(left, _LOOK)):
                chunk = os.read(descriptor, 4096)
                output += chunk
                if len(output) > OUTPUT_LIMIT:
                    raise ConfigurationError(f"{self._words[0]} printed more than a code", self._advice)
                if not chunk:
                    break
            elif ended:
                # A program that it has started may keep the output open for ever.
                return output
        while child.poll() is None:
            if time.monotonic() >= end:
                raise ConfigurationError(f"{self._words[0]} gave no code within {self._time_limit:g} s", self._advice)
            preparation.wait(timeout=_LOOK)
        return output


SOURCE = Command
