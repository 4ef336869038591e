"""The environment variables of a session: what `env` prints and `exec` hands on. On the path of every command."""

from mfasession import timestamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.model import Session

SET = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "MFASESSION_PROFILE",
    "MFASESSION_EXPIRES",
)
SHADOWS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN")
"""Variables that win over the credentials in the environment in some SDK: AWS_SECURITY_TOKEN beats AWS_SESSION_TOKEN in
botocore, AWS_PROFILE drops the keys in the SDK for JavaScript."""

OTHER_SOURCES = (
    "AWS_ACCOUNT_ID",
    "AWS_CREDENTIAL_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Other sources of credentials, which a command run by us must not fall back to, and the account of other ones."""


def variables(session: "Session", profile: str) -> "dict[str, str | None]":
    """Return the variables in the order of printing; None means: unset it."""
    values: dict[str, str | None] = {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key.reveal(),
        "AWS_SESSION_TOKEN": session.session_token.reveal(),
        "AWS_CREDENTIAL_EXPIRATION": timestamps.show(session.expires),
    }
    if session.region:
        values["AWS_REGION"] = values["AWS_DEFAULT_REGION"] = session.region
    values["MFASESSION_PROFILE"] = profile
    values["MFASESSION_EXPIRES"] = str(session.expires)
    return values | dict.fromkeys(SHADOWS)


def unset() -> "dict[str, str | None]":
    """Return what takes all of `variables` back."""
    return dict.fromkeys(SET)


def child(environ: "Mapping[str, str]", session: "Session", profile: str) -> dict[str, str]:
    """Return the environment of a command: this one, with the session and without any other source of credentials."""
    merged = {name: value for name, value in environ.items() if name not in OTHER_SOURCES}
    for name, value in variables(session, profile).items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged
