"""Read-only calls of several services, signed and sent as they are, and whether AWS allows them."""

from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mfasession.sandbox import Sandbox
from mfasession.values import LongTermKey
from tests.helpers.sandbox_clients import client

REFUSALS = (b"AccessDenied", b"UnauthorizedOperation", b"AuthorizationError", b"InvalidClientTokenId")
"""The codes of refusals; the last is IAM's, for sessions of users without MFA."""


def _form(action: str, version: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "data": f"Action={action}&Version={version}",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }


def _json(target: str) -> dict[str, Any]:
    return {"method": "POST", "data": "{}", "headers": {"Content-Type": "application/x-amz-json-1.1",
                                                        "X-Amz-Target": target}}  # fmt: skip


PROBES: Mapping[str, dict[str, Any]] = {
    "s3:ListAllMyBuckets": {"method": "GET"},
    "ec2:DescribeRegions": _form("DescribeRegions", "2016-11-15"),
    "dynamodb:ListTables": _json("DynamoDB_20120810.ListTables"),
    "lambda:ListFunctions": {"method": "GET", "path": "/2015-03-31/functions/"},
    "kms:ListKeys": _json("TrentService.ListKeys"),
    "secretsmanager:ListSecrets": _json("secretsmanager.ListSecrets"),
    "iam:ListAccountAliases": _form("ListAccountAliases", "2010-05-08"),
    "sts:AssumeRole": _form("AssumeRole&RoleSessionName=probe&RoleArn=arn:aws:iam::%s:role/probed", "2011-06-15"),
}
"""Actions, and the request of each. %s is the account, which must have the role `probed`."""


def allowed(aws: Sandbox, account: str, key: LongTermKey | Mapping[str, Any]) -> set[str]:
    """The actions that the sandbox lets these credentials do."""
    if isinstance(key, LongTermKey):
        credentials = Credentials(key.access_key_id, key.secret_access_key.reveal())
    else:
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    return {
        action
        for action, request in PROBES.items()
        if _is_allowed(aws, credentials, action, **request | {"data": request.get("data", "").replace("%s", account)})
    }


def without_mfa(aws: Sandbox, account: str, key: LongTermKey) -> set[str]:
    """The actions that the sandbox lets a long-term key do, or a session that is made with it without a code."""
    session = client(aws, "sts", key).get_session_token()["Credentials"]
    return allowed(aws, account, key) | allowed(aws, account, session)


def _is_allowed(
    aws: Sandbox,
    credentials: Credentials,
    action: str,
    *,
    path: str = "/",
    headers: Any = (),
    data: str = "",
    **parts: Any,
) -> bool:
    service, host = action.partition(":")[0], urlsplit(aws.url).netloc
    request = AWSRequest(url=f"{aws.url}{path}", headers={"Host": host, **dict(headers)}, data=data, **parts)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(credentials, service, aws.region).add_auth(request)
    connection = HTTPConnection(host, timeout=60)
    try:
        connection.request(str(request.method), path, request.body, dict(request.headers.items()))
        answer = connection.getresponse()
        said = answer.read() + (answer.headers["x-amzn-errortype"] or "").encode()
    finally:
        connection.close()
    if answer.status == 200:
        return True
    assert any(code in said for code in REFUSALS), (action, answer.status, said)
    return False
