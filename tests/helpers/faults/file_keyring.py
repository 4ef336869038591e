"""A keyring in files, one an item, each replaced in one step: what the operating system's own ones promise."""

import os
from pathlib import Path
from urllib.parse import quote

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

ENVIRON = {
    "PYTHON_KEYRING_BACKEND": "tests.helpers.faults.file_keyring.Keyring",
    "PYTHONPATH": str(Path(__file__).parents[3]),
}
"""What makes a program use it."""
FOLDER = "keyring"


def item_path(home: Path, item: str) -> Path:
    """Return the file of an item of service `mfasession`."""
    return home / FOLDER / quote(item, safe="")


class Keyring(KeyringBackend):
    """Never chosen by itself (priority below zero)."""

    priority = -1

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002  # there is one service
        """Return an item."""
        try:
            return self._path(username).read_text()
        except FileNotFoundError:
            return None

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002  # there is one service
        """Keep an item."""
        path = self._path(username)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        coming = path.with_name(f".coming-{path.name}")
        with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(password)
        coming.replace(path)

    def delete_password(self, service: str, username: str) -> None:  # noqa: ARG002  # there is one service
        """Remove an item."""
        try:
            self._path(username).unlink()
        except FileNotFoundError:
            raise PasswordDeleteError("not found") from None

    def _path(self, item: str) -> Path:
        return item_path(Path.home(), item)
