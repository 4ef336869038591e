"""One deadline for a whole exchange with a server: name lookup, connection, TLS, head and body.

A socket's time limit starts anew with each byte, and a name lookup has none. So the exchange runs in a thread, which
is abandoned when it has not ended in time.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class Overdue(Exception):
    """The exchange with a host has not ended in time: the request may have arrived."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


def within(seconds: float, exchange: Callable[[], Answer], host: str) -> Answer:
    """Return what `exchange` returns. Raises its errors, and Overdue after `seconds`."""
    answers: list[Answer] = []
    failures: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            answers.append(exchange())
        except BaseException as failure:  # noqa: BLE001  # raised again in the waiting thread
            failures.append(failure)
        finally:
            ended.set()

    if seconds > 0:
        threading.Thread(target=run, daemon=True, name="mfasession-exchange").start()
    if seconds <= 0 or not ended.wait(seconds):
        raise Overdue(host)
    if failures:
        raise failures[0]
    return answers[0]
