"""AWS STS with AWS's real answers. Source: AWS STS API Reference, and recordings of clients of real AWS.

No policy can deny GetSessionToken or GetCallerIdentity (IAM User Guide, "Permissions for GetSessionToken").
"""

from collections.abc import Mapping

from mfasession.sandbox import federated_users, roles
from mfasession.sandbox.authenticated import AuthenticatedRequest, Handler, Result, credentials
from mfasession.sandbox.aws_errors import Refused
from mfasession.sandbox.parameters import SERIAL_NUMBER, TOKEN_CODE, Text, check_texts, seconds

SESSION_SECONDS = (900, 129600)
SESSION_DEFAULT = 43200
ROOT_MOST = 3600
"""A longer session of the root user is cut to this, not refused."""

NEVER_DENIED = frozenset({"sts:GetSessionToken", "sts:GetCallerIdentity"})
_FOR_USER_SESSIONS = frozenset({"AssumeRole", "GetCallerIdentity"})
_FOR_KEYS_ALONE = frozenset({"GetSessionToken", "GetFederationToken"})
"""Source: IAM User Guide, "Compare AWS STS credentials"."""


def handler(operation: str) -> Handler:
    """Return the handler of an STS operation. Raises Refused for one that is not emulated."""
    if operation not in HANDLERS:
        raise Refused("InvalidAction", 400, f"Could not find operation {operation} for version 2011-06-15")
    return HANDLERS[operation]


def check_credentials(request: AuthenticatedRequest) -> None:
    """Raise Refused for STS operations that temporary credentials may not call."""
    name, caller = request.operation.name, request.caller
    may_not = caller.is_user_session and name not in _FOR_USER_SESSIONS
    if may_not or (caller.temporary and name in _FOR_KEYS_ALONE) or (caller.issuer and name == "AssumeRole"):
        raise Refused("AccessDenied", 403, f"Cannot call {name} with session credentials")


def get_session_token(request: AuthenticatedRequest) -> Result:
    """Exchange a long-term key, with or without an MFA code, for a session."""
    lasting = seconds(request.params, *SESSION_SECONDS, ROOT_MOST if request.caller.kind == "root" else SESSION_DEFAULT)
    if request.caller.kind == "root":
        lasting = min(lasting, ROOT_MOST)
    now = request.state.clock.now()
    mfa_at = now if spend_code(request) else None
    key = request.state.issue(request.caller.replace(temporary=True, mfa_at=mfa_at, issued=now), lasting)
    return {"Credentials": credentials(key)}


def get_caller_identity(request: AuthenticatedRequest) -> Result:
    """Return the signer of the request; no policy can deny it."""
    caller = request.caller
    return {"Arn": caller.arn, "UserId": caller.unique_id, "Account": request.state.account}


def get_access_key_info(request: AuthenticatedRequest) -> Result:
    """Return a key's account. The sandbox knows only its own."""
    check_texts(request.params, Text(name="AccessKeyId", least=16, most=128, pattern=r"[\w]*", required=True))
    if request.state.key(str(request.params["AccessKeyId"])) is None:
        raise Refused("ValidationError", 400, "Invalid access key Id")
    return {"Account": request.state.account}


def assume_role(request: AuthenticatedRequest) -> Result:
    """Exchange any credentials, with or without an MFA code, for a role's."""
    roles.check_parameters(request.params)
    mfa_at = request.state.clock.now() if spend_code(request) else request.caller.mfa_at
    return roles.assume(request, mfa_at)


def spend_code(request: AuthenticatedRequest) -> bool:
    """Use up the code of the request. False when it has none; raises Refused when it is wrong."""
    check_texts(request.params, SERIAL_NUMBER, TOKEN_CODE)
    serial, code = request.params.get("SerialNumber"), request.params.get("TokenCode")
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise Refused(
            "AccessDenied",
            403,
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
        )
    state = request.state
    state.devices.verify(str(serial), str(code), request.caller.unique_id, state.clock.now(), state.enrolment_lag)
    return True


HANDLERS: Mapping[str, Handler] = {
    "GetSessionToken": get_session_token,
    "GetCallerIdentity": get_caller_identity,
    "GetAccessKeyInfo": get_access_key_info,
    "AssumeRole": assume_role,
    "GetFederationToken": federated_users.get_federation_token,
}
