"""AssumeRole: trust, external IDs, MFA, and how long."""

from typing import Any

import pytest

from mfasession.sandbox import Sandbox, SandboxRole, SandboxUser
from tests.helpers.sandbox_clients import client, refusal, session

CHAINED = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


@pytest.fixture
def deploy(aws: Sandbox, alice: SandboxUser) -> SandboxRole:
    """A role that trusts Alice, for up to four hours."""
    return aws.add_role(f"deploy-{alice.name}", trusted=[alice.arn], max_session_duration=4 * 3600)


def not_trusted(who: str, role: str) -> tuple[str, int, str]:
    """AWS's words for a role that is not there and for one that does not trust."""
    return "AccessDenied", 403, f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}"


def test_an_mfa_session_assumes_a_role(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """One hour unless asked otherwise; the caller is then the role's session."""
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    answer = sts.assume_role(RoleArn=deploy.arn, RoleSessionName="morning")
    arn = f"arn:aws:sts::123456789012:assumed-role/{deploy.name}/morning"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert 3595 < answer["Credentials"]["Expiration"].timestamp() - aws.clock.now() <= 3600
    as_role = answer["Credentials"]
    assert client(aws, "sts", as_role).get_caller_identity()["Arn"] == arn
    assert client(aws, "s3", as_role).list_buckets()["Buckets"] is not None
    assert refusal(client(aws, "sts", as_role).get_session_token)[2] == (
        "Cannot call GetSessionToken with session credentials"
    )


def test_the_hour_of_role_chaining(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """99designs/aws-vault #240, trek10inc/awsume #73: a user's session counts as chaining; 3600 s work, 3601 fail."""
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    assert sts.assume_role(RoleArn=deploy.arn, RoleSessionName="ok", DurationSeconds=3600)
    said = refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="ok", DurationSeconds=3601)
    assert said == ("ValidationError", 400, CHAINED)


def test_longer_straight_from_the_key_with_a_code(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """The code in the request satisfies the rule; the role's own maximum holds."""
    device, sts = alice.devices[0], client(aws, "sts", alice.key)
    code = {"SerialNumber": device.serial, "TokenCode": device.code()}
    answer = sts.assume_role(RoleArn=deploy.arn, RoleSessionName="long", DurationSeconds=4 * 3600, **code)
    assert answer["Credentials"]["Expiration"].timestamp() - aws.clock.now() > 4 * 3600 - 5
    code["TokenCode"] = device.next_code()
    said = refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="long", DurationSeconds=4 * 3600 + 1, **code)
    assert said == ("ValidationError", 400, TOO_LONG)


def test_the_rule_keeps_a_key_alone_from_roles(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """And a wrong code is refused before any policy."""
    sts = client(aws, "sts", alice.key)
    assert refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="no-mfa") == (
        "AccessDenied",
        403,
        (
            f"User: {alice.arn} is not authorized to perform: sts:AssumeRole on resource: {deploy.arn} "
            "with an explicit deny in an identity-based policy"
        ),
    )
    wrong = {"SerialNumber": alice.devices[0].serial, "TokenCode": "000000"}
    said = refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="wrong", **wrong)
    assert said[2] == "MultiFactorAuthentication failed with invalid MFA one time pass code. "


def test_a_role_that_does_not_trust_the_user(aws: Sandbox, alice: SandboxUser) -> None:
    """Another user's role, and a role that does not exist, sound alike."""
    bobs = aws.add_role(f"bobs-{alice.name}", trusted=["arn:aws:iam::123456789012:user/bob"])
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    for arn in (bobs.arn, "arn:aws:iam::123456789012:role/none"):
        assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="me") == not_trusted(alice.arn, arn)


