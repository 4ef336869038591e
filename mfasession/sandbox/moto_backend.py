"""The only module that uses moto: its IAM backend, its dispatcher and its routers of REST operations.

Three of these are private to moto (`DomainDispatcherApplication`, `BackendDict.reset`, `get_service_router`), so the
version is pinned in pyproject.toml. moto's own authentication is off; the gateway authenticates.
"""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.backends import list_of_moto_modules
from moto.core.base_backend import BackendDict
from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from moto.iam.models import AccessKey, AccessKeyLastUsed, Group, IAMBackend, ManagedPolicy, Role, User, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.organizations.models import organizations_backends
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from mfasession.sandbox.aws_errors import Answer
from mfasession.sandbox.request import Environ, Request

__all__ = ["REGIONS", "Group", "ManagedPolicy", "MotoBackend", "NotPlayed", "RequestHandler", "Role", "User"]

RequestHandler = MotoRequestHandler
REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}
"""A region of each partition."""

_SCP = "SERVICE_CONTROL_POLICY"
# Signing names that several services share, or that differ from botocore's name of the service.
_SERVICES_OF = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "aps": ("amp",),
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-runtime"),
    "elasticfilesystem": ("efs",),
    "es": ("opensearch", "es"),
    "execute-api": ("apigatewaymanagementapi",),
    "iotdata": ("iot-data",),
    "lex": ("lexv2-models",),
    "mobiletargeting": ("pinpoint",),
    "s3": ("s3", "s3control"),
    "sagemaker": ("sagemaker-runtime", "sagemaker-metrics"),
    "ses": ("sesv2",),
}


class NotPlayed(Exception):
    """moto does not know the operation."""


class _Dispatcher(DomainDispatcherApplication):
    """moto's own dispatcher prints to stdout and fails when it has no such service."""

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the name of moto's backend for a host. Raises NotPlayed when there is none."""
        if host is not None and host not in list_of_moto_modules():
            url = f"http://{host}"
            if not any(pattern.match(url) for _, pattern in self.backend_url_patterns):
                raise NotPlayed(host)
        return super().get_backend_for_host(host)


