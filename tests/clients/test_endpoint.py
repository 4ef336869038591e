"""Clients that take the session from the endpoint: served, refreshed across an expiry, and shown the fix."""

import json

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.clients.test_refreshing import keys_of, log_in_with, long_lived
from tests.clients.test_shadows import EVERYTHING
from tests.helpers.patience import scaled, wait_for
from tests.helpers.programs import CLIENTS, have_session, last_call, let_it_be_old
from tests.helpers.serving import serve
from tests.helpers.support import MFASESSION, Home, key_pair

SERVER = ("exec", "--server", "--")


@pytest.mark.parametrize("client", CLIENTS)
def test_the_endpoint_wins(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """The key pair is in `[default]` and stale variables are all around: the session is taken, in the user's region."""
    have_session(alices_home, alice)
    own = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}
    alices_home.environ |= EVERYTHING | own
    done = alices_home.run("exec", "--server", "-p", "default", "--", *CLIENTS[client](aws))
    assert done.returncode == 0, done.stderr
    call = last_call(aws, alice)
    assert (call.outcome, call.region) == ("ok", "us-west-2")
    assert call.access_key_id.startswith("ASIA")


@pytest.mark.parametrize("client", ["cli 1", "cli 2"])
def test_a_profile_named_inside(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """`--profile NAME` of the served profile is found, and leads to the endpoint too."""
    key = alice.key
    alices_home.write_credentials(key_pair("work", key.access_key_id, key.secret_access_key.reveal()))
    have_session(alices_home, alice, "-p", "work")
    words = [*CLIENTS[client](aws), "--profile", "work"]
    done = alices_home.run("exec", "--server", "-p", "work", "--", *words)
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).access_key_id.startswith("ASIA")


@pytest.mark.parametrize("client", ["boto3", "cli 1"])
def test_by_the_lines_of_serve(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """The printed lines in another shell, with the token from its file (not known to AWS CLI 2 before 2.13)."""
    have_session(alices_home, alice)
    config = alices_home.config
    config.rename(alices_home.folder / "config.kept")
    with serve(alices_home) as served:
        elsewhere = {"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_DEFAULT_REGION": "eu-central-1"}
        script = "".join(served.lines) + 'exec "$@"'
        done = alices_home.run_program("bash", "-c", script, "bash", *CLIENTS[client](aws), environ=elsewhere)
        assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).access_key_id.startswith("ASIA")


def test_a_client_goes_over_to_the_next_session(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """One boto3 process across an expiry: the next session by itself, with no restart and no word."""
    log_in_with(alices_home, aws, alice, 14 * 60)
    with long_lived(alices_home, MFASESSION, *SERVER) as client:
        assert [client.list_buckets() for _ in range(2)] == ["served"] * 2
        have_session(alices_home, alice, "--force")
        wait_for(lambda: client.list_buckets() == "served" and len(keys_of(aws, alice)) == 2)
        aws.clock.move(15 * 60, clients_follow=True)
        assert client.list_buckets() == "served"
    assert len(keys_of(aws, alice)) == 2


def test_a_role_goes_on_for_hours(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#263: an hour at a time, renewed without a code while the user's own session lives."""
    role = aws.add_role(f"hours-{alice.name}", [alice.arn])
    with alices_home.config.open("a") as config:
        config.write(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\nregion = eu-central-1\n")
    aws.clock.move(-50 * 60, clients_follow=True)
    have_session(alices_home, alice, "-p", "admin")
    aws.clock.move(50 * 60, clients_follow=True)
    with long_lived(alices_home, MFASESSION, "exec", "--server", "-p", "admin", "--") as client:
        assert client.list_buckets() == "served"
        old = aws.calls("ListBuckets")[-1].access_key_id
        let_it_be_old(alices_home)
        wait_for(lambda: client.list_buckets() == "served" and aws.calls("ListBuckets")[-1].access_key_id != old)
        aws.clock.move(15 * 60, clients_follow=True)
        assert client.list_buckets() == "served"
    assert len([call for call in aws.calls("GetSessionToken") if call.user == alice.arn]) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_the_fix_is_shown(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """The session is over, without a terminal to ask on: the client fails, and botocore's message has our command."""
    have_session(alices_home, alice)
    words = json.dumps([*CLIENTS[client](aws)])
    script = (
        "import json, os, subprocess, sys, time, urllib.request, urllib.error\n"
        f"subprocess.run([{MFASESSION!r}, 'logout'], check=True, capture_output=True)\n"
        "request = urllib.request.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],"
        " headers={'Authorization': os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']})\n"
        f"end = time.monotonic() + {scaled(30)}\n"
        "while time.monotonic() < end:\n"
        "    try:\n"
        "        urllib.request.urlopen(request).read()\n"
        "    except urllib.error.HTTPError:\n"
        "        break\n"
        "    time.sleep(0.05)\n"
        f"sys.exit(subprocess.run(json.loads({words!r})).returncode)\n"
    )
    done = alices_home.run(*SERVER, "python3", "-c", script)
    assert done.returncode != 0
    assert "mfasession login -p default" in done.stderr
