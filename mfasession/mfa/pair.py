"""Two codes in a row, as enrolling and resynchronising a device take them."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mfasession import codes
from mfasession.codes import CodeRequest
from mfasession.errors import AwsRefused, CodeRefused, InputNeeded, UsageError
from mfasession.totp import STEP, code_at, secret_of

if TYPE_CHECKING:
    from mfasession.codes import CodeSource
    from mfasession.model import Device
    from mfasession.values import Secret

Pair = tuple[str, str]
_TWICE = "that is the first code again: the one that comes after it is wanted"


class PairSource(Protocol):
    """One way to get two codes in a row."""

    tries: int
    """How many refused pairs are worth asking for."""

    def check(self, *, no_input: bool) -> None:
        """Raise InputNeeded when nobody and nothing can answer."""

    def ask(self, device: "Device", notice: str) -> Pair:
        """Return two codes; `notice` tells why the last two would not do. Raises Cancelled, InputNeeded."""


class Lines:
    """Two lines of stdin."""

    tries = 1

    def check(self, *, no_input: bool) -> None:
        """Nobody is asked."""

    def ask(self, device: "Device", notice: str) -> Pair:  # noqa: ARG002  # nobody is told
        """Return the codes. Raises UsageError when they are none."""
        try:
            first, second = (codes.given("-").ask(CodeRequest()) for _ in range(2))
        except UsageError:
            raise UsageError(
                "stdin did not give two codes",
                "a line each, of six digits, in the order in which the device shows them",
            ) from None
        return first, second


class Computed:
    """The codes of the last step and of this one, from the seed itself."""

    tries = 1

    def __init__(self, seed: "Secret") -> None:
        self._seed = seed

    def check(self, *, no_input: bool) -> None:
        """Nobody is asked."""

    def ask(self, device: "Device", notice: str) -> Pair:  # noqa: ARG002  # nobody is told
        """Return the codes: AWS takes any two in a row, and nobody needs to wait for the next."""
        secret, now = secret_of(self._seed.reveal()), time.time()
        return code_at(secret, now - STEP), code_at(secret, now)


class Asked:
    """Two codes from wherever single ones come from: a person, pinentry, a program."""

    def __init__(self, source: "CodeSource") -> None:
        self._source = source
        self.tries = source.tries

    def check(self, *, no_input: bool) -> None:
        """Raise InputNeeded when no person is there."""
        if not self._source.available() or (self._source.interactive and no_input):
            reason = "--no-input was given" if no_input else "nobody is here"
            raise InputNeeded(f"two codes are needed, and {reason}", "--codes - reads them from stdin, a line each")

    def ask(self, device: "Device", notice: str) -> Pair:
        """Return two codes, the second one different from the first."""
        request = CodeRequest(
            serial=device.serial, device_name=device.name, wanted=f"first code of device {device.name}", notice=notice
        )
        first = self._source.ask(request)
        following = (time.time() // STEP + 1) * STEP
        request = request.replace(wanted=f"second code of device {device.name}", notice="")
        # A phone's clock may be off: whoever reads it knows when it changes, and a program shares our clock.
        moment = "comes" if self._source.interactive else "not_before"
        request = request.replace(**{moment: following})
        while (second := self._source.ask(request)) == first and self._source.interactive:
            request = request.replace(notice=_TWICE)
        return first, second


def until_taken(source: PairSource, device: "Device", send: Callable[[Pair], None]) -> Pair:
    """Ask for two codes until AWS takes them; return them. Raises AwsRefused after the last try, and what `send` does.

    New ones each time: two that were refused are refused again.
    """
    notice = ""
    for number in range(1, source.tries + 1):
        pair = source.ask(device, notice)
        try:
            send(pair)
        except CodeRefused as refused:
            if number == source.tries == 1:
                raise
            notice = f"{refused.message}; two new ones, please"
        else:
            return pair
    raise AwsRefused(
        f"AWS refused {source.tries} pairs of codes",
        "is it the right entry in the app, and are the two typed in the order in which they came?",
    )
