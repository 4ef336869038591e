"""Codes that OATH Toolkit's `oathtool` computes from a seed in a file.

The seed goes to its stdin (`-`, oathtool(1)), never into its arguments, which every user of the machine can read. A
file that holds the seed makes one factor of two, as `totp` does.
"""

import os

from mfasession import files
from mfasession.codes.presets import Preset
from mfasession.errors import ConfigurationError
from mfasession.text import printable
from mfasession.totp import secret_of
from mfasession.values import Secret

_LONGEST_SEED = 1024
"""Characters; AWS's seeds have 64."""


class Oathtool(Preset):
    """The file holds one seed in base32, and only its owner may read it."""

    program = "oathtool"
    options = ("file",)
    required = ("file",)

    def arguments(self, account: str) -> tuple[str, ...]:  # noqa: ARG002  # the file is the account
        """Return the words that make it read the seed from stdin."""
        return "--totp", "--base32", "-"

    def fed(self) -> Secret:
        """Return the seed. Raises ConfigurationError: no such file, readable by others, not base32."""
        path = os.path.expanduser(self._settings["file"])
        text = files.read_private(path)
        if text is None:
            raise ConfigurationError(
                f"there is no file {printable(path)} with a seed", "write the device's seed (base32) into it, mode 0600"
            )
        seed = "".join(text[: 2 * _LONGEST_SEED].split())
        try:
            secret_of(seed[: _LONGEST_SEED + 1])
        except ValueError:
            seed = ""
        if not seed or len(seed) > _LONGEST_SEED:
            raise ConfigurationError(
                f"{printable(path)} does not hold a seed in base32", "write the device's seed alone into it"
            )
        return Secret(f"{seed}\n")


SOURCE = Oathtool
