"""AssumeRole: the trust policy, its conditions, and the duration.

Sources: STS API Reference, AssumeRole; IAM User Guide, "Roles terms and concepts" (role chaining) and "Configuring
MFA-protected API access"; re:Post, "Can I increase the IAM role chaining session duration limit?".
"""

import json
from collections.abc import Mapping
from typing import Any

from mfasession import policy
from mfasession.policy import BOUNDARY, IDENTITY, Context, Decision, Kind, Malformed, Policies, Statement
from mfasession.sandbox import session_tags
from mfasession.sandbox.authenticated import AuthenticatedRequest, Result, credentials
from mfasession.sandbox.aws_errors import Refused, denied, invalid_values
from mfasession.sandbox.moto_backend import Role
from mfasession.sandbox.parameters import Text, check_texts, seconds
from mfasession.sandbox.state import Caller

ROLE_SECONDS = (900, 43200)
ROLE_DEFAULT = 3600
CHAINED_MOST = 3600
"""Longest session of a role that was assumed with temporary credentials, those of GetSessionToken included."""

MOST_POLICIES = 10
"""The most managed policies that restrict one session."""


def check_parameters(params: Mapping[str, Any]) -> None:
    """Raise the ValidationError of parameters outside their constraints."""
    check_texts(
        params,
        Text(name="RoleArn", least=20, most=2048, required=True),
        Text(name="RoleSessionName", least=2, most=64, pattern=r"[\w+=,.@-]*", required=True),
        Text(name="ExternalId", least=2, most=1224, pattern=r"[\w+=,.@:\/-]*"),
        Text(name="Policy", least=1, most=2048),
    )


def assume(request: AuthenticatedRequest, mfa_at: float | None) -> Result:
    """Issue the role's credentials. `mfa_at`: when the caller gave a code, in this request or for its session."""
    if request.caller.kind == "root":
        raise denied(request.operation.protocol, "Roles may not be assumed by root accounts.")
    # A code in the request counts as MFA for its own policies, so a key alone can assume a role that needs MFA.
    judged = request.replace(key=request.key.replace(caller=request.caller.replace(mfa_at=mfa_at)))
    tags = session_tags.of(request.params, request.caller)
    identity = session_tags.source_identity(request.params, request.caller)
    extra = _conditions(judged, tags, identity)
    role = _trusting_role(judged, "sts:AssumeRole", extra)
    if tags.requested:
        _trusting_role(judged, "sts:TagSession", extra)
    if identity:
        session_tags.check_unchanged(identity, request.caller, request.operation.protocol, role.arn)
        _trusting_role(judged, "sts:SetSourceIdentity", extra)
    lasting = _lasting(request, role)
    there = request.state.of(role.arn) or request.state
    caller = there.assuming(role, str(request.params["RoleSessionName"])).replace(
        mfa_at=mfa_at if request.state.role_sessions_carry_mfa else None,
        session_policies=session_policies(request),
        tags=tuple(tags.all.items()),
        transitive=tags.transitive,
        source_identity=identity,
        is_chained=request.caller.temporary,
    )
    assumed = {"AssumedRoleUser": {"AssumedRoleId": caller.unique_id, "Arn": caller.arn}}
    return {"Credentials": credentials(there.issue(caller, lasting)), **assumed}


def _lasting(request: AuthenticatedRequest, role: Role) -> int:
    lasting = seconds(request.params, *ROLE_SECONDS, ROLE_DEFAULT)
    if request.caller.temporary and lasting > CHAINED_MOST:
        raise Refused(
            "ValidationError",
            400,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    if lasting > int(role.max_session_duration or ROLE_DEFAULT):
        raise Refused(
            "ValidationError", 400, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return lasting


def _conditions(judged: AuthenticatedRequest, tags: session_tags.Tags, identity: str) -> dict[str, str]:
    extra = {"sts:rolesessionname": str(judged.params["RoleSessionName"])}
    if judged.params.get("ExternalId"):
        extra["sts:externalid"] = str(judged.params["ExternalId"])
    if identity:
        extra["sts:sourceidentity"] = identity
    return extra | {f"aws:requesttag/{key.lower()}": value for key, value in tags.requested.items()}


def _trusting_role(request: AuthenticatedRequest, permission: str, extra: Mapping[str, str]) -> Role:
    """Return the role if its trust policy and the caller's own policies allow the call.

    A trust policy that names the caller is enough within one account; one that names the account leaves it to the
    caller's policies, and so does one of another account. Session policies and those of the organization must allow
    in either case. AWS gives the same answer for a role that does not exist and for one that does not trust the caller.
    """
    judged = request.replace(operation=request.operation.replace(permission=permission))
    answer = judged.answer(extra)
    if answer.decision is Decision.DENIED or set(answer.lacking) - {IDENTITY, BOUNDARY}:
        raise judged.refusal(answer)
    arn = str(judged.params["RoleArn"])
    there = judged.state.of(arn)
    role = None if there is None else there.moto.role(arn)
    trust = "" if role is None else _trust(role, permission, {**judged.context(), **extra}, judged)
    if trust == "caller" and there is not judged.state:
        trust = "account"
    if (
        role is None
        or trust not in ("caller", "account")
        or (trust == "account" and answer.decision is not Decision.ALLOWED)
    ):
        raise denied(
            judged.operation.protocol,
            f"User: {judged.caller.arn} is not authorized to perform: {permission} on resource: {arn}",
        )
    return role


def _trust(role: Role, permission: str, context: Context, judged: AuthenticatedRequest) -> str:
    """`caller` or `account`: how the trust policy names the caller; empty when it does not; `denied` for a Deny."""
    found = ""
    trust = policy.read(_document(role), kind=Kind.TRUST)
    request = policy.Request(action=permission, context=context)
    for each in policy.statements(Policies(identity=(), resource=(trust,))):
        named = _named(each.statement, judged.caller, judged)
        if not named or not policy.match(each, request).applies:
            continue
        if each.statement.effect == "Deny":
            return "denied"
        found = "caller" if "caller" in (found, named) else named
    return found


def _named(statement: Statement, caller: Caller, judged: AuthenticatedRequest) -> str:
    principals = statement.principals or {}
    names = {str(name) for kind, several in principals.items() if kind == "AWS" for name in several}
    if {caller.arn, caller.role_arn} & names:
        return "caller"
    account = {"*", judged.state.account, judged.state.arn("iam", "root")}
    return "account" if account & {*names, *map(str, principals)} else ""


def _document(role: Role) -> str:
    document = role.assume_role_policy_document
    return document if isinstance(document, str) else json.dumps(document)


def session_policies(request: AuthenticatedRequest) -> tuple[str, ...]:
    """Return the texts of a request's session policies. Raises Refused."""
    inline = request.params.get("Policy")
    named = (value for name, value in sorted(request.params.items()) if name.startswith("PolicyArns.member."))
    documents = [str(inline)] if inline else []
    arns = list(named)
    if len(arns) > MOST_POLICIES:
        raise invalid_values(
            "Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to "
            f"{MOST_POLICIES}"
        )
    for arn in arns:
        document = request.state.moto.managed_policy(str(arn))
        if document is None:
            raise Refused("ValidationError", 400, f"The policy {arn} does not exist")
        documents.append(document)
    try:
        for document in documents:
            policy.check(policy.read(document, kind=Kind.IDENTITY))
    except Malformed:
        raise Refused("MalformedPolicyDocument", 400, "The policy is not in the valid JSON format.") from None
    return tuple(documents)
