"""What AWS and the way to it say when they refuse, in plain words with a hint. Values in, an error out.

The codes and texts of STS and IAM are in the API references ("Common errors") and in the issues cited below.
"""

from mfasession import durations
from mfasession.errors import AwsRefused, CodeRefused, DeviceRefused, MfaSessionError, Throttled, Unanswered
from mfasession.text import printable


def refusal(operation: str, code: str, text: str, *, now: float, key_id: str = "") -> MfaSessionError:
    """Return our error for an AWS error response: `code` and `text` as AWS sent them, `now` in epoch seconds."""
    words = " ".join(text.split())
    key = f"key {key_id}" if key_id else "the key"
    if "MultiFactorAuthentication failed" in words:
        return _mfa_refusal(words)
    if code in ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"):
        return Throttled("AWS is busy and refuses to answer now (throttled)", "wait a minute, then run it again")
    if code in ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"):
        return AwsRefused(
            f"AWS does not know {key}: it is deleted, inactive, mistyped or of another partition",
            "look at your access keys in the IAM console, or ask your administrator",
        )
    if code in ("SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"):
        return _signature_refusal(words, now, key)
    if code in ("ExpiredToken", "ExpiredTokenException"):
        return AwsRefused("AWS says that the session has expired", "mfasession login --force")
    if "Cannot call GetSessionToken with session credentials" in words:
        return AwsRefused(
            f"{key} is temporary, and a session cannot be made from a session",
            "put the long-term key pair (AKIA…) into the profile",
        )
    if "DurationSeconds exceeds" in words:
        return _duration_refusal(words)
    if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
        return AwsRefused(f"AWS denied {operation}: {printable(words)}", _denied_hint(operation))
    if code in ("InternalFailure", "ServiceUnavailable", "InternalError", "500", "503"):
        return Unanswered(f"AWS failed to answer {operation} ({code})", "run it again in a moment")
    return AwsRefused(f"AWS refused {operation}: {code}: {printable(words)}", "")


def _mfa_refusal(words: str) -> MfaSessionError:
    if "invalid MFA one time pass code" in words:
        return CodeRefused(
            "AWS refused that code: it is wrong, too old, or was used before",
            "wait for the next code on the device, then run it again",
        )
    if "unable to validate MFA code" in words:
        return DeviceRefused(
            "AWS could not check the code: the serial number is wrong, the device belongs to another user, it was "
            "enabled a moment ago, or too many codes were tried",
            "compare the serial with `aws iam list-mfa-devices`; else wait 3 minutes and run it again",
        )
    return AwsRefused(f"AWS refused the code: {printable(words)}", "look at mfa_serial and the code")


def _signature_refusal(words: str, now: float, key: str) -> MfaSessionError:
    server = _server_time(words)
    if server is None:
        return AwsRefused(
            f"the secret of {key} is wrong: AWS could not verify the signature",
            "aws configure, to type the key pair again",
        )
    ahead = now - server
    side = "ahead of" if ahead > 0 else "behind"
    return AwsRefused(
        f"this computer's clock is {durations.show(int(abs(ahead)))} {side} AWS's",
        "set the clock (on systemd: timedatectl set-ntp true), then run it again",
    )


def _server_time(words: str) -> float | None:
    """AWS's own time: T3 in `… is now earlier than T2 (T3 - 15 min.)`, `… is still later than T2 (T3 + 15 min.)`."""
    import re
    from datetime import UTC, datetime

    found = re.search(r"\((\d{8}T\d{6}Z) [-+] \d+ min", words)
    if found is None:
        return None
    return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _duration_refusal(words: str) -> MfaSessionError:
    if "role chaining" in words:
        return AwsRefused(
            "AWS gives a role session made from an MFA session at most 1 h",
            "set duration_seconds to 3600 or less, or remove it",
        )
    return AwsRefused(
        "the role does not allow sessions that long (its MaxSessionDuration)",
        "lower duration_seconds, or ask the role's owner to raise the limit",
    )


def _denied_hint(operation: str) -> str:
    if operation == "AssumeRole":
        return "the role's trust policy must name you, your external_id and your MFA as they are"
    if operation == "ListMFADevices":
        return "name your device instead: mfa_serial = arn:aws:iam::ACCOUNT:mfa/NAME in the AWS configuration file"
    return "ask your administrator which policy denies it"
