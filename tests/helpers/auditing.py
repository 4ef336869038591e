"""An account of one's own to audit: it has only the users that a test adds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mfasession.policy.rule import ALLOW_ALL
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import have_session, keys_of
from tests.helpers.sandbox_clients import client
from tests.helpers.support import Home

PASSWORD = "correct horse battery staple"


class Estate:
    """An account, and its administrator `alice`, who is logged in and has a device. Nothing covers her."""

    def __init__(self, aws: Sandbox, folder: Path, policies: Sequence[Mapping[str, Any]] = (ALLOW_ALL,)) -> None:
        aws.empty()
        self.aws = aws
        self.alice = self.user("alice", *policies)
        self.alice.add_device("phone")
        region = "us-east-1"
        self.home = Home(folder, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": region, "AWS_DEFAULT_REGION": region})
        self.home.write_credentials(keys_of(self.alice))
        have_session(self.home, self.alice.devices[0])
        self._root = aws.root_key()
        aws.forget_calls()

    @property
    def iam(self) -> Any:
        """IAM as the root user sees it."""
        return client(self.aws, "iam", self._root)

    def user(self, name: str, *policies: Mapping[str, Any]) -> SandboxUser:
        """Add a user."""
        return self.aws.add_user(name, policies)

    def group(self, name: str, *members: str, policy: str = "") -> None:
        """Add a group, with a managed policy if an ARN is given."""
        self.iam.create_group(GroupName=name)
        for member in members:
            self.iam.add_user_to_group(GroupName=name, UserName=member)
        if policy:
            self.iam.attach_group_policy(GroupName=name, PolicyArn=policy)

    def forbid(self, *actions: str) -> None:
        """Deny the administrator some of IAM's actions."""
        statement = {"Effect": "Deny", "Action": [f"iam:{action}" for action in actions], "Resource": "*"}
        self.alice.put_policy("forbidden", {"Version": "2012-10-17", "Statement": [statement]})


def users(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The users of a report by their names."""
    return {user["user"]: user for user in report["users"]}
