"""boto3 clients of the sandbox, and what AWS answers."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from mfasession.sandbox import Sandbox, SandboxDevice, SandboxUser
from mfasession.values import LongTermKey

Credentials = Mapping[str, Any]
"""`Credentials` of an answer of STS."""


# One for all: loading the model of EC2 alone takes a third of a second.
_session = boto3.Session()


def client(aws: Sandbox, service: str, key: LongTermKey | Credentials, *, region: str = "", **config: Any) -> Any:
    """A client with these credentials that asks once."""
    if isinstance(key, LongTermKey):
        triple = (key.access_key_id, key.secret_access_key.reveal(), None)
    else:
        triple = (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    return _session.client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.url,
        region_name=region or aws.region,
        aws_access_key_id=triple[0],
        aws_secret_access_key=triple[1],
        aws_session_token=triple[2],
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def session(aws: Sandbox, user: SandboxUser, device: SandboxDevice | None = None, **parameters: Any) -> Credentials:
    """Temporary credentials of a user, with MFA when a device is given."""
    if device is not None:
        parameters |= {"SerialNumber": device.serial, "TokenCode": device.code()}
    credentials: Credentials = client(aws, "sts", user.key).get_session_token(**parameters)["Credentials"]
    return credentials


def refusal(call: Callable[..., object], **parameters: Any) -> tuple[str, int, str]:
    """What AWS says when it refuses a call: code, HTTP status, text."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    said = caught.value.response
    return said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Message"]


def in_mid_step(aws: Sandbox) -> None:
    """Move the clock to 5 s after a step of 30 s and a window of 180 s began: no test runs at an edge."""
    aws.clock.move((5 - aws.clock.now()) % 180)


CALLS: Mapping[str, Callable[[Sandbox, LongTermKey | Credentials], object]] = {
    "query": lambda aws, key: client(aws, "sts", key).get_caller_identity(),
    "rest-xml": lambda aws, key: client(aws, "s3", key).list_buckets(),
    "ec2": lambda aws, key: client(aws, "ec2", key).describe_regions(),
    "json": lambda aws, key: client(aws, "dynamodb", key).list_tables(),
    "rest-json": lambda aws, key: client(aws, "lambda", key).list_functions(),
}
"""A call in each protocol that AWS speaks."""
