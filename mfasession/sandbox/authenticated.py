"""One authenticated request, for the handlers of STS and IAM."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mfasession import policy
from mfasession.policy import IDENTITY, Answer, Decision, Document, Kind, Level, Malformed, Policies
from mfasession.sandbox.aws_errors import S3, Refused, denied
from mfasession.sandbox.operations import Operation
from mfasession.sandbox.state import Caller, Key, State
from mfasession.timestamps import show
from mfasession.values import Value

Result = Mapping[str, Any]
"""A handler's answer: nested names to texts."""
Handler = Callable[["AuthenticatedRequest"], Result]


SERVICE_LINKED = "/aws-service-role/"
"""The path of service-linked roles."""
_TYPES = {"user": "User", "root": "Account", "role": "AssumedRole", "federated": "FederatedUser"}


class AuthenticatedRequest(Value):
    """A request whose signature is good."""

    state: State
    key: Key
    operation: Operation
    region: str
    user_agent: str = ""

    @property
    def caller(self) -> Caller:
        """The caller."""
        return self.key.caller

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters by name."""
        return self.operation.params

    def context(self) -> dict[str, str]:
        """Return the condition keys of the request, in small letters.

        Source: IAM User Guide, "AWS global condition context keys". A long-term key has no MultiFactorAuthPresent.
        """
        now, caller = self.state.clock.now(), self.caller
        known = {
            "aws:principalarn": caller.role_arn or caller.arn,
            "aws:principalaccount": self.state.account,
            "aws:principaltype": _TYPES[caller.kind],
            "aws:userid": caller.unique_id,
            "aws:sourceip": "127.0.0.1",
            "aws:securetransport": "false",
            "aws:viaawsservice": "false",
            "aws:principalisawsservice": "false",
            "aws:requestedregion": self.region,
            "aws:useragent": self.user_agent,
            "aws:currenttime": show(int(now)),
            "aws:epochtime": str(int(now)),
        }
        known |= {f"aws:principaltag/{key.lower()}": value for key, value in caller.tags}
        if caller.source_identity:
            known["aws:sourceidentity"] = caller.source_identity
        if caller.kind == "user":
            known["aws:username"] = caller.user_name
        if caller.temporary:
            known["aws:tokenissuetime"] = show(int(caller.issued))
            known["aws:multifactorauthpresent"] = "false"
        if caller.mfa_at is not None:
            known["aws:multifactorauthpresent"] = "true"
            known["aws:multifactorauthage"] = str(max(int(now - caller.mfa_at), 0))
        return known

    def params_listed(self, name: str) -> tuple[str, ...]:
        """Return a list parameter in the form of query services: `Filter.member.1`, `Filter.member.2`."""
        start = f"{name}.member."
        return tuple(str(value) for key, value in self.params.items() if key.startswith(start))

    def policies(self) -> Policies:
        """Return all policies that limit the caller. Raises Malformed for one that AWS would not have taken."""
        state, caller = self.state, self.caller
        owner = caller.issuer or caller.unique_id
        limit = state.moto.managed_policy(state.boundaries.get(owner, ""))
        is_limited = owner in state.boundaries
        return Policies(
            identity=_read(self._own_policies()),
            boundary=_read([limit] if limit else []) if is_limited else None,
            # A federated user may do what both the user's and the token's policies allow; without those, nothing.
            session=_read(caller.session_policies) if caller.session_policies or caller.issuer else None,
            organization=self._organization(),
        )

    def answer(self, extra: Mapping[str, str] | None = None) -> Answer:
        """Return the decision of the policies that limit the caller about this operation."""
        request = policy.Request(
            action=self.operation.permission,
            resource=self.operation.resource,
            context={**self.context(), **(extra or {})},
        )
        try:
            return policy.evaluate(self.policies(), request)
        except Malformed:
            # The safe side is to deny.
            return Answer(decision=Decision.DENIED)

    def check_policies(self) -> None:
        """Raise the refusal when a policy denies this operation, or none allows it."""
        answer = self.answer()
        if answer.decision is not Decision.ALLOWED:
            raise self.refusal(answer)

    def _organization(self) -> tuple[Level, ...] | None:
        """The levels of service control policies, which limit the root user too, but no service-linked role.

        Source: Organizations User Guide, "Service control policies (SCPs)", what SCPs do not restrict.
        """
        if f":role{SERVICE_LINKED}" in self.caller.role_arn:
            return None
        levels = self.state.moto.service_control_policies()
        return tuple(Level(documents=_read(texts), name=str(n)) for n, texts in enumerate(levels)) or None

    def _own_policies(self) -> list[str]:
        moto, caller = self.state.moto, self.caller
        if caller.kind == "role":
            role = moto.role(caller.role_arn)
            return [] if role is None else list(moto.role_policies(role))
        if caller.kind == "root" or caller.issuer == self.state.account:
            return [json.dumps(policy.allow_all())]
        user = moto.user_by_id(caller.issuer or caller.unique_id)
        return [] if user is None else list(moto.user_policies(user))

    def refusal(self, answer: Answer) -> Refused:
        """Return AWS's text with the kind of policy that denies, or that does not allow."""
        kinds = (*answer.lacking, *(found.kind for found in answer.by), IDENTITY)
        # AWS does not say which level of the organization it is.
        kind = kinds[0].partition(" of ")[0]
        operation = self.operation
        resource = operation.resource
        on = f" on resource: {resource}"
        if operation.protocol is S3:
            on = "" if resource == "*" else f' on resource: "{resource}"'
        article = "an" if kind.startswith("identity") else "a"
        why = (
            f"with an explicit deny in {article} {kind}"
            if answer.decision is Decision.DENIED
            else f"because no {kind} allows the {operation.permission} action"
        )
        return denied(
            operation.protocol,
            f"User: {self.caller.arn} is not authorized to perform: {operation.permission}{on} {why}",
        )


def _read(texts: Iterable[str]) -> tuple[Document, ...]:
    return tuple(policy.read(text, kind=Kind.IDENTITY) for text in texts)


def credentials(key: Key) -> Result:
    """Return temporary credentials as STS writes them."""
    return {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
        "Expiration": show(int(key.expires)),
    }
