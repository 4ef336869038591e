"""The text of managed policies from IAM, and the action names in botocore's service descriptions."""

import json
from collections.abc import Sequence
from functools import lru_cache

import botocore.session
from botocore.exceptions import UnknownServiceError

from mfasession.aws.answers import required_text
from mfasession.aws.client import Aws

SERVICES = (
    *("iam", "sts", "ec2", "sqs", "sns", "dynamodb", "organizations", "cloudformation", "cloudtrail"),
    "secretsmanager",
)
"""Services whose operations have the names of their actions. In others, such as s3, lambda and kms, the names
differ."""
_PERMISSIONS = {
    "iam": (
        *("PassRole", "GetAccountName", "UpdateAccountName", "GetAccountEmailAddress", "UpdateAccountEmailAddress"),
        *("ListSTSRegionalEndpointsStatus", "SetSTSRegionalEndpointStatus", "ListCloudFrontPublicKeys"),
        *("GetCloudFrontPublicKey", "UploadCloudFrontPublicKey", "UpdateCloudFrontPublicKey"),
        "DeleteCloudFrontPublicKey",
    ),
    "sts": ("GetServiceBearerToken", "SetContext", "SetSourceIdentity", "TagGetWebIdentityToken", "TagSession"),
}
"""Actions that are not operations. Source: Service Authorization Reference."""


class AwsPolicies(Aws):
    """IAM's calls about one managed policy. Every call raises AwsRefused, AwsUnreachable or ConfigurationError."""

    def text(self, arn: str) -> str:
        """Return a policy's default version as JSON. Raises NotFound."""

        def send() -> str:
            iam = self._client("iam")
            version = required_text(iam.get_policy(PolicyArn=arn)["Policy"], "DefaultVersionId")
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            return document if isinstance(document, str) else json.dumps(document, indent=2)

        return self._call("GetPolicy", send)


@lru_cache
def operations(prefix: str) -> Sequence[str]:
    """Return the actions of a service by its prefix; an empty set where botocore's list may be incomplete."""
    if prefix not in SERVICES:
        return ()
    try:
        names = botocore.session.get_session().get_service_model(prefix).operation_names
    except UnknownServiceError:
        return ()
    return (*names, *_PERMISSIONS.get(prefix, ()))
