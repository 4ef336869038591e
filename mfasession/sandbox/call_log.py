"""The log of the sandbox's calls: one record for each request, without secrets and codes."""

import re
import threading
from collections.abc import Mapping

from mfasession.values import Value

_SHOWN = re.compile(r"\w*(Name|Id|Arn|Number|Seconds|Status)|Action|Version|Bucket|Key|Marker|MaxItems")


class Call(Value):
    """One request, its caller and its outcome."""

    action: str
    """The operation's name, as in `GetSessionToken` or `ListBuckets`."""
    service: str
    """The signing name of the service: `sts`, `s3`, …; empty when the request was not signed."""
    permission: str = ""
    """The action as policies name it: `s3:ListAllMyBuckets`."""
    region: str = ""
    """The region that the client signed for; empty when the signature names none."""
    access_key_id: str = ""
    user: str = ""
    """ARN of the caller; empty when the request was not authenticated."""
    outcome: str = ""
    """`ok`, AWS's error code, or `hang_up`."""
    status: int = 0
    """The HTTP status; 0 when no answer was sent."""
    params: Mapping[str, str] = {}
    at: float = 0.0
    """Epoch seconds by the sandbox's clock."""


class CallLog:
    """The records, in the order of the answers."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Add a record."""
        with self._lock:
            self._calls.append(call)

    def find(self, action: str | None = None) -> list[Call]:
        """Return the records of one action, or all."""
        with self._lock:
            return [call for call in self._calls if action in (None, call.action)]

    def clear(self) -> None:
        """Forget all records."""
        with self._lock:
            self._calls.clear()


def shown(params: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters that may be logged: those that only name things. Others may hold secrets."""
    return {
        name: str(value) for name, value in params.items() if isinstance(value, str | int) and _SHOWN.fullmatch(name)
    }
