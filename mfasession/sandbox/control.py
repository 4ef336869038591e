"""The sandbox's control path, protected by a token: codes, clock, faults and the calls so far.

GET  <control>/code?device=phone[&steps=1]     the device's code, as text (device: its name or serial number)
GET  <control>/clock                           {"now": …, "offset": …}
POST <control>/clock?move=SECONDS[&clients_follow=1]
GET  <control>/faults                          the faults that are still queued
POST <control>/faults?action=NAME&kind=KIND[&times=1][&seconds=0]
DELETE <control>/faults
GET  <control>/calls[?action=NAME]             {"counts": {action: n}, "calls": [...]}
DELETE <control>/calls
"""

import hmac
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from mfasession.sandbox.aws_errors import Answer
from mfasession.sandbox.call_log import CallLog
from mfasession.sandbox.faults import Faults
from mfasession.sandbox.handles import SandboxDevice
from mfasession.sandbox.request import Request
from mfasession.sandbox.state import State

_START = "/_sandbox/"


_Told = str | Mapping[str, Any] | list[Any]


class _Wrong(Exception):
    """The control request is wrong: the HTTP status and a sentence."""


class Control:
    """Answers requests under a path that holds a random token."""

    def __init__(self, state: State, faults: Faults, calls: CallLog) -> None:
        self._state = state
        self._faults = faults
        self._calls = calls
        self.path = _START + secrets.token_urlsafe(24)

    def is_addressed(self, request: Request) -> bool:
        """Return whether the request is for the control path; no bucket's name starts with an underscore."""
        return request.path.startswith(_START)

    def answer(self, request: Request) -> Answer:
        """Answer the request: 403 without the token, 404 and 400 for a wrong one."""
        try:
            body = self._done(request)
        except _Wrong as wrong:
            status, text = wrong.args
            return _text(status, text)
        return _text(200, body) if isinstance(body, str) else _json(body)

    def _done(self, request: Request) -> _Told:
        # The token holds no slash: the path is /_sandbox/TOKEN/WORD.
        path, _, word = request.path.rpartition("/")
        if not hmac.compare_digest(path.encode(), self.path.encode()):
            raise _Wrong(403, "wrong token")
        query = dict(request.query_pairs())
        doers: Mapping[tuple[str, str], Callable[[Mapping[str, str]], _Told]] = {
            ("GET", "code"): self._code,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._move,
            ("GET", "faults"): self._pending,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "calls"): self._list_calls,
            ("DELETE", "calls"): self._forget_calls,
        }
        doer = doers.get((request.method, word))
        if doer is None:
            raise _Wrong(404, f"no {request.method} {word}: GET code, clock, faults, calls; POST clock, faults")
        try:
            return doer(query)
        except ValueError as error:
            raise _Wrong(400, str(error)) from None

    def _code(self, query: Mapping[str, str]) -> str:
        wanted = query.get("device", "")
        devices = [device for device in self._state.devices.all() if device.secret]
        found = next((device for device in devices if wanted in ("", device.name, device.serial)), None)
        if found is None:
            raise _Wrong(404, f"no device {wanted!r} that gives codes")
        return SandboxDevice(self._state, found.serial).code(int(query.get("steps", "0")))

    def _clock(self, _query: Mapping[str, str]) -> Mapping[str, Any]:
        return {"now": self._state.clock.now(), "offset": self._state.clock.offset}

    def _move(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        self._state.clock.move(float(query.get("move", "")), clients_follow=query.get("clients_follow") == "1")
        return self._clock(query)

    def _pending(self, _query: Mapping[str, str]) -> list[Any]:
        return [{"action": each.action, "kind": each.kind, "seconds": each.seconds} for each in self._faults.pending()]

    def _add_fault(self, query: Mapping[str, str]) -> list[Any]:
        self._faults.add(
            query.get("action", "*"),
            query.get("kind", ""),
            int(query.get("times", "1")),
            float(query.get("seconds", "0")),
        )
        return self._pending(query)

    def _clear_faults(self, query: Mapping[str, str]) -> list[Any]:
        self._faults.clear()
        return self._pending(query)

    def _list_calls(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        calls = self._calls.find(query.get("action"))
        listed = [{name: getattr(call, name) for name in call.__fields__} for call in calls]
        return {"counts": Counter(call.action for call in calls), "calls": listed}

    def _forget_calls(self, _query: Mapping[str, str]) -> list[Any]:
        self._calls.clear()
        return []


def _text(status: int, text: str) -> Answer:
    return _answer(status, "text/plain; charset=utf-8", f"{text}\n".encode())


def _json(value: object) -> Answer:
    return _answer(200, "application/json", json.dumps(value).encode() + b"\n")


def _answer(status: int, kind: str, body: bytes) -> Answer:
    headers = (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"))
    return Answer(status=status, headers=headers, body=body)
