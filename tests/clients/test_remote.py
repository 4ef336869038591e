"""`ssh -R`: programs on another machine take the session from here; the other machine is a network of its own."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import scaled
from tests.helpers.programs import BOTO3, have_session, last_call
from tests.helpers.serving import serve
from tests.helpers.support import Home, missing, need

SSHD = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile none
"""
IN_ITS_NETWORK = (
    "ip link set lo up && mount -t tmpfs none /run && mkdir /run/sshd && exec {sshd} -i -e -f {folder}/sshd"
)

Ssh = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ssh(tmp_path: Path) -> Ssh:
    """Runs a line on the other machine, by a real ssh and a real sshd that share no network with each other."""
    if os.geteuid() != 0:
        missing("root, for a network of its own,")
    need("ip")
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        key = ("-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        subprocess.run([need("ssh-keygen"), *key], check=True, timeout=scaled(60))
    (folder / "sshd").write_text(SSHD.format(folder=folder))
    script = IN_ITS_NETWORK.format(sshd=need("sshd"), folder=folder)
    options = {
        "ProxyCommand": shlex.join([need("unshare"), "--net", "--mount", "sh", "-c", script]),
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "IdentitiesOnly": "yes",
        "ExitOnForwardFailure": "yes",
        "LogLevel": "ERROR",
    }

    def run(line: str, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        named = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return subprocess.run(
            [need("ssh"), "-F", "/dev/null", "-i", str(folder / "user"), *named, *words, "root@there", line],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=scaled(90),
            check=False,
        )

    return run


def through(port: int) -> tuple[str, str]:
    """The words that lead a port of the other machine to the same port here."""
    return "-R", f"127.0.0.1:{port}:127.0.0.1:{port}"


def test_a_job_on_another_machine(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, ssh: Ssh, tmp_path: Path
) -> None:
    """docs/remote.md as it stands: the token by a file, the endpoint by `ssh -R`; boto3 there is served, and alone."""
    have_session(alices_home, alice)
    token, aws_port = tmp_path / "token", urlsplit(aws.url).port
    assert aws_port
    with serve(alices_home) as served:
        done = ssh(f"umask 077; cat >{token}", stdin=served.token)
        assert done.returncode == 0, done.stderr
        variables = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": served.uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        line = shlex.join(
            ["env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, "-c", BOTO3]
        )
        assert ssh(line).returncode != 0, "the machines share a network"
        done = ssh(line, *through(served.port), *through(aws_port))
        assert done.returncode == 0, done.stderr
    call = last_call(aws, alice)
    assert (call.outcome, call.user) == ("ok", alice.arn)


def test_others_on_that_machine_get_nothing(alices_home: Home, alice: SandboxUser, ssh: Ssh) -> None:
    """They reach the port there and lack the token; another port there than here is refused, and says so."""
    have_session(alices_home, alice)
    need("curl")
    with serve(alices_home) as served:
        line = f"curl -s -o /dev/null -w '%{{http_code}}' {served.uri}"
        assert ssh(line, *through(served.port)).stdout == "401"
        other = served.uri.replace(f":{served.port}/", ":9/")
        moved = ssh(f"curl -s {other}", "-R", f"127.0.0.1:9:127.0.0.1:{served.port}")
        assert "ForeignHost" in moved.stdout