def test_a_role_that_trusts_the_account_leaves_it_to_the_users_policies(aws: Sandbox, alice: SandboxUser) -> None:
    """A user without any Allow may assume the role that names them, and not the one that names the account."""
    carol = aws.add_user(f"carol-{alice.name}", policies=[])
    by_name = aws.add_role(f"by-name-{alice.name}", trusted=[carol.arn])
    by_account = aws.add_role(f"by-account-{alice.name}", trusted=["123456789012"])
    sts = client(aws, "sts", carol.key)
    assert sts.assume_role(RoleArn=by_name.arn, RoleSessionName="me")
    said = refusal(sts.assume_role, RoleArn=by_account.arn, RoleSessionName="me")
    assert said == not_trusted(carol.arn, by_account.arn)
    alices = client(aws, "sts", session(aws, alice, alice.devices[0]))
    assert alices.assume_role(RoleArn=by_account.arn, RoleSessionName="me")


def test_an_external_id(aws: Sandbox, alice: SandboxUser) -> None:
    """Right, wrong and missing."""
    role = aws.add_role(f"third-{alice.name}", trusted=[alice.arn], external_id="ours")
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    assert sts.assume_role(RoleArn=role.arn, RoleSessionName="me", ExternalId="ours")
    for parameters in ({"ExternalId": "theirs"}, {}):
        said = refusal(sts.assume_role, RoleArn=role.arn, RoleSessionName="me", **parameters)
        assert said == not_trusted(alice.arn, role.arn)


def test_a_role_that_wants_mfa(aws: Sandbox, alice: SandboxUser) -> None:
    """A session without MFA is not enough, one with MFA is."""
    free = aws.add_user(f"free-{alice.name}", policies=[])
    device = free.add_device(f"phone-{free.name}")
    role = aws.add_role(f"mfa-{alice.name}", trusted=[free.arn], require_mfa=True)
    for key in (free.key, session(aws, free)):
        said = refusal(client(aws, "sts", key).assume_role, RoleArn=role.arn, RoleSessionName="me")
        assert said == not_trusted(free.arn, role.arn)
    assert client(aws, "sts", session(aws, free, device)).assume_role(RoleArn=role.arn, RoleSessionName="me")


def test_a_role_session_carries_no_mfa(aws: Sandbox, alice: SandboxUser, rule: dict[str, Any]) -> None:
    """aws/aws-sdk-java-v2 #2554: the rule on a role kills it, whoever assumed it."""
    role = aws.add_role(f"ruled-{alice.name}", trusted=[alice.arn], policies=[rule])
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    credentials = sts.assume_role(RoleArn=role.arn, RoleSessionName="me")["Credentials"]
    assert "explicit deny" in refusal(client(aws, "s3", credentials).list_buckets)[2]


def test_a_chain_of_roles(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """A role assumes the next one, for an hour at most."""
    last = aws.add_role(f"last-{alice.name}", trusted=[deploy.arn], max_session_duration=43200)
    first = client(aws, "sts", session(aws, alice, alice.devices[0]))
    credentials = first.assume_role(RoleArn=deploy.arn, RoleSessionName="one")["Credentials"]
    sts = client(aws, "sts", credentials)
    assert sts.assume_role(RoleArn=last.arn, RoleSessionName="two")["AssumedRoleUser"]["Arn"].endswith("/two")
    said = refusal(sts.assume_role, RoleArn=last.arn, RoleSessionName="two", DurationSeconds=7200)
    assert said == ("ValidationError", 400, CHAINED)


def test_a_session_policy_narrows_a_role(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """What the role may do and the session policy allows."""
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}'
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    made = sts.assume_role(RoleArn=deploy.arn, RoleSessionName="narrow", Policy=policy)["Credentials"]
    assert client(aws, "ec2", made).describe_regions()["Regions"]
    assert refusal(client(aws, "s3", made).list_buckets)[2].endswith(
        "because no session policy allows the s3:ListAllMyBuckets action"
    )
    assert (
        refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="x2", Policy="{")[0] == "MalformedPolicyDocument"
    )


def test_the_root_user_assumes_no_role(aws: Sandbox, deploy: SandboxRole) -> None:
    """AWS has a sentence for it."""
    said = refusal(client(aws, "sts", aws.root_key()).assume_role, RoleArn=deploy.arn, RoleSessionName="root")
    assert said == ("AccessDenied", 403, "Roles may not be assumed by root accounts.")


