"""IAM's operations about a whole account and users' boundaries, with AWS's real answers.

moto lists no boundaries, and every policy of AWS in one page; its credential report has neither the sandbox's devices
nor the root user. Sources: IAM API Reference; IAM User Guide, "Get credential reports for your AWS account".
"""

import base64
import csv
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from mfasession.sandbox.authenticated import AuthenticatedRequest, Handler, Result
from mfasession.sandbox.aws_errors import Refused
from mfasession.sandbox.iam_mfa import user_named
from mfasession.sandbox.moto_backend import Group, ManagedPolicy, User
from mfasession.sandbox.parameters import Text, check_texts
from mfasession.timestamps import show

_KINDS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    *(f"access_key_{number}_{what}" for number in (1, 2) for what in
      ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
_ARN = Text(name="PermissionsBoundary", least=20, most=2048, required=True)


def get_account_authorization_details(request: AuthenticatedRequest) -> Result:
    """List users, groups and policies in pages; roles are not emulated here."""
    wanted = request.params_listed("Filter") or tuple(_KINDS)
    start, count = (
        int(str(request.params.get(name) or default)) for name, default in (("Marker", 0), ("MaxItems", 100))
    )
    items = [(kind, item) for kind in wanted for item in _items(request, kind)]
    page: dict[str, Any] = {name: [] for name in _KINDS.values()}
    for kind, item in items[start : start + count]:
        page[_KINDS[kind]].append(_DETAILS[kind](request, item))
    if start + count < len(items):
        return {**page, "IsTruncated": True, "Marker": str(start + count)}
    return {**page, "IsTruncated": False}


def generate_credential_report(request: AuthenticatedRequest) -> Result:
    """Start a report, or return its state."""
    state = request.state
    with state.lock:
        if not state.report_in:
            return {"State": "COMPLETE"}
        state.report_in -= 1
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


def get_credential_report(request: AuthenticatedRequest) -> Result:
    """Return the report of the account's present state in base64."""
    if request.state.report_in:
        raise Refused("ReportNotPresent", 410, "No report exists. Use GenerateCredentialReport to generate a report.")
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    owners = {device.user_id for device in request.state.devices.all()}
    rows.writerow(_COLUMNS)
    rows.writerow(_root(request, owners))
    for user in list(request.state.moto.iam.users.values()):
        rows.writerow(_reported(user, owners))
    return {
        "Content": base64.b64encode(out.getvalue().encode()).decode(),
        "ReportFormat": "text/csv",
        "GeneratedTime": show(int(request.state.clock.now())),
    }


def put_user_permissions_boundary(request: AuthenticatedRequest) -> Result:
    """Set a user's boundary."""
    check_texts(request.params, _ARN)
    user, arn = user_named(request), str(request.params["PermissionsBoundary"])
    if request.state.moto.managed_policy(arn) is None:
        raise Refused("NoSuchEntity", 404, f"Scope ARN: {arn} does not exist or is not attachable.")
    request.state.boundaries[user.id] = arn
    return {}


def delete_user_permissions_boundary(request: AuthenticatedRequest) -> Result:
    """Remove a user's boundary."""
    request.state.boundaries.pop(user_named(request).id, None)
    return {}


HANDLERS: Mapping[str, Handler] = {
    "GetAccountAuthorizationDetails": get_account_authorization_details,
    "GenerateCredentialReport": generate_credential_report,
    "GetCredentialReport": get_credential_report,
    "PutUserPermissionsBoundary": put_user_permissions_boundary,
    "DeleteUserPermissionsBoundary": delete_user_permissions_boundary,
}


def _items(request: AuthenticatedRequest, kind: str) -> Sequence[Any]:
    iam = request.state.moto.iam
    if kind == "User":
        return list(iam.users.values())
    if kind == "Group":
        return list(iam.groups.values())
    if kind == "Role":
        return []
    ours = f":{request.state.account}:"
    limits = set(request.state.boundaries.values())
    managed = [each for each in list(iam.managed_policies.values()) if (ours in each.arn) == (kind[0] == "L")]
    return [each for each in managed if kind[0] == "L" or each.attachment_count or each.arn in limits]


def _user_detail(request: AuthenticatedRequest, user: User) -> Result:
    boundary = request.state.boundaries.get(user.id)
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    return {
        **_named("User", user),
        "UserPolicyList": _inline(user.policies),
        "GroupList": [group.name for group in request.state.moto.iam.get_groups_for_user(user.name)],
        "AttachedManagedPolicies": _attached(user.managed_policies.values()),
        **({"PermissionsBoundary": limit} if boundary else {}),
    }


def _group_detail(_request: AuthenticatedRequest, group: Group) -> Result:
    return {
        **_named("Group", group),
        "GroupPolicyList": _inline(group.policies),
        "AttachedManagedPolicies": _attached(group.managed_policies.values()),
    }


def _policy_detail(_request: AuthenticatedRequest, policy: ManagedPolicy) -> Result:
    versions = [
        {
            "Document": quote(str(each.document)),
            "VersionId": each.version_id,
            "IsDefaultVersion": each.version_id == policy.default_version_id,
            "CreateDate": _moment(each.create_date),
        }
        for each in policy.versions
    ]
    return {
        **_named("Policy", policy),
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "IsAttachable": True,
        "UpdateDate": _moment(policy.update_date),
        "PolicyVersionList": versions,
    }


_DETAILS: Mapping[str, Callable[[AuthenticatedRequest, Any], Result]] = {
    "User": _user_detail,
    "Group": _group_detail,
    "LocalManagedPolicy": _policy_detail,
    "AWSManagedPolicy": _policy_detail,
}


def _named(kind: str, item: User | Group | ManagedPolicy) -> dict[str, Any]:
    return {
        "Path": item.path,
        f"{kind}Name": item.name,
        f"{kind}Id": item.id,
        "Arn": item.arn,
        "CreateDate": _moment(item.create_date),
    }


def _inline(policies: Mapping[str, str]) -> list[Result]:
    return [{"PolicyName": name, "PolicyDocument": quote(text)} for name, text in policies.items()]


def _attached(policies: Iterable[ManagedPolicy]) -> list[Result]:
    return [{"PolicyName": each.name, "PolicyArn": each.arn} for each in policies]


def _reported(user: User, owners: Collection[str]) -> tuple[str, ...]:
    created, password = _moment(user.create_date, "+00:00"), bool(user.password)
    used = user.password_last_used
    return (
        user.name,
        user.arn,
        created,
        str(password).lower(),
        ("no_information" if used is None else _moment(used, "+00:00")) if password else "N/A",
        created if password else "N/A",
        "N/A",
        str(user.id in owners).lower(),
        *_keys(user),
        *("false", "N/A") * 2,
    )


def _keys(user: User) -> list[str]:
    cells = []
    for key in list(user.access_keys)[:2]:
        used = key.last_used
        cells += [str(key.status == "Active").lower(), _moment(key.create_date, "+00:00")]
        cells += [_moment(used.timestamp, "+00:00"), used.region, used.service] if used else ["N/A"] * 3
    return cells + ["false", "N/A", "N/A", "N/A", "N/A"] * (2 - len(cells) // 5)


def _root(request: AuthenticatedRequest, owners: Collection[str]) -> tuple[str, ...]:
    root, never = request.state.root(), ("false", "N/A", "N/A", "N/A", "N/A")
    has_device = str(root.unique_id in owners).lower()
    has_key = ("true", "2020-01-01T00:00:00+00:00", "N/A", "N/A", "N/A") if request.state.has_root_key else never
    fixed = ("2020-01-01T00:00:00+00:00", "not_supported", "no_information", "not_supported", "not_supported")
    return ("<root_account>", root.arn, *fixed, has_device, *has_key, *never, *("false", "N/A") * 2)


def _moment(when: datetime, ending: str = "Z") -> str:
    return when.strftime(f"%Y-%m-%dT%H:%M:%S{ending}")
