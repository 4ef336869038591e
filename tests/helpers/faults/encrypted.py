"""The encrypted file of a home that is disturbed: a passphrase from a program, and what the file holds."""

import json
from pathlib import Path

from mfasession.stores.encrypted import sealed
from mfasession.stores.encrypted.sealed import Cost, Entry
from mfasession.values import LongTermKey, Secret

FOLDER = ".local/share/mfasession/"
FILE = FOLDER + "keys.encrypted"
PASSPHRASE = "correct horse"
ENVIRON = {"MFASESSION_PASSPHRASE_COMMAND": f"echo '{PASSPHRASE}'"}
MOVE = ("keys", "move", "--to", "encrypted-file")
CHANGE = ("keys", "passphrase", "--new-command", f"echo '{PASSPHRASE}'")
"""A new salt and nonce; the passphrase stays, so that a second run finds the same."""


def write(home: Path, key: LongTermKey) -> None:
    """Keep the key of profile default in the file, and another profile's."""
    entries: list[Entry] = [
        ({"kind": "key", "profile": name, "key_id": key.access_key_id}, {"secret": key.secret_access_key})
        for name in ("other", "default")
    ]
    path = home / FILE
    path.parent.mkdir(mode=0o700, parents=True)
    # Quick to open: only what is written anew takes its time.
    path.write_text(sealed.seal(entries, Secret(PASSPHRASE), Cost(n=2)))
    path.chmod(0o600)


def shape(text: str) -> str:
    """Return what the file holds. Raises WrongPassphrase or Malformed when it is not whole."""
    return json.dumps([[label, sorted(secrets)] for label, secrets in sealed.opened(text, Secret(PASSPHRASE))])
