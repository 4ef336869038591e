"""IAM's simulator in the sandbox, and the table of `policy test` held against what the sandbox really does."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mfasession.policy import callers, document, matrix, rule
from mfasession.policy.evaluation import Policies
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, refusal, session


def policy(**elements: Any) -> str:
    """A policy of one statement that allows everything but for what is said of it."""
    only = {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return json.dumps({"Version": "2012-10-17", "Statement": only})


def entry(key: str, kind: str, *values: str) -> dict[str, Any]:
    """A condition key for the simulator."""
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}


@pytest.fixture
def iam(aws: Sandbox, alice: SandboxUser) -> Any:
    """A client of IAM with alice's session."""
    return client(aws, "iam", session(aws, alice, alice.devices[0]))


def test_policies_without_a_user(iam: Any) -> None:
    """SimulateCustomPolicy: the given policies, resources one by one, what decided, and the keys that are missing."""
    condition = {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}
    answer = iam.simulate_custom_policy(
        PolicyInputList=[
            policy(),
            policy(Effect="Deny", Resource="arn:aws:s3:::closed/*"),
            policy(Condition=condition),
        ],
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::open/a", "arn:aws:s3:::closed/a"],
    )
    allowed, denied = answer["EvaluationResults"]
    assert (allowed["EvalDecision"], denied["EvalDecision"]) == ("allowed", "explicitDeny")
    assert denied["EvalResourceName"] == "arn:aws:s3:::closed/a"
    assert [each["SourcePolicyId"] for each in denied["MatchedStatements"]] == ["PolicyInputList.2"]
    assert allowed["MissingContextValues"] == ["aws:SourceVpc", "aws:PrincipalTag/vpc"]


def test_keys_with_several_values(iam: Any) -> None:
    """A type that ends in List gives a key several values, even one."""
    tags = policy(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}})
    plain = policy(Condition={"StringEquals": {"aws:TagKeys": "a"}})

    def decision(text: str, *entries: dict[str, Any]) -> str:
        answer = iam.simulate_custom_policy(
            PolicyInputList=[text], ActionNames=["s3:GetObject"], ContextEntries=entries
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert decision(tags, entry("aws:TagKeys", "stringList", "a", "b")) == "allowed"
    assert decision(tags, entry("aws:TagKeys", "stringList", "a", "c")) == "implicitDeny"
    assert decision(plain, entry("AWS:tagkeys", "string", "a")) == "allowed"
    assert decision(plain, entry("aws:TagKeys", "stringList", "a")) == "implicitDeny"


def test_a_boundary(aws: Sandbox, alice: SandboxUser) -> None:
    """The user's own, or another in its place; the answer says whether it allows."""
    iam = client(aws, "iam", aws.root_key())

    def decisions(**more: Any) -> list[tuple[str, bool | None]]:
        results = iam.simulate_principal_policy(
            PolicySourceArn=alice.arn,
            ActionNames=["s3:GetObject", "ec2:RunInstances"],
            ContextEntries=[entry("aws:MultiFactorAuthPresent", "boolean", "true")],
            **more,
        )["EvaluationResults"]
        detail = "PermissionsBoundaryDecisionDetail"
        return [(each["EvalDecision"], each.get(detail, {}).get("AllowedByPermissionsBoundary")) for each in results]

    assert decisions() == [("allowed", None), ("allowed", None)]
    limit = aws.add_policy(f"limit-{alice.name}", json.loads(policy(Action="s3:*")))
    iam.put_user_permissions_boundary(UserName=alice.name, PermissionsBoundary=limit)
    assert decisions() == [("allowed", True), ("implicitDeny", False)]
    other = {"PermissionsBoundaryPolicyInputList": [policy(Action="ec2:*")]}
    assert decisions(**other) == [("implicitDeny", False), ("allowed", True)]


def test_requests_that_cannot_be_simulated(iam: Any, alice: SandboxUser) -> None:
    """A user who is not there, an invalid policy, and a caller who may not ask."""
    unknown = alice.arn + "x"
    assert (
        refusal(iam.simulate_principal_policy, PolicySourceArn=unknown, ActionNames=["s3:GetObject"])[0]
        == "NoSuchEntity"
    )
    assert (
        refusal(iam.simulate_custom_policy, PolicyInputList=["{}"], ActionNames=["s3:GetObject"])[0] == "InvalidInput"
    )
    alice.put_policy("no", json.loads(policy(Effect="Deny", Action="iam:Simulate*", Resource=alice.arn)))
    code, _, text = refusal(iam.simulate_principal_policy, PolicySourceArn=alice.arn, ActionNames=["s3:GetObject"])
    assert code == "AccessDenied"
    assert f"iam:SimulatePrincipalPolicy on resource: {alice.arn}" in text


CALLS: dict[str, tuple[str, Callable[[Any, SandboxUser], object]]] = {
    "iam:GetUser": ("iam", lambda iam, user: iam.get_user(UserName=user.name)),
    "iam:ListMFADevices": ("iam", lambda iam, user: iam.list_mfa_devices(UserName=user.name)),
    "iam:ListVirtualMFADevices": ("iam", lambda iam, _: iam.list_virtual_mfa_devices()),
    "iam:ListAccessKeys": ("iam", lambda iam, user: iam.list_access_keys(UserName=user.name)),
    "sts:GetSessionToken": ("sts", lambda sts, _: sts.get_session_token()),
    "sts:GetCallerIdentity": ("sts", lambda sts, _: sts.get_caller_identity()),
    "sts:GetAccessKeyInfo": ("sts", lambda sts, user: sts.get_access_key_info(AccessKeyId=user.key.access_key_id)),
    "s3:ListAllMyBuckets": ("s3", lambda s3, _: s3.list_buckets()),
    "ec2:DescribeInstances": ("ec2", lambda ec2, _: ec2.describe_instances()),
}


def test_the_table_says_what_happens(aws: Sandbox, alice: SandboxUser) -> None:
    """Each caller tries each action for real: the sandbox lets through what the table says, and nothing else."""
    role = aws.add_role(
        f"ruled-{alice.name}", trusted=[alice.arn], policies=[rule.DENY_ALL_WITHOUT_MFA, rule.ALLOW_ALL]
    )
    with_mfa = session(aws, alice, alice.devices[0])
    assumed = client(aws, "sts", with_mfa).assume_role(RoleArn=role.arn, RoleSessionName="alice")["Credentials"]
    keys = {"key": alice.key, "session": session(aws, alice), "mfa": with_mfa, "role": assumed}
    policies = Policies(
        identity=tuple(document.parse(json.dumps(each), "here") for each in (rule.DENY_ALL_WITHOUT_MFA, rule.ALLOW_ALL))
    )
    rows = matrix.table(policies, list(CALLS), user=alice.name, resource="", context={})
    said = {(cell.caller.slug, cell.action): cell.is_allowed for row in rows for cell in row}
    assert said == {
        (caller.slug, action): goes_through(client(aws, service, keys[caller.slug]), call, alice)
        for caller in callers.CALLERS
        for action, (service, call) in CALLS.items()
    }


def goes_through(service: Any, call: Callable[[Any, SandboxUser], object], user: SandboxUser) -> bool:
    """Whether a call is let through."""
    try:
        call(service, user)
    except ClientError:
        return False
    return True
