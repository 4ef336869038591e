"""Codes from a KeePassXC database, by `keepassxc-cli show -t` (keepassxc-cli(1)).

It asks for the database's password on the terminal; with a key file and `no_password = "yes"` it needs none.
"""

import os

from mfasession.codes.presets import WITH_PASSWORD, Preset


class Keepassxc(Preset):
    """The account is the entry's title or path."""

    program = "keepassxc-cli"
    time_limit = WITH_PASSWORD
    options = ("account", "database", "key_file", "no_password")
    required = ("database",)

    def arguments(self, account: str) -> tuple[str, ...]:
        """Return the words for one entry. `~` in the names of files is the home folder."""
        words = ["show", "--totp"]
        if "key_file" in self._settings:
            words += ["--key-file", os.path.expanduser(self._settings["key_file"])]
        if self._settings.get("no_password") == "yes":
            words.append("--no-password")
        return (*words, os.path.expanduser(self._settings["database"]), account)


SOURCE = Keepassxc