@pytest.mark.parametrize(
    ("parameters", "start"),
    [
        ({"RoleSessionName": "a b"}, "1 validation error detected: Value 'a b' at 'roleSessionName'"),
        ({"RoleArn": "short"}, "1 validation error detected: Value 'short' at 'roleArn'"),
        ({"DurationSeconds": 43201}, "1 validation error detected: Value '43201' at 'durationSeconds'"),
        ({"DurationSeconds": 899}, "1 validation error detected: Value '899' at 'durationSeconds'"),
    ],
)
def test_parameters_out_of_bounds(
    aws: Sandbox, alice: SandboxUser, deploy: SandboxRole, parameters: dict[str, Any], start: str
) -> None:
    """AWS's own validation, not botocore's."""
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]), parameter_validation=False)
    given = {"RoleArn": deploy.arn, "RoleSessionName": "me", **parameters}
    code, status, text = refusal(sts.assume_role, **given)
    assert (code, status) == ("ValidationError", 400)
    assert text.startswith(start)


ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
TEAM = {"Tags": [{"Key": "Team", "Value": "blue"}]}


def statement(action: str, **more: Any) -> dict[str, Any]:
    """A policy that allows one action."""
    allow = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [allow]}


def only_blue(action: str) -> dict[str, Any]:
    """A policy that allows one action to sessions with the tag team=blue."""
    return statement(action, Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})


def test_session_tags_are_seen_by_policies(aws: Sandbox, alice: SandboxUser) -> None:
    """aws:PrincipalTag in the role's policies, aws:RequestTag in its trust; keys in any case."""
    role = aws.add_role(
        f"tagged-{alice.name}", trusted=[alice.arn], trusted_to=ALL, policies=[only_blue("s3:ListAllMyBuckets")]
    )
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    for tags, allowed in ((TEAM, True), ({"Tags": [{"Key": "Team", "Value": "red"}]}, False), ({}, False)):
        made = sts.assume_role(RoleArn=role.arn, RoleSessionName="me", **tags)["Credentials"]
        if allowed:
            assert client(aws, "s3", made).list_buckets()["Buckets"] is not None
        else:
            assert refusal(client(aws, "s3", made).list_buckets)[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("parameters", "permission"), [(TEAM, "sts:TagSession"), ({"SourceIdentity": "alice"}, "sts:SetSourceIdentity")]
)
def test_tags_and_a_source_identity_must_be_trusted(
    aws: Sandbox, alice: SandboxUser, deploy: SandboxRole, parameters: dict[str, Any], permission: str
) -> None:
    """A trust policy that allows sts:AssumeRole alone refuses them, and the missing permission is named."""
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    said = refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="me", **parameters)
    assert said == (
        "AccessDenied",
        403,
        f"User: {alice.arn} is not authorized to perform: {permission} on resource: {deploy.arn}",
    )
    open_role = aws.add_role(f"open-{alice.name}", trusted=[alice.arn], trusted_to=ALL)
    assert sts.assume_role(RoleArn=open_role.arn, RoleSessionName="me", **parameters)


@pytest.mark.parametrize(
    ("tags", "transitive", "code"),
    [
        ([("k", "v")] * 2, [], "InvalidParameterValue"),
        ([("Key", "v"), ("key", "v")], [], "InvalidParameterValue"),
        ([("aws:team", "v")], [], "InvalidParameterValue"),
        ([("team", "v")], ["colour"], "InvalidParameterValue"),
        ([(f"k{number}", "v") for number in range(51)], [], "ValidationError"),
        ([("k" * 129, "v")], [], "ValidationError"),
        ([("k", "v" * 257)], [], "ValidationError"),
        ([("k", "v;w")], [], "ValidationError"),
    ],
)
def test_the_limits_of_session_tags(
    aws: Sandbox, alice: SandboxUser, tags: list[tuple[str, str]], transitive: list[str], code: str
) -> None:
    """IAM User Guide: 50 tags, 128 and 256 characters, keys in any case; transitive ones must be among them."""
    role = aws.add_role(f"tagged-{alice.name}", trusted=[alice.arn], trusted_to=ALL)
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]), parameter_validation=False)
    listed = [{"Key": key, "Value": value} for key, value in tags]
    parameters = {"Tags": listed, "TransitiveTagKeys": transitive}
    assert refusal(sts.assume_role, RoleArn=role.arn, RoleSessionName="me", **parameters)[:2] == (code, 400)


