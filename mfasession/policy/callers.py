"""The kinds of callers that a rule about MFA tells apart, and what AWS does whatever policies say.

Sources: IAM User Guide, "AWS global condition context keys" and "Compare AWS STS credentials"; STS API Reference,
GetSessionToken.
"""

from mfasession.policy.patterns import Context
from mfasession.values import Value

ACCOUNT = "123456789012"
USER = "alice"
"""AWS's documentation's own, where no other is named."""


class Caller(Value):
    """One kind of caller."""

    slug: str
    """As expectations name it."""
    name: str
    """As tables name it."""
    mfa: str
    """The value of aws:MultiFactorAuthPresent; empty where the key is absent."""
    is_temporary: bool = True
    is_role: bool = False


KEY = Caller(slug="key", name="long-term key", mfa="", is_temporary=False)
SESSION = Caller(slug="session", name="session without MFA", mfa="false")
MFA = Caller(slug="mfa", name="session with MFA", mfa="true")
ROLE = Caller(slug="role", name="role", mfa="false", is_role=True)
"""A role's session carries no MFA, whatever the session that assumed it has: the key is there, and false."""
CALLERS = (KEY, SESSION, MFA, ROLE)

_FOR_USER_SESSIONS = ("sts:assumerole", "sts:getcalleridentity")
_FOR_KEYS_ALONE = ("sts:getsessiontoken", "sts:getfederationtoken")


def context(caller: Caller, user: str = USER) -> Context:
    """Return the condition keys that a request of this caller brings of itself; a role's is `example`."""
    principal = "role/example" if caller.is_role else f"user/{user}"
    known = {
        "aws:principalarn": f"arn:aws:iam::{ACCOUNT}:{principal}",
        "aws:principalaccount": ACCOUNT,
        "aws:principaltype": "AssumedRole" if caller.is_role else "User",
        "aws:userid": f"AROAEXAMPLE:{user}" if caller.is_role else "AIDAEXAMPLE",
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
    }
    if not caller.is_role:
        known["aws:username"] = user
    return known | mfa_keys(caller)


def mfa_keys(caller: Caller) -> dict[str, str]:
    """Return the keys that tell the callers apart."""
    known = {"aws:multifactorauthpresent": caller.mfa} if caller.mfa else {}
    if caller.mfa == "true":
        known["aws:multifactorauthage"] = "60"
    return known


def fixed(caller: Caller, action: str) -> str:
    """Return `always` or `never` for what AWS answers this caller whatever policies say; empty for all else."""
    name = action.lower()
    if name == "sts:getcalleridentity":
        return "always"
    if name in _FOR_KEYS_ALONE and caller.is_temporary:
        return "never"
    if name == "sts:getsessiontoken":
        return "always"
    if caller.is_role or not caller.is_temporary:
        return ""
    if name.startswith("sts:") and name not in _FOR_USER_SESSIONS:
        return "never"
    return "never" if name.startswith("iam:") and caller.mfa != "true" else ""
