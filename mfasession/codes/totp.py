"""Codes computed from the device's seed, which its owner has put into the keyring on purpose.

The seed beside the key makes one factor of two: an explicit choice (`code = "totp"`), never a default.
"""

import time
from typing import Self

from mfasession import installation
from mfasession.codes import CodeRequest, OnWaiting, SeedReader, Source
from mfasession.codes.question.background import Preparation
from mfasession.errors import Cancelled, ConfigurationError
from mfasession.text import printable
from mfasession.totp import code_at, secret_of


class Seed(Source):
    """A virtual device of our own."""

    uses_seed = True

    def __init__(self, read: SeedReader) -> None:
        self._read = read

    @classmethod
    def configured(cls, words: tuple[str, ...], seed_reader: SeedReader) -> Self:  # noqa: ARG003  # it takes no words
        """Return the source, which reads the seed when it is asked: that may open a keyring."""
        return cls(seed_reader)

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return the current code; wait for that of a later step when the request wants it, and work meanwhile.

        Raises ConfigurationError (no seed, not base32), Cancelled, StoreError, and what `on_waiting` raised.
        """
        secret = self._secret(request.serial)
        with Preparation(on_waiting) as preparation:
            try:
                preparation.wait_for_next_code(request.not_before)
            except KeyboardInterrupt:
                raise Cancelled("interrupted") from None
        return code_at(secret, time.time())

    def _secret(self, serial: str) -> bytes:
        seed = self._read(serial)
        keep = installation.keyring("set", "mfasession", f"seed/{printable(serial)}")
        hint = f'keep its seed (base32) with: {keep}; or set code = "prompt"'
        if seed is None:
            raise ConfigurationError(f"the keyring has no seed for device {printable(serial)}", hint)
        try:
            return secret_of(seed.reveal())
        except ValueError:
            raise ConfigurationError(f"the keyring's seed for device {printable(serial)} is not base32", hint) from None


SOURCE = Seed
