"""The resource of an action as an ARN, for the Resource of policies.

Any action that is not in these tables is about `*`: a policy about a narrower resource does not match it.
Source: Service Authorization Reference, "Resource types defined by …".
"""

from collections.abc import Mapping
from typing import Any

from mfasession.sandbox import iam_resources
from mfasession.sandbox.iam_resources import Directory
from mfasession.values import Value


class Place(Value):
    """The partition, account and region of a request's resources."""

    partition: str
    account: str
    region: str = ""
    directory: Directory | None = None

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """Return the ARN of a resource in this place."""
        return f"arn:{self.partition}:{service}:{self.region if regional else ''}:{self.account}:{resource}"


# Parameter -> resource, for services that name the resource by its name.
_NAMED: Mapping[str, Mapping[str, str]] = {
    "dynamodb": {"TableName": "table/{}"},
    "lambda": {"FunctionName": "function:{}"},
    "ssm": {"Name": "parameter/{}"},
    "secretsmanager": {"SecretId": "secret:{}", "Name": "secret:{}"},
    "sqs": {"QueueName": "{}"},
    "sns": {"Name": "{}"},
    "kms": {"KeyId": "key/{}"},
    "logs": {"logGroupName": "log-group:{}"},
    "kinesis": {"StreamName": "stream/{}"},
    "states": {"name": "stateMachine:{}"},
}


def of(permission: str, params: Mapping[str, Any], place: Place) -> str:
    """Return the ARN of what an action is about, or `*`."""
    service = permission.partition(":")[0]
    if service == "s3":
        return _of_s3(params, place)
    if service == "iam":
        return iam_resources.of(
            permission, params, lambda name: place.arn("iam", name, regional=False), place.directory
        )
    if permission == "sts:GetFederationToken":
        return place.arn("sts", f"federated-user/{params.get('Name', '')}", regional=False)
    if service == "sts":
        return str(params.get("RoleArn", "*"))
    for parameter, shape in _NAMED.get(service, {}).items():
        value = params.get(parameter)
        if isinstance(value, str) and value:
            return value if value.startswith("arn:") else place.arn(service, shape.format(value.lstrip("/")))
    return next((value for value in params.values() if isinstance(value, str) and value.startswith("arn:")), "*")


def _of_s3(params: Mapping[str, Any], place: Place) -> str:
    if "Bucket" not in params:
        return "*"
    return f"arn:{place.partition}:s3:::{params['Bucket']}" + (f"/{params['Key']}" if "Key" in params else "")
