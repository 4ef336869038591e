"""A limit for a service that does not answer at all, which leaves one alone that is only slow.

A keyring may wait for ever for a dialog that is not seen (mitya57/secretstorage#33, python-poetry/poetry#8623). But on
a machine that is building something, seconds pass before a service has given all its answers. So the call runs in a
thread of its own, and only the time in which that thread does nothing at all counts.
"""

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

SILENCE = 3.0
"""Seconds that a call waits for one answer."""
LONGEST = 30.0
"""Seconds for a whole call to a service that gives every answer, and each of them late."""
_LOOK = 0.05
"""Seconds between two looks at the call. A look that comes late counts no more than this: the machine was busy."""
_WORK = 0.00005
"""Seconds of a processor that a waiting thread uses only when an answer came."""

Result = TypeVar("Result")


class NotAnswered(Exception):
    """The call was left behind: `within` so many seconds it got no answer (SILENCE), or not all of them (LONGEST)."""

    def __init__(self, within: float) -> None:
        super().__init__()
        self.within = within


class CallFailed(Exception):
    """The call raised something; it is not chained to this, so that no traceback shows it."""

    def __init__(self, failure: BaseException) -> None:
        super().__init__()
        self.failure = failure


class _LeftBehind:
    """The last call that was left behind, if one was: while it hangs, another would only hang behind it."""

    call: threading.Thread | None = None


class _Call(threading.Thread, Generic[Result]):
    """One call in a thread that may be left behind, and how it ended."""

    def __init__(self, ask: "Callable[[], Result]") -> None:
        super().__init__(name="keyring", daemon=True)
        self._ask = ask
        self._clock: int | None = None
        self.answers: list[Result] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Make the call."""
        # Not on macOS, where a thread's own use of the processors cannot be read.
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            self.answers.append(self._ask())
        except BaseException as failure:  # noqa: BLE001  # whatever it is, `within` hands it over
            self.failure = failure

    def worked(self) -> float:
        """Return for how many seconds a processor has worked for this thread so far; 0.0 when that is not known."""
        try:
            return time.clock_gettime(self._clock) if self._clock is not None else 0.0
        except OSError:
            # It has just ended.
            return 0.0


def within(ask: "Callable[[], Result]") -> Result:
    """Return what a call returns. Raises CallFailed, and NotAnswered: after SILENCE, or LONGEST at most.

    While a call that was left behind still waits, every other one is left out at once.
    """
    if _LeftBehind.call is not None and _LeftBehind.call.is_alive():
        raise NotAnswered(SILENCE)
    call = _Call(ask)
    call.start()
    worked = silent = whole = 0.0
    while True:
        call.join(_LOOK)
        if not call.is_alive():
            break
        silent, whole = silent + _LOOK, whole + _LOOK
        if (now := call.worked()) > worked + _WORK:
            worked, silent = now, 0.0
        if silent >= SILENCE or whole >= LONGEST:
            _LeftBehind.call = call
            raise NotAnswered(SILENCE if silent >= SILENCE else LONGEST)
    if call.failure is not None:
        raise CallFailed(call.failure)
    return call.answers[0]
