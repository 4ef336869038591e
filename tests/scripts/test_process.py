"""`mfasession process`: the one JSON object that credential_process wants, and nothing else on stdout."""

import json

import pytest
from botocore.credentials import ProcessProvider, RefreshableCredentials

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, have_session
from tests.helpers.support import MFASESSION, SECRET, SESSION_ID, Home, key_pair, session_section

TOKEN = "FwoGZXIvYXdzEXAMPLE"


def test_the_json(home: Home) -> None:
    """Version is a number, Expiration has its Z (AWS SDKs and Tools Reference Guide); stderr stays empty."""
    home.write_credentials(key_pair() + session_section())
    done = home.run("process")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "Version": 1,
        "AccessKeyId": SESSION_ID,
        "SecretAccessKey": SECRET,
        "SessionToken": TOKEN,
        "Expiration": "2099-01-01T00:00:00Z",
    }
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith('{"Version": 1, ')


def test_botocore_takes_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider of boto3 and both AWS CLIs, running the real program with the line of the README."""
    home.write_credentials(key_pair("work-key") + session_section("work-key-mfa"))
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    line = f"{MFASESSION} process -p work-key"
    provider = ProcessProvider("work", lambda: {"profiles": {"work": {"credential_process": line}}})
    credentials = provider.load()
    assert isinstance(credentials, RefreshableCredentials)
    frozen = credentials.get_frozen_credentials()
    assert (frozen.access_key, frozen.secret_key, frozen.token) == (SESSION_ID, SECRET, TOKEN)
    assert not credentials.refresh_needed(refresh_in=900)


def test_a_session_of_today(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """What was logged in is what comes out, again and again, with no call."""
    have_session(alices_home, alice.devices[0])
    count = len(asked(aws, alice))
    first, second = alices_home.run("process"), alices_home.run("process")
    assert first.stdout == second.stdout
    assert first.returncode == second.returncode == 0
    assert len(asked(aws, alice)) == count


def test_it_asks_no_other_credentials(home: Home) -> None:
    """99designs/aws-vault#605: a profile whose credential_process is ours does not call itself without end."""
    home.config.write_text(f"[default]\ncredential_process = {MFASESSION} process -p default\n")
    home.write_credentials(session_section())
    done = home.run("process")
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["", key_pair(), key_pair() + session_section(expires="2020-01-01T00:00:00Z")])
def test_a_failure_shows_no_secret(home: Home, text: str) -> None:
    """SDKs show stderr to the user and some log it: words and a hint, never a key; stdout stays empty."""
    home.write_credentials(text)
    for words in (("process",), ("process", "--debug")):
        done = home.run(*words)
        assert done.returncode in (3, 6)
        assert done.stdout == ""
        assert not any(secret in done.stderr for secret in (SECRET, TOKEN))


@pytest.mark.parametrize(
    "change",
    [
        ("x_security_token_expires = 2099-01-01T00:00:00Z\n", ""),
        ("2099-01-01T00:00:00Z", "tomorrow"),
        ("2099-01-01T00:00:00Z", "2099-02-30T00:00:00Z"),
        (f"aws_session_token = {TOKEN}\n", ""),
        ("mfasession_key_id = ", "mfasession_other = "),
    ],
    ids=["no expiry", "no time", "no day", "no token", "no key"],
)
def test_half_a_session_is_ignored(home: Home, change: tuple[str, str]) -> None:
    """The section was edited: it is not handed out, and a login fixes it."""
    home.write_credentials(key_pair() + session_section().replace(*change))
    done = home.run("process")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith("mfasession: there is no session for profile default")
