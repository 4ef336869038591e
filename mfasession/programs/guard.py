"""Keeps a server's port after the server has ended, while a program may still trust it.

Once a server is gone, every user of the computer can bind its port, and programs that were started with its address
would take credentials from that user. So a separate process holds the listening socket, too.
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
"""Seconds to wait for a guard to end when a new server wants its port."""
_PAUSE = 0.02


class Guard:
    """Guards one listening socket. A context manager: after it, the guard runs on."""

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

        `listening` is the socket's descriptor. `mark` is the text in the environment of all programs that trust
        the server. `seconds` is the minimum time that the port is held. `folder` is removed when the server has
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
        # It outlives us, so no process waits for it.
        self._process.returncode = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)

    def release(self) -> None:
        """Release the port: no program trusts it any more, and it is free as soon as the server has ended."""
        with suppress(BrokenPipeError):
            os.write(self._pipe, b".")


def keep_standard_descriptors() -> None:
    """Take the descriptors 0 to 2 if they are closed, so that no socket or lock of ours gets their numbers.

    Programs that we start have others there, or none: their own are closed as ours were.
    """
    while (taken := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(taken)


@contextmanager
def inherited(descriptor: int) -> Iterator[None]:
    """Let programs that are started in the block inherit a descriptor."""
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # its own signature
    try:
        yield
    finally:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  # its own signature


def take_over(mark: str) -> Iterator[None]:
    """End the guards of an ended server of ours, and yield whenever the port may be free (Linux only)."""
    found = [process for process in _processes() if _guards(process, os.fsencode(mark))]
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process, guard_program.TAKE_OVER)
    end = time.monotonic() + TAKES_OVER
    while found and time.monotonic() < end:
        yield
        # An ending process disappears from /proc before its files are closed.
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
