"""Home folders with a live session, as a user has them in the morning."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.interleaved import environ_of

ROOT = Path(__file__).parents[1]
KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SESSION_ID, TOKEN = "ASIAIOSFODNN7EXAMPLE", "FwoGZXIvYXdzE" * 40
SERIAL = "arn:aws:iam::123456789012:mfa/phone"
EXPIRES = "2099-01-01T00:00:00Z"
KEY = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
SESSION = (
    f"[default-mfa]\nmanager = mfasession\naws_access_key_id = {SESSION_ID}\naws_secret_access_key = {SECRET}\n"
    f"aws_session_token = {TOKEN}\nx_security_token_expires = {EXPIRES}\nmfasession_key_id = {KEY_ID}\n"
    f"mfasession_mfa_serial = {SERIAL}\n"
)
SETTINGS = 'store = "file"\nduration = "12h"\n\n[profiles.work]\nmfa_serial = "arn:aws:iam::123456789012:mfa/phone"\n'
_SAVE = """
import json, os, sys, time
from mfasession import stores
from mfasession.awsfiles import AwsFiles
from mfasession.values import Secret, Session
now = int(time.time())
given = json.load(sys.stdin)
session = Session(access_key_id=given["id"], secret_access_key=Secret(given["secret"]),
                  session_token=Secret(given["token"]), expires=now + 43000, issued=now, key_id=given["key_id"],
                  mfa_serial=given["serial"])
stores.opened(sys.argv[1], AwsFiles(os.environ), os.environ).save("default-mfa", session)
"""


def in_file(folder: Path, *, sections: int = 0, settings: str = "") -> dict[str, str]:
    """Make a home whose session is in the credentials file, behind so many other sections; return its environment."""
    others = "".join(f"[profile{number}]\n{KEY}\n" for number in range(sections))
    return _made(folder, f"[default]\n{KEY}\n{others}\n{SESSION}", settings)


def in_store(store: str, folder: Path, bus: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make a home whose session is in the Secret Service on that bus, or in the kernel; return its environment."""
    environ = _made(folder, f"[default]\n{KEY}", f'store = "{store}"\n') | dict(bus or {})
    session = {"id": SESSION_ID, "secret": SECRET, "token": TOKEN[:400], "key_id": KEY_ID, "serial": SERIAL}
    words = [sys.executable, "-c", _SAVE, store]
    subprocess.run(words, env=environ, input=json.dumps(session), text=True, check=True, cwd=ROOT)
    return environ


def _made(folder: Path, credentials: str, settings: str) -> dict[str, str]:
    aws = folder / ".aws"
    aws.mkdir(parents=True, mode=0o700)
    (aws / "credentials").write_text(credentials)
    (aws / "credentials").chmod(0o600)
    (aws / "config").write_text(f"[default]\nregion = eu-west-1\nmfa_serial = {SERIAL}\n")
    if settings:
        path = folder / ".config" / "mfasession" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text(settings)
    return environ_of(folder)
