"""Where codes come from: the protocol of all sources, its values, and the one place that picks a source.

Each file beside this one is a source that the configuration can name, found by being there: it holds a subclass of
`Source` as `SOURCE`, and its name is the one in `code = "…"`. A code can be given on the command line, too.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol, Self

from mfasession import plugins
from mfasession.errors import ConfigurationError, UsageError
from mfasession.totp import DIGITS
from mfasession.values import Secret, Value

__all__ = [
    "COMMAND",
    "DEFAULT",
    "CodeRequest",
    "CodeSource",
    "GivenCode",
    "OnWaiting",
    "Secret",
    "SeedReader",
    "Source",
    "given",
    "names",
    "normalise",
    "source_class",
    "source_for",
]

DEFAULT = "prompt"
COMMAND = "command"
"""The source that is a program of the user's choice: `code = { command = ["…"] }`."""
_LINE_LIMIT = 64
"""Bytes of a line of stdin that may hold a code."""


class CodeRequest(Value):
    """What a source gets: whose code of which device, and why it is asked for again."""

    user: str = ""
    """The IAM user's name; empty while it is not known."""
    account: str = ""
    """Twelve digits; empty for a hardware serial number."""
    device_name: str = ""
    serial: str = ""
    """Serial number or ARN of the device."""
    profile: str = ""
    notice: str = ""
    """One line that says why the last code was not accepted; empty at first."""
    not_before: float = 0.0
    """Epoch seconds: a program is not run before this, because AWS takes each code only once."""
    wanted: str = ""
    """What is asked for when it is not a code for a session, such as `second code of device phone`."""
    comes: float = 0.0
    """Epoch seconds when the wanted code comes on a device whose clock is right. It is shown to a person, who may type
    one earlier."""


OnWaiting = Callable[[], CodeRequest | None]
"""Work to do while a person or a program answers. It may return a better request, which then replaces the first."""
SeedReader = Callable[[str], Secret | None]
"""From a serial number to the base32 seed that is kept for it."""


class CodeSource(Protocol):
    """One way to get a code."""

    interactive: bool
    """Whether a person answers: such a source is not asked with `--no-input`."""
    tries: int
    """How many refused codes are worth asking for."""

    def available(self) -> bool:
        """Return whether a person or a program can answer now."""

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits.

        `on_waiting` runs in a daemon thread once the question is asked. What it raises ends the question and is raised
        here; when the answer comes first, its result is not awaited. Raises Cancelled, InputNeeded, ConfigurationError.
        """


class Source:
    """A source that the configuration can name, and what it says of itself. A `CodeSource`."""

    interactive = False
    tries = 2
    uses_seed = False
    """Whether it needs the device's seed in the keyring."""
    options: tuple[str, ...] = ()
    """Keys that may stand beside its name: `code = { preset = "NAME", KEY = "…" }`."""
    required: tuple[str, ...] = ()
    """Those that it cannot do without."""

    @classmethod
    def configured(cls, words: tuple[str, ...], seed_reader: SeedReader) -> Self:  # noqa: ARG003  # for those that need it
        """Return the source.

        `words` are those of a command; for another source they are its options, each key followed by its value.
        `seed_reader` finds the seed of a device.
        """
        return cls()

    @classmethod
    def has_window(cls) -> bool:
        """Return whether it can ask a person without a terminal."""
        return False

    def available(self) -> bool:
        """Return whether it can answer now; True, too, when only asking would show it."""
        return True

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits, as `CodeSource.ask` does."""
        raise NotImplementedError


class GivenCode:
    """A code from the command line. Raises UsageError when it is not six digits."""

    interactive = False
    tries = 1

    def __init__(self, text: str) -> None:
        code = normalise(text)
        if code is None:
            raise UsageError("the given code is not six digits", "as in --code 123456, or leave --code out to be asked")
        self._code = Secret(code)

    def available(self) -> bool:
        """Return True: it can always answer."""
        return True

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:  # noqa: ARG002  # there is nothing to wait for
        """Return the code as it was given, whatever `not_before` says: waiting would bring no other one."""
        return self._code.reveal()


def given(text: str) -> GivenCode:
    """Return the code of the command line; `-` stands for one line of stdin. Raises UsageError for anything else."""
    if text != "-":
        return GivenCode(text)
    # Closed with `<&-` there is no stdin at all.
    line = sys.stdin.buffer.readline(_LINE_LIMIT) if sys.stdin else b""
    return GivenCode(line.decode("ascii", "replace"))


def normalise(text: str) -> str | None:
    """Return the six digits of a code that may have spaces in it, None when it is anything else."""
    code = "".join(text.split())
    return code if len(code) == DIGITS and code.isascii() and code.isdecimal() else None


def source_class(code: str | Sequence[str]) -> type[Source]:
    """Return the class of the source that the configuration names: a name, or a name and the words that follow it.

    Raises ConfigurationError for an unknown name.
    """
    name = code if isinstance(code, str) else "".join(code[:1])
    if name not in plugins.names("codes") or tuple(code) == (COMMAND,) or code == COMMAND:
        known = ", ".join(f'"{each}"' for each in names())
        raise ConfigurationError(f"unknown source of codes {code!r}", f'code = {known} or {{ {COMMAND} = ["…"] }}')
    found: type[Source] = import_module(f"mfasession.codes.{name}").SOURCE
    return found


def source_for(code: str | Sequence[str], *, seed_reader: SeedReader) -> Source:
    """Return the source that the configuration names, as `ProfileSettings.code` has it.

    Raises ConfigurationError for an unknown name, an unknown option and a missing one.
    """
    words = () if isinstance(code, str) else tuple(code[1:])
    found = source_class(code)
    if not isinstance(code, str) and code[0] == COMMAND:
        return found.configured(words, seed_reader)
    name, given_options = code if isinstance(code, str) else code[0], words[::2]
    for option in given_options:
        if option not in found.options:
            known = f"it takes {' and '.join(found.options)}" if found.options else f'write code = "{name}"'
            raise ConfigurationError(f'code = "{name}" takes no {option}', known)
    for option in found.required:
        if option not in given_options:
            example = f'code = {{ preset = "{name}", {option} = "…" }}'
            raise ConfigurationError(f'code = "{name}" needs {option}', f"set {example} in the configuration")
    return found.configured(words, seed_reader)


def names() -> tuple[str, ...]:
    """Return the names of the sources that need nothing but their name in the configuration."""
    return tuple(name for name in plugins.names("codes") if name != COMMAND)
