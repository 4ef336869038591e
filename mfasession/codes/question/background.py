"""Work that a daemon thread does while a question is open, and waiting for both at once."""

import math
import os
import select
import threading
import time
from types import TracebackType
from typing import Self

from mfasession import terminal
from mfasession.codes import CodeRequest, OnWaiting
from mfasession.errors import Cancelled

_TICK = 0.05
"""Seconds by which time(2), which programs ask for the step, may be behind the clock that we read."""
_LONGEST_DELAY = 30.0
"""Seconds that a wait may take longer than foreseen, when the wall clock is set back."""


class Preparation:
    """One piece of work; a context manager. `fileno` becomes readable when the work has ended.

    Leaving the block does not wait for the work.
    """

    def __init__(self, work: OnWaiting | None) -> None:
        self._work = work
        self._started = False
        self._heard = False
        self._request: CodeRequest | None = None
        self._failure: Exception | None = None
        self._is_interrupted = False
        self._ended, self._end = os.pipe()
        self._woken, self._waker = os.pipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in (self._ended, self._woken, self._waker):
            os.close(descriptor)
        if not self._started:
            os.close(self._end)

    def fileno(self) -> int:
        """Return the descriptor that can be read when the work has ended."""
        return self._ended

    def start(self) -> None:
        """Begin the work, once."""
        if self._work is not None and not self._started:
            self._started = True
            threading.Thread(target=self._run, args=(self._work,), daemon=True, name="mfasession-preparation").start()

    def result(self) -> CodeRequest | None:
        """Return what the ended work returned. Raises what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._request

    def better(self, request: CodeRequest) -> CodeRequest:
        """Return the request that the work returned, or the given one. Raises what the work raised."""
        return self.result() or request

    def wait(self, *descriptors: int, timeout: float | None = None) -> list[int]:
        """Return those that can be read, none after `timeout` seconds or when the work ended.

        Raises what the work raised, and Cancelled after `interrupt`.
        """
        own = [self._woken] if self._heard else [self._woken, self._ended]
        ready = select.select([*descriptors, *own], [], [], timeout)[0]
        if self._is_interrupted:
            raise Cancelled("interrupted")
        if not self._heard and self._ended in ready:
            self._heard = True
            self.result()
        return [descriptor for descriptor in ready if descriptor not in own]

    def interrupt(self) -> None:
        """Make `wait` raise Cancelled, now or when it is called next; safe in a signal handler."""
        self._is_interrupted = True
        os.write(self._waker, b"!")

    def wait_for_next_code(self, not_before: float) -> None:
        """Wait until `not_before` (epoch seconds), and say so on the terminal. Raises what the work raised."""
        left = not_before - time.time()
        if left <= 0:
            return
        terminal.say(f"mfasession: waiting {math.ceil(left)} s for the next code: AWS takes each only once")
        self.start()
        # The code follows the wall clock, which may be slowed or set meanwhile; the wait has an end all the same.
        latest = time.monotonic() + left + _LONGEST_DELAY
        while (left := not_before + _TICK - time.time()) > 0 and time.monotonic() < latest:
            self.wait(timeout=min(left, _LONGEST_DELAY))

    def _run(self, work: OnWaiting) -> None:
        try:
            self._request = work()
        except Exception as error:  # noqa: BLE001  # handed over: `result` raises it where the question is asked
            self._failure = error
        finally:
            os.close(self._end)
