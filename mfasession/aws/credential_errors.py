"""Explains why botocore's chain of credentials found none, or could not renew them. Values in, an error out.

botocore's classes are matched by name: older releases have fewer of them.
"""

from mfasession.errors import AwsUnreachable, ConfigurationError, MfaSessionError
from mfasession.files import system_errors
from mfasession.redaction import redacted
from mfasession.text import printable

_SIGN_IN = {
    "SSOTokenLoadError": "aws sso login",
    "TokenRetrievalError": "aws sso login",
    "UnauthorizedSSOTokenError": "aws sso login",
    "LoginRefreshRequired": "aws login",
    "LoginTokenLoadError": "aws login",
    "LoginInsufficientPermissions": "aws login",
    "LoginAuthorizationCodeError": "aws login",
}
_SOURCES = (
    "set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or AWS_ACCESS_KEY_ID and its like, or name an AWS profile "
    "that has credentials: -p NAME"
)

_FIX = "fix the AWS profile or the AWS_* variables that name them"


def explain(error: Exception, profile: str = "") -> MfaSessionError | None:
    """Return our error for one of botocore's about credentials; None for any other. `profile`: the AWS profile."""
    name = type(error).__name__
    # It may quote what a program wrote to stderr.
    said = printable(redacted(" ".join(str(error).split()).removesuffix(".")))[:500]
    if name in _SIGN_IN:
        command = f"{_SIGN_IN[name]} --profile {printable(profile or 'default')}"
        return ConfigurationError("the sign-in that the ambient credentials come from has ended", command)
    if isinstance(error, OSError) and error.filename:
        file = f"{printable(str(error.filename))}: {system_errors.explain(error)[0]}"
        return ConfigurationError(f"the ambient credentials cannot be read: {file}", _FIX)
    if name == "NoCredentialsError":
        return ConfigurationError("there are no ambient credentials", _SOURCES)
    if name == "ProfileNotFound":
        missing = printable(str(getattr(error, "kwargs", {}).get("profile", "")))
        return ConfigurationError(f"there is no AWS profile {missing}", "name another one: -p NAME, or fix AWS_PROFILE")
    if name == "MetadataRetrievalError":
        return AwsUnreachable(f"the ambient credentials cannot be read: {said}", "look at the endpoint that has them")
    if name in ("CredentialRetrievalError", "PartialCredentialsError", "UnknownCredentialError", "InvalidConfigError",
                "InfiniteLoopConfigError", "RefreshWithMFAUnsupportedError", "SSOError", "LoginError"):  # fmt: skip
        return ConfigurationError(f"the ambient credentials cannot be read: {said}", _FIX)
    return None
