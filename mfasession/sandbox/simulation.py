"""IAM's policy simulator, which moto does not have.

Source: IAM API Reference, SimulatePrincipalPolicy and SimulateCustomPolicy. Resource policies are not emulated.
"""

import re
from collections.abc import Mapping
from typing import Any

from mfasession.policy import (
    BOUNDARY,
    Answer,
    Context,
    Decision,
    Document,
    Kind,
    Malformed,
    Policies,
    PolicyStatement,
    Request,
    evaluate,
    read,
    statements,
)
from mfasession.sandbox.authenticated import AuthenticatedRequest, Handler, Result
from mfasession.sandbox.aws_errors import Refused
from mfasession.sandbox.parameters import Text, check_texts

_WORDS = {Decision.ALLOWED: "allowed", Decision.DENIED: "explicitDeny", Decision.NOT_ALLOWED: "implicitDeny"}
_SOURCE = Text(name="PolicySourceArn", least=20, most=2048, required=True)
_VARIABLE = re.compile(r"\$\{([^},]*)")


def simulate_principal_policy(request: AuthenticatedRequest) -> Result:
    """Return the decisions of a user's policies, with additional ones if given."""
    check_texts(request.params, _SOURCE)
    arn = str(request.params["PolicySourceArn"])
    moto = request.state.moto
    user = next((user for user in list(moto.iam.users.values()) if user.arn == arn), None)
    if user is None:
        raise Refused("NoSuchEntity", 404, f"The user with name {arn.rpartition('/')[2]} cannot be found.")
    own = tuple(
        read(text, name=f"user_{user.name}_{number}", kind=Kind.IDENTITY)
        for number, text in enumerate(moto.user_policies(user), start=1)
    )
    boundary = request.state.boundaries.get(user.id)
    limit = moto.managed_policy(boundary) if boundary else None
    limits = (read(limit, name=str(boundary).rpartition("/")[2], kind=Kind.IDENTITY),) if limit else ()
    known = {"aws:username": str(user.name), "aws:userid": str(user.id), "aws:principalarn": arn}
    return _results(request, own + _given(request, "PolicyInputList"), limits, known)


def simulate_custom_policy(request: AuthenticatedRequest) -> Result:
    """Return the decisions of the given policies."""
    return _results(request, _given(request, "PolicyInputList"), (), {})


HANDLERS: Mapping[str, Handler] = {
    "SimulatePrincipalPolicy": simulate_principal_policy,
    "SimulateCustomPolicy": simulate_custom_policy,
}


def _results(
    request: AuthenticatedRequest, identity: tuple[Document, ...], limits: tuple[Document, ...], known: Context
) -> Result:
    boundary = _given(request, "PermissionsBoundaryPolicyInputList") or limits
    policies = Policies(identity=identity, boundary=boundary or None)
    context = {**known, **_context(request)}
    results = [
        _result(policies, Request(action=action, resource=resource, context=context))
        for action in request.params_listed("ActionNames")
        for resource in request.params_listed("ResourceArns") or ("*",)
    ]
    start, count = (
        int(str(request.params.get(name) or default)) for name, default in (("Marker", 0), ("MaxItems", 100))
    )
    page = {"EvaluationResults": results[start : start + count]}
    if start + count < len(results):
        return {**page, "IsTruncated": True, "Marker": str(start + count)}
    return {**page, "IsTruncated": False}


def _result(policies: Policies, request: Request) -> dict[str, Any]:
    answer = evaluate(policies, request)
    result: dict[str, Any] = {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": _WORDS[answer.decision],
        "MatchedStatements": [_matched(found) for found in answer.by],
        "MissingContextValues": _missing(policies, request.context),
    }
    if policies.boundary is not None:
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": _by_boundary(answer)}
    return result


def _by_boundary(answer: Answer) -> bool:
    denying = answer.decision is Decision.DENIED and any(found.kind == BOUNDARY for found in answer.by)
    return not denying and BOUNDARY not in answer.lacking


def _matched(found: PolicyStatement) -> dict[str, Any]:
    place = found.statement.place
    kind = "PermissionsBoundary" if found.kind == BOUNDARY else "IAM Policy"
    begins = {"Line": place.line, "Column": place.column}
    return {"SourcePolicyId": found.document.where, "SourcePolicyType": kind, "StartPosition": begins}


def _missing(policies: Policies, context: Context) -> list[str]:
    """The condition keys that the policies use and that were not given."""
    wanted: dict[str, str] = {}
    for found in statements(policies):
        for line in found.statement.conditions:
            wanted.setdefault(line.key.lower(), line.key)
        values = (value for line in found.statement.conditions for value in line.values)
        for text in (*(found.statement.resources or ()), *values):
            wanted |= {name.lower(): name for name in _VARIABLE.findall(text) if name not in "*?$"}
    return [name for key, name in wanted.items() if key not in context]


def _given(request: AuthenticatedRequest, name: str) -> tuple[Document, ...]:
    try:
        documents = tuple(
            read(text, name=f"{name}.{number}", kind=Kind.IDENTITY)
            for number, text in enumerate(request.params_listed(name), start=1)
        )
    except Malformed as error:
        raise Refused("InvalidInput", 400, f"Invalid policy: {error.message}") from None
    return documents


def _context(request: AuthenticatedRequest) -> dict[str, str | tuple[str, ...]]:
    context: dict[str, str | tuple[str, ...]] = {}
    for name, key in request.params.items():
        found = re.fullmatch(r"(ContextEntries\.member\.\d+)\.ContextKeyName", name)
        if found:
            values = request.params_listed(f"{found[1]}.ContextKeyValues")
            is_list = str(request.params.get(f"{found[1]}.ContextKeyType", "")).endswith("List")
            context[str(key).lower()] = values if is_list else (values or ("",))[0]
    return context
