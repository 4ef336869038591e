"""IAM calls that list an account's users, groups and policies page by page, and get its credential report."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote

import botocore.handlers

from mfasession.aws import lists
from mfasession.aws.answers import required_text, serial
from mfasession.aws.model import Device, Group, Inline, User
from mfasession.aws.organizations import AwsOrganizations

PAGE = 100
"""The most groups or policies in one answer: each may have five versions of 6,144 characters."""
USERS = 500
"""The most users or devices in one answer: they are small, and each answer takes a journey to AWS."""
REPORT_PATIENCE = 90.0
"""Seconds to wait for a credential report; AWS reuses a report for four hours (IAM User Guide)."""
_BETWEEN = 2.0
"""Seconds between two checks whether the report is ready."""
_POLICIES = [{"PolicyName": str, "PolicyDocument": str}]
_ATTACHED = [{"PolicyArn": str}]
_USER: lists.Shape = {
    "UserName": str,
    "Arn": str,
    "UserPolicyList": _POLICIES,
    "AttachedManagedPolicies": _ATTACHED,
    "GroupList": [str],
    "PermissionsBoundary": {"PermissionsBoundaryArn": str},
}
_GROUP: lists.Shape = {"GroupName": str, "GroupPolicyList": _POLICIES, "AttachedManagedPolicies": _ATTACHED}
_MANAGED: lists.Shape = {"Arn": str, "PolicyVersionList": [{"Document": str, "IsDefaultVersion": bool}]}
_PAGE: Mapping[str, lists.Shape] = {"IsTruncated": bool, "Marker": str}
LISTS: Mapping[str, lists.Shape] = {
    "GetAccountAuthorizationDetails": {
        **_PAGE,
        "UserDetailList": [_USER],
        "GroupDetailList": [_GROUP],
        "Policies": [_MANAGED],
    },
    "ListVirtualMFADevices": {**_PAGE, "VirtualMFADevices": [{"SerialNumber": str, "User": {"Arn": str}}]},
}
"""What is read of the answers that have a page of members (IAM API Reference)."""


class AwsAccount(AwsOrganizations):
    """IAM's calls about a whole account, and those about its organization.

    Every call raises AwsRefused, AwsUnreachable or ConfigurationError.
    """

    # A hundred policies with five versions of 6,144 characters each, or a report on some ten thousand users.
    size_limit = 64_000_000
    # Enough for that at the 5 Mbit/s of a slow line.
    time_limit = 120.0

    def rules(self) -> Iterator[tuple[str, str] | Group]:
        """Yield every managed policy that is in use, as its ARN and its JSON, and every group."""
        for page in self._details("Group", "LocalManagedPolicy", "AWSManagedPolicy"):
            for policy in page.get("Policies", []):
                if (text := _text_in_force(policy)) is not None:
                    yield required_text(policy, "Arn"), text
            yield from map(_group, page.get("GroupDetailList", []))

    def users(self) -> Iterator[User]:
        """Yield every user."""
        for page in self._details("User", most=USERS):
            yield from map(_user, page.get("UserDetailList", []))

    def virtual_devices(self) -> Iterator[Device]:
        """Yield the virtual devices that are assigned; the root user's device has the user `root`."""
        call = self._client("iam").list_virtual_mfa_devices
        for page in self._pages("ListVirtualMFADevices", call, USERS, AssignmentStatus="Assigned"):
            for each in page["VirtualMFADevices"]:
                arn = str(each.get("User", {}).get("Arn", ""))
                user = "root" if arn.endswith(":root") else arn.rpartition("/")[2]
                yield Device(serial=serial(each), user=user)

    def devices_of(self, user: str) -> list[Device]:
        """Return a user's devices of all kinds. Raises NotFound when the user is gone."""

        def send() -> list[Device]:
            answer = self._client("iam").list_mfa_devices(UserName=user)
            return [Device(serial=serial(each), user=user) for each in answer["MFADevices"]]

        return self._call("ListMFADevices", send)

    def begin_report(self) -> bool:
        """Start the credential report; return whether it is ready."""
        return self._call(
            "GenerateCredentialReport",
            lambda: bool(self._client("iam").generate_credential_report()["State"] == "COMPLETE"),
        )

    def report(self, waiting: Callable[[], object], patience: float = REPORT_PATIENCE) -> str | None:
        """Return the credential report as CSV; None when it is not ready after `patience` seconds.

        `waiting` is called before each wait.
        """
        end = time.monotonic() + patience
        while not self.begin_report():
            if time.monotonic() >= end:
                return None
            waiting()
            time.sleep(_BETWEEN)
        return self._call(
            "GetCredentialReport",
            lambda: bytes(self._client("iam").get_credential_report()["Content"]).decode("utf-8"),
        )

    def _made_client(self, service: str) -> Any:
        client = super()._made_client(service)
        # botocore decodes every policy anew; `_text` decodes one that thousands of users have once.
        decode = getattr(botocore.handlers, "json_decode_policies", None)
        if service == "iam":
            if decode is not None:
                client.meta.events.unregister("after-call.iam", decode)
            for operation, shape in LISTS.items():
                lists.take_over(client, operation, shape)
        return client

    def _details(self, *kinds: str, most: int = PAGE) -> Iterator[Mapping[str, Any]]:
        call = self._client("iam").get_account_authorization_details
        return self._pages("GetAccountAuthorizationDetails", call, most, Filter=list(kinds))

    def _pages(
        self, operation: str, call: Callable[..., Any], most: int = PAGE, **request: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of a list, with at most so many members each (1,000 in IAM's API).

        While a page is used, AWS is asked for the next one.
        """
        page: Mapping[str, Any] = self._call(operation, partial(call, MaxItems=most, **request))
        if not page.get("IsTruncated"):
            yield page
            return
        ahead = ThreadPoolExecutor(1, thread_name_prefix="mfasession-page")
        try:
            while page.get("IsTruncated"):
                send = partial(call, MaxItems=most, **request, Marker=page["Marker"])
                following = ahead.submit(self._call, operation, send)
                yield page
                page = following.result()
            yield page
        finally:
            # Whoever stops early does not wait for a page that is not wanted.
            ahead.shutdown(wait=False, cancel_futures=True)


def _text_in_force(policy: Mapping[str, Any]) -> str | None:
    versions = policy.get("PolicyVersionList", [])
    return next((_text(each["Document"]) for each in versions if each.get("IsDefaultVersion")), None)


def _group(listed: Mapping[str, Any]) -> Group:
    return Group(
        name=required_text(listed, "GroupName"),
        inline=_inline(listed.get("GroupPolicyList", [])),
        attached=_attached(listed),
    )


def _user(listed: Mapping[str, Any]) -> User:
    return User(
        name=required_text(listed, "UserName"),
        arn=required_text(listed, "Arn"),
        inline=_inline(listed.get("UserPolicyList", [])),
        attached=_attached(listed),
        groups=tuple(listed.get("GroupList", [])),
        boundary=str(listed.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")),
    )


def _inline(listed: Sequence[Mapping[str, Any]]) -> tuple[Inline, ...]:
    return tuple(Inline(name=required_text(each, "PolicyName"), text=_text(each["PolicyDocument"])) for each in listed)


def _attached(listed: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(required_text(each, "PolicyArn") for each in listed.get("AttachedManagedPolicies", []))


def _text(policy: object) -> str:
    """The JSON of a policy, which AWS sends URL-encoded, and which botocore may have parsed."""
    return _decoded(policy) if isinstance(policy, str) else json.dumps(policy)


_decoded = lru_cache(maxsize=1024)(unquote)
