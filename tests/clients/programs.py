"""Real clients that list the buckets, and the ways on which they come to a session."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from mfasession.sandbox import Call, Sandbox, SandboxUser
from tests.support import BIN, MFASESSION, Home, missing, need

Done = subprocess.CompletedProcess[str]

BOTO3 = """
import sys
import boto3
from botocore.exceptions import BotoCoreError, ClientError
try:
    boto3.client("s3").list_buckets()
except (BotoCoreError, ClientError) as error:
    sys.exit(str(error))
"""
LIST = ("s3api", "list-buckets")


def boto3(_aws: Sandbox) -> tuple[str, ...]:
    """Return the words of boto3 in a process of its own, which says in a line why it was refused."""
    return sys.executable, "-c", BOTO3


def cli_1(_aws: Sandbox) -> tuple[str, ...]:
    """Return the words of AWS CLI 1."""
    return need(str(BIN / "aws")), *LIST


def cli_2(aws: Sandbox) -> tuple[str, ...]:
    """Return the words of AWS CLI 2; before 2.13 it does not read AWS_ENDPOINT_URL."""
    return _cli_2() or missing("AWS CLI 2"), "--endpoint-url", aws.url, *LIST


@cache
def _cli_2() -> str:
    for folder in os.environ.get("PATH", "").split(":"):
        program = Path(folder, "aws")
        if os.access(program, os.X_OK):
            told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
            if told.stdout.startswith("aws-cli/2"):
                return str(program)
    return ""


CLIENTS: Mapping[str, Callable[[Sandbox], tuple[str, ...]]] = {"boto3": boto3, "cli 1": cli_1, "cli 2": cli_2}

Way = Callable[[Home, tuple[str, ...]], Done]
WAYS: Mapping[str, Way] = {
    "process": lambda home, words: home.run_program(*words, environ={"AWS_PROFILE": "by-process"}),
    "file": lambda home, words: home.run_program(*words, environ={"AWS_PROFILE": "default-mfa"}),
    "env": lambda home, words: home.run_program("bash", "-c", 'eval "$(mfasession env)" && exec "$@"', "bash", *words),
    "exec": lambda home, words: home.run("exec", "--", *words),
}
"""How a client comes to the session of the default profile."""

DAY = 24 * 3600
REGION = "eu-central-1"
CONFIG = f"""[default]
region = {REGION}
[profile by-process]
region = {REGION}
credential_process = {MFASESSION} process -p default
"""
"""The default profile's region, and the profile through which a client runs `mfasession process`."""


def last_call(aws: Sandbox, user: SandboxUser) -> Call:
    """Return what AWS noted of the client's last call; a refused session is nobody's, so the user is not compared."""
    call = aws.calls("ListBuckets")[-1]
    assert call.user in ("", user.arn)
    return call


def log_in(home: Home, user: SandboxUser, *words: str, steps: int = 0) -> None:
    """Have a session, made with the code that the device shows so many steps later."""
    done = home.run("login", "--code", user.devices[0].code(steps), *words)
    assert done.returncode == 0, done.stderr


def let_it_be_old(home: Home) -> None:
    """The sandbox's clock was set back and not ours: what we noted of a session's beginning and its code is too late.

    Then a margin counts as in a session of full length, and no code is one of the last half minute.
    """
    text = home.credentials.read_text()
    home.write_credentials(re.sub(r"mfasession_issued = \S+\n", "", text))
    (home.folder / ".local" / "state" / "mfasession" / "state.toml").unlink()
