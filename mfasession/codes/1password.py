"""Codes from 1Password, by its command line `op` (developer.1password.com/docs/cli, "item get").

It asks for the vault's password, or a fingerprint, by itself.
"""

from mfasession.codes.presets import WITH_PASSWORD, Preset


class OnePassword(Preset):
    """The account is the name or the ID of an item with a one-time password."""

    program = "op"
    time_limit = WITH_PASSWORD
    options = ("account", "vault")

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words for one item."""
        vault = (f"--vault={self._settings['vault']}",) if "vault" in self._settings else ()
        return "item", "get", account, "--otp", *vault


SOURCE = OnePassword
