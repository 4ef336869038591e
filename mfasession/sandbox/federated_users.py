"""GetFederationToken: a session of a long-term key with another name and its own policies.

Sources: STS API Reference, GetFederationToken; IAM User Guide, "Permissions for GetFederationToken".
"""

from mfasession.sandbox import roles
from mfasession.sandbox.authenticated import AuthenticatedRequest, Result, credentials
from mfasession.sandbox.parameters import Text, check_texts, seconds
from mfasession.sandbox.state import Caller

SECONDS = (900, 129600)
DEFAULT, ROOT_MOST = 43200, 3600
"""A longer session of the root user is cut to an hour, not refused."""


def get_federation_token(request: AuthenticatedRequest) -> Result:
    """Issue the credentials of a federated user."""
    check_texts(
        request.params,
        Text(name="Name", least=2, most=32, pattern=r"[\w+=,.@-]*", required=True),
        Text(name="Policy", least=1, most=2048),
    )
    is_root = request.caller.kind == "root"
    lasting = seconds(request.params, *SECONDS, ROOT_MOST if is_root else DEFAULT)
    name, now = str(request.params["Name"]), request.state.clock.now()
    arn = f"arn:{request.state.partition}:sts::{request.state.account}:federated-user/{name}"
    caller = Caller(
        kind="federated",
        arn=arn,
        unique_id=f"{request.state.account}:{name}",
        issuer=request.caller.unique_id,
        temporary=True,
        issued=now,
        session_policies=roles.session_policies(request),
    )
    key = request.state.issue(caller, min(lasting, ROOT_MOST) if is_root else lasting)
    user = {"FederatedUserId": caller.unique_id, "Arn": arn}
    return {"Credentials": credentials(key), "FederatedUser": user, "PackedPolicySize": "0"}
