"""Where codes come from: the protocol of all sources, its values, and the one place that picks a source.

A source is a person (`prompt`, `pinentry`) or a program (`command`, `seed`), or the code was given on the command line.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from mfasession.errors import ConfigurationError, UsageError
from mfasession.totp import DIGITS
from mfasession.values import Secret, Value

__all__ = [
    "CodeRequest",
    "CodeSource",
    "GivenCode",
    "OnWaiting",
    "Secret",
    "SeedReader",
    "given",
    "normalise",
    "source_for",
]

_LINE_LIMIT = 64
"""Bytes of a line of stdin that may hold a code."""


class CodeRequest(Value):
    """What a source is told: whose code of which device, and why it is asked for again."""

    user: str = ""
    """The IAM user's name; empty while it is not known."""
    account: str = ""
    """Twelve digits; empty for a hardware serial number."""
    device_name: str = ""
    serial: str = ""
    """Serial number or ARN of the device."""
    profile: str = ""
    notice: str = ""
    """One line that tells why the last code would not do; empty at first."""
    not_before: float = 0.0
    """Epoch seconds: a program is not run before this, because AWS takes each code only once."""
    wanted: str = ""
    """What is asked for when it is not a code for a session, as in `second code of device phone`."""
    comes: float = 0.0
    """Epoch seconds when the wanted code comes on a device whose clock is right: shown to a person, who may type one
    before."""


OnWaiting = Callable[[], CodeRequest | None]
"""Work to do while somebody answers. It may return a better request, which is shown in place of the first."""
SeedReader = Callable[[str], Secret | None]
"""From a serial number to the base32 seed that is kept for it."""


class CodeSource(Protocol):
    """One way to get a code."""

    interactive: bool
    """Whether a person answers: such a source is not asked with `--no-input`."""
    tries: int
    """How many refused codes are worth asking for."""

    def available(self) -> bool:
        """Tell whether somebody or something can answer now."""

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits.

        `on_waiting` runs in a daemon thread once the question is asked. What it raises ends the question and is raised
        here; when the answer comes first, nobody waits for it. Raises Cancelled, InputNeeded, ConfigurationError.
        """


class GivenCode:
    """A code from the command line. Raises UsageError when it is none."""

    interactive = False
    tries = 1

    def __init__(self, text: str) -> None:
        code = normalise(text)
        if code is None:
            raise UsageError("the given code is not six digits", "as in --code 123456, or leave --code out to be asked")
        self._code = Secret(code)

    def available(self) -> bool:
        """Tell that it can answer, always."""
        return True

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:  # noqa: ARG002  # nobody waits
        """Return the code as it was given: there is no other, so `not_before` cannot be met by waiting."""
        return self._code.reveal()


def given(text: str) -> GivenCode:
    """Return the code of the command line; `-` stands for one line of stdin. Raises UsageError when it is none."""
    if text != "-":
        return GivenCode(text)
    # Closed with `<&-` there is no stdin at all.
    line = sys.stdin.buffer.readline(_LINE_LIMIT) if sys.stdin else b""
    return GivenCode(line.decode("ascii", "replace"))


def normalise(text: str) -> str | None:
    """Return the six digits of a code that may have spaces in it, None when it is anything else."""
    code = "".join(text.split())
    return code if len(code) == DIGITS and code.isascii() and code.isdecimal() else None


def source_for(code: str | Sequence[str], *, seed_reader: SeedReader) -> CodeSource:
    """Return the source that the configuration names: `prompt`, `pinentry`, `totp`, or the words of a command.

    Raises ConfigurationError for anything else.
    """
    if code == "prompt":
        from mfasession.codes.prompt import Prompt

        return Prompt()
    if code == "pinentry":
        from mfasession.codes.pinentry import Pinentry

        return Pinentry()
    if code == "totp":
        from mfasession.codes.totp import Seed

        return Seed(seed_reader)
    if isinstance(code, str) or not code:
        raise ConfigurationError(
            f"there is no source of codes named {code!r}", 'code = "prompt", "pinentry", "totp" or { command = ["…"] }'
        )
    from mfasession.codes.command import Command

    return Command(tuple(code))
