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
