"""What clients do by themselves while a session ages: when botocore asks `mfasession process` again."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import COUNTED, Runs, Staying, age_sessions, have_session, staying
from tests.helpers.support import MFASESSION, Home

LIFE = 12 * 3600
"""Seconds of a session of the default duration."""
LONG_LIVED = """
import sys
import boto3
from botocore.exceptions import BotoCoreError, ClientError
client = boto3.client("s3")
for line in sys.stdin:
    try:
        client.list_buckets()
        print("served", flush=True)
    except (BotoCoreError, ClientError) as error:
        print(repr(str(error)), flush=True)
"""


class LongLived:
    """One boto3 client in a process that stays."""

    def __init__(self, program: Staying) -> None:
        self._program = program

    def list_buckets(self) -> str:
        """Let it call S3 once; return `served`, or why not."""
        return self._program.ask()


@contextmanager
def long_lived(
    home: Home, *before: str, environ: Mapping[str, str] | None = None, script: str = LONG_LIVED
) -> Iterator[LongLived]:
    """Start the client, behind the words `before` if there are any."""
    with staying(home, *before, sys.executable, "-c", script, environ=environ) as program:
        yield LongLived(program)


def log_in_with(home: Home, aws: Sandbox, user: SandboxUser, left: int, *words: str, steps: int = -1) -> None:
    """Have a session of which so many seconds are left. Its code is of the step before, so that this one's is new."""
    have_session(home, user, *words, steps=steps)
    age_sessions(home, aws, LIFE - left)


def keys_of(aws: Sandbox, user: SandboxUser) -> list[str]:
    """Return the access key of each of the user's calls to S3, with runs of one key as one."""
    keys = [call.access_key_id for call in aws.calls("ListBuckets") if call.user == user.arn]
    return [key for number, key in enumerate(keys) if number == 0 or keys[number - 1] != key]


def test_a_session_with_life_is_asked_for_once(alices_home: Home, aws: Sandbox, alice: SandboxUser, runs: Runs) -> None:
    """More than 15 minutes left: a client asks once and keeps what it has, even when a newer one is there."""
    log_in_with(alices_home, aws, alice, 20 * 60)
    with long_lived(alices_home, environ=COUNTED) as client:
        assert [client.list_buckets() for _ in range(3)] == ["served"] * 3
        have_session(alices_home, alice, "--force")
        assert client.list_buckets() == "served"
    assert runs.count == 1
    assert len(keys_of(aws, alice)) == 1


def test_an_aging_session_is_asked_for_at_each_request(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, runs: Runs
) -> None:
    """Less than 15 minutes left: each request asks again, and gets the new session as soon as there is one."""
    log_in_with(alices_home, aws, alice, 14 * 60)
    with long_lived(alices_home, environ=COUNTED) as client:
        assert [client.list_buckets() for _ in range(3)] == ["served"] * 3
        assert runs.count >= 3
        have_session(alices_home, alice, "--force")
        assert client.list_buckets() == "served"
        before = runs.count
        assert [client.list_buckets() for _ in range(3)] == ["served"] * 3
        assert runs.count == before
    assert len(keys_of(aws, alice)) == 2


@pytest.mark.parametrize("left", [14 * 60, 5 * 60, 60])
@pytest.mark.parametrize("way", ["process", "exec"])
def test_the_last_minutes_serve_too(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, left: int, way: str, runs: Runs
) -> None:
    """A session that cannot be renewed now is served until it really ends: the long job goes on."""
    log_in_with(alices_home, aws, alice, left)
    before, environ = ([], COUNTED) if way == "process" else ([MFASESSION, "exec", "--"], {})
    with long_lived(alices_home, *before, environ=environ) as client:
        assert [client.list_buckets() for _ in range(2)] == ["served"] * 2
    assert (runs.count >= 2) is (way == "process")


def test_a_session_that_ends_meanwhile(alices_home: Home, aws: Sandbox, alice: SandboxUser, runs: Runs) -> None:
    """When the session has ended the client says how to fix it, and goes on by itself once that was done."""
    log_in_with(alices_home, aws, alice, 5 * 60)
    with long_lived(alices_home, environ=COUNTED) as client:
        assert client.list_buckets() == "served"
        log_in_with(alices_home, aws, alice, 0, "--force", steps=0)
        before = runs.count
        refused = client.list_buckets()
        assert "the session of profile default has expired, and there is no terminal to ask for a code" in refused
        assert "hint: mfasession login" in refused
        assert runs.count > before
        have_session(alices_home, alice, steps=1)
        assert client.list_buckets() == "served"
