"""A secret stands in the credentials file and in what was asked for on stdout; nowhere else, in no mode."""

import re

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.scripts.checks import keys_of, log_in
from tests.support import Home


def secrets_in(home: Home) -> set[str]:
    """Every secret access key and session token of the credentials file."""
    return set(re.findall(r"(?:secret_access_key|session_token) = (\S+)", home.credentials.read_text()))


def holders(home: Home, secrets: set[str]) -> set[str]:
    """The files of the home that hold one of these."""
    files = (path for path in home.folder.rglob("*") if path.is_file())
    return {path.name for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)}


@pytest.mark.parametrize("kind", ["lose_answer", "hang_up", "error500"])
@pytest.mark.parametrize("action", ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"])
def test_a_traceback_holds_none(aws: Sandbox, alices_home: Home, alice: SandboxUser, action: str, kind: str) -> None:
    """Botocore's exceptions hold the request, code and signature and all: --debug shows none of it."""
    code = alice.devices[0].code()
    aws.faults.add(action, kind, times=9)
    done = alices_home.run("login", "--debug", "--code", code)
    assert done.returncode == 5
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert not any(secret in done.stderr for secret in {code, *secrets_in(alices_home)})
    assert "botocore" not in done.stderr
    assert holders(alices_home, secrets_in(alices_home)) == {"credentials"}
    assert holders(alices_home, {code}) == set()


def test_a_refusal_quotes_none(alices_home: Home, alice: SandboxUser) -> None:
    """AWS's answer to a wrong secret, and to a wrong code, in full."""
    alices_home.write_credentials(keys_of(alice).replace("aws_secret_access_key = ", "aws_secret_access_key = WRONG"))
    done = alices_home.run("login", "--debug", "--code", "123456")
    assert done.returncode == 4
    assert not any(secret in done.stderr for secret in {"123456", "WRONG", *secrets_in(alices_home)})


def test_a_session_is_in_one_place(alices_home: Home, alice: SandboxUser) -> None:
    """After a day's commands: the file, and what `env` and `process` were asked to print."""
    log_in(alices_home, alice.devices[0], "--debug")
    secrets = secrets_in(alices_home)
    assert len(secrets) == 3
    for words in (("login",), ("status",), ("status", "--json"), ("exec", "--", "true"), ("env", "--unset")):
        done = alices_home.run(*words, "--debug") if words[0] != "exec" else alices_home.run(*words)
        assert done.returncode == 0, done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in secrets)
    for words in (("env",), ("process",)):
        done = alices_home.run(*words)
        assert done.stderr == ""
        assert sum(secret in done.stdout for secret in secrets) == 2
    assert holders(alices_home, secrets) == {"credentials"}


@pytest.mark.parametrize("words", [("--store", "keyring"), ()], ids=["flag", "setting"])
def test_no_keyring_is_no_reason_for_plain_text(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """99designs/aws-vault#304, #683: told before a code is spent, and the file is as it was."""
    if not words:
        alices_home.write_settings('store = "keyring"\n')
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", *words, "--code", alice.devices[0].code())
    assert done.returncode == 7
    assert done.stderr.startswith("mfasession: there is no keyring here\n  hint: ")
    assert alices_home.credentials.read_bytes() == before
    assert [call.action for call in aws.calls() if call.access_key_id == alice.key.access_key_id] == []
    log_in(alices_home, alice.devices[0], "--store", "file")
    assert holders(alices_home, secrets_in(alices_home)) == {"credentials"}
