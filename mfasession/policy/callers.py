"""The kinds of callers that a rule about MFA distinguishes, and AWS's fixed decisions about them.

Sources: IAM User Guide, "AWS global condition context keys" and "Compare AWS STS credentials"; STS API Reference,
GetSessionToken.
"""

from collections.abc import Iterable

from mfasession.policy import principals
from mfasession.policy.document import Document
from mfasession.policy.patterns import Context
from mfasession.policy.principals import Principal
from mfasession.values import Value

ACCOUNT = "123456789012"
USER = "alice"
"""The account ID in AWS's documentation, used unless another is named."""

_FOR_USER_SESSIONS = ("sts:assumerole", "sts:getcalleridentity")
_FOR_KEYS_ALONE = ("sts:getsessiontoken", "sts:getfederationtoken")
_ABOUT_USER = (
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ResyncMFADevice",
    "iam:DeactivateMFADevice",
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:GetLoginProfile",
    "iam:GetMFADevice",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
)
_ABOUT_DEVICE = ("iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice")


class Caller(Value):
    """One kind of caller."""

    slug: str
    """The name in expectations."""
    name: str
    """The name in tables."""
    mfa: str
    """The value of aws:MultiFactorAuthPresent; empty where the key is absent."""
    is_temporary: bool = True
    is_role: bool = False

    def mfa_keys(self) -> dict[str, str]:
        """Return the condition keys that differ between callers."""
        known = {"aws:multifactorauthpresent": self.mfa} if self.mfa else {}
        if self.mfa == "true":
            known["aws:multifactorauthage"] = "60"
        return known

    def fixed(self, action: str) -> str:
        """Return `always` or `never` where AWS decides without policies; empty for all else."""
        name = action.lower()
        if name == "sts:getcalleridentity":
            return "always"
        if name in _FOR_KEYS_ALONE and self.is_temporary:
            return "never"
        if name == "sts:getsessiontoken":
            return "always"
        if self.is_role or not self.is_temporary:
            return ""
        if name.startswith("sts:") and name not in _FOR_USER_SESSIONS:
            return "never"
        return "never" if name.startswith("iam:") and self.mfa != "true" else ""


KEY = Caller(slug="key", name="long-term key", mfa="", is_temporary=False)
SESSION = Caller(slug="session", name="session without MFA", mfa="false")
MFA = Caller(slug="mfa", name="session with MFA", mfa="true")
ROLE = Caller(slug="role", name="role", mfa="false", is_role=True)
"""A role's session has no MFA, even if it was assumed with MFA: the key is present and false."""
CALLERS = (KEY, SESSION, MFA, ROLE)


class Person(Value):
    """The user and the role behind the callers."""

    user: str = USER
    user_arn: str = f"arn:aws:iam::{ACCOUNT}:user/{USER}"
    role_arn: str = f"arn:aws:iam::{ACCOUNT}:role/example"

    @property
    def account(self) -> str:
        """The account ID."""
        return self.user_arn.split(":")[4]

    @property
    def partition(self) -> str:
        """As in `aws`."""
        return self.user_arn.split(":")[1]

    def resource_of(self, action: str) -> str:
        """Return an example resource of the action: the user, their device, a role; else `*`."""
        names = dict.fromkeys(_ABOUT_USER, f"user/{self.user}") | dict.fromkeys(_ABOUT_DEVICE, f"mfa/{self.user}")
        names |= {"sts:AssumeRole": "role/example"}
        name = next((name for known, name in names.items() if known.lower() == action.lower()), "")
        return f"arn:{self.partition}:iam::{self.account}:{name}" if name else "*"

    def principal(self, caller: Caller) -> Principal:
        """Return a caller as Principal elements name it."""
        if not caller.is_role:
            return Principal(arn=self.user_arn)
        name = self.role_arn.rpartition("/")[2]
        session = f"arn:{self.partition}:sts::{self.account}:assumed-role/{name}/{self.user}"
        return Principal(arn=session, role=self.role_arn)


def person(user: str, documents: Iterable[Document] = ()) -> Person:
    """Return the user and role for an evaluation, in the first account that trust and resource policies name.

    Without `user` it is the first user that they name, else USER; the role is the first that they name.
    """
    names = principals.all_of_aws(documents)
    users = [name for name in names if ":user/" in name and user in ("", name.rpartition("/")[2])]
    roles = [name for name in names if ":role/" in name]
    accounts = [account for name in names if (account := principals.account_in(name))]
    arns = [name for name in names if name.startswith("arn:")]
    partition = arns[0].split(":")[1] if arns else "aws"
    account = principals.account_in(users[0]) if users else next(iter(accounts), ACCOUNT)
    start = f"arn:{partition}:iam::{account}"
    return Person(
        user=users[0].rpartition("/")[2] if users else user or USER,
        user_arn=users[0] if users else f"{start}:user/{user or USER}",
        role_arn=next((role for role in roles if principals.account_in(role) == account), f"{start}:role/example"),
    )


def context(caller: Caller, user: str = USER, whose: Person | None = None) -> Context:
    """Return the condition keys in every request of this caller; `whose` replaces the user's name."""
    whose = whose or person(user)
    known = {
        "aws:principalarn": whose.role_arn if caller.is_role else whose.user_arn,
        "aws:principalaccount": whose.account,
        "aws:principaltype": "AssumedRole" if caller.is_role else "User",
        "aws:userid": f"AROAEXAMPLE:{whose.user}" if caller.is_role else "AIDAEXAMPLE",
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:principalisawsservice": "false",
    }
    if not caller.is_role:
        known["aws:username"] = whose.user
    return known | caller.mfa_keys()
