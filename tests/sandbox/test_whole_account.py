"""A whole account: its listing and credential report, boundaries of users, and roles of other accounts."""

import csv
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.sandbox_clients import client, refusal, session

OTHER = "222222222222"


@pytest.fixture
def iam(aws: Sandbox) -> Any:
    """IAM as the root user of an empty account sees it."""
    aws.empty()
    return client(aws, "iam", aws.root_key())


def test_an_empty_account(aws: Sandbox) -> None:
    """No user is left, and no key of theirs is good."""
    user = aws.add_user("somebody", [ALLOW_ALL])
    aws.empty()
    assert aws.users == []
    assert refusal(client(aws, "sts", user.key).get_caller_identity)[0] == "InvalidClientTokenId"
    assert client(aws, "iam", aws.root_key()).list_users()["Users"] == []


def test_the_credential_report(aws: Sandbox, iam: Any) -> None:
    """It is there once it has been asked for, with the root user first; IAM User Guide, "Get credential reports"."""
    user = aws.add_user("alice")
    user.add_device("phone")
    assert refusal(iam.get_credential_report)[:2] == ("ReportNotPresent", 410)
    assert [iam.generate_credential_report()["State"] for _ in range(2)] == ["STARTED", "COMPLETE"]
    answer = iam.get_credential_report()
    root, alice = csv.DictReader(answer["Content"].decode().splitlines())
    assert (root["user"], root["mfa_active"], root["access_key_1_active"]) == ("<root_account>", "false", "true")
    assert (alice["user"], alice["mfa_active"], alice["password_enabled"]) == ("alice", "true", "false")
    assert (alice["access_key_1_active"], alice["access_key_1_last_used_date"]) == ("true", "N/A")
    assert (alice["access_key_2_active"], alice["access_key_2_last_rotated"]) == ("false", "N/A")


def test_the_listing_of_an_account(aws: Sandbox, iam: Any) -> None:
    """Users, groups and policies with their documents, filtered and in pages."""
    arn = aws.add_policy("Rule", DENY_ALL_WITHOUT_MFA)
    aws.add_user("alice", [ALLOW_ALL])
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    iam.add_user_to_group(GroupName="staff", UserName="alice")
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)
    (alice,) = iam.get_account_authorization_details(Filter=["User"])["UserDetailList"]
    assert alice["UserPolicyList"][0]["PolicyDocument"] == ALLOW_ALL
    assert (alice["GroupList"], alice["PermissionsBoundary"]["PermissionsBoundaryArn"]) == (["staff"], arn)
    rest = iam.get_account_authorization_details(Filter=["Group", "LocalManagedPolicy"])
    assert rest["UserDetailList"] == []
    assert rest["GroupDetailList"][0]["AttachedManagedPolicies"] == [{"PolicyName": "Rule", "PolicyArn": arn}]
    assert rest["Policies"][0]["PolicyVersionList"][0]["Document"] == DENY_ALL_WITHOUT_MFA
    pages = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1})
    assert len(list(pages)) == 3


def test_a_boundary_must_allow_too(aws: Sandbox, iam: Any) -> None:
    """IAM User Guide, "Permissions boundaries": what it does not allow is denied, until it is taken away."""
    limit = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    user = aws.add_user("alice", [ALLOW_ALL])
    arn = aws.add_policy("Limit", limit)
    assert refusal(iam.put_user_permissions_boundary, UserName="alice", PermissionsBoundary=arn + "x")[0] == (
        "NoSuchEntity"
    )
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)
    assert client(aws, "s3", user.key).list_buckets()
    code, _, text = refusal(client(aws, "iam", user.key).list_users)
    assert code == "AccessDenied"
    assert text.endswith("because no permissions boundary allows the iam:ListUsers action")
    iam.delete_user_permissions_boundary(UserName="alice")
    assert client(aws, "iam", user.key).list_users()["Users"]


def test_a_role_of_another_account(aws: Sandbox) -> None:
    """It sees that account and no other; both sides must agree, the caller's own policies too."""
    aws.empty()
    alice = aws.add_user("alice")
    alice.add_device("phone")
    there = aws.add_account(OTHER)
    role = there.add_role("auditor", [alice.arn])
    there.add_user("carol")
    assert role.arn == f"arn:aws:iam::{OTHER}:role/auditor"
    sts = client(aws, "sts", session(aws, alice, alice.devices[0]))
    credentials = sts.assume_role(RoleArn=role.arn, RoleSessionName="alice")["Credentials"]
    assert client(aws, "sts", credentials).get_caller_identity()["Account"] == OTHER
    users = client(aws, "iam", credentials).list_users()["Users"]
    assert [user["Arn"] for user in users] == [f"arn:aws:iam::{OTHER}:user/carol"]
    unknown = aws.add_user("nobody", [])
    trusting = there.add_role("open", [unknown.arn])
    assume = client(aws, "sts", unknown.key).assume_role
    assert refusal(assume, RoleArn=trusting.arn, RoleSessionName="nobody")[0] == "AccessDenied"
    here = aws.add_role("open", [unknown.arn])
    assert assume(RoleArn=here.arn, RoleSessionName="nobody")["Credentials"]
