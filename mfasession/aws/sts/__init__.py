"""GetCallerIdentity, GetSessionToken and AssumeRole without boto3, for the settings that nearly everyone has.

The methods have the names, parameters and answers of boto3's client, so that a caller need not know which of the two it
has. What is sent is held to botocore's own bytes by tests/contracts/test_sts_requests.py.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mfasession.aws.sts import answer, request, settings, signature
from mfasession.aws.sts.connection import Connections

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.values import LongTermKey, Session


class Sts:
    """STS as one caller, at one endpoint. May be used by several threads at once.

    Every call raises AwsUnreachable, ConfigurationError (parameters that cannot be sent), answer.Refusal for an error
    response, and ValueError for an answer that is not AWS's.
    """

    def __init__(
        self,
        target: settings.Target,
        key: "LongTermKey | Session",
        *,
        size_limit: int,
        time_left: Callable[[], float],
    ) -> None:
        """`size_limit`: bytes of an answer at most; `time_left`: seconds until this thread's call must have ended."""
        self._signer = signature.Signer(target, key)
        self._time_left = time_left
        self._connections = Connections(target, size_limit)

    def get_caller_identity(self) -> Mapping[str, Any]:
        """Return Account and Arn."""
        return self._call("GetCallerIdentity", {}, answer.identity)

    def get_session_token(self, **parameters: Any) -> Mapping[str, Any]:
        """Return Credentials."""
        return self._call("GetSessionToken", parameters, answer.credentials)

    def assume_role(self, **parameters: Any) -> Mapping[str, Any]:
        """Return Credentials and AssumedRoleUser."""
        return self._call("AssumeRole", parameters, answer.role)

    def _call(
        self, operation: str, parameters: Mapping[str, Any], read: Callable[[bytes, str], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        body = request.body(operation, parameters)
        headers = self._signer.headers(body, time.time())
        status, content = self._connections.exchange(body, headers, operation, self._time_left())
        if status >= 300:
            raise answer.refusal(status, content)
        return read(content, operation)


def opened(
    profile: "Profile",
    key: "LongTermKey | Session",
    region: str,
    *,
    size_limit: int,
    time_left: Callable[[], float],
) -> Sts | None:
    """Return STS in a region with the settings of a profile; None when a setting is left to boto3.

    Raises ConfigurationError for an endpoint without TLS, and for certificates that others may change.
    """
    target = settings.target(profile, region)
    return None if target is None else Sts(target, key, size_limit=size_limit, time_left=time_left)
