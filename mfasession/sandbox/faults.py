"""A queue of faults on the way to AWS or inside it."""

import threading
import time

from mfasession.sandbox.aws_errors import Answer, Protocol, Refused, refused
from mfasession.values import Value

KINDS = (
    "throttle",
    "error500",
    "unknown_key",
    "not_there",
    "delay",
    "hang_up",
    "lose_answer",
    "cut_answer",
    "late_answer",
)
"""`unknown_key`, `not_there`: a part of AWS that does not know the key, or the thing, yet. `hang_up` closes the
connection without reading. `lose_answer`, `cut_answer` and `late_answer` perform the request, then send no answer, half
of one, or a late one."""


class HangUp(Exception):
    """The connection is to be closed without an answer."""


class Fault(Value):
    """One fault for one request."""

    action: str
    """The operation's name, or `*` for any."""
    kind: str
    seconds: float = 0.0
    """Real seconds of a `delay` or a `late_answer`."""


class Faults:
    """Faults in the order they were added; each applies to the first request of its action."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, action: str, kind: str, times: int = 1, seconds: float = 0.0) -> None:
        """Apply this to the next `times` requests of `action` (`*`: of any). Raises ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}: one of {', '.join(KINDS)}")
        with self._lock:
            self._queue += [Fault(action=action, kind=kind, seconds=seconds)] * times

    def take(self, action: str) -> Fault | None:
        """Return the fault for this request, and remove it from the queue."""
        with self._lock:
            for number, fault in enumerate(self._queue):
                if fault.action in (action, "*"):
                    return self._queue.pop(number)
        return None

    def pending(self) -> list[Fault]:
        """Return the queued faults."""
        with self._lock:
            return list(self._queue)

    def clear(self) -> None:
        """Forget the queued faults."""
        with self._lock:
            self._queue.clear()


def before(fault: Fault | None, protocol: Protocol) -> None:
    """Apply a fault before the request is read. Raises HangUp, Refused."""
    if fault is None:
        return
    if fault.kind == "hang_up":
        raise HangUp
    if fault.kind == "delay":
        time.sleep(fault.seconds)
    if fault.kind == "not_there":
        raise Refused("NoSuchEntity", 404, "The requested entity cannot be found.")
    if fault.kind in ("throttle", "error500", "unknown_key"):
        raise refused(fault.kind.replace("_", " "), protocol)


def after(fault: Fault | None, answer: Answer) -> Answer:
    """Apply a fault after the request was performed; return the rest of the answer. Raises HangUp."""
    if fault is not None and fault.kind == "lose_answer":
        raise HangUp
    if fault is not None and fault.kind == "late_answer":
        time.sleep(fault.seconds)
    if fault is not None and fault.kind == "cut_answer":
        return answer.replace(body=answer.body[: len(answer.body) // 2]).last()
    return answer
