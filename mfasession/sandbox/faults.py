"""A queue of things that go wrong on the way to AWS or inside it."""

import threading

from mfasession.values import Value

KINDS = ("throttle", "error500", "unknown_key", "delay", "hang_up", "lose_answer", "cut_answer")
"""`unknown_key`: a part of AWS that has not heard of the key yet. `hang_up` closes the connection unread. `lose_answer`
and `cut_answer` do what was asked, then close it without an answer, or with half of one."""


class Fault(Value):
    """One thing that goes wrong once."""

    action: str
    """The operation's name, or `*` for any."""
    kind: str
    seconds: float = 0.0
    """How long a `delay` takes, in real seconds."""


class Faults:
    """Faults in the order they were added; each meets the first request of its action."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, action: str, kind: str, times: int = 1, seconds: float = 0.0) -> None:
        """Let the next `times` requests of `action` (`*`: of any) meet this. Raises ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}: one of {', '.join(KINDS)}")
        with self._lock:
            self._queue += [Fault(action=action, kind=kind, seconds=seconds)] * times

    def take(self, action: str) -> Fault | None:
        """Return the fault that this request meets, and take it from the queue."""
        with self._lock:
            for number, fault in enumerate(self._queue):
                if fault.action in (action, "*"):
                    return self._queue.pop(number)
        return None

    def pending(self) -> list[Fault]:
        """Return the faults that nothing has met yet."""
        with self._lock:
            return list(self._queue)

    def clear(self) -> None:
        """Forget the faults that nothing has met yet."""
        with self._lock:
            self._queue.clear()
