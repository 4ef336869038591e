"""IAM's call for an account's alias."""

from mfasession.aws.answers import required_text
from mfasession.aws.client import Aws
from mfasession.errors import MfaSessionError


class AwsAlias(Aws):
    """The caller and the name of its account. Calls raise AwsRefused, AwsUnreachable or ConfigurationError."""

    def alias(self) -> str:
        """Return the account's alias; empty when it has none, or when the caller may not read it."""

        def send() -> str:
            # An account has one alias at most (IAM User Guide, "Your AWS account ID and its alias").
            listed = self._client("iam").list_account_aliases()["AccountAliases"]
            return required_text({"alias": listed[0]}, "alias") if listed else ""

        try:
            return self._call("ListAccountAliases", send)
        except MfaSessionError:
            # The identity is the answer; the alias is a help to people.
            return ""
