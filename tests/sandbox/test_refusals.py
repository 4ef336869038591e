"""Every refusal of the gate in every protocol: AWS's code, HTTP status and text, to the letter."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.values import LongTermKey, Secret
from tests.helpers.sandbox_clients import CALLS, client, refusal, session

INVALID = "The security token included in the request is invalid"
EXPIRED = "The security token included in the request is expired"
SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
S3_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
VALIDATE = "AWS was not able to validate the provided access credentials"

UNKNOWN_KEY = {
    "query": ("InvalidClientTokenId", 403, INVALID),
    "rest-xml": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    "ec2": ("AuthFailure", 401, VALIDATE),
    "json": ("UnrecognizedClientException", 400, INVALID),
    "rest-json": ("UnrecognizedClientException", 403, INVALID),
}
WRONG_SECRET = {
    "query": ("SignatureDoesNotMatch", 403, SIGNATURE),
    "rest-xml": ("SignatureDoesNotMatch", 403, S3_SIGNATURE),
    "ec2": ("AuthFailure", 401, VALIDATE),
    "json": ("InvalidSignatureException", 400, SIGNATURE),
    "rest-json": ("InvalidSignatureException", 403, SIGNATURE),
}
EXPIRED_SESSION = {
    "query": ("ExpiredToken", 403, EXPIRED),
    "rest-xml": ("ExpiredToken", 400, "The provided token has expired."),
    "ec2": ("RequestExpired", 400, "Request has expired."),
    "json": ("ExpiredTokenException", 400, EXPIRED),
    "rest-json": ("ExpiredTokenException", 403, EXPIRED),
}
THROTTLED = {
    "query": ("Throttling", 400, "Rate exceeded"),
    "rest-xml": ("SlowDown", 503, "Please reduce your request rate."),
    "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
    "json": ("ThrottlingException", 400, "Rate exceeded"),
    "rest-json": ("ThrottlingException", 429, "Rate exceeded"),
}

protocols = pytest.mark.parametrize("protocol", CALLS)


@protocols
def test_an_unknown_key(aws: Sandbox, protocol: str) -> None:
    """A key that no user has."""
    unowned = LongTermKey(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret("x"))
    assert refusal(lambda: CALLS[protocol](aws, unowned)) == UNKNOWN_KEY[protocol]


@protocols
def test_an_inactive_key_is_unknown_until_it_is_active_again(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """Inactive keys work in moto, not on AWS."""
    with_mfa = session(aws, alice, alice.devices[0])
    key = alice.add_key()
    alice.set_key_status(key.access_key_id, "Inactive")
    assert refusal(lambda: CALLS[protocol](aws, key)) == UNKNOWN_KEY[protocol]
    assert CALLS[protocol](aws, with_mfa)
    alice.set_key_status(key.access_key_id, "Active")
    if protocol == "query":
        assert CALLS[protocol](aws, key)


@protocols
def test_a_deleted_key_is_unknown(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """Nothing is left of a key that was deleted."""
    key = alice.add_key()
    alice.delete_key(key.access_key_id)
    assert refusal(lambda: CALLS[protocol](aws, key)) == UNKNOWN_KEY[protocol]


@protocols
def test_a_wrong_secret(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """The signature is made again with the real secret, and differs."""
    wrong = alice.key.replace(secret_access_key=Secret("not the secret"))
    assert refusal(lambda: CALLS[protocol](aws, wrong)) == WRONG_SECRET[protocol]


@protocols
def test_a_session_with_another_ones_token(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """The token belongs to its key pair; S3 has words of its own for it."""
    one, other = session(aws, alice), session(aws, alice)
    mixed = {**one, "SessionToken": other["SessionToken"]}
    expected = UNKNOWN_KEY | {
        "rest-xml": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid.")
    }
    assert refusal(lambda: CALLS[protocol](aws, mixed)) == expected[protocol]


@protocols
def test_a_session_expires(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """It works until its last second and never after, whatever the client's clock says."""
    credentials = session(aws, alice, alice.devices[0], DurationSeconds=900)
    aws.clock.move(880)
    assert CALLS[protocol](aws, credentials)
    aws.clock.move(21)
    assert refusal(lambda: CALLS[protocol](aws, credentials)) == EXPIRED_SESSION[protocol]


