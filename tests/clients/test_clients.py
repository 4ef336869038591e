"""boto3 and both AWS CLIs, each on every way to a session: denied, served, across an expiry."""

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import CLIENTS, DAY, REGION, WAYS, age_sessions, have_session, last_call
from tests.helpers.support import Home


@pytest.fixture(params=CLIENTS)
def words(request: pytest.FixtureRequest, aws: Sandbox) -> tuple[str, ...]:
    """The words of each client."""
    return CLIENTS[request.param](aws)


def test_the_key_alone_is_denied(alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """The rule itself: this is what every client gets before the first login."""
    done = alices_home.run_program(*words)
    assert done.returncode != 0
    assert "with an explicit deny in an identity-based policy" in done.stderr
    assert last_call(aws, alice).access_key_id == alice.key.access_key_id


@pytest.mark.parametrize("way", WAYS)
def test_served_until_aws_says_expired(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...], way: str
) -> None:
    """Served in the profile's region; a session that AWS ended before its time is renewed with `login --force`."""
    have_session(alices_home, alice)
    done = WAYS[way](alices_home, words)
    assert done.returncode == 0, done.stderr
    served = last_call(aws, alice)
    assert (served.outcome, served.region) == ("ok", REGION)
    aws.age_sessions(DAY)
    done = WAYS[way](alices_home, words)
    assert done.returncode != 0
    assert "(ExpiredToken)" in done.stderr
    assert last_call(aws, alice).access_key_id == served.access_key_id
    have_session(alices_home, alice, "--force", steps=1)
    done = WAYS[way](alices_home, words)
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).access_key_id != served.access_key_id


@pytest.mark.parametrize("way", WAYS)
def test_an_expired_session_is_reported_with_its_fix(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...], way: str
) -> None:
    """99designs/aws-vault#1169: without a terminal it ends at once, and the client shows our two lines."""
    have_session(alices_home, alice)
    age_sessions(alices_home, aws, 13 * 3600)
    count = len(aws.calls("ListBuckets"))
    done = WAYS[way](alices_home, words)
    assert done.returncode != 0
    if way == "file":
        # No SDK reads the expiry in the file: it is AWS that refuses.
        assert "(ExpiredToken)" in done.stderr
        return
    assert (
        "mfasession: the session of profile default has expired, and there is no terminal to ask for a code"
        in done.stderr
    )
    assert "hint: mfasession login" in done.stderr
    assert len(aws.calls("ListBuckets")) == count
    if way != "process":
        assert done.returncode == 6
