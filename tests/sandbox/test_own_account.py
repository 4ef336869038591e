"""What users do about themselves, judged on the resource that AWS judges it on, and answered as AWS answers it."""

import json
from typing import Any

import pytest

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, refusal, session

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def bea(aws: Sandbox, alice: SandboxUser) -> SandboxUser:
    """A user who may what `policy show --self-service` gives, and nothing else."""
    user = aws.add_user(f"bea-{alice.name}", policies=[rule.document(self_service=True)])
    user.add_device(f"phone-{user.name}")
    return user


def test_self_service_is_enough_to_look_after_oneself(aws: Sandbox, bea: SandboxUser) -> None:
    """Password, keys and devices: every call that it names is let through."""
    iam = client(aws, "iam", session(aws, bea, bea.devices[0]))
    root = client(aws, "iam", aws.root_key())
    root.create_login_profile(UserName=bea.name, Password="old-Passw0rd!")
    iam.change_password(OldPassword="old-Passw0rd!", NewPassword="new-Passw0rd!")
    assert refusal(iam.change_password, OldPassword="old-Passw0rd!", NewPassword="x")[:2] == ("AccessDenied", 403)
    used = iam.get_access_key_last_used(AccessKeyId=bea.key.access_key_id)
    assert used["UserName"] == bea.name
    made = iam.create_access_key()["AccessKey"]
    iam.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Inactive")
    iam.delete_access_key(AccessKeyId=made["AccessKeyId"])
    assert iam.get_user()["User"]["UserName"] == bea.name
    assert iam.get_login_profile()["LoginProfile"]["UserName"] == bea.name
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"second-{bea.name}")["VirtualMFADevice"]
    iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
    serial = bea.devices[0].serial
    assert [each["SerialNumber"] for each in iam.list_mfa_devices()["MFADevices"]] == [serial]
    fido = bea.add_fido_device("key")
    assert root.get_mfa_device(SerialNumber=fido.serial, UserName=bea.name)["UserName"] == bea.name
    assert refusal(root.get_mfa_device, SerialNumber=serial, UserName=bea.name)[0] == "ValidationError"
    iam.deactivate_mfa_device(UserName=bea.name, SerialNumber=serial)


def test_self_service_does_not_reach_other_users(aws: Sandbox, bea: SandboxUser, alice: SandboxUser) -> None:
    """Another's key, password and devices: AccessDenied, and the text names whom it was about."""
    iam = client(aws, "iam", session(aws, bea, bea.devices[0]))
    for call, parameters in (
        (iam.get_access_key_last_used, {"AccessKeyId": alice.key.access_key_id}),
        (iam.get_mfa_device, {"SerialNumber": alice.devices[0].serial, "UserName": alice.name}),
        (iam.delete_access_key, {"AccessKeyId": alice.key.access_key_id, "UserName": alice.name}),
    ):
        code, status, text = refusal(call, **parameters)
        assert (code, status) == ("AccessDenied", 403)
        assert f"on resource: {alice.arn} because no identity-based policy allows" in text


def test_a_password_that_is_not_there(aws: Sandbox, alice: SandboxUser) -> None:
    """A user without a login profile; the rule denies it without MFA."""
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    said = refusal(iam.change_password, OldPassword="a", NewPassword="b")
    assert said == ("NoSuchEntity", 404, f"Login Profile for User {alice.name} cannot be found.")
    code, _, text = refusal(client(aws, "iam", alice.key).change_password, OldPassword="a", NewPassword="b")
    assert code == "AccessDenied"
    assert f"iam:ChangePassword on resource: {alice.arn} with an explicit deny" in text


