"""An AWS program calls `mfasession process` by itself, and the user is asked on the terminal.

botocore captures stdout and stderr of a credential_process: what is written there is not seen before the end.
"""

import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.seat import CLOCK, aging, expired, question, seat, shell
from tests.helpers.support import BIN, MFASESSION, Home, need

pytestmark = pytest.mark.usefixtures("device_known")

BOTO3 = "import boto3, sys; print('BUCKETS', len(boto3.client('s3').list_buckets()['Buckets']), sys.stdin.isatty())"
FIVE_TIMES = """
import boto3
credentials = boto3.Session().get_credentials()
keys = [credentials.get_frozen_credentials().access_key for _ in range(5)]
print('KEYS', len(keys), *set(keys))
"""
CLIENTS = {
    "boto3": (sys.executable, "-c", BOTO3),
    "awscli1": (str(BIN / "aws"), "s3", "ls", "--endpoint-url", "$AWS_ENDPOINT_URL"),
    "awscli2": ("/usr/bin/aws", "s3", "ls", "--endpoint-url", "$AWS_ENDPOINT_URL"),
}
"""Debian 12's AWS CLI 2 is older than AWS_ENDPOINT_URL."""
ON_EVERY_CLIENT = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture
def home(alices_home: Home, alice: SandboxUser) -> Home:
    """A home where the profile `work` calls us, and where a session of the profile with the key is over."""
    alices_home.write_credentials(expired(alice))
    alices_home.config.write_text(f"[profile work]\ncredential_process = {MFASESSION} process -p default\n")
    alices_home.environ["AWS_PROFILE"] = "work"
    return alices_home


def words(client: str, home: Home) -> list[str]:
    """Return the command of a client; the test is reported as skipped when it is not installed."""
    need(CLIENTS[client][0])
    return [word.replace("$AWS_ENDPOINT_URL", home.environ["AWS_ENDPOINT_URL"]) for word in CLIENTS[client]]


@ON_EVERY_CLIENT
def test_the_question_is_seen_and_the_call_succeeds(home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """fwdcloudsec/granted#405, 99designs/aws-vault#1015: on the captured stderr it looks like a program that hangs."""
    aws.forget_calls()
    with seat(home, *words(client, home)) as sitting:
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
    assert len(aws.calls("GetSessionToken")) == 1
    assert [call.outcome for call in aws.calls("ListBuckets")] == ["ok"]


@ON_EVERY_CLIENT
def test_the_next_call_asks_nothing(home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """The session is kept: the SDKs themselves keep nothing between two programs."""
    assert home.run("login", "-p", "default", "--code", alice.devices[0].code()).returncode == 0
    aws.forget_calls()
    with seat(home, *words(client, home)) as sitting:
        assert sitting.end() == 0
    assert "MFA" not in sitting.shown
    assert [call.action for call in aws.calls()] == ["ListBuckets"]


@ON_EVERY_CLIENT
def test_no_ends_the_call_with_one_question(home: Home, aws: Sandbox, client: str) -> None:
    """The program reports ctrl-C as the reason, and the user is not asked again."""
    aws.forget_calls()
    with seat(home, *words(client, home)) as sitting:
        sitting.see(CLOCK)
        sitting.type("\x03")
        sitting.see("mfasession: interrupted")
        assert sitting.end() != 0
    assert "MFA code" not in sitting.shown.partition("mfasession: interrupted")[2]
    assert aws.calls("GetSessionToken") == []
    assert aws.calls("ListBuckets") == []


def test_no_while_the_old_session_lives_is_asked_once(home: Home, alice: SandboxUser) -> None:
    """Each request of the last 15 minutes has botocore call us: who said no is left alone, and the program works."""
    home.write_credentials(aging(alice))
    with seat(home, sys.executable, "-c", FIVE_TIMES) as sitting:
        sitting.see(CLOCK)
        sitting.type("\x03")
        sitting.see(r"KEYS 5 ASIA\w+\r")
        assert sitting.end() == 0


@ON_EVERY_CLIENT
def test_in_the_background_it_fails_with_the_way_out(home: Home, client: str) -> None:
    """A job in the background is neither stopped nor left to wait for an answer that goes elsewhere."""
    with shell(home, "bash") as sitting:
        (home.folder / "job").write_text(f"exec {' '.join(repr(word) for word in words(client, home))} >out 2>&1\n")
        sitting.line("bash job & wait $!; echo 'END='$?")
        sitting.see(r"END=[1-9]\d*")
    said = (home.folder / "out").read_text()
    assert "the session of profile default has expired, and this runs in the background of its terminal" in said
    assert "hint: mfasession login" in said
