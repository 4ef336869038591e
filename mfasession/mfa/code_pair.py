"""Two codes in a row, as enrolling and resynchronising a device take them."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mfasession import codes
from mfasession.aws.errors import CodeRefused
from mfasession.codes import CodeRequest
from mfasession.errors import AwsRefused, InputNeeded, UsageError
from mfasession.totp import STEP, code_at, secret_of

if TYPE_CHECKING:
    from mfasession.aws.model import Device
    from mfasession.codes import CodeSource
    from mfasession.values import Secret

Pair = tuple[str, str]
SEARCH_STEPS = 1000
"""How far AWS searches for two codes, before and after its own time."""
_TWICE = "that is the first code again: the one that comes after it is wanted"
_FOREIGN = "that is no code of this device: is it the right entry in the app?"
_NOT_NEXT = "that one does not come right after the first: now the one that comes after it, please"


class PairSource(Protocol):
    """One way to get two codes in a row."""

    tries: int
    """How many refused pairs are worth asking for."""

    def check(self, *, no_input: bool) -> None:
        """Raise InputNeeded when nobody and nothing can answer."""

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:
        """Return two codes; `notice` tells why the last two would not do. Raises Cancelled, InputNeeded."""


class StdinPair:
    """Two lines of stdin."""

    tries = 1

    def check(self, *, no_input: bool) -> None:
        """Nobody is asked."""

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:  # noqa: ARG002  # nobody is told
        """Return the codes. Raises UsageError when they are none."""
        try:
            first, second = (codes.given("-").ask(CodeRequest()) for _ in range(2))
        except UsageError:
            raise UsageError(
                "stdin did not give two codes",
                "a line each, of six digits, in the order in which the device shows them",
            ) from None
        return first, second


class ComputedPair:
    """The codes of the last step and of this one, from the seed itself."""

    tries = 1

    def __init__(self, seed: "Secret") -> None:
        self._seed = seed

    def check(self, *, no_input: bool) -> None:
        """Nobody is asked."""

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:  # noqa: ARG002  # nobody is told
        """Return the codes: AWS takes any two in a row, and nobody needs to wait for the next."""
        secret, now = secret_of(self._seed.reveal()), time.time()
        return code_at(secret, now - STEP), code_at(secret, now)


class AskedPair:
    """Two codes from wherever single ones come from: a person, pinentry, a program."""

    def __init__(self, source: "CodeSource") -> None:
        self._source = source
        self.tries = source.tries

    def check(self, *, no_input: bool) -> None:
        """Raise InputNeeded when no person is there."""
        if not self._source.available() or (self._source.interactive and no_input):
            reason = "--no-input was given" if no_input else "nobody is here"
            raise InputNeeded(f"two codes are needed, and {reason}", "--codes - reads them from stdin, a line each")

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:
        """Return two codes. With the device's seed a person is told at once of what is none of its codes."""
        request = CodeRequest(serial=device.serial, device_name=device.name, notice=notice)
        first, second = (
            request.replace(wanted=f"{which} code of device {device.name}") for which in ("first", "second")
        )
        second = second.replace(notice="")
        if not self._source.interactive:
            return self._of_program(first, second)
        if seed is None:
            return self._unchecked(first, second)
        return self._checked(first, second, secret_of(seed.reveal()))

    def _of_program(self, first: CodeRequest, second: CodeRequest) -> Pair:
        """Its clock is ours: it is asked again when the next step has come."""
        following = (time.time() // STEP + 1) * STEP
        one = self._source.ask(first)
        other = self._source.ask(second.replace(not_before=following))
        if other == one:
            # The first one was of the following step already.
            other = self._source.ask(second.replace(not_before=following + STEP))
        return one, other

    def _unchecked(self, first: CodeRequest, second: CodeRequest) -> Pair:
        """Nobody knows the device's clock, so that no time is told."""
        one = self._source.ask(first)
        while (other := self._source.ask(second)) == one:
            second = second.replace(notice=_TWICE)
        return one, other

    def _checked(self, first: CodeRequest, second: CodeRequest, secret: bytes) -> Pair:
        """Two in a row, wherever in time: whoever misses the second one goes on from the one that was typed."""
        one = self._source.ask(first)
        while (step := step_of(secret, one, time.time())) is None:
            one = self._source.ask(first.replace(notice=_FOREIGN))
        notice = ""
        while True:
            other = self._source.ask(second.replace(notice=notice, comes=_comes(step, time.time())))
            if other == code_at(secret, (step + 1) * STEP):
                return one, other
            found = step_of(secret, other, time.time())
            if other == one:
                notice = _TWICE
            elif found is None:
                notice = _FOREIGN
            else:
                one, step, notice = other, found, _NOT_NEXT


def step_of(secret: bytes, code: str, now: float) -> int | None:
    """Return the step of 30 s nearest to `now` (epoch seconds) that has this code; None when AWS would find none."""
    here = int(now // STEP)
    steps = (here + distance for distance in sorted(range(-SEARCH_STEPS, SEARCH_STEPS + 1), key=abs))
    return next((step for step in steps if code_at(secret, step * STEP) == code), None)


def _comes(step: int, now: float) -> float:
    """When the code after that of a step comes; 0 when the device's clock is not ours, so that nobody knows."""
    return float(step + 1) * STEP if int(now // STEP) - step in (0, 1) else 0.0


def until_taken(
    source: PairSource, device: "Device", send: Callable[[Pair], None], seed: "Secret | None" = None
) -> Pair:
    """Ask for two codes until AWS takes them; return them. Raises AwsRefused after the last try, and what `send` does.

    New ones each time: two that were refused are refused again. `seed` is the device's, when it is known.
    """
    notice = ""
    for number in range(1, source.tries + 1):
        pair = source.ask(device, notice, seed)
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
