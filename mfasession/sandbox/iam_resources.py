"""The resource that each action of IAM is about, as an ARN.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management"; `tests/contracts/test_service_reference.py` holds every action against it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from mfasession.values import Value


class Directory(Value):
    """An account's directory: ARNs, with paths, of users, groups and roles, and the owners of keys."""

    arn_of: Callable[[str, str], str]
    """Called with `user`, `group` or `role` and a name; returns the ARN, or an empty text."""
    owner_of: Callable[[str], str]
    """Called with an access key ID; returns its user's ARN, or an empty text."""


_ARNS = ("PolicySourceArn", "SAMLProviderArn", "OpenIDConnectProviderArn")
_NAMED = (
    ("InstanceProfileName", "instance-profile"),
    ("RoleName", "role"),
    ("GroupName", "group"),
    ("UserName", "user"),
    ("ServerCertificateName", "server-certificate"),
)
"""Parameters in the order in which they decide the resource of an action: a user is added to a group."""
_MADE = {
    "iam:createuser": ("UserName", "user"),
    "iam:creategroup": ("GroupName", "group"),
    "iam:createrole": ("RoleName", "role"),
    "iam:createinstanceprofile": ("InstanceProfileName", "instance-profile"),
    "iam:createpolicy": ("PolicyName", "policy"),
    "iam:createvirtualmfadevice": ("VirtualMFADeviceName", "mfa"),
    "iam:createsamlprovider": ("Name", "saml-provider"),
    "iam:uploadservercertificate": ("ServerCertificateName", "server-certificate"),
}
"""Actions that create a resource with the path in the request."""
_ABOUT_OWN_USER = ("iam:changepassword", "iam:getmfadevice", "iam:deactivatemfadevice", "iam:enablemfadevice",
                   "iam:resyncmfadevice", "iam:listmfadevices")  # fmt: skip
"""Actions about the calling user, although they name a device or no user."""


def of(action: str, params: Mapping[str, Any], arn: Callable[[str], str], directory: Directory | None) -> str:
    """Return the ARN of what an action of IAM is about, or `*`. `arn` makes one of `user/alice`."""
    small = action.lower()
    if small in _MADE:
        parameter, kind = _MADE[small]
        path = str(params.get("Path") or "/")
        return arn(f"{kind}{path}{params.get(parameter, '')}")
    if small == "iam:getaccesskeylastused":
        return (directory.owner_of(str(params.get("AccessKeyId", ""))) if directory else "") or "*"
    if small == "iam:createopenidconnectprovider":
        parts = urlsplit(str(params.get("Url", "")))
        return arn(f"oidc-provider/{parts.netloc}{parts.path.rstrip('/')}")
    if small == "iam:createservicelinkedrole":
        return arn(f"role/aws-service-role/{params.get('AWSServiceName', '')}/*")
    if small == "iam:getservicelinkedroledeletionstatus":
        return arn(f"role/{str(params.get('DeletionTaskId', '')).removeprefix('task/').rpartition('/')[0]}")
    if small.endswith(("mfadevice", "mfadevicetags")):
        return _of_device(small, params, arn, directory)
    return _of_parameters(params, arn, directory)


def _of_device(small: str, params: Mapping[str, Any], arn: Callable[[str], str], directory: Directory | None) -> str:
    if small in _ABOUT_OWN_USER:
        return _named("user", params.get("UserName"), arn, directory)
    return str(params.get("SerialNumber", "*"))


def _of_parameters(params: Mapping[str, Any], arn: Callable[[str], str], directory: Directory | None) -> str:
    for parameter, kind in _NAMED:
        if params.get(parameter):
            return _named(kind, params[parameter], arn, directory)
    if params.get("PolicyArn"):
        return str(params["PolicyArn"])
    found = next((str(params[name]) for name in (*_ARNS, "Arn") if params.get(name)), "")
    return found or "*"


def _named(kind: str, name: object, arn: Callable[[str], str], directory: Directory | None) -> str:
    if not name:
        return "*"
    known = directory.arn_of(kind, str(name)) if directory else ""
    return known or arn(f"{kind}/{name}")
