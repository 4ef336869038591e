"""Codes from a YubiKey, by Yubico's `ykman`.

`--single` prints the code alone, and fails when the account's name matches several (ykman(1), "oath accounts code"). A
touch and the password of the key are asked for on the terminal.
"""

from mfasession.codes.presets import Preset


class Ykman(Preset):
    """The account may be a part of `issuer:name`."""

    program = "ykman"

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words for one account."""
        return "oath", "accounts", "code", "--single", account


SOURCE = Ykman
