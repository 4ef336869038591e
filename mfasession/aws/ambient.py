"""The credentials that botocore's own chain finds, as every AWS SDK looks for them.

Variables, web identity, IAM Identity Center, credential_process, containers and instances. Source: AWS SDKs and Tools
Reference Guide, "Standardized credential providers".
"""

import time
from typing import Any, NoReturn

import botocore.exceptions
import botocore.session

from mfasession.aws import boto, credential_errors, translate
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.profiles import Profile

KINDS = {
    "env": "AWS_ACCESS_KEY_ID in the environment",
    "assume-role": "a role of the AWS configuration file",
    "assume-role-with-web-identity": "web identity",
    "sso": "IAM Identity Center",
    "login": "aws login",
    "shared-credentials-file": "the AWS credentials file",
    "config-file": "the AWS configuration file",
    "custom-process": "credential_process",
    "container-role": "the container's endpoint",
    "iam-role": "the instance's role",
}
"""botocore's names of the providers, and ours."""


class Ambient:
    """Credentials that their source renews. May be used by several threads at once."""

    def __init__(self, credentials: Any) -> None:
        """`credentials`: botocore's, which has a value already."""
        self.credentials = credentials
        frozen = credentials.get_frozen_credentials()
        self.access_key_id = str(frozen.access_key or "")
        self.is_temporary = bool(frozen.token)
        """Whether this is a session, of a user or of a role, and not a long-term key."""
        self.source = KINDS.get(str(credentials.method), str(credentials.method))

    def load_credentials(self) -> Any:
        """Return the credentials to botocore, as its chain does."""
        return self.credentials


def find(profile: Profile, *, is_named: bool) -> Ambient:
    """Ask the chain. `is_named`: whether the AWS profile was named, so that variables with keys do not count.

    Raises ConfigurationError where there are none, AwsRefused, AwsUnreachable.
    """
    try:
        session = botocore.session.Session(profile=profile.name if is_named else None)
        # The files, the certificates and the endpoint are checked before a token is sent anywhere.
        settings = boto.settings(profile)
        region = profile.region or session.get_config_variable("region") or "us-east-1"
        client = settings.create_client("sts", region, aws_access_key_id="-", aws_secret_access_key="-")  # noqa: S106
        boto.check_endpoint(client, profile)
        _refuse_questions(session)
        found = session.get_credentials()
        if found is not None:
            return Ambient(found)
        translated = _translated(botocore.exceptions.NoCredentialsError(), profile)
    except MfaSessionError:
        raise
    except Exception as error:  # noqa: BLE001  # the providers raise anything at odd answers
        translated = _translated(error, profile)
    # Raised outside the handlers: a traceback would show an exception that holds the request.
    raise translated


def _translated(error: Exception, profile: Profile) -> MfaSessionError:
    operation = str(getattr(error, "operation_name", "") or "the request for credentials")
    if (refused := boto.refused(error)) is not None:
        return translate.refusal(
            operation,
            *refused,
            now=time.time(),
            profile=profile.name,
            renew=translate.Renew(session=translate.RENEW_AMBIENT),
        )
    return (
        credential_errors.explain(error, profile.name)
        or boto.translated(operation, error)
        or ConfigurationError(
            f"the ambient credentials cannot be read: {type(error).__name__}", "look at the source that has them"
        )
    )


def _refuse_questions(session: botocore.session.Session) -> None:
    """Keep botocore from asking for an MFA code by itself: that is what a profile's session is for."""

    def refuse(_prompt: str) -> NoReturn:
        raise ConfigurationError(
            "the role of this AWS profile needs an MFA code, which ambient credentials do not have",
            "leave --ambient out: the profile's session has MFA",
        )

    for provider in session.get_component("credential_provider").providers:
        if hasattr(provider, "_prompter"):
            provider._prompter = refuse  # noqa: SLF001  # botocore gives it to no other way
