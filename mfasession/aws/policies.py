"""The text of managed policies from IAM."""

import json

from mfasession.aws.answers import required_text
from mfasession.aws.client import Aws


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
