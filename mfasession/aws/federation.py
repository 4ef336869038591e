"""AWS's console sign-in: exchanges a role's session for a token that a browser signs in with."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mfasession import hints
from mfasession.aws import translate
from mfasession.aws.answers import token
from mfasession.aws.client import Aws
from mfasession.aws.errors import Throttled, Unanswered
from mfasession.durations import show
from mfasession.errors import AwsRefused, MfaSessionError
from mfasession.values import Secret, Session

if TYPE_CHECKING:
    from mfasession.profiles import Profile

_OPERATION = "getSigninToken"
_AGAIN = (0.5, 1.0)
"""Seconds before each retry, as in `Aws`."""


class AwsSignin(Aws):
    """Console sign-in with one role's session. Every call raises AwsRefused, AwsUnreachable or ConfigurationError."""

    def __init__(self, profile: "Profile", session: Session, environ: Mapping[str, str]) -> None:
        super().__init__(profile, session, environ, _AGAIN)
        self._session_of_role = session
        self._environ = environ

    def configured(self) -> str:
        """Return the endpoint that is configured for the sign-in or for all services; empty when there is none.

        The order is that of the AWS SDKs and Tools Reference Guide, "Service-specific endpoints". An endpoint for all
        services applies here too, so that an emulator's session is not sent to AWS.
        """
        known = self._boto().settings
        if known.get_config_variable("ignore_configured_endpoint_urls"):
            return ""
        own = known.get_scoped_config()
        services = known.full_config.get("services", {}).get(own.get("services"), {})
        its_own = services.get("signin")
        return (
            self._environ.get("AWS_ENDPOINT_URL_SIGNIN")
            or self._environ.get("AWS_ENDPOINT_URL")
            or (its_own.get("endpoint_url") if isinstance(its_own, dict) else None)
            or own.get("endpoint_url")
            or ""
        )

    def token(self, signin: str, seconds: int = 0) -> Secret:
        """Return a token, good for 15 minutes. `signin` is the address of the sign-in.

        `seconds` is the length of the console session (900..43200); 0 is that of the session. The session's secret is
        sent in the body of a POST, because servers log addresses.
        """
        session = self._session_of_role
        form = {
            "Action": _OPERATION,
            "Session": json.dumps(
                {
                    "sessionId": session.access_key_id,
                    "sessionKey": session.secret_access_key.reveal(),
                    "sessionToken": session.session_token.reveal(),
                }
            ),
            **({"SessionDuration": str(seconds)} if seconds else {}),
        }

        def send() -> Secret:
            status, body = self._boto().posted(f"{signin}/federation", form)
            if status != 200:
                raise _refusal(status, seconds, self._profile.name)
            return Secret(token(json.loads(body), "SigninToken"))

        return self._call(_OPERATION, send)


def _refusal(status: int, seconds: int, profile: str) -> MfaSessionError:
    """Return our error for an HTTP status; the page with it is for browsers and has no more information."""
    if status == 429:
        return Throttled("AWS is busy and refuses to answer now (throttled)", "wait a minute, then run it again")
    if 500 <= status < 600:
        return Unanswered(f"AWS failed to answer {_OPERATION} ({status})", "run it again in a moment")
    if status not in (400, 401, 403):
        return translate.not_aws(_OPERATION)
    reasons = ["it was revoked", "it is of another partition"]
    if seconds:
        reasons.append(f"its console may not last {show(seconds)}")
    return AwsRefused(
        f"AWS rejected this session for console sign-in ({status}): {', or '.join(reasons)}",
        f"{hints.command_line('login', '--force', profile=profile)}, then run it again",
    )
