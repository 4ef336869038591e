"""Policies: the rule in all its right and wrong spellings, and the parts that it is made of."""

import json
from typing import Any

import pytest

from mfasession.policy import conditions, evaluation
from mfasession.policy.conditions import UnknownOperator
from mfasession.policy.document import Malformed
from mfasession.policy.evaluation import Decision, Policies, Request
from mfasession.policy.patterns import Context
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, refusal, session

KEY_ONLY: dict[str, str] = {}
WITHOUT_MFA = {"aws:multifactorauthpresent": "false"}
WITH_MFA = {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "60"}
ALLOWED, DENIED, NOT_ALLOWED = Decision


def statement(effect: str, condition: dict[str, Any], **parts: Any) -> str:
    """A policy of one statement about everything."""
    only = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition, **parts}
    return json.dumps({"Version": "2012-10-17", "Statement": only})


def decide(documents: list[str], action: str, resource: str, context: Context) -> Decision:
    """What policies say to an action on a resource."""
    policies = Policies(identity=tuple(evaluation.read(text) for text in documents))
    return evaluation.evaluate(policies, Request(action=action, resource=resource, context=context)).decision


TABLE = [
    ("Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, (DENIED, DENIED, ALLOWED)),
    ("Deny", {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, (ALLOWED, DENIED, ALLOWED)),
    ("Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, (DENIED, ALLOWED, DENIED)),
    ("Deny", {"Null": {"aws:MultiFactorAuthPresent": "true"}}, (DENIED, ALLOWED, ALLOWED)),
    ("Deny", {"Null": {"aws:MultiFactorAuthAge": "true"}}, (DENIED, DENIED, ALLOWED)),
    ("Allow", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, (NOT_ALLOWED, NOT_ALLOWED, ALLOWED)),
    ("Allow", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, (ALLOWED, NOT_ALLOWED, ALLOWED)),
]


@pytest.mark.parametrize(("effect", "condition", "expected"), TABLE)
def test_the_truth_table_of_mfa_conditions(
    effect: str, condition: dict[str, Any], expected: tuple[Decision, Decision, Decision]
) -> None:
    """IAM User Guide, MFA-protected API access: what each spelling does to a key, a session, and one with MFA."""
    documents = [statement(effect, condition)] + ([json.dumps(ALLOW_ALL)] if effect == "Deny" else [])
    got = tuple(decide(documents, "s3:ListAllMyBuckets", "*", context) for context in (KEY_ONLY, WITHOUT_MFA, WITH_MFA))
    assert got == expected


@pytest.mark.parametrize("action", DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"])
def test_the_exempt_actions_stay_open(action: str) -> None:
    """Seven actions, in any case of letters."""
    documents = [json.dumps(DENY_ALL_WITHOUT_MFA), json.dumps(ALLOW_ALL)]
    assert decide(documents, action, "*", KEY_ONLY) is ALLOWED
    assert decide(documents, action.upper(), "*", KEY_ONLY) is ALLOWED
    assert decide(documents, action + "x", "*", KEY_ONLY) is DENIED


def test_an_unknown_operator_fails_closed() -> None:
    """AWS refuses such a policy; one that got in must not open anything."""
    with pytest.raises(UnknownOperator):
        conditions.check("BoolIfExist")
    wrong = {"BoolIfExist": {"aws:MultiFactorAuthPresent": "false"}}
    assert decide([statement("Allow", wrong)], "s3:GetObject", "*", WITH_MFA) is NOT_ALLOWED
    assert decide([statement("Deny", wrong), json.dumps(ALLOW_ALL)], "s3:GetObject", "*", WITH_MFA) is DENIED


@pytest.mark.parametrize(
    "document", [{"Statement": {"Effect": "deny"}}, json.loads(statement("Deny", {"Boole": {"aws:x": "true"}}))]
)
def test_a_policy_that_aws_would_not_take(aws: Sandbox, document: dict[str, Any]) -> None:
    """Found when the user is made, not when the policy fails to hold."""
    with pytest.raises(Malformed, match=r"Effect|operator"):
        aws.add_user("never", policies=[document])


def test_a_policy_that_got_in_all_the_same(aws: Sandbox, alice: SandboxUser) -> None:
    """What cannot be read denies everything: nothing is let through for want of a rule."""
    aws._state.moto.iam.get_user(alice.name).put_policy("odd", '{"Statement": []}')
    s3 = client(aws, "s3", session(aws, alice, alice.devices[0]))
    assert "explicit deny in an identity-based policy" in refusal(s3.list_buckets)[2]


def test_each_kind_of_policy_is_named_when_it_denies(aws: Sandbox, alice: SandboxUser) -> None:
    """A Deny wins wherever it stands; else the kind that does not allow is named, the identity's first."""
    with_mfa = session(aws, alice, alice.devices[0])
    role = aws.add_role(f"reader-{alice.name}", trusted=[alice.arn], policies=[statement_of("s3:*")])
    narrowed = client(aws, "sts", with_mfa).assume_role(
        RoleArn=role.arn, RoleSessionName="alice", Policy=json.dumps(statement_of("ec2:*"))
    )["Credentials"]
    assert "because no session policy allows" in refusal(client(aws, "s3", narrowed).list_buckets)[2]
    assert "because no identity-based policy allows" in refusal(client(aws, "ec2", narrowed).describe_instances)[2]
    limit = aws.add_policy(f"limit-{alice.name}", statement_of("iam:*"))
    aws._state.boundaries[alice.unique_id] = limit
    assert "because no permissions boundary allows" in refusal(client(aws, "s3", with_mfa).list_buckets)[2]


def statement_of(action: str) -> dict[str, Any]:
    """A policy that allows this everywhere."""
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}


def user_with(aws: Sandbox, alice: SandboxUser, *statements: dict[str, Any]) -> Any:
    """Credentials of a new user with these statements."""
    user = aws.add_user(
        f"{alice.name}-{len(aws.users)}", policies=[{"Version": "2012-10-17", "Statement": [*statements]}]
    )
    return user.key


def test_s3_actions_and_resources_live(aws: Sandbox, alice: SandboxUser) -> None:
    """Each operation of S3 is judged by its action in policies, on its bucket or object."""
    admin = client(aws, "s3", session(aws, alice, alice.devices[0]))
    bucket = f"reports-{alice.name}"
    admin.create_bucket(Bucket=bucket)
    admin.put_object(Bucket=bucket, Key="open/a.txt", Body=b"a")
    admin.put_object(Bucket=bucket, Key="closed/a.txt", Body=b"a")
    arn = f"arn:aws:s3:::{bucket}"
    key = user_with(
        aws,
        alice,
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{arn}/open/*"},
    )
    s3 = client(aws, "s3", key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2
    assert s3.list_objects(Bucket=bucket)["Contents"]
    assert s3.head_bucket(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="open/a.txt")["Body"].read() == b"a"
    assert s3.head_object(Bucket=bucket, Key="open/a.txt")["ContentLength"] == 1
    assert s3.copy_object(Bucket=bucket, Key="open/b.txt", CopySource=f"{bucket}/open/a.txt")
    denied = {
        "s3:GetObject": (s3.get_object, {"Key": "closed/a.txt"}),
        "s3:DeleteObject": (s3.delete_object, {"Key": "open/a.txt"}),
        "s3:ListBucketVersions": (s3.list_object_versions, {}),
        "s3:GetEncryptionConfiguration": (s3.get_bucket_encryption, {}),
        "s3:GetBucketLocation": (s3.get_bucket_location, {}),
    }
    for action, (call, parameters) in denied.items():
        _, _, text = refusal(call, Bucket=bucket, **parameters)
        resource = arn + (f"/{parameters['Key']}" if parameters else "")
        assert f'perform: {action} on resource: "{resource}" because no identity-based policy allows' in text
    assert refusal(s3.head_object, Bucket=bucket, Key="closed/a.txt")[:2] == ("403", 403)


def test_resources_of_other_services_live(aws: Sandbox, alice: SandboxUser) -> None:
    """Tables, functions and parameters by their names."""
    place = "us-east-1:123456789012"
    key = user_with(
        aws,
        alice,
        {"Effect": "Allow", "Action": "ssm:*", "Resource": f"arn:aws:ssm:{place}:parameter/mine/*"},
        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:{place}:table/mine"},
        {"Effect": "Allow", "Action": "lambda:*", "Resource": f"arn:aws:lambda:{place}:function:mine"},
    )
    ssm, dynamodb, functions = (client(aws, service, key) for service in ("ssm", "dynamodb", "lambda"))
    assert ssm.put_parameter(Name="/mine/a", Value="1", Type="String", Overwrite=True)
    assert refusal(dynamodb.describe_table, TableName="mine")[0] == "ResourceNotFoundException"
    assert refusal(functions.get_function, FunctionName="mine")[0] == "ResourceNotFoundException"
    for call, parameters in (
        (ssm.get_parameter, {"Name": "/theirs/a"}),
        (dynamodb.describe_table, {"TableName": "theirs"}),
        (functions.get_function, {"FunctionName": "theirs"}),
    ):
        assert refusal(call, **parameters)[0] == "AccessDeniedException"


def test_own_user_variables_live(aws: Sandbox, alice: SandboxUser) -> None:
    """${aws:username} is the caller, and may be used in the resource."""
    own = {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/${aws:username}"}
    iam = client(aws, "iam", user_with(aws, alice, own))
    assert iam.list_access_keys()["AccessKeyMetadata"]
    code, status, text = refusal(iam.list_access_keys, UserName=alice.name)
    assert (code, status) == ("AccessDenied", 403)
    assert f"iam:ListAccessKeys on resource: {alice.arn} because" in text


def test_the_age_of_mfa_and_the_issue_of_tokens_live(aws: Sandbox, alice: SandboxUser) -> None:
    """MFA no older than 10 minutes; sessions revoked by aws:TokenIssueTime."""
    fresh = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "600"}},
    }
    user = aws.add_user(f"fresh-{alice.name}", policies=[{"Statement": [fresh]}])
    credentials = session(aws, user, user.add_device(f"phone-{user.name}"))
    assert client(aws, "s3", credentials).list_buckets()
    aws.clock.move(600)
    assert refusal(client(aws, "s3", credentials).list_buckets)[0] == "AccessDenied"
    revoked = statement("Deny", {"DateLessThan": {"aws:TokenIssueTime": "2199-01-01T00:00:00Z"}}, Sid="Revoke")
    client(aws, "iam", aws.root_key()).put_user_policy(UserName=alice.name, PolicyName="r", PolicyDocument=revoked)
    said = refusal(client(aws, "s3", session(aws, alice, alice.devices[0])).list_buckets)
    assert "explicit deny" in said[2]


def test_get_session_token_cannot_be_denied(aws: Sandbox, alice: SandboxUser) -> None:
    """IAM User Guide, permissions for GetSessionToken: policies have no effect on it."""
    key = user_with(aws, alice, {"Effect": "Deny", "Action": "sts:*", "Resource": "*"})
    assert client(aws, "sts", key).get_session_token()["Credentials"]
    assert client(aws, "sts", key).get_caller_identity()["Account"]


def test_the_rule_is_the_documented_one() -> None:
    """The policy that the product prints and the sandbox enforces."""
    only = DENY_ALL_WITHOUT_MFA["Statement"][0]
    assert (only["Sid"], only["Effect"], only["Resource"]) == ("DenyAllWithoutMFA", "Deny", "*")
    assert only["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    assert len(only["NotAction"]) == 7
