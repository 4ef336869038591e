"""The peers: built once into .tools/peers, and each given a live session in its own store."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import homes
from benchmarks.interleaved import Case, environ_of

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".tools" / "peers"
PYTHON = FOLDER / "python" / "bin"
VAULT = FOLDER / "aws-vault"
PHRASE = "benchmark"
"""Of aws-vault's file store, which is made and thrown away here."""


def build() -> list[str]:
    """Build what is not there yet; return the names of those that could not be built."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    source, failed = ROOT / "benchmarks" / "peers", []
    if not (PYTHON / "awsume").exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER / "python"], check=True)
        words = [str(PYTHON / "pip"), "install", "--quiet", "--requirement", str(source / "requirements.txt")]
        subprocess.run(words, check=True)
    if not VAULT.exists() and shutil.which("go"):
        for package, program in ((".", "plant"), ("github.com/99designs/aws-vault/v7", "aws-vault")):
            built = subprocess.run(["go", "build", "-o", FOLDER / program, package], cwd=source, check=False)
            failed += [package] * bool(built.returncode)
    return [*failed, *([] if VAULT.exists() else ["aws-vault"])]


def in_file(folder: Path) -> Iterator[Case]:
    """Yield the peers that keep a session in files, each with one that lives."""
    if VAULT.exists():
        environ = environ_of(
            folder / "vault",
            AWS_VAULT_BACKEND="file",
            AWS_VAULT_FILE_PASSPHRASE=PHRASE,
            AWS_VAULT_FILE_DIR=str(folder / "vault" / "keys"),
        )
        yield from _vault("file", folder / "vault", environ, "aws-vault, encrypted file")
    home = homes.in_file(folder / "others")
    credentials = folder / "others" / ".aws" / "credentials"
    session = homes.SESSION.replace("[default-mfa]", "[mfa]").replace("manager = mfasession\n", "")
    with credentials.open("a") as file:
        file.write(f"\n[mfa-long-term]\n{homes.KEY}aws_mfa_device = {homes.SERIAL}\n")
        file.write(f"\n{session}aws_security_token = {homes.TOKEN}\n")
        file.write("expiration = 2099-01-01 00:00:00\nassumed_role = False\n")
    yield Case("`aws-mfa`", [str(PYTHON / "aws-mfa"), "--profile", "mfa"], home)
    yield Case("`aws-export-credentials`", [str(PYTHON / "aws-export-credentials"), "--profile", "mfa"], home)
    if cli_2 := shutil.which("aws", path="/usr/local/bin:/usr/bin"):
        words = [cli_2, "configure", "export-credentials", "--profile", "mfa"]
        yield Case("`aws configure export-credentials`", words, home)
    yield Case("`awsume`", [str(PYTHON / "awsumepy"), "default"], _awsume(folder / "awsume"))


def in_secret_service(folder: Path, bus: Mapping[str, str]) -> Iterator[Case]:
    """Yield the peers that keep a session in the Secret Service."""
    if VAULT.exists():
        environ = environ_of(
            folder,
            AWS_VAULT_BACKEND="secret-service",
            **{"AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "login", **bus},
        )
        yield from _vault("secret-service", folder, environ, "aws-vault, Secret Service")


def _vault(backend: str, folder: Path, environ: Mapping[str, str], name: str) -> Iterator[Case]:
    aws = folder / ".aws"
    aws.mkdir(parents=True)
    (aws / "config").write_text(f"[default]\nregion = eu-west-1\nmfa_serial = {homes.SERIAL}\n")
    planted = {
        "Key": {"AccessKeyID": homes.KEY_ID, "SecretAccessKey": homes.SECRET},
        "Session": {
            "AccessKeyId": homes.SESSION_ID,
            "SecretAccessKey": homes.SECRET,
            "SessionToken": homes.TOKEN[:400],
        },
    }
    words = [str(FOLDER / "plant"), backend, str(folder / "keys"), PHRASE, "default", homes.SERIAL]
    subprocess.run(words, env=dict(environ), input=json.dumps(planted), text=True, check=True)
    yield Case(f"`{name}`: export", [str(VAULT), "export", "--format=json", "default"], environ)
    yield Case(f"`{name}`: exec -- true", [str(VAULT), "exec", "default", "--", "true"], environ)


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
