"""The resource that an action is about, as an ARN, for the Resource of policies.

What is not in these tables is `*`: a policy about a narrow resource of another service does not meet it.
Source: Service Authorization Reference, "Resource types defined by …".
"""

from collections.abc import Mapping
from typing import Any

from mfasession.values import Value


class Place(Value):
    """Where the resources of a request live."""

    partition: str
    account: str
    region: str = ""

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
_OF_IAM = (("SerialNumber", "{}"), ("RoleName", "role/{}"), ("GroupName", "group/{}"), ("UserName", "user/{}"))
_ABOUT_DEVICES = ("iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice")
_ABOUT_USERS_OF_DEVICES = (
    "iam:EnableMFADevice",
    "iam:DeactivateMFADevice",
    "iam:ResyncMFADevice",
    "iam:ListMFADevices",
)


def of(permission: str, params: Mapping[str, Any], place: Place) -> str:
    """Return the ARN of what an action is about, or `*`."""
    service = permission.partition(":")[0]
    if service == "s3":
        return _of_s3(params, place)
    if service == "iam":
        return _of_iam(permission, params, place)
    if permission == "sts:AssumeRole":
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


def _of_iam(permission: str, params: Mapping[str, Any], place: Place) -> str:
    if permission in _ABOUT_DEVICES:
        path, name = params.get("Path", "/"), params.get("VirtualMFADeviceName", "")
        return str(params.get("SerialNumber") or place.arn("iam", f"mfa{path}{name}", regional=False))
    if "PolicySourceArn" in params:
        return str(params["PolicySourceArn"])
    if "PolicyArn" in params and "UserName" not in params and "RoleName" not in params and "GroupName" not in params:
        return str(params["PolicyArn"])
    for parameter, shape in _OF_IAM:
        if parameter in params and not (parameter == "SerialNumber" and permission in _ABOUT_USERS_OF_DEVICES):
            return place.arn("iam", shape.format(params[parameter]), regional=False)
    return "*"
