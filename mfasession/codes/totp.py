"""Codes computed here from the device's seed, which its owner has put into the keyring on purpose.

The seed beside the key makes one factor of two: an explicit choice (`code = "totp"`), never a default.
"""

import time

from mfasession import installation
from mfasession.codes import CodeRequest, OnWaiting, SeedReader
from mfasession.codes.background import Preparation
from mfasession.errors import Cancelled, ConfigurationError
from mfasession.text import printable
from mfasession.totp import code_at, secret_of


class Seed:
    """A virtual device of our own."""

    interactive = False
    tries = 2

    def __init__(self, read: SeedReader) -> None:
        self._read = read

    def available(self) -> bool:
        """Tell that it can answer: reading the seed may open a keyring, so only asking does it."""
        return True

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return the code of now, or of the next step when that is asked for: then it waits, and works meanwhile.

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
            raise ConfigurationError(f"no seed is kept for device {printable(serial)}", hint)
        try:
            return secret_of(seed.reveal())
        except ValueError:
            raise ConfigurationError(
                f"the seed that is kept for device {printable(serial)} is not base32", hint
            ) from None
