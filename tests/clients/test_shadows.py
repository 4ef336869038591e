"""What lies in a shell from before and would win over the session."""

import json
import shlex

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import CLIENTS, DAY, WAYS, have_session, last_call
from tests.helpers.support import KEY_ID, MFASESSION, SECRET, Home, need

STALE = {
    "token": {"AWS_SECURITY_TOKEN": "stale"},
    "profile": {"AWS_PROFILE": "default"},
    "default profile": {"AWS_DEFAULT_PROFILE": "default"},
    "keys": {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET},
    "session": {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "stale",
        "AWS_SECURITY_TOKEN": "stale",
        "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
    },
    "container": {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x",
    },
}
"""Variables by what they are left from."""
EVERYTHING = {name: value for variables in STALE.values() for name, value in variables.items()}


@pytest.mark.parametrize(
    ("client", "stale"),
    [*(("boto3", variables) for variables in STALE.values()), ("cli 1", EVERYTHING), ("cli 2", EVERYTHING)],
    ids=[*STALE, "cli 1", "cli 2"],
)
@pytest.mark.parametrize("way", ["env", "exec"])
def test_no_variable_wins_over_the_session(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str, way: str, stale: dict[str, str]
) -> None:
    """broamski/aws-mfa#44: whatever AWS_* was set before, the client is served with the session, in its region."""
    have_session(alices_home, alice)
    alices_home.environ |= stale
    done = WAYS[way](alices_home, CLIENTS[client](aws))
    assert done.returncode == 0, done.stderr
    call = last_call(aws, alice)
    assert (call.outcome, call.region) == ("ok", "eu-central-1")


@pytest.mark.parametrize("way", ["process", "file"])
def test_login_reports_credentials_that_win_over_the_session(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, way: str
) -> None:
    """broamski/aws-mfa#44: keys in the environment are taken before any profile, silently; so `login` says it."""
    alices_home.environ |= STALE["keys"]
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0
    note = (
        "mfasession: AWS_ACCESS_KEY_ID is set here, and programs take it before the session\n"
        '  hint: eval "$(mfasession env)"\n'
    )
    assert done.stderr.endswith(note)
    assert WAYS[way](alices_home, CLIENTS["boto3"](aws)).returncode != 0
    done = alices_home.run("login")
    assert done.stderr.endswith(note)
    fixed = 'eval "$(mfasession env)" && mfasession login && exec "$@"'
    done = alices_home.run_program("bash", "-c", fixed, "bash", *CLIENTS["boto3"](aws))
    assert done.returncode == 0, done.stderr
    assert "AWS_ACCESS_KEY_ID" not in done.stderr


def test_login_reports_the_shell_that_holds_an_older_session(alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#1266: after a renewal this shell still has the older keys; one line takes the new ones."""
    have_session(alices_home, alice)
    variables = json.loads(alices_home.run("env", "--shell", "json").stdout)
    alices_home.environ |= {name: value for name, value in variables.items() if value is not None}
    words = (MFASESSION, "login", "--force", "-p", "default", "--code", alice.devices[0].code(1))
    done = alices_home.run_program(need("fish"), "-c", f"{shlex.join(words)}; or exit 1")
    assert done.returncode == 0
    assert done.stderr.endswith("  hint: mfasession env -p default --shell fish | source\n"), done.stderr


@pytest.mark.parametrize("client", CLIENTS)
def test_the_variables_of_yesterday(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """A shell from yesterday: no client sends what has expired, and the same line fixes it in the same shell."""
    have_session(alices_home, alice)
    variables = json.loads(alices_home.run("env", "--shell", "json").stdout)
    alices_home.environ |= {name: value for name, value in variables.items() if value is not None}
    alices_home.environ["AWS_CREDENTIAL_EXPIRATION"] = "2020-01-01T00:00:00Z"
    aws.age_sessions(DAY)
    words, count = CLIENTS[client](aws), len(aws.calls("ListBuckets"))
    done = alices_home.run_program(*words)
    assert done.returncode != 0
    assert "refreshed credentials are still expired" in done.stderr
    assert len(aws.calls("ListBuckets")) == count
    have_session(alices_home, alice, "--force", steps=1)
    done = WAYS["env"](alices_home, words)
    assert done.returncode == 0, done.stderr
