"""IAM calls about one customer-managed policy: its versions and attachments."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from mfasession.aws.account import AwsAccount
from mfasession.aws.answers import required_text
from mfasession.aws.errors import NotFound
from mfasession.aws.model import Attachments, Version

_LATE = (0.5, 1.0, 2.0, 4.0)
"""Seconds until IAM finds a new policy everywhere (IAM User Guide, "Troubleshoot IAM")."""


class AwsManagedPolicy(AwsAccount):
    """IAM's calls about one managed policy. Every call raises AwsRefused, AwsUnreachable or ConfigurationError."""

    def versions(self, arn: str) -> tuple[Version, ...]:
        """Return a policy's versions, only the default one with its text; none when there is no such policy."""
        try:
            listed = self._call(
                "ListPolicyVersions", lambda: self._client("iam").list_policy_versions(PolicyArn=arn)["Versions"]
            )
        except NotFound:
            return ()
        return tuple(self._version(arn, each) for each in listed)

    def attachments(self, arn: str) -> Attachments:
        """Return the policy's attachments; none when there is no such policy."""
        found: dict[str, list[str]] = {"Group": [], "User": [], "Role": []}
        call = self._client("iam").list_entities_for_policy
        try:
            for page in self._pages("ListEntitiesForPolicy", call, PolicyArn=arn):
                for kind, names in found.items():
                    names += [required_text(each, f"{kind}Name") for each in page.get(f"Policy{kind}s", [])]
        except NotFound:
            return Attachments()
        groups, users, roles = (tuple(names) for names in found.values())
        return Attachments(groups=groups, users=users, roles=roles)

    def create(self, name: str, text: str) -> None:
        """Create a policy. Raises AlreadyThere when there is one of that name under another path."""
        self._change("CreatePolicy", "create_policy", PolicyName=name, PolicyDocument=text)

    def add_version(self, arn: str, text: str) -> str:
        """Create another version and make it the default; return its ID."""
        made = self._change(
            "CreatePolicyVersion", "create_policy_version", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True
        )
        return required_text(made["PolicyVersion"], "VersionId")

    def delete_version(self, arn: str, version: str) -> None:
        """Delete a version that is not the default."""
        self._change("DeletePolicyVersion", "delete_policy_version", PolicyArn=arn, VersionId=version)

    def attach_to_group(self, arn: str, group: str) -> None:
        """Attach the policy to a group."""
        self._patiently(
            lambda: self._change("AttachGroupPolicy", "attach_group_policy", PolicyArn=arn, GroupName=group)
        )

    def attach_to_user(self, arn: str, user: str) -> None:
        """Attach the policy to a user."""
        self._patiently(lambda: self._change("AttachUserPolicy", "attach_user_policy", PolicyArn=arn, UserName=user))

    def _version(self, arn: str, listed: Mapping[str, Any]) -> Version:
        name, is_default = required_text(listed, "VersionId"), bool(listed["IsDefaultVersion"])
        return Version(
            name=name,
            is_default=is_default,
            created=int(listed["CreateDate"].timestamp()),
            text=self._text_of(arn, name) if is_default else "",
        )

    def _text_of(self, arn: str, version: str) -> str:
        call = self._client("iam").get_policy_version
        found = self._call("GetPolicyVersion", lambda: call(PolicyArn=arn, VersionId=version)["PolicyVersion"])
        document = found["Document"]
        return document if isinstance(document, str) else json.dumps(document)

    def _change(self, operation: str, method: str, **request: str | bool) -> Mapping[str, Any]:
        """Send a change once; without an answer, the next read finds out whether it was made."""
        made: Mapping[str, Any] = self._call(
            operation, lambda: getattr(self._client("iam"), method)(**request), retry=False
        )
        return made

    def _patiently(self, change: Callable[[], object]) -> None:
        for pause in _LATE:
            try:
                change()
            except NotFound:
                time.sleep(pause)
            else:
                return
        change()