@protocols
def test_throttling_once(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """The fault queue speaks every protocol, and is empty after one request."""
    credentials = session(aws, alice, alice.devices[0])
    aws.faults.add("*", kind="throttle")
    assert refusal(lambda: CALLS[protocol](aws, credentials)) == THROTTLED[protocol]
    assert CALLS[protocol](aws, credentials)


@protocols
def test_the_rule_denies_a_key_alone_and_a_session_without_mfa(aws: Sandbox, alice: SandboxUser, protocol: str) -> None:
    """BoolIfExists: the condition key is absent for a long-term key and false for a session without MFA."""
    user = f"User: {alice.arn} is not authorized to perform: "
    deny = " with an explicit deny in an identity-based policy"
    expected = {
        "rest-xml": ("AccessDenied", 403, f"{user}s3:ListAllMyBuckets{deny}"),
        "ec2": (
            "UnauthorizedOperation",
            403,
            f"You are not authorized to perform this operation. {user}ec2:DescribeRegions on resource: *{deny}",
        ),
        "json": ("AccessDeniedException", 400, f"{user}dynamodb:ListTables on resource: *{deny}"),
        "rest-json": ("AccessDeniedException", 403, f"{user}lambda:ListFunctions on resource: *{deny}"),
    }
    for key in (alice.key, session(aws, alice)):
        if protocol == "query":  # nothing can deny GetCallerIdentity
            assert CALLS[protocol](aws, key)
        else:
            assert refusal(lambda key=key: CALLS[protocol](aws, key)) == expected[protocol]
    assert CALLS[protocol](aws, session(aws, alice, alice.devices[0]))


@pytest.mark.parametrize("ahead", [901, -901], ids=["expired", "not yet current"])
def test_a_clock_more_than_15_minutes_off(aws: Sandbox, alice: SandboxUser, ahead: int) -> None:
    """aws/aws-cli #6676: the text names the client's time, the bound, and the server's own time."""
    aws.clock.move(ahead)
    code, status, text = refusal(client(aws, "sts", alice.key).get_caller_identity)
    words = text.replace("(", "").split()
    stamps = [datetime.strptime(word, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for word in words if word[:2] == "20"]
    assert (code, status) == ("SignatureDoesNotMatch", 403)
    assert abs(stamps[2].timestamp() - aws.clock.now()) < 5
    quarter = timedelta(minutes=15)
    said = [f"{stamp:%Y%m%dT%H%M%SZ}" for stamp in stamps]
    if ahead > 0:
        assert text == f"Signature expired: {said[0]} is now earlier than {said[1]} ({said[2]} - 15 min.)"
        assert stamps[1] == stamps[2] - quarter
    else:
        assert text == f"Signature not yet current: {said[0]} is still later than {said[1]} ({said[2]} + 15 min.)"
        assert stamps[1] == stamps[2] + quarter


def test_skew_in_the_other_protocols(aws: Sandbox, alice: SandboxUser) -> None:
    """S3, EC2 and the JSON services have codes of their own for it."""
    credentials = session(aws, alice, alice.devices[0])
    aws.clock.move(901)
    assert refusal(lambda: CALLS["rest-xml"](aws, credentials)) == (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    )
    assert refusal(lambda: CALLS["ec2"](aws, credentials)) == ("RequestExpired", 400, "Request has expired.")
    code, status, text = refusal(lambda: CALLS["json"](aws, credentials))
    assert (code, status) == ("InvalidSignatureException", 400)
    assert text.startswith("Signature expired: ")


def test_a_quarter_of_an_hour_of_skew_is_accepted(aws: Sandbox, alice: SandboxUser) -> None:
    """Just below 15 minutes, either way, is fine."""
    for ahead in (890, -1780):
        aws.clock.move(ahead)
        assert client(aws, "sts", alice.key).get_caller_identity()["Arn"] == alice.arn


def test_clients_may_follow_the_clock(aws: Sandbox, alice: SandboxUser) -> None:
    """Half a day passes for everybody: the session is over, and the key still signs."""
    credentials = session(aws, alice, alice.devices[0])
    aws.clock.move(12 * 3600 + 1, clients_follow=True)
    assert refusal(lambda: CALLS["query"](aws, credentials)) == EXPIRED_SESSION["query"]
    assert session(aws, alice, alice.devices[0])["Expiration"].timestamp() > aws.clock.now() + 12 * 3600 - 60


UNSIGNED: list[tuple[str, str, dict[str, str], bytes, int, bytes]] = [
    ("GET", "/", {}, b"", 403, b"<Code>AccessDenied</Code><Message>Access Denied</Message>"),
    (
        "POST",
        "/",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"Action=GetCallerIdentity&Version=2011-06-15",
        403,
        b"<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>",
    ),
    (
        "POST",
        "/",
        {"X-Amz-Target": "DynamoDB_20120810.ListTables"},
        b"{}",
        400,
        b'{"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"}',
    ),
    ("GET", "/moto-api/data.json", {}, b"", 403, b"AccessDenied"),
    ("POST", "/moto-api/reset", {}, b"", 403, b"AccessDenied"),
    ("GET", "/latest/meta-data/iam/security-credentials/", {}, b"", 403, b"AccessDenied"),
    ("GET", "/", {"Authorization": "AWS4-HMAC-SHA256 nonsense"}, b"", 400, b"AuthorizationHeaderMalformed"),
    ("GET", "/", {"Authorization": "Basic YWxpY2U6eA=="}, b"", 400, b"AuthorizationHeaderMalformed"),
    ("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", {}, b"", 400, b"AuthorizationHeaderMalformed"),
]


@pytest.mark.parametrize("case", UNSIGNED, ids=lambda case: f"{case[0]} {case[1]}")
def test_unsigned_requests_get_nowhere(aws: Sandbox, case: tuple[str, str, dict[str, str], bytes, int, bytes]) -> None:
    """The doors of moto itself are shut too: its API and the metadata service that hands out keys."""
    method, path, headers, body, status, words = case
    request = AWSRequest(method, aws.url + path, headers=headers, data=body).prepare()
    answer = URLLib3Session().send(request)
    assert answer.status_code == status
    assert words in answer.content


def test_a_signed_request_does_not_reach_motos_api_either(aws: Sandbox, alice: SandboxUser) -> None:
    """A bucket whose name starts with moto-api would be routed there."""
    credentials = session(aws, alice, alice.devices[0])
    before = [user.name for user in aws.users]
    said = refusal(client(aws, "s3", credentials).put_object, Bucket="moto-api", Key="reset", Body=b"")
    assert said == ("AccessDenied", 403, "Access Denied")
    assert client(aws, "sts", alice.key).get_caller_identity()["Arn"] == alice.arn
    assert [user.name for user in aws.users] == before


def test_keys_of_one_partition_are_unknown_in_another(aws: Sandbox, alice: SandboxUser) -> None:
    """A key of aws says nothing in cn-north-1."""
    said = refusal(client(aws, "sts", alice.key, region="cn-north-1").get_caller_identity)
    assert said == UNKNOWN_KEY["query"]


def test_an_operation_that_moto_does_not_know_says_so(aws: Sandbox, alice: SandboxUser) -> None:
    """For it moto answers 500 and HTML, which botocore cannot read and tries again."""
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    said = refusal(iam.get_context_keys_for_custom_policy, PolicyInputList=["{}"])
    assert said == ("NotImplemented", 501, "the sandbox does not play iam:GetContextKeysForCustomPolicy")


def test_a_service_that_moto_does_not_have_says_so(
    aws: Sandbox, alice: SandboxUser, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where moto prints a line to stdout, which belongs to the command inside the sandbox, and fails."""
    wellarchitected = client(aws, "wellarchitected", session(aws, alice, alice.devices[0]))
    said = refusal(wellarchitected.list_workloads)
    assert said == ("NotImplemented", 501, "the sandbox does not play wellarchitected:ListWorkloads")
    assert capfd.readouterr() == ("", "")


def test_a_mistake_of_moto_is_an_internal_failure(
    aws: Sandbox, alice: SandboxUser, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets an answer of its protocol, the log the traceback."""
    dynamodb = client(aws, "dynamodb", session(aws, alice, alice.devices[0]))
    dynamodb.meta.events.register("before-call.*", lambda params, **_: params["headers"].update({"X-Amz-Target": ""}))
    assert refusal(dynamodb.list_tables)[1] == 500
    assert aws.calls()[-1].outcome == "InternalFailure"
    assert "moto failed at dynamodb:Unknown" in caplog.text


def test_no_header_changes_the_account(aws: Sandbox, alice: SandboxUser) -> None:
    """A header of moto's would."""
    sns = client(aws, "sns", session(aws, alice, alice.devices[0]))
    sns.meta.events.register(
        "before-call.*", lambda params, **_: params["headers"].update({"x-moto-account-id": "999999999999"})
    )
    assert ":123456789012:" in sns.create_topic(Name="mine")["TopicArn"]
