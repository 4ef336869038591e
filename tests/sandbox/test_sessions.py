"""What GetSessionToken gives, to whom, for how long, and what may be done with it."""

from typing import Any

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, refusal, session


def test_every_session_is_another(aws: Sandbox, alice: SandboxUser) -> None:
    """From moto everybody gets the same constant key."""
    sessions = [session(aws, alice) for _ in range(5)]
    for field in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        assert len({each[field] for each in sessions}) == 5
    assert all(each["AccessKeyId"].startswith("ASIA") and len(each["AccessKeyId"]) == 20 for each in sessions)
    assert all(len(each["SecretAccessKey"]) == 40 for each in sessions)


def test_a_session_is_its_user(aws: Sandbox, alice: SandboxUser) -> None:
    """GetCallerIdentity says the same for the key and its sessions, and nothing can deny it."""
    for key in (alice.key, session(aws, alice), session(aws, alice, alice.devices[0])):
        answer = client(aws, "sts", key).get_caller_identity()
        assert (answer["Arn"], answer["UserId"], answer["Account"]) == (alice.arn, alice.unique_id, "123456789012")
    assert alice.unique_id.startswith("AIDA")


def test_no_session_from_a_session(aws: Sandbox, alice: SandboxUser) -> None:
    """With and without MFA."""
    for key in (session(aws, alice), session(aws, alice, alice.devices[0])):
        said = refusal(client(aws, "sts", key).get_session_token)
        assert said == ("AccessDenied", 403, "Cannot call GetSessionToken with session credentials")


def test_iam_does_not_know_a_session_without_mfa(aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault #15: even what the rule exempts."""
    said = refusal(client(aws, "iam", session(aws, alice)).list_mfa_devices)
    assert said == ("InvalidClientTokenId", 403, "The security token included in the request is invalid")
    with_mfa = client(aws, "iam", session(aws, alice, alice.devices[0]))
    assert with_mfa.list_mfa_devices()["MFADevices"][0]["UserName"] == alice.name


def test_iam_takes_the_caller_where_no_user_is_named(aws: Sandbox, alice: SandboxUser) -> None:
    """Where moto answers for a user of its own invention."""
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    assert iam.get_user()["User"]["Arn"] == alice.arn
    assert iam.list_access_keys()["AccessKeyMetadata"][0]["AccessKeyId"] == alice.key.access_key_id
    made = iam.create_access_key()["AccessKey"]
    assert made["UserName"] == alice.name
    iam.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Inactive")
    iam.delete_access_key(AccessKeyId=made["AccessKeyId"])
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1


@pytest.mark.parametrize(
    ("seconds", "words", "bound"), [(899, "greater", 900), (129601, "less", 129600), (0, "greater", 900)]
)
def test_durations_out_of_range(aws: Sandbox, alice: SandboxUser, seconds: int, words: str, bound: int) -> None:
    """Checked by the server: botocore knows the lower bounds only."""
    sts = client(aws, "sts", alice.key, parameter_validation=False)
    said = refusal(sts.get_session_token, DurationSeconds=seconds)
    text = (
        f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
        f"Member must have value {words} than or equal to {bound}"
    )
    assert said == ("ValidationError", 400, text)


@pytest.mark.parametrize(("asked", "given"), [(None, 43200), (900, 900), (129600, 129600)])
def test_durations_in_range(aws: Sandbox, alice: SandboxUser, asked: int | None, given: int) -> None:
    """Twelve hours unless asked otherwise."""
    parameters: dict[str, Any] = {} if asked is None else {"DurationSeconds": asked}
    left = session(aws, alice, **parameters)["Expiration"].timestamp() - aws.clock.now()
    assert given - 5 < left <= given


@pytest.mark.parametrize("asked", [None, 7200, 129600])
def test_the_root_users_session_is_cut_to_an_hour(aws: Sandbox, asked: int | None) -> None:
    """Cut, not refused."""
    sts = client(aws, "sts", aws.root_key())
    credentials = sts.get_session_token(**({} if asked is None else {"DurationSeconds": asked}))["Credentials"]
    assert 3595 < credentials["Expiration"].timestamp() - aws.clock.now() <= 3600
    assert client(aws, "sts", credentials).get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"


def test_no_policy_holds_for_the_root_user(aws: Sandbox) -> None:
    """Its key may do anything; it has no user name."""
    key = aws.root_key()
    assert client(aws, "s3", key).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert client(aws, "iam", key).get_user()["User"]["Arn"].endswith(":root")
    code, status, _ = refusal(client(aws, "iam", key).list_access_keys)
    assert (code, status) == ("ValidationError", 400)


def test_a_session_dies_with_its_user(aws: Sandbox, alice: SandboxUser) -> None:
    """And follows a change of name before that."""
    gone = aws.add_user(f"gone-{alice.name}")
    credentials = session(aws, gone)
    iam = client(aws, "iam", aws.root_key())
    iam.update_user(UserName=gone.name, NewUserName=f"renamed-{alice.name}")
    assert client(aws, "sts", credentials).get_caller_identity()["Arn"].endswith(f"user/renamed-{alice.name}")
    for name in iam.list_user_policies(UserName=f"renamed-{alice.name}")["PolicyNames"]:
        iam.delete_user_policy(UserName=f"renamed-{alice.name}", PolicyName=name)
    iam.delete_user(UserName=f"renamed-{alice.name}")
    assert refusal(client(aws, "sts", credentials).get_caller_identity)[0] == "InvalidClientTokenId"


def test_get_access_key_info(aws: Sandbox, alice: SandboxUser) -> None:
    """Under the policies, unlike its neighbours, and not for user sessions at all."""
    parameters = {"AccessKeyId": alice.key.access_key_id}
    assert client(aws, "sts", aws.root_key()).get_access_key_info(**parameters)["Account"] == "123456789012"
    assert "explicit deny" in refusal(client(aws, "sts", alice.key).get_access_key_info, **parameters)[2]
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    assert refusal(sts.get_access_key_info, **parameters)[0] == "AccessDenied"


def test_an_operation_of_sts_that_is_not_played(aws: Sandbox, alice: SandboxUser) -> None:
    """For which moto would hand out a constant key."""
    said = refusal(client(aws, "sts", alice.key).get_delegated_access_token, TradeInToken="x")
    assert said == ("InvalidAction", 400, "Could not find operation GetDelegatedAccessToken for version 2011-06-15")


def test_users_and_keys_made_through_iam_count(aws: Sandbox, alice: SandboxUser) -> None:
    """The gate asks moto's IAM: what the API makes, the gate knows."""
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    name = f"made-{alice.name}"
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    key = alice.key.replace(
        access_key_id=made["AccessKeyId"], secret_access_key=type(alice.key.secret_access_key)(made["SecretAccessKey"])
    )
    s3 = client(aws, "s3", key)
    assert refusal(s3.list_buckets) == (
        "AccessDenied",
        403,
        (
            f"User: arn:aws:iam::123456789012:user/{name} is not authorized to perform: s3:ListAllMyBuckets "
            "because no identity-based policy allows the s3:ListAllMyBuckets action"
        ),
    )
    document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}}'
    iam.create_group(GroupName=name)
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName=name, PolicyArn=arn)
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert s3.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