def test_transitive_tags_go_down_a_chain(aws: Sandbox, alice: SandboxUser) -> None:
    """The next role's session has them without asking, and cannot change them; the others end with their session."""
    first = aws.add_role(f"first-{alice.name}", trusted=[alice.arn], trusted_to=ALL)
    last = aws.add_role(
        f"last-{alice.name}", trusted=[first.arn], trusted_to=ALL, policies=[only_blue("s3:ListAllMyBuckets")]
    )
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    for transitive, allowed in ((["Team"], True), ([], False)):
        made = sts.assume_role(RoleArn=first.arn, RoleSessionName="me", TransitiveTagKeys=transitive, **TEAM)
        next_sts = client(aws, "sts", made["Credentials"])
        chained = next_sts.assume_role(RoleArn=last.arn, RoleSessionName="me")["Credentials"]
        if allowed:
            assert client(aws, "s3", chained).list_buckets()["Buckets"] is not None
            said = refusal(next_sts.assume_role, RoleArn=last.arn, RoleSessionName="me", **TEAM)
            assert said[0] == "InvalidParameterValue"
            assert "conflicts with a transitive tag key" in said[2]
        else:
            assert refusal(client(aws, "s3", chained).list_buckets)[0] == "AccessDenied"


def test_a_source_identity_stays_for_the_whole_chain(aws: Sandbox, alice: SandboxUser) -> None:
    """Every role of the chain must allow it, and no role can change it."""
    first = aws.add_role(f"first-{alice.name}", trusted=[alice.arn], trusted_to=ALL)
    last = aws.add_role(f"last-{alice.name}", trusted=[first.arn], trusted_to=ALL)
    closed = aws.add_role(f"closed-{alice.name}", trusted=[first.arn])
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    made = sts.assume_role(RoleArn=first.arn, RoleSessionName="me", SourceIdentity="alice")["Credentials"]
    as_first = client(aws, "sts", made)
    assert as_first.assume_role(RoleArn=last.arn, RoleSessionName="me")
    assert as_first.assume_role(RoleArn=last.arn, RoleSessionName="me", SourceIdentity="alice")
    for parameters in ({"RoleArn": last.arn, "SourceIdentity": "bob"}, {"RoleArn": closed.arn}):
        said = refusal(as_first.assume_role, RoleSessionName="me", **parameters)
        assert "is not authorized to perform: sts:SetSourceIdentity" in said[2]


def test_session_policies_allow_together(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """An inline policy and managed ones: what one of them allows and the role may do; for AssumeRole too."""
    arn = aws.add_policy(f"ec2-{alice.name}", statement("ec2:*"))
    s3 = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    narrow = {"Policy": s3, "PolicyArns": [{"arn": arn}]}
    made = sts.assume_role(RoleArn=deploy.arn, RoleSessionName="me", **narrow)["Credentials"]
    assert client(aws, "s3", made).list_buckets()["Buckets"] is not None
    assert client(aws, "ec2", made).describe_regions()["Regions"]
    assert "no session policy allows" in refusal(client(aws, "dynamodb", made).list_tables)[2]
    other = aws.add_role(f"other-{alice.name}", trusted=[deploy.arn])
    said = refusal(client(aws, "sts", made).assume_role, RoleArn=other.arn, RoleSessionName="me")
    assert "no session policy allows the sts:AssumeRole action" in said[2]


def test_session_policies_that_are_not_there(aws: Sandbox, alice: SandboxUser, deploy: SandboxRole) -> None:
    """An ARN of no policy, eleven of them, a policy that is too long, and an invalid one."""
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    arn = "arn:aws:iam::123456789012:policy/none"
    for parameters, code in (
        ({"PolicyArns": [{"arn": arn}]}, "ValidationError"),
        ({"PolicyArns": [{"arn": arn}] * 11}, "ValidationError"),
        ({"Policy": "x" * 2049}, "ValidationError"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
    ):
        said = refusal(sts.assume_role, RoleArn=deploy.arn, RoleSessionName="me", **parameters)
        assert said[:2] == (code, 400)
