"""The rules of asking for codes: none is sent twice, a wrong one is asked for again, three at most."""

import time
from typing import TYPE_CHECKING

from mfasession.aws.errors import CodeRefused, Unanswered
from mfasession.errors import AwsRefused, AwsUnreachable, MfaSessionError
from mfasession.totp import STEP

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfasession.codes import CodeRequest, CodeSource
    from mfasession.sessions.state import State
    from mfasession.values import Session

_USED = "that code was sent to AWS before, and AWS takes each only once"
_REFUSED = "AWS refused that code before, so it was not sent again"


class CodeAttempts:
    """One question, until AWS takes a code or another one cannot help."""

    def __init__(self, source: "CodeSource", request: "CodeRequest", state: "State") -> None:
        self._source = source
        self._request = request
        self._state = state
        self._refused: list[str] = []
        self._given = 0.0
        """When the last code was given, in epoch seconds."""

    def run(
        self,
        connect: "Callable[[], Callable[[str], Session]]",
        *,
        prepare: "Callable[[CodeRequest], CodeRequest]",
    ) -> "Session":
        """Return what comes back for an accepted code. Raises AwsRefused, AwsUnreachable, Cancelled, InputNeeded.

        `connect` returns what sends a code; while it fails no code is used up.
        """
        while True:
            code = self._ask(prepare)
            send = connect()
            # Before it is sent: whatever ends us meanwhile, it is not sent again.
            self._state.record_sent(self._request.serial, code)
            try:
                return send(code)
            except CodeRefused as refused:
                self._refused.append(code)
                if len(self._refused) >= self._source.tries:
                    raise _stop(refused, len(self._refused)) from None
                self._ask_again(refused.message)
            except Unanswered as lost:
                lost.hint = "this code may be used up: wait for the next one on the device, then run it again"
                raise
            except AwsUnreachable:
                # AWS has not seen it: it is as good as before.
                self._state.forget_sent(self._request.serial, code)
                raise

    def _ask(self, prepare: "Callable[[CodeRequest], CodeRequest]") -> str:
        """Return a code that was not sent yet. A person may type one at any time, whatever was typed before it."""
        last = self._refused[-1] if self._refused else ""
        while self._state.was_sent(self._request.serial, code := self._answer(prepare)):
            # A program that gives the same one when the next is due would give it for ever.
            if self._source.tries == 1 or (code == last and not self._source.interactive):
                raise AwsRefused(_USED, "wait for the next code on the device, then run it again")
            if code in self._refused:
                self._ask_again(_REFUSED)
            else:
                self._ask_again(_USED, comes=_next_step(time.time()))
            last = code
        return code

    def _answer(self, prepare: "Callable[[CodeRequest], CodeRequest]") -> str:
        code = self._source.ask(self._request, on_waiting=lambda: prepare(self._request))
        self._given = time.time()
        return code

    def _ask_again(self, notice: str, *, comes: float = 0.0) -> None:
        """Say why, and when another code comes. A program waits for it: in one step it gives one code."""
        not_before = 0.0 if self._source.interactive else _next_step(self._given)
        self._request = self._request.replace(notice=notice, comes=comes, not_before=not_before)


def _next_step(now: float) -> float:
    """Return when the next code comes, in epoch seconds."""
    return (now // STEP + 1) * STEP


def _stop(refused: CodeRefused, refusals: int) -> MfaSessionError:
    if refusals == 1:
        return refused
    return AwsRefused(
        f"AWS refused {refusals} codes",
        "is it the right device? AWS takes 9 codes a device in 3 minutes: wait 3 minutes, then run it again",
    )