def test_paths_are_part_of_a_resource(aws: Sandbox, alice: SandboxUser) -> None:
    """A user, a group and a role in a path: policies name it, too, and refusals show it."""
    root, name = client(aws, "iam", aws.root_key()), f"zoe-{alice.name}"
    root.create_user(UserName=name, Path="/team/")
    statement = {"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:*/team/*"}
    policies = [EVERYTHING, {"Version": "2012-10-17", "Statement": [statement]}]
    iam = client(aws, "iam", session(aws, *_with_device(aws, f"admin-{alice.name}", policies)))
    _, _, text = refusal(iam.get_user, UserName=name)
    assert f"on resource: arn:aws:iam::123456789012:user/team/{name} with an explicit deny" in text
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    for call, parameters, resource in (
        (iam.create_user, {"UserName": "n", "Path": "/team/"}, "user/team/n"),
        (iam.create_group, {"GroupName": "n", "Path": "/team/"}, "group/team/n"),
        (iam.create_role, {"RoleName": "n", "Path": "/team/", "AssumeRolePolicyDocument": trust}, "role/team/n"),
        (iam.create_policy, {"PolicyName": "n", "Path": "/team/", "PolicyDocument": trust}, "policy/team/n"),
    ):
        assert f"on resource: arn:aws:iam::123456789012:{resource} with" in refusal(call, **parameters)[2]


def _with_device(aws: Sandbox, name: str, policies: list[dict[str, Any]]) -> tuple[SandboxUser, Any]:
    user = aws.add_user(name, policies=policies)
    return user, user.add_device(f"phone-{name}")


def test_a_federation_token_under_the_rule(aws: Sandbox, alice: SandboxUser) -> None:
    """Denied to a key alone; no session is taken for it, as for GetSessionToken."""
    code, status, text = refusal(client(aws, "sts", alice.key).get_federation_token, Name="guest")
    assert (code, status) == ("AccessDenied", 403)
    assert text == (
        f"User: {alice.arn} is not authorized to perform: sts:GetFederationToken on resource: "
        "arn:aws:sts::123456789012:federated-user/guest with an explicit deny in an identity-based policy"
    )
    for key in (session(aws, alice), session(aws, alice, alice.devices[0])):
        said = refusal(client(aws, "sts", key).get_federation_token, Name="guest")
        assert said == ("AccessDenied", 403, "Cannot call GetFederationToken with session credentials")


def test_a_federated_user(aws: Sandbox, alice: SandboxUser) -> None:
    """May do what the user may and the policies given with the token allow; without these, nothing. Never IAM."""
    user = aws.add_user(f"broker-{alice.name}", policies=[EVERYTHING])
    sts = client(aws, "sts", user.key)
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    answer = sts.get_federation_token(Name="guest", Policy=policy, DurationSeconds=900)
    guest = answer["Credentials"]
    assert answer["FederatedUser"] == {
        "FederatedUserId": "123456789012:guest", "Arn": "arn:aws:sts::123456789012:federated-user/guest",
    }  # fmt: skip
    assert client(aws, "sts", guest).get_caller_identity()["Arn"] == answer["FederatedUser"]["Arn"]
    assert "Buckets" in client(aws, "s3", guest).list_buckets()
    assert "session policy" in refusal(client(aws, "ec2", guest).describe_regions)[2]
    assert refusal(client(aws, "iam", guest).list_users)[0] == "InvalidClientTokenId"
    for call in ("get_session_token", "get_federation_token"):
        parameters = {"Name": "x2"} if call == "get_federation_token" else {}
        assert "with session credentials" in refusal(getattr(client(aws, "sts", guest), call), **parameters)[2]
    role = {"RoleArn": "arn:aws:iam::123456789012:role/any", "RoleSessionName": "guest"}
    assert "with session credentials" in refusal(client(aws, "sts", guest).assume_role, **role)[2]
    nothing = sts.get_federation_token(Name="guest")["Credentials"]
    assert "no session policy allows" in refusal(client(aws, "s3", nothing, region="us-east-1").list_buckets)[2]
    aws.clock.move(901)
    assert refusal(client(aws, "s3", guest).list_buckets)[0] == "ExpiredToken"


def test_a_federation_token_of_the_root_user(aws: Sandbox) -> None:
    """Cut to an hour, as its sessions are."""
    sts = client(aws, "sts", aws.root_key())
    credentials = sts.get_federation_token(Name="guest", DurationSeconds=36000)["Credentials"]
    assert 3590 < credentials["Expiration"].timestamp() - aws.clock.now() <= 3600
