"""The rules of asking for codes: none is sent twice, a wrong one is asked for again, three at most."""

import time
from typing import TYPE_CHECKING

from mfasession.causes import CodeRefused, Unanswered
from mfasession.errors import AwsRefused, AwsUnreachable, MfaSessionError
from mfasession.totp import STEP

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfasession.codes import CodeRequest, CodeSource
    from mfasession.model import Session
    from mfasession.remembered import Remembered

_USED = "that code was sent to AWS before, and AWS takes each only once"


class Asking:
    """One question, until AWS takes a code or there is no sense in another."""

    def __init__(self, source: "CodeSource", request: "CodeRequest", remembered: "Remembered") -> None:
        self._source = source
        self._request = request
        self._remembered = remembered

    def exchange(
        self,
        connect: "Callable[[], Callable[[str], Session]]",
        *,
        prepare: "Callable[[CodeRequest], CodeRequest]",
    ) -> "Session":
        """Return what comes back for an accepted code. Raises AwsRefused, AwsUnreachable, Cancelled, InputNeeded.

        `connect` returns what sends a code; while it fails no code is used up.
        """
        refusals = 0
        while True:
            code = self._ask(prepare)
            send = connect()
            # Before it is sent: whatever ends us meanwhile, nobody sends it again.
            self._remembered.record_sent(self._request.serial, code)
            try:
                return send(code)
            except CodeRefused as refused:
                refusals += 1
                if refusals >= self._source.tries:
                    raise _stop(refused, refusals) from None
                self._ask_again(refused.message, wait=not self._source.interactive)
            except Unanswered as lost:
                lost.hint = "this code may be used up: wait for the next one on the device, then run it again"
                raise
            except AwsUnreachable:
                # AWS has not seen it: it is as good as before.
                self._remembered.forget_sent(self._request.serial, code)
                raise

    def _ask(self, prepare: "Callable[[CodeRequest], CodeRequest]") -> str:
        if not self._source.interactive and time.time() // STEP == self._last_sent() // STEP:
            self._ask_again("", wait=True)
        code, used = self._answer(prepare), ""
        while self._remembered.was_sent(self._request.serial, code):
            # A program that gives the same one when the next is due would give it for ever.
            if self._source.tries == 1 or (code == used and not self._source.interactive):
                raise AwsRefused(_USED, "wait for the next code on the device, then run it again")
            self._ask_again(_USED, wait=True)
            code, used = self._answer(prepare), code
        return code

    def _answer(self, prepare: "Callable[[CodeRequest], CodeRequest]") -> str:
        return self._source.ask(self._request, on_waiting=lambda: prepare(self._request))

    def _ask_again(self, notice: str, *, wait: bool) -> None:
        next_step = (time.time() // STEP + 1) * STEP
        self._request = self._request.replace(notice=notice, not_before=next_step if wait else 0.0)

    def _last_sent(self) -> float:
        return self._remembered.last_sent(self._request.serial)


def _stop(refused: CodeRefused, refusals: int) -> MfaSessionError:
    if refusals == 1:
        return refused
    return AwsRefused(
        f"AWS refused {refusals} codes",
        "is it the right device? AWS takes 9 codes a device in 3 minutes: wait 3 minutes, then run it again",
    )
