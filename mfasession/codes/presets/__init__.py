"""Command lines of well-known programs that print a code: `code = "ykman"` instead of `code = { command = […] }`."""

import shlex
from collections.abc import Mapping
from typing import Self

from mfasession.codes import CodeRequest, OnWaiting, SeedReader, Source
from mfasession.codes.command import TIME_LIMIT, Command
from mfasession.errors import ConfigurationError
from mfasession.text import printable
from mfasession.values import Secret

WITH_PASSWORD = 60.0
"""Seconds for a program that asks a person for a long password first."""


class Preset(Source):
    """One program: how its command line is made, and for how long it may run. A subclass sets what is different."""

    program = ""
    time_limit = TIME_LIMIT
    options: tuple[str, ...] = ("account",)

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings

    @classmethod
    def configured(cls, words: tuple[str, ...], seed_reader: SeedReader) -> Self:  # noqa: ARG003  # it reads no seed
        """Return the source; each option in `words` is followed by its value."""
        return cls(dict(zip(words[::2], words[1::2], strict=True)))

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words after the program's name; `account` is what the program calls the device's entry."""
        raise NotImplementedError

    def fed(self) -> Secret | None:
        """Return what the program reads on stdin, None when that is the terminal. Raises ConfigurationError."""
        return None

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return the one run of six digits that the program prints. Raises as `Command.ask` does."""
        words = (self.program, *self.arguments(self._account(request)))
        line = printable(shlex.join(words))
        command = Command(
            words,
            time_limit=self.time_limit,
            advice=f"see what it prints by itself: {line} ({', '.join(self.options)}: set beside preset in code = …)",
            if_missing=f"install {self.program}, or set another code = … in the configuration",
            fed=self.fed(),
        )
        return command.ask(request, on_waiting=on_waiting)

    def _account(self, request: CodeRequest) -> str:
        """Return the configured name of the entry, else the device's name, which ends its ARN."""
        account = self._settings.get("account") or request.serial.rpartition("/")[2]
        if account.startswith("-"):
            # Not every one of these programs has a word that ends its flags.
            raise ConfigurationError(
                f"{self.program} would take the account {printable(account)} for a flag",
                "name the entry so that it does not begin with a dash, and set it as account in code = { preset = …",
            )
        return account
