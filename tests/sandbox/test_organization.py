"""Service control policies hold in the sandbox: at each level, for users, roles and the root user of a member account.

Source: Organizations User Guide, "Service control policies (SCPs)" and "SCP evaluation".
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL
from mfasession.sandbox import Sandbox
from tests.helpers.organizing import SCP, Tree, rule_for_users, statement
from tests.helpers.sandbox_clients import client, refusal

NO_S3 = statement("Deny", Action="s3:*")
DENIED = "with an explicit deny in a service control policy"
NOT_ALLOWED = "because no service control policy allows the s3:ListAllMyBuckets action"


@pytest.fixture
def tree(aws: Sandbox) -> Iterator[Tree]:
    """An organization without members."""
    aws.empty()
    yield Tree(aws)
    aws.empty()


def buckets(tree: Tree, credentials: Any) -> str:
    """What S3 says to a list of buckets; empty when it is allowed."""
    call = client(tree.aws, "s3", credentials).list_buckets
    try:
        call()
    except call.__self__.exceptions.ClientError:
        return refusal(call)[2]
    return ""


@pytest.mark.parametrize("level", ["root", "unit", "below", "account"])
def test_a_deny_of_any_level(tree: Tree, level: str) -> None:
    """It denies users and the root user below, and nobody beside."""
    unit = tree.unit("Workloads")
    below = tree.unit("Prod", unit)
    account, other = tree.member("one", below), tree.member("two")
    user = account.add_user("alice", [ALLOW_ALL])
    assert buckets(tree, user.key) == ""
    target = {"root": tree.root, "unit": unit, "below": below, "account": account.account}[level]
    policy = tree.attach("NoS3", NO_S3, target)
    assert DENIED in buckets(tree, user.key)
    assert DENIED in buckets(tree, account.root_key())
    assert client(tree.aws, "ec2", user.key).describe_regions()
    is_denied = buckets(tree, other.add_user("bob", [ALLOW_ALL]).key)
    assert (DENIED in is_denied) == (level == "root")
    tree.detach(target, policy)
    assert buckets(tree, user.key) == ""


def test_each_level_must_allow(tree: Tree) -> None:
    """A level without an Allow refuses, the root user too; and what it allows must still be allowed to the user."""
    unit = tree.unit("Workloads")
    account = tree.member("one", unit)
    user, nothing = account.add_user("alice", [ALLOW_ALL]), account.add_user("bob", [])
    tree.detach(unit)
    assert NOT_ALLOWED in buckets(tree, user.key)
    assert NOT_ALLOWED in buckets(tree, account.root_key())
    tree.attach("Only", statement("Allow", Action="s3:*"), unit)
    assert buckets(tree, user.key) == ""
    assert "because no identity-based policy allows" in buckets(tree, nothing.key)
    assert "service control policy" in refusal(client(tree.aws, "ec2", user.key).describe_regions)[2]


def test_the_rule_for_users(tree: Tree) -> None:
    """A key and a session without MFA are denied, one with MFA and a role are not; a session token is always there."""
    account = tree.member("one")
    tree.attach("Rule", rule_for_users(), tree.root)
    user = account.add_user("alice", [ALLOW_ALL])
    device = user.add_device("phone")
    role = account.add_role("app", [user.arn])
    sts = client(tree.aws, "sts", user.key)
    with_mfa = sts.get_session_token(SerialNumber=device.serial, TokenCode=device.code())["Credentials"]
    assert DENIED in buckets(tree, user.key)
    assert DENIED in buckets(tree, sts.get_session_token()["Credentials"])
    assert buckets(tree, with_mfa) == ""
    assert DENIED in refusal(sts.assume_role, RoleArn=role.arn, RoleSessionName="alice")[2]
    assumed = client(tree.aws, "sts", with_mfa).assume_role(RoleArn=role.arn, RoleSessionName="alice")
    assert buckets(tree, assumed["Credentials"]) == ""
    tree.attach("NoS3", NO_S3, account.account)
    assert DENIED in buckets(tree, assumed["Credentials"])


def test_a_role_is_assumed_only_where_each_level_allows(tree: Tree) -> None:
    """A trust policy that names the caller does not make up for it; the role's account does not limit the caller."""
    account, other = tree.member("one"), tree.member("two")
    user = account.add_user("alice", [ALLOW_ALL])
    here, there = account.add_role("app", [user.arn]), other.add_role("app", [user.arn])
    sts = client(tree.aws, "sts", user.key)
    tree.detach(other.account)
    assert sts.assume_role(RoleArn=there.arn, RoleSessionName="alice")
    tree.detach(account.account)
    for arn in (here.arn, there.arn):
        said = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="alice")[2]
        assert "because no service control policy allows the sts:AssumeRole action" in said


def test_whom_none_limits(tree: Tree) -> None:
    """The management account, service-linked roles, and everybody while the type is not enabled."""
    account = tree.member("one")
    tree.attach("NoS3", NO_S3, tree.root)
    user = account.add_user("alice", [ALLOW_ALL])
    assert buckets(tree, tree.aws.add_user("manager", [ALLOW_ALL]).key) == ""
    iam = account._state.moto.iam
    trust = json.dumps(statement("Allow", Action="sts:AssumeRole", Resource=None, Principal={"AWS": user.arn}))
    linked = iam.create_role("AWSServiceRoleForX", trust, "/aws-service-role/x.amazonaws.com/", None, "", [], "3600")
    linked.put_policy("all", json.dumps(ALLOW_ALL))
    sts = client(tree.aws, "sts", user.key)
    made = sts.assume_role(RoleArn=linked.arn, RoleSessionName="linked")["Credentials"]
    assert buckets(tree, made) == ""
    assert DENIED in buckets(tree, user.key)
    tree.api.disable_policy_type(RootId=tree.root, PolicyType=SCP)
    assert buckets(tree, user.key) == ""
