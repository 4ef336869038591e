"""The seeds of devices, in the encrypted file or in the keyring.

A seed is in the encrypted file when a label there names its device; then no keyring is asked.
"""

from collections.abc import Mapping

from mfasession.errors import ConfigurationError
from mfasession.stores.encrypted import EncryptedFile
from mfasession.stores.encrypted.sealed import Entry, Label
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.text import printable
from mfasession.values import Secret

NAME = "encrypted-file"


class Seeds:
    """The seeds of one user. Every method raises as `EncryptedFile` and the keyring do."""

    def __init__(self, environ: Mapping[str, str], keys_in: str, *, no_input: bool) -> None:
        """`keys_in` is the profile's setting: with the encrypted file, no keyring is asked for a seed."""
        self._is_alone = keys_in == NAME
        self._file = EncryptedFile(environ, no_input=no_input)

    def read(self, serial: str) -> Secret | None:
        """Return the seed (base32) of a device; None when the keyring has none."""
        if self._has(serial):
            return next((secrets.get("seed") for label, secrets in self._file.entries() if _is_of(label, serial)), None)
        if self._is_alone:
            raise ConfigurationError(
                f"{self._file.path} has no seed for device {printable(serial)}",
                f'mfasession mfa enroll --to {NAME} keeps that of a new device; or set code = "prompt"',
            )
        return keyring_keys.read_seed(serial)

    def check(self) -> None:
        """Raise what `save` would raise: the passphrase is asked for."""
        self._file.check()

    def save(self, serial: str, seed: Secret) -> None:
        """Keep the seed (base32) of a device in the encrypted file."""
        self._change(serial, [({"kind": "seed", "device": serial}, {"seed": seed})])

    def forget(self, serial: str) -> bool:
        """Remove the seed of a device from both places; return whether there was one."""
        is_here = self._has(serial)
        if is_here:
            self._change(serial, [])
        return is_here if self._is_alone else keyring_keys.forget_seed(serial) or is_here

    def _has(self, serial: str) -> bool:
        return any(_is_of(label, serial) for label in self._file.labels())

    def _change(self, serial: str, new: list[Entry]) -> None:
        self._file.edit(lambda entries: [*(each for each in entries if not _is_of(each[0], serial)), *new])


def _is_of(label: Label, serial: str) -> bool:
    return label.get("kind") == "seed" and label.get("device") == serial
