"""The console's sign-in: whose session becomes a token, for how long, and what a browser is shown for it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from mfasession.sandbox import Sandbox, SandboxRole, SandboxUser
from tests.helpers.browsing import Browser, Page
from tests.helpers.sandbox_clients import Credentials, client, in_mid_step, session

INVALID = "<h1>Invalid credentials parameter</h1>"


@pytest.fixture
def role(aws: Sandbox, alice: SandboxUser) -> SandboxRole:
    """A role that Alice may assume, for twelve hours at most."""
    in_mid_step(aws)
    return aws.add_role(f"admin-{alice.name}", trusted=[alice.arn], max_session_duration=43200)


def assumed(aws: Sandbox, by: Any, role: SandboxRole, **parameters: Any) -> Credentials:
    """The session of a role."""
    sts = client(aws, "sts", by)
    credentials: Credentials = sts.assume_role(RoleArn=role.arn, RoleSessionName="alice", **parameters)["Credentials"]
    return credentials


@pytest.fixture
def chained(aws: Sandbox, alice: SandboxUser, role: SandboxRole) -> Credentials:
    """The role assumed with Alice's session."""
    return assumed(aws, session(aws, alice, alice.devices[0]), role)


@pytest.fixture
def straight(aws: Sandbox, alice: SandboxUser, role: SandboxRole) -> Credentials:
    """The role assumed with Alice's key and a code."""
    phone = alice.devices[0]
    return assumed(aws, alice.key, role, SerialNumber=phone.serial, TokenCode=phone.code())


def brought(credentials: Credentials, **changes: str) -> str:
    """A session as the sign-in wants it."""
    named = {
        "sessionId": credentials["AccessKeyId"],
        "sessionKey": credentials["SecretAccessKey"],
        "sessionToken": credentials["SessionToken"],
    }
    return json.dumps({**named, **changes})


def ask(aws: Sandbox, text: str, **more: str) -> Page:
    """Bring a session for a token."""
    return Browser().open(f"{aws.url}/federation", {"Action": "getSigninToken", "Session": text, **more})


def token(aws: Sandbox, credentials: Credentials, **more: str) -> str:
    """The token for a session."""
    answer = ask(aws, brought(credentials), **more)
    assert answer.status == 200, answer.text
    return str(json.loads(answer.text)["SigninToken"])


def address(aws: Sandbox, its_token: str, path: str = "/s3/home?region=eu-west-1", **changes: str) -> str:
    """Where a browser signs in."""
    fields = {"Action": "login", "Destination": f"{aws.url}{path}", "SigninToken": its_token, **changes}
    return f"{aws.url}/federation?{urlencode(fields)}"


def test_a_browser_is_signed_in(aws: Sandbox, chained: Credentials, role: SandboxRole) -> None:
    """A redirect to the page that is wanted, which names who is there; other pages are open to it then."""
    browser = Browser()
    page = browser.open(address(aws, token(aws, chained)))
    assert (page.status, page.url) == (200, f"{aws.url}/s3/home?region=eu-west-1")
    assert f"assumed-role/{role.name}/alice</h1>" in page.text
    assert "<p>/s3/home?region=eu-west-1</p>" in page.text
    assert browser.open(f"{aws.url}/ec2/home").status == 200
    assert Browser().open(f"{aws.url}/ec2/home").status == 403


def test_by_get_too(aws: Sandbox, chained: Credentials) -> None:
    """The User Guide shows both; a session with many tags is too long for an address."""
    fields = {"Action": "getSigninToken", "Session": brought(chained)}
    assert Browser().open(f"{aws.url}/federation?{urlencode(fields)}").status == 200


def test_a_token_works_once(aws: Sandbox, chained: Credentials) -> None:
    """Who finds the address later has nothing."""
    where = address(aws, token(aws, chained))
    assert Browser().open(where).status == 200
    assert Browser().open(where).status == 400


@pytest.mark.parametrize(("seconds", "status"), [(15 * 60 - 2, 200), (15 * 60 + 2, 400)])
def test_a_token_lives_for_fifteen_minutes(aws: Sandbox, chained: Credentials, seconds: int, status: int) -> None:
    """IAM User Guide: the address is good for 15 minutes, whatever the session lasts."""
    where = address(aws, token(aws, chained))
    aws.clock.move(seconds)
    assert Browser().open(where).status == status


def test_the_console_ends_with_the_session(aws: Sandbox, chained: Credentials) -> None:
    """Without a duration of its own it lasts as long as the role's session."""
    browser = Browser()
    browser.open(address(aws, token(aws, chained)))
    aws.clock.move(3590)
    assert browser.open(f"{aws.url}/s3/home").status == 200
    aws.clock.move(20)
    assert browser.open(f"{aws.url}/s3/home").status == 403


def test_the_console_outlives_the_session(aws: Sandbox, straight: Credentials) -> None:
    """A role that a key has assumed may have twelve hours in the console."""
    browser = Browser()
    browser.open(address(aws, token(aws, straight, SessionDuration="43200")))
    aws.clock.move(43190)
    assert browser.open(f"{aws.url}/s3/home").status == 200


