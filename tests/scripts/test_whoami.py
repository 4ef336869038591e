"""`mfasession whoami`: AWS says who it is, and the command says with which credentials and until when."""

import json
import re
from typing import Any

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import LEFT, complaint, have_session
from tests.helpers.support import KEY_ID, SECRET, SESSION_ID, Home, key_pair

ACCOUNT = "123456789012"


def record(home: Home, *words: str, environ: dict[str, str] | None = None) -> dict[str, Any]:
    """The record of --json."""
    done = home.run("whoami", "--json", *words, environ=environ)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def lines(home: Home, *words: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """What is shown to people, by the word in front."""
    done = home.run("whoami", *words, environ=environ)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in done.stdout.splitlines()}


def exported(home: Home) -> dict[str, str]:
    """The variables of `env`."""
    done = home.run("env", "--shell", "json")
    return {name: value for name, value in json.loads(done.stdout).items() if value is not None}


def test_the_long_term_key_without_a_session(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """No MFA, no code, and no call that the rule denies."""
    aws.forget_calls()
    assert lines(alices_home) == {
        "identity": alice.arn,
        "account": ACCOUNT,
        "MFA": "no",
        "until": "-",
        "from": "the long-term key of profile default",
    }
    assert [call.action for call in aws.calls()] == ["GetCallerIdentity"]


def test_a_session(alices_home: Home, alice: SandboxUser) -> None:
    """Its device, its end, its store, and the alias of the account when there is one."""
    have_session(alices_home, alice.devices[0])
    shown = lines(alices_home)
    assert (shown["account"], shown["MFA"]) == (ACCOUNT, f"yes (phone-{alice.name})")
    assert re.fullmatch(rf"{LEFT} \(\d+ h( \d+ min)? left\)", shown["until"])
    assert shown["from"] == "the session of profile default (file)"
    found = record(alices_home)
    assert found.pop("seconds_left") > 43000
    assert found.pop("expiration").endswith("Z")
    assert found == {
        "arn": alice.arn,
        "account": ACCOUNT,
        "account_alias": None,
        "mfa": True,
        "mfa_serial": alice.devices[0].serial,
        "source": "session",
        "profile": "default",
        "store": "file",
    }


def test_the_alias_of_the_account(alices_home: Home, alice: SandboxUser) -> None:
    """Shown behind the account to those who may read it."""
    have_session(alices_home, alice.devices[0])
    alices_home.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    done = alices_home.run("exec", "--", "aws", "iam", "create-account-alias", "--account-alias", "corp")
    assert done.returncode == 0, done.stderr
    try:
        assert lines(alices_home)["account"] == f"{ACCOUNT} (corp)"
        assert record(alices_home)["account_alias"] == "corp"
    finally:
        alices_home.run("exec", "--", "aws", "iam", "delete-account-alias", "--account-alias", "corp")


def test_the_credentials_of_this_shell(alices_home: Home, alice: SandboxUser) -> None:
    """After `env`, they are those of the session; -p looks past them."""
    have_session(alices_home, alice.devices[0])
    environ = exported(alices_home)
    assert lines(alices_home, environ=environ)["from"] == (
        "AWS_ACCESS_KEY_ID in the environment (session of profile default)"
    )
    found = record(alices_home, environ=environ)
    assert (found["source"], found["mfa"], found["profile"]) == ("environment", True, "default")
    assert record(alices_home, "-p", "default", environ=environ)["source"] == "session"


def test_credentials_of_other_origin(alices_home: Home, alice: SandboxUser) -> None:
    """A session that mfasession does not know may have MFA or not; a long-term key has none."""
    have_session(alices_home, alice.devices[0])
    environ = exported(alices_home)
    assert alices_home.run("logout").returncode == 0
    environ = {name: value for name, value in environ.items() if not name.startswith("MFASESSION")}
    shown = lines(alices_home, environ=environ)
    assert (shown["MFA"], shown["from"]) == ("unknown", "AWS_ACCESS_KEY_ID in the environment")
    found = record(alices_home, environ=environ)
    assert (found["mfa"], found["profile"], found["source"]) == (None, None, "environment")
    key = {
        "AWS_ACCESS_KEY_ID": alice.key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": alice.key.secret_access_key.reveal(),
    }
    assert record(alices_home, environ=key)["mfa"] is False


def test_a_role(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """With its session it is the role; without one the answer is no, and no role is assumed for the question."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    done = alices_home.run("whoami", "-p", "admin")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == complaint("no valid session for profile admin", "mfasession login -p admin")
    have_session(alices_home, alice.devices[0], "-p", "admin")
    assert f":assumed-role/admin-{alice.name}/" in lines(alices_home, "-p", "admin")["identity"]


@pytest.mark.parametrize(
    ("key_id", "secret"), [(SECRET, KEY_ID), ("AKIA", SECRET), (SESSION_ID, "a b")], ids=["swapped", "short", "space"]
)
def test_variables_that_are_no_key(home: Home, key_id: str, secret: str) -> None:
    """Exit code 3, and no value is shown."""
    done = home.run("whoami", environ={"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret})
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == complaint(
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not an access key",
        "unset both, or name a profile: mfasession whoami -p NAME",
    )


def test_what_keeps_it_from_an_answer(alices_home: Home) -> None:
    """No key is exit code 3, a key that AWS does not know 4, no network 5."""
    alices_home.write_credentials("")
    assert alices_home.run("whoami").returncode == 3
    alices_home.write_credentials(key_pair())
    assert alices_home.run("whoami").returncode == 4
    assert alices_home.run("whoami", environ={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).returncode == 5
