"""Translates AWS's error responses into plain words with a hint. Values in, an error out.

The codes and texts of STS and IAM are in the API references ("Common errors") and in the issues cited below.
"""

from mfasession import durations, hints
from mfasession.aws.errors import AlreadyThere, CodeRefused, Denied, DeviceRefused, NotFound, Throttled, Unanswered
from mfasession.errors import AwsRefused, AwsUnreachable, ConfigurationError, MfaSessionError
from mfasession.redaction import redacted
from mfasession.text import printable
from mfasession.values import Value, is_key_id

_BUSY = ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestThrottled", "RequestLimitExceeded",
         "SlowDown")  # fmt: skip
_UNKNOWN_KEY = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken",
                "AuthFailure")  # fmt: skip
_SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_NOT_IN_ORGANIZATIONS = ("AWSOrganizationsNotInUseException", "AccountNotFoundException", "ChildNotFoundException",
                         "TargetNotFoundException", "PolicyNotFoundException")  # fmt: skip
_OF_ORGANIZATIONS = ("DescribeOrganization", "DescribeOrganizationalUnit", "DescribePolicy", "ListParents",
                     "ListPoliciesForTarget", "ListRoots")  # fmt: skip
_FAILED = ("InternalFailure", "InternalError", "ServiceFailure", "ServiceUnavailable")

_OF_STS = ("AssumeRole", "GetCallerIdentity", "GetSessionToken")
_NETWORK = "look at the network, then run it again"
RENEW_AMBIENT = "renew the ambient credentials where they come from, then run it again"
"""The hint where AWS does not accept ambient credentials any more."""
_HINTS = {
    "ValidationError": "look at mfa_serial, the role and the durations",
    "InvalidParameterValue": "look at session_tags and transitive_session_tags in the AWS configuration file",
    "MalformedPolicyDocument": "fix policy in the AWS configuration file",
    "PackedPolicyTooLarge": "shorten session_tags, policy and policy_arns: they share one size limit",
}


class Renew(Value):
    """How credentials are replaced, for a hint: the command for a key pair, and a sentence for a session."""

    key: str = "aws configure"
    session: str = ""
    """Empty for a login."""


def refusal(
    operation: str,
    code: str,
    text: str,
    *,
    now: float,
    key_id: str = "",
    profile: str = "",
    renew: Renew | None = None,
) -> MfaSessionError:
    """Return our error for an AWS error response: `code` and `text` as AWS sent them, `now` in epoch seconds.

    Hints name `profile`, and how to `renew` the credentials.
    """
    renew = renew or Renew()
    login = renew.session or hints.command_line("login", "--force", profile=profile)
    # A proxy, or a mock of AWS, may quote the request in its answer: code, signature, token.
    odd = {key_id} if key_id and not is_key_id(key_id) else set()
    words, code = redacted(" ".join(text.split()), odd), redacted(code, odd)
    key = "the key" if odd or not key_id else f"key {key_id}"
    if "MultiFactorAuthentication failed" in words:
        return _mfa_refusal(words, profile)
    if code in _BUSY:
        return Throttled("AWS is busy and refuses to answer now (throttled)", "wait a minute, then run it again")
    if code in _UNKNOWN_KEY:
        return AwsRefused(
            f"AWS does not know {key}: it is deleted, inactive, mistyped or of another partition",
            "look at your access keys in the IAM console; in China and GovCloud the profile needs its region",
        )
    if code == "RequestTimeTooSkewed" or words.startswith(("Signature expired", "Signature not yet current")):
        return _skew(words, now)
    if code in _SIGNATURE and "signature we calculated does not match" in words:
        return AwsRefused(
            f"the secret of {key} is wrong: AWS could not verify the signature",
            f"{renew.key}, to type the key pair again",
        )
    if code in _EXPIRED:
        return AwsRefused("the session has expired", login)
    if code == "RequestExpired":
        # EC2's one code for an expired session and for a wrong clock.
        return AwsRefused("AWS says that the request is too old", f"set the clock, then: {login}")
    if "Cannot call GetSessionToken with session credentials" in words:
        return AwsRefused(
            f"{key} is temporary, and a session cannot be made from a session",
            "put the long-term key pair (AKIA…) into the profile",
        )
    if "DurationSeconds exceeds" in words:
        return _duration_refusal(words)
    return _other_refusal(operation, code, words, profile)


def not_aws(operation: str) -> MfaSessionError:
    """Return our error for an answer that AWS would never send."""
    return Unanswered(
        f"something other than AWS answered {operation}",
        "look for a sign-in portal or a proxy (HTTPS_PROXY, endpoint_url), then run it again",
    )


def not_reached(host: str) -> AwsUnreachable:
    """Return our error for a connection that was not made."""
    return AwsUnreachable(f"{printable(host)} cannot be reached", _NETWORK)


def not_trusted(host: str) -> AwsUnreachable:
    """Return our error for a server whose certificate is not that of the host."""
    return AwsUnreachable(
        f"the certificate of {printable(host)} is not trusted: another machine may be answering",
        "behind a company proxy, name its certificates: AWS_CA_BUNDLE=FILE",
    )


