"""What other tools have left in a home: recorded from the real ones, see tests/recorded."""

import base64
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

from joserfc import jwe
from joserfc.jwk import OctKey

from mfasession.sandbox import SandboxUser
from tests.helpers.support import Home

RECORDED = Path(__file__).parents[1] / "recorded"
PASSPHRASE = "open sesame"
"""Of the recorded files."""
GIVEN = {"AWS_VAULT_FILE_PASSPHRASE": PASSPHRASE}

WITH_KEYRING = """
import ctypes, os, sys
from mfasession.stores.keyctl import _ADD_KEY_AND_KEYCTL
add_key, keyctl = _ADD_KEY_AND_KEYCTL[os.uname().machine]
syscall = ctypes.CDLL(None).syscall
session, join, set_permissions = -3, 1, 5
assert syscall(keyctl, join, None) > 0
made = syscall(add_key, b"keyring", b"aws-vault", None, 0, session)
# No other test sees it.
assert made > 0 and syscall(keyctl, set_permissions, made, 0x3f000000) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Run by `python -c`: a command in a kernel session of its own that has the keyring of aws-vault."""


def left_by(tool: str, user: SandboxUser) -> str:
    """The AWS credentials file that a tool has written, with a user's key."""
    text = (RECORDED / tool).read_text()
    return text.replace("KEY_ID", user.key.access_key_id).replace("SECRET", user.key.secret_access_key.reveal())


def copy_vault(home: Home, tool: str = "aws-vault") -> Path:
    """Put the recorded encrypted files where a tool keeps them; the folder."""
    place = {"aws-vault": ".awsvault/keys", "granted": ".granted/secure-storage-aws-iam-credentials"}[tool]
    folder = home.folder / place
    shutil.copytree(RECORDED / tool, folder)
    return folder


def add_to_vault(folder: Path, name: str, user: SandboxUser, passphrase: str = PASSPHRASE) -> None:
    """Encrypt one more key as the tools do."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {"AccessKeyID": user.key.access_key_id, "SecretAccessKey": user.key.secret_access_key.reveal()}
    item = {"Key": name, "Data": base64.b64encode(json.dumps(data).encode()).decode()}
    header: dict[str, Any] = {
        "alg": "PBES2-HS256+A128KW",
        "enc": "A256GCM",
        "p2c": 8192,
        "created": "2026-11-28 12:44:18 +0000 UTC",
    }
    with warnings.catch_warnings(action="ignore"):
        key = OctKey.import_key(passphrase)
    registry = jwe.JWERegistry(algorithms=[header["alg"], header["enc"]], strict_check_header=False)
    text = jwe.encrypt_compact(header, json.dumps(item), key, registry=registry)
    (folder / name.replace("/", "%2F")).write_text(text)
