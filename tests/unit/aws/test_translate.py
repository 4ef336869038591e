"""AWS's own codes and texts, double and trailing spaces included, in plain words with the right exit code.

The rows are those of the STS and IAM API references ("Common errors") and of what clients of real AWS have reported.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import errors, timestamps
from mfasession.aws import errors as aws_errors
from mfasession.aws import translate
from mfasession.sandbox.aws_errors import INVALID_CODE_TEXT, TABLE, UNABLE_TO_VALIDATE_TEXT

NOW = float(timestamps.parse("2026-11-24T06:40:00Z"))
KEY = "AKIAIOSFODNN7EXAMPLE"


def refusal(code: str, text: str, operation: str = "GetSessionToken", key_id: str = KEY) -> errors.MfaSessionError:
    """Our words for AWS's."""
    return translate.refusal(operation, code, text, now=NOW, key_id=key_id)


WRONG_CODE = "AWS refused that code: it is wrong, too old, or was used before"
UNCHECKED = (
    "AWS could not check the code: the serial number is wrong, the device belongs to another user, it was "
    "enabled a moment ago, or too many codes were tried"
)
UNKNOWN_KEY = f"AWS does not know key {KEY}: it is deleted, inactive, mistyped or of another partition"
WRONG_SECRET = f"the secret of key {KEY} is wrong: AWS could not verify the signature"
REFUSED = "AWS refused GetSessionToken"
EXPIRED = "the session has expired"
BUSY = "AWS is busy and refuses to answer now (throttled)"
BAD_SIGNATURE = "The request signature we calculated does not match the signature you provided. Check your AWS Secret …"


@pytest.mark.parametrize(
    ("code", "text", "kind", "message"),
    [
        (
            "AccessDenied",
            INVALID_CODE_TEXT,
            aws_errors.CodeRefused,
            WRONG_CODE,
        ),
        (
            "AccessDenied",
            UNABLE_TO_VALIDATE_TEXT,
            aws_errors.DeviceRefused,
            UNCHECKED,
        ),
        (
            "AccessDenied",
            "MultiFactorAuthentication failed, must provide both MFA serial number and …",
            errors.AwsRefused,
            "AWS refused the code: MultiFactorAuthentication failed, must provide both MFA serial number and …",
        ),
        (
            "InvalidAuthenticationCode",
            "Authentication code for device is not valid.",
            aws_errors.CodeRefused,
            "AWS refused the two codes: they must be consecutive codes of this device",
        ),
        (
            "EntityAlreadyExists",
            "MFA device already exists.",
            aws_errors.AlreadyThere,
            "AWS has it already (GetSessionToken): MFA device already exists",
        ),
        (
            "ValidationError",
            "1 validation error detected: Value 'x' at 'serialNumber' failed to …",
            errors.AwsRefused,
            f"{REFUSED}: ValidationError: 1 validation error detected: Value 'x' at 'serialNumber' failed to …",
        ),
        (
            "AccessDenied",
            "Cannot call GetSessionToken with session credentials",
            errors.AwsRefused,
            f"key {KEY} is temporary, and a session cannot be made from a session",
        ),
        (
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
            errors.AwsRefused,
            UNKNOWN_KEY,
        ),
        ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist …", errors.AwsRefused, UNKNOWN_KEY),
        ("UnrecognizedClientException", "The security token included …", errors.AwsRefused, UNKNOWN_KEY),
        ("ExpiredToken", "The security token included in the request is expired", errors.AwsRefused, EXPIRED),
        ("ExpiredToken", "The provided token has expired.", errors.AwsRefused, EXPIRED),
        ("ExpiredTokenException", "The security token included in …", errors.AwsRefused, EXPIRED),
        ("SignatureDoesNotMatch", BAD_SIGNATURE, errors.AwsRefused, WRONG_SECRET),
        ("InvalidSignatureException", BAD_SIGNATURE, errors.AwsRefused, WRONG_SECRET),
        (
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region.",
            errors.AwsRefused,
            f"{REFUSED}: SignatureDoesNotMatch: Credential should be scoped to a valid region",
        ),
        ("Throttling", "Rate exceeded", aws_errors.Throttled, BUSY),
        ("ThrottlingException", "Rate exceeded", aws_errors.Throttled, BUSY),
        ("TooManyRequestsException", "", aws_errors.Throttled, BUSY),
        ("RequestThrottled", "", aws_errors.Throttled, BUSY),
        ("RequestLimitExceeded", "Request limit exceeded.", aws_errors.Throttled, BUSY),
        ("SlowDown", "Please reduce your request rate.", aws_errors.Throttled, BUSY),
        ("InternalFailure", "…", aws_errors.Unanswered, "AWS failed to answer GetSessionToken (InternalFailure)"),
        ("InternalError", "…", aws_errors.Unanswered, "AWS failed to answer GetSessionToken (InternalError)"),
        ("ServiceFailure", "…", aws_errors.Unanswered, "AWS failed to answer GetSessionToken (ServiceFailure)"),
        ("ServiceUnavailable", "…", aws_errors.Unanswered, "AWS failed to answer GetSessionToken (ServiceUnavailable)"),
        ("502", "Bad Gateway", aws_errors.Unanswered, "AWS failed to answer GetSessionToken (502)"),
        ("504", "Gateway Timeout", aws_errors.Unanswered, "AWS failed to answer GetSessionToken (504)"),
    ],
)
def test_every_aws_error_has_its_sentence(
    code: str, text: str, kind: type[errors.MfaSessionError], message: str
) -> None:
    """Each row has its own class, hence its exit code, and its own sentence: lower case or AWS, and no full stop."""
    said = refusal(code, text)
    assert type(said) is kind
    assert said.message == message


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("RequestExpired", "Request has expired."),
        ("AuthFailure", "AWS was not able to validate the provided access credentials"),
    ],
)
def test_a_signature_error_that_does_not_mean_a_wrong_secret(code: str, text: str) -> None:
    """S3 and EC2 name no server time: whoever reads it must not type a good key pair again."""
    said = refusal(code, text)
    assert type(said) is errors.AwsRefused
    assert "secret of key" not in said.message
    assert said.hint


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Signature expired: 20261124T054000Z is now earlier than 20261124T062500Z (20261124T064000Z - 15 min.)",
            "0 s behind",
        ),
        (
            "Signature expired: 20261124T054000Z is now earlier than 20261124T072500Z (20261124T074000Z - 15 min.)",
            "1 h behind",
        ),
        (
            "Signature not yet current: … is still later than … (20261124T054000Z + 15 min.)",
            "1 h ahead of",
        ),
        ("Signature expired: …  is now earlier than … (20261124T064730Z  -  5 min.)", "7 min behind"),
        (
            "Signature not yet current: … is still later than … (20261122T184000Z + 15 min.)",
            "36 h ahead of",
        ),
    ],
)
def test_a_skewed_clock_is_reported_with_its_offset(code: str, text: str, shown: str) -> None:
    """aws/aws-cli#6676, 99designs/aws-vault#1049: AWS's own time is in its text, and no other program does the sum."""
    said = refusal(code, text)
    assert type(said) is errors.AwsRefused
    assert said.message == f"this computer's clock is {shown} AWS's"
    assert "timedatectl" in said.hint


