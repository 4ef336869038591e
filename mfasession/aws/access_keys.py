"""IAM calls that list and change a user's long-term keys, made with an MFA session."""

from collections.abc import Mapping
from typing import Any

from mfasession.aws import answers
from mfasession.aws.client import Aws
from mfasession.aws.errors import NotFound
from mfasession.values import LongTermKey, Secret, Value

LIMIT = 2
"""Access keys that a user may have (IAM quotas)."""


class AccessKey(Value):
    """A key as IAM lists it."""

    access_key_id: str
    is_active: bool
    created: int
    """Epoch seconds."""


class AwsKeys(Aws):
    """IAM's calls about access keys.

    `user` is named in each: IAM takes the name from the signing key only when that is a long-term one (IAM API
    Reference, ListAccessKeys). Every call raises AwsRefused, AwsUnreachable or ConfigurationError.
    """

    def access_keys(self, user: str) -> list[AccessKey]:
        """Return the user's keys, the oldest first."""

        def send() -> list[AccessKey]:
            listed = self._client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
            return sorted((_key(each) for each in listed), key=lambda key: key.created)

        return self._call("ListAccessKeys", send)

    def last_used(self, key_id: str) -> int:
        """Return when a key was used last (epoch seconds, up to some hours late); 0 for never."""

        def send() -> int:
            used = self._client("iam").get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
            return int(used["LastUsedDate"].timestamp()) if used.get("LastUsedDate") else 0

        return self._call("GetAccessKeyLastUsed", send)

    def create(self, user: str) -> LongTermKey:
        """Create a key. The request is sent once: without an answer, AWS may have a key whose secret is lost."""

        def send() -> LongTermKey:
            made = self._client("iam").create_access_key(UserName=user)["AccessKey"]
            if made["UserName"] != user:
                raise ValueError("UserName")
            secret = Secret(answers.secret(made, "SecretAccessKey"))
            return LongTermKey(access_key_id=_key_id(made), secret_access_key=secret)

        return self._call("CreateAccessKey", send, retry=False)

    def deactivate(self, user: str, key_id: str) -> None:
        """Deactivate a key. Raises NotFound when the user has no such key."""
        self._call(
            "UpdateAccessKey",
            lambda: self._client("iam").update_access_key(UserName=user, AccessKeyId=key_id, Status="Inactive"),
        )

    def delete(self, user: str, key_id: str) -> None:
        """Delete a key. A key that is gone already is no error."""
        try:
            self._call(
                "DeleteAccessKey",
                lambda: self._client("iam").delete_access_key(UserName=user, AccessKeyId=key_id),
            )
        except NotFound:
            return


def _key(listed: Any) -> AccessKey:
    return AccessKey(
        access_key_id=_key_id(listed),
        is_active=listed["Status"] == "Active",
        created=int(listed["CreateDate"].timestamp()),
    )


def _key_id(answer: Mapping[str, Any]) -> str:
    return answers.key_id(answer, "AccessKeyId", temporary=False)