class MotoBackend:
    """moto's state for one account in one partition. moto keeps it per process: two at once would share it."""

    def __init__(self, account: str, partition: str, *, resets: bool = True) -> None:
        """`resets`: whether all of moto's state, that of other accounts too, is emptied."""
        self.account = account
        self.partition = partition
        self.region = REGIONS[partition]
        if resets:
            BackendDict.reset()
        self._application = _Dispatcher(create_backend_app)

    @property
    def iam(self) -> IAMBackend:
        """The IAM of moto: users, keys, policies, groups, roles."""
        return iam_backends[self.account][self.partition]

    def holds_region(self, region: str) -> bool:
        """Return whether a region belongs to this partition; keys of one are unknown in the others."""
        return bool(get_partition(region) == self.partition)

    def key(self, access_key_id: str) -> "tuple[User, AccessKey] | None":
        """Return a user's long-term key and its owner."""
        for user in list(self.iam.users.values()):
            for key in list(user.access_keys):
                if key.access_key_id == access_key_id:
                    return user, key
        return None

    @property
    def access_key_ids(self) -> set[str]:
        """The IDs of all users' long-term keys."""
        return {key.access_key_id for user in list(self.iam.users.values()) for key in list(user.access_keys)}

    def note_use(self, access_key_id: str, service: str, region: str, now: float) -> None:
        """Record the last use of a user's long-term key."""
        if (found := self.key(access_key_id)) is not None:
            found[1].last_used = AccessKeyLastUsed(datetime.fromtimestamp(int(now), UTC), service, region)

    def user_by_id(self, unique_id: str) -> "User | None":
        """Return the user with this ID (`AIDA…`), which outlives a change of name."""
        return next((user for user in list(self.iam.users.values()) if user.id == unique_id), None)

    def role(self, arn: str) -> "Role | None":
        """Return the role with this ARN."""
        name = arn.rpartition("/")[2]
        # The name first: moto makes the ARN of a role each time that it is looked at.
        return next((role for role in list(self.iam.roles.values()) if role.name == name and role.arn == arn), None)

    def arn_of(self, kind: str, name: str) -> str:
        """Return the ARN, path included, of the `user`, `group` or `role` of a name; empty where there is none."""
        if kind == "user":
            found: Any = self.iam.users.get(name)
        elif kind == "group":
            found = self.iam.groups.get(name)
        else:
            roles = list(self.iam.roles.values()) if kind == "role" else []
            found = next((role for role in roles if role.name == name), None)
        return "" if found is None else str(found.arn)

    def owner_of(self, access_key_id: str) -> str:
        """Return the ARN of a long-term key's user; empty when there is none."""
        found = self.key(access_key_id)
        return "" if found is None else str(found[0].arn)

    def user_policies(self, user: "User") -> Iterator[str]:
        """Yield the JSON of all policies of a user: inline, managed, and those of the user's groups."""
        holders: list[User | Group] = [user, *self.iam.get_groups_for_user(user.name)]
        for holder in holders:
            yield from map(_text, holder.policies.values())
            yield from (_document(policy) for policy in holder.managed_policies.values())

    def role_policies(self, role: "Role") -> Iterator[str]:
        """Yield the JSON of all policies of a role: inline and managed."""
        yield from map(_text, role.policies.values())
        yield from (_document(policy) for policy in role.managed_policies.values())

    def service_control_policies(self) -> tuple[tuple[str, ...], ...]:
        """Return the JSON of the policies of each level, from the account up to the root; empty where none applies.

        None applies to the management account, in an organization without all features, and while the type is not
        enabled (Organizations User Guide, "Service control policies (SCPs)" and "Enabling a policy type").
        """
        management, partition = organizations_backends.master_accounts.get(self.account, ("", ""))
        organization = organizations_backends[management][partition] if management else None
        if organization is None or organization.org is None or organization.org.feature_set != "ALL":
            return ()
        parents = {each.id: each for each in organization.ou}
        enabled = parents[organization.org.root_id].policy_types  # type: ignore[attr-defined]  # of the root
        if not any(each["Type"] == _SCP for each in enabled):
            return ()
        entity: Any = organization.get_account_by_id(self.account)
        levels = []
        while entity is not None:
            levels.append(tuple(str(each.content) for each in entity.attached_policies if each.type == _SCP))
            entity = parents.get(entity.parent_id)
        return tuple(levels)

    def organization_seen_from(self) -> tuple[str, bool]:
        """Return the management account of this member account, empty for others, and whether it may read there.

        Delegated administrators may (Organizations User Guide, "Delegated administrator for AWS services").
        """
        management, partition = organizations_backends.master_accounts.get(self.account, ("", ""))
        admins = organizations_backends[management][partition].admins if management else []
        return management, any(each.account.id == self.account for each in admins)

    def managed_policy(self, arn: str) -> str | None:
        """Return the JSON of a managed policy."""
        policy = self.iam.managed_policies.get(arn)
        return None if policy is None else _document(policy)

    def operation(self, request: Request, service: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the operation that a REST request names by its method and path, and the parameters in the path."""
        probe = MotoRequest.from_primitives(
            request.method,
            f"http://127.0.0.1{request.raw_path}{'?' if request.query else ''}{request.query}",
            {name: value for name in request.header_names() if (value := request.header(name)) is not None},
        )
        for name in _SERVICES_OF.get(service, (service,)):
            try:
                found, in_path = get_service_router(name).match(probe)
            except (HTTPException, NotImplementedError, LookupError, UnknownServiceError):
                continue
            return str(found.name), in_path
        return None

    def answer(self, environ: Environ, body: bytes) -> Answer:
        """Let moto answer the request. Raises NotPlayed for an operation that moto does not have."""
        ready = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        ready.pop("HTTP_TRANSFER_ENCODING", None)
        ready.pop("wsgi.input_terminated", None)
        for name in [name for name in ready if name.startswith("HTTP_X_MOTO")]:
            del ready[name]
        ready["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        heads: list[tuple[int, tuple[tuple[str, str], ...]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            heads.append((int(status[:3]), tuple(headers)))

        try:
            content = b"".join(self._application(ready, start_response))
        except NotImplementedError as missing:
            raise NotPlayed(str(missing)) from None
        status, headers = heads[-1]
        return Answer(status=status, headers=headers, body=content)


def _document(policy: ManagedPolicy) -> str:
    return next(_text(each.document) for each in policy.versions if each.version_id == policy.default_version_id)


def _text(document: object) -> str:
    """Return the JSON of a policy, which moto keeps as an object when CloudFormation has made it."""
    return document if isinstance(document, str) else json.dumps(document)
