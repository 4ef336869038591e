"""Real clients that list the buckets, and the ways on which they come to a session."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from mfasession import timestamps
from mfasession.sandbox import Call, Sandbox, SandboxUser
from tests.helpers.support import BIN, MFASESSION, Home, missing, need

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
            version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
            if version.stdout.startswith("aws-cli/2"):
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
    """Return what AWS noted of the client's last call; a refused session has no user, so the user is not compared."""
    call = aws.calls("ListBuckets")[-1]
    assert call.user in ("", user.arn)
    return call


def log_in(home: Home, user: SandboxUser, *words: str, steps: int = 0) -> None:
    """Have a session, made with the code that the device shows so many steps later."""
    done = home.run("login", "--code", user.devices[0].code(steps), *words)
    assert done.returncode == 0, done.stderr


def have_session(home: Home, user: SandboxUser, *words: str, steps: int = 0) -> None:
    """Log in for a test of something else: the device is named, so the user's devices are not listed, which takes IAM.

    A first login without `--serial` takes three times as long.
    """
    log_in(home, user, *words, "--serial", user.devices[0].serial, steps=steps)


def age_sessions(home: Home, aws: Sandbox, seconds: int) -> None:
    """Let all sessions end so many seconds earlier, at AWS and in the home's credentials file."""
    aws.age_sessions(seconds)

    def earlier(found: "re.Match[str]") -> str:
        return found[1] + timestamps.show(timestamps.parse(found[2]) - seconds)

    text = home.credentials.read_text()
    home.write_credentials(re.sub(r"(x_security_token_expires = )(\S+)", earlier, text))


def let_it_be_old(home: Home) -> None:
    """The sandbox's clock was set back and not ours: what we noted of a session's beginning and its code is too late.

    Then a margin counts as in a session of full length, and no code is one of the last half minute.
    """
    text = home.credentials.read_text()
    home.write_credentials(re.sub(r"mfasession_issued = \S+\n", "", text))
    (home.folder / ".local" / "state" / "mfasession" / "state.toml").unlink()


class Staying:
    """A program in a process that stays: for each line it reads it writes one."""

    def __init__(self, process: "subprocess.Popen[str]", stderr: Path) -> None:
        self._process = process
        self._stderr = stderr

    def ask(self) -> str:
        """Let it act once; return its line, which is empty when it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().rstrip("\n")

    @property
    def stderr(self) -> str:
        """What it and its children wrote to stderr so far."""
        return self._stderr.read_text()


@contextmanager
def staying(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> Iterator[Staying]:
    """Start the program with no controlling terminal; the end of its stdin ends it."""
    said = home.folder / "program.said"
    with (
        said.open("w") as stderr,
        subprocess.Popen(
            words,
            env={**home.environ, **(environ or {})},
            cwd=home.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            text=True,
        ) as process,
    ):
        yield Staying(process, said)
        assert process.stdin is not None
        process.stdin.close()


class Runs:
    """The profile `counted`: a `credential_process` that counts its runs."""

    def __init__(self, home: Home) -> None:
        self._log = home.folder / "runs"
        script = f"echo >>{self._log}; exec {MFASESSION} process -p default"
        with home.config.open("a") as config:
            config.write(f"[profile counted]\nregion = {REGION}\ncredential_process = sh -c '{script}'\n")

    @property
    def count(self) -> int:
        """How often it was run."""
        return len(self._log.read_text()) if self._log.exists() else 0


COUNTED = {"AWS_PROFILE": "counted"}
BY_PROCESS = {"AWS_PROFILE": "by-process"}
