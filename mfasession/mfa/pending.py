"""Stores the seed of a device that is not enabled yet, because AWS shows it only once.

The place is the keyring where there is one, else a file of mode 0600 in the state folder.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from shlex import quote

from mfasession import files, installation
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import replace
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keyrings.items import forget_item, read_item, unreadable, write_item
from mfasession.values import Secret, Value


class Pending(Value):
    """A device that waits for its two codes."""

    serial: str
    seed: Secret
    """Base32."""
    made: int
    """Epoch seconds."""


class PendingStore:
    """The stored seed of one user's new device. Every method raises StoreError and ConfigurationError."""

    def __init__(self, environ: Mapping[str, str], arn: str) -> None:
        """`arn` is the user's."""
        digest = sha256(arn.encode()).hexdigest()[:16]
        self._path = os.path.join(files.state_folder(environ), f"enrolment-{digest}")
        # An empty file means that the seed is in the keyring, even if that is locked.
        self._note = f"{self._path}.keyring"
        self._item = f"enrolment/{arn}"
        self.where = ""
        """The place, set by `load` or `check`: a path, or `the keyring`."""

    def load(self) -> Pending | None:
        """Return the waiting device; None when there is none."""
        text = files.read_private(self._path)
        if text is not None:
            self.where = self._path
            found = _read(text)
            if found is None:
                raise ConfigurationError(f"{self._path} is not one of ours", f"rm {quote(self._path)}")
            return found
        text = self._in_keyring()
        if text is None:
            return None
        self.where = "the keyring"
        found = _read(text)
        if found is None:
            raise unreadable(self._item)
        return found

    def check(self) -> None:
        """Choose the place, and raise what `keep` would raise, before AWS creates a seed that could not be stored."""
        try:
            write_item(f"check/{self._item}", "check")
            forget_item(f"check/{self._item}")
        except KeyringAbsent:
            replace.check_replaceable(self._path)
            self.where = self._path
        except StoreError as failure:
            raise _locked(failure) from None
        else:
            replace.check_replaceable(self._note)
            self.where = "the keyring"

    def keep(self, pending: Pending) -> None:
        """Store the seed in the place that `check` has chosen."""
        text = f"{pending.serial}\n{pending.seed.reveal()}\n{pending.made}\n"
        if self.where == self._path:
            replace.replace(self._path, text)
        else:
            write_item(self._item, text, lambda: replace.replace(self._note, ""))

    def forget(self) -> None:
        """Remove the seed from its place."""
        replace.remove(self._path)
        # Without a keyring, a seed left in it is useless once its device is enabled or gone.
        with suppress(KeyringAbsent):
            forget_item(self._item)
        replace.remove(self._note)

    def _in_keyring(self) -> str | None:
        try:
            return read_item(self._item)
        except KeyringAbsent as absent:
            if os.path.lexists(self._note):
                raise _locked(absent) from None
            return None
        except StoreError as failure:
            raise _locked(failure) from None


def _locked(failure: StoreError) -> StoreError:
    if isinstance(failure, KeyringAbsent):
        return StoreError(
            f"{failure.message}, and the seed of a new device is stored in it", f"{failure.hint}, then run it again"
        )
    return StoreError(
        f"{failure.message}, and the seed of a new device has to be stored in it",
        "unlock it (log in to the desktop, or gnome-keyring-daemon --unlock), then run it again; "
        f"{installation.keyring('diagnose')} says more",
    )


def _read(text: str) -> Pending | None:
    lines = text.splitlines()
    if len(lines) != 3 or not all(lines) or not (lines[2].isascii() and lines[2].isdigit() and len(lines[2]) < 12):
        return None
    return Pending(serial=lines[0], seed=Secret(lines[1]), made=int(lines[2]))
