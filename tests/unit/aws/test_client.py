"""The one room that talks to AWS, against the sandbox and against what else may answer in its place."""

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from mfasession import errors
from mfasession.aws import account
from mfasession.aws import errors as aws_errors
from mfasession.aws.account import AwsAccount
from mfasession.aws.client import Aws, Identity
from mfasession.aws.model import Device
from mfasession.aws.visits import AwsVisits
from mfasession.profiles import Profile
from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.values import LongTermKey, Role, Secret, Session, account_of
from tests.helpers.patience import wait_for
from tests.helpers.support import SECRET, Home, made_profile, made_session, move_into

WRONG_CODE = "0" * 6


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The process's environment without any AWS of its own: no files, no keys, no proxy."""
    move_into(Home(tmp_path, {"AWS_EC2_METADATA_DISABLED": "true"}), monkeypatch)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return monkeypatch


@pytest.fixture
def reachable(aws: Sandbox, surroundings: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox as the AWS of this process, its calls forgotten."""
    surroundings.setenv("AWS_ENDPOINT_URL", aws.url)
    aws.forget_calls()
    return aws


def profile_of(user: SandboxUser) -> Profile:
    """A profile with a user's key."""
    return made_profile(key=user.key, mfa_serial=user.devices[0].serial)


def opened(user: SandboxUser, key: LongTermKey | Session | None = None) -> Aws:
    """AWS as that user, with the long-term key unless another is given."""
    return Aws(profile_of(user), key or user.key, {"AWS_REGION": "eu-west-1"})


def session_of(user: SandboxUser) -> Session:
    """A session of the user, with MFA."""
    return opened(user).session_token(user.devices[0].serial, user.devices[0].code(), 3600)


# What is asked, and what comes back


@pytest.mark.parametrize(
    ("arn", "user", "is_root"),
    [
        ("arn:aws:iam::123456789012:user/alice", "alice", False),
        ("arn:aws:iam::123456789012:user/team/red/alice", "alice", False),
        ("arn:aws-cn:iam::123456789012:root", "root", True),
        ("arn:aws:sts::123456789012:assumed-role/Admin/alice", "alice", False),
        ("arn:aws:iam::123456789012:user/root", "root", False),
    ],
)
def test_the_owner_of_a_key(arn: str, user: str, *, is_root: bool) -> None:
    """The name without its path; a user who is called root is not the root user."""
    identity = Identity(arn=arn, account="123456789012")
    assert (identity.user, identity.is_root) == (user, is_root)


def test_the_identity_of_a_key(reachable: Sandbox, alice: SandboxUser) -> None:
    """A long-term key under the rule may ask for nothing but this and its devices."""
    assert opened(alice).identity() == Identity(arn=alice.arn, account=reachable.account)
    assert opened(alice).mfa_devices() == [Device(serial=alice.devices[0].serial, user=alice.name)]


def test_a_code_for_a_session(reachable: Sandbox, alice: SandboxUser) -> None:
    """One request with the serial, the code and the duration; what comes back is bound to key and device."""
    before = int(time.time())
    session = session_of(alice)
    (call,) = reachable.calls()
    assert (call.action, call.params["DurationSeconds"], call.params["SerialNumber"]) == (
        "GetSessionToken",
        "3600",
        alice.devices[0].serial,
    )
    assert (session.key_id, session.mfa_serial) == (alice.key.access_key_id, alice.devices[0].serial)
    assert session.access_key_id.startswith("ASIA")
    assert before <= session.issued <= time.time()
    assert abs(session.expires - before - 3600) < 60


def test_a_role_from_a_session(reachable: Sandbox, alice: SandboxUser) -> None:
    """fwdcloudsec/granted#768: no code of its own; it stays bound to the long-term key and the device."""
    made = reachable.add_role(f"admin-{alice.name}", [alice.arn], external_id="42-42")
    base = session_of(alice)
    role = Role(arn=made.arn, external_id="42-42")
    session = opened(alice, base).assume_role(role, alice.name, duration=900)
    assert (session.key_id, session.mfa_serial) == (alice.key.access_key_id, alice.devices[0].serial)
    assert session.role_arn == made.arn
    assert session.identity.endswith(f"assumed-role/admin-{alice.name}/{alice.name}")
    (call,) = reachable.calls("AssumeRole")
    assert "SerialNumber" not in call.params


def test_a_role_with_a_code_of_its_own(reachable: Sandbox, alice: SandboxUser) -> None:
    """trek10inc/awsume#73: longer than an hour only straight from the long-term key."""
    made = reachable.add_role(f"long-{alice.name}", [alice.arn], max_session_duration=43_200, require_mfa=True)
    phone = alice.devices[0]
    session = opened(alice).assume_role(
        Role(arn=made.arn), alice.name, duration=43_200, serial=phone.serial, code=phone.code()
    )
    assert (session.role_arn, session.mfa_serial, session.key_id) == (made.arn, phone.serial, alice.key.access_key_id)
    assert session.expires - session.issued > 43_100


# Which key, which endpoint, which region


def test_the_key_is_the_one_that_was_given(
    reachable: Sandbox, alice: SandboxUser, surroundings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """99designs/aws-vault#605: no other source is searched, least of all a credential_process that might be ours."""
    process = tmp_path / "called"
    (tmp_path / "config").write_text(f"[default]\ncredential_process = touch {process}\nregion = eu-north-1\n")
    surroundings.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    surroundings.setenv("AWS_SECRET_ACCESS_KEY", "other")
    surroundings.setenv("AWS_PROFILE", "nobody")
    assert opened(alice).identity().arn == alice.arn
    assert [call.access_key_id for call in reachable.calls()] == [alice.key.access_key_id]
    assert not process.exists()


@pytest.mark.parametrize(
    ("serial", "region", "environ", "expected"),
    [
        ("", "eu-north-1", {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ("", "eu-north-1", {}, "eu-north-1"),
        ("", "", {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ("", "", {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ("", "", {}, "us-east-1"),
        ("GAHT12345678", "", {}, "us-east-1"),
        ("arn:aws:iam::123456789012:mfa/phone", "", {}, "us-east-1"),
        ("arn:aws-cn:iam::123456789012:mfa/phone", "", {}, "cn-north-1"),
        ("arn:aws-us-gov:iam::123456789012:mfa/phone", "", {}, "us-gov-west-1"),
        ("arn:aws-cn:iam::123456789012:mfa/phone", "cn-northwest-1", {}, "cn-northwest-1"),
    ],
)
@pytest.mark.usefixtures("surroundings")
def test_the_region(serial: str, region: str, environ: dict[str, str], expected: str) -> None:
    """broamski/aws-mfa#86, #76: the environment's, the profile's, else that of the device's partition."""
    profile = made_profile(region=region, mfa_serial=serial)
    assert profile.key is not None
    assert Aws(profile, profile.key, environ)._client("sts").meta.region_name == expected


def test_the_profiles_own_endpoint(alice: SandboxUser, surroundings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """endpoint_url of the profile that was chosen, or of the section that its key is in."""
    (tmp_path / "config").write_text(
        "[profile work]\nendpoint_url = http://127.0.0.1:1\n[profile keys]\nendpoint_url = http://127.0.0.1:2\n"
    )
    surroundings.setenv("AWS_PROFILE", "work")
    for changes, port in (
        ({"name": "work", "key_section": "keys"}, 1),
        ({"name": "other", "key_section": "keys"}, 2),
    ):
        client = Aws(made_profile(**changes), alice.key, {})._client("sts")
        assert client.meta.endpoint_url == f"http://127.0.0.1:{port}"
    assert "amazonaws.com" in Aws(made_profile(), alice.key, {})._client("sts").meta.endpoint_url


# What goes wrong


def refusals(
    alice: SandboxUser, reachable: Sandbox
) -> dict[str, tuple[Callable[[], object], type[errors.MfaSessionError], str]]:
    """Calls that AWS refuses, each with its error and a part of its message."""
    serial, code = alice.devices[0].serial, alice.devices[0].code
    unknown = LongTermKey(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret(SECRET))
    wrong = alice.key.replace(secret_access_key=Secret(SECRET))
    role = Role(arn=f"arn:aws:iam::{reachable.account}:role/none")
    return {
        "unknown key": (opened(alice, unknown).identity, errors.AwsRefused, "does not know key AKIAIOSFODNN7EXAMPLE"),
        "wrong secret": (opened(alice, wrong).identity, errors.AwsRefused, "secret of key"),
        "wrong code": (
            lambda: opened(alice).session_token(serial, WRONG_CODE, 900),
            aws_errors.CodeRefused,
            "that code",
        ),
        "wrong serial": (
            lambda: opened(alice).session_token(serial + "x", code(), 900),
            aws_errors.DeviceRefused,
            "check",
        ),
        "short code": (
            lambda: opened(alice).session_token(serial, "1", 900),
            errors.ConfigurationError,
            "these values",
        ),
        "no such role": (lambda: opened(alice).assume_role(role, "x", duration=1), errors.ConfigurationError, "values"),
        "denied": (lambda: opened(alice).assume_role(role, "alice", duration=900), aws_errors.Denied, "AWS denied"),
    }


@pytest.mark.parametrize(
    "case", ["unknown key", "wrong secret", "wrong code", "wrong serial", "short code", "no such role", "denied"]
)
def test_a_refusal_is_ours_and_holds_no_secret(reachable: Sandbox, alice: SandboxUser, case: str) -> None:
    """Neither the message nor the traceback that --debug shows has the key's secret, the code or the request."""
    call, kind, part = refusals(alice, reachable)[case]
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert part in caught.value.message
    assert caught.value.hint
    shown = "".join(traceback.format_exception(caught.value))
    secret = alice.key.secret_access_key.reveal()
    assert not [each for each in (secret, SECRET, "botocore.exceptions", WRONG_CODE) if each in shown]


def test_one_clock_is_wrong(reachable: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#1049: reported with the amount and the direction."""
    reachable.clock.move(3600)
    with pytest.raises(errors.AwsRefused, match=r"this computer's clock is (1 h|59 min) behind AWS's"):
        opened(alice).identity()


@pytest.mark.parametrize("kind", ["throttle", "error500", "hang_up", "lose_answer"])
def test_calls_without_a_code_are_retried(reachable: Sandbox, alice: SandboxUser, kind: str) -> None:
    """One bad moment of AWS's or of the network's is not the user's business."""
    reachable.faults.add("GetCallerIdentity", kind)
    assert opened(alice).identity().arn == alice.arn
    assert reachable.faults.pending() == []


@pytest.mark.parametrize("kind", ["error500", "hang_up", "lose_answer"])
def test_a_code_is_never_sent_twice(reachable: Sandbox, alice: SandboxUser, kind: str) -> None:
    """Whether it arrived is not known: it counts as used up, and the user is asked again."""
    aws = opened(alice)
    aws.identity()
    reachable.forget_calls()
    reachable.faults.add("GetSessionToken", kind)
    with pytest.raises(aws_errors.Unanswered):
        aws.session_token(alice.devices[0].serial, alice.devices[0].code(), 900)
    assert len(reachable.calls("GetSessionToken")) == 1


def test_a_throttled_code_is_sent_again(reachable: Sandbox, alice: SandboxUser) -> None:
    """AWS has not looked at it."""
    reachable.faults.add("GetSessionToken", "throttle", times=2)
    assert session_of(alice).key_id == alice.key.access_key_id


def test_throttled_for_long(reachable: Sandbox, alice: SandboxUser) -> None:
    """Four times in some seconds, and then the user is asked to wait."""
    reachable.faults.add("GetCallerIdentity", "throttle", times=4)
    with pytest.raises(aws_errors.Throttled) as caught:
        opened(alice).identity()
    assert caught.value.hint == "wait a minute, then run it again"
    assert len(reachable.calls("GetCallerIdentity")) == 4


@contextmanager
def web_server(status: int, body: bytes) -> Iterator[str]:
    """A stranger who answers everything with one page, as a portal or a proxy does; gives its URL."""

    class Page(BaseHTTPRequestHandler):
        asked: ClassVar[list[str]] = []

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


HTML = b"<!DOCTYPE html><html><body>Please sign in to the guest network</body></html>"


@pytest.mark.parametrize("body", [HTML, b"", b"<html>", b"\xff\xfe"], ids=["page", "empty", "cut", "bytes"])
@pytest.mark.parametrize("status", [200, 403, 502])
def test_a_stranger_answers(alice: SandboxUser, surroundings: pytest.MonkeyPatch, status: int, body: bytes) -> None:
    """A portal, a company proxy, a load balancer: AWS was not reached, and a code may be used up."""
    with web_server(status, body) as url:
        surroundings.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(errors.MfaSessionError) as caught:
            opened(alice).session_token(alice.devices[0].serial, "123456", 900)
    assert isinstance(caught.value, aws_errors.Unanswered)
    assert caught.value.hint
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("variables", "kind", "message", "hint"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, errors.AwsUnreachable, "127.0.0.1 cannot be reached", "network"),
        (
            {"AWS_ENDPOINT_URL": "https://nowhere.invalid"},
            errors.AwsUnreachable,
            "nowhere.invalid cannot be reached",
            "network",
        ),
        ({"AWS_ENDPOINT_URL": "nowhere"}, errors.ConfigurationError, "the endpoint_url is not a URL", "endpoint_url"),
        (
            {"AWS_ENDPOINT_URL": "https://aws.invalid", "HTTPS_PROXY": "http://127.0.0.1:9"},
            errors.AwsUnreachable,
            "the proxy did not let the request through",
            "NO_PROXY",
        ),
    ],
    ids=["closed", "no such host", "no URL", "proxy"],
)
def test_aws_is_not_reached(
    alice: SandboxUser,
    surroundings: pytest.MonkeyPatch,
    variables: dict[str, str],
    kind: type[errors.MfaSessionError],
    message: str,
    hint: str,
) -> None:
    """Which part of the way it is, and which setting leads there."""
    for name, value in variables.items():
        surroundings.setenv(name, value)
    with pytest.raises(errors.MfaSessionError) as caught:
        opened(alice).identity()
    assert (type(caught.value), caught.value.message) == (kind, message)
    assert hint in caught.value.hint


def test_certificates_that_are_not_there(alice: SandboxUser, surroundings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hint names the setting."""
    surroundings.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(errors.ConfigurationError) as caught:
        opened(alice).identity()
    assert "AWS_CA_BUNDLE" in caught.value.hint


@pytest.mark.usefixtures("surroundings")
def test_an_invalid_region(alice: SandboxUser) -> None:
    """Reported as the setting that it is."""
    with pytest.raises(errors.ConfigurationError, match="the region is not a region's name"):
        Aws(made_profile(region="eu west 1"), alice.key, {}).identity()


def test_a_session_as_the_key(reachable: Sandbox, alice: SandboxUser) -> None:
    """trek10inc/awsume#27: AWS makes no session from a session; and one that it does not know is reported as such."""
    with pytest.raises(errors.AwsRefused, match="a session cannot be made from a session"):
        opened(alice, session_of(alice)).session_token(alice.devices[0].serial, "123456", 900)
    with pytest.raises(errors.AwsRefused, match="AWS does not know key ASIAIOSFODNN7EXAMPLE"):
        opened(alice, made_session()).identity()
    assert reachable.calls("GetCallerIdentity")


def test_a_credential_report_that_does_not_come(reachable: Sandbox, alice: SandboxUser) -> None:
    """AWS is asked for it, and not for ever."""
    reachable.delay_report(2)
    aws = AwsAccount(profile_of(alice), session_of(alice), {"AWS_REGION": "eu-west-1"})
    waits: list[None] = []
    assert aws.report(lambda: waits.append(None), patience=0.0) is None
    assert waits == []
    assert reachable.calls("GenerateCredentialReport")
    assert not reachable.calls("GetCredentialReport")


def visiting(
    aws: Sandbox, user: SandboxUser, session: Session, number: str, users: str = ""
) -> tuple[Profile, Session]:
    """The profile and the session of a role in another account, which has users of these letters."""
    other = aws.add_account(number)
    for name in users:
        other.add_user(name)
    role = other.add_role("auditor", [user.arn])
    made = opened(user, session).assume_role(Role(arn=role.arn), "it", duration=3600)
    return profile_of(user).replace(name=number), made


def test_the_next_page_is_read_while_one_is_used(
    reachable: Sandbox, alice: SandboxUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long list; no user is there twice or missing."""
    monkeypatch.setattr(account, "USERS", 2)
    profile, session = visiting(reachable, alice, session_of(alice), "700000000001", users="abcde")
    aws = AwsAccount(profile, session, {"AWS_REGION": "eu-west-1"})
    users = aws.users()
    first = next(users)
    wait_for(lambda: len(reachable.calls("GetAccountAuthorizationDetails")) == 2)
    assert [first.name, *(each.name for each in users)] == [*"abcde"]
    assert len(reachable.calls("GetAccountAuthorizationDetails")) == 3


def test_one_connection_for_account_after_account(reachable: Sandbox, alice: SandboxUser) -> None:
    """Each call is made with the session of the account that is visited, by clients that are made once."""
    numbers = ("700000000002", "700000000003")
    session = session_of(alice)
    visited = {number: visiting(reachable, alice, session, number) for number in numbers}
    visits = AwsVisits(*visited[numbers[0]], {"AWS_REGION": "eu-west-1"}, ())
    clients = []
    for number in (*numbers, numbers[0]):
        visits.visit(*visited[number])
        assert [*visits.users()] == []
        clients.append(visits._client("iam"))
    called = [account_of(call.user) for call in reachable.calls("GetAccountAuthorizationDetails")]
    assert called == [*numbers, numbers[0]]
    assert clients[0] is clients[1] is clients[2]