def not_answered(host: str, operation: str) -> Unanswered:
    """Return our error for a request that may have arrived."""
    return Unanswered(f"{printable(host)} did not answer {operation}", _NETWORK)


def not_askable(operation: str) -> ConfigurationError:
    """Return our error for parameters that AWS could not take."""
    return ConfigurationError(
        f"{operation} cannot be asked with these values", "look at mfa_serial, the role and the durations"
    )


def _other_refusal(operation: str, code: str, words: str, profile: str) -> MfaSessionError:
    if not code:
        return not_aws(operation)
    said = printable(words.removesuffix("."))
    if code in _DENIED:
        return Denied(f"AWS denied {operation}: {said}", _denied_hint(operation, words, profile))
    # A number is the HTTP status of an answer that is not AWS's own, from a proxy or a load balancer on the way.
    if code in _FAILED or (code.startswith("5") and code.isdigit()):
        return Unanswered(f"AWS failed to answer {operation} ({code})", "run it again in a moment")
    if code == "NoSuchEntity":
        return NotFound(f"AWS does not have it (any more) ({operation}): {said}", "look in the IAM console")
    if code in _NOT_IN_ORGANIZATIONS:
        return NotFound(f"AWS Organizations does not have it ({operation}): {said}", "look in its console")
    if code == "EntityAlreadyExists":
        return AlreadyThere(f"AWS has it already ({operation}): {said}", "look in the IAM console")
    if code == "InvalidAuthenticationCode":
        return CodeRefused(
            "AWS refused the two codes: they must be consecutive codes of this device",
            "wait for the next code on the device, then run it again",
        )
    service = "STS" if operation in _OF_STS else "Organizations" if operation in _OF_ORGANIZATIONS else "IAM"
    hint = f"look it up under Common Errors in the {service} API Reference"
    if service == "STS":
        hint = _HINTS.get(code, hint)
    return AwsRefused(f"AWS refused {operation}: {printable(code)}: {said}", hint)


def _mfa_refusal(words: str, profile: str) -> MfaSessionError:
    if "invalid MFA one time pass code" in words:
        return CodeRefused(
            "AWS refused that code: it is wrong, too old, or was used before",
            "wait for the next code on the device, then run it again",
        )
    if "unable to validate MFA code" in words:
        return DeviceRefused(
            "AWS could not check the code: the serial number is wrong, the device belongs to another user, it was "
            "enabled a moment ago, or too many codes were tried",
            f"compare the serial with {hints.command_line('mfa', 'list', profile=profile)}; else wait 3 minutes and "
            "run it again",
        )
    return AwsRefused(f"AWS refused the code: {printable(words.removesuffix('.'))}", "look at mfa_serial and the code")


def _skew(words: str, now: float) -> MfaSessionError:
    server = _server_time(words)
    if server is None:
        how = "too far from"
    else:
        how = f"{durations.show(int(abs(now - server)))} {'ahead of' if now > server else 'behind'}"
    return AwsRefused(
        f"this computer's clock is {how} AWS's",
        "set the clock (on systemd: timedatectl set-ntp true), then run it again",
    )


def _server_time(words: str) -> float | None:
    """AWS's own time: T3 in `… is now earlier than T2 (T3 - 15 min.)`, `… is still later than T2 (T3 + 15 min.)`."""
    import re
    from datetime import UTC, datetime

    found = re.search(r"\((\d{8}T\d{6}Z) [-+] \d+ min", words)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _duration_refusal(words: str) -> MfaSessionError:
    if "role chaining" in words:
        return AwsRefused(
            "AWS gives a role session made from an MFA session at most 1 h",
            "set duration_seconds to 3600 or less, or remove it",
        )
    return AwsRefused(
        "the role does not allow sessions that long (its MaxSessionDuration)",
        "duration_seconds = 3600 always goes, without a code of its own; else the role's owner must raise it",
    )


def _denied_hint(operation: str, words: str, profile: str) -> str:
    for permission, key in (("sts:TagSession", "session_tags"), ("sts:SetSourceIdentity", "source_identity")):
        if permission in words:
            return f"the role's trust policy must allow {permission}, or remove {key} from the profile"
    if "authenticated with an MFA device" in words:
        return f"{hints.command_line('login', profile=profile)}, then run it again"
    if operation in ("CreateVirtualMFADevice", "EnableMFADevice", "ResyncMFADevice"):
        return "the rule must exempt it, as mfasession policy show prints it: ask your administrator"
    if operation == "AssumeRole":
        return "the role's trust policy must name you, your external_id and your MFA as they are"
    if operation == "ListMFADevices":
        return "name your device instead: mfa_serial = arn:aws:iam::ACCOUNT:mfa/NAME in the AWS configuration file"
    if operation in _OF_ORGANIZATIONS:
        return "use the management account or a delegated administrator, or give the policies with --scp FILE"
    return "ask your administrator which policy denies it"