@pytest.mark.parametrize("seconds", ["899", "43201", "", "1h", "-900", "\u0663600"])
def test_an_invalid_duration(aws: Sandbox, straight: Credentials, seconds: str) -> None:
    """15 minutes to 12 hours, in seconds."""
    answer = ask(aws, brought(straight), SessionDuration=seconds)
    assert (answer.status, INVALID in answer.text) == (400, True)


def test_no_duration_for_a_chained_role(aws: Sandbox, chained: Credentials) -> None:
    """99designs/aws-vault#77: HTTP 400, even for less than the session has left."""
    assert ask(aws, brought(chained), SessionDuration="900").status == 400


WRONG: dict[str, Callable[[Credentials], str]] = {
    "another secret": lambda good: brought(good, sessionKey="x" * 40),
    "another token": lambda good: brought(good, sessionToken="x"),
    "an unknown key": lambda good: brought(good, sessionId="ASIAIOSFODNN7EXAMPLE"),
    "no token": lambda good: json.dumps({"sessionId": good["AccessKeyId"], "sessionKey": good["SecretAccessKey"]}),
    "no JSON": lambda _good: "{",
    "a list": lambda _good: "[]",
    "nothing": lambda _good: "",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_session(aws: Sandbox, chained: Credentials, wrong: str) -> None:
    """HTTP 400 and no word about what is wrong."""
    answer = ask(aws, WRONG[wrong](chained))
    assert (answer.status, INVALID in answer.text) == (400, True)


def test_an_expired_session(aws: Sandbox, chained: Credentials) -> None:
    """As wrong as any other."""
    aws.clock.move(3601)
    assert ask(aws, brought(chained)).status == 400


def test_a_users_session_and_key(aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#106, #1170: the console takes no session of a user, with MFA or without, and no key."""
    in_mid_step(aws)
    key = alice.key
    pair = {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key.reveal(), "SessionToken": ""}
    for credentials in (session(aws, alice, alice.devices[0]), session(aws, alice), pair):
        assert ask(aws, brought(credentials)).status == 400


@pytest.mark.parametrize("where", ["https://console.aws.amazon.com/", "http://127.0.0.1:1/", "", "//x/"])
def test_it_leads_to_no_other_server(aws: Sandbox, chained: Credentials, where: str) -> None:
    """What signs in here ends here; the token is still good."""
    good = token(aws, chained)
    assert Browser().open(address(aws, good, Destination=where)).status == 400
    assert Browser().open(address(aws, good)).status == 200


def test_another_role_is_refused_until_the_first_is_signed_out(
    aws: Sandbox, alice: SandboxUser, chained: Credentials
) -> None:
    """99designs/aws-vault#721: one role a browser; after the logout its address leads on to the login."""
    browser = Browser()
    browser.open(address(aws, token(aws, chained)))
    other = aws.add_role(f"other-{alice.name}", trusted=[alice.arn])
    phone = alice.devices[0]
    second = assumed(aws, alice.key, other, SerialNumber=phone.serial, TokenCode=phone.next_code())
    login = address(aws, token(aws, second))
    refused = browser.open(login)
    assert (refused.status, "You must first log out" in refused.text) == (400, True)
    page = browser.open(f"{aws.url}/oauth?{urlencode({'Action': 'logout', 'redirect_uri': login})}")
    assert (page.status, f"assumed-role/{other.name}/alice" in page.text) == (200, True)


def test_recorded_calls_hold_no_secret(aws: Sandbox, chained: Credentials) -> None:
    """Who asked and for how long, and no secret."""
    aws.forget_calls()
    ask(aws, brought(chained))
    ask(aws, brought(chained), SessionDuration="3600")
    good, bad = aws.calls("getSigninToken")
    assert (good.service, good.outcome, good.status, good.params) == ("signin", "ok", 200, {})
    assert good.access_key_id == chained["AccessKeyId"]
    assert (bad.outcome, bad.status, bad.params) == ("InvalidCredentials", 400, {"SessionDuration": "3600"})


@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("error500", 500), ("delay", 200)])
def test_faults_apply_to_it(aws: Sandbox, chained: Credentials, kind: str, status: int) -> None:
    """By the name of the action, as with every other."""
    aws.faults.add("getSigninToken", kind)
    assert ask(aws, brought(chained)).status == status
    assert ask(aws, brought(chained)).status == 200


@pytest.mark.parametrize("name", ["federation", "oauth"])
def test_buckets_of_these_names(aws: Sandbox, alice: SandboxUser, name: str) -> None:
    """What is signed is for S3."""
    in_mid_step(aws)
    s3 = client(aws, "s3", session(aws, alice, alice.devices[0]), s3={"addressing_style": "path"})
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=name)["Contents"]] == ["a"]
    assert "AccessDenied" in Browser().open(f"{aws.url}/{name}").text
