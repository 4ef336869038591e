"""One authenticated request, as the handlers of STS and IAM get it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mfasession.policy import evaluation
from mfasession.policy.evaluation import Decision
from mfasession.sandbox.operations import Operation
from mfasession.sandbox.refusals import S3, Refused, denied
from mfasession.sandbox.world import Caller, Key, World
from mfasession.timestamps import show
from mfasession.values import Value

Result = Mapping[str, Any]
"""What a handler answers: nested names to texts."""
Handler = Callable[["Asked"], Result]


class Asked(Value):
    """A request whose signature is good."""

    world: World
    key: Key
    operation: Operation
    region: str
    user_agent: str = ""

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return self.key.caller

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters by name."""
        return self.operation.params

    def context(self) -> dict[str, str]:
        """Return the condition keys of the request, in small letters.

        Source: IAM User Guide, "AWS global condition context keys". A long-term key has no MultiFactorAuthPresent.
        """
        now, caller = self.world.clock.now(), self.caller
        known = {
            "aws:principalarn": caller.role_arn or caller.arn,
            "aws:principalaccount": self.world.account,
            "aws:principaltype": {"user": "User", "root": "Account", "role": "AssumedRole"}[caller.kind],
            "aws:userid": caller.unique_id,
            "aws:sourceip": "127.0.0.1",
            "aws:securetransport": "false",
            "aws:viaawsservice": "false",
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
        """Return a parameter that is a list, as query services have it: `Filter.member.1`, `Filter.member.2`."""
        start = f"{name}.member."
        return tuple(str(value) for key, value in self.params.items() if key.startswith(start))

    def policies(self) -> list[str]:
        """Return the JSON of the identity-based policies of the caller."""
        cloud, caller = self.world.cloud, self.caller
        if caller.kind == "role":
            role = cloud.role(caller.role_arn)
            return [] if role is None else list(cloud.role_policies(role))
        user = cloud.user_by_id(caller.unique_id)
        return [] if user is None else list(cloud.user_policies(user))

    def decision(self, extra: Mapping[str, str] | None = None) -> Decision:
        """Return what the caller's identity-based policies say to this operation."""
        if self.caller.kind == "root":
            return Decision.ALLOWED
        return self._decide(self.policies(), extra)

    def check_policies(self) -> None:
        """Raise the refusal of the policy that denies this operation, or of none that allows it."""
        decision = self.decision()
        if decision is not Decision.ALLOWED:
            raise self.refusal(decision, "identity-based policy")
        self._check_boundary()
        self.check_session_policies()

    def check_session_policies(self, extra: Mapping[str, str] | None = None) -> None:
        """Raise the refusal of the caller's session policies, which allow together what they allow."""
        if self.caller.session_policies:
            decision = self._decide(self.caller.session_policies, extra)
            if decision is not Decision.ALLOWED:
                raise self.refusal(decision, "session policy")

    def _check_boundary(self) -> None:
        """Raise the refusal of the caller's permissions boundary, which must allow too."""
        arn = self.world.boundaries.get(self.caller.unique_id)
        if arn is not None:
            limit = self.world.cloud.managed_policy(arn)
            decision = self._decide([] if limit is None else [limit])
            if decision is not Decision.ALLOWED:
                raise self.refusal(decision, "permissions boundary")

    def refusal(self, decision: Decision, kind: str) -> Refused:
        """Return AWS's words for a policy that denies, or for none that allows; `kind` as in `session policy`."""
        operation = self.operation
        resource = operation.resource
        on = f" on resource: {resource}"
        if operation.protocol is S3:
            on = "" if resource == "*" else f' on resource: "{resource}"'
        article = "an" if kind.startswith("identity") else "a"
        why = (
            f"with an explicit deny in {article} {kind}"
            if decision is Decision.DENIED
            else f"because no {kind} allows the {operation.permission} action"
        )
        return denied(
            operation.protocol,
            f"User: {self.caller.arn} is not authorized to perform: {operation.permission}{on} {why}",
        )

    def _decide(self, documents: Iterable[str], extra: Mapping[str, str] | None = None) -> Decision:
        return evaluation.decide(
            documents, self.operation.permission, self.operation.resource, {**self.context(), **(extra or {})}
        )


def credentials(key: Key) -> Result:
    """Return temporary credentials as STS writes them."""
    return {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
        "Expiration": show(int(key.expires)),
    }
