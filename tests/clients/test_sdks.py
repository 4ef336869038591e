"""SDKs in one process, on each way to a session: denied, served, and what they do when it ends."""

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.clients.test_refreshing import keys_of, log_in_with
from tests.helpers.patience import wait_for
from tests.helpers.programs import BY_PROCESS, DAY, REGION, have_session, last_call
from tests.helpers.sdks import client
from tests.helpers.support import MFASESSION, Home

NEAR = {
    "process": {"boto3": 14 * 60, "js": 4 * 60, "go": 8, "java": 12, "rust": 8},
    "endpoint": {"boto3": 14 * 60, "js": 4 * 60, "go": 4 * 60, "java": 100, "rust": 8},
}
"""Seconds before the end of a session at which each SDK wants the next one, or soon will."""


def has_gone_over(aws: Sandbox, user: SandboxUser) -> bool:
    """Return whether all clients of an SDK have: each renews for itself, and that for STS may be behind that for S3."""
    calls = [
        [call for call in aws.calls(action) if call.user == user.arn] for action in ("GetCallerIdentity", "ListBuckets")
    ]
    sessions = [[call.access_key_id for call in each if call.access_key_id.startswith("ASIA")] for each in calls]
    return len(keys_of(aws, user)) == 2 and len({keys[-1] for keys in sessions if keys}) == 1


def test_the_key_alone_is_denied(alices_home: Home, words: tuple[str, ...]) -> None:
    """The rule itself: this is what every SDK gets before the first login."""
    with client(alices_home, *words) as program:
        refused = program.call()
    assert refused["error"] == "AccessDenied"
    assert "with an explicit deny in an identity-based policy" in refused["text"]


@pytest.mark.parametrize("way", NEAR)
def test_it_goes_over_to_the_next_session(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, sdk: str, words: tuple[str, ...], way: str
) -> None:
    """By credential_process and from the endpoint: the next session by itself, with no restart and no error."""
    log_in_with(alices_home, aws, alice, NEAR[way][sdk])
    before, environ = ([], BY_PROCESS) if way == "process" else ([MFASESSION, "exec", "--server", "--"], {})
    with client(alices_home, *before, *words, environ=environ) as program:
        assert program.call() == {"arn": alice.arn}, program.stderr
        assert last_call(aws, alice).region == REGION
        have_session(alices_home, alice, "--force")
        wait_for(lambda: program.call() == {"arn": alice.arn} and has_gone_over(aws, alice))
        aws.clock.move(NEAR[way][sdk], clients_follow=True)
        assert program.call() == {"arn": alice.arn}
    assert {call.outcome for call in aws.calls("ListBuckets") if call.user == alice.arn} == {"ok"}


@pytest.mark.parametrize("way", ["env", "exec"])
def test_an_environment_never_refreshes(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...], way: str
) -> None:
    """The next session is there, and the process keeps what it was started with: AWS says in clear words why not."""
    have_session(alices_home, alice)
    before = (
        [MFASESSION, "exec", "--"] if way == "exec" else ["bash", "-c", 'eval "$(mfasession env)"; exec "$@"', "sh"]
    )
    with client(alices_home, *before, *words) as program:
        assert program.call() == {"arn": alice.arn}, program.stderr
        aws.age_sessions(DAY)
        have_session(alices_home, alice, "--force", steps=1)
        refused = program.call()
    assert refused["error"] == "ExpiredToken"
    assert "The security token included in the request is expired" in refused["text"]


def test_the_file_is_read_once(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, sdk: str, words: tuple[str, ...]
) -> None:
    """A program that stays keeps the session of the file; a new one reads the next. Java alone looks again."""
    have_session(alices_home, alice)
    by_file = {"AWS_PROFILE": "default-mfa"}
    with client(alices_home, *words, environ=by_file) as program:
        assert program.call() == {"arn": alice.arn}, program.stderr
        aws.age_sessions(DAY)
        have_session(alices_home, alice, "--force", steps=1)
        if sdk == "java":
            wait_for(lambda: program.call() == {"arn": alice.arn})
        else:
            assert program.call()["error"] == "ExpiredToken"
    with client(alices_home, *words, environ=by_file) as program:
        assert program.call() == {"arn": alice.arn}
