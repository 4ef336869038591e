"""Keys in the hands of the scripts about `mfasession keys`."""

import json
from collections.abc import Mapping
from pathlib import Path

from mfasession.sandbox import SandboxUser
from tests.helpers.support import MFASESSION, Home

NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
FOREIGN = (
    "# mine\n[other]\nAWS_Access_Key_Id:AKIAOTHEROTHEROTHER1\naws_secret_access_key   =   other   \n; caf\u00e9\n\n\n"
    "[default]\n# before\naws_access_key_id = {0}\n# between\naws_secret_access_key = {1}\nregion=eu-west-1\n# behind"
)
"""A credentials file as users write it, with a user's key pair."""


def foreign(user: SandboxUser) -> str:
    """A credentials file as users write it, with a user's key pair."""
    return FOREIGN.format(user.key.access_key_id, user.key.secret_access_key.reveal())


def without_key(text: str, user: SandboxUser) -> str:
    """That file without the two lines of the key, and every other byte kept."""
    secrets = (user.key.access_key_id, user.key.secret_access_key.reveal())
    return "".join(line for line in text.splitlines(keepends=True) if not any(each in line for each in secrets))


def two_lines(user: SandboxUser) -> str:
    """A user's key as it is given on stdin."""
    return f"{user.key.access_key_id}\n{user.key.secret_access_key.reveal()}\n"


def whose(user: SandboxUser) -> str:
    """A user's key as it is spoken of."""
    return f"key {user.key.access_key_id} of {user.name} in 123456789012"


def line_for_sdks(home: Home, profile: str = "default") -> str:
    """What is said when no SDK would find the key's sessions."""
    header = profile if profile == "default" else f"profile {profile}"
    return (
        f"mfasession: for SDKs and the AWS CLI, put this line into [{header}] of {home.config}:\n"
        f"  credential_process = {MFASESSION} process -p {profile}\n"
    )


def listed(home: Home, *words: str) -> list[dict[str, object]]:
    """What `keys list --json` prints."""
    done = home.run("keys", "list", "--json", *words)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert isinstance(rows, list)
    return rows


def places(home: Home) -> list[tuple[object, ...]]:
    """Profile, key and store of each key that is here."""
    return [(row["profile"], row["access_key_id"], row["store"]) for row in listed(home) if row["store"]]


class Files:
    """The AWS files as they are now, to be compared with what they are later."""

    def __init__(self, home: Home) -> None:
        self._paths = (home.credentials, home.config)
        self._before = self._read()

    def _read(self) -> Mapping[Path, bytes | None]:
        return {path: path.read_bytes() if path.exists() else None for path in self._paths}

    def assert_same(self) -> None:
        """No byte has changed, and no file was made."""
        assert self._read() == self._before