@pytest.mark.parametrize(
    "time", ["20261399T996199Z", "00000000T000000Z", "\uff12\uff10261124T064000Z", "2026-11-24T06:40:00Z"]
)
def test_an_invalid_time_is_not_a_failure_of_ours(time: str) -> None:
    """What AWS, or a stranger in its place, writes there may be anything."""
    said = refusal("SignatureDoesNotMatch", f"Signature expired: x is now earlier than y ({time} - 15 min.)")
    assert type(said) is errors.AwsRefused
    assert "clock" in said.message


@pytest.mark.parametrize("policy", ["", ": arn:aws:iam::123456789012:policy/deny"])
@pytest.mark.parametrize(
    ("operation", "code", "hint"),
    [
        ("ListMFADevices", "AccessDenied", "name your device instead: mfa_serial = "),
        ("AssumeRole", "AccessDenied", "the role's trust policy must name you"),
        ("GetCallerIdentity", "AccessDeniedException", "ask your administrator which policy denies it"),
        ("DescribeRegions", "UnauthorizedOperation", "ask your administrator which policy denies it"),
    ],
)
def test_a_denial_names_what_was_denied(operation: str, code: str, hint: str, policy: str) -> None:
    """AWS's own sentence, and since 2026 the policy's ARN in it, is what an administrator needs."""
    text = (
        f"User: arn:aws:iam::123456789012:user/alice is not authorized to perform: {operation} on resource: * with an "
        f"explicit deny in an identity-based policy{policy}"
    )
    said = refusal(code, text, operation)
    assert type(said) is aws_errors.Denied
    assert said.message == f"AWS denied {operation}: {text}"
    assert said.hint.startswith(hint)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            "AWS gives a role session made from an MFA session at most 1 h",
            "set duration_seconds to 3600 or less, or remove it",
        ),
        (
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "the role does not allow sessions that long (its MaxSessionDuration)",
            "duration_seconds = 3600 always goes, without a code of its own; else the role's owner must raise it",
        ),
    ],
)
def test_a_role_session_that_is_too_long(text: str, message: str, hint: str) -> None:
    """99designs/aws-vault#240, trek10inc/awsume#73: the limit that AWS meant, of the two."""
    said = refusal("ValidationError", text, "AssumeRole")
    assert (type(said), said.message, said.hint) == (errors.AwsRefused, message, hint)


def test_without_a_key_id_it_is_the_key() -> None:
    """No message names a key by an empty name."""
    assert refusal("InvalidClientTokenId", "x", key_id="").message.startswith("AWS does not know the key: ")


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "Malformed\x1b[31m"])
def test_nothing_raw_reaches_the_terminal(code: str) -> None:
    """Whoever answers in AWS's place cannot write to the screen."""
    said = refusal(code, "bad \x1b[2J\x07 \u202e text\r\nof two lines")
    assert (said.message + said.hint).isprintable()


rows = [row for protocols in TABLE.values() for row in protocols.values()]


@given(st.sampled_from(rows), st.sampled_from(("GetSessionToken", "AssumeRole", "GetCallerIdentity", "ListMFADevices")))
def test_every_refusal_of_every_protocol_has_a_hint(row: tuple[str, int, str], operation: str) -> None:
    """All that the sandbox can say, in five protocols: a sentence, how to fix it, and never an exit code of 1."""
    code, status, text = row
    said = refusal(code, text, operation)
    assert isinstance(said, errors.AwsUnreachable if status >= 500 or "hrottl" in code else errors.AwsRefused)
    assert said.message
    assert said.hint
    assert not said.message.endswith(".")


@given(st.text(), st.text(), st.text())
def test_any_answer_is_translated(operation: str, code: str, text: str) -> None:
    """No text of AWS's makes us fail, and every one of ours is safe to show in one line."""
    said = refusal(code, text, operation)
    assert isinstance(said, errors.AwsRefused | errors.AwsUnreachable)
