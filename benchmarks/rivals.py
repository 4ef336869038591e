"""The peers: built once into .tools/peers, and each given a live session in its own store."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import homes
from benchmarks.interleaved import Case, environ_of

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "benchmarks" / "peers"
FOLDER = (ROOT / ".tools").resolve() / "peers"
PYTHON = FOLDER / "python" / "bin"
AWSUME, AWS_MFA, EXPORTER = (str(PYTHON / each) for each in ("awsumepy", "aws-mfa", "aws-export-credentials"))
VAULT = FOLDER / "aws-vault"
_MODULE = "github.com/byteness/aws-vault/v7"
(VAULT_VERSION,) = re.findall(rf"{_MODULE} v(\S+)", (SOURCE / "go.mod").read_text())
AWS_CLI = shutil.which("aws", path="/usr/local/bin:/usr/bin")
"""AWS CLI 2, which is on no package index of Python."""
PHRASE = "benchmark"
"""Of aws-vault's file store, which is made and thrown away here."""
_SLOW = 5
"""A peer that takes ten times as long as a hit runs in each fifth round only."""


def build() -> list[str]:
    """Build what is not there yet or not as `benchmarks/peers` says; return what could not be built, and why."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    return [*_build("python", "requirements.txt", _python_peers), *_build("go", "*.go go.*", _vault_peer)]


def _build(kind: str, sources: str, make: Callable[[], None]) -> Iterator[str]:
    """Make one kind of peers unless the sources are those that it was made from."""
    text = "".join(path.read_text() for pattern in sources.split() for path in sorted(SOURCE.glob(pattern)))
    made_from = FOLDER / f"{kind}.made-from"
    if made_from.exists() and made_from.read_text() == text:
        return
    made_from.unlink(missing_ok=True)
    try:
        make()
    except FileNotFoundError as error:
        yield f"{kind}: {error.filename} is not installed"
    except subprocess.CalledProcessError as error:
        yield f"{kind}: {error.stderr.decode().strip()[-300:]}"
    else:
        made_from.write_text(text)


def _python_peers() -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER / "python"], check=True, capture_output=True)
    words = [str(PYTHON / "pip"), "install", "--quiet", "--requirement", str(SOURCE / "requirements.txt")]
    subprocess.run(words, check=True, capture_output=True)


def _vault_peer() -> None:
    for package, program in ((".", "plant"), (_MODULE, "aws-vault")):
        subprocess.run(["go", "build", "-o", FOLDER / program, package], cwd=SOURCE, check=True, capture_output=True)


def in_file(folder: Path) -> Iterator[Case]:
    """Yield the peers that keep a session in files, each with one that lives."""
    if VAULT.exists():
        yield from _hits(vault_in_file(folder / "vault"), "in an encrypted file")
    home = homes.in_file(folder / "others")
    credentials = folder / "others" / ".aws" / "credentials"
    session = homes.SESSION.replace("[default-mfa]", "[mfa]").replace("manager = mfasession\n", "")
    with credentials.open("a") as file:
        file.write(f"\n[mfa-long-term]\n{homes.KEY}aws_mfa_device = {homes.SERIAL}\n")
        file.write(f"\n{session}aws_security_token = {homes.TOKEN}\n")
        file.write("expiration = 2099-01-01 00:00:00\nassumed_role = False\n")
    yield Case("`aws-mfa --profile mfa`", [AWS_MFA, "--profile", "mfa"], home, _SLOW)
    yield Case("`aws-export-credentials --profile mfa`", [EXPORTER, "--profile", "mfa"], home, _SLOW)
    if AWS_CLI:
        words = ["configure", "export-credentials", "--profile", "mfa"]
        yield Case(f"`{' '.join(['aws', *words])}`", [AWS_CLI, *words], home, _SLOW)
    yield Case("`awsume default`", [AWSUME, "default"], _awsume(folder / "awsume"), _SLOW)


def in_secret_service(folder: Path, bus: Mapping[str, str]) -> Iterator[Case]:
    """Yield the peers that keep a session in the Secret Service."""
    if VAULT.exists():
        settings = {"AWS_VAULT_BACKEND": "secret-service", "AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "login", **bus}
        environ = environ_of(folder, **settings)
        plant(folder, environ, homes.KEY_ID, homes.SECRET, homes.SERIAL, lives=True)
        yield from _hits(environ, "in the Secret Service")


def vault_in_file(folder: Path) -> dict[str, str]:
    """Make a home where aws-vault's encrypted file has a live session; return its environment."""
    environ = vault_environ(folder)
    plant(folder, environ, homes.KEY_ID, homes.SECRET, homes.SERIAL, lives=True)
    return environ


def vault_environ(folder: Path) -> dict[str, str]:
    """Return the environment of an aws-vault that keeps all in an encrypted file."""
    keys = str(folder / "keys")
    settings = {"AWS_VAULT_BACKEND": "file", "AWS_VAULT_FILE_PASSPHRASE": PHRASE, "AWS_VAULT_FILE_DIR": keys}
    return environ_of(folder, **settings)


def plant(folder: Path, environ: Mapping[str, str], key_id: str, secret: str, serial: str, *, lives: bool) -> None:
    """Put a long-term key into aws-vault's store, and a session if one lives."""
    config = folder / ".aws" / "config"
    config.parent.mkdir(parents=True, exist_ok=True)
    if not config.exists():
        config.write_text(f"[default]\nregion = eu-west-1\nmfa_serial = {serial}\n")
    session = {
        "AccessKeyId": homes.SESSION_ID,
        "SecretAccessKey": homes.SECRET,
        "SessionToken": homes.TOKEN[:400],
    }
    planted = {"Key": {"AccessKeyID": key_id, "SecretAccessKey": secret}, "Session": session if lives else None}
    words = [str(FOLDER / "plant"), environ["AWS_VAULT_BACKEND"], str(folder / "keys"), PHRASE, "default", serial]
    subprocess.run(words, env=dict(environ), input=json.dumps(planted), text=True, check=True)


def _hits(environ: Mapping[str, str], where: str) -> Iterator[Case]:
    for words in (["export", "--format=json", "default"], ["exec", "default", "--", "true"]):
        yield Case(f"`aws-vault {' '.join(words)}`, {where}", [str(VAULT), *words], environ)


def _awsume(folder: Path) -> dict[str, str]:
    """A home where awsume's own cache has a live session: it is named after the key's ID (awsume 4.5)."""
    environ = homes.in_file(folder)
    cache = folder / ".awsume" / "cache"
    cache.mkdir(parents=True)
    kept = {
        "AccessKeyId": homes.SESSION_ID,
        "SecretAccessKey": homes.SECRET,
        "SessionToken": homes.TOKEN,
        "Expiration": "2099-01-01 00:00:00",
        "Region": "eu-west-1",
    }
    path = cache / f"aws-credentials-{homes.KEY_ID}"
    path.write_text(json.dumps(kept))
    path.chmod(0o600)
    return environ
