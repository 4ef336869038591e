"""Two consecutive codes, for enrolling or resynchronising a device."""

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
"""The steps that AWS searches for two codes, before and after its own time."""
_TWICE = "that is the first code again: type the next one"
_FOREIGN = "that is not a code of this device: check the entry in the app"
_NOT_NEXT = "that code does not follow the first one: type the next one"


class PairSource(Protocol):
    """A source of two consecutive codes."""

    tries: int
    """The number of pairs that are asked for."""

    def check(self, *, no_input: bool) -> None:
        """Raise InputNeeded when it cannot give codes."""

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:
        """Return two codes; `notice` says why the last two were refused. Raises Cancelled, InputNeeded."""


class StdinPair:
    """Reads two lines of stdin."""

    tries = 1

    def check(self, *, no_input: bool) -> None:
        """Do nothing: no person is asked."""

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:  # noqa: ARG002  # not used
        """Return the codes. Raises UsageError when they are not codes."""
        try:
            first, second = (codes.given("-").ask(CodeRequest()) for _ in range(2))
        except UsageError:
            raise UsageError(
                "stdin did not give two codes",
                "two lines of six digits, in the order in which the device shows them",
            ) from None
        return first, second


class ComputedPair:
    """Computes the codes of the last step and of this one from the seed."""

    tries = 1

    def __init__(self, seed: "Secret") -> None:
        self._seed = seed

    def check(self, *, no_input: bool) -> None:
        """Do nothing: no person is asked."""

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:  # noqa: ARG002  # not used
        """Return the codes: AWS accepts any two consecutive ones, so there is no need to wait."""
        secret, now = secret_of(self._seed.reveal()), time.time()
        return code_at(secret, now - STEP), code_at(secret, now)


class AskedPair:
    """Asks a code source twice: a person, pinentry, a program."""

    def __init__(self, source: "CodeSource") -> None:
        self._source = source
        self.tries = source.tries

    def check(self, *, no_input: bool) -> None:
        """Raise InputNeeded when the source cannot answer."""
        if not self._source.available() or (self._source.interactive and no_input):
            reason = "--no-input was given" if no_input else "there is no terminal"
            raise InputNeeded(f"two codes are needed, and {reason}", "--codes - reads them from stdin, one per line")

    def ask(self, device: "Device", notice: str, seed: "Secret | None" = None) -> Pair:
        """Return two codes. With the device's seed, wrong codes are reported at once."""
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
        """The program uses our clock: ask it again in the next step."""
        following = (time.time() // STEP + 1) * STEP
        one = self._source.ask(first)
        other = self._source.ask(second.replace(not_before=following))
        if other == one:
            # The first one was of the next step already.
            other = self._source.ask(second.replace(not_before=following + STEP))
        return one, other

    def _unchecked(self, first: CodeRequest, second: CodeRequest) -> Pair:
        """The device's clock is unknown, so no time is shown."""
        one = self._source.ask(first)
        while (other := self._source.ask(second)) == one:
            second = second.replace(notice=_TWICE)
        return one, other

    def _checked(self, first: CodeRequest, second: CodeRequest, secret: bytes) -> Pair:
        """Two consecutive codes of any time; a wrong second code of the device becomes the first one."""
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
    """Return the step of 30 s nearest to `now` (epoch seconds) that has this code; None when AWS would not find it."""
    here = int(now // STEP)
    steps = (here + distance for distance in sorted(range(-SEARCH_STEPS, SEARCH_STEPS + 1), key=abs))
    return next((step for step in steps if code_at(secret, step * STEP) == code), None)


def _comes(step: int, now: float) -> float:
    """When the code after that of a step appears; 0 when unknown, because the device's clock differs from ours."""
    return float(step + 1) * STEP if int(now // STEP) - step in (0, 1) else 0.0


def until_taken(
    source: PairSource, device: "Device", send: Callable[[Pair], None], seed: "Secret | None" = None
) -> Pair:
    """Ask for two codes until AWS accepts them; return them.

    Raises AwsRefused after the last try, and the errors of `send`. Each try needs new codes. `seed` is the device's,
    when it is known.
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
        "check the entry in the app, and type the two codes in the order in which they appear",
    )
