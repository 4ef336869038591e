"""A call to a keyring in a thread of its own, which is left behind when the keyring does not answer in time."""

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from mfasession.stores.keyrings.time_limit import LOOK, SILENCE, NotAnswered, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

_WORK = 0.00005
"""Seconds of a processor that a waiting thread uses only when an answer came."""

Result = TypeVar("Result")


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


def within_time(ask: "Callable[[], Result]") -> Result:
    """Return what a call returns. Raises CallFailed, and NotAnswered: after SILENCE, or LONGEST at most.

    While a call that was left behind still waits, every other one is left out at once.
    """
    if _LeftBehind.call is not None and _LeftBehind.call.is_alive():
        raise NotAnswered(SILENCE)
    call = _Call(ask)
    call.start()
    wait, worked = Wait(), 0.0
    while True:
        call.join(LOOK)
        if not call.is_alive():
            break
        if (now := call.worked()) > worked + _WORK:
            worked = now
            wait.answered()
        try:
            wait.looked()
        except NotAnswered:
            _LeftBehind.call = call
            raise
    if call.failure is not None:
        raise CallFailed(call.failure)
    return call.answers[0]
