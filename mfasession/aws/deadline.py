"""One deadline for a whole exchange with a server, whatever it does: name service, connection, TLS, head and body.

A time limit of a socket begins anew with each byte, and the name service knows none. So the exchange has a thread of
its own, which is left behind when it has not ended in time.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ReadTimeoutError

Answer = TypeVar("Answer")


def within(seconds: float, exchange: Callable[[], Answer], url: str) -> Answer:
    """Return what `exchange` returns. Raises what it raises, and botocore's ReadTimeoutError after so many seconds."""
    answers: list[Answer] = []
    failures: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            answers.append(exchange())
        except BaseException as failure:  # noqa: BLE001  # handed over: raised where the answer is waited for
            failures.append(failure)
        finally:
            ended.set()

    if seconds > 0:
        threading.Thread(target=run, daemon=True, name="mfasession-exchange").start()
    if seconds <= 0 or not ended.wait(seconds):
        raise ReadTimeoutError(endpoint_url=url)
    if failures:
        raise failures[0]
    return answers[0]
