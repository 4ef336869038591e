"""Reads a request's service, operation, parameters, and the action and resource as policies name them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from mfasession.sandbox import resources
from mfasession.sandbox.aws_errors import EC2, JSON, QUERY, REST_JSON, S3, Protocol, Refused
from mfasession.sandbox.request import Request, form_of
from mfasession.sandbox.resources import Place
from mfasession.values import Value

UNKNOWN = "Unknown"

_XML = {"ec2": EC2, "route53": QUERY, "cloudfront": QUERY, "sts": QUERY, "iam": QUERY}
"""Services that write XML even when the request names no Action."""

# Operations of IAM in which UserName may be left out and is then the caller's (IAM API Reference).
_OWN_USER = frozenset(
    {
        "ChangePassword",
        "CreateAccessKey",
        "CreateServiceSpecificCredential",
        "DeleteAccessKey",
        "DeleteSigningCertificate",
        "DeactivateMFADevice",
        "GetLoginProfile",
        "GetMFADevice",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "UpdateAccessKey",
        "UpdateSigningCertificate",
        "UploadSigningCertificate",
    }
)

# Where the prefix in policies is not the signing name (Service Authorization Reference).
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "awsssoportal": "sso", "execute-api": "execute-api"}

# Where the action in policies is not the operation's name (S3 API Reference, "Permissions").
_S3_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "ListDirectoryBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObjectAttributes",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "SelectObjectContent": "GetObject",
}
_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction", "lambda:InvokeAsync": "lambda:InvokeFunction"}


Route = Callable[[Request, str], tuple[str, Mapping[str, Any]] | None]


class Operation(Value):
    """One operation of one service."""

    service: str
    """The signing name; empty when the request is not signed."""
    protocol: Protocol
    name: str
    """The operation's name in the service's API; `Unknown` when the request names none."""
    params: Mapping[str, Any] = {}
    permission: str = ""
    """The action as policies name it."""
    resource: str = "*"


def read(request: Request, service: str, place: Place, route: Route) -> Operation:
    """Return a request's operation. `route` names the operation of a REST request to a service."""
    protocol, name, params = _named(request, service, route)
    prefix = _PREFIXES.get(service, service)
    if protocol is S3 and service == "s3":
        bucket, key = bucket_and_key(request)
        params = {
            **dict(request.query_pairs()),
            **({"Bucket": bucket} if bucket else {}),
            **({"Key": key} if key else {}),
        }
        permission = f"s3:{_S3_ACTIONS.get(name, name)}"
    else:
        permission = _ACTIONS.get(f"{prefix}:{name}", f"{prefix}:{name}")
    return Operation(
        service=service,
        protocol=protocol,
        name=name,
        params=params,
        permission=permission,
        resource=resources.of(permission, params, place),
    )


def about_caller(operation: Operation, user_name: str, place: Place) -> Operation:
    """Return an IAM operation with the caller's name as UserName where that may be omitted and is."""
    if operation.service != "iam" or operation.name not in _OWN_USER or operation.params.get("UserName"):
        return operation
    if not user_name:
        raise Refused("ValidationError", 400, "Must specify userName when calling with non-User credentials")
    params = {**operation.params, "UserName": user_name}
    return operation.replace(params=params, resource=resources.of(operation.permission, params, place))


def bucket_and_key(request: Request) -> tuple[str, str]:
    """Return the bucket and key that a request to S3 names, in its path or in its Host header (virtual host style)."""
    host = (request.header("host") or "").partition(":")[0]
    path = request.path.removeprefix("/")
    for ending in (".localhost", ".s3."):
        if ending in host and not host.startswith("s3."):
            return host.partition(ending)[0], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _named(request: Request, service: str, route: Route) -> tuple[Protocol, str, Mapping[str, Any]]:
    target = request.header("x-amz-target")
    if target is not None:
        return JSON, target.rpartition(".")[2] or UNKNOWN, _json_of(request.body)
    form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    fields = {**dict(request.query_pairs()), **(form_of(request.body) if form else {})}
    if "Action" in fields and service != "s3":
        return EC2 if service == "ec2" else QUERY, fields["Action"], fields
    name, in_path = route(request, service or "s3") or (UNKNOWN, {})
    if service in ("", "s3"):
        return S3, name, {}
    return _XML.get(service, REST_JSON), name, {**_json_of(request.body), **in_path}


def _json_of(body: bytes) -> Mapping[str, Any]:
    try:
        read_body = json.loads(body or b"{}")
    except ValueError:
        return {}
    return read_body if isinstance(read_body, dict) else {}
