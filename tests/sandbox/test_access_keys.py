"""A user's own access keys: made, used, known late, made inactive and deleted as on AWS."""

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, refusal, session


def test_when_a_key_was_used_last(aws: Sandbox, alice: SandboxUser) -> None:
    """Requests of the key itself count, those of its sessions do not; a key that never signed has no date."""
    made = session(aws, alice, alice.devices[0])
    used_at = int(aws.clock.now())
    iam = client(aws, "iam", made)
    used = iam.get_access_key_last_used(AccessKeyId=alice.key.access_key_id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", aws.region)
    assert abs(used["LastUsedDate"].timestamp() - used_at) <= 60
    second = alice.add_key()
    used = iam.get_access_key_last_used(AccessKeyId=second.access_key_id)["AccessKeyLastUsed"]
    assert (used.get("LastUsedDate"), used["ServiceName"]) == (None, "N/A")


def test_a_key_that_a_part_of_aws_has_not_heard_of(aws: Sandbox, alice: SandboxUser) -> None:
    """IAM is eventually consistent (IAM User Guide, Troubleshooting): unknown at first, known a moment later."""
    sts = client(aws, "sts", alice.add_key())
    aws.faults.add("GetCallerIdentity", kind="unknown_key")
    assert refusal(sts.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
    assert sts.get_caller_identity()["Arn"] == alice.arn


def test_a_session_outlives_its_key(aws: Sandbox, alice: SandboxUser) -> None:
    """Deactivated or deleted, the key is dead and its session is not: no API revokes one."""
    made = session(aws, alice, alice.devices[0])
    iam = client(aws, "iam", made)
    own = {"UserName": alice.name, "AccessKeyId": alice.key.access_key_id}
    iam.update_access_key(**own, Status="Inactive")
    assert refusal(client(aws, "sts", alice.key).get_caller_identity)[0] == "InvalidClientTokenId"
    iam.delete_access_key(**own)
    assert iam.list_access_keys(UserName=alice.name)["AccessKeyMetadata"] == []
    assert refusal(iam.delete_access_key, **own)[:2] == ("NoSuchEntity", 404)


def test_two_keys_at_most(aws: Sandbox, alice: SandboxUser) -> None:
    """The quota of IAM."""
    iam = client(aws, "iam", session(aws, alice, alice.devices[0]))
    assert iam.create_access_key(UserName=alice.name)["AccessKey"]["Status"] == "Active"
    assert refusal(iam.create_access_key, UserName=alice.name)[0] == "LimitExceeded"
