"""AWS Organizations' calls about one account: the path to the root, and the service control policies on it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from mfasession.aws.answers import required_text
from mfasession.aws.client import Aws
from mfasession.aws.errors import NotFound
from mfasession.values import Value

SCP = "SERVICE_CONTROL_POLICY"
DEEPEST = 12
"""The most entities on a path: OUs can be nested five deep (quotas of AWS Organizations), with room for more."""


class Organization(Value):
    """An organization. `limits`: whether it has all features; with consolidated billing alone it has no policies."""

    id: str
    management: str
    """The ID of the management account."""
    limits: bool


class Entity(Value):
    """The root, an OU or an account; `name` is empty for an account."""

    id: str
    name: str = ""


class PolicyName(Value):
    """A policy that is attached somewhere."""

    id: str
    name: str


class AwsOrganizations(Aws):
    """Calls of AWS Organizations, which the management account and delegated administrators may make.

    Every call raises AwsRefused, AwsUnreachable or ConfigurationError.
    """

    def organization(self) -> Organization | None:
        """Return the organization of the caller's account; None if it is in none."""

        def send() -> Organization:
            found = self._organizations().describe_organization()["Organization"]
            return Organization(
                id=required_text(found, "Id"),
                management=required_text(found, "MasterAccountId"),
                limits=found.get("FeatureSet") == "ALL",
            )

        try:
            return self._call("DescribeOrganization", send)
        except NotFound:
            return None

    def has_service_control_policies(self) -> bool:
        """Return whether service control policies are enabled in the root."""
        return any(
            each.get("Type") == SCP and each.get("Status") == "ENABLED"
            for page in self._tokens("ListRoots", self._organizations().list_roots)
            for root in page["Roots"]
            for each in root.get("PolicyTypes", [])
        )

    def parent(self, child: str) -> str:
        """Return the ID of the parent of an account or an OU. Raises NotFound."""
        return self._call(
            "ListParents",
            lambda: required_text(self._organizations().list_parents(ChildId=child)["Parents"][0], "Id"),
        )

    def unit_name(self, unit: str) -> str:
        """Return the name of an OU, which may hold any characters."""

        def send() -> str:
            found = self._organizations().describe_organizational_unit(OrganizationalUnitId=unit)
            return str(found["OrganizationalUnit"]["Name"])

        return self._call("DescribeOrganizationalUnit", send)

    def attached(self, target: str) -> tuple[PolicyName, ...]:
        """Return the service control policies of the root, an OU or an account."""
        call = partial(self._organizations().list_policies_for_target, TargetId=target, Filter=SCP)
        return tuple(
            PolicyName(id=required_text(each, "Id"), name=str(each["Name"]))
            for page in self._tokens("ListPoliciesForTarget", call)
            for each in page["Policies"]
        )

    def content(self, policy: str) -> str:
        """Return the JSON of a policy."""
        return self._call(
            "DescribePolicy",
            lambda: str(self._organizations().describe_policy(PolicyId=policy)["Policy"]["Content"]),
        )

    def _organizations(self) -> Any:
        return self._client("organizations")

    def _tokens(self, operation: str, call: Callable[..., Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of a list."""
        token: dict[str, str] = {}
        while True:
            page: Mapping[str, Any] = self._call(operation, partial(call, **token))
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}
