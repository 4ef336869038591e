"""The rule: deny every action unless MFA is present; and the self-service statements."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-eusc")

DENY_ALL_WITHOUT_MFA: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyAllWithoutMFA",
            "Effect": "Deny",
            "NotAction": [
                "iam:CreateVirtualMFADevice",
                "iam:EnableMFADevice",
                "iam:GetUser",
                "iam:ListMFADevices",
                "iam:ListVirtualMFADevices",
                "iam:ResyncMFADevice",
                "sts:GetSessionToken",
            ],
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        }
    ],
}
"""The rule (as in AWS's `aws_my-sec-creds-self-manage` sample)."""
ALLOW_ALL: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "AllowAll", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}
_ON_USER = (
    *("iam:ChangePassword", "iam:GetUser", "iam:GetLoginProfile"),
    *("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:GetAccessKeyLastUsed"),
    *("iam:ListAccessKeys", "iam:UpdateAccessKey"),
    *("iam:DeactivateMFADevice", "iam:EnableMFADevice", "iam:GetMFADevice", "iam:ListMFADevices"),
    *("iam:ResyncMFADevice",),
)


def deny_all_without_mfa(partition: str = "aws", *, self_service: bool = False) -> dict[str, Any]:
    """Return the rule, as `mfasession policy show` prints it: every action is denied unless MFA is present.

    `partition`: one of PARTITIONS. `self_service`: also allow users their own devices, keys and password. Source: the
    sample policy "Allows MFA-authenticated IAM users to manage their own credentials" of the IAM User Guide.
    Raises ValueError for another partition.

    >>> rule = deny_all_without_mfa()
    >>> rule["Statement"][0]["Effect"], rule["Statement"][0]["Condition"]
    ('Deny', {'BoolIfExists': {'aws:MultiFactorAuthPresent': 'false'}})
    """
    if partition not in PARTITIONS:
        raise ValueError(f"{partition!r} is not one of {', '.join(PARTITIONS)}")
    return deepcopy(document(partition, self_service=self_service))


def allow_all() -> dict[str, Any]:
    """Return a policy that allows everything, as AdministratorAccess, FullAWSAccess and RCPFullAWSAccess do.

    >>> allow_all()["Statement"][0]["Action"]
    '*'
    """
    return deepcopy(dict(ALLOW_ALL))


def document(partition: str = "aws", *, self_service: bool = False) -> dict[str, Any]:
    """Return the rule for a partition; with `self_service`, also the statements for own devices, keys, password.

    Both spellings of a user are there: names are unique in an account, but users may have paths.
    """
    statements = list(DENY_ALL_WITHOUT_MFA["Statement"])
    if self_service:
        own = [f"arn:{partition}:iam::*:user/{path}${{aws:username}}" for path in ("", "*/")]
        statements += [
            _allow("AllowToLookAround", ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"], "*"),
            _allow("AllowOwnUser", list(_ON_USER), own),
            _allow(
                "AllowOwnDevices",
                ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"],
                f"arn:{partition}:iam::*:mfa/*",
            ),
        ]
    return {"Version": DENY_ALL_WITHOUT_MFA["Version"], "Statement": statements}


def _allow(sid: str, actions: list[str], resource: object) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
