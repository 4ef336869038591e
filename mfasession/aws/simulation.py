"""IAM's policy simulator: the decisions of a real user's policies. It changes nothing."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mfasession.aws.answers import required_text
from mfasession.aws.client import Aws
from mfasession.aws.errors import Denied, Unanswered
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.policy import Context

PAGES = 100
"""The most pages of an answer that are read."""


class Matched(Value):
    """A deciding statement: IAM's name of the policy, and the line where the statement begins."""

    policy: str
    line: int


class Simulated(Value):
    """IAM's decision about an action."""

    action: str
    decision: str
    """`allowed`, `explicitDeny` or `implicitDeny`."""
    matched: tuple[Matched, ...] = ()
    missing: tuple[str, ...] = ()
    """Condition keys that the policies use and that were not given."""
    is_within_boundary: bool = True
    is_within_organisation: bool = True


class AwsSimulation(Aws):
    """IAM's calls for a simulation. Every call raises AwsRefused, AwsUnreachable or ConfigurationError."""

    def arn_of(self, user: str) -> str:
        """Return the ARN of a user, which may have a path. Raises NotFound, Denied."""
        return self._call("GetUser", lambda: required_text(self._client("iam").get_user(UserName=user)["User"], "Arn"))

    def simulate(
        self,
        arn: str,
        actions: Sequence[str],
        resource: str,
        context: "Context",
        policies: Sequence[str] = (),
        boundary: Sequence[str] = (),
    ) -> dict[str, Simulated]:
        """Return the decisions of a user's policies, and of `policies` as JSON, by action in lower case.

        A `boundary` given here replaces the user's own. Raises Denied, which names the permission.
        """
        request: dict[str, Any] = {
            "PolicySourceArn": arn,
            "ActionNames": list(actions),
            "ContextEntries": [_entry(key, value) for key, value in context.items()],
        }
        lists = {"PolicyInputList": policies, "PermissionsBoundaryPolicyInputList": boundary}
        request |= {name: list(texts) for name, texts in lists.items() if texts}
        if resource != "*":
            request["ResourceArns"] = [resource]
        try:
            found = self._pages(request)
        except Denied as error:
            raise Denied(error.message, "this session needs iam:SimulatePrincipalPolicy on that user") from None
        if {*found} != {action.lower() for action in actions}:
            raise Unanswered("AWS's answer to SimulatePrincipalPolicy is not about what was asked", "run it again")
        return found

    def _pages(self, request: dict[str, Any]) -> dict[str, Simulated]:
        found: dict[str, Simulated] = {}
        for _ in range(PAGES):
            results, marker = self._call("SimulatePrincipalPolicy", lambda: self._page(request))
            found |= {each.action.lower(): each for each in results}
            if not marker:
                return found
            request["Marker"] = marker
        raise Unanswered("AWS's answer to SimulatePrincipalPolicy has no end", "ask for fewer actions: --action")

    def _page(self, request: Mapping[str, Any]) -> tuple[list[Simulated], str]:
        answer = self._client("iam").simulate_principal_policy(**request)
        marker = required_text(answer, "Marker") if answer.get("IsTruncated") else ""
        return [_simulated(each) for each in answer["EvaluationResults"]], marker


def _simulated(result: Mapping[str, Any]) -> Simulated:
    return Simulated(
        action=required_text(result, "EvalActionName"),
        decision=required_text(result, "EvalDecision"),
        matched=tuple(
            Matched(policy=str(each.get("SourcePolicyId", "")), line=int(each.get("StartPosition", {}).get("Line", 0)))
            for each in result.get("MatchedStatements", ())
        ),
        missing=tuple(str(key) for key in result.get("MissingContextValues", ())),
        is_within_boundary=_is_allowed(result, "PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary"),
        is_within_organisation=_is_allowed(result, "OrganizationsDecisionDetail", "AllowedByOrganizations"),
    )


def _is_allowed(result: Mapping[str, Any], detail: str, name: str) -> bool:
    """The value of a detail; None unless there is such a policy."""
    return bool(result.get(detail, {}).get(name, True))


def _entry(key: str, value: str | tuple[str, ...]) -> dict[str, Any]:
    several = isinstance(value, tuple)
    values = list(value) if isinstance(value, tuple) else [value]
    return {"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": _type(key, values) + "List" * several}


def _type(key: str, values: Sequence[str]) -> str:
    """The type of a key's values, which the request must name."""
    if all(value in ("true", "false") for value in values):
        return "boolean"
    if key.lower().endswith("ip"):
        return "ip"
    if all(value.isascii() and value.isdigit() for value in values):
        return "numeric"
    return "date" if key.lower().endswith("time") else "string"
