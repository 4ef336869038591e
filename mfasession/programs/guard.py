"""After a server has ended, however it ended, nobody else gets its port while a program may still trust it.

A port is free for every user of the computer once its server is gone, and programs that were started with its address
would take credentials from whoever binds it next. So a process of its own holds the listening socket too.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Self

from mfasession.errors import MfaSessionError
from mfasession.files import system_errors
from mfasession.programs import guard_program

TAKES_OVER = 3.0
"""Seconds that a guard may need to end when a new server wants its port."""
_PAUSE = 0.02


class Guard:
    """Guards one listening socket. A context manager: behind it the guard goes on alone."""

    def __init__(
        self,
        listening: int,
        mark: str,
        *,
        environ: Mapping[str, str],
        seconds: float = 0,
        folder: str = "",
        lock: int = -1,
    ) -> None:
        """Start the process. Raises MfaSessionError when it cannot be started.

        `listening` is the socket's descriptor. `mark` is the text that all programs that trust the server have in
        their environment. `seconds` is how long the port is held at least. `folder` is removed when the server has
        ended; `lock` is the descriptor of its lock, which the guard holds as well.
        """
        ours, self._pipe = os.pipe()
        kept = {name: value for name, value in environ.items() if not name.startswith(("AWS_", "MFASESSION_"))}
        words = (sys.executable, "-I", "-S", guard_program.__file__, str(listening), mark, str(seconds), folder)
        try:
            self._process = subprocess.Popen(
                words,
                env=kept,
                cwd="/",
                stdin=ours,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listening, *([lock] if lock >= 0 else [])],
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._pipe)
            reason, hint = system_errors.explain_start(error, "run it again")
            raise MfaSessionError(f"the port of the server cannot be guarded: {reason}", hint) from None
        finally:
            os.close(ours)
        # It outlives us: nobody waits for it.
        self._process.returncode = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)

    def release(self) -> None:
        """Say that no program trusts the port any more: it is free as soon as the server has ended."""
        with suppress(BrokenPipeError):
            os.write(self._pipe, b".")


@contextmanager
def inherited(descriptor: int) -> Iterator[None]:
    """Let programs that are started while the block runs have a descriptor as well."""
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # its own signature
    try:
        yield
    finally:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  # its own signature


def take_over(mark: str) -> Iterator[None]:
    """End the guards of a server of ours that has ended, and yield whenever the port may be free (Linux alone)."""
    found = [process for process in _processes() if _guards(process, os.fsencode(mark))]
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process, guard_program.TAKE_OVER)
    end = time.monotonic() + TAKES_OVER
    while found and time.monotonic() < end:
        yield
        # A process that ends is no longer to be seen before it has closed its files.
        time.sleep(_PAUSE)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _guards(process: int, mark: bytes) -> bool:
    place = f"/proc/{process}"
    try:
        with open(f"{place}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        return os.stat(place).st_uid == os.geteuid() and os.fsencode(guard_program.__file__) in words and mark in words
    except OSError:
        return False
