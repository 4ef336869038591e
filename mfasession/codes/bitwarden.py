"""Codes from Bitwarden, by its command line `bw` (bitwarden.com/help/cli, "get").

It reads BW_SESSION, and asks for the master password on the terminal when the vault is locked.
"""

from mfasession.codes.presets import WITH_PASSWORD, Preset


class Bitwarden(Preset):
    """The account is the ID of an item, or a text that only one item has."""

    program = "bw"
    time_limit = WITH_PASSWORD

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words for one item."""
        return "get", "totp", account


SOURCE = Bitwarden
