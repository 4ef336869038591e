"""Decides where STS is by the AWS settings that are known here, and leaves everything else to boto3.

Nothing is guessed: any setting that is not listed, and any value that is not the usual one, means boto3. So does a file
that botocore might read otherwise or refuse. Sources: AWS SDKs and Tools Reference Guide, "Settings reference";
botocore.configprovider.
"""

import os
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mfasession.aws.sts import regions
from mfasession.awsfiles import COPY_MARK, AwsFiles, nested_values
from mfasession.errors import MfaSessionError
from mfasession.files import trust
from mfasession.profiles import ROLE_TEXTS
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.profiles import Profile

_WITHOUT_EFFECT = {
    "AWS_ACCESS_KEY_ID", "AWS_ACCOUNT_ID", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_FILE", "AWS_DEFAULT_OUTPUT",
    "AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_PAGER", "AWS_PROFILE", "AWS_REGION",
    "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_SDK_LOAD_CONFIG", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN", "AWS_VAULT", "AWS_WEB_IDENTITY_TOKEN_FILE",
}  # fmt: skip
"""Variables that change nothing of a request to STS with given keys and region."""
_FOR_OTHERS = ("AWS_CLI_", "AWS_ENDPOINT_URL_")
"""How more of them begin: those for the AWS CLI, and endpoints of other services."""
_KEYS_WITHOUT_EFFECT = {
    "aws_access_key_id", "aws_account_id", "aws_secret_access_key", "aws_security_token", "aws_session_token",
    "credential_process", "credential_source", "duration_seconds", "manager", "mfa_serial", "output", "region",
    "role_arn", "role_session_name", "s3", "source_profile", "web_identity_token_file", "x_security_token_expires",
    *ROLE_TEXTS,
}  # fmt: skip
"""The same of the keys of a profile."""
_KEYS_FOR_OTHERS = (
    *("awsume", "cli_", "common_fate_", "ec2_metadata_", "granted_", "metadata_service_", "mfasession_", "sso_", "x_"),
)
"""How more of them begin: those that other tools keep in the AWS files."""
_KEYS_OF_OTHERS = {
    "assumed_role", "assumed_role_arn", "autoawsume", "aws_mfa_device", "color", "expiration", "include_profile",
    "mfa_process", "parent_profile", "profilename", "toolkit_artifact_guid",
}  # fmt: skip
"""Keys of aws-mfa, awsume, aws-vault and editors, which botocore does not read."""
_USUAL = {
    "account_id_endpoint_mode": ("AWS_ACCOUNT_ID_ENDPOINT_MODE", r"preferred|disabled"),
    "ignore_configured_endpoint_urls": ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", r"(?i:false)|"),
    "max_attempts": ("AWS_MAX_ATTEMPTS", r"[1-9][0-9]?"),
    "retry_mode": ("AWS_RETRY_MODE", r"legacy|standard"),
    "sts_regional_endpoints": ("AWS_STS_REGIONAL_ENDPOINTS", r"regional|"),
    "use_dualstack_endpoint": ("AWS_USE_DUALSTACK_ENDPOINT", r"(?i:false)|"),
    "use_fips_endpoint": ("AWS_USE_FIPS_ENDPOINT", r"(?i:false)|"),
}
"""Settings whose usual values are known: the variable of each, and a pattern of the values that change nothing."""
_READ = ("AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
_KEYS_READ = ("ca_bundle", "endpoint_url")
_HOST = re.compile(
    r"(?=.{1,253}(?:[:/]|$))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_URL = re.compile(rf"(https?)://({_HOST.pattern})(?::([1-9][0-9]{{0,4}}))?/?")


class Target(Value):
    """An endpoint of STS, and whom its certificate is checked against."""

    name: str
    """The host's name or IPv4 address."""
    host: str
    """The Host header: the name, with the port unless it is the scheme's own."""
    port: int
    is_tls: bool
    region: str
    """Of the signature."""
    bundle: str
    """The path of the trusted certificates (PEM)."""


def target(profile: "Profile", region: str) -> Target | None:
    """Return where STS is for a profile in a region; None when boto3 must decide.

    Raises ConfigurationError for an endpoint without TLS, and for certificates that others may change.
    """
    environ = os.environ
    if sys.platform in ("win32", "darwin") or not _are_usual(environ):
        # Those two systems have proxies in settings of their own.
        return None
    keys = _keys(profile, environ)
    if keys is None or not _are_usual_keys(keys):
        return None
    bundle = _bundle(environ, keys)
    url = environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL") or keys.get("endpoint_url")
    found = _URL.fullmatch(url or regions.endpoint(region))
    if bundle is None or found is None or not regions.is_known(region):
        return None
    scheme, name, port = found.groups()
    is_tls = scheme == "https"
    number = int(port or (443 if is_tls else 80))
    if number > 65535:
        return None
    if not is_tls:
        from mfasession.config import endpoints

        endpoints.check(found.string, profile.settings.allow_http_endpoint)
    host = name if number == (443 if is_tls else 80) else f"{name}:{number}"
    return Target(name=name, host=host, port=number, is_tls=is_tls, region=region, bundle=bundle)


def _are_usual(environ: Mapping[str, str]) -> bool:
    """Whether every variable that botocore might read is known here and has its usual value."""
    known = {*_WITHOUT_EFFECT, *_READ, *_FILES}
    usual = dict(_USUAL.values())
    for name, value in environ.items():
        if name.upper().endswith("_PROXY") and name.upper() != "NO_PROXY" and value:
            return False
        if name == "SSLKEYLOGFILE" or (name.startswith("BOTO") and name != "BOTO_CONFIG"):
            return False
        if name in _FILES and (COPY_MARK in value or not value):
            # Files that we read otherwise than botocore: the user's own ones, and the usual ones.
            return False
        if name in usual:
            if not re.fullmatch(usual[name], value):
                return False
        elif name.startswith("AWS_") and name not in known and not name.startswith(_FOR_OTHERS):
            return False
    models = os.path.join(os.path.expanduser("~"), ".aws", "models")
    # Descriptions of services may have other endpoints.
    return not os.path.lexists(models)


def _keys(profile: "Profile", environ: Mapping[str, str]) -> Mapping[str, str] | None:
    """The keys of the profile whose settings count; None when botocore may read the files otherwise."""
    files = AwsFiles(environ)
    try:
        texts = files.config_text(), files.credentials_text()
        if not all(nested_values.are_parsed(text) for text in texts):
            return None
        # Both files are parsed to their ends, because botocore would refuse them for a fault anywhere.
        names = files.profile_names()
        name = next((name for name in (profile.name, profile.key_section, "default") if name in names), None)
        return {} if name is None else files.profile(name)
    except MfaSessionError:
        return None


def _are_usual_keys(keys: Mapping[str, str]) -> bool:
    for name, value in keys.items():
        if name in _USUAL:
            if not re.fullmatch(_USUAL[name][1], value):
                return False
        elif name not in {*_KEYS_WITHOUT_EFFECT, *_KEYS_OF_OTHERS, *_KEYS_READ} and not name.startswith(
            _KEYS_FOR_OTHERS
        ):
            return False
    return True


def _bundle(environ: Mapping[str, str], keys: Mapping[str, str]) -> str | None:
    """The certificates that botocore trusts; None when they are not a file."""
    named = environ.get("AWS_CA_BUNDLE", keys.get("ca_bundle", environ.get("REQUESTS_CA_BUNDLE")))
    if named is None:
        return _own_bundle()
    path = os.path.expanduser(named)
    if not os.path.isfile(path):
        return None
    trust.check_there(path)
    return path


def _own_bundle() -> str | None:
    """The certificates of certifi, if it is installed, else of botocore."""
    for package in ("certifi", "botocore"):
        spec = find_spec(package)
        if spec is not None and spec.origin:
            path = os.path.join(os.path.dirname(spec.origin), "cacert.pem")
            # A system's package of certifi may have the system's certificates instead, somewhere else.
            return path if os.path.isfile(path) else None
    return None
